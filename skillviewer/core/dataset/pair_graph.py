"""Graph of the ordered pairs, from better to worse: its cycles, depths and similar pairs.

Source: Doughty, Damen and Mayol-Cuevas, "Who's Better? Who's Best? Pairwise Deep Ranking for Skill Determination",
CVPR 2018, section 4.1 (similar pairs) and 5 (accuracy by separation).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import combinations, product, starmap

import networkx as nx

from skillviewer.core.dataset.dataset import Dataset, Fold
from skillviewer.core.dataset.pairs import Pair, SimilarPair


def _graph(pairs: Iterable[Pair]) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_edges_from((pair.better, pair.worse) for pair in sorted(set(pairs)))
    return graph


def find_cycles(pairs: Iterable[Pair]) -> tuple[tuple[str, ...], ...]:
    """Return one cycle of every strongly connected set of videos; empty if the pairs are consistent.

    Returns:
        Cycles; (A, B, C) says A is better than B, B than C and C than A. Each is a shortest one through the
        alphabetically first video of its set.
    """
    graph = _graph(pairs)
    cycles = []
    for component in nx.strongly_connected_components(graph):
        if len(component) > 1:
            start = min(component)
            inside = graph.subgraph(component)
            returns = (nx.shortest_path(inside, after, start) for after in sorted(inside.successors(start)))
            cycles.append((start, *min(returns, key=len)[:-1]))
    return tuple(sorted(cycles))


def islands(pairs: Iterable[Pair]) -> tuple[tuple[str, ...], ...]:
    """Return the connected sets of videos; scores of two islands cannot be compared."""
    return tuple(sorted(tuple(sorted(part)) for part in nx.weakly_connected_components(_graph(pairs))))


def depths(pairs: Iterable[Pair]) -> dict[str, int]:
    """Return the depth of every video: the length of the longest path of pairs that ends at it.

    The best videos have depth 0. Videos in a cycle share one depth.
    """
    graph = _graph(pairs)
    components = nx.condensation(graph)
    depth: dict[int, int] = {}
    for component in nx.topological_sort(components):
        depth[component] = max((depth[better] + 1 for better in components.predecessors(component)), default=0)
    return {video: depth[component] for component in components for video in components.nodes[component]["members"]}


def separations(pairs: Iterable[Pair]) -> dict[Pair, int]:
    """Return the number of steps of the implied ranking between the two videos of every pair (difference of depths)."""
    pairs = tuple(pairs)
    depth = depths(pairs)
    return {pair: abs(depth[pair.better] - depth[pair.worse]) for pair in pairs}


def similar_by_depth(pairs: Iterable[Pair], farthest: int = 1) -> tuple[SimilarPair, ...]:
    """Return unordered pairs of one task whose depths differ by at most ``farthest``.

    Depths of two islands start at different videos, so both videos of a pair belong to one island.
    """
    pairs = tuple(pairs)
    ordered_pairs = {SimilarPair(pair.better, pair.worse) for pair in pairs}
    near: set[SimilarPair] = set()
    for level, deeper in _levels(pairs, depths(pairs), farthest):
        near.update(starmap(SimilarPair, combinations(level, 2)))
        near.update(starmap(SimilarPair, product(level, deeper)))
    return tuple(sorted(near - ordered_pairs))


def count_similar_by_depth(pairs: Iterable[Pair], farthest: int = 1) -> int:
    """Return the number of pairs of ``similar_by_depth`` without listing them: it grows as the square of the videos."""
    pairs = tuple(pairs)
    depth = depths(pairs)
    levels = _levels(pairs, depth, farthest)
    near = sum(len(level) * (len(level) - 1) // 2 + len(level) * len(deeper) for level, deeper in levels)
    ordered_pairs = {SimilarPair(pair.better, pair.worse) for pair in pairs}
    return near - sum(abs(depth[pair.first] - depth[pair.second]) <= farthest for pair in ordered_pairs)


def _levels(pairs: Collection[Pair], depth: Mapping[str, int], farthest: int) -> Iterator[tuple[list[str], list[str]]]:
    """Yield, for every depth in every island, its videos and the videos of the ``farthest`` next depths."""
    for island in islands(pairs):
        levels: dict[int, list[str]] = {}
        for video in island:
            levels.setdefault(depth[video], []).append(video)
        for level_depth, level in levels.items():
            yield level, [video for step in range(1, farthest + 1) for video in levels.get(level_depth + step, ())]


def similar_for_training(
    dataset: Dataset, fold: Fold, reserved: Collection[SimilarPair] = ()
) -> tuple[SimilarPair, ...]:
    """Return the similar pairs that training in a fold may use, without the ``reserved`` ones.

    These are the data set's own similar pairs of two training videos. If it has none, they follow from the depths in
    the graph of the training pairs alone, so that nothing is learnt from the order of a held-out video. Videos of
    different sub-tasks are never similar.
    """
    if dataset.similar:
        train = set(fold.train_videos)
        return tuple(pair for pair in dataset.similar if pair.within(train) and pair not in reserved)
    subtasks = dataset.subtasks
    by_subtask: dict[str, list[Pair]] = {}
    for pair in fold.train_pairs:
        by_subtask.setdefault(subtasks[pair.better], []).append(pair)
    return tuple(
        similar
        for _, pairs in sorted(by_subtask.items())
        for similar in similar_by_depth(pairs)
        if similar not in reserved
    )
