"""Automatic choice of a model from a short list, with a nested cross-validation of the choice.

The people are divided into K parts. Each part is held out once as the outer part. An inner cross-validation over the
other parts chooses a model for it: each candidate is trained without the outer part and one further part, and tested
on the further part. The chosen model is then trained without the outer part and tested on it. The outer part takes no
part in its own choice, so the accuracy over the outer parts is that of the whole procedure.

The same inner trainings also choose the model that is trained on all people, and give the first point of a learning
curve. Trainings that only compare candidates have coarser maps (``ChoicePlan.comparison_plan``).
"""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import msgspec
import torch

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import check_no_leak
from skillviewer.core.errors import ExportError, os_error_as
from skillviewer.core.evaluation.accuracy import FoldScores, count_pairs, pooled_accuracy, pooled_difference
from skillviewer.core.evaluation.ceilings import rater_accuracy
from skillviewer.core.evaluation.choice_folds import inner_folds, outer_folds, tested_folds, training_without
from skillviewer.core.evaluation.model_choice import CandidateAccuracy, LearningPoint, ModelChoice
from skillviewer.core.hashing import values_sha256
from skillviewer.core.progress import Progress
from skillviewer.engine.evaluation.baseline_accuracies import baseline_accuracies
from skillviewer.engine.evaluation.choice_duration import choice_duration, network_paces
from skillviewer.engine.evaluation.choice_plan import ChoicePlan, can_have_checkpoint
from skillviewer.engine.features.build_store import build_dataset_store
from skillviewer.engine.features.frame_sources import FeatureSource
from skillviewer.engine.features.measured_videos import MeasuredVideos, has_tracks, instrument_measures, measure_tracks
from skillviewer.engine.features.video_facts import VideoFacts, facts_of, time_store
from skillviewer.engine.runtime.device import choose_device, device_errors
from skillviewer.engine.training.fit_fold import FoldInputs, fit_fold
from skillviewer.engine.training.fold_progress import FoldProgress, count_stages
from skillviewer.engine.training.predict import predict
from skillviewer.engine.training.run_folder import write_json
from skillviewer.engine.training.train_checkpoint import TrainingResources
from skillviewer.engine.training.trainer import TrainingControl
from skillviewer.engine.training.training_duration import network_duration
from skillviewer.engine.training.training_inputs import TrainingInputs
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.nets.models import ATTENTION_MODELS, InputKind, attention_model

if TYPE_CHECKING:
    from skillviewer.engine.features.feature_store import FeatureStore
    from skillviewer.engine.runtime.pace import Pace

_PROGRESS_STEPS = 1000
"""Steps into which the progress of all trainings is divided."""


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """An automatic choice, with the scores by which the model can be calibrated."""

    choice: ModelChoice
    dataset: Dataset  # the videos that can be read
    outer_scores: tuple[FoldScores, ...]  # outer folds, with the scores of all videos by the model chosen in each
    problems: tuple[str, ...] = ()  # videos that were left out, one sentence each


