"""Pairwise accuracy: the proportion of pairs whose better video has the higher score.

Strict, as in Li et al.'s released code and Doughty et al. (CVPR 2018, section 5.2): a pair counts as right only if
``score(better) > score(worse)``; an exact tie is wrong. Ties are also counted separately, so a model that gives every
video the same score shows 0 % and not 50 %.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.arrays import FloatArray
from skillviewer.core.dataset.pairs import Dataset, Fold, Pair, videos_of
from skillviewer.core.errors import DatasetError

N_DRAWS = 50_000
"""Bootstrap samples of an interval: with few participants its ends lie far out in the tails."""

_FEW_CLUSTERS = 8
"""Up to so many participants, all distinct draws are enumerated: 6,435 for eight."""

_MOST_CELLS, _LEAST_DRAWS = 2_000_000, 2000
"""With many participants or videos fewer samples are drawn, for time and memory; their tails are short."""

_ENOUGH_DRAWS = 0.85
"""Least probability that a draw contains a pair: 0.86 with two held-out participants among any number; only 0.5 for
two participants without pairs of their own."""

_ROUNDING = 1e-9
"""Relative rounding error of sums of probabilities."""


@dataclass(frozen=True, slots=True)
class Count:
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


def count_pairs(pairs: Iterable[Pair], scores: Mapping[str, float]) -> Count:
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
    return Count(right, wrong, ties)


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and sample standard deviation over folds (or folds and seeds).

    Attributes:
        mean: Mean of the values that are not NaN; NaN if there are none.
        sd: Standard deviation with n - 1; NaN for fewer than two values.
        n: Number of values.
    """

    mean: float
    sd: float
    n: int


def spread(values: Iterable[float]) -> Spread:
    """Return mean and standard deviation; NaN values are left out."""
    finite = np.array([value for value in values if np.isfinite(value)], dtype=np.float64)
    mean = float(finite.mean()) if len(finite) else float("nan")
    return Spread(mean, float(finite.std(ddof=1)) if len(finite) > 1 else float("nan"), len(finite))


@dataclass(frozen=True, slots=True)
class FoldScores:
    """Scores by the model of one fold.

    Attributes:
        fold: The fold.
        scores: Score by video name, for every video in the fold's test pairs.
    """

    fold: Fold
    scores: Mapping[str, float]

    def tested(self, honest: bool) -> tuple[Pair, ...]:
        """Return the test pairs: all, or only those with both videos held out."""
        return self.fold.honest_pairs if honest else self.fold.test_pairs


@dataclass(frozen=True, slots=True)
class Pooled:
    """Accuracy over the test pairs of all folds.

    Attributes:
        value: Accuracy, 0 to 1, or a difference of two.
        low: Lower end of the 95 % interval; NaN if there is none.
        high: Upper end.
        n_pairs: Number of tested pairs; a pair between two folds is tested in both. For a mean, number of videos.
        n_clusters: Number of participants (or videos) in the bootstrap.
        clusters: Unit of the bootstrap: ``participant`` or ``video``.
    """

    value: float
    low: float
    high: float
    n_pairs: int
    n_clusters: int
    clusters: str

    @property
    def draws_alike(self) -> bool:
        """True if there is no interval because all draws give the same value (see ``shown``)."""
        return self.n_clusters > 1 and math.isfinite(self.value) and not math.isfinite(self.low)


def shown(pooled: Pooled) -> Pooled:
    """Return an accuracy or a difference, without its interval if that has no width.

    If all draws give the same value (all pairs right, say), the bootstrap cannot give an interval.
    """
    if pooled.low == pooled.high:
        return replace(pooled, low=float("nan"), high=float("nan"))
    return pooled


def clusters_of(dataset: Dataset) -> tuple[dict[str, str], str]:
    """Return the bootstrap cluster of every video in a pair, and the unit of the clusters.

    A video without a known participant is its own cluster; if no participant is known, videos are drawn. Videos in no
    pair are not drawn.
    """
    people = dataset.participants
    named = videos_of(dataset.pairs)
    if not any(name in people for name in named):
        return {name: name for name in named}, "video"
    return {name: people.get(name, f"\0{name}") for name in named}, "participant"  # no name begins with \0


