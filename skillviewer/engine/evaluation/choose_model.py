"""Automatic choice of a model from a short list, and an honest estimate of that choice.

The people are divided into K parts. For every two parts each candidate is trained without both and tested on each:
within the people of an outer fold these are an inner cross-validation, which chooses; the chosen model is trained
without the outer part and tested on it. The outer part takes no part in its own choice, so the accuracy over the outer
parts is that of the whole procedure. The trainings without two parts also choose the model that is trained on all
people, and give the first point of a learning curve.

Trainings that only compare have coarser maps (``ChoicePlan.comparing``).
"""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import msgspec
import torch

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import check_no_leak
from skillviewer.core.errors import ExportError, os_error_as
from skillviewer.core.evaluation.accuracy import (
    FoldScores,
    PooledEstimate,
    count_pairs,
    pooled_accuracy,
    pooled_difference,
    pooled_pair_outcomes,
)
from skillviewer.core.evaluation.ceilings import rater_pair_outcomes
from skillviewer.core.evaluation.choice_folds import (
    CANDIDATES,
    N_FOLDS,
    inner_folds,
    outer_folds,
    tested_folds,
    training_without,
)
from skillviewer.core.evaluation.model_choice import (
    BaselineAccuracy,
    CandidateAccuracy,
    CheckLevel,
    LearningPoint,
    ModelChoice,
)
from skillviewer.core.hashing import values_sha256
from skillviewer.core.progress import Progress
from skillviewer.engine.features.measured_videos import MeasuredVideos, has_tracks, instrument_numbers, track_numbers
from skillviewer.engine.features.source import FeatureSource
from skillviewer.engine.features.video_facts import VideoFacts, facts_of, time_store
from skillviewer.engine.runtime.device import choose_device, device_errors
from skillviewer.engine.training.fit_fold import FoldInputs, fit_fold
from skillviewer.engine.training.inputs import TrainingInputs
from skillviewer.engine.training.plan import TrainingPlan
from skillviewer.engine.training.predict import predict
from skillviewer.engine.training.run_folder import write_json
from skillviewer.engine.training.train import TrainingResources, dataset_features
from skillviewer.engine.training.trainer import TrainingControl
from skillviewer.nets.models import ATTENTION_MODELS, NUMERIC_INPUTS, InputKind, attention_model

if TYPE_CHECKING:
    from skillviewer.engine.features.feature_store import FeatureStore

AUTO = "auto"
"""Name by which the automatic choice is requested instead of a model."""

RIVALS = ("duration", "motion")
"""Baselines that are trained and tested on the same people.

Those on tracks and on a laboratory's measures join them, and the short list, where the data set has their inputs.
"""

COMPARING_STRIDE = 2
"""Fusion stride of trainings that only compare.

Their maps have 7 x 7 cells instead of 13 x 13, which takes a quarter of the time and leaves the accuracy as it is
(benchmarks/notebook/finer-maps.md).
"""

_PARTS = 100
"""Parts of a training for its progress."""


@dataclass(frozen=True, slots=True)
class ChoicePlan:
    """Settings of an automatic choice."""

    training: TrainingPlan = field(default_factory=TrainingPlan)  # its model is replaced
    candidates: tuple[str, ...] = CANDIDATES
    level: CheckLevel = CheckLevel.CROSS_VALIDATED
    rivals: tuple[str, ...] = RIVALS

    def of(self, model: str) -> TrainingPlan:
        """Return the plan of a training of one model."""
        return dataclasses.replace(self.training, model=model)

    def comparing(self, model: str) -> TrainingPlan:
        """Return the plan of a training that only compares: with coarser maps, if the model has any."""
        plan = self.of(model)
        if plan.inputs is not InputKind.FEATURES or plan.sizes().fusion_stride >= COMPARING_STRIDE:
            return plan
        return dataclasses.replace(plan, fusion_stride=COMPARING_STRIDE)

    def check(self) -> None:
        """Refuse what cannot be trained; raises as ``TrainingPlan.check`` does."""
        for name in (*self.candidates, *self.rivals):
            self.of(name).check()


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """An automatic choice, with the scores by which the model can be calibrated."""

    choice: ModelChoice
    dataset: Dataset  # the videos that can be read
    outer: tuple[FoldScores, ...]  # outer folds, with the scores of all videos by the model chosen in each
    problems: tuple[str, ...] = ()  # videos that were left out, one sentence each


