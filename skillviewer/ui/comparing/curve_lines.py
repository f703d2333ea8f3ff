"""Score curves of several models as lines that may stand in one plot, and what their heights then mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.score_curve import score_curve
from skillviewer.core.arrays import FloatArray, frozen


class Heights(StrEnum):
    """What the height of a curve means."""

    OWN = "own"  # every curve fills the plot from its own least to its own greatest score
    STANDARD = "standard"  # standard deviations from the mean of the model's scores over the study


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One curve.

    Attributes:
        key: Of the model.
        times_s: (N,) when each step is known in all passes.
        heights: (N,) where it is drawn.
        scores: (N,) mean scores over the passes.
    """

    key: str
    times_s: FloatArray
    heights: FloatArray
    scores: FloatArray

    def at(self, time_s: float) -> int | None:
        """Return the last step known at a time, or None before the first."""
        index = int(np.searchsorted(self.times_s, time_s + 5e-7, side="right")) - 1
        return None if index < 0 else index


def lines(
    analyses: Sequence[tuple[str, Analysis]], heights: Heights, spreads: Mapping[str, tuple[float, float]]
) -> tuple[Line, ...]:
    """Return the curves of models; those that give no score are left out.

    Args:
        analyses: By key of the model, whole or so far.
        heights: What the heights are to mean.
        spreads: Mean and standard deviation of each model's scores over the study; needed for ``Heights.STANDARD``.
    """
    found = []
    for key, analysis in analyses:
        if not analysis.n_samples or np.isnan(analysis.score_curve).all():
            continue
        curve = score_curve(analysis)
        if heights is Heights.STANDARD:
            mean, deviation = spreads[key]
            placed = (curve.mean - mean) / deviation
        else:
            least, most = float(curve.mean.min()), float(curve.mean.max())
            placed = (curve.mean - least) / (most - least) if most > least else np.full_like(curve.mean, 0.5)
        found.append(Line(key, curve.times_s, frozen(np.asarray(placed, np.float64)), curve.mean))
    return tuple(found)