def pooled_accuracy(
    results: Sequence[FoldScores], dataset: Dataset, honest: bool = False, n_draws: int | None = None, seed: int = 0
) -> Pooled:
    """Return the accuracy over all folds with an interval that respects the clustering by participant.

    Percentile bootstrap over participants, drawn with replacement. A pair between two participants counts as often as
    the product of their draws, a pair within one as often as that one is drawn (the pigeonhole bootstrap, Owen 2007).
    Percentiles are expanded for the number n of held-out participants (Hesterberg 2015: those of sqrt(n / (n - 1))
    times Student's t with n - 1 degrees of freedom); without this the interval is too narrow for small n. One held-out
    participant gives no interval.

    For up to eight participants all possible draws are enumerated with their probabilities, so the seed has no effect.
    For more, samples are drawn.

    Args:
        results: Scores of every fold (of every seed).
        dataset: Gives the participant of every video.
        honest: Whether to count only pairs with both videos held out.
        n_draws: Bootstrap samples for more than eight participants; None for 50,000, or fewer for more than 40.
        seed: Seed of the draws.
    """
    right, tested = _tables(results, dataset, honest)
    draws, chances = _draws(len(tested), n_draws, seed)
    return _pooled(_share(right, tested, None), _share(right, tested, draws), chances, tested, results, dataset)


def pooled_difference(
    first: Sequence[FoldScores],
    second: Sequence[FoldScores],
    dataset: Dataset,
    honest: bool = False,
    n_draws: int | None = None,
    seed: int = 0,
) -> Pooled:
    """Return the accuracy of the first model minus that of the second, on the same draws of participants.

    The arguments are those of ``pooled_accuracy``.
    """
    tables = [_tables(results, dataset, honest) for results in (first, second)]
    draws, chances = _draws(len(tables[0][1]), n_draws, seed)
    value, drawn = (_share(*tables[0], at) - _share(*tables[1], at) for at in (None, draws))
    return _pooled(value, drawn, chances, tables[0][1], first, dataset)


def _tables(results: Sequence[FoldScores], dataset: Dataset, honest: bool) -> tuple[FloatArray, FloatArray]:
    """Return (P, P) rightly ordered pairs and (P, P) tested pairs, by cluster; upper triangles."""
    clusters, place = _places(dataset)
    right, tested = np.zeros((len(place), len(place))), np.zeros((len(place), len(place)))
    for result in results:
        for pair in result.tested(honest):
            at = tuple(sorted((place[clusters[pair.better]], place[clusters[pair.worse]])))
            right[at] += count_pairs((pair,), result.scores).right
            tested[at] += 1
    return right, tested


