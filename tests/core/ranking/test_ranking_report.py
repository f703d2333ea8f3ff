"""Circles, halves, connectivity and the whole report, by hand."""

from itertools import combinations, permutations

import choix
import numpy as np
import pytest
from scipy import stats

from skillviewer.core.dataset.pairs import Judgement, Verdict
from skillviewer.core.errors import Cancelled
from skillviewer.core.progress import CancelToken
from skillviewer.core.ranking.bradley_terry import PRIOR_SD, bradley_terry
from skillviewer.core.ranking.cycles import find_preference_cycles
from skillviewer.core.ranking.report import ranking_report
from skillviewer.core.ranking.split_half import SplitHalf, _every_half, split_half
from skillviewer.core.ranking.votes import ShownPair
from tests.core.answers import judged
from tests.facts import missing


def test_a_circle_is_listed_with_its_votes() -> None:
    found = find_preference_cycles(
        judged(
            *[(r, "a", "b", 1) for r in "123"],
            ("1", "b", "c", 1),
            ("2", "c", "b", 1),
            ("3", "b", "c", 1),
            ("1", "c", "a", 1),
            ("2", "a", "c", 0),
            ("1", "c", "d", 1),
        )
    )
    assert found.tangles == (("a", "b", "c"),)
    (cycle,) = found.cycles
    assert cycle.videos == ("a", "b", "c")
    assert [link.text for link in cycle.links] == [
        "a over b, 3 to 0",
        "b over c, 2 to 1",
        "c over a, 1 to 0, 1 no difference",
    ]
    assert (cycle.weakest.better, cycle.weakest.worse) == ("c", "a") or cycle.weakest.margin == 1


def test_the_link_that_fewest_votes_decide_is_to_be_judged_again() -> None:
    votes = judged(*[(r, "a", "b", 1) for r in "12"], ("1", "b", "c", 1), *[(r, "c", "a", 1) for r in "12"])
    (cycle,) = find_preference_cycles(votes).cycles
    assert (cycle.weakest.better, cycle.weakest.worse) == ("b", "c")


def test_ties_and_splits_have_no_direction() -> None:
    assert (
        find_preference_cycles(
            judged(("1", "a", "b", 1), ("2", "b", "a", 1), ("1", "b", "c", 1), ("1", "c", "a", 1))
        ).cycles
        == ()
    )
    mostly_alike = [("1", "a", "b", 1), ("2", "a", "b", 0), ("3", "a", "b", 0), ("1", "b", "c", 1), ("1", "c", "a", 1)]
    assert find_preference_cycles(judged(*mostly_alike)).cycles == ()


def test_a_tangle_without_three_lists_a_longer_circle_and_all_threes_are_listed() -> None:
    square = judged(("1", "a", "b", 1), ("1", "b", "c", 1), ("1", "c", "d", 1), ("1", "d", "a", 1))
    (cycle,) = find_preference_cycles(square).cycles
    assert cycle.videos == ("a", "b", "c", "d")
    both = find_preference_cycles([*square, *judged(("1", "a", "c", 1), ("1", "b", "d", 1))])
    assert {frozenset(c.videos) for c in both.cycles} == {frozenset("acd"), frozenset("abd")}


def consistent(n: int, raters: str, wrong: float, seed: int = 0) -> list[Judgement]:
    rng = np.random.default_rng(seed)
    return [
        Judgement(f"{i:02}", f"{j:02}", Verdict.RIGHT if rng.random() > wrong else Verdict.LEFT, r)
        for i, j in combinations(range(n), 2)
        for r in raters
    ]


@pytest.mark.parametrize(("raters", "halves"), [("A", "judgements"), ("ABCD", "raters")])
def test_halves_of_sound_votes_agree_and_of_noise_do_not(raters: str, halves: str) -> None:
    sound, noise = (split_half(consistent(14, raters, wrong), n_splits=20) for wrong in (0.02, 0.5))
    assert sound is not None
    assert noise is not None
    assert sound.halves == halves
    assert sound.value > 0.9
    assert noise.value < 0.6
    assert sound.low <= sound.value <= sound.high
    assert (sound.n_splits, sound.every) == ((3, True) if raters == "ABCD" else (20, False))
    assert not missing(sound.sentence, "information inflate")


