"""Scores of people not seen, by which a model learns the raters' scale: of those held out, or of folds by person.

The model of a fold has a zero and a unit of its own. Its scores are moved to those of the kept model by mean and
standard deviation over the videos that both were trained on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from skillviewer.core.analysis.calibration import ScoreCalibration
from skillviewer.core.dataset.folds import FoldUnit, make_folds
from skillviewer.core.dataset.pairs import Dataset, Fold
from skillviewer.core.ratings.fit_calibration import LEVEL, min_participants, rated_people, raters_scale
from skillviewer.engine.training.division import TrainingSplit

N_FOLDS = 4
ADVICE = f"Train with --scale-folds {N_FOLDS}, by which every person is scored by a model that has not seen them."
OPTIMISTIC = "The epoch was chosen on the people held out: train with another --select."


def aligned(scores: Mapping[str, float], of_fold: Mapping[str, float], shared: Sequence[str]) -> dict[str, float]:
    """Return the scores of a fold's model with zero and unit of another's, by the videos that both were trained on."""
    kept, own = (np.array([values[name] for name in shared]) for values in (scores, of_fold))
    unit = float(kept.std() / own.std()) if own.std() > 0 else 1.0
    return {name: float(kept.mean() + (score - own.mean()) * unit) for name, score in of_fold.items()}


def learn_scale(
    dataset: Dataset,
    divided: TrainingSplit,
    tested: Mapping[str, float],
    asked: int | None,
    seed: int,
    optimistic: bool,
    scores_of: Callable[[], Mapping[str, float]],
    train_fold: Callable[[int, Fold], Mapping[str, float]],
) -> ScoreCalibration | None:
    """Return the map from a model's scores to the raters' scale, or a refusal; None without ratings.

    Args:
        dataset: Videos of the training.
        divided: What was held out.
        tested: Scores of the tested data set by the model.
        asked: Number of folds; None for as many as are needed, 0 for none.
        seed: Seed of the folds.
        optimistic: Whether the epoch was chosen on the people held out.
        scores_of: Returns the scores of all videos of the training by the model.
        train_fold: Trains another model on a fold, by number, and returns its scores of the fold's videos.
    """
    test = divided.tested if divided.tested.criterion == dataset.criterion and not optimistic else None
    trained = {dataset.participants.get(name) for name in divided.fold.train_videos}
    out = () if test is None else divided.tested_fold.held_out_videos
    held_out = {n: tested[n] for n in out if test is not None and test.participants.get(n) not in trained}
    least = min_participants(LEVEL) + 1
    enough = test is not None and rated_people(test, held_out) >= least
    if asked is None:
        asked = N_FOLDS if not enough and rated_people(dataset, dataset.names) >= least else 0
    if not asked or optimistic or dataset.ratings is None:
        advice = OPTIMISTIC if optimistic else ADVICE
        found = raters_scale(test or dataset, held_out, "held out from training", advice)
        return None if found is None else replace(found, task=dataset.task)
    known, scores, oof = dataset.restricted(dataset.participants), scores_of(), dict[str, float]()
    folds = make_folds(known, asked, FoldUnit.PARTICIPANT, seed).folds
    for number, fold in enumerate(folds, start=1):
        if fold.held_out_videos == divided.fold.held_out_videos:
            oof |= {name: scores[name] for name in fold.held_out_videos}
        elif fold.train_pairs:
            shared = sorted({*fold.train_videos} & {*divided.fold.train_videos})
            of_fold = aligned(scores, train_fold(number, fold), shared)
            oof |= {name: of_fold[name] for name in fold.held_out_videos}
    return raters_scale(known, oof, f"{len(folds)} folds by person")