def can_be_kept(model: str) -> bool:
    """Return True if a checkpoint of a model can be made."""
    return attention_model(model).inputs not in NUMERIC_INPUTS


@dataclass(frozen=True, slots=True)
class TrainingCounts:
    """Numbers of trainings before the last one on all people, by model."""

    without_two: Mapping[str, int]  # trainings without two parts of the people: the inner comparison
    without_one: Mapping[str, int]  # trainings without one part
    curve: Mapping[str, int]  # trainings without one part, with coarser maps: the last point of the learning curve

    @property
    def total(self) -> int:
        """Number of all."""
        return sum(sum(counts.values()) for counts in (self.without_two, self.without_one, self.curve))


def n_trainings(plan: ChoicePlan, n_folds: int = N_FOLDS) -> TrainingCounts:
    """Return the numbers of trainings before the last one on all people.

    Which candidate wins an outer fold is not known before: those trainings count for the first that can be kept.
    """
    quick = plan.level is CheckLevel.QUICK
    n_two = n_folds - 1 if quick else n_folds * (n_folds - 1) // 2
    n_outer = 1 if quick else n_folds
    usual = next((name for name in reversed(plan.candidates) if can_be_kept(name)), plan.candidates[0])
    outer = Counter(dict.fromkeys(plan.rivals, n_outer))
    outer[usual] += n_outer
    curve = {} if plan.comparing(usual) == plan.of(usual) else {usual: n_outer}
    return TrainingCounts(dict.fromkeys(plan.candidates, n_two), outer, curve)


def choose_model(
    plan: ChoicePlan, dataset: Dataset, work: Path, control: TrainingControl, resources: TrainingResources
) -> ChosenModel:
    """Choose a model; finished trainings are kept in a work folder, so that the same call continues after a stop.

    Raises:
        DatasetError: There are too few people, or no video can be read.
        SettingsError: The cache is too small, or a training diverged.
        ExportError: Nothing can be written into the work folder.
        DeviceError: The device is not there, or ran out of memory.
    """
    plan.check()
    outer_folds(dataset.usable(), plan.training.seed, plan.level)  # refuse before hours of features
    facts, problems = facts_of(dataset, plan.training.preprocessing, control.token, control.report)
    usable = dataset.restricted(facts.keys())
    measured = _measured(usable, facts, control)
    names = tuple(entry.name for entry in ATTENTION_MODELS if entry.inputs in measured)
    plan = dataclasses.replace(
        plan,
        candidates=(*names, *(name for name in plan.candidates if name not in names)),
        rivals=(*plan.rivals, *names),
    )
    runs = _Runs(plan, usable, facts, measured, work, control, resources)
    usable = runs.compute_inputs()
    folds = outer_folds(usable, plan.training.seed, plan.level)
    outer = tested_folds(folds, plan.level)
    runs.expect(plan, len(folds.folds))
    inner = _InnerScores(runs, plan, usable, folds.folds)
    winners = {fold.name: inner.best([fold]) for fold in outer}
    by_outer = tuple(FoldScores(fold, runs.scores(plan.of(winners[fold.name]), fold)) for fold in outer)
    rivals = {name: [FoldScores(fold, runs.scores(plan.of(name), fold)) for fold in outer] for name in plan.rivals}
    winner = inner.best(outer)
    half = [scores for fold in outer for scores in inner.tested_on_outer(winners[fold.name], fold)]
    whole = [FoldScores(fold, runs.scores(plan.comparing(winners[fold.name]), fold)) for fold in outer]
    on_new_people = any(fold.both_held_out for fold in outer)
    accuracy_of = partial(pooled_accuracy, dataset=usable, both_held_out=on_new_people)
    lead_of = partial(pooled_difference, dataset=usable, both_held_out=on_new_people)
    choice = ModelChoice(
        winner=winner,
        title=attention_model(winner).title,
        level=plan.level,
        unit=str(folds.by),
        accuracy=accuracy_of(by_outer),
        all_pairs=pooled_accuracy(by_outer, usable),
        on_new_people=on_new_people,
        candidates=tuple(
            CandidateAccuracy(
                name,
                attention_model(name).title,
                inner.accuracy(name, outer),
                can_be_kept(name),
                sum(won == name for won in winners.values()),
            )
            for name in plan.candidates
        ),
        baselines=tuple(
            BaselineAccuracy(name, attention_model(name).title, accuracy_of(rival), lead_of(by_outer, rival))
            for name, rival in rivals.items()
        ),
        one_rater=_one_rater(usable, outer, both_held_out=on_new_people),
        curve=(
            LearningPoint(_mean_participants(usable, [fold_scores.fold for fold_scores in half]), accuracy_of(half)),
            LearningPoint(_mean_participants(usable, outer), accuracy_of(whole)),
        ),
        curve_gain=lead_of(whole, half),
        warning=folds.warning,
        has_coarse_comparison=any(plan.comparing(name) != plan.of(name) for name in plan.candidates),
    )
    incomplete = [problem for measured_videos in measured.values() for problem in measured_videos.problems]
    return ChosenModel(choice, usable, by_outer, (*problems, *incomplete, *runs.problems))


