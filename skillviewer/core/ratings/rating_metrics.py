"""Measures of predicted ratings and levels, as papers report them, and their intervals over people.

Each takes numbers of the same videos in the same order. Sources: relative L2 distance (R-l2) from Yu et al.,
"Group-aware contrastive regression for action quality assessment", ICCV 2021, equation 9; macro F1 as in Sokolova &
Lapalme, Information Processing & Management 45 (2009).
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats

from skillviewer.core.arrays import FloatArray, IntArray
from skillviewer.core.errors import DatasetError
from skillviewer.core.ratings.reliability import NAN, Estimate

Measured = Callable[[IntArray], float]
"""A measure of some of the videos, by their places; NaN where it is not defined."""


def _varies(first: FloatArray, second: FloatArray) -> bool:
    return len(first) > 1 and bool(np.ptp(first) > 0 and np.ptp(second) > 0)


def rank_correlation(predicted: FloatArray, truth: FloatArray) -> float:
    """Return Spearman's rho, -1 to 1; NaN where either is constant.

    Args:
        predicted: (n,) scores or ratings.
        truth: (n,) ratings.
    """
    return float(stats.spearmanr(predicted, truth).statistic) if _varies(predicted, truth) else NAN


def rank_agreement(predicted: FloatArray, truth: FloatArray) -> float:
    """Return Kendall's tau-b, -1 to 1; NaN where either is constant."""
    return float(stats.kendalltau(predicted, truth, variant="b").statistic) if _varies(predicted, truth) else NAN


def relative_l2(predicted: FloatArray, truth: FloatArray, low: float, high: float) -> float:
    """Return R-l2 x 100: the mean squared error in parts of the scale's length.

    Args:
        predicted: (n,) ratings.
        truth: (n,) ratings.
        low: Lowest rating of the scale (papers take the lowest of the data).
        high: Highest rating.

    Raises:
        DatasetError: The scale has no length.
    """
    if not low < high:
        raise DatasetError(f"A scale from {low:g} to {high:g} has no length to measure errors by.")
    errors = (np.asarray(predicted) - np.asarray(truth)) / (high - low)
    return 100 * float(np.mean(errors**2)) if len(errors) else NAN


def mean_absolute_error(predicted: FloatArray, truth: FloatArray) -> float:
    """Return the mean absolute error in points of the scale; NaN without videos."""
    return float(np.mean(np.abs(np.asarray(predicted) - np.asarray(truth)))) if len(predicted) else NAN


def nearest_levels(predicted: FloatArray, n_levels: int) -> IntArray:
    """Return the nearest level, 0 to n_levels - 1, of predicted ratings; a half goes up.

    Args:
        predicted: (n,) ratings on the scale of the levels' places.
        n_levels: Number of levels.
    """
    return np.clip(np.floor(np.asarray(predicted, dtype=np.float64) + 0.5), 0, n_levels - 1).astype(np.int64)


def top_1(predicted: IntArray, truth: IntArray) -> float:
    """Return the share of levels that are right, 0 to 1; NaN without videos."""
    return float(np.mean(np.asarray(predicted) == np.asarray(truth))) if len(predicted) else NAN


def macro_f1(predicted: IntArray, truth: IntArray) -> float:
    """Return the mean F1 of the levels that occur among the predicted or the true, 0 to 1; NaN without videos."""
    predicted, truth = np.asarray(predicted), np.asarray(truth)
    found = []
    for level in np.union1d(predicted, truth):
        right = int(((predicted == level) & (truth == level)).sum())
        found.append(2 * right / int((predicted == level).sum() + (truth == level).sum()))
    return float(np.mean(found)) if found else NAN


def expected_cost(predicted: IntArray, truth: IntArray, costs: FloatArray | None = None) -> float:
    """Return the mean cost of the predicted levels.

    Args:
        predicted: (n,) levels.
        truth: (n,) levels.
        costs: (L, L) cost of predicting a level (column) where another is true (row), or None for the distance of both.
    """
    predicted, truth = np.asarray(predicted), np.asarray(truth)
    if not len(predicted):
        return NAN
    each = np.abs(predicted - truth) if costs is None else np.asarray(costs)[truth, predicted]
    return float(np.mean(each))


def coverage(low: FloatArray, high: FloatArray, truth: FloatArray) -> float:
    """Return the share of ratings inside their intervals, ends included, 0 to 1; NaN without videos."""
    inside = (np.asarray(low) <= truth) & (np.asarray(truth) <= high)
    return float(np.mean(inside)) if len(inside) else NAN


def mean_width(low: FloatArray, high: FloatArray) -> float:
    """Return the mean width of intervals, in points of the scale; NaN without videos."""
    return float(np.mean(np.asarray(high) - np.asarray(low))) if len(low) else NAN


def calibration_tau(errors: FloatArray, widths: FloatArray) -> float:
    """Return Kendall's tau-b of absolute errors with widths: above 0 where wide intervals are those that err more.

    Args:
        errors: (n,) predicted less true ratings.
        widths: (n,) widths of their intervals.
    """
    return rank_agreement(np.abs(np.asarray(errors)), np.asarray(widths))


def rejection_curve(errors: FloatArray, widths: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return what the mean absolute error is of the share of videos that is kept, the widest intervals rejected first.

    Args:
        errors: (n,) predicted less true ratings, n >= 1.
        widths: (n,) widths of their intervals; those of one width are kept or rejected together.

    Returns:
        (m,) shares kept, ascending to 1, and (m,) mean absolute errors of the kept.
    """
    order = np.argsort(widths, kind="stable")
    absolute, sorted_widths = np.abs(np.asarray(errors))[order], np.asarray(widths)[order]
    last = np.append(np.diff(sorted_widths) > 0, True)  # the last of its width
    counts = np.arange(1, len(order) + 1)[last]
    return counts / len(order), np.cumsum(absolute)[last] / counts


def over_people(
    measure: Measured, people: Sequence[str], level: float = 0.95, n_draws: int = 2000, seed: int = 0
) -> Estimate:
    """Return a measure of all videos with its interval from drawing whole people, with replacement.

    Videos of one person are not independent; draws where the measure is not defined are left out, and where more than
    a tenth are, the interval is NaN.

    Args:
        measure: The measure of the videos at some places; a place may come several times.
        people: Person in every video.
        level: Level of the interval.
        n_draws: Number of draws.
        seed: What the draws begin from.
    """
    names = sorted(set(people))
    places = {name: [i for i, person in enumerate(people) if person == name] for name in names}
    value = measure(np.arange(len(people), dtype=np.int64))
    if len(names) < 2:
        return Estimate(value, NAN, NAN, level)
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(n_draws):
        drawn = rng.integers(0, len(names), len(names))
        draws.append(measure(np.array([i for one in drawn for i in places[names[one]]], dtype=np.int64)))
    defined = [one for one in draws if not math.isnan(one)]
    if len(defined) < 0.9 * n_draws:
        return Estimate(value, NAN, NAN, level)
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(value, float(low), float(high), level)
