"""Several models on one device: fed alike they share features and backbones, and say what each says alone."""

import gc
import shutil
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.errors import Cancelled, CheckpointError
from skillviewer.core.progress import CancelToken, Progress
from skillviewer.engine.features.extractor import FeatureExtractor
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.finetuning.initial_model import InitialModel
from skillviewer.engine.inference.engine import Engine
from skillviewer.engine.inference.model_cache import ModelCache, model_facts
from tests.checkpoints import PREPROCESSING, tiny_checkpoint
from tests.videos import write_barcode_video

MODELS = ("full", "none", "cbam-original", "pool")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("comparing")


@pytest.fixture(scope="module")
def models(folder: Path) -> dict[str, Path]:
    return {name: tiny_checkpoint(folder / name, name, seed=at).folder for at, name in enumerate(MODELS)}


@pytest.fixture(scope="module")
def coarse(folder: Path) -> Path:
    """A model that is fed otherwise."""
    return tiny_checkpoint(folder / "coarse", "full", replace(PREPROCESSING, n_segments=3)).folder


@pytest.fixture(scope="module")
def video(folder: Path) -> Path:
    return write_barcode_video(folder / "v.mp4", 40, width=160, height=96).path


@pytest.fixture(scope="module")
def cache(folder: Path) -> FeatureCache:
    return FeatureCache(folder / "features")


@pytest.fixture
def model_cache(cache: FeatureCache) -> Iterator[ModelCache]:
    with ModelCache("cpu", cache) as made:
        yield made


def test_each_says_what_it_says_alone(
    model_cache: ModelCache, models: dict[str, Path], video: Path, tmp_path: Path
) -> None:
    together = {name: model_cache.assess(folder, video, passes=2) for name, folder in models.items()}
    assert len(model_cache._extractors) == 1
    for name in ("full", "pool"):
        with Engine.open(models[name], device="cpu", cache=FeatureCache(tmp_path / "own")) as engine:
            alone = engine.assess(video, passes=2)
        assert np.array_equal(together[name].samples, alone.samples)
        assert np.allclose(together[name].attention, alone.attention, atol=1e-6)
        assert np.allclose(together[name].score_curve, alone.score_curve, atol=1e-6)
    assert len({round(analysis.score, 6) for analysis in together.values()}) == len(models)
    assert together["cbam-original"].map_kind is MapKind.GATE


def test_a_second_model_looks_at_no_frame(
    model_cache: ModelCache, models: dict[str, Path], video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model_cache.assess(models["full"], video)

    def refuse(*_args: object, **_more: object) -> None:
        raise AssertionError("a frame was looked at once more")

    for name in ("features", "load_streams"):
        monkeypatch.setattr(FeatureExtractor, name, refuse)
    assert model_cache.assess(models["cbam-original"], video).complete


def test_models_that_are_fed_otherwise_have_backbones_of_their_own(
    model_cache: ModelCache, models: dict[str, Path], coarse: Path, video: Path
) -> None:
    assert model_cache.assess(models["full"], video).n_segments == 5
    assert model_cache.assess(coarse, video).n_segments == 3
    assert len(model_cache._extractors) == 2
    model_cache.retain({coarse})
    assert len(model_cache._extractors) == 1
    model_cache.close()
    assert len(model_cache._extractors) == 0


def test_a_model_that_was_trained_anew_in_its_folder_is_loaded_anew(
    model_cache: ModelCache, models: dict[str, Path], video: Path, tmp_path: Path
) -> None:
    first = tiny_checkpoint(tmp_path / "mine", "full", seed=7).folder
    other = model_cache.assess(models["pool"], video)
    before = model_cache.assess(first, video)
    shutil.rmtree(first)
    tiny_checkpoint(tmp_path / "mine", "full", seed=8)
    after = model_cache.assess(first, video)
    assert after.provenance.model_digest == model_cache.facts(first).digest != before.provenance.model_digest
    assert after.score != before.score
    assert model_cache.assess(models["pool"], video).score == other.score


def test_what_is_let_go_is_gone_without_a_collector(
    model_cache: ModelCache, models: dict[str, Path], video: Path
) -> None:
    def heavy() -> list[object]:
        kinds = (Engine, FeatureExtractor, nn.Module)
        return [each for each in gc.get_objects() if issubclass(type(each), kinds)]

    gc.collect()
    gc.disable()
    try:
        before = set(map(id, heavy()))
        model_cache.explain(models["full"], model_cache.assess(models["full"], video))
        there = [weakref.ref(each) for each in heavy() if id(each) not in before]
        assert {Engine, FeatureExtractor} < {type(each()) for each in there}, "and modules"
        model_cache.retain(())
        assert [each() for each in there if each() is not None] == []
    finally:
        gc.enable()


def test_it_is_known_of_a_model_what_stands_in_its_checkpoint(model_cache: ModelCache, folder: Path) -> None:
    made = tiny_checkpoint(folder / "known", "full", seed=9)
    found = model_cache.facts(made.folder)
    assert found == model_facts(made)
    assert (found.name, found.digest, found.attention_model) == ("known", made.digest, "full")
    assert found.map_kind is MapKind.DISTRIBUTION
    assert found.n_parameters == sum(t.numel() for t in made.head.values())
    assert (found.accuracy, found.accuracy_interval, found.n_pairs) == (None, None, 0)
    assert "128 px" in found.features
    assert "5 segments" in found.features


def test_models_that_are_fed_alike_say_so(model_cache: ModelCache, models: dict[str, Path], coarse: Path) -> None:
    alike = {model_cache.facts(folder).features for folder in models.values()}
    assert len(alike) == 1
    assert model_cache.facts(coarse).features not in alike


def test_what_is_no_checkpoint_is_refused_by_name(model_cache: ModelCache, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(CheckpointError, match="nothing"):
        model_cache.facts(tmp_path / "nothing")


def test_a_model_that_looks_at_no_frames_is_refused_with_a_way_out(
    model_cache: ModelCache, tmp_path: Path, video: Path
) -> None:
    timed = tiny_checkpoint(tmp_path / "timed", "duration").folder
    with pytest.raises(CheckpointError, match=r"timed looks.*Choose"):
        model_cache.assess(timed, video)
    with pytest.raises(CheckpointError, match="timed looks at time alone"):
        InitialModel.of(timed, torch.device("cpu"), FeatureCache(tmp_path / "cache"))


def test_evidence_adds_up_to_the_score(model_cache: ModelCache, models: dict[str, Path], video: Path) -> None:
    analysis = model_cache.assess(models["full"], video)
    found = model_cache.explain(models["full"], analysis)
    assert found.score == pytest.approx(analysis.score, abs=1e-5)
    assert found.model_digest == model_cache.facts(models["full"]).digest


def test_it_can_be_stopped(model_cache: ModelCache, models: dict[str, Path], video: Path) -> None:
    token = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.done == 2:
            token.cancel()

    with pytest.raises(Cancelled):
        model_cache.assess(models["full"], video, 4, token, stop)