def choose_model(
    plan: ChoicePlan, dataset: Dataset, work: Path, control: TrainingControl, resources: TrainingResources
) -> ChosenModel:
    """Choose a model.

    Finished trainings are saved in the folder ``work``, so that the same call continues after a stop.

    Raises:
        DatasetError: There are too few people, or no video can be read.
        SettingsError: The cache is too small, or a training diverged.
        ExportError: Nothing can be written into the work folder.
        DeviceError: The device is not there, or ran out of memory.
    """
    plan.check()
    outer_folds(dataset.usable(), plan.training.seed, plan.level)  # raises before hours of computing features
    facts, problems = facts_of(dataset, plan.training.preprocessing, control.token, control.report)
    usable_dataset = dataset.restricted(facts.keys())
    measures_by_kind = _measured_videos(usable_dataset, facts, control)
    plan = _with_measure_models(plan, measures_by_kind)
    runs = _Runs(plan, usable_dataset, facts, measures_by_kind, work, control, resources)
    usable_dataset = runs.compute_inputs()
    folds = outer_folds(usable_dataset, plan.training.seed, plan.level)
    tested_outer_folds = tested_folds(folds, plan.level)
    runs.plan_progress(plan, folds.folds)
    inner_scores = _InnerScores(runs, plan, usable_dataset, folds.folds)
    winners = {fold.name: inner_scores.best([fold]) for fold in tested_outer_folds}
    outer_scores = [runs.fold_scores(plan.plan_for(winners[fold.name]), fold) for fold in tested_outer_folds]
    rival_scores = {}
    for name in plan.rivals:
        rival_scores[name] = [runs.fold_scores(plan.plan_for(name), fold) for fold in tested_outer_folds]
    winner = inner_scores.best(tested_outer_folds)
    # the learning curve: trained without two parts of the people, then without one
    fewer_people = [
        scores for fold in tested_outer_folds for scores in inner_scores.tested_on_outer(winners[fold.name], fold)
    ]
    more_people = [runs.fold_scores(plan.comparison_plan(winners[fold.name]), fold) for fold in tested_outer_folds]
    on_new_people = any(fold.both_held_out for fold in tested_outer_folds)
    accuracy_of = partial(pooled_accuracy, dataset=usable_dataset, both_held_out=on_new_people)
    difference_of = partial(pooled_difference, dataset=usable_dataset, both_held_out=on_new_people)
    curve = []
    for point_scores in (fewer_people, more_people):
        n_participants = _mean_participants(usable_dataset, [scores.fold for scores in point_scores])
        curve.append(LearningPoint(n_participants, accuracy_of(point_scores)))
    choice = ModelChoice(
        winner=winner,
        title=attention_model(winner).title,
        level=plan.level,
        unit=str(folds.fold_unit),
        accuracy=accuracy_of(outer_scores),
        all_pairs=pooled_accuracy(outer_scores, usable_dataset),
        on_new_people=on_new_people,
        candidates=_candidate_accuracies(plan, inner_scores, tested_outer_folds, winners),
        baselines=baseline_accuracies(outer_scores, rival_scores, usable_dataset, on_new_people=on_new_people),
        one_rater=rater_accuracy(usable_dataset, tested_outer_folds, both_held_out=on_new_people),
        curve=(curve[0], curve[1]),
        curve_gain=difference_of(more_people, fewer_people),
        warning=folds.warning,
        has_coarse_comparison=any(plan.comparison_plan(name) != plan.plan_for(name) for name in plan.candidates),
    )
    measure_problems = [problem for videos in measures_by_kind.values() for problem in videos.problems]
    return ChosenModel(choice, usable_dataset, tuple(outer_scores), (*problems, *measure_problems, *runs.problems))


def _candidate_accuracies(
    plan: ChoicePlan, inner_scores: "_InnerScores", folds: Sequence[Fold], winners: Mapping[str, str]
) -> tuple[CandidateAccuracy, ...]:
    """Return the inner accuracy of each candidate; ``winners`` are the models chosen by outer fold."""
    n_chosen = Counter(winners.values())
    return tuple(
        CandidateAccuracy(
            name,
            attention_model(name).title,
            inner_scores.accuracy(name, folds),
            can_be_kept=can_have_checkpoint(name),
            n_chosen=n_chosen[name],
        )
        for name in plan.candidates
    )


def _measured_videos(
    dataset: Dataset, facts: Mapping[str, VideoFacts], control: TrainingControl
) -> dict[InputKind, MeasuredVideos]:
    """Return the measures that a data set has, from tracks and of instruments, by kind of input."""
    measures_by_kind = {}
    if has_tracks(dataset, facts):
        measures_by_kind[InputKind.TRACKS] = measure_tracks(dataset, facts, control.token, control.report)
    if dataset.instruments:
        measures_by_kind[InputKind.MEASURES] = instrument_measures(dataset, facts)
    return measures_by_kind


