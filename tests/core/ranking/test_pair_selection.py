"""Which pair is asked next: what the plan promises, whatever the raters say."""

from collections import Counter
from dataclasses import replace
from itertools import combinations, pairwise

import networkx as nx
import numpy as np
import pytest

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import SettingsError
from skillviewer.core.ranking import pair_selection
from skillviewer.core.ranking.bradley_terry import bradley_terry
from skillviewer.core.ranking.information import information
from skillviewer.core.ranking.pair_selection import (
    AMONG_BEST,
    NextPair,
    Plan,
    SelectionReason,
    choose,
    n_pairs_left,
    upcoming_pairs,
)
from skillviewer.core.ranking.votes import ShownPair
from tests.core.answers import by_name, sitting

ALONE = Plan(test_share=0, repeat_share=0)


def named(n: int, task: str = "") -> dict[str, str]:
    return {f"{task}{i:02}": task for i in range(n)}


def pair_of(asked: ShownPair | NextPair) -> frozenset[str]:
    return frozenset((asked.left, asked.right))


def connected(videos: dict[str, str], asked: tuple[ShownPair, ...]) -> bool:
    graph = nx.Graph()
    graph.add_nodes_from(videos)
    graph.add_edges_from((a.left, a.right) for a in asked)
    return bool(nx.is_connected(graph))


def test_a_chain_connects_all_videos_first_with_no_pair_too_many() -> None:
    videos = named(12)
    asked = sitting(videos, 20, plan=ALONE)
    assert [a.reason for a in asked] == [SelectionReason.CHAIN] * 11 + [SelectionReason.INFORMATIVE] * 9
    assert connected(videos, asked[:11])
    assert max(Counter(name for a in asked[:11] for name in pair_of(a)).values()) <= 2  # a chain, not a star
    other = sitting(videos, 11, plan=replace(ALONE, seed=1))
    assert {pair_of(a) for a in other} != {pair_of(a) for a in asked[:11]}


def test_raters_share_the_chain() -> None:
    videos = named(12)
    asked: tuple[ShownPair, ...] = ()
    for turn in range(20):
        asked = sitting(videos, 1, "Ann" if turn % 2 else "Bob", ALONE, before=asked)
    chain = [a for a in asked if a.reason == SelectionReason.CHAIN]
    assert len(chain) == 11
    assert {a.rater for a in chain} == {"Ann", "Bob"}
    assert connected(videos, tuple(chain))


def test_videos_that_come_later_are_connected() -> None:
    asked = sitting(named(6), 8, plan=ALONE)
    more = sitting(named(8), 2, plan=ALONE, before=asked)[8:]
    assert [a.reason for a in more] == [SelectionReason.CHAIN, SelectionReason.CHAIN]
    assert connected(named(8), (*asked, *more))


def test_a_skipped_link_of_the_chain_is_replaced() -> None:
    videos = named(6)

    def skip_first(pair: NextPair) -> Verdict | None:
        return None if pair_of(pair) == skipped else by_name(pair)

    skipped = pair_of(sitting(videos, 1, plan=ALONE)[0])
    asked = sitting(videos, 9, plan=ALONE, answer=skip_first)
    assert connected(videos, tuple(a for a in asked[:7] if a.verdict is not None))
    assert [pair_of(a) for a in asked].count(skipped) == 1


def test_nobody_is_asked_a_pair_twice_and_everybody_all() -> None:
    videos = named(6)
    for rater in ("Ann", "Bob"):
        asked = sitting(videos, 99, rater, Plan(0.3, 0), before=sitting(videos, 99, "Bob", Plan(0.3, 0))[:7])
        own = [pair_of(a) for a in asked if a.rater == rater]
        assert len(own) == len(set(own)) == 15
        assert choose(videos, asked, rater, Plan(0.3, 0)) is None


def test_two_tasks_are_never_compared() -> None:
    videos = named(5, "cut") | named(4, "sew")
    asked = sitting(videos, 99, plan=Plan(0.2, 0))
    assert {pair_of(a) for a in asked} == {
        frozenset(p) for group in (named(5, "cut"), named(4, "sew")) for p in combinations(group, 2)
    }
    assert sum(a.reason == SelectionReason.CHAIN for a in asked) <= 4 + 3


@pytest.mark.parametrize("videos", [{}, {"a": ""}, {"a": "x", "b": "y"}])
def test_without_two_videos_of_a_task_there_is_no_pair(videos: dict[str, str]) -> None:
    assert choose(videos, [], "Ann", Plan()) is None
    assert upcoming_pairs(videos, [], "Ann", Plan()) == ()