@pytest.mark.parametrize("n", [4, 5, 6, 7])
def test_every_halving_is_taken_once(n: int) -> None:
    halvings = [frozenset((frozenset(half.tolist()), frozenset(range(n)) - set(half))) for half in _every_half(n)]
    ways = {frozenset((frozenset(half), frozenset(range(n)) - set(half))) for half in combinations(range(n), n // 2)}
    assert len(halvings) == len(set(halvings))
    assert set(halvings) == ways


def test_too_few_votes_have_no_halves() -> None:
    assert split_half([]) is None
    assert split_half(judged(("A", "a", "b", 1))) is None
    assert split_half(judged(("A", "a", "b", 1), ("A", "b", "c", 1), ("A", "c", "d", 1))) is None


def answered(*rows: tuple[str, str, str, int | None, str]) -> list[ShownPair]:
    return [ShownPair(a, b, r, None if v is None else Verdict(v), why) for r, a, b, v, why in rows]


def test_the_whole_report_by_hand() -> None:
    asked = answered(
        ("A", "a", "b", 1, "chain"),
        ("A", "c", "b", -1, "chain"),
        ("A", "a", "c", 0, "test"),
        ("B", "c", "a", 1, "test"),
        ("B", "d", "e", None, "chain"),
        ("B", "a", "gone", 1, "chain"),
    )
    found = ranking_report(dict.fromkeys("abcde", ""), asked)
    assert (found.judged, found.skipped) == (4, 1)
    assert found.reasons == (("chain", 2), ("test", 2))
    rows = {s.name: (s.won, s.lost, s.neither) for s in found.ranked_videos}
    assert rows == {"a": (1, 1, 1), "b": (1, 1, 0), "c": (1, 1, 1)}
    assert [s.rank for s in found.ranked_videos] == [1, 1, 1], "a cycle, and a tie"
    assert found.parts == (("", (("a", "b", "c"), ("d",), ("e",))),)
    assert not found.connected
    assert found.connectivity == "No vote on d, e yet."
    assert found.test_pair_alpha is not None
    assert (found.test_pair_alpha.n_pairs, found.test_pair_alpha.n_raters) == (1, 2)
    assert found.ordinal_alpha is not None
    assert found.ordinal_alpha.value == found.test_pair_alpha.value  # only one pair was judged by two
    assert [r.name for r in found.raters] == ["A", "B"]
    assert found.split_half is None
    (cycle,) = found.contradictions.cycles or (None,)
    assert cycle is not None
    assert cycle.videos == ("a", "b", "c")


def test_the_strongest_come_first_by_task() -> None:
    votes = [("A", "a", "b", 1, ""), ("A", "x", "y", -1, ""), ("A", "b", "c", 1, "")]
    found = ranking_report({"a": "cut", "b": "cut", "c": "cut", "x": "sew", "y": "sew"}, answered(*votes))
    assert [(s.name, s.rank) for s in found.ranked_videos if s.task == "cut"] == [("a", 1), ("b", 2), ("c", 3)]
    assert [(s.name, s.rank) for s in found.ranked_videos if s.task == "sew"] == [("y", 1), ("x", 2)]
    assert found.connected
    assert not missing(found.connectivity, "compared within")
    alone = ranking_report({"a": "cut", "b": "cut", "z": "tie"}, answered(("A", "a", "b", 1, "")))
    assert not alone.connected
    assert alone.connectivity == "No vote on z of tie yet."


def test_equal_strengths_share_a_rank() -> None:
    found = ranking_report(dict.fromkeys("abcd", ""), answered(("A", "a", "b", 0, ""), ("A", "c", "d", 1, "")))
    assert [(s.name, s.rank) for s in found.ranked_videos] == [("c", 1), ("a", 2), ("b", 2), ("d", 4)]


def test_every_task_has_a_scale_of_its_own() -> None:
    """Errors of one task do not grow with what the other task is not compared with."""
    cut = [("A", "a", "b", 1, ""), ("A", "b", "c", 1, ""), ("B", "c", "a", 1, ""), ("B", "a", "b", 1, "")]
    sew = [("A", "x", "y", -1, ""), ("B", "y", "x", 0, "")]
    across = [("A", "a", "x", 1, "")]
    tasks = {"a": "cut", "b": "cut", "c": "cut", "x": "sew", "y": "sew"}
    both = ranking_report(tasks, answered(*cut, *sew, *across))
    alone = [ranking_report({k: v for k, v in tasks.items() if v == t}, answered(*cut, *sew)) for t in ("cut", "sew")]
    assert both.ranked_videos == alone[0].ranked_videos + alone[1].ranked_videos
    assert (both.judged, [task for task, _ in both.parts]) == (6, ["cut", "sew"])
    errors = [s.error for s in both.ranked_videos]
    within = sum(s.strength**2 for s in both.ranked_videos) / (5 - 2)
    assert both.reliability == pytest.approx(max(0, 1 - np.mean(np.square(errors)) / within))
    strengths = bradley_terry(answered(*cut))
    by_hand = 1 - np.mean(strengths.standard_errors**2) / np.var(strengths.values, ddof=1)
    assert alone[0].reliability == pytest.approx(max(0, by_hand))


def test_halves_are_put_together_as_spearman_and_brown_do() -> None:
    """The same splits, with scipy's correlation of choix' strengths."""
    rng = np.random.default_rng(5)
    votes = [
        Judgement(f"{i:02}", f"{j:02}", Verdict.LEFT if rng.random() < 0.5 + (j - i) / 20 else Verdict.RIGHT, "A")
        for i, j in combinations(range(8), 2)
        for _ in range(3)
    ]
    found = split_half(votes, n_splits=5, seed=2)
    assert found is not None
    chance = np.random.default_rng(2)
    values = []
    for _ in range(5):
        first = set(chance.permutation(len(votes))[: len(votes) // 2].tolist())
        scales = []
        for half in (True, False):
            won = [
                (int(v.left), int(v.right)) if v.verdict is Verdict.LEFT else (int(v.right), int(v.left))
                for k, v in enumerate(votes)
                if (k in first) == half
            ]
            scales.append(choix.opt_pairwise(8, won, alpha=1 / (2 * PRIOR_SD**2)))
        r = stats.spearmanr(*scales).statistic
        values.append(2 * r / (1 + r) if r > 0 else r)
    assert found.value == pytest.approx(np.mean(values), abs=1e-9)
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(values, [2.5, 97.5])))


def test_work_that_is_stopped_ends() -> None:
    token = CancelToken()
    token.cancel()
    votes = answered(*[("A", a, b, 1, "") for a, b in combinations("abcdefg", 2)])
    with pytest.raises(Cancelled):
        ranking_report(dict.fromkeys("abcdefg", ""), votes, token)


def test_circles_are_those_of_brute_force() -> None:
    rng = np.random.default_rng(3)
    votes = [
        (r, a, b, int(rng.choice([1, 0, -1])))
        for a, b in combinations("abcdefgh", 2)
        for r in "ABC"
        if rng.random() < 0.8
    ]
    beats = set()
    for a, b in permutations("abcdefgh", 2):
        said = [v if (x, y) == (a, b) else -v for _, x, y, v in votes if {x, y} == {a, b}]
        won, lost, neither = (said.count(v) for v in (1, -1, 0))
        if won > lost and won >= neither:
            beats.add((a, b))
    expected = {
        frozenset(three)
        for three in combinations("abcdefgh", 3)
        for a, b, c in permutations(three)
        if {(a, b), (b, c), (c, a)} <= beats
    }
    found = find_preference_cycles(judged(*votes)).cycles
    assert len(expected) > 3
    assert {frozenset(cycle.videos) for cycle in found if len(cycle.links) == 3} == expected
    assert all((link.better, link.worse) in beats for cycle in found for link in cycle.links)


def test_groups_that_no_vote_connects_are_told() -> None:
    found = ranking_report(dict.fromkeys("abxyz", ""), answered(("A", "a", "b", 1, ""), ("A", "x", "y", 1, "")))
    assert "2 groups that no vote connects" in found.connectivity
    assert "No vote on z yet." in found.connectivity


def test_without_votes_there_is_nothing_to_say() -> None:
    found = ranking_report({"a": "", "b": ""}, [])
    assert found.ranked_videos == ()
    assert np.isnan(found.reliability)
    assert (found.nominal_alpha, found.ordinal_alpha, found.test_pair_alpha, found.split_half) == (
        None,
        None,
        None,
        None,
    )
    assert found.raters == ()


def test_halves_are_compared_within_tasks() -> None:
    """A task with clear votes lends nothing to one in which votes are coin tosses."""
    rng = np.random.default_rng(5)
    names = {task: [f"{task}{i}" for i in range(8)] for task in ("cut", "sew")}
    votes = []
    for rater in "ABCDEF":
        for task, videos in names.items():
            for at, first in enumerate(videos):
                for second in videos[at + 1 :]:
                    clear = Verdict.LEFT if task == "cut" else Verdict(int(rng.choice([-1, 1])))
                    votes.append(Judgement(first, second, clear, rater))
    tasks = {video: task for task, videos in names.items() for video in videos}
    both = split_half(votes, tasks)
    alone = {t: split_half([j for j in votes if tasks[j.left] == t], tasks) for t in names}
    assert both is not None
    assert alone["cut"] is not None
    assert alone["sew"] is not None
    assert alone["cut"].value > 0.99
    assert alone["sew"].value < both.value < 0.75
    assert "within each of 2 tasks" in both.sentence
    few = {video: str(at // 3) for at, video in enumerate(names["cut"][:6])}
    apart = [j for j in votes if j.left in few and j.right in few and few[j.left] == few[j.right]]
    assert split_half(apart, few) is None, "two tasks of three videos each say no more than one"


def test_halvings_that_say_nothing_are_told() -> None:
    assert "over 2 of 3 halvings of the raters" in SplitHalf(0.5, 0.1, 0.9, "raters", 2, True, 3).sentence
    assert "over all 3 halvings of the raters" in SplitHalf(0.5, 0.1, 0.9, "raters", 3, True, 3).sentence
