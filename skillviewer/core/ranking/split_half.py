"""Split-half reliability: correlation of the strengths from two halves of the votes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, islice
from math import comb

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.arrays import FloatArray, IntArray, ranks_of
from skillviewer.core.progress import NEVER, CancelToken
from skillviewer.core.ranking.bradley_terry import MAX_EXACT_VIDEOS, PRIOR_SD, Comparisons
from skillviewer.core.ranking.votes import VoteColumns, Votes
from skillviewer.core.text import signed

FEWEST_RATERS = 4
"""With at least so many raters, halves consist of raters; with fewer, of judgements."""
FEWEST_VIDEOS = 5
"""A rank correlation of fewer videos is meaningless."""
N_SPLITS = 50
N_SPLITS_OF_MANY = 10
"""Splits of more than ``MAX_EXACT_VIDEOS`` videos: their correlations hardly differ."""


@dataclass(frozen=True, slots=True)
class SplitHalf:
    """Rank correlation of the halves, stepped up to full length."""

    value: float  # mean over the splits of 2 r / (1 + r) (Spearman and Brown, 1910), where r is Spearman's correlation
    low: float  # 2.5 % of the splits lie below
    high: float  # 97.5 % of the splits lie below
    halves: str  # unit of the split: "raters" or "judgements"
    n_splits: int  # number of splits used
    every: bool = False  # whether all possible splits were made, and not a random sample
    n_made: int = 0  # number of splits made; in some of them the halves may share too few videos
    n_tasks: int = 1  # number of tasks within which orders were compared

    @property
    def sentence(self) -> str:
        """The reliability in words, with its caveat."""
        splits = f"all {self.n_splits} halvings" if self.every else f"{self.n_splits} random halvings"
        if self.n_splits < self.n_made:
            splits = f"{self.n_splits} of {self.n_made} halvings"
        within_tasks = f", within each of {self.n_tasks} tasks" if self.n_tasks > 1 else ""
        shared_raters = ", and halves of judgements share their raters" if self.halves == "judgements" else ""
        return (
            f"Split-half reliability {signed(self.value)} ({signed(self.low)} to {signed(self.high)} over {splits} of "
            f"the {self.halves}{within_tasks}). Pairs that were chosen for their information inflate "
            f"it{shared_raters}: trust "
            "agreement on the test pairs more."
        )


def split_half(
    votes: Votes,
    tasks: Mapping[str, str] | None = None,
    n_splits: int | None = None,
    seed: int = 0,
    token: CancelToken = NEVER,
) -> SplitHalf | None:
    """Return the split-half reliability of the order, or None if halves share too few videos.

    Orders are compared within tasks, as videos of different tasks are not comparable, and a task with clear votes would
    lend its reliability to another. The correlations of the tasks are averaged, weighted by their numbers of videos.

    ``tasks`` is None if all videos have the same. There are ``n_splits`` random splits; all possible ones if there are
    no more. None takes ``N_SPLITS``, or ``N_SPLITS_OF_MANY``.
    """
    columns = VoteColumns.of(votes)
    raters, unit = np.unique(np.minimum(columns.rater, len(columns.raters)), return_inverse=True)
    by_rater = len(raters) >= FEWEST_RATERS
    unit = unit if by_rater else np.arange(len(columns))
    videos = columns.videos
    games = Comparisons.of(columns)
    task_names, task = columns.tasks(tasks or dict.fromkeys(videos, ""))
    start = games.maximise(len(videos), 1 / PRIOR_SD**2)[0] if games.won.size else np.zeros(0)
    n_units = len(raters) if by_rater else len(columns)
    n_splits = n_splits or (N_SPLITS if len(videos) <= MAX_EXACT_VIDEOS else N_SPLITS_OF_MANY)
    every = n_units > 1 and _n_halvings(n_units) <= n_splits
    correlations = []
    for first in _every_half(n_units) if every else _random_halves(n_units, n_splits, seed):
        token.check()
        correlations.append(_correlation(games, np.isin(unit, first), task, start))
    values = np.array([value for value in correlations if np.isfinite(value)])
    if not len(values) or len(values) < len(correlations) / 2:
        return None
    low, high = np.percentile(values, [2.5, 97.5])
    halved = "raters" if by_rater else "judgements"
    return SplitHalf(
        float(values.mean()), float(low), float(high), halved, len(values), every, len(correlations), len(task_names)
    )


def _n_halvings(n: int) -> int:
    """Return the number of ways to halve n things; for odd n one half has one more."""
    return comb(n, n // 2) // (2 if n % 2 == 0 else 1)


def _every_half(n: int) -> Iterator[IntArray]:
    """Yield one half of every possible split."""
    for half in islice(combinations(range(n), n // 2), _n_halvings(n)):  # for even n the complements follow
        yield np.array(half, dtype=np.int64)


def _random_halves(n: int, n_splits: int, seed: int) -> Iterator[IntArray]:
    """Yield random halves; none for fewer than two things."""
    rng = np.random.default_rng(seed)
    for _ in range(n_splits if n > 1 else 0):
        yield rng.permutation(n)[: n // 2]


def _correlation(games: Comparisons, inside: NDArray[np.bool_], task: IntArray, start: FloatArray) -> float:
    """Return the stepped-up correlation over the videos of both halves, within tasks; NaN for too few."""
    correlations = []
    for task_number in np.unique(task[inside]):
        halves = [games.only((inside == half) & (task == task_number)).numbered_anew() for half in (True, False)]
        _, *places = np.intersect1d(halves[0][0], halves[1][0], assume_unique=True, return_indices=True)
        if len(places[0]) < FEWEST_VIDEOS:
            continue
        close = 1e-6 if len(start) <= MAX_EXACT_VIDEOS else 1e-2  # among many, ranks hardly depend on the last digits
        strengths = [half.maximise(len(v), 1 / PRIOR_SD**2, start[v], close)[0] for v, half in halves]
        ranks = [ranks_of(values[indices]) for values, indices in zip(strengths, places, strict=True)]
        if all(np.ptp(r) > 0 for r in ranks):
            correlations.append((float(np.corrcoef(ranks[0], ranks[1])[0, 1]), len(places[0])))
    if not correlations:
        return float("nan")
    r = float(np.average([value for value, _ in correlations], weights=[n for _, n in correlations]))
    return 2 * r / (1 + r) if r > 0 else r