def _measured(
    dataset: Dataset, facts: Mapping[str, VideoFacts], control: TrainingControl
) -> dict[InputKind, MeasuredVideos]:
    """Return the measures of videos that a data set has: from tracks, and of instruments."""
    by_input = {}
    if has_tracks(dataset, facts):
        by_input[InputKind.TRACKS] = track_numbers(dataset, facts, control.token, control.report)
    if dataset.instruments:
        by_input[InputKind.MEASURES] = instrument_numbers(dataset, facts)
    return by_input


def _one_rater(dataset: Dataset, folds: Sequence[Fold], *, both_held_out: bool) -> PooledEstimate | None:
    outcomes = rater_pair_outcomes(dataset, folds, both_held_out)
    held_out = {name for fold in folds for name in fold.held_out_videos}
    return pooled_pair_outcomes(outcomes, held_out, dataset) if outcomes else None


def _mean_participants(dataset: Dataset, folds: Iterable[Fold]) -> float:
    participants = dataset.participants
    return fmean(len({participants.get(name, name) for name in fold.train_videos}) for fold in folds)


class _Runs:
    """Trainings of an automatic choice, each with the scores of all videos."""

    def __init__(
        self,
        plan: ChoicePlan,
        dataset: Dataset,
        facts: Mapping[str, VideoFacts],
        measured: Mapping[InputKind, MeasuredVideos],
        work: Path,
        control: TrainingControl,
        resources: TrainingResources,
    ) -> None:
        self._plan = plan
        self._dataset = dataset
        self._facts = facts
        self._work = work
        self._control = control
        self._resources = resources
        self._device = choose_device(resources.device_name)
        self._stores: dict[InputKind, FeatureStore] = {InputKind.TIME: time_store(facts)}
        self._stores |= {kind: measured_videos.store() for kind, measured_videos in measured.items()}
        self._measured = {kind: measured_videos.digest for kind, measured_videos in measured.items()}
        self._total = self._n_done = 0
        self._scores: dict[tuple[TrainingPlan, str], Mapping[str, float]] = {}
        self.problems: list[str] = []

    def compute_inputs(self) -> Dataset:
        """Compute (or find) the inputs of all models, and return the data set of the videos that have them."""
        for kind in (InputKind.FEATURES, InputKind.FLOW):
            names = [n for n in (*self._plan.candidates, *self._plan.rivals) if attention_model(n).inputs is kind]
            if not names:
                continue
            training_plan = self._plan.of(names[0])
            source = TrainingInputs.of(training_plan, self._device, self._resources.cache).source
            candidates = 1 if kind is InputKind.FLOW else training_plan.candidates
            if kind is InputKind.FEATURES and candidates == 1 and isinstance(source, FeatureSource):
                source = dataclasses.replace(source, keeps_flow=True)
            token, report = self._control.token, self._control.report
            self._stores[kind], problems = dataset_features(self._dataset, source, candidates, token, report)
            self.problems += problems
            self._dataset = self._dataset.restricted(list(self._stores[kind]))
        return self._dataset

    def expect(self, plan: ChoicePlan, n_folds: int) -> None:
        """Set the number of trainings, for the progress."""
        self._total = n_trainings(plan, n_folds).total

    def scores(self, plan: TrainingPlan, fold: Fold) -> Mapping[str, float]:
        """Return the scores of all videos by a model that is trained on a fold, or was in an earlier call."""
        if (computed := self._scores.get((plan, fold.name))) is not None:
            return computed
        check_no_leak(fold, self._dataset.participants)
        digests = sorted((name, self._facts[name].digest) for name in self._dataset.names)
        similar = sorted((pair.first, pair.second) for pair in self._dataset.similar)
        numbers = [self._measured[plan.inputs]] if plan.inputs in self._measured else []
        key = values_sha256(dataclasses.asdict(plan), dataclasses.asdict(fold), digests, similar, *numbers)
        path = self._work / "choice" / f"{key[:32]}.json"
        if path.is_file():
            scores = msgspec.json.decode(path.read_bytes(), type=dict[str, float])
        else:
            scores = self._trained(plan, fold)
            with os_error_as(ExportError, f"{path.parent} cannot be made"):
                path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, scores)
        self._n_done += 1
        self._scores[plan, fold.name] = scores
        return scores

    def _trained(self, plan: TrainingPlan, fold: Fold) -> dict[str, float]:
        store = self._stores[plan.inputs]

        def hear(progress: Progress) -> None:
            part = _PARTS * progress.done // progress.total if progress.stage == "training" and progress.total else 0
            n_parts_done = min(_PARTS * self._n_done + part, _PARTS * self._total)
            self._control.report(Progress("comparing models", n_parts_done, _PARTS * self._total))

        self._control.report(Progress("comparing models", _PARTS * self._n_done, _PARTS * self._total))
        control = TrainingControl(self._control.token, hear)
        with device_errors():
            model, _ = fit_fold(plan, self._dataset, fold, FoldInputs(store, self._device), control)
            with torch.inference_mode():
                scores = predict(model, store, self._dataset.names, self._control.token, maps=False).scores
        return {name: float(score) for name, score in scores.items()}


