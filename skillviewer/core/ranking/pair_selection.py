"""Active selection of the next pair for a rater, with its sides and the reason.

A rater is first asked the pairs of a random chain that connects all videos, which is the same for all raters, and then
the pairs with the greatest expected information given all votes so far. A share of the pairs are test pairs, drawn at
random before any vote. They do not depend on votes and are the same for all raters, so that agreement can be measured
on them too. Another share are repeats of the rater's own pairs with swapped sides. Apart from repeats, a rater is asked
a pair once only, unless the user puts it back in the queue, in which case it comes before all others.

All choices follow from a seed and the pairs asked so far, so that a restarted program asks the same pairs.
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
from skillviewer.core.ranking.components import components_of_names
from skillviewer.core.ranking.information import information
from skillviewer.core.ranking.votes import ShownPair
from skillviewer.core.seeded import seeded_generator, seeded_hashes, seeded_pair_hashes

AMONG_BEST = 8
"""Number of most informative pairs among which one is drawn, so that independent raters get different pairs."""

BLOCK = 20
"""Number of pairs in a block, which contains the shares of test pairs and repeats at random positions."""

MAX_DRAWN_AT_ONCE = 600
"""Most videos for a table of all pairs; pairs of more videos are drawn within parts of the videos."""

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
        is_valid = min(self.test_share, self.repeat_share) >= 0 and self.test_share + self.repeat_share <= 1
        if not is_valid:
            raise SettingsError(
                f"{100 * self.test_share:g} % random and {100 * self.repeat_share:g} % repeated pairs cannot be: each "
                "is a share from 0 to 100 %, and together they are 100 % at most."
            )


TwoVideos = frozenset[str]
"""Names of two videos, without an order."""


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
    n_shown_to_rater = sum(shown_pair.rater == rater for shown_pair in shown_pairs)
    for part in _parts(videos, n_shown_to_rater, plan.seed, put_back):
        pair = _PairSelector(videos, part, shown_pairs, rater, plan).next_pair(put_back)
        if pair is not None:
            return pair
    return None


def upcoming_pairs(
    videos: Mapping[str, str],
    shown_pairs: Sequence[ShownPair],
    rater: str,
    plan: Plan,
    put_back: Collection[TwoVideos] = (),
) -> tuple[NextPair, ...]:
    """Return the current pair of a rater and the following one, which can be opened in advance.

    The following pair cannot depend on the answer to the current one, so that an answer takes effect one pair later.
    After the answer, a restart or an undo, the following pair is the current one. The arguments are those of
    ``choose``, without unanswered pairs.

    Returns:
        Two pairs, one if only one is left, or none.
    """
    last = max((index for index, shown_pair in enumerate(shown_pairs) if shown_pair.rater == rater), default=None)
    without_last_answer = list(shown_pairs)
    if last is not None:
        without_last_answer[last] = replace(shown_pairs[last], verdict=None)
    current_pair = choose(videos, without_last_answer, rater, plan, put_back)
    if current_pair is None:
        return ()
    still_put_back = set(put_back) - {frozenset((current_pair.left, current_pair.right))}
    shown_current = ShownPair(current_pair.left, current_pair.right, rater, verdict=None, reason=current_pair.reason)
    following_pair = choose(videos, [*shown_pairs, shown_current], rater, plan, still_put_back)
    return (current_pair,) if following_pair is None else (current_pair, following_pair)


def pairs_in_advance(
    videos: Mapping[str, str],
    shown_pairs: Sequence[ShownPair],
    n_by_rater: Mapping[str, int],
    plan: Plan,
    put_back: Mapping[str, Collection[TwoVideos]],
) -> dict[str, list[NextPair]]:
    """Return the next pairs of several raters, drawn before any of them is judged.

    The raters take turns. Answers that are not given yet count as no difference. Test pairs and repeats do not depend
    on answers.

    Args:
        videos: See ``choose``.
        shown_pairs: See ``choose``, without unanswered pairs.
        n_by_rater: Number of pairs of each rater; fewer are drawn if there are no more.
        plan: Settings.
        put_back: Pairs back in the queue, by rater.
    """
    pairs_by_rater: dict[str, list[NextPair]] = {rater: [] for rater in n_by_rater}
    pairs_so_far = list(shown_pairs)
    still_put_back = {rater: set(put_back.get(rater, ())) for rater in n_by_rater}
    for turn in range(max(n_by_rater.values(), default=0)):
        for rater, n_pairs in n_by_rater.items():
            has_all = turn >= n_pairs
            is_finished = len(pairs_by_rater[rater]) < turn  # there was no pair in an earlier turn
            if has_all or is_finished:
                continue
            pair = choose(videos, pairs_so_far, rater, plan, put_back=still_put_back[rater])
            if pair is not None:
                pairs_by_rater[rater].append(pair)
                still_put_back[rater].discard(frozenset((pair.left, pair.right)))
                pairs_so_far.append(
                    ShownPair(pair.left, pair.right, rater, verdict=Verdict.NEITHER, reason=pair.reason)
                )
    return pairs_by_rater


def n_pairs_left(
    videos: Mapping[str, str],
    shown_pairs: Sequence[ShownPair],
    rater: str,
    plan: Plan,
    put_back: Collection[TwoVideos] = (),
) -> int:
    """Return the number of pairs left for a rater, which includes pairs put back and the repeats that will be due.

    The arguments are those of ``choose``, without unanswered pairs.
    """
    return _PairSelector(videos, (), shown_pairs, rater, plan).n_pairs_left(put_back)


def _is_comparable(pair: TwoVideos, videos: Mapping[str, str]) -> bool:
    return len(pair) == 2 and pair <= videos.keys() and len({videos[name] for name in pair}) == 1


def _parts(videos: Mapping[str, str], n_shown: int, seed: int, put_back: Collection[TwoVideos]) -> Iterator[list[str]]:
    """Yield the videos among which to look for the next pair of a rater who was shown ``n_shown`` pairs.

    These are all videos, or parts of many videos. Every block of pairs comes from the next part. After all parts the
    videos are divided again, with the videos of a task together, so that any two videos of a task can meet. The parts
    and their order are the same for all raters, so that raters share test pairs.
    """
    if len(videos) <= MAX_DRAWN_AT_ONCE:
        yield sorted(videos)
        return
    names_put_back: list[str] = []
    for pair in sorted(map(sorted, put_back)):
        if _is_comparable(frozenset(pair), videos):
            names_put_back += pair
    if names_put_back:
        yield sorted(set(names_put_back[:MAX_DRAWN_AT_ONCE]))
    names = sorted(videos)
    tasks = [videos[name] for name in names]
    n_parts = -(-len(videos) // MAX_DRAWN_AT_ONCE)
    first_block = n_shown // BLOCK
    for block in range(first_block, first_block + 2 * n_parts):
        division, part = divmod(block, n_parts)
        division_seed = int(seeded_generator(seed, "parts", division).integers(2**32))
        hashes = seeded_hashes(names, division_seed).tolist()
        shuffled = sorted(zip(tasks, hashes, names, strict=True))
        start = part * MAX_DRAWN_AT_ONCE
        yield sorted(name for _, _, name in shuffled[start : start + MAX_DRAWN_AT_ONCE])


class _PairSelector:
    """Selection of the next pair among some of the videos, with tables of the pairs of these videos.

    Args:
        videos: Task of every video, by name.
        names: Names of the videos among which the pair is selected, sorted.
        shown_pairs: See ``choose``.
        rater: See ``choose``.
        plan: See ``choose``.
    """

    def __init__(
        self, videos: Mapping[str, str], names: Sequence[str], shown_pairs: Sequence[ShownPair], rater: str, plan: Plan
    ) -> None:
        self._videos = videos
        self._names = names
        self._index_of = {name: index for index, name in enumerate(self._names)}
        self._plan = plan
        self._rater = rater
        shape = (len(self._names), len(self._names))
        tasks = np.array([videos[name] for name in self._names], dtype=object)
        self._comparable: BoolArray = np.asarray(tasks[:, None] == tasks[None, :], dtype=bool)
        np.fill_diagonal(self._comparable, val=False)
        self._wins = np.zeros(shape)
        self._judged_by_rater = np.zeros(shape, dtype=bool)
        self._left_surplus = np.zeros(len(self._names), dtype=np.int64)  # times on the left minus times on the right
        self._hashes = seeded_pair_hashes(self._names, plan.seed)
        self._reserved = self._hashes < plan.test_share
        self._own_pairs = [shown_pair for shown_pair in shown_pairs if shown_pair.rater == rater]
        self._rng = seeded_generator(plan.seed, rater, len(self._own_pairs))
        for shown_pair in shown_pairs:
            self._add(shown_pair)
        for shown_pair in shown_pairs:
            if shown_pair.reason == SelectionReason.TEST and self._has_both(shown_pair):
                _set_pair(self._reserved, self._index_of[shown_pair.left], self._index_of[shown_pair.right], value=True)
        self._component = self._components(shown_pairs)

    def _has_both(self, shown_pair: ShownPair) -> bool:
        return shown_pair.left in self._index_of and shown_pair.right in self._index_of

    def _add(self, shown_pair: ShownPair) -> None:
        """Take a shown pair into account; pairs with other videos are ignored."""
        if not self._has_both(shown_pair):
            return
        left = self._index_of[shown_pair.left]
        right = self._index_of[shown_pair.right]
        if shown_pair.rater == self._rater:
            _set_pair(self._judged_by_rater, left, right, value=True)
            self._left_surplus[left] += 1
            self._left_surplus[right] -= 1
        if shown_pair.reason not in {SelectionReason.TEST, SelectionReason.REPEAT}:
            # a pair that was selected by its votes is no random pair
            _set_pair(self._reserved, left, right, value=False)
        if shown_pair.verdict is not None:
            self._wins[left, right] += (1 + shown_pair.verdict) / 2
            self._wins[right, left] += (1 - shown_pair.verdict) / 2

    def _components(self, shown_pairs: Sequence[ShownPair]) -> IntArray:
        """Return the connected component of every video in the graph of votes on all videos."""
        last_own_pair = self._own_pairs[-1] if self._own_pairs else None  # its answer is expected and counts as given
        all_names = list(self._videos)
        links = set()
        for shown_pair in shown_pairs:
            is_answered = shown_pair.verdict is not None or shown_pair is last_own_pair
            if is_answered and shown_pair.left in self._videos and shown_pair.right in self._videos:
                links.add((shown_pair.left, shown_pair.right))
        components = components_of_names(all_names, links)
        component_of = dict(zip(all_names, components.tolist(), strict=True))
        return np.array([component_of[name] for name in self._names])

    def next_pair(self, put_back: Collection[TwoVideos]) -> NextPair | None:
        """Return the next pair, or None if there is none left."""
        is_put_back = self._put_back_mask(put_back)
        if is_put_back.any():
            i, j = self._first_at_random(self._without_last_videos(is_put_back))
            return self._ask_again(i, j)
        due = self._n_due(len(self._own_pairs))
        if self._n_asked(SelectionReason.REPEAT) < due[SelectionReason.REPEAT]:
            repeat = self._repeat()
            if repeat is not None:
                return repeat
        is_new = self._comparable & ~self._judged_by_rater
        tests = is_new & self._reserved
        others = is_new & ~self._reserved
        is_test_due = self._n_asked(SelectionReason.TEST) < due[SelectionReason.TEST]
        asks_test = is_test_due or not others.any()
        if asks_test and tests.any():
            i, j = self._first_at_random(tests)
            return self._with_sides(i, j, SelectionReason.TEST)
        if not others.any():
            return None
        joining = others & (self._component[:, None] != self._component)
        if joining.any():
            chain_links = joining & self._chain()
            links = chain_links if chain_links.any() else joining
            i, j = self._first_at_random(self._without_last_videos(links))
            return self._with_sides(i, j, SelectionReason.CHAIN)
        i, j = self._among_most_informative(self._without_last_videos(others))
        return self._with_sides(i, j, SelectionReason.INFORMATIVE)

    def n_pairs_left(self, put_back: Collection[TwoVideos]) -> int:
        """Return the number of pairs left for the rater."""
        asked_pairs = {frozenset((shown_pair.left, shown_pair.right)) for shown_pair in self._own_pairs} - {*put_back}
        n_new = self._n_pairs() - sum(_is_comparable(pair, self._videos) for pair in asked_pairs)
        n_shown = len(self._own_pairs)
        n_repeated = self._n_asked(SelectionReason.REPEAT)
        max_repeats = len(self._repeatable()) if n_new == 0 else n_shown + n_new
        n_repeats = 0
        n_before = -1
        while n_before < n_repeats < max_repeats:  # repeats count as asked pairs, after which others may be due
            n_before = n_repeats
            n_due = self._n_due(n_shown + n_new + n_repeats)[SelectionReason.REPEAT]
            n_repeats = max(n_repeats, n_due - n_repeated)
        return n_new + min(n_repeats, max_repeats)

    def _n_pairs(self) -> int:
        n_by_task = Counter(self._videos.values())
        return sum(n * (n - 1) // 2 for n in n_by_task.values())

    def _put_back_mask(self, put_back: Collection[TwoVideos]) -> BoolArray:
        is_put_back = np.zeros_like(self._comparable)
        for pair in put_back:
            if len(pair) == 2 and pair <= self._index_of.keys():
                i, j = (self._index_of[name] for name in pair)
                _set_pair(is_put_back, i, j, value=True)
        return is_put_back & self._comparable

    def _ask_again(self, i: int, j: int) -> NextPair:
        """Return a pair that was put back, with the sides swapped if the rater was shown it before."""
        names = {self._names[i], self._names[j]}
        for shown_pair in reversed(self._own_pairs):
            if {shown_pair.left, shown_pair.right} == names:
                return NextPair(shown_pair.right, shown_pair.left, SelectionReason.AGAIN)
        return self._with_sides(i, j, SelectionReason.AGAIN)

    def _n_asked(self, reason: SelectionReason) -> int:
        return sum(shown_pair.reason == reason for shown_pair in self._own_pairs)

    def _n_due(self, n_asked: int) -> dict[SelectionReason, int]:
        """Return the numbers of repeats and of test pairs among the first ``n_asked + 1`` pairs."""
        block, index_in_block = divmod(n_asked, BLOCK)
        shares = {SelectionReason.REPEAT: self._plan.repeat_share, SelectionReason.TEST: self._plan.test_share}
        n_before = {}
        reasons_in_block: list[SelectionReason | None] = []
        for reason, share in shares.items():
            # plus a small number, so that a share such as 0.15 of 20 loses none by rounding
            n_before[reason] = int(share * BLOCK * block + 1e-9)
            n_after = int(share * BLOCK * (block + 1) + 1e-9)
            reasons_in_block += [reason] * (n_after - n_before[reason])
        reasons_in_block = (reasons_in_block + [None] * BLOCK)[:BLOCK]
        order = seeded_generator(self._plan.seed, self._rater, -1 - block).permutation(BLOCK)
        reasons_so_far = [reasons_in_block[index] for index in order[: index_in_block + 1]]
        return {reason: n_before[reason] + reasons_so_far.count(reason) for reason in shares}

    def _repeat(self) -> NextPair | None:
        """Return one of the rater's pairs with swapped sides, or None if all are too recent or were repeated."""
        repeatable = self._repeatable()
        if not repeatable:
            return None
        shown_pair = repeatable[int(self._rng.integers(len(repeatable)))]
        return NextPair(shown_pair.right, shown_pair.left, SelectionReason.REPEAT)

    def _repeatable(self) -> list[ShownPair]:
        """Return the rater's answered pairs that were asked once and are not too recent."""
        n_recent = min(self._plan.repeat_after, self._n_pairs() // 3)
        n_earlier = max(len(self._own_pairs) - n_recent, 0)
        times_asked = Counter(frozenset((shown_pair.left, shown_pair.right)) for shown_pair in self._own_pairs)
        repeatable = []
        for shown_pair in self._own_pairs[:n_earlier]:
            was_asked_once = times_asked[frozenset((shown_pair.left, shown_pair.right))] == 1
            has_videos = shown_pair.left in self._videos and shown_pair.right in self._videos
            if shown_pair.verdict is not None and was_asked_once and has_videos:
                repeatable.append(shown_pair)
        return repeatable

    def _without_last_videos(self, pairs: BoolArray) -> BoolArray:
        """Return the pairs without the two videos that the rater saw last, if any are left."""
        if not self._own_pairs:
            return pairs
        last = self._own_pairs[-1]
        other_pairs = pairs.copy()
        for name in (last.left, last.right):
            if name in self._index_of:
                index = self._index_of[name]
                other_pairs[index] = False
                other_pairs[:, index] = False
        return other_pairs if other_pairs.any() else pairs

    def _chain(self) -> BoolArray:
        """Return the links of a random chain through the videos of every task."""
        links = np.zeros_like(self._comparable)
        order = np.argsort(seeded_hashes(self._names, self._plan.seed))
        for position, i in enumerate(order):
            next_index = next((j for j in order[position + 1 :] if self._comparable[i, j]), None)
            if next_index is not None:
                _set_pair(links, i, next_index, value=True)
        return links

    def _first_at_random(self, pairs: BoolArray) -> tuple[int, int]:
        """Return the first of some pairs in a random order that is the same for all raters."""
        first = int(np.argmin(np.where(pairs, self._hashes, np.inf)))
        return divmod(first, len(self._names))

    def _among_most_informative(self, pairs: BoolArray) -> tuple[int, int]:
        values, covariance = strengths_from_wins(self._wins)
        gains = np.where(np.triu(pairs), information(values, covariance), -np.inf).ravel()
        n_possible = int(np.isfinite(gains).sum())
        n_best = min(AMONG_BEST, n_possible)
        best = np.argsort(-gains, kind="stable")[:n_best]
        return divmod(int(best[self._rng.integers(n_best)]), len(self._names))

    def _with_sides(self, i: int, j: int, reason: SelectionReason) -> NextPair:
        """Return the pair with the video on the left that was less often on the left; ties at random."""
        difference = int(self._left_surplus[i] - self._left_surplus[j])
        if difference == 0:
            difference = -1 if self._rng.random() < 0.5 else 1
        left, right = (i, j) if difference < 0 else (j, i)
        return NextPair(self._names[left], self._names[right], reason)


def _set_pair(matrix: BoolArray, i: int, j: int, *, value: bool) -> None:
    """Set both entries of a pair in a symmetric matrix."""
    matrix[i, j] = value
    matrix[j, i] = value
