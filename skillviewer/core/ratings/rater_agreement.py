"""Agreement of the raters of an item: intraclass correlations, kappa and limits of agreement of pairs, severity."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from skillviewer.core.dataset.rating_set import RatingSet
from skillviewer.core.errors import DatasetError
from skillviewer.core.ratings.reliability import (
    Estimate,
    LimitsOfAgreement,
    bland_altman,
    icc,
    measurement_error,
    severity,
    weighted_kappa,
)


@dataclass(frozen=True, slots=True)
class TwoRaters:
    """Quadratic weighted kappa of two raters, and the limits of agreement; None with fewer than three common videos."""

    first: str
    second: str
    kappa: Estimate
    limits: LimitsOfAgreement | None


@dataclass(frozen=True, slots=True)
class RaterAgreement:
    """Agreement of the raters of an item."""

    item: str
    raters: tuple[str, ...]
    n_complete: int  # videos that all of them rated
    single: Estimate | None  # ICC(2,1) on these videos, of one rater; None with fewer than two
    mean: Estimate | None  # ICC(2,k), of the mean of all raters
    sem: float  # standard error of measurement of one rater, in points; NaN if unknown
    # effect of each rater in points: below 0 severe, above 0 lenient; NaN if videos do not link raters
    severity: tuple[float, ...]
    pairs: tuple[TwoRaters, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """The agreement in words."""
        found = [f"{len(self.raters)} raters of “{self.item}”; {self.n_complete} videos were rated by all."]
        if self.single is not None and self.mean is not None:
            found.append(f"ICC(2,1), one rater: {_words(self.single)}. ICC(2,k), mean of all: {_words(self.mean)}.")
        if np.isfinite(self.sem):
            found.append(f"Standard error of measurement of one rater: {self.sem:.2f} points.")
        if np.isfinite(self.severity).all():
            told = ", ".join(f"{name} {value:+.2f}" for name, value in zip(self.raters, self.severity, strict=True))
            found.append(f"Severity in points, below 0 severe: {told}.")
        for two in self.pairs:
            limits = two.limits
            apart = (
                f", difference {_words(limits.bias)}, limits of agreement {limits.low.value:+.2f} to "
                f"{limits.high.value:+.2f}"
                if limits
                else ""
            )
            found.append(f"{two.first} and {two.second}: weighted kappa {_words(two.kappa)}{apart}.")
        return tuple(found)


def _words(estimate: Estimate) -> str:
    if not np.isfinite(estimate.value):
        return "not defined"
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"


def rater_agreement(ratings: RatingSet, item: str) -> RaterAgreement:
    """Return the agreement of the raters of an item.

    Raises:
        DatasetError: There is no such item, or fewer than two raters.
    """
    table = ratings.table(item)
    if len(table.raters) < 2:
        raise DatasetError(f"“{item}” has ratings of {len(table.raters)} rater: agreement needs two.")
    complete = table.values[~np.isnan(table.values).any(axis=1)]
    single, mean = icc(complete) if len(complete) > 1 else (None, None)
    error = measurement_error(table.values)
    pairs = []
    for a, b in combinations(range(len(table.raters)), 2):
        one, other = table.values[:, a], table.values[:, b]
        enough = np.isfinite(one - other).sum() > 2
        limits = bland_altman(one, other) if enough else None
        pairs.append(TwoRaters(table.raters[a], table.raters[b], weighted_kappa(one, other), limits))
    sem, effects = error.sem if error else float("nan"), tuple(severity(table.values).tolist())
    return RaterAgreement(item, table.raters, len(complete), single, mean, sem, effects, tuple(pairs))
