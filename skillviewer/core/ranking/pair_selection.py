"""Which pair a rater is asked next, on which sides, and why.

First the pairs of a random chain that connects all videos, shared by the raters; then pairs that are expected to tell
most, given all votes so far. Among them a share of pairs that were drawn by lot before anybody voted: the honest test
set. No vote changes which pairs it holds, and it is the same for all raters, so that agreement can be measured on it
too. And a share of the rater's own pairs once more, with the sides swapped. Otherwise nobody is asked a pair twice,
unless a person put it back in the queue: then it comes before all others.

Everything follows from a seed and from what was asked so far, so that a restarted program asks the same.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from skillviewer.core.dataset.pairs import Judgement, Verdict
from skillviewer.core.errors import SettingsError
from skillviewer.core.ranking.bradley_terry import strengths_from_wins
from skillviewer.core.ranking.information import information
from skillviewer.core.seeded import seeded_hashes, seeded_pair_hashes, stream

AMONG_BEST = 8
"""The pair is drawn from so many that tell most, so that raters who work apart are not asked the same."""
BLOCK = 20
"""The shares of test pairs and repeats hold in every so many pairs; where in the block they stand is chance."""

_SHARE = {Verdict.LEFT: 1.0, Verdict.NEITHER: 0.5, Verdict.RIGHT: 0.0}
BoolArray = NDArray[np.bool_]


class SelectionReason(StrEnum):
    """Why a pair is asked."""

    CHAIN = "chain"
    INFORMATIVE = "informative"
    TEST = "test"
    REPEAT = "repeat"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Asked:
    """A pair that was put to a rater.

    Attributes:
        left: Video on the left.
        right: Video on the right.
        rater: Who was asked.
        verdict: What the rater said, or None: skipped, or not answered yet.
        why: Why it was asked: a word of ``SelectionReason``, or another where somebody else chose it.
        taken_s: Time from first sight to the vote in seconds, or None.
        watched: Share of the two videos that was watched, 0 to 1, or None.
    """

    left: str
    right: str
    rater: str
    verdict: Verdict | None
    why: str = ""
    taken_s: float | None = None
    watched: float | None = None

    @property
    def judgement(self) -> Judgement | None:
        """The judgement in it, or None where there is none."""
        if self.verdict is None:
            return None
        return Judgement(self.left, self.right, self.verdict, self.rater, taken_s=self.taken_s, watched=self.watched)


@dataclass(frozen=True, slots=True)
class NextPair:
    """A pair to be asked.

    Attributes:
        left: Video to be shown on the left.
        right: Video to be shown on the right.
        why: Why.
    """

    left: str
    right: str
    why: SelectionReason


@dataclass(frozen=True, slots=True)
class Plan:
    """How pairs are chosen.

    Attributes:
        test_share: Share of all pairs that only chance chooses, and of the pairs asked that are such; 0 to 1.
        repeat_share: Share of the pairs asked that are repeats; 0 to 1.
        repeat_after: A pair comes again only when so many others were asked since (fewer where there are few pairs).
        seed: Start of all that is left to chance; the same for all raters.
    """

    test_share: float = 0.15
    repeat_share: float = 0.05
    repeat_after: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the shares."""
        if not (0 <= self.test_share <= 1 and 0 <= self.repeat_share <= 1 and self.test_share + self.repeat_share <= 1):
            raise SettingsError(
                f"{100 * self.test_share:g} % random and {100 * self.repeat_share:g} % repeated pairs cannot be: each "
                "is a share from 0 to 100 %, and together they are 100 % at most."
            )


TwoVideos = frozenset[str]
"""Names of two videos, whichever stands left."""


def choose(
    videos: Mapping[str, str], asked: Sequence[Asked], rater: str, plan: Plan, again: Collection[TwoVideos] = ()
) -> NextPair | None:
    """Return the pair that a rater is asked next.

    Args:
        videos: Task of every video that can be shown, by name; videos of two tasks are never compared.
        asked: What was asked of all raters and counts (nothing withdrawn), in that order; a pair that waits for an
            answer has no verdict. What it says of other videos is passed over.
        rater: Who.
        plan: How pairs are chosen.
        again: Pairs that were put back in the queue and that the rater was not asked since.

    Returns:
        The pair, or None when the rater was asked all there are.
    """
    return _Choice(videos, asked, rater, plan).made(again)