def test_shares_are_kept_in_every_stretch() -> None:
    asked = sitting(named(40), 200, plan=Plan(0.15, 0.05))
    count = Counter(a.reason for a in asked)
    assert count[SelectionReason.TEST] == 30
    assert count[SelectionReason.REPEAT] == 10
    late = [Counter(a.reason for a in asked[k : k + 20])[SelectionReason.TEST] for k in range(0, 200, 20)]
    assert late == [3] * 10
    places = [k % 20 for k, a in enumerate(asked) if a.reason == SelectionReason.TEST]
    assert len(set(places)) > 10  # nobody can tell which pair is a test pair by counting


def test_repeats_come_late_once_and_with_sides_swapped() -> None:
    asked = sitting(named(40), 200, plan=Plan(0.1, 0.2))
    first: dict[frozenset[str], int] = {}
    repeats = 0
    for k, a in enumerate(asked):
        if a.reason == SelectionReason.REPEAT:
            before = asked[first[pair_of(a)]]
            assert (before.left, before.right) == (a.right, a.left)
            assert k - first[pair_of(a)] > 20
            repeats += 1
        else:
            assert pair_of(a) not in first
            first[pair_of(a)] = k
    assert repeats == 40
    assert max(Counter(pair_of(a) for a in asked).values()) == 2


def test_a_skipped_pair_is_not_repeated() -> None:
    asked = sitting(named(12), 60, plan=Plan(0, 0.4), answer=lambda pair: None if pair.left < "06" else by_name(pair))
    said = {pair_of(a) for a in asked if a.verdict is not None and a.reason != SelectionReason.REPEAT}
    assert all(pair_of(a) in said for a in asked if a.reason == SelectionReason.REPEAT)
    assert any(a.reason == SelectionReason.REPEAT for a in asked)


def test_test_pairs_are_the_same_for_all_raters_and_asked_for_no_other_reason() -> None:
    videos = named(30)
    asked = sitting(videos, 100, "Ann")
    asked = sitting(videos, 100, "Bob", before=asked, answer=lambda _: Verdict.LEFT)
    tests = {
        rater: [pair_of(a) for a in asked if a.reason == SelectionReason.TEST and a.rater == rater]
        for rater in ("Ann", "Bob")
    }
    assert tests["Ann"] == tests["Bob"]
    assert len(tests["Ann"]) == 15
    assert not set(tests["Ann"]) & {
        pair_of(a) for a in asked if a.reason in {SelectionReason.CHAIN, SelectionReason.INFORMATIVE}
    }


def test_test_pairs_do_not_depend_on_answers_or_on_other_videos() -> None:
    def tests(videos: dict[str, str], left: bool) -> set[frozenset[str]]:
        verdict = Verdict.LEFT if left else Verdict.RIGHT
        asked = sitting(videos, 600, plan=Plan(0.2, 0), answer=lambda _: verdict)
        return {pair_of(a) for a in asked if a.reason == SelectionReason.TEST}

    few = tests(named(10), True)
    assert few == tests(named(10), False)
    more = tests(named(14), True)
    assert {p for p in more if p <= named(10).keys()} == few
    assert 0.05 < len(more) / 91 < 0.4


def test_all_votes_steer_what_is_asked_next() -> None:
    videos = named(15)
    asked = sitting(videos, 60, plan=Plan(0.3, 0))
    turn = {Verdict.LEFT: Verdict.RIGHT, Verdict.RIGHT: Verdict.LEFT}

    def after(flipped: SelectionReason | None) -> list[NextPair | None]:
        other = [replace(a, verdict=turn[a.verdict]) if a.reason == flipped and a.verdict else a for a in asked]
        return [choose(videos, other, rater, Plan(0.3, 0)) for rater in ("Ann", "Bob", "Cem", "Dea")]

    for why in (SelectionReason.TEST, SelectionReason.CHAIN, SelectionReason.INFORMATIVE):
        assert after(why) != after(None)


