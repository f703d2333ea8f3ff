"""The automatic choice of a model: nested folds, no leak, and the verdict against baselines."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo, Fold, Measure
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import CheckpointError, DatasetError, ExportError
from skillviewer.core.evaluation.accuracy import pooled_accuracy
from skillviewer.core.evaluation.choice_folds import CANDIDATES, outer_folds
from skillviewer.core.evaluation.model_choice import CheckLevel, VerdictKind
from skillviewer.core.progress import CancelToken, Progress, silent
from skillviewer.core.ratings import fit_calibration
from skillviewer.core.video.preprocessing import FlowSettings, Preprocessing
from skillviewer.engine.evaluation import choose_model as module
from skillviewer.engine.evaluation.choice_plan import ChoicePlan, count_trainings
from skillviewer.engine.evaluation.choose_and_train import CHOICE_FILE, choose_and_train
from skillviewer.engine.evaluation.choose_model import choose_model
from skillviewer.engine.features.feature_cache import FeatureCache
from skillviewer.engine.runtime.pace import Pace
from skillviewer.engine.training import training_duration
from skillviewer.engine.training.run_folder import write_json
from skillviewer.engine.training.train_checkpoint import TrainingResources
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.trainer import TrainingControl
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.nets.checkpoint import load_checkpoint
from tests.facts import missing
from tests.videos import write_barcode_video

TINY = TrainingPlan(
    preprocessing=Preprocessing(n_segments=3, input_px=64, flow=FlowSettings(algorithm="dis"), sampling="even"),
    candidates=1,
    epochs=1,
    select=EpochSelection.LAST,
)
NAMES = tuple(f"{who}{take}" for who in "abcde" for take in (1, 2))
TRUTH = {name: float(i * 7 % 10) for i, name in enumerate(NAMES)}
"""Skill of every video: no order of the names, nor of their lengths."""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("videos")
    for i, name in enumerate(NAMES):
        write_barcode_video(folder / f"{name}.mp4", 10 + i)
    values = tuple(TRUTH.items())
    given = tuple(VideoRating(name, rater, "Flow", x) for name, x in values for rater in ("x", "y"))
    return Dataset(
        "rated",
        "ratings",
        "bars",
        tuple(DatasetVideo(name, folder / f"{name}.mp4", participant=name[0]) for name in NAMES),
        tuple(Pair(a, b) for a in NAMES for b in NAMES if TRUTH[a] > TRUTH[b]),
        scores=Measure("Flow", values),
        ratings=RatingSet(given, (RatingScale("Flow", 0, 9),)),
        criterion="Flow",
    )


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> TrainingResources:
    return TrainingResources(FeatureCache(tmp_path_factory.mktemp("cache")), "cpu")


class FakeTrainings:
    """Scores in place of trainings: a candidate's are the truth, some backwards; ``folds`` were trained on."""

    def __init__(self, wrong: Mapping[str, int]) -> None:
        self.folds: list[tuple[str, Fold]] = []
        self._wrong = wrong

    def train(self, plan: TrainingPlan, fold: Fold) -> dict[str, float]:
        """Return the truth with the first videos of the held-out people upside down."""
        self.folds.append((plan.model, fold))
        swapped = sorted(NAMES)[: self._wrong.get(plan.model, 0)]
        return {name: -x if name in swapped else x for name, x in TRUTH.items()}


def chosen(
    dataset: Dataset,
    resources: TrainingResources,
    work: Path,
    monkeypatch: pytest.MonkeyPatch,
    wrong: Mapping[str, int],
    level: CheckLevel = CheckLevel.CROSS_VALIDATED,
) -> tuple[module.ChosenModel, FakeTrainings]:
    fake = FakeTrainings(wrong)
    monkeypatch.setattr(module._Runs, "_train_and_predict", fake.train)
    monkeypatch.setattr(module._Runs, "compute_inputs", lambda self: self._dataset)
    plan = ChoicePlan(TINY, CANDIDATES, level)
    return choose_model(plan, dataset, work, TrainingControl(CancelToken(), silent), resources), fake


