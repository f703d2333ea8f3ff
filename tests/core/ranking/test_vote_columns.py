"""Columns of votes, against rules followed vote by vote."""

import numpy as np
import pytest

from skillviewer.core.dataset.pairs import UNNAMED, Judgement, Pair, Verdict
from skillviewer.core.ranking.consensus import count_votes
from skillviewer.core.ranking.votes import ShownPair, VoteColumns

RATERS = ("Zoe", "Ann", UNNAMED, "Bob")


def random_votes(seed: int, n: int = 60) -> list[Judgement]:
    chance = np.random.default_rng(seed)
    names = [f"v{i}" for i in range(5)]
    votes = []
    for _ in range(n):
        left, right = chance.choice(names, 2, replace=False).tolist()
        votes.append(Judgement(left, right, Verdict(int(chance.integers(-1, 2))), RATERS[chance.integers(4)]))
    return votes


def by_hand(votes: list[Judgement]) -> dict[tuple[str, str], dict[tuple[str, int], list[int]]]:
    """Return the verdicts of every rater on every pair, in their order; every unnamed vote is a rater's own."""
    found: dict[tuple[str, str], dict[tuple[str, int], list[int]]] = {}
    for number, vote in enumerate(votes):
        first, second = sorted((vote.left, vote.right))
        verdict = int(vote.verdict) if vote.left == first else -int(vote.verdict)
        rater = (vote.rater, number if vote.rater == UNNAMED else 0)
        found.setdefault((first, second), {}).setdefault(rater, []).append(verdict)
    return found


def rows(columns: VoteColumns) -> list[tuple[str, str, str, int]]:
    named = [*columns.raters, *[UNNAMED] * len(columns)]
    given = zip(columns.first, columns.second, columns.rater, columns.verdict, strict=True)
    return sorted((columns.videos[a], columns.videos[b], named[rater], verdict) for a, b, rater, verdict in given)


@pytest.mark.parametrize("seed", range(20))
def test_one_vote_of_each_rater_counts(seed: int) -> None:
    votes = random_votes(seed)
    hand = by_hand(votes)
    columns = VoteColumns.of(votes)
    first = [(*pair, name, given[0]) for pair, of in hand.items() for (name, _), given in of.items()]
    assert rows(columns.first_by_rater_and_pair()) == sorted(first)
    common = [
        (*pair, name, given[0] if len(set(given)) == 1 else 0)
        for pair, of in hand.items()
        for (name, _), given in of.items()
    ]
    assert rows(columns.merged_by_rater_and_pair()) == sorted(common)
    counted = {(votes.first, votes.second): votes for votes in count_votes(votes)}
    assert list(counted) == sorted(hand)
    for pair, found in counted.items():
        verdicts = [verdict for *names, _, verdict in common if tuple(names) == pair]
        assert [found.for_first, found.neither, found.for_second] == [verdicts.count(v) for v in (1, 0, -1)]


def test_unnamed_votes_count_anew_on_every_pair() -> None:
    votes = [Judgement(a, b, Verdict.LEFT, UNNAMED) for a, b in ("ab", "ba", "ac", "ab")]
    columns = VoteColumns.of([Judgement("a", "b", Verdict.LEFT, "Ann"), *votes])
    assert columns.rater.tolist() == [0, 1, 2, 1, 3]
    assert columns.verdict.tolist() == [1, 1, -1, 1, 1]


def test_pairs_and_answers_are_votes_too() -> None:
    given: list[Pair | ShownPair] = [Pair("b", "a"), ShownPair("a", "b", "Ann", Verdict.LEFT, "chain", 2.0, 0.5)]
    columns = VoteColumns.of(given, names=["c"])
    assert (columns.videos, columns.verdict.tolist(), columns.rater.tolist()) == (("a", "b", "c"), [-1, 1], [1, 0])
    assert VoteColumns.of(columns) is columns


def test_no_votes() -> None:
    columns = VoteColumns.of([])
    assert (len(columns), len(columns.first_by_rater_and_pair()), len(columns.merged_by_rater_and_pair())) == (0, 0, 0)
    assert count_votes([]) == ()
    assert columns.tasks({})[0] == []
