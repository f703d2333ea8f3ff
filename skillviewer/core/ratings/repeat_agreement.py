"""Agreement of a rater with their own earlier ratings of the same videos."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skillviewer.core.dataset.rating_set import RatingScale
from skillviewer.core.ratings.reliability import NAN, Estimate, icc, weighted_kappa


@dataclass(frozen=True, slots=True)
class RepeatAgreement:
    """Agreement of one rater's two ratings of n videos on one item."""

    rater: str
    item: str
    n: int  # number of videos rated twice
    n_equal: int  # number of videos with the same rating both times
    mean_difference: float  # second minus first rating, in points
    sem: float  # standard error of measurement within the rater, in points
    icc: Estimate  # ICC(2,1) of the two ratings; NaN with fewer than two videos, or ratings that are all equal
    kappa: Estimate  # quadratic weighted kappa; NaN likewise

    @property
    def sentence(self) -> str:
        """The agreement in words."""
        text = f"{self.item}: {self.n_equal} of {self.n} rated the same again"
        if self.n > 1:
            text += f", standard error within the rater {self.sem:.2f} points"
        if math.isfinite(self.icc.value):
            has_interval = math.isfinite(self.icc.low + self.icc.high)
            interval = f" ({self.icc.low:.2f} to {self.icc.high:.2f})" if has_interval else ""
            text += f", intraclass correlation {self.icc.value:.2f}{interval}"
        return f"{text}."


def repeat_agreement(rater: str, scale: RatingScale, pairs: Sequence[tuple[float, float]]) -> RepeatAgreement:
    """Return the agreement of the first and second ratings of the same videos.

    ``pairs`` has one (first, second) pair of ratings for each video, and no missing values. The standard error within
    the rater is the root of half the mean squared difference (Bland & Altman, Statistical Methods in Medical Research
    8, 1999, section 3).
    """
    values = np.asarray(pairs, dtype=np.float64).reshape(-1, 2)
    differences = values[:, 1] - values[:, 0]
    is_defined = len(values) > 1 and bool(np.ptp(values) > 0)
    undefined = Estimate(NAN, NAN, NAN)
    first_levels, second_levels = (values.T - scale.low) / scale.step
    return RepeatAgreement(
        rater=rater,
        item=scale.item,
        n=len(values),
        n_equal=int((np.abs(differences) < 1e-9).sum()),
        mean_difference=float(differences.mean()) if len(values) else NAN,
        sem=math.sqrt(float((differences**2).mean()) / 2) if len(values) else NAN,
        icc=icc(values)[0] if is_defined else undefined,
        kappa=weighted_kappa(first_levels, second_levels) if is_defined else undefined,
    )
