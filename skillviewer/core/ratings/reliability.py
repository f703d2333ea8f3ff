"""Agreement of raters on a scale: intraclass correlations, weighted kappa, limits of agreement, severity.

Sources: Shrout & Fleiss, "Intraclass correlations: uses in assessing rater reliability", Psychological Bulletin 86
(1979); McGraw & Wong, Psychological Methods 1 (1996) for the intervals; Cohen, Psychological Bulletin 70 (1968) for the
weighted kappa and Fleiss, Cohen & Everitt, Psychological Bulletin 72 (1969) for its error; Bland & Altman, Statistical
Methods in Medical Research 8 (1999). Ratings are NaN where a rater did not rate a video.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist

import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.dataset.rating_set import RatingSet
from skillviewer.core.errors import DatasetError
from skillviewer.core.ratings.agreement_words import SOURCES, word_for_icc, word_for_kappa

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number (NaN if undefined) with the ends of its interval of a level, 0 to 1."""

    value: float
    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class MeanSquares:
    """Two-way analysis of variance of n videos by k raters: mean squares between videos, between raters, and the rest.

    ``residual`` has (n - 1)(k - 1) degrees of freedom, ``within`` (within videos) n (k - 1).
    """

    n: int
    k: int
    videos: float
    raters: float
    residual: float
    within: float


def mean_squares(values: FloatArray) -> MeanSquares:
    """Return the mean squares of (n, k) ratings without NaN.

    Raises:
        DatasetError: There are fewer than two videos or raters.
    """
    values = np.asarray(values, dtype=np.float64)
    n, k = values.shape
    if n < 2 or k < 2:
        raise DatasetError(f"{n} videos that each of {k} raters rated are too few: agreement needs two and two.")
    grand = values.mean()
    rows, columns = values.mean(axis=1), values.mean(axis=0)
    sum_of_videos = k * float(((rows - grand) ** 2).sum())
    of_raters = n * float(((columns - grand) ** 2).sum())
    left = float(((values - rows[:, None] - columns[None, :] + grand) ** 2).sum())
    residual = left / ((n - 1) * (k - 1))
    return MeanSquares(n, k, sum_of_videos / (n - 1), of_raters / (k - 1), residual, (of_raters + left) / (n * (k - 1)))


def icc(values: FloatArray, level: float = 0.95) -> tuple[Estimate, Estimate]:
    """Return ICC(2,1) and ICC(2,k) of (n, k) ratings without NaN; NaN if all ratings are equal.

    They are the absolute agreement of one random rater and of the mean of k, with the interval of McGraw & Wong (1996,
    case 2A; Satterthwaite's degrees of freedom).

    Raises:
        DatasetError: There are fewer than two videos or raters.
    """
    ms = mean_squares(values)
    n, k = ms.n, ms.k
    spread = ms.videos + (k - 1) * ms.residual + k * (ms.raters - ms.residual) / n
    if spread <= 0:
        return Estimate(NAN, NAN, NAN, level), Estimate(NAN, NAN, NAN, level)
    single = (ms.videos - ms.residual) / spread
    mean = (ms.videos - ms.residual) / (ms.videos + (ms.raters - ms.residual) / n)
    low, high = _icc_interval(ms, single, level)

    def stepped_up(value: float) -> float:
        return k * value / (1 + (k - 1) * value)

    return Estimate(single, low, high, level), Estimate(mean, stepped_up(low), stepped_up(high), level)


def _icc_interval(ms: MeanSquares, single: float, level: float) -> tuple[float, float]:
    from scipy import special  # takes a third of a second

    n, k = ms.n, ms.k
    if ms.residual <= 0 and ms.raters <= 0:  # perfect agreement, however few the videos
        return NAN, NAN
    a = k * single / (n * (1 - single))
    b = 1 + k * single * (n - 1) / (n * (1 - single))
    first, second = a * ms.raters, b * ms.residual
    freedom = (first + second) ** 2 / (first**2 / (k - 1) + second**2 / ((n - 1) * (k - 1)))
    if not math.isfinite(freedom) or freedom <= 0:
        return NAN, NAN
    tail = 1 - (1 - level) / 2
    lower = special.fdtri(n - 1, freedom, tail)
    upper = special.fdtri(freedom, n - 1, tail)
    raters_and_residual = k * ms.raters + (k * n - k - n) * ms.residual
    low = n * (ms.videos - lower * ms.residual) / (lower * raters_and_residual + n * ms.videos)
    high = n * (upper * ms.videos - ms.residual) / (raters_and_residual + n * upper * ms.videos)
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class MeasurementError:
    """Standard error of measurement of one rater, in points, from some raters and the videos with two ratings or more.

    If ``crossed``, all raters rated all videos, and the error does not contain their severity.
    """

    sem: float
    freedom: float  # its degrees of freedom
    raters: int
    videos: int
    crossed: bool


