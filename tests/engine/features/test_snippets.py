"""Snippets are the sampled frames with their flow, kept and found again; the published network is evaluated on them."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.errors import CheckpointError, SettingsError
from skillviewer.core.progress import CancelToken, silent
from skillviewer.core.video.preprocessing import FlowSettings, Preprocessing
from skillviewer.data.formats.formats import open_dataset
from skillviewer.engine.evaluation import evaluate as evaluation
from skillviewer.engine.evaluation.evaluation_plan import EvaluationPlan
from skillviewer.engine.evaluation.tables import markdown
from skillviewer.engine.features import snippets
from skillviewer.engine.features.extractor import local_backbone_weights
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.frame_inputs import sampling_of
from skillviewer.engine.features.snippets import SnippetSource, sizes_of
from skillviewer.engine.finetuning.initial_model import InitialModel
from skillviewer.engine.inference.engine import Engine
from skillviewer.engine.inference.model_cache import ModelCache, model_facts
from skillviewer.engine.training.train_checkpoint import TrainingResources, train_checkpoint
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.trainer import TrainingControl
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.media.flow.flow import dis, grey_size, quantise
from skillviewer.media.reading.reader import VideoReader
from skillviewer.nets.attention_models.end_to_end import SIZE_PX, EndToEndModel
from skillviewer.nets.backbones.backbone_weights import BackboneWeights, random_backbone_weights
from skillviewer.nets.presets import Preset, preset
from skillviewer.nets.sizes import HeadSizes
from tests.cli.studies import write_study
from tests.facts import missing
from tests.videos import read_barcode, write_barcode_video

SMALL = Preprocessing(n_segments=7, flow=FlowSettings("dis"))


def test_snippet_is_its_frame_and_the_five_fields_around_it(tmp_path: Path) -> None:
    path = write_barcode_video(tmp_path / "v.mp4", 40, width=320, height=240).path
    source = SnippetSource(FeatureCache(tmp_path / "cache"), SMALL)
    with VideoReader(path) as reader:
        first, second = source.passes(reader, 2, CancelToken())
        info = reader.info
        flow = replace(SMALL.flow, length=6)
        positions = sampling_of(info, replace(SMALL, flow=flow), 2).positions
        size = grey_size(info.width_px, info.height_px, 256)
        greys = [frame.grey(size) for frame in reader.stream(np.arange(info.n_frames))]
    assert first.shape == (7, 13, SIZE_PX[1], SIZE_PX[0])
    assert first.dtype == np.uint8
    for passed, at in ((first, positions[0]), (second, positions[1])):
        for snippet, position in zip(passed, at.tolist(), strict=True):
            assert read_barcode(snippet[:3].transpose(1, 2, 0)) == position
    position = int(positions[0, 3])
    for field in range(5):
        expected = quantise(dis(greys[position - 3 + field], greys[position - 2 + field]), 20.0)
        # enlarged from 320 x 240: means stay, edges do not
        for axis in range(2):
            assert first[3, 3 + 2 * field + axis].mean() == pytest.approx(expected[..., axis].mean(), abs=0.6)


def test_snippets_are_kept_and_mapped(tmp_path: Path) -> None:
    path = write_barcode_video(tmp_path / "v.mp4", 30).path
    source = SnippetSource(FeatureCache(tmp_path / "cache"), SMALL)
    with VideoReader(path) as reader:
        (first,) = source.passes(reader, 1, CancelToken())
        kept = {p: p.stat().st_mtime_ns for p in (tmp_path / "cache").rglob("*.safetensors")}
        again, other = source.passes(reader, 2, CancelToken())
    assert isinstance(again, np.memmap)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(again, other)
    now = {p: p.stat().st_mtime_ns for p in (tmp_path / "cache").rglob("*.safetensors")}
    assert len(kept) == 1
    assert len(now) == 2


def weights(name: str) -> BackboneWeights:
    """Return AlexNet's weights, which do not ship: random ones."""
    return random_backbone_weights(name, 0)


