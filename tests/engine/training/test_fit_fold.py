"""How the epoch is chosen within the training videos of a fold, on one inner fold or several."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo
from skillviewer.core.dataset.folds import fold_of, inner_fold, inner_folds, make_folds
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.errors import SettingsError
from skillviewer.core.progress import CancelToken
from skillviewer.core.video.preprocessing import Preprocessing
from skillviewer.engine.features.feature_statistics import standardise
from skillviewer.engine.training import batches
from skillviewer.engine.training.fit_fold import FoldInputs, best_training_share, choosing_folds, fit_fold
from skillviewer.engine.training.run_record import unseen_warning
from skillviewer.engine.training.train_settings import EpochSelection, TrainSettings
from skillviewer.engine.training.trainer import EpochRow, FitState, Trainer, TrainingControl
from skillviewer.engine.training.training_plan import TrainingPlan, describe_selection, join_selection_texts
from skillviewer.nets.models import attention_model
from skillviewer.nets.presets import LossSettings, OptimiserSettings
from skillviewer.nets.sizes import HeadSizes
from tests.engine.training.test_trainer import NAMES, PAIRS, SIZES, store
from tests.facts import missing

DATASET = Dataset(
    name="twelve",
    form="pair-folder",
    task="test",
    videos=tuple(DatasetVideo(name, None, f"p{i // 2}") for i, name in enumerate(NAMES)),
    pairs=tuple(PAIRS),
)
FOLD = make_folds(DATASET).folds[0]
PLAN = TrainingPlan(model="full", epochs=3, inner_folds=3)


def row(epoch: int, accuracy: float, loss: float = 0.5) -> EpochRow:
    return EpochRow(epoch, 0.1, 1.0, loss, accuracy, best=False, seconds=1.0)


def test_the_epoch_is_best_on_average() -> None:
    lucky = [row(2, 0.9), row(4, 0.6), row(6, 0.7)]
    others = [row(2, 0.3), row(4, 0.8), row(6, 0.8)]
    assert best_training_share([lucky]) == 2 / 6
    assert best_training_share([lucky, others]) == 1
    assert best_training_share([[row(1, 0.7, 0.4), row(2, 0.7, 0.3), row(3, 0.7, 0.3)]]) == 2 / 3, (
        "of equals the lower loss"
    )


def test_courses_of_different_lengths_are_compared_by_their_shares() -> None:
    """Epoch 4 ends one course and is the middle of the other."""
    short = [row(2, 0.5), row(4, 0.5)]
    long = [row(2, 0.5), row(4, 0.6), row(6, 0.7), row(8, 0.9)]
    assert best_training_share([short, long]) == best_training_share([long, short]) == 1
    long = [row(2, 0.9), row(4, 0.6), row(6, 0.7), row(8, 0.5)]
    assert best_training_share([short, long]) == best_training_share([long, short]) == 1 / 4


def test_inner_folds_hold_out_other_people_each_time_and_never_the_tested() -> None:
    splits = inner_folds(DATASET, FOLD, seed=5)
    assert splits[0] == inner_fold(DATASET, FOLD, seed=5)
    assert len(splits) == 4
    held_out = [name for split in splits for name in split.held_out_videos]
    assert sorted(held_out) == sorted(FOLD.train_videos), "every training video chooses once"
    for split in splits:
        assert not set(FOLD.held_out_videos) & {*split.train_videos, *split.held_out_videos}
        people = DATASET.participants
        assert not {people[v] for v in split.train_videos} & {people[v] for v in split.held_out_videos}
    few = fold_of("few", NAMES, NAMES[4:], PAIRS)
    assert len(inner_folds(DATASET, few)) == 2, "no more splits than people"


@pytest.mark.slow
def test_a_fold_is_trained_for_the_epoch_that_its_splits_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    def sizes(_plan: TrainingPlan) -> HeadSizes:
        return SIZES

    class Nobody:
        def load(self) -> FitState | None:
            return None

        def save(self, state: object, *, finished: bool) -> None:
            pass

    monkeypatch.setattr(TrainingPlan, "sizes", sizes)
    stages: list[str] = []

    def state_store(stage: str) -> Nobody:
        stages.append(stage)
        return Nobody()

    def trained(plan: TrainingPlan) -> tuple[dict[str, torch.Tensor], int, tuple[EpochRow, ...]]:
        stages.clear()
        cpu = torch.device("cpu")
        model, result = fit_fold(
            plan, DATASET, FOLD, FoldInputs(store(), cpu), TrainingControl(CancelToken()), state_store
        )
        return model.state_dict(), result.epoch, result.rows

    _, epoch, rows = trained(PLAN)
    assert stages == ["choice", "choice-2", "choice-3", "final"]
    logs = [rows[3 * i : 3 * i + 3] for i in range(3)]
    assert [[one.epoch for one in log] for log in logs] == [[1, 2, 3]] * 3
    assert epoch == round(3 * best_training_share(logs)) == rows[-1].epoch
    one, first, rows = trained(replace(PLAN, inner_folds=1))
    assert stages == ["choice", "final"]
    assert first == max(rows[:3], key=lambda at: (at.held_out_accuracy, -at.held_out_loss)).epoch
    last, _, _ = trained(replace(PLAN, inner_folds=1, select=EpochSelection.LAST, epochs=first))
    assert all(torch.equal(one[name], last[name]) for name in one), "trained afresh for as many epochs"


def test_what_is_asked_for_goes_before_the_preset() -> None:
    usual = TrainingPlan().settings().optimiser
    asked = TrainingPlan(epochs=3, learning_rate=0.5, weight_decay=0.0).settings().optimiser
    assert asked == replace(usual, epochs=3, learning_rate=0.5, weight_decay=0.0) != usual


def test_step_sizes_that_would_be_ignored_are_refused() -> None:
    assert TrainingPlan(model="raan", epochs=5).settings().optimiser.epochs == 5
    for asked in ({"learning_rate": 0.5}, {"weight_decay": 0.3}):
        with pytest.raises(SettingsError, match="decays"):
            TrainingPlan(model="raan", **asked).settings()  # type: ignore[arg-type]


@pytest.mark.slow
def test_of_a_course_counted_in_iterations_a_share_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """More pairs make fewer epochs of as many batches: the epoch that was chosen on fewer is another one on all."""
    monkeypatch.setattr(TrainingPlan, "sizes", lambda _plan: SIZES)
    whole = TrainSettings(OptimiserSettings(batch_pairs=8, epochs=0, iterations=60), LossSettings())
    monkeypatch.setattr(TrainingPlan, "settings", lambda _plan: whole)
    plan = TrainingPlan(model="full", candidates=1)
    _, result = fit_fold(plan, DATASET, FOLD, FoldInputs(store(), torch.device("cpu")), TrainingControl(CancelToken()))
    inner, *_ = inner_folds(DATASET, FOLD, plan.seed)
    course = [math.ceil(60 / math.ceil(len(fold.train_pairs) / 8)) for fold in (inner, FOLD)]
    assert course[0] > course[1]
    chosen = best_training_share([result.rows[: course[0]]])
    final = result.rows[course[0] :]
    assert final[0].epoch == 1
    assert final[-1].epoch == max(1, round(chosen * course[1]))


def test_what_is_chosen_on_is_said_and_several_splits_need_a_refit() -> None:
    assert "on average over 3 different quarters" in describe_selection(PLAN)
    assert "average" not in describe_selection(replace(PLAN, inner_folds=1))
    for plan in (replace(PLAN, refit=False), replace(PLAN, select=EpochSelection.LAST)):
        with pytest.raises(SettingsError, match="3 inner"):
            plan.settings()


def test_what_was_chosen_on_is_said_as_it_was() -> None:
    afresh = ", then trained afresh on all training videos for as many epochs"

    def said(n_people: int, asked: int, each: int = 2) -> str:
        names = [f"p{person}v{take}" for person in range(n_people) for take in range(each)]
        videos = tuple(DatasetVideo(name, None, name.split("v")[0]) for name in names)
        pairs = tuple(Pair(one, other) for i, one in enumerate(names) for other in names[i + 1 :])
        dataset = replace(DATASET, videos=videos, pairs=pairs)
        plan, fold = replace(PLAN, inner_folds=asked), fold_of("all", names, (), pairs)
        return describe_selection(plan, choosing_folds(plan, dataset, fold)).removesuffix(afresh)

    assert not missing(said(8, 1), "training videos")
    assert not missing(said(8, 4), "4 different")
    assert said(8, 4) + afresh == describe_selection(replace(PLAN, inner_folds=4)), "as it is said before"
    assert not missing(said(3, 1), "training videos")
    assert not missing(said(3, 4), "3 different", "3 could")
    assert not missing(said(2, 2), "2 different")
    assert said(5, 1) == "epoch chosen on 4 of 10 training videos"
    last = replace(PLAN, inner_folds=1, select=EpochSelection.LAST)
    assert choosing_folds(last, DATASET, FOLD) == ()
    assert join_selection_texts(["one", "other", "other"]) == "other; in some runs one"
    assert join_selection_texts([]) == ""


@pytest.mark.parametrize("refit", [True, False])
def test_pairs_of_which_the_videos_never_meet_are_known(monkeypatch: pytest.MonkeyPatch, refit: bool) -> None:
    monkeypatch.setattr(TrainingPlan, "sizes", lambda _plan: SIZES)
    met: list[list[set[Pair]]] = []  # of each training, after each epoch
    plainly, begin, epoch = Trainer.train_batch, Trainer.__init__, Trainer.run_epoch

    def made(self: Trainer, *given: Any, **options: Any) -> None:
        met.append([])
        begin(self, *given, **options)

    def run_epoch(self: Trainer, *given: Any) -> None:
        met[-1].append(set(met[-1][-1]) if met[-1] else set())
        epoch(self, *given)

    def update(self: Trainer, names: Sequence[str], places: Sequence[tuple[int, int, int]]) -> float:
        met[-1][-1] |= {Pair(names[better], names[worse]) for better, worse, _ in places}
        return plainly(self, names, places)

    monkeypatch.setattr(Trainer, "__init__", made)
    monkeypatch.setattr(Trainer, "run_epoch", run_epoch)
    monkeypatch.setattr(Trainer, "train_batch", update)
    usual = batches.SPARSE_PAIRS
    monkeypatch.setattr(batches, "SPARSE_PAIRS", 0)
    sparse = OptimiserSettings(learning_rate=1e-9, batch_videos=3, epochs=3)
    settings = TrainSettings(sparse, LossSettings(), EpochSelection.LAST if refit else EpochSelection.INNER_FOLDS)
    monkeypatch.setattr(TrainingPlan, "settings", lambda _plan: settings)
    n_frames, candidates = (len(store()[NAMES[0]][0]), len(store()[NAMES[0]]))
    plan = TrainingPlan(
        preprocessing=Preprocessing(n_segments=n_frames), candidates=candidates, refit=refit, select=settings.select
    )
    _, trained = fit_fold(plan, DATASET, FOLD, FoldInputs(store(), torch.device("cpu")), TrainingControl(CancelToken()))
    on = FOLD if refit else choosing_folds(plan, DATASET, FOLD)[0]
    unmet = set(on.train_pairs) - met[-1][trained.epoch - 1]
    assert trained.n_unseen_pairs == len(unmet) > 0
    (said,) = unseen_warning(len(unmet), len(on.train_pairs), at_most=True)
    assert not missing(said, f"{len(unmet)}", f"{len(on.train_pairs)}")
    assert not unseen_warning(0, 9)
    monkeypatch.setattr(batches, "SPARSE_PAIRS", usual)  # of three videos few pairs are known: batches are of pairs
    _, trained = fit_fold(plan, DATASET, FOLD, FoldInputs(store(), torch.device("cpu")), TrainingControl(CancelToken()))
    assert trained.n_unseen_pairs == 0
    assert met[-1][-1] == set(on.train_pairs)


def test_what_is_averaged_over_cells_is_standardised_after_that() -> None:
    features = store()
    model = attention_model("tsn-frozen").build(replace(SIZES, standardise=True))
    standardise(model, features, NAMES[:8])
    averaged = np.concatenate([np.asarray(features[name][0], np.float32).mean(axis=(2, 3)) for name in NAMES[:8]])
    frames = torch.from_numpy(averaged)[:, :, None, None].expand(-1, -1, *SIZES.grid)
    seen = model.fusion(frames).flatten(1)
    assert torch.allclose(seen.mean(dim=0), torch.zeros(seen.shape[1]), atol=1e-4)
    assert torch.allclose(seen.std(dim=0, correction=0), torch.ones(seen.shape[1]), atol=1e-3)
