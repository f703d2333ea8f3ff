"""Pairs shown to raters, and votes as columns for statistics."""

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
    # reason for the pair, a value of ``pair_selection.SelectionReason``, or another text if the program did not choose
    # the pair
    reason: str = ""
    taken_s: float | None = None  # seconds from the display of the pair to the vote, or None
    watched: float | None = None  # share of the two videos that was watched, 0 to 1, or None


class PairCounts(NamedTuple):
    """Numbers of votes on p pairs, in the order of their videos."""

    first: IntArray  # (p,) index of the first video in ``VoteColumns.videos``
    second: IntArray  # (p,) index of the second video
    counts: IntArray  # (p, 3) numbers of votes, by ``VALUES``
    pair_of_vote: IntArray  # (m,) index of the pair of each vote


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class VoteColumns(ReadOnly):
    """Columns of m votes on n videos.

    The first video of a pair comes before the second in alphabetical order, so that the verdicts on a pair are
    comparable. Votes of unnamed raters on one pair are numbered from len(raters) on, as if all came from different
    raters.
    """

    videos: tuple[str, ...]  # names, sorted
    raters: tuple[str, ...]  # names of named raters, sorted
    first: IntArray  # (m,) index of the first video in ``videos``
    second: IntArray  # (m,) index of the second video
    verdict: IntArray  # (m,) of ``VALUES``
    rater: IntArray  # (m,) index in ``raters``; len(raters) or more for unnamed raters

    @classmethod
    def of(cls, votes: "Votes", names: Collection[str] = ()) -> "VoteColumns":
        """Return the columns of votes, in their order, on their videos and those in ``names``.

        An agreed pair is a vote of an unnamed rater for the better video. A ``VoteColumns`` is returned unchanged, and
        ``names`` is ignored.

        Raises:
            ValueError: A shown pair has no verdict.
        """
        if isinstance(votes, VoteColumns):
            return votes
        judgements = [_as_judgement(vote) for vote in votes]
        videos = tuple(sorted({vote.left for vote in judgements} | {vote.right for vote in judgements} | set(names)))
        raters = tuple(sorted({vote.rater for vote in judgements} - {UNNAMED}))
        video_index = {name: index for index, name in enumerate(videos)}
        rater_index = {name: index for index, name in enumerate((*raters, UNNAMED))}
        left = np.array([video_index[vote.left] for vote in judgements], dtype=np.int64)
        right = np.array([video_index[vote.right] for vote in judgements], dtype=np.int64)
        left_verdict = np.array([_verdict(vote) for vote in judgements], dtype=np.int64)
        rater = np.array([rater_index[vote.rater] for vote in judgements], dtype=np.int64)
        is_swapped = right < left
        first = np.where(is_swapped, right, left)
        second = np.where(is_swapped, left, right)
        verdict = np.where(is_swapped, -left_verdict, left_verdict)
        unnamed = np.flatnonzero(rater == len(raters))
        pair_keys = first * len(videos) + second
        rater[unnamed] += _count_equal_before(pair_keys[unnamed])
        return cls(videos, raters, first, second, verdict, rater)

    def __len__(self) -> int:
        return len(self.first)

    @property
    def pair_keys(self) -> IntArray:
        """(m,) integer keys of the pairs, in the order of (first, second)."""
        return self.first * len(self.videos) + self.second

    @property
    def _pair_rater_keys(self) -> IntArray:
        """(m,) integer keys of pairs and raters, in the order of (first, second, rater)."""
        return self.pair_keys * (int(self.rater.max(initial=0)) + 1) + self.rater

    def select(self, mask: NDArray[np.bool_] | IntArray) -> Self:
        """Return the votes of a mask or of some indices, with the same videos and raters."""
        return type(self)(
            self.videos, self.raters, self.first[mask], self.second[mask], self.verdict[mask], self.rater[mask]
        )

    def first_by_rater_and_pair(self) -> Self:
        """Return every rater's first vote on every pair, sorted by pair and rater."""
        _, first_indices = np.unique(self._pair_rater_keys, return_index=True)
        return self.select(first_indices)

    def merged_by_rater_and_pair(self) -> Self:
        """Return one vote of every rater on every pair, sorted by pair and rater.

        Several votes of a rater on a pair count as their common verdict, or as "no difference" if they differ.
        """
        _, first_indices, group, n_votes = np.unique(
            self._pair_rater_keys, return_index=True, return_inverse=True, return_counts=True
        )
        verdict_sums = np.bincount(group, self.verdict, len(n_votes)).astype(np.int64)
        verdicts = np.where(np.abs(verdict_sums) == n_votes, np.sign(verdict_sums), 0)
        first_votes = self.select(first_indices)
        return type(self)(self.videos, self.raters, first_votes.first, first_votes.second, verdicts, first_votes.rater)

    def counts(self) -> "PairCounts":
        """Return the numbers of votes on each pair."""
        keys, pair_of_vote = np.unique(self.pair_keys, return_inverse=True)
        counts = np.bincount(pair_of_vote * len(VALUES) + self.verdict + 1, minlength=len(keys) * len(VALUES))
        first, second = np.divmod(keys, max(len(self.videos), 1))
        return PairCounts(first=first, second=second, counts=counts.reshape(-1, len(VALUES)), pair_of_vote=pair_of_vote)

    def tasks(self, task_of_video: Mapping[str, str]) -> tuple[list[str], IntArray]:
        """Return the tasks of the videos, sorted, and the index of each vote's task, (m,)."""
        video_tasks = [task_of_video[name] for name in self.videos]
        tasks = sorted(set(video_tasks))
        index_of = {task: index for index, task in enumerate(tasks)}
        video_task_indices = np.array([index_of[task] for task in video_tasks], dtype=np.int64)
        return tasks, video_task_indices[self.first]


Votes: TypeAlias = Sequence[Judgement | ShownPair | Pair] | VoteColumns
"""Votes in their order; every ``ShownPair`` must have a verdict."""


def _as_judgement(vote: Pair | Judgement | ShownPair) -> Judgement | ShownPair:
    """Return a vote unchanged, or an agreed pair as a vote of an unnamed rater for the better video."""
    if isinstance(vote, Pair):
        return Judgement(vote.better, vote.worse, Verdict.LEFT, UNNAMED)
    return vote


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
