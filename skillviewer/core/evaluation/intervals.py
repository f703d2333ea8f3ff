"""Intervals over people by the jackknife, which leaves out each person with all their videos and pairs.

The variance is that of the delete-one jackknife (Tukey 1958). For pairs of two people it is too large on average (Efron
& Stein, Annals of Statistics 9, 1981), whereas the unbiased variance of U-statistics is often too small. For pairs, two
thirds of the former and one third of the latter are therefore added. The quantile is that of Student's t with one
degree of freedom fewer than people. Intervals of proportions are symmetric on the logit scale, those of correlations on
Fisher's z. ``benchmarks.interval_coverage`` measures the coverage.
"""

import math
from collections.abc import Callable, Iterable
from enum import StrEnum

import numpy as np

from skillviewer.core.arrays import FloatArray

LEVEL = 0.95
_NEGLIGIBLE = 1e-12


class Range(StrEnum):
    """Range of a quantity, which decides on which scale its interval is symmetric."""

    PROPORTION = "proportion"  # 0 to 1; logit scale
    CORRELATION = "correlation"  # -1 to 1; Fisher's z
    AMOUNT = "amount"  # at least 0; logarithmic scale
    NUMBER = "number"  # unbounded; linear scale


def jackknife_variance(estimates: FloatArray) -> float:
    """Return the variance of a quantity from its (n,) values without each person; NaN if a value is undefined."""
    n = len(estimates)
    if n < 2:
        return math.nan
    return (n - 1) / n * float(((estimates - estimates.mean()) ** 2).sum())


def pair_variance(sums: FloatArray, counts: FloatArray) -> float:
    """Return the variance of the mean over pairs of people; NaN if no pairs remain without some person.

    The unbiased variance is the sum of products of residuals of pairs with a common person, divided by the number of
    products of pairs without one. The residuals of pairs without a common person are independent (Hoeffding 1948;
    Aronow, Samii & Assenova, Political Analysis 23, 2015, for the residuals of a ratio).

    Args:
        sums: (P, P) sums over the pairs of two people, upper triangle.
        counts: (P, P) numbers of these pairs, upper triangle.
    """
    n_pairs = counts.sum()
    if not n_pairs:
        return math.nan
    person_sums = _by_person(sums)
    person_counts = _by_person(counts)
    has_pairs = person_counts > 0
    remaining_counts = (n_pairs - person_counts)[has_pairs]
    if not (remaining_counts > 0).all():
        return math.nan
    means_without_person = (sums.sum() - person_sums)[has_pairs] / remaining_counts
    jackknife = jackknife_variance(means_without_person)
    residuals = sums - sums.sum() / n_pairs * counts
    # products of two pairs of the same two people are counted for both people, and subtracted once
    sum_of_shared = float((_by_person(residuals) ** 2).sum() - (np.triu(residuals, 1) ** 2).sum())
    n_shared = float((_by_person(counts) ** 2).sum() - (np.triu(counts, 1) ** 2).sum())
    n_independent = float(n_pairs) ** 2 - n_shared
    if n_independent <= 0:
        return jackknife
    unbiased = min(max(sum_of_shared / n_independent, 0.0), jackknife)
    return (2 * jackknife + unbiased) / 3


def _by_person(table: FloatArray) -> FloatArray:
    """Return the sum over all pairs of each person."""
    return np.asarray(table.sum(axis=0) + table.sum(axis=1) - np.diag(table))


def interval(
    value: float, variance: float, n_participants: int, quantity: Range = Range.PROPORTION, level: float = LEVEL
) -> tuple[float, float]:
    """Return the ends of the interval of a quantity, or NaN if it has none.

    There is no interval with fewer than two people, without a variance, and if no person changes the quantity, for
    example if all pairs are right.

    Args:
        value: The quantity.
        variance: Variance of the quantity.
        n_participants: Number of people.
        quantity: Range of the quantity.
        level: Level of the interval, 0 to 1.
    """
    from scipy.special import stdtrit  # imported late, since it takes as long as opening the window

    no_interval = (math.nan, math.nan)
    if n_participants < 2 or not (math.isfinite(value) and math.isfinite(variance)):
        return no_interval
    half_width = math.sqrt(variance) * float(stdtrit(n_participants - 1, (1 + level) / 2))
    if half_width < _NEGLIGIBLE:
        return no_interval
    if quantity is Range.NUMBER:
        return value - half_width, value + half_width
    if quantity is Range.AMOUNT:
        if value <= _NEGLIGIBLE:
            return no_interval
        return value * math.exp(-half_width / value), value * math.exp(half_width / value)
    if quantity is Range.PROPORTION:
        # the logit of a proportion p is 2 artanh(2 p - 1)
        low, high = _tanh_interval(2 * value - 1, 2 * half_width)
        return (1 + low) / 2, (1 + high) / 2
    return _tanh_interval(value, half_width)


def _tanh_interval(value: float, half_width: float) -> tuple[float, float]:
    """Return the ends of an interval within -1 and 1 that is symmetric in the inverse hyperbolic tangent, or NaN."""
    slope = 1 - value**2  # of the hyperbolic tangent at the value
    if slope < _NEGLIGIBLE:
        return math.nan, math.nan
    low = math.tanh(math.atanh(value) - half_width / slope)
    high = math.tanh(math.atanh(value) + half_width / slope)
    return low, high


def over_participants(
    metric: Callable[[str | None], float],
    participants: Iterable[str],
    quantity: Range = Range.NUMBER,
    variance_factor: float = 1.0,
) -> tuple[float, float, float]:
    """Return a metric and the ends of its interval over people.

    Args:
        metric: Returns the metric without one participant, or over all people for None; NaN if undefined.
        participants: Names of the people.
        quantity: Range of the metric.
        variance_factor: Factor of the variance (``accuracy.refit_factor``).
    """
    names = sorted(set(participants))
    value = metric(None)
    variance = jackknife_variance(np.array([metric(name) for name in names]))
    low, high = interval(value, variance_factor * variance, len(names), quantity)
    return value, low, high
