"""Folds and short list of an automatic choice of a model."""

from collections.abc import Sequence
from dataclasses import dataclass

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import Folds, FoldUnit, fold_of, make_folds
from skillviewer.core.dataset.pairs import videos_of
from skillviewer.core.errors import DatasetError
from skillviewer.core.evaluation.model_choice import CheckLevel
from skillviewer.core.text import counted

CANDIDATES = ("motion", "none", "full", "sharp", "average")
"""Short list of models, the simplest first; of models with equal accuracy the first is chosen."""

N_FOLDS = 4
MIN_UNITS = 3
"""Fewest people (or videos): one for training, one for the choice, and one for the test."""


@dataclass(frozen=True, slots=True)
class InnerFold:
    """An inner fold of a nested cross-validation, which holds out the people of an outer and an inner part."""

    training: Fold  # holds out both parts
    tested_fold: Fold  # its test pairs touch the inner part, but not the outer one


def training_without(dataset: Dataset, fold: Fold, other: Fold) -> Fold:
    """Return the fold that holds out the videos of two folds."""
    first, second = sorted((fold, other), key=lambda part: part.name)
    names = {*first.train_videos, *first.held_out_videos}
    held_out = {*first.held_out_videos, *second.held_out_videos}
    ordered_names = [name for name in dataset.names if name in names]
    return fold_of(f"{first.name}+{second.name}", ordered_names, held_out, dataset.pairs)


def inner_folds(dataset: Dataset, folds: Sequence[Fold], outer_fold: Fold) -> tuple[InnerFold, ...]:
    """Return the inner folds of an outer fold that have training pairs and test pairs.

    Raises:
        DatasetError: There are none.
    """
    outer_videos = set(outer_fold.held_out_videos)
    pairs = [pair for pair in dataset.pairs if not pair.touches(outer_videos)]
    inner_folds_of_outer = []
    for fold in folds:
        if fold.name == outer_fold.name:
            continue
        training = training_without(dataset, outer_fold, fold)
        names = [*training.train_videos, *fold.held_out_videos]
        tested_fold = fold_of(training.name, names, set(fold.held_out_videos), pairs)
        if training.train_pairs and tested_fold.test_pairs:
            inner_folds_of_outer.append(InnerFold(training, tested_fold))
    if not inner_folds_of_outer:
        raise DatasetError(
            f"Of the pairs without fold {outer_fold.name} none are left to train and choose on: rate or judge more "
            "videos, or name a model, such as full."
        )
    return tuple(inner_folds_of_outer)


def outer_folds(dataset: Dataset, seed: int, level: CheckLevel = CheckLevel.CROSS_VALIDATED) -> Folds:
    """Return the outer folds of an automatic choice, by participant, or by video with a warning.

    Raises:
        DatasetError: There are too few people (or videos), or too few pairs to choose a model for a tested fold.
    """
    unit = FoldUnit.PARTICIPANT if dataset.participants else FoldUnit.VIDEO
    unit_names = {dataset.participants.get(video, video) for video in videos_of(dataset.pairs)}
    if len(unit_names) < MIN_UNITS:
        raise DatasetError(
            f"{dataset.name} has pairs of {counted(len(unit_names), unit)}: to choose a model at least {MIN_UNITS} are "
            "needed. Name one, such as full, instead."
        )
    folds = make_folds(dataset, min(N_FOLDS, len(unit_names)), unit, seed)
    for outer_fold in tested_folds(folds, level):
        inner_folds(dataset, folds.folds, outer_fold)
    return folds


def tested_folds(folds: Folds, level: CheckLevel) -> tuple[Fold, ...]:
    """Return the outer folds on which the procedure is tested: all, or one for a quick check."""
    return folds.folds if level is CheckLevel.CROSS_VALIDATED else folds.folds[:1]
