"""Numbers that papers report, to stand beside measured ones.

All are pairwise accuracies, mean over four folds, of the epoch that is best on the test fold (so the released code of
Li et al.): they are optimistic by that choice.
"""

from dataclasses import dataclass

SOURCE = (
    "Li, Huang, Cai and Sato, “Manipulation-skill Assessment from Videos with Spatial Attention Network”, "
    "ICCV Workshops 2019 (arXiv 1901.02579)"
)


@dataclass(frozen=True, slots=True)
class Published:
    """One number of a table.

    Attributes:
        dataset: Key of the data set (``Dataset.published``).
        model: Entry in ATTENTION_MODELS.
        accuracy: Pairwise accuracy, 0 to 1.
        table: Table of the paper.
        source: The paper.
    """

    dataset: str
    model: str
    accuracy: float
    table: int
    source: str = SOURCE


_DATASETS = ("chopsticks", "surgery", "drawing", "dough", "infant-grasp")
_TABLES = {
    1: {
        "tsn": (71.5, 70.2, 83.2, 79.4, 80.3),
        "pool": (74.9, 68.8, 83.9, 79.3, 83.6),
        "cbam": (82.0, 68.6, 84.1, 78.9, 83.8),
        "visual": (84.6, 68.1, 83.1, 79.8, 84.9),
        "sca": (84.2, 69.6, 84.4, 81.8, 84.6),
        "full": (85.5, 73.1, 85.3, 82.7, 86.1),
    },
    2: {
        "none": (82.1, 68.3, 82.8, 77.3, 84.0),
        "no-rnn": (84.1, 70.8, 82.4, 82.0, 85.1),
        "xbar": (84.1, 70.1, 83.4, 81.8, 85.3),
        "htask": (82.8, 69.1, 84.8, 81.6, 84.7),
    },
}

PUBLISHED = tuple(
    Published(dataset, model, round(percent / 100, 3), number)
    for number, rows in _TABLES.items()
    for model, row in rows.items()
    for dataset, percent in zip(_DATASETS, row, strict=True)
)
"""Tables 1 and 2 of Li et al. (2019); ``tsn`` is the row of Doughty et al. (CVPR 2018) that they quote."""


def published_accuracy(dataset: str | None, model: str) -> Published | None:
    """Return what a paper reports of a model on a data set, or None."""
    for entry in PUBLISHED:
        if entry.dataset == dataset and entry.model == model:
            return entry
    return None
