"""Pairs asked of raters; and votes as columns of numbers, for statistics of many, or of one for each rater and pair."""

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

    first: IntArray  # (p,) places in ``VoteColumns.videos``
    second: IntArray
    counts: IntArray  # (p, 3) numbers of votes, by ``VALUES``
    row: IntArray  # (m,) the pair of each vote


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class VoteColumns(ReadOnly):
    """Columns of m votes on n videos, in alphabetical order; the first video of a pair comes before the second.

    Otherwise verdicts on a pair could not be compared. Votes without a rater's name count as one rater each: the
    numbers of these are above those of the named raters, and count anew on every pair.
    """

    videos: tuple[str, ...]
    raters: tuple[str, ...]  # those with a name, in alphabetical order
    first: IntArray  # (m,) places in ``videos``
    second: IntArray
    verdict: IntArray  # (m,) of ``VALUES``
    rater: IntArray  # (m,) places in ``raters``, or above

    @classmethod
    def of(cls, votes: "Votes", names: Collection[str] = ()) -> "VoteColumns":
        """Return the columns of votes, in their order, on their videos and those in ``names``.

        A stated pair is a vote for the better video, without a rater's name. Columns are unchanged.
        """
        if isinstance(votes, VoteColumns):
            return votes
        judgements = [Judgement(v.better, v.worse, Verdict.LEFT, UNNAMED) if isinstance(v, Pair) else v for v in votes]
        videos = tuple(sorted({vote.left for vote in judgements} | {vote.right for vote in judgements} | set(names)))
        raters = tuple(sorted({vote.rater for vote in judgements} - {UNNAMED}))
        place, of_rater = ({name: i for i, name in enumerate(names)} for names in (videos, (*raters, UNNAMED)))
        left, right, verdict, rater = (
            np.fromiter(column, np.int64, len(judgements))
            for column in (
                (place[vote.left] for vote in judgements),
                (place[vote.right] for vote in judgements),
                (vote.verdict or 0 for vote in judgements),
                (of_rater[vote.rater] for vote in judgements),
            )
        )
        is_swapped = right < left
        first, second = np.where(is_swapped, right, left), np.where(is_swapped, left, right)
        unnamed = np.flatnonzero(rater == len(raters))
        rater[unnamed] += _earlier(first[unnamed] * len(videos) + second[unnamed])
        return cls(videos, raters, first, second, np.where(is_swapped, -verdict, verdict), rater)

    def __len__(self) -> int:
        return len(self.first)

    @property
    def pair(self) -> IntArray:
        """(m,) number of the pair, ascending in the order of (first, second)."""
        return self.first * len(self.videos) + self.second

    @property
    def _by_rater(self) -> IntArray:
        """(m,) number of the pair and rater."""
        return self.pair * (int(self.rater.max(initial=0)) + 1) + self.rater

    def only(self, mask: NDArray[np.bool_] | IntArray) -> Self:
        """Return the chosen votes, on the same videos."""
        columns = (column[mask] for column in (self.first, self.second, self.verdict, self.rater))
        return type(self)(self.videos, self.raters, *columns)

    def first_of_each(self) -> Self:
        """Return every rater's first vote on every pair, sorted by pair and rater."""
        return self.only(np.unique(self._by_rater, return_index=True)[1])

    def one_of_each(self) -> Self:
        """Return one vote of every rater on every pair, sorted by pair and rater.

        Several count as their common verdict, or as "no difference" if they contradict each other.
        """
        _, indices, group, n = np.unique(self._by_rater, return_index=True, return_inverse=True, return_counts=True)
        total = np.bincount(group, self.verdict, len(n)).astype(np.int64)
        columns = self.only(indices)
        common = np.where(np.abs(total) == n, np.sign(total), 0)
        return type(self)(self.videos, self.raters, columns.first, columns.second, common, columns.rater)

    def counts(self) -> "PairCounts":
        """Count the votes on each pair."""
        pairs, row = np.unique(self.pair, return_inverse=True)
        counts = np.bincount(row * len(VALUES) + self.verdict + 1, minlength=len(pairs) * len(VALUES))
        return PairCounts(*np.divmod(pairs, max(len(self.videos), 1)), counts.reshape(-1, len(VALUES)), row)

    def tasks(self, of_video: Mapping[str, str]) -> tuple[list[str], IntArray]:
        """Return the tasks of the videos, in alphabetical order, and (m,) the place of each vote's task."""
        of_each = [of_video[name] for name in self.videos]
        place = {task: i for i, task in enumerate(sorted(set(of_each)))}
        return list(place), np.array([place[task] for task in of_each], dtype=np.int64)[self.first]


Votes: TypeAlias = Sequence[Judgement | ShownPair | Pair] | VoteColumns
"""Votes in their order; pairs asked have a verdict."""


def _earlier(keys: IntArray) -> IntArray:
    """Return the number of equal keys before each key."""
    order = np.argsort(keys, kind="stable")
    _, start, n = np.unique(keys[order], return_index=True, return_counts=True)
    counts = np.empty_like(keys)
    counts[order] = np.arange(len(keys)) - np.repeat(start, n)
    return counts
