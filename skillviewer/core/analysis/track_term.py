"""Term that the tracks of a video add to a score: late fusion of a network and a ridge regression on few measures."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import FloatArray

MAX_DEVIATIONS = 4.0
"""Limit, in standard deviations, to which measures and the score of the ridge regression are clipped."""

MAX_WEIGHT = 4.0
"""Greatest weight of the ridge regression's standardised score relative to the network's."""

_PENALTY = 0.1
_MIN_FIRST_WEIGHT = 0.05


@dataclass(frozen=True, slots=True)
class WeighedMeasure:
    """One measure of the ridge regression."""

    name: str  # "track, point: measure", as in ``motion_numbers``
    mean: float  # mean over the training videos
    scale: float  # standard deviation over the training videos
    weight: float  # weight of the standardised measure


@dataclass(frozen=True, slots=True)
class TrackTerm:
    """Ridge regression on measures of tracks, in units of the score to which the term is added.

    Attributes:
        measures: Measures of the regression; an unknown one counts as its mean.
        mean: Mean of the regression's score over the training videos.
        scale: Standard deviation of the regression's score over the training videos.
        weight: Units of the network's score for one standard deviation of the regression's.
    """

    measures: tuple[WeighedMeasure, ...]
    mean: float
    scale: float
    weight: float

    def of(self, numbers: Mapping[str, FloatArray]) -> FloatArray | None:
        """Return the term after each step, (N,), or None if no measure is known after the last step.

        Args:
            numbers: (N,) values of each measure up to each step, by name; NaN where unknown.
        """
        available = {measure.name: numbers[measure.name] for measure in self.measures if measure.name in numbers}
        if not any(math.isfinite(values[-1]) for values in available.values()):
            return None
        first_values, *_ = available.values()
        regression_score = np.zeros(len(first_values))
        for measure in self.measures:
            if measure.name in available:
                standardised = np.nan_to_num((available[measure.name] - measure.mean) / measure.scale, nan=0.0)
                regression_score += measure.weight * np.clip(standardised, -MAX_DEVIATIONS, MAX_DEVIATIONS)
        standardised_score = (regression_score - self.mean) / self.scale
        term = self.weight * np.clip(standardised_score, -MAX_DEVIATIONS, MAX_DEVIATIONS)
        return np.asarray(term, np.float64)

    @property
    def needs_reference(self) -> bool:
        """True if a measure is a distance from a reference path."""
        return any(measure.name.endswith("_distance") for measure in self.measures)


def fusion_weight(differences: Sequence[tuple[float, float]]) -> float:
    """Return the weight of a second score relative to a first, 0 to ``MAX_WEIGHT``; 1 if there are no pairs.

    It is the ratio of the weights of a ridge regression whose target is 1 for every pair.

    Args:
        differences: Differences of both standardised scores between the better and the worse video, of pairs that
            neither model was trained on.
    """
    if not len(differences):
        return 1.0
    values = np.asarray(differences, np.float64)
    gram = values.T @ values / len(values) + _PENALTY * np.eye(2)
    first_weight, second_weight = np.linalg.solve(gram, values.mean(axis=0)).tolist()
    return float(np.clip(second_weight / max(first_weight, _MIN_FIRST_WEIGHT), 0.0, MAX_WEIGHT))
