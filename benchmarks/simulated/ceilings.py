"""What an ordering by something known would get on a study's pairs: what a model can hope for, and must beat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.simulated.study import read_table
from skillviewer.core.arrays import FloatArray

ORDERINGS: Mapping[str, tuple[str, float]] = {
    "true quality": ("quality", 1.0),
    "ability": ("skill", 1.0),
    "measured shake": ("shake", -1.0),
    "success": ("success", 1.0),
    "steps to success": ("steps", -1.0),
    "drops": ("drops", -1.0),
    "duration": ("frames", -1.0),
    "quality of the other arm": ("other_quality", 1.0),
    "sum of both arms": ("both_qualities", 1.0),
}
"""Name, the column of truth.csv, and the sign with which it stands for quality; a study has some of them."""
N_FOLDS = 4


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Pairwise accuracy of an ordering.

    An exact tie of the ordering counts as half; pairs labelled "no difference" are left out.

    Attributes:
        name: What orders.
        all_pairs: Of all pairs.
        held_out: Mean over folds of participants, of the pairs with at least one held-out participant.
        both_held_out: The same, of the pairs with held-out participants only. Either is nan where there are none.
    """

    name: str
    all_pairs: float
    held_out: float
    both_held_out: float


def fold_of(participants: Sequence[str], n_folds: int = N_FOLDS) -> dict[str, int]:
    """Return in which fold each participant is held out: in turn, in order of name."""
    return {name: i % n_folds for i, name in enumerate(sorted(set(participants)))}


def ceilings(folder: Path, n_folds: int = N_FOLDS) -> tuple[Ceiling, ...]:
    """Return the ceilings of a study's folder.

    Args:
        folder: With truth.csv and pairs.csv; where truth.csv names no participants, every video is its own.
        n_folds: Folds of participants.

    Raises:
        DatasetError: A file is missing.
    """
    truth = read_table(folder / "truth.csv")
    index = {row["video"]: i for i, row in enumerate(truth)}
    folds = fold_of([row.get("participant") or row["video"] for row in truth], n_folds)
    fold = np.array([folds[row.get("participant") or row["video"]] for row in truth])
    pairs = [row for row in read_table(folder / "pairs.csv") if int(row["label"]) != 0]
    left = np.array([index[row["left"]] for row in pairs])
    right = np.array([index[row["right"]] for row in pairs])
    label = np.array([int(row["label"]) for row in pairs])

    def over_folds(correct: FloatArray, at_least: int) -> float:
        means = []
        for k in range(n_folds):
            chosen = (fold[left] == k).astype(int) + (fold[right] == k) >= at_least
            if chosen.any():
                means.append(float(correct[chosen].mean()))
        return float(np.mean(means)) if means else float("nan")

    result = []
    for name, (column, sign) in ORDERINGS.items():
        if column not in truth[0]:
            continue
        value = sign * np.array([float(row[column]) for row in truth])
        correct = (1.0 + label * np.sign(value[left] - value[right])) / 2
        result.append(Ceiling(name, float(correct.mean()), over_folds(correct, 1), over_folds(correct, 2)))
    return tuple(result)