def narrow(chosen: Preset, name: str) -> HeadSizes:
    """Return sizes with fully connected layers of a few units."""
    sizes = sizes_of(chosen, name)
    return replace(sizes, tsn_hidden=(8, 7) if sizes.tsn_hidden else ())


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return open_dataset(write_study(tmp_path / "study", names=("a1", "b1", "c1", "d2")))


@pytest.mark.slow
def test_published_network_is_evaluated_and_kept(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snippets, "local_backbone_weights", weights)
    monkeypatch.setattr(snippets, "sizes_of", narrow)
    training = TrainingPlan(preprocessing=SMALL, candidates=1, epochs=1, select=EpochSelection.LAST, refit=False)
    plan = EvaluationPlan(("tsn",), training, n_folds=2, save_checkpoints=True)
    cache = FeatureCache(tmp_path / "cache")

    def run() -> evaluation.Evaluation:
        return evaluation.evaluate(
            plan, dataset, tmp_path / "out", CancelToken(), silent, device_name="cpu", cache=cache
        )

    found = run()
    assert found.failures == ()
    (tsn,) = found.models
    assert tsn.model == "tsn"
    assert len(tsn.folds) == 2
    assert tsn.parameters > 2 * 9216 * 8
    assert tsn.metrics["ties"] == 0
    folder = tmp_path / "out" / "runs" / "tsn-s0-f1"
    configuration = (folder / "configuration.json").read_text()
    assert '"backbone": "alexnet"' in configuration
    assert '"snippets": 3' in configuration
    assert "tsn trains alexnet." in (tmp_path / "out" / "table.md").read_text()
    other = msgspec.structs.replace(found.record, trained_backbone="resnet18")
    assert not missing(markdown(other), "resnet18")
    assert run().n_trained == 0
    rows = csv.DictReader((folder / "scores.csv").read_text().splitlines())
    scores = {row["video"]: float(row["score"]) for row in rows}
    video = next(video for video in dataset.videos if video.name in scores and video.path is not None)
    with Engine.open(folder / "checkpoint", "cpu", cache=cache) as engine:  # which has all weights itself
        assert video.path is not None
        assert engine.assess(video.path).score == pytest.approx(scores[video.name], abs=2e-3)


@pytest.mark.slow
def test_network_on_another_backbone_is_trained_viewed_and_tuned(tmp_path: Path, dataset: Dataset) -> None:
    plan = TrainingPlan(
        model="tsn",
        trained_backbone="efficientnet-lite0",
        preprocessing=SMALL,
        candidates=1,
        epochs=1,
        select=EpochSelection.LAST,
        half=False,
    )
    cache, folder = FeatureCache(tmp_path / "cache"), tmp_path / "m"
    made = train_checkpoint(
        plan, dataset, folder, TrainingControl(CancelToken()), TrainingResources(cache, "cpu")
    ).checkpoint
    assert not missing(made.card.notes, "EfficientNet-Lite0")
    assert made.config.preprocessing.input_px == 224
    assert "224 px in the middle of 340 × 256, dis" in model_facts(made).features
    assert made.config.sizes.grid == (7, 7)
    begun = local_backbone_weights("efficientnet-lite0").state
    assert made.streams.keys() == {f"{stream}.{name}" for stream in ("appearance", "motion") for name in begun}
    assert not torch.equal(made.streams["appearance._conv_stem.weight"], begun["_conv_stem.weight"])
    appearance, motion = (made.streams[f"{stream}._bn0.running_mean"] for stream in ("appearance", "motion"))
    assert torch.equal(appearance, begun["_bn0.running_mean"]), "pictures it has seen before"
    assert not torch.equal(motion, begun["_bn0.running_mean"]), "flow it has not"
    assert json.loads((folder / "provenance.json").read_text())["parameters"] == 5_920_354

    whole = EndToEndModel(made.config.sizes, made.two_stream(None))
    whole.load_state_dict(made.head | {f"streams.{name}": values for name, values in made.streams.items()})
    source = SnippetSource(cache, SMALL)
    with Engine.open(folder, "cpu", cache=cache) as engine, ModelCache("cpu", cache) as model_cache:
        for video in dataset.videos[:2]:
            assert video.path is not None
            with VideoReader(video.path) as reader:
                given = torch.from_numpy(np.array(source.passes(reader, 1, CancelToken())[0]))
            with torch.inference_mode():
                curve = whole.eval()(given[None]).score_curve[0]
            analysis = engine.assess(video.path)
            np.testing.assert_allclose(analysis.score_curve[0], curve, atol=1e-3)
            np.testing.assert_array_equal(model_cache.assess(folder, video.path).score_curve, analysis.score_curve)
            assert analysis.map_kind is MapKind.NONE

    start = InitialModel.of(folder, torch.device("cpu"), cache)
    settings = start.settings(10, 6, None, 0)
    assert settings.phases == ()
    assert settings.optimiser.learning_rate == pytest.approx(
        0.1 * preset("small-study").default_optimiser.learning_rate
    )


