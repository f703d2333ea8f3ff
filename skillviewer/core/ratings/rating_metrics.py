"""Metrics of predicted ratings and levels, as papers report them, and their intervals over people.

Arrays have one number per video, in the same order. Metrics are NaN without videos. Sources: R-l2 from Yu et al.,
"Group-aware contrastive regression for action quality assessment", ICCV 2021, equation 9; macro F1 as in Sokolova &
Lapalme, Information Processing & Management 45 (2009).
"""

from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats

from skillviewer.core.arrays import FloatArray, IntArray
from skillviewer.core.errors import DatasetError
from skillviewer.core.ratings.reliability import NAN, Estimate


def _mean(values: FloatArray | IntArray) -> float:
    return float(np.mean(values)) if len(values) else NAN


def _varies(first: FloatArray, second: FloatArray) -> bool:
    return len(first) > 1 and bool(np.ptp(first) > 0 and np.ptp(second) > 0)


def rank_correlation(predicted: FloatArray, truth: FloatArray) -> float:
    """Return Spearman's rho, -1 to 1; NaN if either is constant."""
    return float(stats.spearmanr(predicted, truth).statistic) if _varies(predicted, truth) else NAN


def rank_agreement(predicted: FloatArray, truth: FloatArray) -> float:
    """Return Kendall's tau-b, -1 to 1; NaN if either is constant."""
    return float(stats.kendalltau(predicted, truth, variant="b").statistic) if _varies(predicted, truth) else NAN


def relative_l2(predicted: FloatArray, truth: FloatArray, low: float, high: float) -> float:
    """Return R-l2 x 100: the mean squared error, relative to the range from low to high (in papers, of the data).

    Raises:
        DatasetError: The range is empty.
    """
    if not low < high:
        raise DatasetError(f"A scale from {low:g} to {high:g} has no length to measure errors by.")
    return 100 * _mean(((predicted - truth) / (high - low)) ** 2)


def mean_absolute_error(predicted: FloatArray, truth: FloatArray) -> float:
    """Return the mean absolute error in points of the scale."""
    return _mean(np.abs(predicted - truth))


def nearest_levels(predicted: FloatArray, n_levels: int) -> IntArray:
    """Return the nearest level, 0 to n_levels - 1, of predicted ratings; a half is rounded up."""
    return np.clip(np.floor(predicted + 0.5), 0, n_levels - 1).astype(np.int64)


def top_1(predicted: IntArray, truth: IntArray) -> float:
    """Return the proportion of correct levels, 0 to 1."""
    return _mean(predicted == truth)


def macro_f1(predicted: IntArray, truth: IntArray) -> float:
    """Return the mean F1 over the levels that occur in either array, 0 to 1."""
    found = []
    for level in np.union1d(predicted, truth):
        right = int(((predicted == level) & (truth == level)).sum())
        found.append(2 * right / int((predicted == level).sum() + (truth == level).sum()))
    return _mean(np.array(found))


def expected_cost(predicted: IntArray, truth: IntArray, costs: FloatArray | None = None) -> float:
    """Return the mean cost of predicted levels.

    Args:
        predicted: (n,) levels.
        truth: (n,) levels.
        costs: (L, L) costs by true level (row) and predicted level (column), or None for their distance.
    """
    return _mean(np.abs(predicted - truth) if costs is None else costs[truth, predicted])


def coverage(low: FloatArray, high: FloatArray, truth: FloatArray) -> float:
    """Return the proportion of ratings inside their closed intervals, 0 to 1."""
    return _mean(((low <= truth) & (truth <= high)).astype(np.int64))


def mean_width(low: FloatArray, high: FloatArray) -> float:
    """Return the mean width of intervals, in points of the scale."""
    return _mean(high - low)


def calibration_tau(errors: FloatArray, widths: FloatArray) -> float:
    """Return Kendall's tau-b of absolute errors with widths: above 0 if wide intervals have larger errors."""
    return rank_agreement(np.abs(errors), widths)


def rejection_curve(errors: FloatArray, widths: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean absolute error by the proportion of videos kept, with the widest intervals rejected first.

    Videos of equal width are kept or rejected together.

    Returns:
        (m,) proportions kept, ascending to 1, and (m,) mean absolute errors of these videos.
    """
    order = np.argsort(widths, kind="stable")
    last = np.append(np.diff(widths[order]) > 0, True)  # last video of its width
    counts = np.arange(1, len(order) + 1)[last]
    return counts / len(order), np.cumsum(np.abs(errors)[order])[last] / counts


def over_people(
    metric: Callable[[IntArray], float], people: Sequence[str], level: float = 0.95, n_draws: int = 2000, seed: int = 0
) -> Estimate:
    """Return a metric with its percentile interval over draws of whole people, with replacement.

    Args:
        metric: Metric of the videos at some indices, which may repeat; NaN where it is undefined.
        people: Person in every video.
        level: Level of the interval, 0 to 1.
        n_draws: Number of draws; if more than a tenth of them are undefined, the interval is NaN.
        seed: Seed of the draws.
    """
    names, who = np.unique(np.asarray(people), return_inverse=True)
    places = [np.flatnonzero(who == person) for person in range(len(names))]
    value = metric(np.arange(len(people), dtype=np.int64))
    rng = np.random.default_rng(seed)
    draws = [
        metric(np.concatenate([places[one] for one in rng.integers(0, len(names), len(names))]))
        for _ in range(n_draws if len(names) > 1 else 0)
    ]
    defined = np.array(draws)[~np.isnan(draws)]
    if len(names) < 2 or len(defined) < 0.9 * n_draws:
        return Estimate(value, NAN, NAN, level)
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(value, float(low), float(high), level)