def test_progress_counts_the_duration_of_trainings(
    dataset: Dataset, resources: TrainingResources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_duration, "training_pace", lambda *_: Pace(10.0, 1.0))
    reported: list[float] = []
    fake = FakeTrainings(WRONG)

    def train(runs: Any, plan: TrainingPlan, fold: Fold) -> dict[str, float]:
        runs._report(runs._done_s)
        return fake.train(plan, fold)

    monkeypatch.setattr(module._Runs, "_train_and_predict", train)
    monkeypatch.setattr(module._Runs, "compute_inputs", lambda self: self._dataset)
    control = TrainingControl(CancelToken(), lambda progress: reported.append(progress.done / progress.total))
    choose_model(ChoicePlan(TINY, CANDIDATES), dataset, tmp_path, control, resources)
    reported = reported[-len(fake.folds) :]  # the others are of reading the videos
    for (model, _), share in zip(fake.folds, np.diff(reported), strict=False):
        assert share < 0.002 if model in {"motion", "duration"} else share > 0.005
    assert 0.9 < reported[-1] <= 1


WRONG = {"motion": 6, "duration": 7, "none": 5, "full": 4, "sharp": 0, "average": 6}


def test_the_choice_is_made_without_the_people_that_test_it(
    dataset: Dataset, resources: TrainingResources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, fake = chosen(dataset, resources, tmp_path, monkeypatch, WRONG)
    choice = found.choice
    assert (choice.winner, choice.accuracy.value, choice.unit) == ("sharp", 1.0, "participant")
    assert [row.n_chosen for row in choice.candidates if row.model == "sharp"] == [4]
    assert len(fake.folds) == count_trainings(ChoicePlan(TINY)).total
    outer = {one.fold.name: set(one.fold.held_out_videos) for one in found.outer_scores}
    assert set.union(*outer.values()) == set(NAMES)
    for _, fold in fake.folds:
        used = {v for p in fold.train_pairs for v in (p.better, p.worse)}
        for part in fold.name.split("+"):
            assert not used & outer[part], "a part that is held out is never trained on"
    people = dataset.participants
    for one in found.outer_scores:
        assert {people[v] for v in one.fold.held_out_videos}.isdisjoint({people[v] for v in one.fold.train_videos})
    half, whole = choice.curve
    assert half.n_people < whole.n_people


def test_instruments_are_a_rival_and_are_never_chosen(
    dataset: Dataset, resources: TrainingResources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    equipped = replace(dataset, instruments=(Measure("force", tuple(TRUTH.items())),))
    choice = chosen(equipped, resources, tmp_path, monkeypatch, {**WRONG, "sharp": 1})[0].choice
    assert [row.model for row in choice.candidates] == ["measures", *CANDIDATES]
    assert [row.name for row in choice.baselines] == ["duration", "motion", "measures"]
    assert (choice.winner, choice.candidates[0].can_be_kept) == ("sharp", False)
    first = len(list((tmp_path / "choice").iterdir()))
    changed = replace(equipped, instruments=(Measure("force", tuple((name, 1.0) for name in NAMES)),))
    chosen(changed, resources, tmp_path, monkeypatch, WRONG)
    assert len(list((tmp_path / "choice").iterdir())) > first, "other numbers, other trainings"


def test_a_model_that_is_best_by_luck_inside_is_not_reported_by_that_luck(
    dataset: Dataset, resources: TrainingResources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every candidate is noise; the best of many looks good inside, and the outer accuracy stays at chance."""
    plan = ChoicePlan(TINY)
    noise = {name: i for i, name in enumerate(plan.candidates)}

    def luck(_self: object, training: TrainingPlan, fold: Fold) -> dict[str, float]:
        rng = np.random.default_rng([noise.get(training.model, 9), *fold.name.encode()])
        return dict(zip(NAMES, rng.normal(size=len(NAMES)).tolist(), strict=True))

    monkeypatch.setattr(module._Runs, "_train_and_predict", luck)
    monkeypatch.setattr(module._Runs, "compute_inputs", lambda self: self._dataset)
    choice = choose_model(plan, dataset, tmp_path, TrainingControl(CancelToken(), silent), resources).choice
    best = max(row.accuracy for row in choice.candidates)
    assert best > 0.5, "the best of five is above chance where it was chosen"
    assert choice.all_pairs.n_pairs > len(dataset.pairs), "and is reported on other pairs"
    assert choice.verdict.kind is not VerdictKind.BETTER


def test_nothing_that_a_baseline_does_as_well_is_an_improvement(
    dataset: Dataset, resources: TrainingResources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beaten, _ = chosen(dataset, resources, tmp_path / "a", monkeypatch, WRONG | {"motion": 0})
    verdict = beaten.choice.verdict
    assert (verdict.kind, verdict.is_improvement) == (VerdictKind.BEATEN, False)
    assert verdict.sentence.startswith("Nothing beats the baselines")
    assert any("cannot save" in sentence for sentence in verdict.details) is False, "sharp is as good inside"
    noise, _ = chosen(
        dataset, resources, tmp_path / "b", monkeypatch, dict.fromkeys(WRONG, 3) | {"motion": 4, "duration": 4}
    )
    assert noise.choice.verdict.kind in {VerdictKind.NOISE, VerdictKind.BEATEN}
    assert not noise.choice.verdict.is_improvement
    better, _ = chosen(dataset, resources, tmp_path / "c", monkeypatch, dict.fromkeys(WRONG, 10) | {"none": 0})
    assert better.choice.winner == "none"
    assert better.choice.verdict.kind is VerdictKind.BETTER
    lead = better.choice.baselines[0].lead
    assert lead is not None
    fewer = replace(lead, n_pairs=7)
    by_luck = replace(better.choice, baselines=(replace(better.choice.baselines[0], lead=fewer),))
    assert by_luck.verdict.kind is VerdictKind.NOISE, "seven pairs that all agree may do so by luck"
    assert "One rater agrees with the others on 100.0 %" in " ".join(better.choice.verdict.details)


def test_the_verdict_is_on_pairs_of_new_people_alone(
    dataset: Dataset, resources: TrainingResources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that places new people rightly among those it has seen, and wrongly among themselves."""

    def score(_self: object, training: TrainingPlan, fold: Fold) -> dict[str, float]:
        if training.model == "duration":
            return TRUTH
        seen = [TRUTH[name] for name in fold.train_videos]
        return {
            name: x if name in fold.train_videos else sum(other < x for other in seen) - 0.5 - 0.01 * x
            for name, x in TRUTH.items()
        } | {name: float(sorted(seen).index(TRUTH[name])) for name in fold.train_videos}

    monkeypatch.setattr(module._Runs, "_train_and_predict", score)
    monkeypatch.setattr(module._Runs, "compute_inputs", lambda self: self._dataset)
    plan = ChoicePlan(TINY, ("none", "sharp"))
    found = choose_model(plan, dataset, tmp_path, TrainingControl(CancelToken(), silent), resources)
    choice = found.choice
    assert choice.on_new_people
    assert choice.accuracy == pooled_accuracy(found.outer_scores, dataset, both_held_out=True)
    assert choice.all_pairs == pooled_accuracy(found.outer_scores, dataset)
    assert choice.all_pairs.value > choice.accuracy.value, "partners seen in training flatter it"
    n_pairs = sum(len(fold_scores.fold.both_held_out) for fold_scores in found.outer_scores)
    duration = next(row for row in choice.baselines if row.name == "duration")
    assert duration.lead is not None
    assert (choice.accuracy.n_pairs, duration.accuracy.n_pairs, duration.lead.n_pairs) == (n_pairs,) * 3
    assert duration.lead.value == pytest.approx(choice.accuracy.value - duration.accuracy.value)
    assert choice.verdict.kind is VerdictKind.BEATEN


def test_a_quick_check_holds_one_part_out(
    dataset: Dataset, resources: TrainingResources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, fake = chosen(dataset, resources, tmp_path, monkeypatch, WRONG, CheckLevel.QUICK)
    assert len(found.outer_scores) == 1
    assert len(fake.folds) == count_trainings(ChoicePlan(TINY, level=CheckLevel.QUICK)).total
    assert all("1" in fold.name.split("+") for _, fold in fake.folds)


def test_too_few_people_are_refused_before_anything_is_computed(dataset: Dataset) -> None:
    two = dataset.restricted(NAMES[:4])
    with pytest.raises(DatasetError, match=r"2 participants: .* at least 3 are needed"):
        outer_folds(two, 0)
    unnamed = replace(dataset, videos=tuple(replace(video, participant=None) for video in dataset.videos))
    assert str(outer_folds(unnamed, 0).fold_unit) == "video"
    assert "too high" in outer_folds(unnamed, 0).warning


def test_stopped_it_goes_on_and_the_winner_learns_from_everybody(
    dataset: Dataset, resources: TrainingResources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit_calibration, "min_participants", lambda _level: 2)  # the videos show five people
    two_stages = replace(TINY, epochs=2, select=EpochSelection.INNER_FOLDS)
    plan = ChoicePlan(two_stages, ("none",), CheckLevel.QUICK)
    folder, heard = tmp_path / "m", list[Progress]()
    made = choose_and_train(plan, dataset, folder, TrainingControl(CancelToken(), heard.append), resources)
    card = load_checkpoint(folder).card
    assert card.n_videos == len(NAMES), "nobody is left out of the last training"
    assert card.held_out is not None
    assert card.held_out.accuracy == made.choice.all_pairs.value
    assert card.held_out.headline.accuracy == made.choice.accuracy.value
    assert {name for name, _ in card.ceilings} >= {"duration only", "one rater"}
    assert made.choice.verdict.sentence == card.verdict
    assert card.verdict not in card.notes
    assert card.raters_scale is not None
    assert not missing(card.raters_scale.refusal, "2 rated") or card.raters_scale.map
    assert (folder / CHOICE_FILE).is_file()
    steps = [p.done / p.total for p in heard if p.stage == "comparing models"]
    assert steps == sorted(steps), "every training has two stages, each of which counts its epochs from 1"
    assert not list(tmp_path.glob(".m*")), "no state is left"
    with pytest.raises(CheckpointError, match="m"):
        choose_and_train(plan, dataset, folder, TrainingControl(CancelToken(), silent), resources)


def test_a_missing_video_is_left_out_and_said(
    dataset: Dataset, resources: TrainingResources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, *others = dataset.videos
    fewer = replace(dataset, videos=(replace(gone, path=tmp_path / "gone.mp4"), *others))
    found, fake = chosen(fewer, resources, tmp_path / "work", monkeypatch, WRONG)
    assert "gone.mp4" in found.problems[0]
    assert gone.name not in {v for _, fold in fake.folds for v in (*fold.train_videos, *fold.held_out_videos)}


def test_a_full_disk_stops_in_one_sentence_and_the_same_call_goes_on(
    dataset: Dataset, resources: TrainingResources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = list[Path]()

    def full(path: Path, value: object) -> None:
        if len(written) == 3:
            raise ExportError(f"{path} cannot be written: no space left on device.")
        written.append(path)
        write_json(path, value)

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_json", full)
        with pytest.raises(ExportError, match="no space left"):
            chosen(dataset, resources, tmp_path, monkeypatch, WRONG)
    found, fake = chosen(dataset, resources, tmp_path, monkeypatch, WRONG)
    assert found.choice.winner == "sharp"
    assert len(fake.folds) == count_trainings(ChoicePlan(TINY)).total - 3, "finished trainings are not made again"
