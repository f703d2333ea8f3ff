"""Late fusion: a ridge on measures of tracks is added to a network, with a weight learned on the training people."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from skillviewer.core.analysis.track_term import TrackTerm, WeighedMeasure, fusion_weight
from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import inner_folds
from skillviewer.core.errors import DatasetError
from skillviewer.core.progress import Progress, silent
from skillviewer.engine.features.feature_store import FeatureStore
from skillviewer.engine.features.measured_videos import MeasuredVideos
from skillviewer.engine.runtime.distributed import SINGLE_PROCESS, ProcessGroup
from skillviewer.engine.training.fit_fold import FoldInputs, choosing_folds, fit_fold
from skillviewer.engine.training.predict import Predictions, predict
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.trainer import FitResult, TrainingControl, TrainingStateStore
from skillviewer.engine.training.training_plan import TrainingPlan
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.attention_models.measures_baseline import MeasuredModel
from skillviewer.nets.models import attention_model

N_WEIGHT_FOLDS = 4
"""Number of inner folds on which the weight is learned."""

_MIN_DEVIATION = 1e-9
"""Least standard deviation that scores are divided by."""


@dataclass(frozen=True, slots=True)
class FusedTraining:
    """A network that was trained on a fold, and the term of the tracks that is added to its score."""

    network: AttentionModel
    fit_result: FitResult
    track_term: TrackTerm | None = None  # None if the plan adds no tracks
    track_weight: float | None = None  # weight of the ridge relative to the network, both in standard deviations

    def add_tracks(self, predictions: Predictions, measured_videos: MeasuredVideos | None) -> Predictions:
        """Return predictions of the network with the term of the tracks added to scores and curves, if there is one."""
        if self.track_term is None or measured_videos is None:
            return predictions
        return add_track_term(predictions, self.track_term, measured_videos)


def add_track_term(predictions: Predictions, term: TrackTerm, measured_videos: MeasuredVideos) -> Predictions:
    """Return predictions with the term of the tracks added to scores and curves.

    Raises:
        DatasetError: A video has none of the measures.
    """
    scores = {}
    curves = {}
    for name, curve in predictions.curves.items():
        track_curve = term.of(measured_videos.numbers_of(name))
        if track_curve is None:
            raise DatasetError(f"{name} has no measures of tracks that the model knows.")
        curves[name] = curve + track_curve
        scores[name] = predictions.scores[name] + float(track_curve[-1])
    return replace(predictions, scores=scores, curves=curves)


def fit_fused(
    plan: TrainingPlan,
    dataset: Dataset,
    fold: Fold,
    inputs: FoldInputs,
    measured_videos: MeasuredVideos | None,
    control: TrainingControl,
    store_of_stage: Callable[[str], TrainingStateStore] | None = None,
    process_group: ProcessGroup = SINGLE_PROCESS,
) -> FusedTraining:
    """Train a network on a fold and, if the plan adds tracks, the ridge and its weight.

    The weight is learned on inner folds of the training videos, by participant if the participants are known. A network
    and a ridge are trained on the training videos of each inner fold, and order its held-out pairs. Held-out videos of
    ``fold`` are not used. Arguments are those of ``fit_fold``; ``measured_videos`` has the measures of tracks.

    Raises:
        DatasetError: There is too little to train on.
        SettingsError: A training diverged.
    """
    network, fit_result = fit_fold(plan, dataset, fold, inputs, control, store_of_stage, process_group)
    if not plan.adds_tracks or measured_videos is None:
        return FusedTraining(network, fit_result)
    weight = _learn_weight(
        plan, dataset, fold, inputs, measured_videos, control, fit_result, store_of_stage, process_group
    )
    measures = measured_videos.store()
    ridge = fit_ridge(plan, dataset, fold, store=measures, control=replace(control, report=silent))
    network_scores = predict(network, inputs.store, fold.train_videos, control.token, maps=False).scores
    ridge_scores = predict(ridge, measures, fold.train_videos, control.token, maps=False).scores
    network_deviation = float(np.std([*network_scores.values()]))
    ridge_mean = float(np.mean([*ridge_scores.values()]))
    ridge_deviation = float(np.std([*ridge_scores.values()]))
    track_term = TrackTerm(
        measures=_used_measures(ridge, measured_videos),
        mean=ridge_mean,
        scale=max(ridge_deviation, _MIN_DEVIATION),
        weight=weight * network_deviation,
    )
    return FusedTraining(network, fit_result, track_term, weight)


def _learn_weight(
    plan: TrainingPlan,
    dataset: Dataset,
    fold: Fold,
    inputs: FoldInputs,
    measured_videos: MeasuredVideos,
    control: TrainingControl,
    fit_result: FitResult,
    store_of_stage: Callable[[str], TrainingStateStore] | None,
    process_group: ProcessGroup,
) -> float:
    """Return the weight of the ridge relative to the network, learned on inner folds of the training videos."""
    measures = measured_videos.store()
    inner_plan = replace(plan, select=EpochSelection.LAST, epochs=_inner_epochs(plan, fit_result))
    silent_control = replace(control, report=silent)
    differences: list[tuple[float, float]] = []  # score differences of pairs, by the network and by the ridge
    for number, inner_fold in enumerate(weight_folds(dataset, fold, plan.seed), start=1):
        control.report(Progress(f"learning the weight of the tracks, part {number} of {N_WEIGHT_FOLDS}"))
        inner_store_of_stage = None if store_of_stage is None else _with_prefix(store_of_stage, f"tracks-{number}")
        network, _ = fit_fold(
            inner_plan,
            dataset,
            fold=inner_fold,
            inputs=inputs,
            control=silent_control,
            store_of_stage=inner_store_of_stage,
            process_group=process_group,
        )
        ridge = fit_ridge(plan, dataset, fold=inner_fold, store=measures, control=silent_control)
        names = (*inner_fold.train_videos, *inner_fold.held_out_videos)
        network_scores = predict(network, inputs.store, names, control.token, maps=False).scores
        ridge_scores = predict(ridge, measures, names, control.token, maps=False).scores
        network_scores = _standardise_scores(network_scores, inner_fold)
        ridge_scores = _standardise_scores(ridge_scores, inner_fold)
        compared_pairs = inner_fold.both_held_out or inner_fold.test_pairs
        for pair in compared_pairs:
            network_difference = network_scores[pair.better] - network_scores[pair.worse]
            ridge_difference = ridge_scores[pair.better] - ridge_scores[pair.worse]
            differences.append((network_difference, ridge_difference))
    return fusion_weight(differences)


def fit_ridge(
    plan: TrainingPlan, dataset: Dataset, fold: Fold, store: FeatureStore, control: TrainingControl
) -> MeasuredModel:
    """Return a ridge on a few measures of tracks.

    The number of measures is chosen on inner folds of the training people, if there are enough people.

    Raises:
        DatasetError: There is too little to train on.
    """
    ridge_plan = replace(
        plan,
        model="kinematics",
        with_tracks=False,
        select=EpochSelection.INNER_FOLDS,
        refit=True,
        inner_folds=N_WEIGHT_FOLDS,
        candidates=1,
        epochs=None,
        learning_rate=None,
        weight_decay=None,
    )
    try:
        choosing_folds(ridge_plan, dataset, fold)
    except DatasetError:  # too few to choose on
        ridge_plan = replace(ridge_plan, select=EpochSelection.LAST, inner_folds=1)
    ridge, _ = fit_fold(ridge_plan, dataset, fold, inputs=FoldInputs(store, torch.device("cpu")), control=control)
    assert isinstance(ridge, MeasuredModel)
    return ridge


def _inner_epochs(plan: TrainingPlan, fit_result: FitResult) -> int | None:
    """Return the number of epochs of the trainings on inner folds: the chosen one, if a number of epochs was chosen."""
    is_refitted = plan.select is EpochSelection.INNER_FOLDS and plan.refit
    counts_epochs = not attention_model(plan.model).training and not plan.settings().optimiser.iterations
    if is_refitted and counts_epochs:
        return fit_result.epoch
    return plan.epochs


def weight_folds(dataset: Dataset, fold: Fold, seed: int) -> Iterator[Fold]:
    """Yield the inner folds on which the weight is learned: those with pairs on both sides."""
    for inner_fold in inner_folds(dataset, fold, seed, N_WEIGHT_FOLDS):
        if inner_fold.train_pairs and inner_fold.test_pairs:
            yield inner_fold


def _with_prefix(
    store_of_stage: Callable[[str], TrainingStateStore], prefix: str
) -> Callable[[str], TrainingStateStore]:
    """Return a function that puts a prefix before the names of stages."""
    return lambda stage: store_of_stage(f"{prefix}-{stage}")


def _standardise_scores(scores: Mapping[str, float], fold: Fold) -> dict[str, float]:
    """Return scores with mean 0 and deviation 1 over the training videos of a fold."""
    train_scores = np.array([scores[name] for name in fold.train_videos])
    mean = float(train_scores.mean())
    scale = max(float(train_scores.std()), _MIN_DEVIATION)
    return {name: (score - mean) / scale for name, score in scores.items()}


def _used_measures(ridge: MeasuredModel, measured_videos: MeasuredVideos) -> tuple[WeighedMeasure, ...]:
    """Return the measures with a weight other than 0."""
    weights = ridge.score.weight[0].double().tolist()
    means = ridge.mean.double().tolist()
    scales = ridge.scale.double().tolist()
    # columns after the last name are empty
    columns = zip(measured_videos.measure_names, means, scales, weights, strict=False)
    used_measures = []
    for name, mean, scale, weight in columns:
        if weight != 0:
            used_measures.append(WeighedMeasure(name, mean, scale, weight))
    return tuple(used_measures)
