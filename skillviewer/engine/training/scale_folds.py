"""Scores of people not seen, by which a model learns the raters' scale: of those held out, or of folds by person.

The model of a fold has a zero and a unit of its own. Its scores are moved to those of the kept model by mean and
standard deviation over the videos that both were trained on.
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


def aligned(scores: Mapping[str, float], of_fold: Mapping[str, float], common: Sequence[str]) -> dict[str, float]:
    """Return the scores of a fold's model with zero and unit of another's, by the videos that both were trained on."""
    reference = np.array([scores[name] for name in common])
    fold_scores = np.array([of_fold[name] for name in common])
    unit = float(reference.std() / fold_scores.std()) if fold_scores.std() > 0 else 1.0
    return {name: float(reference.mean() + (score - fold_scores.mean()) * unit) for name, score in of_fold.items()}


def n_scale_folds(dataset: Dataset, n_held_out: int, requested: int | None) -> int:
    """Return the number of folds by person that the raters' scale takes; 0 if they are not needed or cannot help.

    Args:
        dataset: Videos of the training.
        n_held_out: Rated people who take no part in the training.
        requested: Number that the user chose, or None for as many as are needed.
    """
    prospect = scale_prospect(dataset)
    needed = N_FOLDS if n_held_out < prospect.n_needed else 0
    if not prospect.is_possible:
        return 0
    return needed if requested is None else requested


def check_scale_folds(dataset: Dataset, requested: int | None) -> None:
    """Raise a SettingsError if folds for the raters' scale are requested that could not give it."""
    prospect = scale_prospect(dataset)
    if requested and not prospect.is_possible:
        raise SettingsError(f"{prospect.text} Leave out --scale-folds.")


def learn_scale(
    dataset: Dataset,
    split: TrainingSplit,
    tested: Mapping[str, float],
    requested: int | None,
    seed: int,
    scores_of: Callable[[], Mapping[str, float]],
    train_fold: Callable[[int, Fold], Mapping[str, float]],
    *,
    optimistic: bool = False,
) -> ScoreCalibration | None:
    """Return the map from a model's scores to the raters' scale, or a refusal; None without ratings.

    Args:
        dataset: Videos of the training.
        split: What was held out.
        tested: Scores of the tested data set by the model.
        requested: Number of folds; None for as many as are needed, 0 for none.
        seed: Seed of the folds.
        optimistic: Whether the epoch was chosen on the people held out.
        scores_of: Returns the scores of all videos of the training by the model.
        train_fold: Trains another model on a fold, by number, and returns its scores of the fold's videos.
    """
    test = split.tested if split.tested.criterion == dataset.criterion and not optimistic else None
    trained = {dataset.participants.get(name) for name in split.fold.train_videos}
    out = () if test is None else split.tested_fold.held_out_videos
    held_out = {n: tested[n] for n in out if test is not None and test.participants.get(n) not in trained}
    prospect = scale_prospect(dataset)
    requested = n_scale_folds(dataset, rated_participants(test, held_out) if test is not None else 0, requested)
    if not requested or optimistic or dataset.ratings is None:
        advice = ADVICE if prospect.is_possible else ""
        if optimistic:
            advice = OPTIMISTIC
        calibration = raters_scale(test or dataset, held_out, "held out from training", advice)
        return None if calibration is None else replace(calibration, task=dataset.task)
    with_participants = dataset.restricted(dataset.participants)
    scores = scores_of()
    oof = dict[str, float]()
    folds = make_folds(with_participants, requested, FoldUnit.PARTICIPANT, seed).folds
    for number, fold in enumerate(folds, start=1):
        if fold.held_out_videos == split.fold.held_out_videos:
            oof |= {name: scores[name] for name in fold.held_out_videos}
        elif fold.train_pairs:
            common = sorted({*fold.train_videos} & {*split.fold.train_videos})
            of_fold = aligned(scores, train_fold(number, fold), common)
            oof |= {name: of_fold[name] for name in fold.held_out_videos}
    return raters_scale(with_participants, oof, f"{len(folds)} folds by person")
