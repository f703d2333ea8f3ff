"""Graph of the ordered pairs, from better to worse, with its cycles, depths and similar pairs.

Similar pairs and separations follow Doughty, Damen and Mayol-Cuevas, "Who's Better? Who's Best? Pairwise Deep Ranking
for Skill Determination", CVPR 2018, sections 4.1 and 5.
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
    """Return one cycle of every strongly connected set of videos; none if the pairs are consistent.

    Returns:
        Cycles such as (A, B, C), in which A is better than B, B than C, and C than A. Each is a shortest cycle through
        the alphabetically first video of its set.
    """
    graph = _graph(pairs)
    cycles = []
    for component in nx.strongly_connected_components(graph):
        if len(component) > 1:
            start = min(component)
            subgraph = graph.subgraph(component)
            paths_back = [
                nx.shortest_path(subgraph, next_video, start) for next_video in sorted(subgraph.successors(start))
            ]
            shortest_path_back = min(paths_back, key=len)
            cycles.append((start, *shortest_path_back[:-1]))
    return tuple(sorted(cycles))


def islands(pairs: Iterable[Pair]) -> tuple[tuple[str, ...], ...]:
    """Return the connected sets of videos; scores of different sets cannot be compared."""
    components = nx.weakly_connected_components(_graph(pairs))
    return tuple(sorted(tuple(sorted(component)) for component in components))


def depths(pairs: Iterable[Pair]) -> dict[str, int]:
    """Return the depth of every video, which is the length of the longest path of pairs that ends at the video.

    The best videos have depth 0. Videos in a cycle share one depth.
    """
    graph = _graph(pairs)
    components = nx.condensation(graph)
    depth: dict[int, int] = {}
    for component in nx.topological_sort(components):
        depth[component] = max((depth[better] + 1 for better in components.predecessors(component)), default=0)
    return {video: depth[component] for component in components for video in components.nodes[component]["members"]}


def separations(pairs: Iterable[Pair]) -> dict[Pair, int]:
    """Return the difference of depths between the two videos of every pair."""
    pairs = tuple(pairs)
    depth_by_video = depths(pairs)
    return {pair: abs(depth_by_video[pair.better] - depth_by_video[pair.worse]) for pair in pairs}


def similar_by_depth(pairs: Iterable[Pair], max_difference: int = 1) -> tuple[SimilarPair, ...]:
    """Return the unordered pairs of videos of one island whose depths differ by at most ``max_difference``.

    Depths in different islands cannot be compared, since they start at different videos.
    """
    pairs = tuple(pairs)
    ordered_pairs = {SimilarPair(pair.better, pair.worse) for pair in pairs}
    similar_pairs: set[SimilarPair] = set()
    for level, deeper in _levels(pairs, depths(pairs), max_difference):
        similar_pairs.update(starmap(SimilarPair, combinations(level, 2)))
        similar_pairs.update(starmap(SimilarPair, product(level, deeper)))
    return tuple(sorted(similar_pairs - ordered_pairs))


def count_similar_by_depth(pairs: Iterable[Pair], max_difference: int = 1) -> int:
    """Return the number of pairs of ``similar_by_depth`` without listing them; it is quadratic in the videos."""
    pairs = tuple(pairs)
    depth_by_video = depths(pairs)
    n_close = 0
    for level, deeper in _levels(pairs, depth_by_video, max_difference):
        n_close += len(level) * (len(level) - 1) // 2 + len(level) * len(deeper)
    ordered_pairs = {SimilarPair(pair.better, pair.worse) for pair in pairs}
    differences = [abs(depth_by_video[pair.first] - depth_by_video[pair.second]) for pair in ordered_pairs]
    n_close_and_ordered = sum(difference <= max_difference for difference in differences)
    return n_close - n_close_and_ordered


def _levels(
    pairs: Collection[Pair], depth_by_video: Mapping[str, int], max_difference: int
) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the videos of every depth in every island, and the videos of the next ``max_difference`` depths."""
    for island in islands(pairs):
        levels: dict[int, list[str]] = {}
        for video in island:
            levels.setdefault(depth_by_video[video], []).append(video)
        for depth, level in levels.items():
            deeper: list[str] = []
            for difference in range(1, max_difference + 1):
                deeper += levels.get(depth + difference, [])
            yield level, deeper


def similar_for_training(
    dataset: Dataset, fold: Fold, reserved_pairs: Collection[SimilarPair] = ()
) -> tuple[SimilarPair, ...]:
    """Return the similar pairs on which a fold may train; ``reserved_pairs`` are left out.

    These are the data set's similar pairs within the training videos. If the data set has no similar pairs, they follow
    from the depths in the graph of the training pairs, so that nothing is learnt from the order of a held-out video.
    Videos of different sub-tasks are never similar.
    """
    if dataset.similar:
        train = set(fold.train_videos)
        return tuple(pair for pair in dataset.similar if pair.within(train) and pair not in reserved_pairs)
    subtasks = dataset.subtasks
    pairs_by_subtask: dict[str, list[Pair]] = {}
    for pair in fold.train_pairs:
        pairs_by_subtask.setdefault(subtasks[pair.better], []).append(pair)
    similar_pairs: list[SimilarPair] = []
    for _, pairs in sorted(pairs_by_subtask.items()):
        similar_pairs += similar_by_depth(pairs)
    return tuple(pair for pair in similar_pairs if pair not in reserved_pairs)
