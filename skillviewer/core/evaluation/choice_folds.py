"""Folds and short list of an automatic choice of a model."""

from skillviewer.core.dataset.folds import Folds, FoldUnit, make_folds
from skillviewer.core.dataset.pairs import Dataset
from skillviewer.core.errors import DatasetError

CANDIDATES = ("motion", "none", "full", "sharp", "average")
"""Short list, the simplest first: of equal accuracy the first is chosen."""

N_FOLDS = 4
MIN_UNITS = 3
"""People (or videos) needed: one to test on, one to choose on, one to train on."""


def outer_folds(dataset: Dataset, seed: int) -> Folds:
    """Return the outer folds of an automatic choice: by participant, else by video with a warning.

    Raises:
        DatasetError: There are too few people (or videos).
    """
    unit = FoldUnit.PARTICIPANT if dataset.participants else FoldUnit.VIDEO
    units = {dataset.participants.get(n, n) for p in dataset.pairs for n in (p.better, p.worse)}
    if len(units) < MIN_UNITS:
        count = f"{len(units)} {unit}{'' if len(units) == 1 else 's'}"
        raise DatasetError(
            f"{dataset.name} has pairs of {count}: to choose a model at least {MIN_UNITS} are needed. Name one, "
            "such as full, instead."
        )
    return make_folds(dataset, min(N_FOLDS, len(units)), unit, seed)
