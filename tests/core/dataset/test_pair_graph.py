"""The order that pairs imply, on graphs small enough to count by hand."""

import random
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillviewer.core.dataset.dataset import DatasetVideo
from skillviewer.core.dataset.folds import fold_of
from skillviewer.core.dataset.pair_graph import (
    count_similar_by_depth,
    depths,
    find_cycles,
    islands,
    separations,
    similar_by_depth,
    similar_for_training,
)
from skillviewer.core.dataset.pairs import Pair, SimilarPair
from tests.core.datasets import ranked
from tests.hostile.limits import memory_limit

# a -> b -> d -> e, a -> c -> e, and c is not compared with b or d
DAG = [Pair("a", "b"), Pair("b", "d"), Pair("d", "e"), Pair("a", "c"), Pair("c", "e"), Pair("a", "e")]


def test_depth_is_the_longest_walk_from_a_source() -> None:
    assert depths(DAG) == {"a": 0, "b": 1, "c": 1, "d": 2, "e": 3}


def test_separation_by_hand() -> None:
    assert separations(DAG) == {
        Pair("a", "b"): 1,
        Pair("b", "d"): 1,
        Pair("d", "e"): 1,
        Pair("a", "c"): 1,
        Pair("c", "e"): 2,
        Pair("a", "e"): 3,
    }


def test_similar_are_unordered_and_at_most_a_step_apart() -> None:
    # unordered: b-c (0), c-d (1), a-d (2), b-e (2)
    assert similar_by_depth(DAG) == (SimilarPair("b", "c"), SimilarPair("c", "d"))
    assert similar_by_depth(DAG, max_difference=0) == (SimilarPair("b", "c"),)
    assert len(similar_by_depth(DAG, max_difference=2)) == 4


def test_videos_that_no_chain_of_pairs_connects_are_not_similar() -> None:
    """Both are at depth 0 of what they are compared with, which says nothing of one against the other."""
    two_sets = [Pair("a1", "a2"), Pair("a2", "a3"), Pair("a1", "a3"), Pair("b1", "b2"), Pair("b1", "b3")]
    assert similar_by_depth(two_sets) == (SimilarPair("b2", "b3"),)
    joined = [*two_sets, Pair("a3", "b1")]
    assert SimilarPair("b2", "b3") in similar_by_depth(joined)


def test_a_second_source_has_depth_0() -> None:
    assert depths([Pair("a", "b"), Pair("x", "b"), Pair("b", "c")]) == {"a": 0, "x": 0, "b": 1, "c": 2}


def test_consistent_pairs_have_no_cycle() -> None:
    assert find_cycles(DAG) == ()


def test_cycles_are_found_and_named() -> None:
    cycle = [Pair("b", "c"), Pair("c", "d"), Pair("d", "b"), Pair("a", "b"), Pair("d", "e")]
    assert find_cycles(cycle) == (("b", "c", "d"),)
    assert find_cycles([Pair("x", "y"), Pair("y", "x"), *cycle]) == (("b", "c", "d"), ("x", "y"))


def test_the_shortest_way_round_is_shown() -> None:
    way_round = [Pair("a", "b"), Pair("b", "c"), Pair("c", "d"), Pair("d", "a"), Pair("c", "a")]
    assert find_cycles(way_round) == (("a", "b", "c"),)


def test_videos_in_a_circle_share_a_depth() -> None:
    cycle = [Pair("a", "b"), Pair("b", "c"), Pair("c", "b"), Pair("c", "d")]
    assert depths(cycle) == {"a": 0, "b": 1, "c": 1, "d": 2}