def _with_measure_models(plan: ChoicePlan, measures_by_kind: Mapping[InputKind, MeasuredVideos]) -> ChoicePlan:
    """Return a plan in which the models on available measures are candidates and baselines."""
    names = tuple(entry.name for entry in ATTENTION_MODELS if entry.inputs in measures_by_kind)
    other_candidates = [name for name in plan.candidates if name not in names]
    return dataclasses.replace(plan, candidates=(*names, *other_candidates), rivals=(*plan.rivals, *names))


def _mean_participants(dataset: Dataset, folds: Iterable[Fold]) -> float:
    """Return the mean number of participants in the training videos of folds."""
    participants = dataset.participants
    n_participants = []
    for fold in folds:
        training_people = {participants.get(name, name) for name in fold.train_videos}
        n_participants.append(len(training_people))
    return fmean(n_participants)


class _Runs:
    """Runs the trainings of an automatic choice, and returns the scores of all videos by each trained model."""

    def __init__(
        self,
        plan: ChoicePlan,
        dataset: Dataset,
        facts: Mapping[str, VideoFacts],
        measures_by_kind: Mapping[InputKind, MeasuredVideos],
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
        self._stores |= {kind: measured_videos.store() for kind, measured_videos in measures_by_kind.items()}
        self._measure_digests = {kind: measured_videos.digest for kind, measured_videos in measures_by_kind.items()}
        self._paces: dict[TrainingPlan, Pace] = {}
        self._planned_s = 1.0
        self._done_s = 0.0
        self._scores: dict[tuple[TrainingPlan, str], Mapping[str, float]] = {}
        self.problems: list[str] = []

    def compute_inputs(self) -> Dataset:
        """Compute or load the inputs of all models, and return the data set of the videos that have them."""
        token = self._control.token
        report = self._control.report
        for kind in (InputKind.FEATURES, InputKind.FLOW):
            names = [n for n in (*self._plan.candidates, *self._plan.rivals) if attention_model(n).inputs is kind]
            if not names:
                continue
            training_plan = self._plan.plan_for(names[0])
            source = TrainingInputs.of(training_plan, self._device, self._resources.cache).source
            candidates = 1 if kind is InputKind.FLOW else training_plan.candidates
            if kind is InputKind.FEATURES and candidates == 1 and isinstance(source, FeatureSource):
                source = dataclasses.replace(source, caches_flow=True)
            self._stores[kind], problems = build_dataset_store(
                self._dataset, source, n_passes=candidates, token=token, report=report
            )
            self.problems += problems
            self._dataset = self._dataset.restricted(list(self._stores[kind]))
        return self._dataset

    def plan_progress(self, plan: ChoicePlan, parts: Sequence[Fold]) -> None:
        """Plan the progress by the durations of all trainings: some take a hundred times as long as others.

        Paces stay those of the plan, although each training records a new one.
        """
        self._paces = network_paces(plan)
        self._planned_s = choice_duration(plan, self._dataset, parts, self._paces).idle_s

    def _duration_s(self, plan: TrainingPlan, fold: Fold) -> float:
        """Return the planned seconds of a training on an idle computer."""
        return network_duration(plan, fold, self._paces.get(plan)).idle_s

    def fold_scores(self, plan: TrainingPlan, fold: Fold) -> FoldScores:
        """Return a fold with the scores of all videos by a model that is trained on the fold."""
        return FoldScores(fold, self.scores(plan, fold))

    def scores(self, plan: TrainingPlan, fold: Fold) -> Mapping[str, float]:
        """Return the scores of all videos by a model that is trained on a fold.

        Scores of an earlier call, or from the work folder, are not computed again.
        """
        computed_scores = self._scores.get((plan, fold.name))
        if computed_scores is not None:
            return computed_scores
        check_no_leak(fold, self._dataset.participants)
        path = self._path(plan, fold)
        if path.is_file():
            scores = msgspec.json.decode(path.read_bytes(), type=dict[str, float])
        else:
            scores = self._train_and_predict(plan, fold)
            with os_error_as(ExportError, f"{path.parent} cannot be made"):
                path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, scores)
        self._done_s += self._duration_s(plan, fold)
        self._scores[plan, fold.name] = scores
        return scores

    def _path(self, plan: TrainingPlan, fold: Fold) -> Path:
        """Return the file in the work folder that holds the scores of a training."""
        video_digests = sorted((name, self._facts[name].digest) for name in self._dataset.names)
        similar_pairs = sorted((pair.first, pair.second) for pair in self._dataset.similar)
        measures = [self._measure_digests[plan.inputs]] if plan.inputs in self._measure_digests else []
        key = values_sha256(dataclasses.asdict(plan), dataclasses.asdict(fold), video_digests, similar_pairs, *measures)
        return self._work / "choice" / f"{key[:32]}.json"

    def _train_and_predict(self, plan: TrainingPlan, fold: Fold) -> dict[str, float]:
        store = self._stores[plan.inputs]
        duration_s = self._duration_s(plan, fold)

        fold_progress = FoldProgress(count_stages(plan.select, plan.inner_folds, refit=plan.refit))

        def report_training(progress: Progress) -> None:
            fold_progress.add(progress)
            self._report(self._done_s + fold_progress.share * duration_s)

        self._report(self._done_s)
        control = TrainingControl(self._control.token, report_training)
        with device_errors():
            model, _ = fit_fold(plan, self._dataset, fold, inputs=FoldInputs(store, self._device), control=control)
            with torch.inference_mode():
                scores = predict(model, store, self._dataset.names, self._control.token, maps=False).scores
        return {name: float(score) for name, score in scores.items()}

    def _report(self, done_s: float) -> None:
        """Report how much of the planned duration is done; the plan guesses which models are chosen."""
        step = round(_PROGRESS_STEPS * done_s / self._planned_s)
        self._control.report(Progress("comparing models", min(step, _PROGRESS_STEPS), _PROGRESS_STEPS))


