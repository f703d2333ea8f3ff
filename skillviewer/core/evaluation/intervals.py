"""Intervals over people by the jackknife: the whole person is left out, with everything that they take part in.

The variance is that of the delete-one jackknife (Tukey 1958). For pairs of two people this is too large on average
(Efron & Stein, Annals of Statistics 9, 1981), and the unbiased one of U-statistics is often too small: two thirds of
the first and one third of the second are taken. The quantile is that of Student's t with one degree of freedom fewer
than people. Proportions have their interval on the logit scale, correlations on Fisher's z.
``benchmarks.interval_coverage`` measures the coverage.
"""

import math
from collections.abc import Callable, Iterable
from enum import StrEnum

import numpy as np

from skillviewer.core.arrays import FloatArray

LEVEL = 0.95
_NEGLIGIBLE = 1e-12


class Range(StrEnum):
    """Range of a quantity, which decides where its interval is symmetric."""

    PROPORTION = "proportion"  # 0 to 1: logit
    CORRELATION = "correlation"  # -1 to 1: Fisher's z
    AMOUNT = "amount"  # at least 0: logarithm
    NUMBER = "number"


def jackknife_variance(estimates: FloatArray) -> float:
    """Return the variance of a quantity from (n,) its values without each person; NaN if one is undefined."""
    n = len(estimates)
    return (n - 1) / n * float(((estimates - estimates.mean()) ** 2).sum()) if n > 1 else math.nan


def pair_variance(right: FloatArray, tested: FloatArray) -> float:
    """Return the variance of the sum of ``right`` over that of ``tested``; NaN without pairs of independent people.

    The unbiased part is the sum of products of residuals with a common person, divided by the number of products that
    share none: residuals of pairs without a common person are independent (Hoeffding 1948; Aronow, Samii & Assenova,
    Political Analysis 23, 2015, for the residuals of a ratio).

    Args:
        right: (P, P) sums over the pairs of two people, upper triangle.
        tested: (P, P) numbers of these pairs.
    """
    total = tested.sum()
    if not total:
        return math.nan
    own_right = _by_participant(right)
    own_tested = _by_participant(tested)
    other_tested = (total - own_tested)[own_tested > 0]
    if not (other_tested > 0).all():
        return math.nan
    jackknife = jackknife_variance((right.sum() - own_right)[own_tested > 0] / other_tested)
    residual = right - right.sum() / total * tested
    shared = float((_by_participant(residual) ** 2).sum() - (np.triu(residual, 1) ** 2).sum())
    n_shared = float((_by_participant(tested) ** 2).sum() - (np.triu(tested, 1) ** 2).sum())
    apart = float(total) ** 2 - n_shared
    unbiased = min(max(shared / apart, 0.0), jackknife) if apart > 0 else jackknife
    return (2 * jackknife + unbiased) / 3


def _by_participant(table: FloatArray) -> FloatArray:
    return np.asarray(table.sum(axis=0) + table.sum(axis=1) - np.diag(table))


def interval(
    value: float, variance: float, n_participants: int, reach: Range = Range.PROPORTION, level: float = LEVEL
) -> tuple[float, float]:
    """Return the ends of the interval of a quantity; NaN with fewer than two people or without a variance.

    If no person changes the quantity (all pairs right, say), there is nothing to draw an interval from.

    ``level`` is 0 to 1, ``reach`` the range of the quantity.
    """
    from scipy.special import stdtrit  # here: importing it takes as long as opening the window

    if n_participants < 2 or not (math.isfinite(value) and math.isfinite(variance)):
        return math.nan, math.nan
    half = math.sqrt(variance) * float(stdtrit(n_participants - 1, (1 + level) / 2))
    if half < _NEGLIGIBLE:
        return math.nan, math.nan
    if reach is Range.NUMBER:
        return value - half, value + half
    if reach is Range.AMOUNT:
        return (
            (value * math.exp(-half / value), value * math.exp(half / value))
            if value > _NEGLIGIBLE
            else (math.nan,) * 2
        )
    centre, half = (2 * value - 1, 2 * half) if reach is Range.PROPORTION else (value, half)
    slope = 1 - centre**2  # of tanh there; the logit of a proportion is 2 artanh(2 p - 1)
    if slope < _NEGLIGIBLE:
        return math.nan, math.nan
    low, high = (math.tanh(math.atanh(centre) + side / slope) for side in (-half, half))
    return ((1 + low) / 2, (1 + high) / 2) if reach is Range.PROPORTION else (low, high)


def over_participants(
    metric: Callable[[str | None], float], participants: Iterable[str], reach: Range = Range.NUMBER, factor: float = 1.0
) -> tuple[float, float, float]:
    """Return a metric and the ends of its interval over people.

    ``metric`` takes the person who is left out, or None for all, and is NaN where it is undefined. ``factor`` is that
    of the variance (``accuracy.refit_factor``).
    """
    names = sorted(set(participants))
    value = metric(None)
    variance = jackknife_variance(np.array([metric(name) for name in names]))
    return value, *interval(value, factor * variance, len(names), reach)