def test_only_the_published_network_is_trained_as_published() -> None:
    published = TrainingPlan(model="tsn", preset="small-study").settings()
    assert [name for name, _ in published.phases] == ["appearance", "motion"]
    assert (published.optimiser.iterations, published.loss.snippets) == (3_500, 3)
    other = TrainingPlan(model="tsn", trained_backbone="efficientnet-lite0", learning_rate=0.01).settings()
    assert other.phases == ()
    assert (other.optimiser.learning_rate, other.optimiser.epochs, other.loss.snippets) == (0.01, 8, 1)
    paper = TrainingPlan(model="tsn", trained_backbone="resnet101", preset="paper")
    assert paper.settings().loss.snippets == 3
    assert (paper.sizes().feature_channels, paper.sizes().grid, paper.sizes().tsn_hidden) == (4096, (7, 7), ())
    alexnet = TrainingPlan(model="tsn").sizes()
    assert (alexnet.feature_channels, alexnet.grid, alexnet.tsn_hidden) == (512, (6, 6), (4096, 4096))
    assert TrainingPlan(model="full").settings().loss.snippets == 0


def test_what_cannot_be_kept_is_refused_before_anything_is_done(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = FeatureCache(tmp_path / "cache")

    def train(**changed: Any) -> None:
        plan = TrainingPlan(**{"preprocessing": SMALL, **changed})
        train_checkpoint(plan, dataset, tmp_path / "m", TrainingControl(CancelToken()), TrainingResources(cache, "cpu"))

    with pytest.raises(CheckpointError, match="duration looks at time alone"):
        train(model="duration")
    with pytest.raises(SettingsError, match="leave out --unfreeze"):
        train(model="tsn", unfreeze="last-block")
    with pytest.raises(SettingsError, match="leave out --motion-weights own"):
        train(model="tsn", own_motion=True)
    with pytest.raises(SettingsError, match="leave out --motion-weights own"):
        EvaluationPlan(("full", "tsn"), TrainingPlan(preprocessing=SMALL, own_motion=True)).check()
    optimistic, token, place = (
        TrainingPlan(preprocessing=SMALL, select=EpochSelection.BEST_ON_TEST),
        CancelToken(),
        tmp_path / "m",
    )
    with pytest.raises(SettingsError, match="leave out --select best-on-test"):
        train_checkpoint(
            optimistic, dataset, place, TrainingControl(token), TrainingResources(cache, "cpu"), test=dataset
        )
    with pytest.raises(SettingsError, match=r"7 splits.*7 segments"):
        train(model="tsn-frozen", preprocessing=replace(SMALL, n_segments=6))
    with pytest.raises(CheckpointError, match="backbone"):
        train(model="tsn", trained_backbone="vgg")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with pytest.raises(CheckpointError, match=r"alexnet.*efficientnet-lite0"):
        train(model="tsn")
    plan = EvaluationPlan(("tsn",), TrainingPlan(preprocessing=SMALL))
    with pytest.raises(CheckpointError, match="--tsn-backbone efficientnet-lite0"):
        evaluation.evaluate(plan, dataset, tmp_path / "out", CancelToken(), silent, device_name="cpu", cache=cache)