def test_the_pair_is_among_those_that_tell_most() -> None:
    videos = named(10)
    asked = sitting(videos, 20, plan=ALONE)
    seen = set()
    for rater in "abcdefghijkl":
        pair = choose(videos, asked, rater, ALONE)
        assert pair is not None
        strengths = bradley_terry([a for a in asked if a.verdict is not None], names=videos)
        assert isinstance(strengths.covariance, np.ndarray)
        bits = information(strengths.values, strengths.covariance)
        place = {name: i for i, name in enumerate(strengths.names)}
        best = sorted((bits[i, j] for i, j in combinations(range(10), 2)), reverse=True)[AMONG_BEST - 1]
        assert bits[place[pair.left], place[pair.right]] >= best - 1e-12
        seen.add(pair_of(pair))
    assert len(seen) > 3  # raters who work apart are asked different pairs


def test_no_video_twice_in_a_row_while_there_are_others() -> None:
    asked = sitting(named(12), 60, plan=ALONE)
    assert not any(pair_of(a) & pair_of(b) for a, b in pairwise(asked[:50]))


def test_sides_are_balanced_for_every_video_and_rater_and_not_told_by_the_name() -> None:
    videos = named(20)
    asked = sitting(videos, 80, "Ann", before=sitting(videos, 80, "Bob"))
    for rater in ("Ann", "Bob"):
        lean = Counter[str]()
        own = [a for a in asked if a.rater == rater]
        for a in own:
            lean[a.left] += 1
            lean[a.right] -= 1
        assert max(map(abs, lean.values())) <= 3
        assert 0.3 < np.mean([a.left < a.right for a in own]) < 0.7


def test_what_is_asked_follows_from_the_seed_and_the_past() -> None:
    videos = named(15)
    asked = sitting(videos, 50)
    assert asked == sitting(videos, 50)
    assert asked == sitting(dict(reversed(videos.items())), 30, before=asked[:20])
    assert asked != sitting(videos, 50, plan=Plan(seed=1))


def test_the_next_pair_is_known_before_the_answer_and_comes_back_when_it_is_undone() -> None:
    videos = named(12)
    asked: list[ShownPair] = []
    now, then = upcoming_pairs(videos, asked, "Ann", Plan())
    for k in range(50):
        vote = ShownPair(now.left, now.right, "Ann", (by_name(now), None, Verdict.NEITHER)[k % 3], now.reason)
        found = upcoming_pairs(videos, [*asked, vote], "Ann", Plan())
        assert found[0] == then
        assert upcoming_pairs(videos, asked, "Ann", Plan())[0] == now
        asked.append(vote)
        now, then = found
    assert {a.reason for a in asked} == set(SelectionReason) - {SelectionReason.AGAIN}


def test_the_last_pair_has_none_after_it() -> None:
    videos = named(3)
    assert [len(upcoming_pairs(videos, sitting(videos, n, plan=ALONE), "Ann", ALONE)) for n in range(4)] == [2, 2, 1, 0]


def test_a_pair_that_was_put_back_comes_first_with_its_sides_swapped() -> None:
    videos = named(12)
    asked = sitting(videos, 30)
    before = asked[-3]
    pair = choose(videos, asked, "Ann", Plan(), [pair_of(before)])
    assert pair == NextPair(before.right, before.left, SelectionReason.AGAIN)
    other = choose(videos, asked, "Bob", Plan(), [pair_of(before)])
    assert other is not None
    assert (pair_of(other), other.reason) == (
        pair_of(before),
        SelectionReason.AGAIN,
    )  # who never saw it helps to settle it
    gone = frozenset(("a video that is lost", before.left))
    assert choose(videos, asked, "Ann", Plan(), [gone]) == choose(videos, asked, "Ann", Plan())
    two_tasks = {name: name for name in videos}
    assert choose(two_tasks, asked, "Ann", Plan(), [pair_of(before)]) is None


def test_pairs_that_were_put_back_come_one_after_the_other_and_then_what_would_have_come() -> None:
    videos = named(12)
    asked = list(sitting(videos, 30))
    back = {pair_of(asked[3]), pair_of(asked[8])}
    now, then = upcoming_pairs(videos, asked, "Ann", Plan(), back)
    assert {pair_of(now), pair_of(then)} == back
    assert {now.reason, then.reason} == {SelectionReason.AGAIN}
    for pair in (now, then):
        asked.append(ShownPair(pair.left, pair.right, "Ann", by_name(pair), pair.reason))
    after = upcoming_pairs(videos, asked, "Ann", Plan())
    assert all(pair_of(pair) not in back for pair in after)


