"""Split-half reliability, which is the rank correlation of the strengths from two halves of the votes."""

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

MIN_RATERS = 4
"""Number of raters from which halves consist of raters; with fewer they consist of judgements."""

MIN_VIDEOS = 5
"""Fewest videos for a rank correlation."""

N_SPLITS = 50
N_SPLITS_OF_MANY = 10
"""Number of splits for more than ``MAX_EXACT_VIDEOS`` videos, whose correlations hardly differ."""


@dataclass(frozen=True, slots=True)
class SplitHalf:
    """Rank correlation of the halves, corrected to the full number of votes."""

    value: float  # mean over the splits of 2 r / (1 + r) (Spearman and Brown, 1910), where r is Spearman's correlation
    low: float  # 2.5th percentile over the splits
    high: float  # 97.5th percentile over the splits
    halves: str  # unit of the split: "raters" or "judgements"
    n_splits: int  # number of splits used
    every: bool = False  # whether all possible splits were made, instead of a random sample
    n_made: int = 0  # number of splits made; those whose halves share too few videos are not used
    n_tasks: int = 1  # number of tasks within which orders were compared

    @property
    def sentence(self) -> str:
        """The reliability as a sentence, with a warning about its bias."""
        if self.n_splits < self.n_made:
            splits_text = f"{self.n_splits} of {self.n_made} halvings"
        elif self.every:
            splits_text = f"all {self.n_splits} halvings"
        else:
            splits_text = f"{self.n_splits} random halvings"
        tasks_text = f", within each of {self.n_tasks} tasks" if self.n_tasks > 1 else ""
        raters_text = ", and halves of judgements share their raters" if self.halves == "judgements" else ""
        return (
            f"Split-half reliability {signed(self.value)} ({signed(self.low)} to {signed(self.high)} over "
            f"{splits_text} of the {self.halves}{tasks_text}). Pairs that were chosen for their information inflate "
            f"it{raters_text}: trust agreement on the test pairs more."
        )


def split_half(
    votes: Votes,
    tasks: Mapping[str, str] | None = None,
    n_splits: int | None = None,
    seed: int = 0,
    token: CancelToken = NEVER,
) -> SplitHalf | None:
    """Return the split-half reliability of the order, or None if halves share too few videos.

    Orders are compared within tasks, since videos of different tasks are not comparable. The correlations of the tasks
    are averaged, weighted by their numbers of videos.

    Args:
        votes: The votes.
        tasks: Task by name of the video, or None if all videos have the same task.
        n_splits: Number of random splits, or None for ``N_SPLITS`` or ``N_SPLITS_OF_MANY``. If there are no more
            possible splits, all of them are made.
        seed: Seed of the random splits.
        token: The token, checked before every split.
    """
    columns = VoteColumns.of(votes)
    raters, rater_of_vote = np.unique(np.minimum(columns.rater, len(columns.raters)), return_inverse=True)
    by_rater = len(raters) >= MIN_RATERS
    unit_of_vote = rater_of_vote if by_rater else np.arange(len(columns))
    n_units = len(raters) if by_rater else len(columns)
    videos = columns.videos
    comparisons = Comparisons.of(columns)
    if not tasks:
        tasks = dict.fromkeys(videos, "")
    task_names, task = columns.tasks(tasks)
    start = np.zeros(0)
    if comparisons.won.size:
        start, _ = comparisons.maximise(len(videos), 1 / PRIOR_SD**2)
    if not n_splits:
        n_splits = N_SPLITS if len(videos) <= MAX_EXACT_VIDEOS else N_SPLITS_OF_MANY
    makes_every_split = n_units > 1 and _n_halvings(n_units) <= n_splits
    halves = _every_half(n_units) if makes_every_split else _random_halves(n_units, n_splits, seed)
    correlations = []
    for half in halves:
        token.check()
        correlations.append(_correlation(comparisons, np.isin(unit_of_vote, half), task, start))
    values = np.array([value for value in correlations if np.isfinite(value)])
    if not len(values) or len(values) < len(correlations) / 2:
        return None
    low, high = np.percentile(values, [2.5, 97.5])
    halved_unit = "raters" if by_rater else "judgements"
    return SplitHalf(
        value=float(values.mean()),
        low=float(low),
        high=float(high),
        halves=halved_unit,
        n_splits=len(values),
        every=makes_every_split,
        n_made=len(correlations),
        n_tasks=len(task_names),
    )


def _n_halvings(n: int) -> int:
    """Return the number of ways to halve n units; for odd n one half has one more."""
    n_halves = comb(n, n // 2)
    return n_halves // 2 if n % 2 == 0 else n_halves


def _every_half(n: int) -> Iterator[IntArray]:
    """Yield one half of every possible split."""
    for half in islice(combinations(range(n), n // 2), _n_halvings(n)):  # for even n the complements follow
        yield np.array(half, dtype=np.int64)


def _random_halves(n: int, n_splits: int, seed: int) -> Iterator[IntArray]:
    """Yield random halves; none for fewer than two units."""
    if n < 2:
        return
    rng = np.random.default_rng(seed)
    for _ in range(n_splits):
        yield rng.permutation(n)[: n // 2]


def _correlation(
    comparisons: Comparisons, in_first_half: NDArray[np.bool_], task: IntArray, start: FloatArray
) -> float:
    """Return the corrected correlation of two halves of the comparisons, within tasks; NaN for too few videos.

    Args:
        comparisons: The comparisons.
        in_first_half: (m,) whether each comparison belongs to the first half.
        task: (m,) index of the task of each comparison.
        start: Strengths of all videos to start from.
    """
    # with many videos, ranks hardly depend on the last digits
    tolerance = 1e-6 if len(start) <= MAX_EXACT_VIDEOS else 1e-2
    correlations = []
    weights = []
    for task_index in np.unique(task[in_first_half]):
        in_task = task == task_index
        videos_1, half_1 = comparisons.select(in_first_half & in_task).renumber()
        videos_2, half_2 = comparisons.select(~in_first_half & in_task).renumber()
        _, common_1, common_2 = np.intersect1d(videos_1, videos_2, assume_unique=True, return_indices=True)
        if len(common_1) < MIN_VIDEOS:
            continue
        strengths_1, _ = half_1.maximise(len(videos_1), 1 / PRIOR_SD**2, start[videos_1], tolerance)
        strengths_2, _ = half_2.maximise(len(videos_2), 1 / PRIOR_SD**2, start[videos_2], tolerance)
        ranks_1 = ranks_of(strengths_1[common_1])
        ranks_2 = ranks_of(strengths_2[common_2])
        if np.ptp(ranks_1) > 0 and np.ptp(ranks_2) > 0:
            correlations.append(float(np.corrcoef(ranks_1, ranks_2)[0, 1]))
            weights.append(len(common_1))
    if not correlations:
        return float("nan")
    r = float(np.average(correlations, weights=weights))
    return 2 * r / (1 + r) if r > 0 else r
