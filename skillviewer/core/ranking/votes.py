"""Pairs shown to raters, and votes as columns: for statistics of all votes, or of one vote per rater and pair."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.arrays import IntArray, ReadOnly
from skillviewer.core.dataset.pairs import UNNAMED, Judgement, Pair, Verdict

VALUES = (-1, 0, 1)
"""Verdicts on two videos: the second is better, no difference, the first is better."""


@dataclass(frozen=True, slots=True)
class ShownPair:
    """A pair shown to a rater."""

    left: str  # video on the left
    right: str  # video on the right
    rater: str
    verdict: Verdict | None  # the rater's verdict, or None: skipped, or not answered yet
    # reason for the pair: a value of ``pair_selection.SelectionReason``, or another text if the program did not choose
    # the pair
    reason: str = ""
    taken_s: float | None = None  # time from first sight to the vote in seconds, or None
    watched: float | None = None  # proportion of the two videos that was watched, 0 to 1, or None


class PairCounts(NamedTuple):
    """Votes on p pairs, in the order of their videos."""

    first: IntArray  # (p,) indices in ``VoteColumns.videos``
    second: IntArray
    counts: IntArray  # (p, 3) numbers of votes, by ``VALUES``
    pair_of_vote: IntArray  # (m,) for each vote the index of its pair


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class VoteColumns(ReadOnly):
    """Columns of m votes on n videos, in alphabetical order; the first video of a pair comes before the second.

    This order of the two videos makes the verdicts on a pair comparable. Every vote without a rater's name gets a rater
    number of its own: len(raters), len(raters) + 1, and so on, starting again at len(raters) for each pair.
    """

    videos: tuple[str, ...]
    raters: tuple[str, ...]  # those with a name, in alphabetical order
    first: IntArray  # (m,) indices in ``videos``
    second: IntArray
    verdict: IntArray  # (m,) of ``VALUES``
    rater: IntArray  # (m,) indices in ``raters``; len(raters) or more for votes without a name

    @classmethod
    def of(cls, votes: "Votes", names: Collection[str] = ()) -> "VoteColumns":
        """Return the columns of votes, in their order, on their videos and those in ``names``.

        A stated pair is a vote for the better video, without a rater's name. A ``VoteColumns`` is returned
        as it is, and ``names`` is ignored.

        Raises:
            ValueError: A shown pair has no verdict.
        """
        if isinstance(votes, VoteColumns):
            return votes
        judgements = [Judgement(v.better, v.worse, Verdict.LEFT, UNNAMED) if isinstance(v, Pair) else v for v in votes]
        videos = tuple(sorted({vote.left for vote in judgements} | {vote.right for vote in judgements} | set(names)))
        raters = tuple(sorted({vote.rater for vote in judgements} - {UNNAMED}))
        video_index = {name: i for i, name in enumerate(videos)}
        rater_number = {name: i for i, name in enumerate((*raters, UNNAMED))}
        left = np.array([video_index[vote.left] for vote in judgements], dtype=np.int64)
        right = np.array([video_index[vote.right] for vote in judgements], dtype=np.int64)
        verdict = np.array([_verdict(vote) for vote in judgements], dtype=np.int64)
        rater = np.array([rater_number[vote.rater] for vote in judgements], dtype=np.int64)
        is_swapped = right < left
        first, second = np.where(is_swapped, right, left), np.where(is_swapped, left, right)
        unnamed = np.flatnonzero(rater == len(raters))
        pair_keys = first * len(videos) + second
        rater[unnamed] += _count_equal_before(pair_keys[unnamed])
        return cls(videos, raters, first, second, np.where(is_swapped, -verdict, verdict), rater)

    def __len__(self) -> int:
        return len(self.first)

    @property
    def pair_keys(self) -> IntArray:
        """(m,) integer key of the pair, ascending in the order of (first, second)."""
        return self.first * len(self.videos) + self.second

    @property
    def _pair_rater_keys(self) -> IntArray:
        """(m,) integer key of the pair and rater."""
        return self.pair_keys * (int(self.rater.max(initial=0)) + 1) + self.rater

    def only(self, mask: NDArray[np.bool_] | IntArray) -> Self:
        """Return the chosen votes, on the same videos."""
        columns = (column[mask] for column in (self.first, self.second, self.verdict, self.rater))
        return type(self)(self.videos, self.raters, *columns)

    def first_by_rater_and_pair(self) -> Self:
        """Return every rater's first vote on every pair, sorted by pair and rater."""
        return self.only(np.unique(self._pair_rater_keys, return_index=True)[1])

    def merged_by_rater_and_pair(self) -> Self:
        """Return one vote of every rater on every pair, sorted by pair and rater.

        Several count as their common verdict, or as "no difference" if they contradict each other.
        """
        _, indices, group, n = np.unique(
            self._pair_rater_keys, return_index=True, return_inverse=True, return_counts=True
        )
        total = np.bincount(group, self.verdict, len(n)).astype(np.int64)
        columns = self.only(indices)
        common = np.where(np.abs(total) == n, np.sign(total), 0)
        return type(self)(self.videos, self.raters, columns.first, columns.second, common, columns.rater)

    def counts(self) -> "PairCounts":
        """Count the votes on each pair."""
        keys, pair_of_vote = np.unique(self.pair_keys, return_inverse=True)
        counts = np.bincount(pair_of_vote * len(VALUES) + self.verdict + 1, minlength=len(keys) * len(VALUES))
        first, second = np.divmod(keys, max(len(self.videos), 1))
        return PairCounts(first=first, second=second, counts=counts.reshape(-1, len(VALUES)), pair_of_vote=pair_of_vote)

    def tasks(self, task_of_video: Mapping[str, str]) -> tuple[list[str], IntArray]:
        """Return the tasks of the videos, in alphabetical order, and (m,) the index of each vote's task."""
        video_tasks = [task_of_video[name] for name in self.videos]
        task_index = {task: i for i, task in enumerate(sorted(set(video_tasks)))}
        return list(task_index), np.array([task_index[task] for task in video_tasks], dtype=np.int64)[self.first]


Votes: TypeAlias = Sequence[Judgement | ShownPair | Pair] | VoteColumns
"""Votes in their order; every ``ShownPair`` must have a verdict."""


def _verdict(vote: Judgement | ShownPair) -> Verdict:
    if vote.verdict is None:
        raise ValueError(f"the pair {vote.left} and {vote.right}, shown to {vote.rater}, has no verdict")
    return vote.verdict


def _count_equal_before(keys: IntArray) -> IntArray:
    """Return the number of equal keys before each key."""
    order = np.argsort(keys, kind="stable")
    _, start, n = np.unique(keys[order], return_index=True, return_counts=True)
    counts = np.empty_like(keys)
    counts[order] = np.arange(len(keys)) - np.repeat(start, n)
    return counts
