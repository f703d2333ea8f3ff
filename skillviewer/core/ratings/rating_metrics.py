"""Metrics of predicted ratings and levels, as papers report them.

Arrays have one number per video, in the same order. Metrics are NaN without videos. R-l2 is that of Yu et al.,
"Group-aware contrastive regression for action quality assessment", ICCV 2021, equation 9, and macro F1 that of Sokolova
& Lapalme, Information Processing & Management 45 (2009).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.arrays import FloatArray, IntArray, spearman
from skillviewer.core.dataset.rating_set import RatingScale
from skillviewer.core.errors import DatasetError
from skillviewer.core.evaluation.intervals import Range
from skillviewer.core.ratings.reliability import NAN, weighted_kappa
from skillviewer.core.registry import table


def _mean(values: FloatArray | IntArray) -> float:
    return float(np.mean(values)) if len(values) else NAN


def _both_vary(first: FloatArray, second: FloatArray) -> bool:
    return len(first) > 1 and bool(np.ptp(first) > 0 and np.ptp(second) > 0)


def rank_correlation(predicted: FloatArray, truth: FloatArray) -> float:
    """Return Spearman's rho, -1 to 1; NaN if one array is constant."""
    return spearman(predicted, truth) if _both_vary(predicted, truth) else NAN


def rank_agreement(predicted: FloatArray, truth: FloatArray) -> float:
    """Return Kendall's tau-b, -1 to 1; NaN if one array is constant."""
    from scipy import stats  # imported late, since it takes a second

    if not _both_vary(predicted, truth):
        return NAN
    return float(stats.kendalltau(predicted, truth, variant="b").statistic)


def relative_l2(predicted: FloatArray, truth: FloatArray, low: float, high: float) -> float:
    """Return R-l2 x 100, the mean squared error relative to a range from ``low`` to ``high`` (in papers, of the data).

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
    """Return the nearest level of predicted ratings, 0 to n_levels - 1; a half is rounded up."""
    return np.clip(np.floor(predicted + 0.5), 0, n_levels - 1).astype(np.int64)


def top_1(predicted: IntArray, truth: IntArray) -> float:
    """Return the proportion of correct levels, 0 to 1."""
    return _mean(predicted == truth)


def macro_f1(predicted: IntArray, truth: IntArray) -> float:
    """Return the mean F1 over the levels that occur in either array, 0 to 1."""
    f1_scores = []
    for level in np.union1d(predicted, truth):
        is_predicted = predicted == level
        is_true = truth == level
        n_right = int((is_predicted & is_true).sum())
        f1_scores.append(2 * n_right / int(is_predicted.sum() + is_true.sum()))
    return _mean(np.array(f1_scores))


def expected_cost(predicted: IntArray, truth: IntArray, costs: FloatArray | None = None) -> float:
    """Return the mean cost of (n,) predicted levels.

    ``costs`` are (L, L) costs by true level (row) and predicted level (column), or None for the distance of the levels.
    """
    if costs is None:
        return _mean(np.abs(predicted - truth))
    return _mean(costs[truth, predicted])


def coverage(low: FloatArray, high: FloatArray, truth: FloatArray) -> float:
    """Return the proportion of ratings inside their closed intervals, 0 to 1."""
    return _mean(((low <= truth) & (truth <= high)).astype(np.int64))


def mean_width(low: FloatArray, high: FloatArray) -> float:
    """Return the mean width of intervals, in points of the scale."""
    return _mean(high - low)


def calibration_tau(errors: FloatArray, widths: FloatArray) -> float:
    """Return Kendall's tau-b of absolute errors with widths, which is positive if wide intervals have larger errors."""
    return rank_agreement(np.abs(errors), widths)