def test_islands() -> None:
    assert islands([*DAG, Pair("x", "y")]) == (("a", "b", "c", "d", "e"), ("x", "y"))


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=25))
def test_depth_against_brute_force(edges: list[tuple[int, int]]) -> None:
    pairs = [Pair(str(a), str(b)) for a, b in edges if a < b]  # acyclic
    below: dict[str, list[str]] = {}
    for pair in pairs:
        below.setdefault(pair.better, []).append(pair.worse)
    videos = {v for p in pairs for v in (p.better, p.worse)}
    sources = videos - {p.worse for p in pairs}

    def longest(at: str, steps: int, best: dict[str, int]) -> None:
        best[at] = max(best.get(at, 0), steps)
        for worse in below.get(at, []):
            longest(worse, steps + 1, best)

    expected: dict[str, int] = {}
    for source in sources:
        longest(source, 0, expected)
    assert depths(pairs) == expected
    ordered = {frozenset((p.better, p.worse)) for p in pairs}
    similar = {
        SimilarPair(a, b)
        for a, b in combinations(sorted(videos), 2)
        if frozenset((a, b)) not in ordered and abs(expected[a] - expected[b]) <= 1
        if any(a in island and b in island for island in islands(pairs))
    }
    assert set(similar_by_depth(pairs)) == similar


def test_similar_pairs_for_training_come_from_training_pairs_alone() -> None:
    dataset = replace(ranked(["a", "b", "c", "d", "e"]), pairs=tuple(DAG))
    fold = fold_of("1", dataset.names, ["b"], dataset.pairs)
    # without b: a -> c -> e and d -> e, so a and d are at the top, c is one below and e two
    assert similar_for_training(dataset, fold) == (SimilarPair("a", "d"), SimilarPair("c", "d"))
    whole = fold_of("1", dataset.names, [], dataset.pairs)
    assert similar_for_training(dataset, whole) == similar_by_depth(DAG)


def test_similar_pairs_that_the_data_set_names_count_before_the_rule() -> None:
    dataset = replace(
        ranked(["a", "b", "c", "d", "e"]), pairs=tuple(DAG), similar=(SimilarPair("d", "c"), SimilarPair("a", "d"))
    )
    fold = fold_of("1", dataset.names, ["a"], dataset.pairs)
    assert similar_for_training(dataset, fold) == (SimilarPair("c", "d"),)


def test_videos_of_two_subtasks_are_never_similar() -> None:
    names = ["s/a", "s/b", "t/a", "t/b"]
    dataset = replace(
        ranked(names),
        videos=tuple(DatasetVideo(n, subtask=n[0]) for n in names),
        pairs=(Pair("s/a", "s/b"), Pair("t/a", "t/b")),
    )
    assert similar_for_training(dataset, fold_of("1", names, [], dataset.pairs)) == ()


@pytest.mark.parametrize("farthest", [0, 1, 2, 9])
@pytest.mark.parametrize("seed", range(8))
def test_similar_pairs_are_counted_as_they_are_found_and_both_as_by_comparing_all(seed: int, farthest: int) -> None:
    chance = random.Random(seed)
    names = [f"v{n}" for n in range(14)]
    pairs = [Pair(*chance.sample(names, 2)) for _ in range(chance.randrange(3, 20))]
    depth, ordered = depths(pairs), {SimilarPair(p.better, p.worse) for p in pairs}
    plain = {
        SimilarPair(a, b)
        for island in islands(pairs)
        for a, b in combinations(island, 2)
        if abs(depth[a] - depth[b]) <= farthest and SimilarPair(a, b) not in ordered
    }
    assert similar_by_depth(pairs, farthest) == tuple(sorted(plain))
    assert count_similar_by_depth(pairs, farthest) == len(plain)


@pytest.mark.slow
def test_a_great_many_similar_pairs_are_counted_without_being_made() -> None:
    n = 20_000
    star, chain = [Pair("best", f"v{i}") for i in range(n)], [Pair(f"v{i:06}", f"v{i + 1:06}") for i in range(n)]
    with memory_limit(1 << 29):
        assert count_similar_by_depth(star) == n * (n - 1) // 2
        assert similar_by_depth(chain) == ()