def test_a_pair_that_was_put_back_stays_what_it_was_to_the_test_set() -> None:
    videos = named(30)
    asked = sitting(videos, 60)
    tests = {pair_of(a) for a in asked if a.reason == SelectionReason.TEST}
    again = [
        ShownPair(a.right, a.left, "Ann", by_name(NextPair(a.right, a.left, SelectionReason.AGAIN)), "again")
        for a in asked
    ]
    more = sitting(videos, 60, "Bob", before=(*asked, *again))
    own = [a for a in more if a.rater == "Bob"]
    assert {pair_of(a) for a in own if a.reason == SelectionReason.TEST} == tests
    assert not tests & {pair_of(a) for a in own if a.reason in {SelectionReason.CHAIN, SelectionReason.INFORMATIVE}}


def test_votes_on_videos_that_cannot_be_shown_are_passed_over() -> None:
    asked = sitting(named(8), 20)
    pair = choose(named(6), asked, "Ann", Plan())
    assert pair is not None
    assert pair_of(pair) <= named(6).keys()


@pytest.mark.parametrize(("test", "repeat"), [(-0.1, 0), (0, 1.1), (0.7, 0.4)])
def test_shares_that_cannot_be_are_told(test: float, repeat: float) -> None:
    with pytest.raises(SettingsError, match="100 % at most"):
        Plan(test, repeat)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.2])
@pytest.mark.parametrize("n", [2, 4, 7])
def test_how_many_pairs_are_left_is_known_from_the_first_on(n: int, share: float) -> None:
    videos = {f"v{i}": "" for i in range(n)}
    plan = Plan(repeat_share=share)
    asked: list[ShownPair] = []
    counted: list[int] = []
    again = {frozenset(("v0", "v1"))}
    while (pair := choose(videos, asked, "Ann", plan, again)) is not None:
        counted.append(n_pairs_left(videos, asked, "Ann", plan, again))
        asked.append(ShownPair(pair.left, pair.right, "Ann", Verdict.LEFT, str(pair.reason)))
        again -= {frozenset((pair.left, pair.right))}
    assert counted == list(range(len(asked), 0, -1))
    assert n_pairs_left(videos, asked, "Ann", plan) == 0


@pytest.fixture
def parts_of_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than ten videos are many."""
    monkeypatch.setattr(pair_selection, "MAX_DRAWN_AT_ONCE", 10)


@pytest.mark.slow
@pytest.mark.usefixtures("parts_of_ten")
def test_many_videos_are_connected_by_parts_with_no_link_too_many() -> None:
    videos = named(24) | named(11, "sew")
    asked = sitting(videos, 1200, plan=ALONE)
    chain = [a for a in asked if a.reason == SelectionReason.CHAIN]
    graph = nx.Graph([(a.left, a.right) for a in chain])
    assert len(chain) == 23 + 10
    assert {frozenset(part) for part in nx.connected_components(graph)} == {
        frozenset(named(24)),
        frozenset(named(11, "sew")),
    }
    assert all(videos[a.left] == videos[a.right] for a in asked)
    assert max(Counter(pair_of(a) for a in asked).values()) == 1
    assert 250 < len(asked) <= 24 * 23 / 2 + 11 * 10 / 2  # the search ends before every two have met


@pytest.mark.usefixtures("parts_of_ten")
def test_raters_of_many_videos_share_test_pairs_and_repeat_their_own() -> None:
    videos = named(40)
    asked = sitting(videos, 100, "Bob", answer=lambda _: Verdict.LEFT, before=sitting(videos, 100, "Ann"))
    tests = {
        rater: [pair_of(a) for a in asked if a.reason == SelectionReason.TEST and a.rater == rater]
        for rater in ("Ann", "Bob")
    }
    assert tests["Ann"] == tests["Bob"]
    assert len(tests["Ann"]) == 15
    assert Counter(a.reason for a in asked)[SelectionReason.REPEAT] == 10
    assert len({name for a in asked for name in pair_of(a)}) == 40
    assert n_pairs_left(videos, asked, "Ann", Plan(repeat_share=0)) == 40 * 39 // 2 - 95


@pytest.mark.usefixtures("parts_of_ten")
def test_of_many_videos_a_pair_that_was_put_back_comes_first() -> None:
    videos = named(40)
    asked = sitting(videos, 30)
    for before in (asked[2], asked[-3]):
        pair = choose(videos, asked, "Ann", Plan(), [pair_of(before), frozenset(("gone", "39"))])
        assert pair == NextPair(before.right, before.left, SelectionReason.AGAIN)