def rejection_curve(errors: FloatArray, widths: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean absolute error by the proportion of videos kept, when the widest intervals are rejected first.

    Videos of equal width are kept or rejected together.

    Returns:
        (m,) proportions kept, ascending to 1, and (m,) mean absolute errors of the kept videos.
    """
    order = np.argsort(widths, kind="stable")
    widens_next = np.diff(widths[order]) > 0
    is_last_of_width = np.append(widens_next, [True])
    n_kept = np.arange(1, len(order) + 1)[is_last_of_width]
    error_sums = np.cumsum(np.abs(errors)[order])[is_last_of_width]
    return n_kept / len(order), error_sums / n_kept


@dataclass(frozen=True, slots=True, repr=False)
class PredictedRatings:
    """Predictions for n rated videos, by models that have not seen their people."""

    participants: NDArray[np.str_]  # (n,) person in every video
    scores: FloatArray  # (n,) scores; higher is better
    ratings: FloatArray  # (n,) ratings predicted from the scores
    low: FloatArray  # (n,) lower ends of the intervals of these ratings, or NaN
    high: FloatArray  # (n,) upper ends, or NaN
    truth: FloatArray  # (n,) mean ratings by the raters
    scale: RatingScale

    def without(self, participant: str | None) -> "PredictedRatings":
        """Return the predictions without the videos of a participant; all of them for None."""
        is_other = self.participants != participant
        names = ("participants", "scores", "ratings", "low", "high", "truth")
        return replace(self, **{name: getattr(self, name)[is_other] for name in names})

    @property
    def widths(self) -> FloatArray:
        """(n,) widths of the intervals."""
        return self.high - self.low

    def levels(self, ratings: FloatArray) -> IntArray:
        """Return the nearest steps of the scale to some ratings, from 0."""
        steps = (ratings - self.scale.low) / self.scale.step
        n_levels = round((self.scale.high - self.scale.low) / self.scale.step) + 1
        return nearest_levels(steps, n_levels)


def _levelled(metric: Callable[[IntArray, IntArray], float]) -> Callable[[PredictedRatings], float]:
    return lambda p: metric(p.levels(p.ratings), p.levels(p.truth))


def _oriented(metric: Callable[[FloatArray, FloatArray], float]) -> Callable[[PredictedRatings], float]:
    def measure(p: PredictedRatings) -> float:
        oriented_scores = -p.scores if p.scale.less_is_better else p.scores
        return metric(oriented_scores, p.truth)

    return measure


def _relative(p: PredictedRatings) -> float:
    if not len(p.truth):
        return NAN
    low = float(np.min(p.truth))
    high = float(np.max(p.truth))
    return relative_l2(p.ratings, p.truth, low, high) if low < high else NAN


def _kappa(predicted: IntArray, truth: IntArray) -> float:
    return weighted_kappa(predicted.astype(np.float64), truth.astype(np.float64)).value


@dataclass(frozen=True, slots=True)
class RatedMetric:
    """Metric of predicted ratings."""

    name: str  # name on the command line and in files
    title: str
    measure: Callable[[PredictedRatings], float]  # returns the number; NaN if undefined
    quantity: Range  # range of the number
    needs: str = "ratings"  # part of the predictions that the metric needs: ``ratings``, ``levels`` or ``intervals``
    papers: str = ""  # papers that report the metric, or ""


_QUALITY = "action quality assessment (Pirsiavash 2014, Yu 2021)"
_LEVELS = "levels of skill (Ego-Exo4D 2024, Open Suturing Skills 2024)"
RATED_METRICS = table(
    RatedMetric(
        "rating_spearman", "Spearman, ratings", _oriented(rank_correlation), Range.CORRELATION, papers=_QUALITY
    ),
    RatedMetric("rating_kendall", "Kendall, ratings", _oriented(rank_agreement), Range.CORRELATION),
    RatedMetric("relative_l2", "R-ℓ2 × 100", _relative, Range.AMOUNT, papers=_QUALITY),
    RatedMetric("mae", "MAE, points", lambda p: mean_absolute_error(p.ratings, p.truth), Range.AMOUNT),
    RatedMetric("weighted_kappa", "weighted kappa", _levelled(_kappa), Range.CORRELATION),
    RatedMetric("top_1", "top-1", measure=_levelled(top_1), quantity=Range.PROPORTION, needs="levels", papers=_LEVELS),
    RatedMetric(
        "macro_f1", "macro F1", measure=_levelled(macro_f1), quantity=Range.PROPORTION, needs="levels", papers=_LEVELS
    ),
    RatedMetric(
        "expected_cost",
        "expected cost",
        measure=_levelled(expected_cost),
        quantity=Range.AMOUNT,
        needs="levels",
        papers=_LEVELS,
    ),
    RatedMetric(
        "coverage",
        "coverage",
        measure=lambda p: coverage(p.low, p.high, p.truth),
        quantity=Range.PROPORTION,
        needs="intervals",
    ),
    RatedMetric(
        "width", "width, points", measure=lambda p: mean_width(p.low, p.high), quantity=Range.AMOUNT, needs="intervals"
    ),
    RatedMetric(
        "calibration_tau",
        "tau of error and interval width",
        measure=lambda p: calibration_tau(p.ratings - p.truth, p.widths),
        quantity=Range.CORRELATION,
        needs="intervals",
    ),
    RatedMetric(
        "rejection",
        "mean of the rejection curve, points",
        measure=lambda p: _mean(rejection_curve(p.ratings - p.truth, p.widths)[1]),
        quantity=Range.AMOUNT,
        needs="intervals",
    ),
)
"""Metrics of predicted ratings, in the order of tables."""
