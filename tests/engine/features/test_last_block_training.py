"""The last block of both backbones is trained with the head, and a checkpoint scores with it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.errors import CheckpointError
from skillviewer.core.progress import CancelToken, silent
from skillviewer.engine.features.build_store import build_dataset_store
from skillviewer.engine.features.extractor import local_backbone_weights, streams_of
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.features.frame_sources import feature_source
from skillviewer.engine.features.last_block_training import LastBlockTraining
from skillviewer.engine.inference.engine import Engine
from skillviewer.engine.training.predict import Predictions, predict
from skillviewer.engine.training.train_checkpoint import TrainingResources, train_checkpoint
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.trainer import FitPairs, TrainingControl, fit
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.nets.backbones.backbone_weights import random_backbone_weights
from skillviewer.nets.backbones.last_block import last_block, last_blocks, without_last_block
from skillviewer.nets.checkpoint import load_checkpoint
from skillviewer.nets.models import attention_model
from skillviewer.nets.presets import LossSettings, OptimiserSettings
from skillviewer.nets.sizes import HeadSizes
from tests.checkpoints import PREPROCESSING, SIZES
from tests.engine.tiny_dataset import NAMES, tiny_dataset
from tests.engine.training.test_trainer import SETTINGS
from tests.facts import missing

CPU = torch.device("cpu")
NAME = "efficientnet-lite0"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return tiny_dataset(tmp_path_factory.mktemp("videos"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> FeatureCache:
    return FeatureCache(tmp_path_factory.mktemp("features"))


@pytest.mark.parametrize("name", ["efficientnet-lite0", "resnet18", "resnet50"])
def test_what_comes_before_and_the_last_block_are_the_trunk(name: str) -> None:
    weights = random_backbone_weights(name, 0)
    streams = streams_of(weights, PREPROCESSING.flow.length, PREPROCESSING.input_px)
    picture, stack = torch.rand(2, 3, 64, 64), torch.rand(2, 8, 64, 64)
    blocks = last_blocks(streams, name)
    with torch.inference_mode():
        before = [
            without_last_block(trunk, name)(inputs)
            for trunk, inputs in ((streams.appearance, picture), (streams.motion, stack))
        ]
        whole = torch.cat([streams.appearance(picture), streams.motion(stack)], dim=1)
        assert {one.shape[1] for one in before} == {blocks.n_channels}
        torch.testing.assert_close(blocks(torch.cat(before, dim=1)), whole)


def test_a_backbone_without_blocks_is_refused() -> None:
    with pytest.raises(CheckpointError, match="alexnet has no last block"):
        last_block(
            streams_of(
                random_backbone_weights("alexnet", 0), PREPROCESSING.flow.length, PREPROCESSING.input_px
            ).appearance,
            "alexnet",
        )


@pytest.mark.slow
def test_gradients_reach_the_last_blocks_alone(dataset: Dataset, cache: FeatureCache) -> None:
    source, _ = feature_source(NAME, PREPROCESSING, CPU, "float32", cache, before_last_block=True)
    store, _ = build_dataset_store(dataset, source, 2, CancelToken(), silent)
    unfreezing = LastBlockTraining.of(NAME, PREPROCESSING, CPU)
    kept, _ = feature_source(NAME, PREPROCESSING, CPU, "float32", cache)
    plain, _ = build_dataset_store(dataset, kept, 1, CancelToken(), silent)
    before = unfreezing.features(store)
    for name in NAMES[:2]:  # through float16 twice instead of once
        np.testing.assert_allclose(before[name][0], np.array(plain[name][0]), atol=0.05)
    torch.manual_seed(0)
    model = attention_model("full").build(SIZES)
    unfreezing.attach_blocks(model)
    first = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    settings = replace(
        SETTINGS,
        optimiser=OptimiserSettings(learning_rate=0.02, weight_decay=0.0, batch_pairs=16, epochs=2),
        loss=LossSettings(),
        select=EpochSelection.LAST,
    )
    fit(model, store, FitPairs(dataset.pairs), settings, TrainingControl(CancelToken()))
    changed = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, first[name])}
    trained = {name for name, _ in model.named_parameters()}
    assert {name for name in trained if ".blocks." in name} <= changed
    assert not [name for name in changed if "running" in name], "statistics of batch normalisation stay"
    blocks, streams = unfreezing.detach_blocks(model)
    assert {name.split(".")[0] for name in streams} == {"appearance", "motion"}
    assert {name.split(".")[2] for name in streams} == {"15"}, "all but the last of sixteen blocks stay as they were"
    after = unfreezing.features(store, blocks)
    assert any(np.abs(after[name][0].astype(float) - before[name][0]).max() > 1e-3 for name in NAMES)
    assert set(predict(model, after, NAMES, CancelToken()).scores) == set(NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["full", "tsn-frozen"])
def test_checkpoint_holds_the_changed_backbone_and_scores_with_it(
    dataset: Dataset, cache: FeatureCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    def sizes(_plan: TrainingPlan) -> HeadSizes:
        return replace(SIZES, standardise=True, tsn_splits=5)

    monkeypatch.setattr(TrainingPlan, "sizes", sizes)
    plan = TrainingPlan(
        model=model, preprocessing=PREPROCESSING, candidates=2, epochs=2, unfreeze="last-block", half=False
    )
    scores: dict[str, float] = {}

    def watching(*args: Any, **options: Any) -> Predictions:
        found = predict(*args, **options)
        scores.update(found.scores)
        return found

    monkeypatch.setattr("skillviewer.engine.training.train_checkpoint.predict", watching)
    folder = tmp_path / "m"
    train_checkpoint(plan, dataset, folder, TrainingControl(CancelToken()), TrainingResources(cache, "cpu"))
    checkpoint = load_checkpoint(folder)
    assert checkpoint.streams
    assert not missing(checkpoint.card.notes, "backbones")
    weights = local_backbone_weights(NAME)
    tuned, base = checkpoint.two_stream(weights), streams_of(weights, PREPROCESSING.flow.length, PREPROCESSING.input_px)
    for one, other in ((tuned.appearance, base.appearance), (tuned.motion, base.motion)):
        (last, _), (untouched, _) = last_block(one, NAME), last_block(other, NAME)
        assert any(not torch.equal(a, b) for a, b in zip(last.parameters(), untouched.parameters(), strict=True)), (
            "the block has learnt"
        )
    with Engine.open(folder, device="cpu", cache=FeatureCache(tmp_path / "own")) as engine:
        for video in dataset.videos[:3]:
            assert video.path is not None
            assert engine.assess(video.path).score == pytest.approx(scores[video.name], abs=0.02)
