"""Late fusion: a ridge on measures of tracks added to a network, with a weight learned inside the training people."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch

from skillviewer.core.analysis.track_term import TrackTerm, WeighedMeasure, fusion_weight
from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import inner_folds
from skillviewer.core.errors import DatasetError
from skillviewer.core.progress import Progress
from skillviewer.engine.features.feature_store import FeatureStore
from skillviewer.engine.features.measured_videos import MeasuredVideos
from skillviewer.engine.runtime.distributed import SINGLE_PROCESS, ProcessGroup
from skillviewer.engine.training.fit_fold import FoldInputs, choosing_folds, fit_fold
from skillviewer.engine.training.plan import TrainingPlan
from skillviewer.engine.training.predict import Predictions, predict
from skillviewer.engine.training.train_settings import EpochSelection
from skillviewer.engine.training.trainer import Trained, TrainingControl, TrainingStateStore
from skillviewer.nets.attention import AttentionModel
from skillviewer.nets.attention_models.measures_baseline import MeasuredModel
from skillviewer.nets.models import attention_model

N_PARTS = 4
"""Parts of the training videos that are held out in turn to learn the weight."""


@dataclasses.dataclass(frozen=True, slots=True)
class FusedTraining:
    """A network, trained on a fold, and what is added to its score."""

    network: AttentionModel
    trained: Trained
    term: TrackTerm | None = None  # None if the plan adds no tracks
    weight: float | None = None  # weight of the ridge relative to the network, both in standard deviations

    def fused(self, predictions: Predictions, measured: MeasuredVideos | None) -> Predictions:
        """Return predictions of the network with the term of the tracks added to scores and curves."""
        if self.term is None or measured is None:
            return predictions
        return with_term(predictions, self.term, measured)


def with_term(predictions: Predictions, term: TrackTerm, measured: MeasuredVideos) -> Predictions:
    """Return predictions with the term of the tracks added to scores and curves.

    Raises:
        DatasetError: A video has none of the measures.
    """
    scores, curves = {}, {}
    for name, curve in predictions.curves.items():
        added = term.of(measured.numbers_of(name))
        if added is None:
            raise DatasetError(f"{name} has no measures of tracks that the model knows.")
        curves[name] = curve + added
        scores[name] = predictions.scores[name] + float(added[-1])
    return dataclasses.replace(predictions, scores=scores, curves=curves)


def fit_fused(
    plan: TrainingPlan,
    dataset: Dataset,
    fold: Fold,
    inputs: FoldInputs,
    measured: MeasuredVideos | None,
    control: TrainingControl,
    state_store: Callable[[str], TrainingStateStore] | None = None,
    process_group: ProcessGroup = SINGLE_PROCESS,
) -> FusedTraining:
    """Train a network on a fold and, if the plan adds tracks, the ridge and its weight.

    The weight is learned on parts of the training videos, whole participants if these are known: each part is ordered
    by a network and a ridge that were trained on the others. Held-out videos are not used.

    Raises:
        DatasetError: There is too little to train on.
        SettingsError: A training diverged.
    """
    network, trained = fit_fold(plan, dataset, fold, inputs, control, state_store, process_group)
    if not plan.adds_tracks or measured is None:
        return FusedTraining(network, trained)
    store = measured.store()
    inner_plan = dataclasses.replace(plan, select=EpochSelection.LAST, epochs=_epochs(plan, trained))
    differences: list[tuple[float, float]] = []
    for number, inner in enumerate(weight_folds(dataset, fold, plan.seed), start=1):
        control.report(Progress(f"learning the weight of the tracks, part {number} of {N_PARTS}"))
        quiet = dataclasses.replace(control, report=lambda _: None)
        fold_store = None if state_store is None else _renamed(state_store, f"tracks-{number}")
        head, _ = fit_fold(inner_plan, dataset, inner, inputs, quiet, fold_store, process_group)
        ridge = fit_ridge(plan, dataset, inner, store, quiet)
        names = (*inner.train_videos, *inner.held_out_videos)
        both = [
            _standardised(predict(head, inputs.store, names, control.token, maps=False).scores, inner),
            _standardised(predict(ridge, store, names, control.token, maps=False).scores, inner),
        ]
        for pair in inner.both_held_out or inner.test_pairs:
            first, second = (scores[pair.better] - scores[pair.worse] for scores in both)
            differences.append((first, second))
    weight = fusion_weight(differences)
    ridge = fit_ridge(plan, dataset, fold, store, dataclasses.replace(control, report=lambda _: None))
    of_network, of_ridge = (
        np.array([*predict(model, features, fold.train_videos, control.token, maps=False).scores.values()])
        for model, features in ((network, inputs.store), (ridge, store))
    )
    term = TrackTerm(
        measures=_measures(ridge, measured),
        mean=float(of_ridge.mean()),
        scale=max(float(of_ridge.std()), 1e-9),
        weight=weight * float(of_network.std()),
    )
    return FusedTraining(network, trained, term, weight)


def fit_ridge(
    plan: TrainingPlan, dataset: Dataset, fold: Fold, store: FeatureStore, control: TrainingControl
) -> MeasuredModel:
    """Return a ridge on few measures of tracks, as many as are best inside the training people if these are enough.

    Raises:
        DatasetError: There is too little to train on.
    """
    ridge_plan = dataclasses.replace(
        plan,
        model="kinematics",
        with_tracks=False,
        select=EpochSelection.INNER,
        refit=True,
        inner_folds=N_PARTS,
        candidates=1,
        epochs=None,
        learning_rate=None,
        weight_decay=None,
    )
    try:
        choosing_folds(ridge_plan, dataset, fold)
    except DatasetError:  # too few to choose on
        ridge_plan = dataclasses.replace(ridge_plan, select=EpochSelection.LAST, inner_folds=1)
    ridge, _ = fit_fold(ridge_plan, dataset, fold, FoldInputs(store, torch.device("cpu")), control)
    assert isinstance(ridge, MeasuredModel)
    return ridge


def _epochs(plan: TrainingPlan, trained: Trained) -> int | None:
    """Return the epochs of the trainings on parts: as many as were chosen, where a number of epochs was chosen."""
    refitted = plan.select is EpochSelection.INNER and plan.refit
    counted = not attention_model(plan.model).training and not plan.settings().optimiser.iterations
    return trained.epoch if refitted and counted else plan.epochs


def weight_folds(dataset: Dataset, fold: Fold, seed: int) -> Iterator[Fold]:
    """Yield the inner folds on which the weight is learned, those with pairs on both sides."""
    for inner in inner_folds(dataset, fold, seed, N_PARTS):
        if inner.train_pairs and inner.test_pairs:
            yield inner


def _renamed(state_store: Callable[[str], TrainingStateStore], before: str) -> Callable[[str], TrainingStateStore]:
    return lambda stage: state_store(f"{before}-{stage}")


def _standardised(scores: Mapping[str, float], fold: Fold) -> dict[str, float]:
    """Return scores with mean 0 and deviation 1 over the training videos of a fold."""
    train_scores = np.array([scores[name] for name in fold.train_videos])
    mean = float(train_scores.mean())
    scale = max(float(train_scores.std()), 1e-9)
    return {name: (score - mean) / scale for name, score in scores.items()}


def _measures(ridge: MeasuredModel, measured: MeasuredVideos) -> tuple[WeighedMeasure, ...]:
    weights, means, scales = (values.double().tolist() for values in (ridge.score.weight[0], ridge.mean, ridge.scale))
    rows = zip(measured.names, means, scales, weights, strict=False)  # the columns after the last name are empty
    return tuple(WeighedMeasure(*row) for row in rows if row[-1] != 0)
