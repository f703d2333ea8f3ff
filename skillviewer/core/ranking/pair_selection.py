"""Active selection of the next pair for a rater, its sides, and the reason.

First come the pairs of a random chain that connects all videos, shared by the raters; then the pairs with the greatest
expected information, given all votes so far. A share of them are test pairs, drawn at random before any vote: the
honest test set. It does not depend on votes and is the same for all raters, so that agreement can be measured on it
too. Another share are repeats of the rater's own pairs with swapped sides. Otherwise no rater is asked a pair twice,
unless the user put it back in the queue: then it comes before all others.

Everything follows from a seed and the pairs asked so far, so a restarted program asks the same pairs.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.arrays import IntArray
from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import SettingsError
from skillviewer.core.ranking.bradley_terry import strengths_from_wins
from skillviewer.core.ranking.connected import connected
from skillviewer.core.ranking.information import information
from skillviewer.core.ranking.votes import ShownPair
from skillviewer.core.seeded import seeded_hashes, seeded_pair_hashes, stream

AMONG_BEST = 8
"""The pair is drawn from so many most informative ones, so that raters working independently get different pairs."""
BLOCK = 20
"""Every block of so many pairs contains the shares of test pairs and repeats, at random positions."""
MAX_DRAWN_AT_ONCE = 600
"""Pairs of more videos are drawn within parts: a table of all pairs would need too much memory and time."""

BoolArray = NDArray[np.bool_]


class SelectionReason(StrEnum):
    """Reason for asking a pair."""

    CHAIN = "chain"
    INFORMATIVE = "informative"
    TEST = "test"
    REPEAT = "repeat"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class NextPair:
    """The next pair for a rater."""

    left: str
    right: str
    reason: SelectionReason


@dataclass(frozen=True, slots=True)
class Plan:
    """Settings of the pair selection."""

    test_share: float = 0.15  # share of test pairs among all pairs and among the pairs asked; 0 to 1
    repeat_share: float = 0.05  # share of repeats among the pairs asked; 0 to 1
    repeat_after: int = 20  # number of other pairs between a pair and its repeat (fewer if there are few pairs)
    seed: int = 0  # seed of all random choices; the same for all raters

    def __post_init__(self) -> None:
        if not (0 <= self.test_share <= 1 and 0 <= self.repeat_share <= 1 and self.test_share + self.repeat_share <= 1):
            raise SettingsError(
                f"{100 * self.test_share:g} % random and {100 * self.repeat_share:g} % repeated pairs cannot be: each "
                "is a share from 0 to 100 %, and together they are 100 % at most."
            )


TwoVideos = frozenset[str]
"""Names of two videos, in no order."""


def choose(
    videos: Mapping[str, str],
    shown_pairs: Sequence[ShownPair],
    rater: str,
    plan: Plan,
    put_back: Collection[TwoVideos] = (),
) -> NextPair | None:
    """Return the next pair for a rater, or None if the rater has been asked all pairs.

    Args:
        videos: Task of every available video, by name; videos of different tasks are never compared.
        shown_pairs: Pairs shown to all raters, in order, without withdrawn ones. A pair without an answer has no
            verdict. Pairs with other videos are ignored.
        rater: Name of the rater.
        plan: Settings.
        put_back: Pairs that were put back in the queue and not asked of the rater since.
    """
    n_own = sum(a.rater == rater for a in shown_pairs)
    pairs_of_parts = (
        _Choice(videos, part, shown_pairs, rater, plan).next_pair(put_back)
        for part in _parts(videos, n_own, plan.seed, put_back)
    )
    return next((pair for pair in pairs_of_parts if pair is not None), None)


def upcoming(
    videos: Mapping[str, str],
    shown_pairs: Sequence[ShownPair],
    rater: str,
    plan: Plan,
    put_back: Collection[TwoVideos] = (),
) -> tuple[NextPair, ...]:
    """Return the current pair of a rater and the one after it, which can be opened in advance.

    The second pair cannot depend on an answer that does not exist yet, so a rater's last answer takes effect one pair
    later. After the answer (or a restart, or an undo) the second pair is the first. The arguments are those of
    ``choose``, without unanswered pairs.

    Returns:
        Two pairs, one before the last pair, or none at the end.
    """
    last = max((i for i, a in enumerate(shown_pairs) if a.rater == rater), default=None)
    before = [replace(a, verdict=None) if i == last else a for i, a in enumerate(shown_pairs)]
    current = choose(videos, before, rater, plan, put_back)
    if current is None:
        return ()
    left = set(put_back) - {frozenset((current.left, current.right))}
    following = choose(
        videos, [*shown_pairs, ShownPair(current.left, current.right, rater, None, current.reason)], rater, plan, left
    )
    return (current,) if following is None else (current, following)


def drawn_ahead(
    videos: Mapping[str, str],
    shown_pairs: Sequence[ShownPair],
    n_by_rater: Mapping[str, int],
    plan: Plan,
    put_back: Mapping[str, Collection[TwoVideos]],
) -> dict[str, list[NextPair]]:
    """Return the next pairs of several raters, drawn before any of them is judged.

    The raters take turns. An answer that is not given yet counts as no difference, so that pairs are chosen for the
    votes that their videos lack; test pairs and repeats do not depend on answers.

    Args:
        videos: See ``choose``.
        shown_pairs: See ``choose``, without unanswered pairs.
        n_by_rater: Number of pairs of each rater; fewer are drawn where there are no more.
        plan: Settings.
        put_back: Pairs back in the queue, by rater.
    """
    pairs_by_rater: dict[str, list[NextPair]] = {rater: [] for rater in n_by_rater}
    pairs_so_far = list(shown_pairs)
    left = {rater: set(put_back.get(rater, ())) for rater in n_by_rater}
    for turn in range(max(n_by_rater.values(), default=0)):
        for rater in (rater for rater, n in n_by_rater.items() if turn < n and len(pairs_by_rater[rater]) == turn):
            pair = choose(videos, pairs_so_far, rater, plan, left[rater])
            if pair is not None:
                pairs_by_rater[rater].append(pair)
                left[rater].discard(frozenset((pair.left, pair.right)))
                pairs_so_far.append(ShownPair(pair.left, pair.right, rater, Verdict.NEITHER, pair.reason))
    return pairs_by_rater


def n_left(
    videos: Mapping[str, str],
    shown_pairs: Sequence[ShownPair],
    rater: str,
    plan: Plan,
    put_back: Collection[TwoVideos] = (),
) -> int:
    """Return the number of pairs left for a rater: new ones, those put back, and the repeats then due.

    The arguments are those of ``choose``, without unanswered pairs.
    """
    return _Choice(videos, (), shown_pairs, rater, plan).n_left(put_back)


def _comparable(pair: TwoVideos, videos: Mapping[str, str]) -> bool:
    return len(pair) == 2 and pair <= videos.keys() and len({videos[name] for name in pair}) == 1


def _parts(videos: Mapping[str, str], n_own: int, seed: int, put_back: Collection[TwoVideos]) -> Iterator[list[str]]:
    """Yield the videos to find the next pair of a rater among, who was asked ``n_own`` pairs: all, or parts of many.

    The next block of pairs comes from the next part. After all parts the videos are dealt anew, tasks together, so that
    any two of a task can meet. Raters take the same parts in the same order: they share test pairs.
    """
    if len(videos) <= MAX_DRAWN_AT_ONCE:
        yield sorted(videos)
        return
    names_put_back = [
        name for pair in sorted(map(sorted, put_back)) if _comparable(frozenset(pair), videos) for name in pair
    ]
    if names_put_back:
        yield sorted(set(names_put_back[:MAX_DRAWN_AT_ONCE]))
    names = sorted(videos)
    n_parts = -(-len(videos) // MAX_DRAWN_AT_ONCE)
    for k in range(n_own // BLOCK, n_own // BLOCK + 2 * n_parts):
        turn, place = divmod(k, n_parts)
        lots = seeded_hashes(names, int(stream(seed, "parts", turn).integers(2**32)))
        dealt = sorted(zip((videos[name] for name in names), lots.tolist(), names, strict=True))
        yield sorted(name for *_, name in dealt[place * MAX_DRAWN_AT_ONCE : (place + 1) * MAX_DRAWN_AT_ONCE])


class _Choice:
    """One selection among some of the videos, with the pairs asked as tables over these, in alphabetical order."""

    def __init__(
        self, videos: Mapping[str, str], among: Sequence[str], shown_pairs: Sequence[ShownPair], rater: str, plan: Plan
    ) -> None:
        self._videos = videos
        self._names = among
        self._place = {name: i for i, name in enumerate(self._names)}
        self._plan = plan
        self._rater = rater
        shape = (len(self._names), len(self._names))
        tasks = np.array([videos[name] for name in self._names], dtype=object)
        self._comparable: BoolArray = np.asarray(tasks[:, None] == tasks[None, :], dtype=bool)
        np.fill_diagonal(self._comparable, False)
        self._wins = np.zeros(shape)
        self._judged_by_rater = np.zeros(shape, dtype=bool)
        self._lean = np.zeros(len(self._names), dtype=np.int64)  # times on the left minus times on the right
        self._hashes = seeded_pair_hashes(self._names, plan.seed)
        self._reserved = self._hashes < plan.test_share
        self._own_pairs = [a for a in shown_pairs if a.rater == rater]
        self._chance = stream(plan.seed, rater, len(self._own_pairs))
        placed_pairs = [
            (a, self._place[a.left], self._place[a.right])
            for a in shown_pairs
            if {a.left, a.right} <= self._place.keys()
        ]
        tests = {frozenset((i, j)) for a, i, j in placed_pairs if a.reason == SelectionReason.TEST}
        for a, i, j in placed_pairs:
            if a.rater == rater:
                self._judged_by_rater[i, j] = self._judged_by_rater[j, i] = True
                self._lean[i] += 1
                self._lean[j] -= 1
            # a pair asked for a reason is no longer available at random
            self._reserved[i, j] = self._reserved[j, i] = self._reserved[i, j] and a.reason in {
                SelectionReason.TEST,
                SelectionReason.REPEAT,
            }
            if a.verdict is not None:
                self._wins[i, j] += (1 + a.verdict) / 2
                self._wins[j, i] += (1 - a.verdict) / 2
        for i, j in tests:
            self._reserved[i, j] = self._reserved[j, i] = True
        self._part = self._connected(shown_pairs)

    def _connected(self, shown_pairs: Sequence[ShownPair]) -> IntArray:
        """Return a number for every video, equal for those that a chain of votes connects, also by other videos."""
        waiting = (
            self._own_pairs[-1] if self._own_pairs else None
        )  # the answer that a rater is about to give counts as given
        names = list(self._videos)
        links = {
            (a.left, a.right)
            for a in shown_pairs
            if (a.verdict is not None or a is waiting) and {a.left, a.right} <= self._videos.keys()
        }
        part = dict(zip(names, connected(names, links).tolist(), strict=True))
        return np.array([part[name] for name in self._names])

    def next_pair(self, put_back: Collection[TwoVideos]) -> NextPair | None:
        """Return the pair, or None if there is none left."""
        is_put_back = self._put_back(put_back)
        if is_put_back.any():
            return self._once_more(*self._first_by_lot(self._rested(is_put_back)))
        due = self._due(len(self._own_pairs))
        if self._count(SelectionReason.REPEAT) < due[SelectionReason.REPEAT]:
            repeat = self._repeat()
            if repeat is not None:
                return repeat
        is_new = self._comparable & ~self._judged_by_rater
        tests = is_new & self._reserved
        others = is_new & ~self._reserved
        if tests.any() and (self._count(SelectionReason.TEST) < due[SelectionReason.TEST] or not others.any()):
            return self._placed(*self._first_by_lot(tests), SelectionReason.TEST)
        if not others.any():
            return None
        joining = others & (self._part[:, None] != self._part)
        if joining.any():
            links = joining & self._chain()
            links = links if links.any() else joining
            return self._placed(*self._first_by_lot(self._rested(links)), SelectionReason.CHAIN)
        return self._placed(*self._most_telling(self._rested(others)), SelectionReason.INFORMATIVE)

    def n_left(self, put_back: Collection[TwoVideos]) -> int:
        """Return the number of pairs left for the rater."""
        own_pairs = {frozenset((a.left, a.right)) for a in self._own_pairs} - {*put_back}
        n = self._n_pairs() - sum(_comparable(pair, self._videos) for pair in own_pairs)
        n_shown = len(self._own_pairs)
        repeated = self._count(SelectionReason.REPEAT)
        n_with_repeats = len(self._repeatable()) if n == 0 else n_shown + n
        repeats = 0
        before = -1
        while before < repeats < n_with_repeats:  # a repeat counts as a pair asked, after which another may be due
            before = repeats
            repeats = max(repeats, self._due(n_shown + n + repeats)[SelectionReason.REPEAT] - repeated)
        return n + min(repeats, n_with_repeats)

    def _n_pairs(self) -> int:
        return sum(n * (n - 1) // 2 for n in Counter(self._videos.values()).values())

    def _put_back(self, put_back: Collection[TwoVideos]) -> BoolArray:
        is_put_back = np.zeros_like(self._comparable)
        for pair in put_back:
            if len(pair) == 2 and pair <= self._place.keys():
                i, j = (self._place[name] for name in pair)
                is_put_back[i, j] = is_put_back[j, i] = True
        return is_put_back & self._comparable

    def _once_more(self, i: int, j: int) -> NextPair:
        names = {self._names[i], self._names[j]}
        earlier = next((a for a in reversed(self._own_pairs) if {a.left, a.right} == names), None)
        return (
            self._placed(i, j, SelectionReason.AGAIN)
            if earlier is None
            else NextPair(earlier.right, earlier.left, SelectionReason.AGAIN)
        )

    def _count(self, reason: SelectionReason) -> int:
        return sum(a.reason == reason for a in self._own_pairs)

    def _due(self, n_asked: int) -> dict[SelectionReason, int]:
        block, inside = divmod(n_asked, BLOCK)
        shares = {SelectionReason.REPEAT: self._plan.repeat_share, SelectionReason.TEST: self._plan.test_share}
        # a share such as 0.15 of 20 must not lose one through rounding
        before = {reason: int(share * BLOCK * block + 1e-9) for reason, share in shares.items()}
        n_in_block = {
            reason: int(share * BLOCK * (block + 1) + 1e-9) - before[reason] for reason, share in shares.items()
        }
        kinds: list[SelectionReason | None] = [reason for reason, n in n_in_block.items() for _ in range(n)]
        kinds = (kinds + [None] * BLOCK)[:BLOCK]
        order = stream(self._plan.seed, self._rater, -1 - block).permutation(BLOCK)[: inside + 1]
        return {reason: before[reason] + sum(kinds[k] is reason for k in order) for reason in shares}

    def _repeat(self) -> NextPair | None:
        """Return an own pair with swapped sides, or None if all are too recent or were repeated."""
        old = self._repeatable()
        if not old:
            return None
        repeated = old[int(self._chance.integers(len(old)))]
        return NextPair(repeated.right, repeated.left, SelectionReason.REPEAT)

    def _repeatable(self) -> list[ShownPair]:
        """Return own pairs that were asked once, some time ago."""
        after = min(self._plan.repeat_after, self._n_pairs() // 3)
        times: dict[frozenset[str], int] = {}
        for a in self._own_pairs:
            key = frozenset((a.left, a.right))
            times[key] = times.get(key, 0) + 1
        return [
            a
            for a in self._own_pairs[: max(len(self._own_pairs) - after, 0)]
            if a.verdict is not None and times[frozenset((a.left, a.right))] == 1
            if a.left in self._videos and a.right in self._videos
        ]

    def _rested(self, pairs: BoolArray) -> BoolArray:
        """Return the pairs without the two videos that the rater saw last, if there are any."""
        rested = pairs.copy()
        for name in (self._own_pairs[-1].left, self._own_pairs[-1].right) if self._own_pairs else ():
            if name in self._place:
                rested[self._place[name]] = rested[:, self._place[name]] = False
        return rested if rested.any() else pairs

    def _chain(self) -> BoolArray:
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

    def _placed(self, i: int, j: int, reason: SelectionReason) -> NextPair:
        """Return the pair with the less often left video on the left; ties at random."""
        surplus = int(self._lean[i] - self._lean[j]) or (-1 if self._chance.random() < 0.5 else 1)
        left, right = (i, j) if surplus < 0 else (j, i)
        return NextPair(self._names[left], self._names[right], reason)
