"""Folds and short list of an automatic choice of a model."""

from collections.abc import Sequence
from dataclasses import dataclass

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.folds import Folds, FoldUnit, fold_of, make_folds
from skillviewer.core.errors import DatasetError
from skillviewer.core.evaluation.model_choice import CheckLevel

CANDIDATES = ("motion", "none", "full", "sharp", "average")
"""Short list, the simplest first: of equal accuracy the first is chosen."""

N_FOLDS = 4
MIN_UNITS = 3
"""People (or videos) needed: one to test on, one to choose on, one to train on."""


@dataclass(frozen=True, slots=True)
class InnerFold:
    """Part of an inner cross-validation: trained without two parts of the people, tested on one of them."""

    training: Fold  # holds both parts out
    tested: Fold  # its test pairs touch the inner part alone


def training_without(dataset: Dataset, fold: Fold, other: Fold) -> Fold:
    """Return the fold that holds two parts of the people out."""
    first, second = sorted((fold, other), key=lambda part: part.name)
    names = {*first.train_videos, *first.held_out_videos}
    held_out = {*first.held_out_videos, *second.held_out_videos}
    every = [name for name in dataset.names if name in names]
    return fold_of(f"{first.name}+{second.name}", every, held_out, dataset.pairs)


def inner_folds(dataset: Dataset, parts: Sequence[Fold], outer: Fold) -> tuple[InnerFold, ...]:
    """Return the inner folds of an outer part that have pairs on both sides.

    Raises:
        DatasetError: There are none.
    """
    outside = set(outer.held_out_videos)
    inside = [pair for pair in dataset.pairs if not pair.touches(outside)]
    folds = []
    for part in parts:
        if part.name == outer.name:
            continue
        training = training_without(dataset, outer, part)
        names = [*training.train_videos, *part.held_out_videos]
        tested = fold_of(training.name, names, set(part.held_out_videos), inside)
        if training.train_pairs and tested.test_pairs:
            folds.append(InnerFold(training, tested))
    if not folds:
        raise DatasetError(
            f"Of the pairs without fold {outer.name} none are left to train and choose on: rate or judge more "
            "videos, or name a model, such as full."
        )
    return tuple(folds)


def outer_folds(dataset: Dataset, seed: int, level: CheckLevel = CheckLevel.CROSS_VALIDATED) -> Folds:
    """Return the outer folds of an automatic choice: by participant, else by video with a warning.

    Raises:
        DatasetError: There are too few people (or videos), or too few pairs to choose a model for a fold that is
            tested.
    """
    unit = FoldUnit.PARTICIPANT if dataset.participants else FoldUnit.VIDEO
    units = {dataset.participants.get(n, n) for p in dataset.pairs for n in (p.better, p.worse)}
    if len(units) < MIN_UNITS:
        count = f"{len(units)} {unit}{'' if len(units) == 1 else 's'}"
        raise DatasetError(
            f"{dataset.name} has pairs of {count}: to choose a model at least {MIN_UNITS} are needed. Name one, "
            "such as full, instead."
        )
    folds = make_folds(dataset, min(N_FOLDS, len(units)), unit, seed)
    for outer in tested_folds(folds, level):
        inner_folds(dataset, folds.folds, outer)
    return folds


def tested_folds(folds: Folds, level: CheckLevel) -> tuple[Fold, ...]:
    """Return the outer folds on which the procedure is tested: all, or one for a quick look."""
    return folds.folds if level is CheckLevel.CROSS_VALIDATED else folds.folds[:1]
