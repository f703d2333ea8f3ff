"""Agreement of a rater with their own earlier ratings of the same videos."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skillviewer.core.dataset.rating_set import RatingScale
from skillviewer.core.ratings.reliability import NAN, Estimate, icc, weighted_kappa


@dataclass(frozen=True, slots=True)
class RepeatAgreement:
    """Agreement of one rater's two ratings of n videos for one item."""

    rater: str
    item: str
    n: int  # number of videos rated twice
    n_equal: int  # number of videos with the same rating both times
    mean_difference: float  # mean of the second minus the first rating, in points
    sem: float  # standard error of measurement within the rater, in points
    icc: Estimate  # ICC(2,1) of the two ratings; NaN with fewer than two videos or equal ratings
    kappa: Estimate  # quadratic weighted kappa; NaN with fewer than two videos or equal ratings

    @property
    def sentence(self) -> str:
        """The agreement as a sentence."""
        text = f"{self.item}: {self.n_equal} of {self.n} rated the same again"
        if self.n > 1:
            text += f", standard error within the rater {self.sem:.2f} points"
        if math.isfinite(self.icc.value):
            text += f", intraclass correlation {self.icc.value:.2f}"
            if math.isfinite(self.icc.low + self.icc.high):
                text += f" ({self.icc.low:.2f} to {self.icc.high:.2f})"
        return f"{text}."


def repeat_agreement(rater: str, scale: RatingScale, pairs: Sequence[tuple[float, float]]) -> RepeatAgreement:
    """Return the agreement of a rater's first and second ratings of the same videos.

    The standard error within the rater is the root of half the mean squared difference (Bland & Altman, Statistical
    Methods in Medical Research 8, 1999, section 3).

    Args:
        rater: Name of the rater.
        scale: Scale of the item.
        pairs: First and second rating of every video, without missing values.
    """
    values = np.asarray(pairs, dtype=np.float64).reshape(-1, 2)
    differences = values[:, 1] - values[:, 0]
    correlation = Estimate(NAN, NAN, NAN)
    kappa = Estimate(NAN, NAN, NAN)
    if len(values) > 1 and np.ptp(values) > 0:
        correlation, _ = icc(values)
        first_levels, second_levels = (values.T - scale.low) / scale.step
        kappa = weighted_kappa(first_levels, second_levels)
    is_equal = np.abs(differences) < 1e-9
    mean_difference = NAN
    sem = NAN
    if len(values):
        mean_difference = float(differences.mean())
        mean_squared_difference = float((differences**2).mean())
        sem = math.sqrt(mean_squared_difference / 2)
    return RepeatAgreement(
        rater=rater,
        item=scale.item,
        n=len(values),
        n_equal=int(is_equal.sum()),
        mean_difference=mean_difference,
        sem=sem,
        icc=correlation,
        kappa=kappa,
    )
