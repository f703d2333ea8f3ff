"""Term of a score that comes from the tracks of a video: late fusion of a network and a ridge on few measures."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import FloatArray

MAX_DEVIATIONS = 4.0
"""Standardised measures, and the standardised score of the ridge, are clipped to this."""

MAX_WEIGHT = 4.0
"""Largest weight of the ridge relative to the network, both in standard deviations."""

_PENALTY = 0.1
_MIN_FIRST = 0.05


@dataclass(frozen=True, slots=True)
class WeighedMeasure:
    """One measure of the ridge."""

    name: str  # "track, point: measure", as ``motion_numbers`` names it
    mean: float  # mean and standard deviation over the training videos
    scale: float
    weight: float  # per standard deviation


@dataclass(frozen=True, slots=True)
class TrackTerm:
    """Standardised score of a ridge on measures of tracks, in units of the score to which it is added.

    Attributes:
        measures: Measures of the ridge; an unknown one counts as its mean.
        mean: Mean of the ridge's score over the training videos.
        scale: Its standard deviation there.
        weight: Units of the network's score for one standard deviation of the ridge's.
    """

    measures: tuple[WeighedMeasure, ...]
    mean: float
    scale: float
    weight: float

    def of(self, numbers: Mapping[str, FloatArray]) -> FloatArray | None:
        """Return (N,) what is added to the score after each step, or None if no measure is known at the last one.

        Args:
            numbers: (N,) each measure up to each step, by name; NaN where it is unknown so far.
        """
        available = {measure.name: numbers[measure.name] for measure in self.measures if measure.name in numbers}
        if not any(math.isfinite(values[-1]) for values in available.values()):
            return None
        total = np.zeros(len(next(iter(available.values()))))
        for measure in self.measures:
            if measure.name in available:
                standardised = (available[measure.name] - measure.mean) / measure.scale
                total += measure.weight * np.clip(np.nan_to_num(standardised, nan=0.0), -MAX_DEVIATIONS, MAX_DEVIATIONS)
        added = self.weight * np.clip((total - self.mean) / self.scale, -MAX_DEVIATIONS, MAX_DEVIATIONS)
        return np.asarray(added, np.float64)

    @property
    def needs_reference(self) -> bool:
        """True if a measure is a distance from a reference path."""
        return any(measure.name.endswith("_distance") for measure in self.measures)


def fusion_weight(differences: Sequence[tuple[float, float]]) -> float:
    """Return the weight of a second score relative to a first, 0 to ``MAX_WEIGHT``.

    It is the ratio of the weights of a ridge regression whose target is 1 for every pair. Without pairs it is 1.

    Args:
        differences: (n, 2) standardised scores of the better video minus those of the worse, of pairs that neither
            model was trained on.
    """
    if not len(differences):
        return 1.0
    values = np.asarray(differences, np.float64)
    gram = values.T @ values / len(values) + _PENALTY * np.eye(2)
    first, second = np.linalg.solve(gram, values.mean(axis=0)).tolist()
    return float(np.clip(second / max(first, _MIN_FIRST), 0.0, MAX_WEIGHT))