class _InnerScores:
    """Comparison of the candidates within outer folds, by trainings without two parts of the people."""

    def __init__(self, runs: _Runs, plan: ChoicePlan, dataset: Dataset, parts: Sequence[Fold]) -> None:
        self._runs = runs
        self._plan = plan
        self._dataset = dataset
        self._parts = parts

    def _results(self, model: str, outer: Fold) -> list[FoldScores]:
        """Return inner results: trained without the outer part and another, tested on the other alone."""
        plan = self._plan.comparing(model)
        return [
            FoldScores(inner.tested, self._runs.scores(plan, inner.training))
            for inner in inner_folds(self._dataset, self._parts, outer)
        ]

    def accuracy(self, model: str, outer: Sequence[Fold]) -> float:
        """Return the mean accuracy of a model over the inner folds of some outer folds."""
        counts = [
            count_pairs(result.fold.test_pairs, result.scores)
            for fold in outer
            for result in self._results(model, fold)
        ]
        return fmean(count.accuracy for count in counts)

    def best(self, outer: Sequence[Fold]) -> str:
        """Return the candidate with the best inner accuracy that can be kept; of equals the first."""
        eligible = [name for name in self._plan.candidates if can_be_kept(name)]
        return max(eligible, key=lambda name: self.accuracy(name, outer))

    def tested_on_outer(self, model: str, outer: Fold) -> list[FoldScores]:
        """Return results of trainings without the outer part and another, tested on the outer part."""
        results = []
        for part in self._parts:
            both = training_without(self._dataset, outer, part) if part.name != outer.name else None
            if both is not None and both.train_pairs:
                fold = dataclasses.replace(outer, train_videos=both.train_videos, train_pairs=both.train_pairs)
                results.append(FoldScores(fold, self._runs.scores(self._plan.comparing(model), both)))
        return results