def upcoming(
    videos: Mapping[str, str], asked: Sequence[Asked], rater: str, plan: Plan, again: Collection[TwoVideos] = ()
) -> tuple[NextPair, ...]:
    """Return the pair that a rater is asked now, and the one after it, which can be opened meanwhile.

    The second must not depend on an answer that is not there yet, so a rater's last answer steers nothing until the
    next. After the answer (or a restart, or an undo) the second is the first.

    Args:
        videos: See ``choose``.
        asked: See ``choose``; nothing that waits for an answer.
        rater: Who.
        plan: How pairs are chosen.
        again: See ``choose``.

    Returns:
        Two pairs, or one before the last, or none at the end.
    """
    last = max((i for i, a in enumerate(asked) if a.rater == rater), default=None)
    before = [replace(a, verdict=None) if i == last else a for i, a in enumerate(asked)]
    now = choose(videos, before, rater, plan, again)
    if now is None:
        return ()
    left = set(again) - {frozenset((now.left, now.right))}
    then = choose(videos, [*asked, Asked(now.left, now.right, rater, None, now.why)], rater, plan, left)
    return (now,) if then is None else (now, then)


def n_left(
    videos: Mapping[str, str], asked: Sequence[Asked], rater: str, plan: Plan, again: Collection[TwoVideos] = ()
) -> int:
    """Return how many more pairs a rater can be asked: those not asked yet, those put back, and the repeats then due.

    Args:
        videos: See ``choose``.
        asked: See ``choose``; nothing that waits for an answer.
        rater: Who.
        plan: How pairs are chosen.
        again: See ``choose``.
    """
    return _Choice(videos, asked, rater, plan).n_left(again)