def _draws(n_clusters: int, n_draws: int | None, seed: int) -> tuple[FloatArray, FloatArray]:
    """Return (D, P) float64, number of times each cluster is drawn, and (D,) the probability of every draw."""
    if n_clusters <= _FEW_CLUSTERS:
        return _every_draw(n_clusters)
    if n_draws is None:
        n_draws = min(N_DRAWS, max(_LEAST_DRAWS, _MOST_CELLS // n_clusters))
    drawn = np.random.default_rng(seed).integers(n_clusters, size=(n_draws, n_clusters))
    return _times(drawn), np.full(n_draws, 1 / n_draws)


def _every_draw(n_clusters: int) -> tuple[FloatArray, FloatArray]:
    """Return all distinct draws and the probability of each: multinomial."""
    different = list(combinations_with_replacement(range(n_clusters), n_clusters))
    draws = _times(np.array(different, dtype=np.int64).reshape(len(different), n_clusters))
    ways = np.array([math.factorial(n) for n in range(n_clusters + 1)], dtype=np.float64)
    return draws, ways[-1] / ways[draws.astype(np.int64)].prod(axis=1) / float(n_clusters) ** n_clusters


def _times(drawn: NDArray[np.int64]) -> FloatArray:
    """Return (D, P) float64: the number of occurrences of each cluster in (D, P) draws."""
    n_draws, n_clusters = drawn.shape
    places = drawn + n_clusters * np.arange(n_draws)[:, None]
    counts = np.bincount(places.ravel(), minlength=n_draws * n_clusters)
    return counts.reshape(n_draws, n_clusters).astype(np.float64)


def _share(right: FloatArray, tested: FloatArray, draws: FloatArray | None) -> FloatArray:
    """Return accuracies, one per draw; NaN if a draw contains no pair."""
    times = np.ones((1, len(tested))) if draws is None else draws
    between = times @ np.hstack([np.triu(right, 1), np.triu(tested, 1)])
    within = times @ np.stack([np.diag(right), np.diag(tested)], axis=1)
    n_right, n = (
        np.einsum("dp,dp->d", part, times) + within[:, i] for i, part in enumerate(np.split(between, 2, axis=1))
    )
    shares = np.full(len(n), np.nan)
    np.divide(n_right, n, out=shares, where=n > 0)
    return shares


def _pooled(
    value: FloatArray,
    drawn: FloatArray,
    chances: FloatArray,
    tested: FloatArray,
    results: Sequence[FoldScores],
    dataset: Dataset,
) -> Pooled:
    clusters, place = _places(dataset)
    there = (tested + tested.T).sum(axis=1) > 0
    held_out = {place[clusters[name]] for result in results for name in result.fold.held_out_videos if name in clusters}
    n_held_out = sum(bool(there[at]) for at in held_out)
    finite = np.isfinite(drawn)
    known = n_held_out > 1 and chances[finite].sum() >= _ENOUGH_DRAWS
    low, high = _ends(drawn[finite], chances[finite], _tail(n_held_out)) if known else (math.nan, math.nan)
    n_pairs, n_clusters = int(tested.sum()), int(there.sum())
    return Pooled(float(value[0]), low, high, n_pairs, n_clusters, clusters_of(dataset)[1])


def _ends(values: FloatArray, chances: FloatArray, tail: float) -> tuple[float, float]:
    """Return the values at which the lower and the upper tail, ends included, reach at least that probability."""
    order = np.argsort(values, kind="stable")
    share = chances[order] / chances.sum()
    low, high = (int(np.searchsorted(np.cumsum(side), tail * (1 - _ROUNDING))) for side in (share, share[::-1]))
    return float(values[order[low]]), float(values[order[len(order) - 1 - high]])


def _places(dataset: Dataset) -> tuple[dict[str, str], dict[str, int]]:
    """Return the cluster of every video, and the index of every cluster."""
    clusters, _ = clusters_of(dataset)
    return clusters, {name: i for i, name in enumerate(sorted(set(clusters.values())))}


def _tail(n: int) -> float:
    """Return the proportion of a bootstrap over n clusters beyond each end of a 95 % interval (Hesterberg 2015)."""
    from scipy.special import ndtr, stdtrit  # here: importing it takes as long as opening the window

    return float(ndtr(np.sqrt(n / (n - 1)) * stdtrit(n - 1, 0.025)))


def pooled_mean(runs: Sequence[Mapping[str, float]], dataset: Dataset) -> Pooled:
    """Return the mean of a quantity over videos, with an interval from a bootstrap over participants.

    Args:
        runs: For every run, the quantity by name of video; NaN and videos in no pair are left out.
        dataset: Gives the participant of every video.
    """
    clusters, place = _places(dataset)
    sums, counts = np.zeros(len(place)), np.zeros(len(place))
    for run in runs:
        for name, value in run.items():
            if name in clusters and math.isfinite(value):
                sums[place[clusters[name]]] += value
                counts[place[clusters[name]]] += 1
    sums, counts = sums[counts > 0], counts[counts > 0]
    n = len(counts)
    value = float(sums.sum() / counts.sum()) if n else math.nan
    low, high = math.nan, math.nan
    if n > 1:
        draws, chances = _draws(n, None, 0)
        low, high = _ends((draws @ sums) / (draws @ counts), chances, _tail(n))
    return Pooled(value, low, high, int(counts.sum()), n, clusters_of(dataset)[1])


@dataclass(frozen=True, slots=True)
class AtSeparation:
    """Accuracy of the pairs a given number of steps apart in the true order."""

    separation: int
    count: Count


def accuracy_by_separation(
    results: Sequence[FoldScores], separations: Mapping[Pair, int], honest: bool = False
) -> tuple[AtSeparation, ...]:
    """Return the accuracy by separation of the two videos (Doughty et al. 2018, section 5).

    Args:
        results: Scores of every fold.
        separations: Steps between the videos of every pair (``core.dataset.pair_graph.separations``).
        honest: Whether to count only pairs with both videos held out.
    """
    rows: dict[int, list[Count]] = {}
    for result in results:
        for pair in result.tested(honest):
            rows.setdefault(separations[pair], []).append(count_pairs((pair,), result.scores))
    return tuple(
        AtSeparation(steps, Count(*(sum(getattr(c, kind) for c in counts) for kind in ("right", "wrong", "ties"))))
        for steps, counts in sorted(rows.items())
    )
