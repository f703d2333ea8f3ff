"""Pairwise accuracy: the proportion of pairs whose better video has the higher score.

Strict, as in Li et al.'s released code and Doughty et al. (CVPR 2018, section 5.2): a pair counts as right only if
``score(better) > score(worse)``; an exact tie is wrong. Ties are also counted separately, so a model that gives every
video the same score shows 0 % and not 50 %.
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
    """Numbers of pairs ordered rightly, wrongly and not at all."""

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
    """Count the pairs that scores order rightly, wrongly and not at all; a NaN score orders no pair rightly.

    Raises:
        DatasetError: A video has no score.
    """
    right = wrong = ties = 0
    for pair in pairs:
        try:
            better, worse = scores[pair.better], scores[pair.worse]
        except KeyError as error:
            raise DatasetError(f"The video “{error.args[0]}” is in a pair and has no score.") from error
        right += better > worse
        ties += better == worse
        wrong += not (better > worse or better == worse)
    return OrderingCounts(right, wrong, ties)


@dataclass(frozen=True, slots=True)
class MeanStd:
    """Mean and sample standard deviation over folds (or folds and seeds)."""

    mean: float  # mean of the values that are not NaN; NaN if there are none
    sd: float  # standard deviation with n - 1; NaN for fewer than two values
    n: int  # number of values


def spread(values: Iterable[float]) -> MeanStd:
    """Return mean and standard deviation; NaN values are left out."""
    finite = np.array([value for value in values if np.isfinite(value)], dtype=np.float64)
    mean = float(finite.mean()) if len(finite) else float("nan")
    return MeanStd(mean, float(finite.std(ddof=1)) if len(finite) > 1 else float("nan"), len(finite))


@dataclass(frozen=True, slots=True)
class FoldScores:
    """Scores by the model of one fold."""

    fold: Fold
    scores: Mapping[str, float]  # score by video name, for every video in the fold's test pairs

    def tested(self, both_held_out: bool) -> tuple[Pair, ...]:
        """Return the test pairs: all, or only those with both videos held out."""
        return self.fold.both_held_out if both_held_out else self.fold.test_pairs


@dataclass(frozen=True, slots=True)
class PooledEstimate:
    """Accuracy over the test pairs of all folds."""

    value: float  # accuracy, 0 to 1, or a difference of two
    low: float  # lower end of the 95 % interval; NaN if there is none: one participant, or none who changes the value
    high: float
    n_pairs: int  # number of tested pairs; a pair between two folds is tested in both. For a mean, number of videos
    n_clusters: int  # number of participants (or videos) in the interval
    clusters: str  # unit of the interval: ``participant`` or ``video``

    @property
    def all_alike(self) -> bool:
        """True if there is no interval because every participant gives the same value."""
        return self.n_clusters > 1 and math.isfinite(self.value) and not math.isfinite(self.low)


def clusters_of(dataset: Dataset) -> tuple[dict[str, str], str]:
    """Return the cluster of every video in a pair, and the unit of the clusters.

    A video without a known participant is its own cluster; if no participant is known, every video is. Videos in no
    pair have none.
    """
    participants = dataset.participants
    compared_names = videos_of(dataset.pairs)
    if not any(name in participants for name in compared_names):
        return {name: name for name in compared_names}, "video"
    return {
        name: participants.get(name, f"\0{name}") for name in compared_names
    }, "participant"  # no name begins with \0


Choose = Callable[[Pair], bool]
"""Choice of some pairs."""


def pooled_accuracy(
    results: Sequence[FoldScores],
    dataset: Dataset,
    both_held_out: bool = False,
    among: Choose | None = None,
    tie: float = 0.0,
) -> PooledEstimate:
    """Return the accuracy over all folds with an interval over participants (``core.evaluation.intervals``).

    A participant is left out with all pairs that they take part in, as training or as held-out person. The degrees of
    freedom are those of the held-out participants; one alone gives no interval.

    With ``both_held_out``, only pairs with both videos held out count; with ``among``, only those for which it is true.
    ``tie`` is the worth of a tie: 0 if it is wrong, 0.5 as a guess.
    """
    held_out = _held_out(results)
    factor = refit_factor(result.fold for result in results)
    return pooled_pair_outcomes(pair_outcomes(results, both_held_out, among, tie), held_out, dataset, factor)


def refit_factor(folds: Iterable[Fold]) -> float:
    """Return the factor of a variance for models that are trained anew on every fold; 1 for a single fold.

    It is 1 + (held-out videos / training videos), as of Nadeau & Bengio (Machine Learning 52, 2003): without it, models
    count as given, though their training people are drawn too.
    """
    different = {fold.held_out_videos: fold for fold in folds}.values()
    shares = [len(f.held_out_videos) / len(f.train_videos) for f in different if f.train_videos]
    return 1 + float(np.mean(shares)) if len(shares) > 1 else 1.0


def pooled_pair_outcomes(
    outcomes: Iterable[tuple[Pair, float]], held_out: Collection[str], dataset: Dataset, factor: float = 1.0
) -> PooledEstimate:
    """Return the mean worth of tested pairs, 0 to 1 each, with its interval over participants.

    A pair between two folds is given twice. ``factor`` is that of the variance (``refit_factor``).
    """
    return _pooled(*_tables(outcomes, dataset), held_out, dataset, factor, Range.PROPORTION)


def pooled_difference(
    first: Sequence[FoldScores], second: Sequence[FoldScores], dataset: Dataset, both_held_out: bool = False
) -> PooledEstimate:
    """Return the accuracy of the first model minus that of the second, each participant left out of both.

    The arguments are those of ``pooled_accuracy``. Models with different numbers of seeds on the same folds can be
    compared.
    """
    (right, tested), (other_right, other_tested) = (
        _tables(pair_outcomes(results, both_held_out), dataset) for results in (first, second)
    )
    if other_tested.sum():
        other_right = other_right * (tested.sum() / other_tested.sum())
    factor = refit_factor(result.fold for result in first)
    difference = _pooled(right - other_right, tested, _held_out(first), dataset, factor, Range.NUMBER)
    return (
        replace(difference, low=max(difference.low, -1.0), high=min(difference.high, 1.0))
        if math.isfinite(difference.low)
        else difference
    )


def _held_out(results: Sequence[FoldScores]) -> set[str]:
    return {name for result in results for name in result.fold.held_out_videos}


def pair_outcomes(
    results: Iterable[FoldScores], both_held_out: bool = False, among: Choose | None = None, tie: float = 0.0
) -> list[tuple[Pair, float]]:
    """Return the tested pairs with their worth: 1 if they are ordered rightly; arguments as of ``pooled_accuracy``."""
    outcomes = []
    for result in results:
        for pair in result.tested(both_held_out):
            if among is None or among(pair):
                count = count_pairs((pair,), result.scores)
                outcomes.append((pair, count.right + tie * count.ties))
    return outcomes


def _tables(outcomes: Iterable[tuple[Pair, float]], dataset: Dataset) -> tuple[FloatArray, FloatArray]:
    """Return (P, P) worths of tested pairs and (P, P) numbers of them, by cluster; upper triangles."""
    clusters, place = _places(dataset)
    right, tested = np.zeros((len(place), len(place))), np.zeros((len(place), len(place)))
    for pair, worth in outcomes:
        cell = tuple(sorted((place[clusters[pair.better]], place[clusters[pair.worse]])))
        right[cell] += worth
        tested[cell] += 1
    return right, tested


def _pooled(
    right: FloatArray, tested: FloatArray, held_out: Collection[str], dataset: Dataset, factor: float, reach: Range
) -> PooledEstimate:
    clusters, place = _places(dataset)
    is_tested = (tested + tested.T).sum(axis=1) > 0
    participants = {place[clusters[name]] for name in held_out if name in clusters}
    n = int(tested.sum())
    value = float(right.sum() / n) if n else math.nan
    variance = factor * pair_variance(right, tested)
    low, high = interval(value, variance, sum(bool(is_tested[index]) for index in participants), reach)
    return PooledEstimate(value, low, high, n, int(is_tested.sum()), clusters_of(dataset)[1])


def _places(dataset: Dataset) -> tuple[dict[str, str], dict[str, int]]:
    """Return the cluster of every video, and the index of every cluster."""
    clusters, _ = clusters_of(dataset)
    return clusters, {name: i for i, name in enumerate(sorted(set(clusters.values())))}


def pooled_mean(runs: Sequence[Mapping[str, float]], dataset: Dataset, factor: float = 1.0) -> PooledEstimate:
    """Return the mean of a quantity over videos, with its interval over participants.

    NaN and videos in no pair are left out of each run. ``factor`` is that of the variance (``refit_factor``).
    """
    clusters, place = _places(dataset)
    sums, counts = np.zeros(len(place)), np.zeros(len(place))
    for run in runs:
        for name, value in run.items():
            if name in clusters and math.isfinite(value):
                sums[place[clusters[name]]] += value
                counts[place[clusters[name]]] += 1
    n = int((counts > 0).sum())
    value = float(sums.sum() / counts.sum()) if n else math.nan
    low, high = interval(value, factor * pair_variance(np.diag(sums), np.diag(counts)), n, Range.NUMBER)
    return PooledEstimate(value, low, high, int(counts.sum()), n, clusters_of(dataset)[1])


@dataclass(frozen=True, slots=True)
class AtSeparation:
    """Accuracy of the pairs a given number of steps apart in the true order."""

    separation: int
    count: OrderingCounts


def accuracy_by_separation(
    results: Sequence[FoldScores], separations: Mapping[Pair, int], both_held_out: bool = False
) -> tuple[AtSeparation, ...]:
    """Return the accuracy by separation of the two videos (Doughty et al. 2018, section 5).

    ``separations`` are the steps between the videos of every pair (``core.dataset.pair_graph.separations``). With
    ``both_held_out``, only pairs with both videos held out count.
    """
    rows: dict[int, list[OrderingCounts]] = {}
    for result in results:
        for pair in result.tested(both_held_out):
            rows.setdefault(separations[pair], []).append(count_pairs((pair,), result.scores))
    return tuple(
        AtSeparation(
            steps, OrderingCounts(*(sum(getattr(c, kind) for c in counts) for kind in ("right", "wrong", "ties")))
        )
        for steps, counts in sorted(rows.items())
    )