class _Choice:
    """One choice: who was asked what, as tables over the videos in alphabetical order."""

    def __init__(self, videos: Mapping[str, str], asked: Sequence[Asked], rater: str, plan: Plan) -> None:
        self._names = sorted(videos)
        self._place = {name: i for i, name in enumerate(self._names)}
        self._plan, self._rater = plan, rater
        shape = (len(self._names), len(self._names))
        tasks = np.array([videos[name] for name in self._names], dtype=object)
        self._comparable: BoolArray = np.asarray(tasks[:, None] == tasks[None, :], dtype=bool)
        np.fill_diagonal(self._comparable, False)
        self._wins = np.zeros(shape)
        self._joined, self._mine = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
        self._lean = np.zeros(len(self._names), dtype=np.int64)  # how much more often on the left than on the right
        self._hashes = seeded_pair_hashes(self._names, plan.seed)
        self._reserved = self._hashes < plan.test_share
        self._own = [a for a in asked if a.rater == rater]
        self._chance = stream(plan.seed, rater, len(self._own))
        seen = [
            (a, self._place[a.left], self._place[a.right]) for a in asked if {a.left, a.right} <= self._place.keys()
        ]
        tests = {frozenset((i, j)) for a, i, j in seen if a.why == SelectionReason.TEST}
        waiting = self._own[-1] if self._own else None
        for a, i, j in seen:
            if a.rater == rater:
                self._mine[i, j] = self._mine[j, i] = True
                self._lean[i] += 1
                self._lean[j] -= 1
            # what was asked for a reason is not left to chance any more
            self._reserved[i, j] = self._reserved[j, i] = self._reserved[i, j] and a.why in {
                SelectionReason.TEST,
                SelectionReason.REPEAT,
            }
            if a.verdict is not None:
                self._wins[i, j] += _SHARE[a.verdict]
                self._wins[j, i] += 1 - _SHARE[a.verdict]
            # the answer that a rater is about to give is taken to be one when it is asked what is connected
            if a.verdict is not None or a is waiting:
                self._joined[i, j] = self._joined[j, i] = True
        for i, j in tests:
            self._reserved[i, j] = self._reserved[j, i] = True

    def made(self, again: Collection[TwoVideos]) -> NextPair | None:
        """Return the pair, or None."""
        back = self._put_back(again)
        if back.any():
            return self._once_more(*self._first_by_lot(self._rested(back)))
        due = self._due(len(self._own))
        if self._count(SelectionReason.REPEAT) < due[SelectionReason.REPEAT]:
            repeat = self._repeat()
            if repeat is not None:
                return repeat
        fresh = self._comparable & ~self._mine
        tests, others = fresh & self._reserved, fresh & ~self._reserved
        if tests.any() and (self._count(SelectionReason.TEST) < due[SelectionReason.TEST] or not others.any()):
            return self._placed(*self._first_by_lot(tests), SelectionReason.TEST)
        if not others.any():
            return None
        joining = others & self._apart()
        if joining.any():
            links = joining & self._chain()
            links = links if links.any() else joining
            return self._placed(*self._first_by_lot(self._rested(links)), SelectionReason.CHAIN)
        return self._placed(*self._most_telling(self._rested(others)), SelectionReason.INFORMATIVE)

    def n_left(self, again: Collection[TwoVideos]) -> int:
        """Return how many more pairs the rater can be asked."""
        n = int(np.triu((self._comparable & ~self._mine) | self._put_back(again)).sum())
        asked, repeated = len(self._own), self._count(SelectionReason.REPEAT)
        most = len(self._repeatable()) if n == 0 else asked + n
        repeats, before = 0, -1
        while before < repeats < most:  # a repeat is a pair that was asked, after which another may be due
            before, repeats = repeats, max(repeats, self._due(asked + n + repeats)[SelectionReason.REPEAT] - repeated)
        return n + min(repeats, most)

    def _put_back(self, again: Collection[TwoVideos]) -> BoolArray:
        """Return which pairs were put back in the queue, of those that can be shown."""
        back = np.zeros_like(self._comparable)
        for pair in again:
            if len(pair) == 2 and pair <= self._place.keys():
                i, j = (self._place[name] for name in pair)
                back[i, j] = back[j, i] = True
        return back & self._comparable

    def _once_more(self, i: int, j: int) -> NextPair:
        """Swap the sides of a pair that the rater has seen."""
        names = {self._names[i], self._names[j]}
        seen = next((a for a in reversed(self._own) if {a.left, a.right} == names), None)
        return (
            self._placed(i, j, SelectionReason.AGAIN)
            if seen is None
            else NextPair(seen.right, seen.left, SelectionReason.AGAIN)
        )

    def _count(self, why: SelectionReason) -> int:
        return sum(a.why == why for a in self._own)

    def _due(self, n_asked: int) -> dict[SelectionReason, int]:
        """Return how many test pairs and repeats are due once one more pair than so many is asked."""
        block, inside = divmod(n_asked, BLOCK)
        shares = {SelectionReason.REPEAT: self._plan.repeat_share, SelectionReason.TEST: self._plan.test_share}
        # a share such as 0.15 of 20 must not lose one to a rounding error
        before = {why: int(share * BLOCK * block + 1e-9) for why, share in shares.items()}
        here = {why: int(share * BLOCK * (block + 1) + 1e-9) - before[why] for why, share in shares.items()}
        kinds: list[SelectionReason | None] = [why for why, n in here.items() for _ in range(n)]
        kinds = (kinds + [None] * BLOCK)[:BLOCK]
        order = stream(self._plan.seed, self._rater, -1 - block).permutation(BLOCK)[: inside + 1]
        return {why: before[why] + sum(kinds[k] is why for k in order) for why in shares}

    def _repeat(self) -> NextPair | None:
        """Return an own pair with the sides swapped, or None where all are too recent or were repeated."""
        old = self._repeatable()
        if not old:
            return None
        again = old[int(self._chance.integers(len(old)))]
        return NextPair(again.right, again.left, SelectionReason.REPEAT)

    def _repeatable(self) -> list[Asked]:
        """Return own pairs that were asked once, some time ago."""
        n_pairs = int(self._comparable.sum()) // 2
        after = min(self._plan.repeat_after, n_pairs // 3)
        times: dict[frozenset[str], int] = {}
        for a in self._own:
            key = frozenset((a.left, a.right))
            times[key] = times.get(key, 0) + 1
        return [
            a
            for a in self._own[: max(len(self._own) - after, 0)]
            if a.verdict is not None and times[frozenset((a.left, a.right))] == 1
            if a.left in self._place and a.right in self._place
        ]

    def _rested(self, pairs: BoolArray) -> BoolArray:
        """Return the pairs without the two videos that the rater saw last, if there are any."""
        rested = pairs.copy()
        for name in (self._own[-1].left, self._own[-1].right) if self._own else ():
            if name in self._place:
                rested[self._place[name]] = rested[:, self._place[name]] = False
        return rested if rested.any() else pairs

    def _apart(self) -> BoolArray:
        """Return which two videos no chain of votes connects."""
        _, part = csgraph.connected_components(sparse.csr_matrix(self._joined), directed=False)
        return np.asarray(part[:, None] != part[None, :])

    def _chain(self) -> BoolArray:
        """Return the links of the random chain through the videos of every task."""
        links = np.zeros_like(self._comparable)
        order = np.argsort(seeded_hashes(self._names, self._plan.seed))
        for k, i in enumerate(order):
            after = next((j for j in order[k + 1 :] if self._comparable[i, j]), None)
            if after is not None:
                links[i, after] = links[after, i] = True
        return links

    def _first_by_lot(self, pairs: BoolArray) -> tuple[int, int]:
        i, j = divmod(int(np.argmin(np.where(pairs, self._hashes, np.inf))), len(self._names))
        return i, j

    def _most_telling(self, pairs: BoolArray) -> tuple[int, int]:
        gain = np.where(np.triu(pairs), information(*strengths_from_wins(self._wins)), -np.inf).ravel()
        n_best = min(AMONG_BEST, int(np.isfinite(gain).sum()))
        best = np.argsort(-gain, kind="stable")[:n_best]
        i, j = divmod(int(best[self._chance.integers(n_best)]), len(self._names))
        return i, j

    def _placed(self, i: int, j: int, why: SelectionReason) -> NextPair:
        """Put the video on the left that stood there less often; by chance where they are even."""
        surplus = int(self._lean[i] - self._lean[j]) or (-1 if self._chance.random() < 0.5 else 1)
        left, right = (i, j) if surplus < 0 else (j, i)
        return NextPair(self._names[left], self._names[right], why)