def measurement_error(values: FloatArray) -> MeasurementError | None:
    """Return the error of measurement of (n, k) ratings; None if fewer than two videos have two ratings.

    If every rater rated every video, it is the root of the residual mean square; else the root of the pooled variance
    within videos, which contains the severity of raters.
    """
    values = np.asarray(values, dtype=np.float64)
    counts = (~np.isnan(values)).sum(axis=1)
    several = values[counts > 1]
    if len(several) < 2:
        return None
    n = len(several)
    k = int((~np.isnan(several).all(axis=0)).sum())
    if not np.isnan(values).any():
        return MeasurementError(math.sqrt(mean_squares(values).residual), (n - 1) * (k - 1), k, n, True)
    freedom = float((counts[counts > 1] - 1).sum())
    spread = float(np.nansum((several - np.nanmean(several, axis=1, keepdims=True)) ** 2))
    return MeasurementError(math.sqrt(spread / freedom), freedom, k, n, False)


def weighted_kappa(first: FloatArray, second: FloatArray, power: float = 2.0, level: float = 0.95) -> Estimate:
    """Return the weighted kappa of two raters' (n,) ratings with its large-sample interval; NaN for constant ratings.

    Each value is a category. ``power`` is that of the distance which weighs a disagreement: 2 quadratic, 1 linear.
    """
    both = ~(np.isnan(first) | np.isnan(second))
    a, b = np.asarray(first, dtype=np.float64)[both], np.asarray(second, dtype=np.float64)[both]
    n = len(a)
    values = np.unique(np.concatenate([a, b]))
    if n == 0 or len(values) < 2:
        return Estimate(NAN, NAN, NAN, level)
    observed = np.zeros((len(values), len(values)))
    np.add.at(observed, (np.searchsorted(values, a), np.searchsorted(values, b)), 1 / n)
    rows, columns = observed.sum(axis=1), observed.sum(axis=0)
    weights = 1 - (np.abs(values[:, None] - values[None, :]) / (values[-1] - values[0])) ** power
    observed_agreement = float((weights * observed).sum())
    by_chance = float((weights * np.outer(rows, columns)).sum())
    if by_chance >= 1:
        return Estimate(NAN, NAN, NAN, level)
    kappa = (observed_agreement - by_chance) / (1 - by_chance)
    by_row = weights @ columns
    by_column = weights.T @ rows
    inner = weights - (by_row[:, None] + by_column[None, :]) * (1 - kappa)
    variance = float((observed * inner**2).sum()) - (kappa - by_chance * (1 - kappa)) ** 2
    if variance <= 0:  # as in perfect agreement, however few the videos
        return Estimate(kappa, NAN, NAN, level)
    half = NormalDist().inv_cdf((1 + level) / 2) * math.sqrt(variance / n) / (1 - by_chance)
    return Estimate(kappa, kappa - half, min(kappa + half, 1.0), level)


@dataclass(frozen=True, slots=True)
class LimitsOfAgreement:
    """Limits of agreement on n videos: (n,) means and differences (first minus second) of two raters.

    ``low`` and ``high`` are the bias -+ 1.96 standard deviations; all three have an interval.
    """

    n: int
    means: FloatArray
    differences: FloatArray
    bias: Estimate
    low: Estimate
    high: Estimate


