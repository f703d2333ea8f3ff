"""Batches with pairs of equal skill."""

from dataclasses import replace

import numpy as np

from skillviewer.core.dataset.pairs import Pair, SimilarPair, videos_of
from skillviewer.engine.training.batches import adapt_to_sparse_pairs, draw_batches, index_pairs, make_pair_batch
from skillviewer.nets.presets import OptimiserSettings

PAIRS = [Pair("d", "a"), Pair("d", "b"), Pair("c", "a"), Pair("c", "b"), Pair("b", "a")]
SIMILAR = [SimilarPair("c", "d"), SimilarPair("e", "d"), SimilarPair("a", "e")]
BY_PAIRS = OptimiserSettings(batch_pairs=2)


def said(names: list[str], places: list[tuple[int, int, int]]) -> tuple[list[Pair], list[SimilarPair]]:
    ordered = [Pair(names[a], names[b]) for a, b, label in places if label == 1]
    return ordered, [SimilarPair(names[a], names[b]) for a, b, label in places if label == 0]


def test_places_tell_better_from_worse_and_alike_from_both() -> None:
    names, places = index_pairs(PAIRS[:2], SIMILAR[:2])
    assert names == ["a", "b", "c", "d", "e"]
    assert places == [(3, 0, 1), (3, 1, 1), (2, 3, 0), (3, 4, 0)]
    batch = make_pair_batch(places)
    assert (batch.better.tolist(), batch.worse.tolist()) == ([3, 3], [0, 1])
    assert (batch.similar_first.tolist(), batch.similar_second.tolist()) == ([2, 3], [3, 4])
    assert videos_of(PAIRS[:1], SIMILAR[2:]) == ["a", "d", "e"]


def test_sparse_pairs_come_in_batches_of_pairs() -> None:
    """A batch of ten of twenty videos holds 45 of their 190 pairs."""
    by_videos = OptimiserSettings(batch_videos=10, rounds=3)
    assert adapt_to_sparse_pairs(by_videos, 22, 20) is by_videos, "22 · 45 / 190 is more than five"
    sparse = adapt_to_sparse_pairs(by_videos, 21, 20)
    assert sparse == replace(by_videos, batch_videos=0, batch_pairs=8)
    assert adapt_to_sparse_pairs(sparse, 1, 20) is sparse


def test_similar_pairs_are_dealt_out_once_an_epoch() -> None:
    ordered: list[Pair] = []
    alike: list[SimilarPair] = []
    counts = []
    for names, places in draw_batches(PAIRS, BY_PAIRS, np.random.default_rng(1), SIMILAR):
        pairs, similar = said(names, places)
        ordered, alike = ordered + pairs, alike + similar
        counts.append((len(pairs), len(similar)))
    assert counts == [(2, 1), (2, 1), (1, 1)]
    assert sorted(ordered) == sorted(PAIRS)
    assert sorted(alike) == sorted(SIMILAR)


def test_without_similar_pairs_the_draw_is_the_same() -> None:
    with_none = list(draw_batches(PAIRS, BY_PAIRS, np.random.default_rng(1), []))
    order = np.random.default_rng(1).permutation(len(PAIRS))
    assert with_none[0] == index_pairs([PAIRS[order[0]], PAIRS[order[1]]])


def test_batches_of_videos_hold_the_similar_pairs_among_them() -> None:
    settings = replace(BY_PAIRS, batch_videos=2)
    pairs = [Pair("d", "a"), Pair("d", "b"), Pair("c", "a"), Pair("c", "b"), Pair("b", "a"), Pair("d", "c")]
    for names, places in draw_batches(pairs, settings, np.random.default_rng(0), SIMILAR):
        ordered, alike = said(names, places)
        assert set(ordered) == {p for p in pairs if p.within(names)}
        assert set(alike) == {p for p in SIMILAR if p.within(names)}
