"""Published pairwise accuracies, means over four folds, for comparison with measured accuracies."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

SOURCE = (
    "Li, Huang, Cai and Sato, “Manipulation-skill Assessment from Videos with Spatial Attention Network”, "
    "ICCV Workshops 2019 (arXiv 1901.02579)"
)


BEST_ON_TEST = "the epoch that is best on the test pairs"
"""Description of the epoch that Li et al. evaluate, according to their released code."""

QUOTED = "a training of as many steps as were set, by Doughty et al. 2018, whom they quote"
"""Description of the epoch of the numbers that Li et al. quote from Doughty et al. (2018)."""


@dataclass(frozen=True, slots=True)
class PublishedAccuracy:
    """A published accuracy."""

    dataset: str  # key of the data set (``Dataset.published``)
    row: str  # row of the table, as in ``AttentionEntry.row``
    accuracy: float  # pairwise accuracy, 0 to 1
    table: int  # table of the paper
    source: str = SOURCE  # the paper
    epoch: str = BEST_ON_TEST  # description of the evaluated epoch


_DATASETS = ("chopsticks", "surgery", "drawing", "dough", "infant-grasp")
_PERCENTAGES_BY_TABLE = {
    1: {
        "Doughty et al.": (71.5, 70.2, 83.2, 79.4, 80.3),
        "Attention Pooling": (74.9, 68.8, 83.9, 79.3, 83.6),
        "CBAM": (82.0, 68.6, 84.1, 78.9, 83.8),
        "Visual Attention": (84.6, 68.1, 83.1, 79.8, 84.9),
        "SCA-CNN": (84.2, 69.6, 84.4, 81.8, 84.6),
        "Ours": (85.5, 73.1, 85.3, 82.7, 86.1),
    },
    2: {
        "No Attention": (82.1, 68.3, 82.8, 77.3, 84.0),
        "No RNN_att": (84.1, 70.8, 82.4, 82.0, 85.1),
        "x̄-based": (84.1, 70.1, 83.4, 81.8, 85.3),
        "h_task-based": (82.8, 69.1, 84.8, 81.6, 84.7),
    },
}

SIZES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "chopsticks": (40, 534),
        "dough": (33, 179),
        "drawing": (40, 247),
        "surgery": (103, 1659),
        "infant-grasp": (94, 3318),
    }
)
"""Numbers of videos and of distinct ordered pairs, for every data set with published numbers."""

N_FOLDS = 4

FOLDS_UNKNOWN = frozenset({"infant-grasp"})
"""Data sets with unknown folds of the published numbers and an unknown rule for votes."""


def _published_accuracies() -> Iterator[PublishedAccuracy]:
    for table, percentages_by_row in _PERCENTAGES_BY_TABLE.items():
        for row, percentages in percentages_by_row.items():
            for dataset, percentage in zip(_DATASETS, percentages, strict=True):
                is_quoted = row == "Doughty et al." and dataset != "infant-grasp"
                epoch = QUOTED if is_quoted else BEST_ON_TEST
                yield PublishedAccuracy(dataset, row, round(percentage / 100, 3), table, epoch=epoch)


PUBLISHED = tuple(_published_accuracies())
"""Tables 1 and 2 of Li et al. (2019)."""


def published_accuracy(dataset: str | None, row: str) -> PublishedAccuracy | None:
    """Return the published number for a row and a data set, or None."""
    for entry in PUBLISHED:
        if entry.dataset == dataset and entry.row == row:
            return entry
    return None
