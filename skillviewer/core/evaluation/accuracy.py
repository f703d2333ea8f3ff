"""Pairwise accuracy: the proportion of pairs whose better video has the higher score.

The accuracy is strict, as in Li et al.'s released code and Doughty et al. (CVPR 2018, section 5.2): an exact tie of
scores is wrong. A model that gives every video the same score therefore has an accuracy of 0 % and not 50 %.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.pairs import Pair, videos_of
from skillviewer.core.errors import DatasetError
from skillviewer.core.evaluation.intervals import Range, interval, pair_variance


@dataclass(frozen=True, slots=True)
class OrderingCounts:
    """Numbers of pairs ordered rightly, ordered wrongly, and tied."""

    right: int
    wrong: int
    ties: int

    @property
    def n(self) -> int:
        """Number of pairs."""
        return self.right + self.wrong + self.ties

    @property
    def accuracy(self) -> float:
        """Proportion of pairs ordered rightly, 0 to 1; NaN without pairs."""
        return self.right / self.n if self.n else float("nan")


def count_pairs(pairs: Iterable[Pair], scores: Mapping[str, float]) -> OrderingCounts:
    """Count the pairs that scores order rightly, order wrongly, and tie. A pair with a NaN score is ordered wrongly.

    Raises:
        DatasetError: A video has no score.
    """
    right = 0
    wrong = 0
    ties = 0
    for pair in pairs:
        try:
            better_score = scores[pair.better]
            worse_score = scores[pair.worse]
        except KeyError as error:
            raise DatasetError(f"The video “{error.args[0]}” is in a pair and has no score.") from error
        if better_score > worse_score:
            right += 1
        elif better_score == worse_score:
            ties += 1
        else:
            wrong += 1
    return OrderingCounts(right, wrong, ties)


@dataclass(frozen=True, slots=True)
class MeanStd:
    """Mean and sample standard deviation over folds (or folds and seeds)."""

    mean: float  # mean of the finite values; NaN if there are none
    sd: float  # standard deviation with n - 1; NaN for fewer than two finite values
    n: int  # number of finite values


def mean_std(values: Iterable[float]) -> MeanStd:
    """Return mean and standard deviation of the finite values."""
    finite = np.array([value for value in values if np.isfinite(value)], dtype=np.float64)
    mean = float(finite.mean()) if len(finite) > 0 else float("nan")
    deviation = float(finite.std(ddof=1)) if len(finite) > 1 else float("nan")
    return MeanStd(mean, deviation, len(finite))


@dataclass(frozen=True, slots=True)
class FoldScores:
    """Scores by the model of one fold."""

    fold: Fold
    scores: Mapping[str, float]  # score by video name, for every video in the fold's test pairs

    def tested_pairs(self, both_held_out: bool) -> tuple[Pair, ...]:
        """Return all test pairs, or only those with both videos held out."""
        return self.fold.both_held_out if both_held_out else self.fold.test_pairs


@dataclass(frozen=True, slots=True)
class PooledEstimate:
    """Accuracy, difference of accuracies, or mean of a quantity, over all folds."""

    value: float
    # lower end of the 95 % interval; NaN if there is no interval, with one participant or if no participant changes the
    # value
    low: float
    high: float  # upper end of the interval, or NaN
    n_pairs: int  # number of tested pairs, counting a pair between two folds twice; for a mean, number of videos
    n_clusters: int  # number of participants (or videos) in the interval
    clusters: str  # unit of the interval: ``participant`` or ``video``

    @property
    def all_alike(self) -> bool:
        """True if there is no interval because every participant gives the same value."""
        return self.n_clusters > 1 and math.isfinite(self.value) and not math.isfinite(self.low)


def clusters_of(dataset: Dataset) -> tuple[dict[str, str], str]:
    """Return the cluster of every video in a pair, and the unit of the clusters.

    Clusters are participants, and videos without a known participant. If no participant is known, they are videos.
    """
    participants = dataset.participants
    names = videos_of(dataset.pairs)
    if not any(name in participants for name in names):
        return {name: name for name in names}, "video"
    # no participant's name begins with \0
    return {name: participants.get(name, f"\0{name}") for name in names}, "participant"


PairFilter = Callable[[Pair], bool]
"""Returns True for the pairs that count."""


def pooled_accuracy(
    results: Sequence[FoldScores],
    dataset: Dataset,
    both_held_out: bool = False,
    pair_filter: PairFilter | None = None,
    tie: float = 0.0,
) -> PooledEstimate:
    """Return the accuracy over all folds with an interval over participants (``core.evaluation.intervals``).

    Each participant is left out with all pairs of their videos. The degrees of freedom are those of the held-out
    participants, so that a single one gives no interval.

    Args:
        results: Scores by the model of every fold.
        dataset: The data set.
        both_held_out: Whether only pairs with both videos held out count.
        pair_filter: Returns True for the pairs that count, or None for all.
        tie: Accuracy of a tied pair: 0 if a tie is wrong, 0.5 if it is a guess.
    """
    outcomes = pair_outcomes(results, both_held_out, pair_filter, tie)
    variance_factor = refit_factor(result.fold for result in results)
    return pooled_pair_outcomes(outcomes, _held_out(results), dataset, variance_factor)


def refit_factor(folds: Iterable[Fold]) -> float:
    """Return the factor of a variance for models that are trained separately on every fold; 1 for a single fold.

    The factor is 1 + (held-out videos / training videos) (Nadeau & Bengio, Machine Learning 52, 2003). It accounts for
    the random choice of the training people.
    """
    distinct_folds = {fold.held_out_videos: fold for fold in folds}.values()
    shares = [len(fold.held_out_videos) / len(fold.train_videos) for fold in distinct_folds if fold.train_videos]
    return 1 + float(np.mean(shares)) if len(shares) > 1 else 1.0


def pooled_pair_outcomes(
    outcomes: Iterable[tuple[Pair, float]], held_out: Collection[str], dataset: Dataset, variance_factor: float = 1.0
) -> PooledEstimate:
    """Return the mean outcome of tested pairs with its interval over participants.

    Args:
        outcomes: Tested pairs with their outcomes, 0 to 1; a pair between two folds occurs twice.
        held_out: Videos that are held out in any fold.
        dataset: The data set.
        variance_factor: Factor of the variance (``refit_factor``).
    """
    sums, counts = _cluster_tables(outcomes, dataset)
    return _pooled(sums, counts, held_out, dataset, variance_factor, quantity=Range.PROPORTION)


def pooled_difference(
    first: Sequence[FoldScores], second: Sequence[FoldScores], dataset: Dataset, both_held_out: bool = False
) -> PooledEstimate:
    """Return the accuracy of the first model minus that of the second, with an interval over participants.

    The arguments are those of ``pooled_accuracy``. The models may have different numbers of seeds on the same folds.
    """
    sums, counts = _cluster_tables(pair_outcomes(first, both_held_out), dataset)
    other_sums, other_counts = _cluster_tables(pair_outcomes(second, both_held_out), dataset)
    if other_counts.sum():
        other_sums = other_sums * (counts.sum() / other_counts.sum())
    variance_factor = refit_factor(result.fold for result in first)
    difference = _pooled(sums - other_sums, counts, _held_out(first), dataset, variance_factor, quantity=Range.NUMBER)
    if not math.isfinite(difference.low):
        return difference
    return replace(difference, low=max(difference.low, -1.0), high=min(difference.high, 1.0))


def _held_out(results: Sequence[FoldScores]) -> set[str]:
    return {name for result in results for name in result.fold.held_out_videos}


def pair_outcomes(
    results: Iterable[FoldScores], both_held_out: bool = False, pair_filter: PairFilter | None = None, tie: float = 0.0
) -> list[tuple[Pair, float]]:
    """Return the tested pairs with their outcomes: 1 if ordered rightly, ``tie`` if tied, else 0.

    The arguments are those of ``pooled_accuracy``.
    """
    outcomes = []
    for result in results:
        for pair in result.tested_pairs(both_held_out):
            if pair_filter is None or pair_filter(pair):
                counts = count_pairs((pair,), result.scores)
                outcomes.append((pair, counts.right + tie * counts.ties))
    return outcomes


def _cluster_tables(outcomes: Iterable[tuple[Pair, float]], dataset: Dataset) -> tuple[FloatArray, FloatArray]:
    """Return the sums of the outcomes and the numbers of the pairs of every two clusters, (P, P) upper triangles."""
    clusters, index_of = _cluster_indices(dataset)
    sums = np.zeros((len(index_of), len(index_of)))
    counts = np.zeros((len(index_of), len(index_of)))
    for pair, outcome in outcomes:
        cell = tuple(sorted((index_of[clusters[pair.better]], index_of[clusters[pair.worse]])))
        sums[cell] += outcome
        counts[cell] += 1
    return sums, counts


def _pooled(
    sums: FloatArray,
    counts: FloatArray,
    held_out: Collection[str],
    dataset: Dataset,
    variance_factor: float,
    quantity: Range,
) -> PooledEstimate:
    clusters, index_of = _cluster_indices(dataset)
    is_tested = (counts + counts.T).sum(axis=1) > 0
    held_out_clusters = {index_of[clusters[name]] for name in held_out if name in clusters}
    n_held_out = sum(bool(is_tested[index]) for index in held_out_clusters)
    n_pairs = int(counts.sum())
    value = float(sums.sum() / n_pairs) if n_pairs else math.nan
    variance = variance_factor * pair_variance(sums, counts)
    low, high = interval(value, variance, n_held_out, quantity)
    _, unit = clusters_of(dataset)
    return PooledEstimate(value, low, high, n_pairs, n_clusters=int(is_tested.sum()), clusters=unit)


def _cluster_indices(dataset: Dataset) -> tuple[dict[str, str], dict[str, int]]:
    """Return the cluster of every video, and the index of every cluster."""
    clusters, _ = clusters_of(dataset)
    sorted_clusters = sorted(set(clusters.values()))
    return clusters, {cluster: index for index, cluster in enumerate(sorted_clusters)}


def pooled_mean(runs: Sequence[Mapping[str, float]], dataset: Dataset, variance_factor: float = 1.0) -> PooledEstimate:
    """Return the mean of a quantity over videos, with its interval over participants.

    Args:
        runs: Values by video of every run; NaN and videos in no pair are left out.
        dataset: The data set.
        variance_factor: Factor of the variance (``refit_factor``).
    """
    clusters, index_of = _cluster_indices(dataset)
    sums = np.zeros(len(index_of))
    counts = np.zeros(len(index_of))
    for run in runs:
        for name, value in run.items():
            if name in clusters and math.isfinite(value):
                sums[index_of[clusters[name]]] += value
                counts[index_of[clusters[name]]] += 1
    n_clusters = int((counts > 0).sum())
    mean = float(sums.sum() / counts.sum()) if n_clusters else math.nan
    variance = variance_factor * pair_variance(np.diag(sums), np.diag(counts))
    low, high = interval(mean, variance, n_clusters, Range.NUMBER)
    _, unit = clusters_of(dataset)
    return PooledEstimate(mean, low, high, n_pairs=int(counts.sum()), n_clusters=n_clusters, clusters=unit)


@dataclass(frozen=True, slots=True)
class SeparationCounts:
    """Numbers of rightly and wrongly ordered pairs with one separation."""

    separation: int  # difference of depths (``core.dataset.pair_graph.separations``)
    count: OrderingCounts


def accuracy_by_separation(
    results: Sequence[FoldScores], separations: Mapping[Pair, int], both_held_out: bool = False
) -> tuple[SeparationCounts, ...]:
    """Return the accuracy by separation of the two videos (Doughty et al. 2018, section 5).

    With ``both_held_out``, only pairs with both videos held out count.
    """
    counts_by_separation: dict[int, list[OrderingCounts]] = {}
    for result in results:
        for pair in result.tested_pairs(both_held_out):
            counts_by_separation.setdefault(separations[pair], []).append(count_pairs((pair,), result.scores))
    separation_counts = []
    for separation, counts in sorted(counts_by_separation.items()):
        total_count = OrderingCounts(
            right=sum(count.right for count in counts),
            wrong=sum(count.wrong for count in counts),
            ties=sum(count.ties for count in counts),
        )
        separation_counts.append(SeparationCounts(separation, total_count))
    return tuple(separation_counts)