class _InnerScores:
    """Compares the candidates within outer folds, by trainings without two parts of the people."""

    def __init__(self, runs: _Runs, plan: ChoicePlan, dataset: Dataset, parts: Sequence[Fold]) -> None:
        self._runs = runs
        self._plan = plan
        self._dataset = dataset
        self._parts = parts

    def _inner_scores(self, model: str, outer_fold: Fold) -> list[FoldScores]:
        """Return scores of models trained without the outer part and one further part, tested on the further part."""
        plan = self._plan.comparison_plan(model)
        return [
            FoldScores(inner_fold.tested_fold, self._runs.scores(plan, inner_fold.training))
            for inner_fold in inner_folds(self._dataset, self._parts, outer_fold)
        ]

    def accuracy(self, model: str, folds: Sequence[Fold]) -> float:
        """Return the mean accuracy of a model over the inner folds of some outer folds."""
        scores_of_folds = [scores for fold in folds for scores in self._inner_scores(model, fold)]
        return fmean(count_pairs(scores.fold.test_pairs, scores.scores).accuracy for scores in scores_of_folds)

    def best(self, folds: Sequence[Fold]) -> str:
        """Return the candidate with the best inner accuracy among those that can have a checkpoint.

        Of equally good candidates, return the first.
        """
        savable = [name for name in self._plan.candidates if can_have_checkpoint(name)]
        return max(savable, key=lambda name: self.accuracy(name, folds))

    def tested_on_outer(self, model: str, outer_fold: Fold) -> list[FoldScores]:
        """Return scores of models trained without the outer part and one further part, tested on the outer part."""
        plan = self._plan.comparison_plan(model)
        results = []
        for part in self._parts:
            if part.name == outer_fold.name:
                continue
            training = training_without(self._dataset, outer_fold, part)
            if not training.train_pairs:
                continue
            fold = dataclasses.replace(outer_fold, train_videos=training.train_videos, train_pairs=training.train_pairs)
            results.append(FoldScores(fold, self._runs.scores(plan, training)))
        return results
