"""Where videos stand by all votes: ranks, tasks, and videos that no vote connects."""

from collections.abc import Sequence

import pytest

from skillviewer.core.dataset.pairs import UNNAMED, Judgement, Pair, Verdict
from skillviewer.core.ranking.bradley_terry import bradley_terry
from skillviewer.core.ranking.rank_videos import RankedVideo, rank_videos, ranks, rater_count_text

CUT = [Judgement(a, b, Verdict.LEFT, "Ann") for a, b in (("a", "b"), ("b", "c"), ("a", "c"))]
SEW = [Judgement("x", "y", Verdict.RIGHT, "Ann")]
TASKS = dict.fromkeys("abc", "cut") | dict.fromkeys("xy", "sew")


def by_name(votes: Sequence[Judgement | Pair], tasks: dict[str, str] | None = None) -> dict[str, RankedVideo]:
    return {ranked.name: ranked for ranked in rank_videos(votes, tasks)}


def test_equal_values_share_the_better_rank() -> None:
    assert ranks([0.5, 2.0, 0.5 + 1e-12, -1.0]) == [2, 1, 2, 4]
    assert ranks([]) == []


def test_every_task_is_placed_by_itself() -> None:
    found = by_name([*CUT, *SEW, Judgement("a", "x", Verdict.RIGHT, "Ann")], TASKS)
    assert {name: (place.linked_rank, place.n_linked) for name, place in found.items()} == {
        "a": (1, 3),
        "b": (2, 3),
        "c": (3, 3),
        "x": (2, 2),
        "y": (1, 2),
    }
    alone = bradley_terry(CUT)
    for name, value, error in zip(alone.names, alone.values, alone.standard_errors, strict=True):
        assert (found[name].strength, found[name].error) == pytest.approx((value, error))


def test_videos_that_no_vote_connects_have_no_rank_against_each_other() -> None:
    found = by_name([Pair("a", "b"), Pair("c", "d"), Pair("e", "f")])
    assert {name: (place.linked_rank, place.n_linked) for name, place in found.items()} == {
        name: (1 if name in "ace" else 2, 2) for name in "abcdef"
    }


def test_votes_that_say_no_difference_leave_all_first() -> None:
    found = by_name([Judgement(a, b, Verdict.NEITHER, "Ann") for a, b in (("a", "b"), ("b", "c"))])
    assert {place.rank for place in found.values()} == {1}


def test_raters_in_words() -> None:
    assert rater_count_text(["Ann", "Bob", "Ann"]) == "2 raters"
    assert rater_count_text(["Ann"]) == "1 rater"
    assert rater_count_text([UNNAMED] * 3) == "raters without a name"
    assert rater_count_text([UNNAMED, "Ann"]) == "1 rater and a rater without a name"
