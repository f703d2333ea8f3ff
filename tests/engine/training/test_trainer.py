"""Training: what a batch holds, that it learns, stops, repeats itself and keeps the epoch it says."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from skillviewer.core.dataset.pairs import Pair, videos_of
from skillviewer.core.errors import Cancelled, DatasetError, SettingsError
from skillviewer.core.progress import NEVER, CancelToken, Progress
from skillviewer.engine.features.feature_store import FeatureStore
from skillviewer.engine.training.batches import draw_batches
from skillviewer.engine.training.predict import predict
from skillviewer.engine.training.train_settings import EpochSelection, TrainSettings
from skillviewer.engine.training.trainer import EpochRow, FitPairs, FitResult, TrainingControl, fit
from skillviewer.nets.attention_models.spatial import SpatialModel
from skillviewer.nets.presets import LossSettings, OptimiserSettings
from skillviewer.nets.sizes import HeadSizes

SIZES = HeadSizes(
    feature_channels=6, grid=(4, 4), fusion_hidden=8, channels=8, task_hidden=8, attention_hidden=8, embed=4
)
NAMES = [f"v{i:02}" for i in range(12)]
PAIRS = [Pair(NAMES[j], NAMES[i]) for i in range(12) for j in range(i + 1, 12)]  # the higher number is better
OPTIMISER = OptimiserSettings(learning_rate=0.05, weight_decay=0.0, batch_pairs=16, epochs=6)
SETTINGS = TrainSettings(OPTIMISER, LossSettings(), EpochSelection.LAST, seed=3)


def store(seed: int = 0) -> FeatureStore:
    """Features whose first channel grows with the number of the video, in one cell."""
    rng = np.random.default_rng(seed)
    found = {}
    for i, name in enumerate(NAMES):
        features = rng.normal(0, 0.3, size=(2, 5, 6, 4, 4)).astype(np.float16)
        features[:, :, 0, 1, 2] += i / 4
        found[name] = list(features)
    return found


def fresh(seed: int = 1) -> SpatialModel:
    torch.manual_seed(seed)
    return SpatialModel(SIZES)


def train(
    settings: TrainSettings = SETTINGS,
    choosing: list[Pair] | None = None,
    token: CancelToken = NEVER,
    report: Callable[[Progress], None] = lambda _: None,
    stop: CancelToken = NEVER,
) -> tuple[SpatialModel, FitResult]:
    model = fresh()
    return model, fit(model, store(), FitPairs(PAIRS, choosing or []), settings, TrainingControl(token, report, stop))


def test_epoch_of_pairs_holds_every_pair_once_and_every_video_of_a_batch_once() -> None:
    seen = []
    for names, places in draw_batches(PAIRS, OPTIMISER, np.random.default_rng(0)):
        assert len(set(names)) == len(names)
        assert len(places) <= 16
        seen += [Pair(names[a], names[b]) for a, b, _ in places]
    assert sorted(seen) == sorted(PAIRS)


def test_batches_of_videos_hold_every_pair_among_them() -> None:
    settings = replace(OPTIMISER, batch_videos=4, rounds=2)
    all_batches = list(draw_batches(PAIRS, settings, np.random.default_rng(0)))
    assert len(all_batches) == 2 * 3
    for names, places in all_batches:
        inside = {Pair(names[a], names[b]) for a, b, _ in places}
        assert inside == {p for p in PAIRS if p.within(names)}
    assert sorted(n for names, _ in all_batches[:3] for n in names) == NAMES


@pytest.mark.slow
def test_it_learns_the_order() -> None:
    model, trained = train(replace(SETTINGS, optimiser=replace(OPTIMISER, epochs=25)))
    scores = predict(model, store(), NAMES, CancelToken(), maps=False).scores
    assert trained.rows[-1].train_accuracy > 0.95
    assert min(scores[name] for name in NAMES[9:]) > max(scores[name] for name in NAMES[:3])
    assert trained.rows[-1].loss < trained.rows[0].loss


@pytest.mark.slow
def test_same_seed_same_weights() -> None:
    (_, a), (_, b) = train(), train()
    for name, tensor in a.weights.items():
        assert torch.equal(tensor, b.weights[name])
    _, other = train(replace(SETTINGS, seed=4))
    assert any(not torch.equal(tensor, other.weights[name]) for name, tensor in a.weights.items())


def test_best_epoch_on_choosing_pairs_is_kept() -> None:
    choosing = [Pair(p.worse, p.better) for p in PAIRS]  # the wrong way round: the earlier the better
    model, trained = train(replace(SETTINGS, select=EpochSelection.INNER_FOLDS), choosing)
    accuracies = [row.held_out_accuracy for row in trained.rows]
    assert trained.rows[trained.epoch - 1].held_out_accuracy == max(accuracies)
    assert trained.epoch != len(trained.rows)
    scores = predict(model, store(), NAMES, CancelToken(), maps=False).scores
    right = np.mean([scores[p.better] > scores[p.worse] for p in choosing])
    assert right == pytest.approx(max(accuracies))


def test_a_training_that_diverges_says_so_at_once() -> None:
    model = fresh()
    with torch.no_grad():
        next(iter(model.parameters())).fill_(float("nan"))
    heard: list[Progress] = []
    with pytest.raises(SettingsError, match="epoch 1"):
        fit(
            model,
            store(),
            FitPairs(PAIRS, PAIRS),
            replace(SETTINGS, select=EpochSelection.INNER_FOLDS),
            TrainingControl(CancelToken(), heard.append),
        )
    assert heard == []


def test_cancel_raises_and_stop_keeps_the_best() -> None:
    token = CancelToken()

    def cancel_in_epoch_two(progress: Progress) -> None:
        if progress.stage == "epoch 2 of 6":
            token.cancel()

    with pytest.raises(Cancelled):
        train(token=token, report=cancel_in_epoch_two)

    stop = CancelToken()

    def stop_in_epoch_two(progress: Progress) -> None:
        if progress.stage == "epoch 2 of 6":
            stop.cancel()

    _, trained = train(report=stop_in_epoch_two, stop=stop)
    assert len(trained.rows) == 2
    assert trained.weights


def test_every_epoch_is_reported() -> None:
    rows = []

    def collect(progress: Progress) -> None:
        if isinstance(progress.value, EpochRow):
            rows.append(progress.value)

    _, trained = train(report=collect)
    assert tuple(rows) == trained.rows
    assert [row.epoch for row in rows] == [1, 2, 3, 4, 5, 6]


def test_nothing_to_train_or_choose_on_is_said() -> None:
    with pytest.raises(DatasetError, match="no pairs to train on"):
        fit(fresh(), store(), FitPairs([]), SETTINGS, TrainingControl(CancelToken()))
    with pytest.raises(DatasetError, match="choose the epoch"):
        fit(
            fresh(),
            store(),
            FitPairs(PAIRS),
            replace(SETTINGS, select=EpochSelection.INNER_FOLDS),
            TrainingControl(CancelToken()),
        )


def test_videos_of_pairs_are_each_named_once() -> None:
    assert videos_of([Pair("b", "a"), Pair("a", "c")]) == ["a", "b", "c"]