def bland_altman(first: FloatArray, second: FloatArray, level: float = 0.95) -> LimitsOfAgreement:
    """Return the limits of agreement of two raters' (n,) ratings.

    The variance of a limit is (1/n + 1.96^2 / (2 (n - 1))) times that of the differences (section 2.1).

    Raises:
        DatasetError: Fewer than three videos have both.
    """
    from scipy import special

    both = ~(np.isnan(first) | np.isnan(second))
    a, b = np.asarray(first, dtype=np.float64)[both], np.asarray(second, dtype=np.float64)[both]
    n = len(a)
    if n < 3:
        raise DatasetError(f"{n} videos with both ratings are too few for limits of agreement: three are needed.")
    differences = a - b
    bias = float(differences.mean())
    spread = float(differences.std(ddof=1))
    t = float(special.stdtrit(n - 1, (1 + level) / 2))
    of_bias = t * spread / math.sqrt(n)
    of_limit = t * spread * math.sqrt(1 / n + 1.96**2 / (2 * (n - 1)))
    ends = [(bias, of_bias), (bias - 1.96 * spread, of_limit), (bias + 1.96 * spread, of_limit)]
    estimates = [Estimate(value, value - half, value + half, level) for value, half in ends]
    return LimitsOfAgreement(n, (a + b) / 2, differences, *estimates)


def severity(values: FloatArray) -> FloatArray:
    """Return the (k,) rater effects of (n, k) ratings, in points: below 0 severe, above 0 lenient.

    Least squares of rating = video + rater, with effects that sum to zero, so that the choice of videos has no
    influence. All are NaN if common videos do not link the raters.
    """
    values = np.asarray(values, dtype=np.float64)
    n, k = values.shape
    rows, columns = np.nonzero(~np.isnan(values))
    design = np.zeros((len(rows) + 1, n + k))
    design[np.arange(len(rows)), rows] = 1
    design[np.arange(len(rows)), n + columns] = 1
    design[-1, n:] = 1
    if np.linalg.matrix_rank(design) < n + k:
        return np.full(k, NAN)
    solution = np.linalg.lstsq(design, np.append(values[rows, columns], 0.0), rcond=None)[0]
    effects: FloatArray = solution[n:]
    return effects


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
    # effect of each rater in points: below 0 severe, above 0 lenient, also where a lower number shows better skill;
    # NaN if videos do not link raters
    severity: tuple[float, ...]
    pairs: tuple[TwoRaters, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """The agreement in words."""
        lines = [f"{len(self.raters)} raters of “{self.item}”; {self.n_complete} videos were rated by all."]
        if self.single is not None and self.mean is not None:
            lines.append(
                f"ICC(2,1), one rater: {_format_estimate(self.single, word_for_icc)}. "
                f"ICC(2,k), mean of all: {_format_estimate(self.mean, word_for_icc)}."
            )
        if np.isfinite(self.sem):
            lines.append(f"Standard error of measurement of one rater: {self.sem:.2f} points.")
        if np.isfinite(self.severity).all():
            severities = ", ".join(
                f"{name} {value:+.2f}" for name, value in zip(self.raters, self.severity, strict=True)
            )
            lines.append(f"Severity in points, below 0 severe: {severities}.")
        for two in self.pairs:
            limits = two.limits
            limits_text = (
                f", difference {_format_estimate(limits.bias)}, limits of agreement {limits.low.value:+.2f} to "
                f"{limits.high.value:+.2f}"
                if limits
                else ""
            )
            kappa = _format_estimate(two.kappa, word_for_kappa)
            lines.append(f"{two.first} and {two.second}: weighted kappa {kappa}{limits_text}.")
        worded = [self.single.value if self.single is not None else NAN, *(two.kappa.value for two in self.pairs)]
        return (*lines, SOURCES) if np.isfinite(worded).any() else tuple(lines)


def _format_estimate(estimate: Estimate, word_for: Callable[[float], str] | None = None) -> str:
    if not np.isfinite(estimate.value):
        return "not defined"
    has_interval = np.isfinite(estimate.low + estimate.high)
    interval = f"({estimate.low:.2f} to {estimate.high:.2f})" if has_interval else "(no interval)"
    return f"{estimate.value:.2f} {interval}" + (f", {word_for(estimate.value)}" if word_for is not None else "")


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
        first_values, second_values = table.values[:, a], table.values[:, b]
        has_limits = np.isfinite(first_values - second_values).sum() > 2
        limits = bland_altman(first_values, second_values) if has_limits else None
        pairs.append(TwoRaters(table.raters[a], table.raters[b], weighted_kappa(first_values, second_values), limits))
    sem = error.sem if error else NAN
    lenient = -1 if ratings.scale(item).less_is_better else 1
    effects = tuple((lenient * severity(table.values)).tolist())
    return RaterAgreement(item, table.raters, len(complete), single, mean, sem, effects, tuple(pairs))
