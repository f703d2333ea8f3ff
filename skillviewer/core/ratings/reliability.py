"""Agreement of raters on a scale: intraclass correlations, weighted kappa, limits of agreement and severity.

Missing ratings are NaN. Sources:

* intraclass correlations: Shrout & Fleiss, Psychological Bulletin 86 (1979)
* their intervals: McGraw & Wong, Psychological Methods 1 (1996)
* weighted kappa: Cohen, Psychological Bulletin 70 (1968)
* its standard error: Fleiss, Cohen & Everitt, Psychological Bulletin 72 (1969)
* limits of agreement: Bland & Altman, Statistical Methods in Medical Research 8 (1999)
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
    """A number with its interval."""

    value: float  # NaN if undefined
    low: float  # lower end of the interval, or NaN
    high: float  # upper end of the interval, or NaN
    level: float = 0.95  # level of the interval, 0 to 1


@dataclass(frozen=True, slots=True)
class MeanSquares:
    """Mean squares of a two-way analysis of variance."""

    n: int  # number of videos
    k: int  # number of raters
    between_videos: float  # with n - 1 degrees of freedom
    between_raters: float  # with k - 1 degrees of freedom
    residual: float  # with (n - 1)(k - 1) degrees of freedom
    within_videos: float  # with n (k - 1) degrees of freedom


def mean_squares(values: FloatArray) -> MeanSquares:
    """Return the mean squares of (n, k) ratings without NaN.

    Raises:
        DatasetError: There are fewer than two videos or raters.
    """
    values = np.asarray(values, dtype=np.float64)
    n, k = values.shape
    if n < 2 or k < 2:
        raise DatasetError(
            f"{n} videos that each of {k} raters rated are too few: agreement needs two videos and two raters."
        )
    grand_mean = values.mean()
    video_means = values.mean(axis=1)
    rater_means = values.mean(axis=0)
    residuals = values - video_means[:, None] - rater_means[None, :] + grand_mean
    videos_sum = k * float(((video_means - grand_mean) ** 2).sum())
    raters_sum = n * float(((rater_means - grand_mean) ** 2).sum())
    residual_sum = float((residuals**2).sum())
    return MeanSquares(
        n=n,
        k=k,
        between_videos=videos_sum / (n - 1),
        between_raters=raters_sum / (k - 1),
        residual=residual_sum / ((n - 1) * (k - 1)),
        within_videos=(raters_sum + residual_sum) / (n * (k - 1)),
    )


def icc(values: FloatArray, level: float = 0.95) -> tuple[Estimate, Estimate]:
    """Return ICC(2,1) and ICC(2,k) of (n, k) ratings without missing ones; NaN if all ratings are equal.

    ICC(2,1) is the absolute agreement of a single random rater, and ICC(2,k) that of the mean of k raters. The
    intervals are those of McGraw & Wong (1996, case 2A, with Satterthwaite's degrees of freedom).

    Raises:
        DatasetError: There are fewer than two videos or raters.
    """
    ms = mean_squares(values)
    n = ms.n
    k = ms.k
    undefined = Estimate(NAN, NAN, NAN, level)
    total_variance = ms.between_videos + (k - 1) * ms.residual + k * (ms.between_raters - ms.residual) / n
    if total_variance <= 0:
        return undefined, undefined
    single = (ms.between_videos - ms.residual) / total_variance
    mean = (ms.between_videos - ms.residual) / (ms.between_videos + (ms.between_raters - ms.residual) / n)
    low, high = _icc_interval(ms, single, level)

    def of_mean(single_icc: float) -> float:
        """Return the reliability of the mean of k raters from that of one rater (Spearman and Brown)."""
        return k * single_icc / (1 + (k - 1) * single_icc)

    return Estimate(single, low, high, level), Estimate(mean, of_mean(low), of_mean(high), level)


def _icc_interval(ms: MeanSquares, single: float, level: float) -> tuple[float, float]:
    """Return the ends of the interval of ICC(2,1), or NaN."""
    from scipy import special  # imported late, since it takes a third of a second

    n = ms.n
    k = ms.k
    if ms.residual <= 0 and ms.between_raters <= 0:  # perfect agreement would have an interval of zero width
        return NAN, NAN
    raters_coefficient = k * single / (n * (1 - single))
    residual_coefficient = 1 + k * single * (n - 1) / (n * (1 - single))
    raters_term = raters_coefficient * ms.between_raters
    residual_term = residual_coefficient * ms.residual
    # Satterthwaite's degrees of freedom of the sum of both terms
    squares_per_degree = raters_term**2 / (k - 1) + residual_term**2 / ((n - 1) * (k - 1))
    degrees_of_freedom = (raters_term + residual_term) ** 2 / squares_per_degree
    if not math.isfinite(degrees_of_freedom) or degrees_of_freedom <= 0:
        return NAN, NAN
    probability = 1 - (1 - level) / 2
    lower_f = special.fdtri(n - 1, degrees_of_freedom, probability)
    upper_f = special.fdtri(degrees_of_freedom, n - 1, probability)
    raters_and_residual = k * ms.between_raters + (k * n - k - n) * ms.residual
    low_denominator = lower_f * raters_and_residual + n * ms.between_videos
    high_denominator = raters_and_residual + n * upper_f * ms.between_videos
    low = n * (ms.between_videos - lower_f * ms.residual) / low_denominator
    high = n * (upper_f * ms.between_videos - ms.residual) / high_denominator
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class MeasurementError:
    """Standard error of measurement of one rater, from the videos with two ratings or more."""

    sem: float  # standard error of measurement, in points
    degrees_of_freedom: float
    n_raters: int
    n_videos: int
    is_crossed: bool  # whether all raters rated all videos, so that the error does not include their severity


def measurement_error(values: FloatArray) -> MeasurementError | None:
    """Return the error of measurement of (n, k) ratings; None if fewer than two videos have two ratings.

    If every rater rated every video, the error is the root of the residual mean square. Otherwise it is the root of the
    pooled variance within videos, which includes the severity of raters.
    """
    values = np.asarray(values, dtype=np.float64)
    counts = (~np.isnan(values)).sum(axis=1)
    several_ratings = values[counts > 1]
    n_videos = len(several_ratings)
    if n_videos < 2:
        return None
    has_rated = ~np.isnan(several_ratings).all(axis=0)
    n_raters = int(has_rated.sum())
    if not np.isnan(values).any():
        return MeasurementError(
            sem=math.sqrt(mean_squares(values).residual),
            degrees_of_freedom=(n_videos - 1) * (n_raters - 1),
            n_raters=n_raters,
            n_videos=n_videos,
            is_crossed=True,
        )
    degrees_of_freedom = float((counts[counts > 1] - 1).sum())
    deviations = several_ratings - np.nanmean(several_ratings, axis=1, keepdims=True)
    variance = float(np.nansum(deviations**2)) / degrees_of_freedom
    return MeasurementError(
        sem=math.sqrt(variance),
        degrees_of_freedom=degrees_of_freedom,
        n_raters=n_raters,
        n_videos=n_videos,
        is_crossed=False,
    )


def weighted_kappa(first: FloatArray, second: FloatArray, power: float = 2.0, level: float = 0.95) -> Estimate:
    """Return the weighted kappa of two raters' (n,) ratings with its large-sample interval; NaN for constant ratings.

    Each value is a category. A disagreement is weighted by the distance of the values, raised to ``power``: 2 for
    quadratic weights, 1 for linear ones.
    """
    has_both = ~(np.isnan(first) | np.isnan(second))
    first_common = np.asarray(first, dtype=np.float64)[has_both]
    second_common = np.asarray(second, dtype=np.float64)[has_both]
    n = len(first_common)
    values = np.unique(np.concatenate([first_common, second_common]))
    if n == 0 or len(values) < 2:
        return Estimate(NAN, NAN, NAN, level)
    # confusion matrix: the share of the videos that have the first rater's value (row) and the second's (column)
    observed = np.zeros((len(values), len(values)))
    rows = np.searchsorted(values, first_common)
    columns = np.searchsorted(values, second_common)
    np.add.at(observed, (rows, columns), 1 / n)
    row_shares = observed.sum(axis=1)
    column_shares = observed.sum(axis=0)
    distances = np.abs(values[:, None] - values[None, :]) / (values[-1] - values[0])
    weights = 1 - distances**power
    observed_agreement = float((weights * observed).sum())
    chance_agreement = float((weights * np.outer(row_shares, column_shares)).sum())
    if chance_agreement >= 1:
        return Estimate(NAN, NAN, NAN, level)
    kappa = (observed_agreement - chance_agreement) / (1 - chance_agreement)
    row_weights = weights @ column_shares
    column_weights = weights.T @ row_shares
    deviations = weights - (row_weights[:, None] + column_weights[None, :]) * (1 - kappa)
    mean_square = float((observed * deviations**2).sum())
    mean_deviation = kappa - chance_agreement * (1 - kappa)
    variance = mean_square - mean_deviation**2
    if variance <= 0:  # perfect agreement would have an interval of zero width
        return Estimate(kappa, NAN, NAN, level)
    standard_error = math.sqrt(variance / n) / (1 - chance_agreement)
    half_width = NormalDist().inv_cdf((1 + level) / 2) * standard_error
    return Estimate(kappa, kappa - half_width, min(kappa + half_width, 1.0), level)


@dataclass(frozen=True, slots=True)
class LimitsOfAgreement:
    """Limits of agreement of two raters on n videos."""

    n: int  # number of videos
    means: FloatArray  # (n,) means of both ratings
    differences: FloatArray  # (n,) first minus second rating
    bias: Estimate  # mean difference
    low: Estimate  # bias minus 1.96 standard deviations
    high: Estimate  # bias plus 1.96 standard deviations


def bland_altman(first: FloatArray, second: FloatArray, level: float = 0.95) -> LimitsOfAgreement:
    """Return the limits of agreement of two raters' (n,) ratings.

    The variance of a limit is (1/n + 1.96^2 / (2 (n - 1))) times that of the differences (section 2.1).

    Raises:
        DatasetError: Fewer than three videos have both ratings.
    """
    from scipy import special

    has_both = ~(np.isnan(first) | np.isnan(second))
    first_common = np.asarray(first, dtype=np.float64)[has_both]
    second_common = np.asarray(second, dtype=np.float64)[has_both]
    n = len(first_common)
    if n < 3:
        raise DatasetError(f"{n} videos with both ratings are too few for limits of agreement: three are needed.")
    differences = first_common - second_common
    bias = float(differences.mean())
    deviation = float(differences.std(ddof=1))
    t = float(special.stdtrit(n - 1, (1 + level) / 2))
    bias_margin = t * deviation / math.sqrt(n)
    limit_margin = t * deviation * math.sqrt(1 / n + 1.96**2 / (2 * (n - 1)))

    def estimate(value: float, margin: float) -> Estimate:
        return Estimate(value, value - margin, value + margin, level)

    return LimitsOfAgreement(
        n=n,
        means=(first_common + second_common) / 2,
        differences=differences,
        bias=estimate(bias, bias_margin),
        low=estimate(bias - 1.96 * deviation, limit_margin),
        high=estimate(bias + 1.96 * deviation, limit_margin),
    )


def rater_effects(values: FloatArray) -> FloatArray:
    """Return the effects of raters, (k,), in points, from (n, k) ratings; below 0 a rater gives lower numbers.

    The effects are the least-squares solution of rating = video + rater, with sum 0, so that they do not depend on the
    choice of videos. All are NaN if common videos do not link the raters.
    """
    values = np.asarray(values, dtype=np.float64)
    n, k = values.shape
    rows, columns = np.nonzero(~np.isnan(values))
    design = np.zeros((len(rows) + 1, n + k))
    design[np.arange(len(rows)), rows] = 1
    design[np.arange(len(rows)), n + columns] = 1
    design[-1, n:] = 1  # sum of the effects
    if np.linalg.matrix_rank(design) < n + k:
        return np.full(k, NAN)
    solution, *_ = np.linalg.lstsq(design, np.append(values[rows, columns], 0.0), rcond=None)
    effects: FloatArray = solution[n:]
    return effects


@dataclass(frozen=True, slots=True)
class TwoRaters:
    """Agreement of two raters."""

    first: str
    second: str
    kappa: Estimate  # quadratic weighted kappa
    limits: LimitsOfAgreement | None  # limits of agreement; None with fewer than three common videos


@dataclass(frozen=True, slots=True)
class RaterAgreement:
    """Agreement of the raters of an item."""

    item: str
    raters: tuple[str, ...]
    n_complete: int  # number of videos that all raters rated
    icc_single: Estimate | None  # ICC(2,1) on these videos, of one rater; None with fewer than two videos
    icc_mean: Estimate | None  # ICC(2,k) on these videos, of the mean of all raters; None with fewer than two videos
    sem: float  # standard error of measurement of one rater, in points; NaN if unknown
    # effect of each rater in points, with the sign flipped if a lower number shows better skill: below 0 is severe. NaN
    # if common videos do not link the raters
    severity: tuple[float, ...]
    pairs: tuple[TwoRaters, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """The agreement as sentences."""
        lines = [f"{len(self.raters)} raters of “{self.item}”; {self.n_complete} videos were rated by all."]
        if self.icc_single is not None and self.icc_mean is not None:
            lines.append(
                f"ICC(2,1), one rater: {_format_estimate(self.icc_single, word_for_icc)}. "
                f"ICC(2,k), mean of all: {_format_estimate(self.icc_mean, word_for_icc)}."
            )
        if np.isfinite(self.sem):
            lines.append(f"Standard error of measurement of one rater: {self.sem:.2f} points.")
        if np.isfinite(self.severity).all():
            severities = ", ".join(
                f"{name} {value:+.2f}" for name, value in zip(self.raters, self.severity, strict=True)
            )
            lines.append(f"Severity in points, below 0 severe: {severities}.")
        for pair in self.pairs:
            kappa_text = _format_estimate(pair.kappa, word_for_kappa)
            line = f"{pair.first} and {pair.second}: weighted kappa {kappa_text}"
            if pair.limits is not None:
                line += (
                    f", difference {_format_estimate(pair.limits.bias)}, limits of agreement "
                    f"{pair.limits.low.value:+.2f} to {pair.limits.high.value:+.2f}"
                )
            lines.append(f"{line}.")
        coefficients = [pair.kappa.value for pair in self.pairs]
        if self.icc_single is not None:
            coefficients.append(self.icc_single.value)
        if np.isfinite(coefficients).any():
            lines.append(SOURCES)
        return tuple(lines)


def _format_estimate(estimate: Estimate, word_for: Callable[[float], str] | None = None) -> str:
    if not np.isfinite(estimate.value):
        return "not defined"
    has_interval = math.isfinite(estimate.low) and math.isfinite(estimate.high)
    interval_text = f"({estimate.low:.2f} to {estimate.high:.2f})" if has_interval else "(no interval)"
    text = f"{estimate.value:.2f} {interval_text}"
    return text if word_for is None else f"{text}, {word_for(estimate.value)}"


def rater_agreement(ratings: RatingSet, item: str) -> RaterAgreement:
    """Return the agreement of the raters of an item.

    Raises:
        DatasetError: There is no such item, or fewer than two raters.
    """
    matrix = ratings.table(item)
    if len(matrix.raters) < 2:
        raise DatasetError(f"“{item}” has ratings of {len(matrix.raters)} rater: agreement needs two.")
    complete = matrix.values[~np.isnan(matrix.values).any(axis=1)]
    icc_single = None
    icc_mean = None
    if len(complete) > 1:
        icc_single, icc_mean = icc(complete)
    error = measurement_error(matrix.values)
    pairs = []
    for first, second in combinations(range(len(matrix.raters)), 2):
        first_values = matrix.values[:, first]
        second_values = matrix.values[:, second]
        n_common = np.count_nonzero(np.isfinite(first_values) & np.isfinite(second_values))
        limits = bland_altman(first_values, second_values) if n_common > 2 else None
        pair = TwoRaters(
            first=matrix.raters[first],
            second=matrix.raters[second],
            kappa=weighted_kappa(first_values, second_values),
            limits=limits,
        )
        pairs.append(pair)
    leniency_sign = -1 if ratings.scale(item).less_is_better else 1
    severity = leniency_sign * rater_effects(matrix.values)
    sem = error.sem if error is not None else NAN
    return RaterAgreement(
        item=item,
        raters=matrix.raters,
        n_complete=len(complete),
        icc_single=icc_single,
        icc_mean=icc_mean,
        sem=sem,
        severity=tuple(severity.tolist()),
        pairs=tuple(pairs),
    )


def describe_raters(ratings: RatingSet, item: str) -> str:
    """Return half a sentence on how many raters an item has and how far the mean of all of them can be relied on."""
    matrix = ratings.table(item)
    n_raters = len(matrix.raters)
    if n_raters < 2:
        return "one; whether another would rate alike is not known"
    complete = matrix.values[~np.isnan(matrix.values).any(axis=1)]
    if len(complete) < 2:
        return f"{n_raters}; too few videos were rated by all to tell how far they agree"
    _, icc_mean = icc(complete)
    word = word_for_icc(icc_mean.value)
    if not word:
        return f"{n_raters}; their reliability is not defined"
    return f"{n_raters}; their mean has {word} reliability (intraclass correlation {icc_mean.value:.2f})"
