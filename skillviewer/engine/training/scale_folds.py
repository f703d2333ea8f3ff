"""Calibration of a model to the raters' scale, by scores of people that the scoring model has not seen.

These are the held-out people, or all people, each scored by the model of a fold by person. Models of folds differ in
location and scale, so their scores are aligned with those of the final model, by mean and standard deviation over the
videos that both were trained on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from skillviewer.core.analysis.calibration import ScoreCalibration
from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import FoldUnit, make_folds
from skillviewer.core.errors import SettingsError
from skillviewer.core.ratings.fit_calibration import rated_participants, raters_scale, scale_prospect
from skillviewer.engine.training.training_split import TrainingSplit

N_FOLDS = 4
ADVICE = f"Train with --scale-folds {N_FOLDS}, by which every person is scored by a model that has not seen them."
OPTIMISTIC = "The epoch was chosen on the people held out: train with another --select."


def align_scores(
    reference: Mapping[str, float], fold_scores: Mapping[str, float], common_names: Sequence[str]
) -> dict[str, float]:
    """Return the scores of a fold's model with the mean and deviation of the reference over the common videos."""
    reference_values = np.array([reference[name] for name in common_names])
    fold_values = np.array([fold_scores[name] for name in common_names])
    reference_mean = reference_values.mean()
    fold_mean = fold_values.mean()
    fold_deviation = fold_values.std()
    factor = float(reference_values.std() / fold_deviation) if fold_deviation > 0 else 1.0
    return {name: float(reference_mean + (score - fold_mean) * factor) for name, score in fold_scores.items()}


def n_scale_folds(dataset: Dataset, n_held_out: int, requested: int | None) -> int:
    """Return the number of folds by person for the raters' scale; 0 if folds are not needed or cannot help.

    Args:
        dataset: Videos of the training.
        n_held_out: Number of rated people who take no part in the training.
        requested: Number that the user chose, or None for as many as are needed.
    """
    prospect = scale_prospect(dataset)
    if not prospect.is_possible:
        return 0
    if requested is not None:
        return requested
    return N_FOLDS if n_held_out < prospect.n_needed else 0


def check_scale_folds(dataset: Dataset, requested: int | None) -> None:
    """Raise a SettingsError if folds for the raters' scale are requested but there are too few rated people."""
    prospect = scale_prospect(dataset)
    if requested and not prospect.is_possible:
        raise SettingsError(f"{prospect.text} Leave out --scale-folds.")


def learn_scale(
    dataset: Dataset,
    split: TrainingSplit,
    test_scores: Mapping[str, float],
    requested: int | None,
    seed: int,
    score_training: Callable[[], Mapping[str, float]],
    train_fold: Callable[[int, Fold], Mapping[str, float]],
    *,
    optimistic: bool = False,
) -> ScoreCalibration | None:
    """Return the map from a model's scores to the raters' scale, or a refusal; None if there are no ratings.

    Args:
        dataset: Videos of the training.
        split: Training and tested videos.
        test_scores: Scores of the tested videos by the model.
        requested: Number of folds; None for as many as are needed, 0 for none.
        seed: Seed of the folds.
        optimistic: Whether the epoch was chosen on the people held out.
        score_training: Returns the scores of all videos of the training by the model.
        train_fold: Trains another model on a fold, by number, and returns its scores of the fold's videos.
    """
    calibration_dataset = dataset
    held_out_scores: dict[str, float] = {}
    n_held_out = 0
    has_same_criterion = split.tested_dataset.criterion == dataset.criterion
    if has_same_criterion and not optimistic:
        calibration_dataset = split.tested_dataset
        held_out_scores = _scores_of_new_people(dataset, split, test_scores)
        n_held_out = rated_participants(calibration_dataset, held_out_scores)
    n_folds = n_scale_folds(dataset, n_held_out, requested)
    if not n_folds or optimistic or dataset.ratings is None:
        advice = ADVICE if scale_prospect(dataset).is_possible else ""
        if optimistic:
            advice = OPTIMISTIC
        calibration = raters_scale(calibration_dataset, held_out_scores, "held out from training", advice)
        return None if calibration is None else replace(calibration, task=dataset.task)
    with_participants = dataset.restricted(dataset.participants)
    scores = score_training()
    out_of_fold = dict[str, float]()
    folds = make_folds(with_participants, n_folds, FoldUnit.PARTICIPANT, seed).folds
    for number, fold in enumerate(folds, start=1):
        if fold.held_out_videos == split.fold.held_out_videos:
            out_of_fold |= {name: scores[name] for name in fold.held_out_videos}
        elif fold.train_pairs:
            common_names = sorted({*fold.train_videos} & {*split.fold.train_videos})
            fold_scores = align_scores(scores, train_fold(number, fold), common_names)
            out_of_fold |= {name: fold_scores[name] for name in fold.held_out_videos}
    return raters_scale(with_participants, out_of_fold, f"{len(folds)} folds by person")


def _scores_of_new_people(dataset: Dataset, split: TrainingSplit, test_scores: Mapping[str, float]) -> dict[str, float]:
    """Return the scores of the tested videos of people who are in no training video."""
    trained_people = {dataset.participants.get(name) for name in split.fold.train_videos}
    return {
        name: test_scores[name]
        for name in split.tested_fold.held_out_videos
        if split.tested_dataset.participants.get(name) not in trained_people
    }
