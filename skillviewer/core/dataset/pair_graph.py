"""The order that pairs imply: a directed graph from better to worse, its cycles, depths and similar pairs.

Source: Doughty, Damen and Mayol-Cuevas, "Who's Better? Who's Best? Pairwise Deep Ranking for Skill Determination",
CVPR 2018, section 4.1 (similar pairs) and 5 (accuracy by separation).
"""

from collections.abc import Collection, Iterable
from itertools import combinations, starmap

import networkx as nx

from skillviewer.core.dataset.pairs import Dataset, Fold, Pair, SimilarPair


def _graph(pairs: Iterable[Pair]) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_edges_from((pair.better, pair.worse) for pair in sorted(set(pairs)))
    return graph


def cycles(pairs: Iterable[Pair]) -> tuple[tuple[str, ...], ...]:
    """Return one cycle of every set of videos that the pairs put in a circle; empty when the pairs are consistent.

    Args:
        pairs: Ordered pairs.

    Returns:
        Cycles; (A, B, C) says A is better than B, B than C and C than A. Each is a shortest one through the first
        video of its set in alphabetical order.
    """
    graph = _graph(pairs)
    found = []
    for component in nx.strongly_connected_components(graph):
        if len(component) > 1:
            start = min(component)
            inside = graph.subgraph(component)
            ways = (nx.shortest_path(inside, after, start) for after in sorted(inside.successors(start)))
            found.append((start, *min(ways, key=len)[:-1]))
    return tuple(sorted(found))


def islands(pairs: Iterable[Pair]) -> tuple[tuple[str, ...], ...]:
    """Return the sets of videos that comparisons connect; scores of two islands cannot be compared."""
    return tuple(sorted(tuple(sorted(part)) for part in nx.weakly_connected_components(_graph(pairs))))


def depths(pairs: Iterable[Pair]) -> dict[str, int]:
    """Return the length of the longest walk that leads down to every video from any video without a better one.

    Videos in a circle count as one place and share its depth.

    Args:
        pairs: Ordered pairs.

    Returns:
        Depth, 0 for the best, of every video that a pair names.
    """
    graph = _graph(pairs)
    places = nx.condensation(graph)
    below: dict[int, int] = {}
    for place in nx.topological_sort(places):
        below[place] = max((below[above] + 1 for above in places.predecessors(place)), default=0)
    return {video: below[place] for place in places for video in places.nodes[place]["members"]}


def separations(pairs: Iterable[Pair]) -> dict[Pair, int]:
    """Return how many steps of the implied ranking lie between the two videos of every pair (difference of depths)."""
    pairs = tuple(pairs)
    depth = depths(pairs)
    return {pair: abs(depth[pair.better] - depth[pair.worse]) for pair in pairs}


def similar_by_depth(pairs: Iterable[Pair], farthest: int = 1) -> tuple[SimilarPair, ...]:
    """Return pairs that nobody ordered and whose depths differ by no more than a step.

    Depths of two islands are counted from different videos: no pair is made of videos that no chain of pairs connects.

    Args:
        pairs: Ordered pairs of one task.
        farthest: Largest difference of depths.
    """
    pairs = tuple(pairs)
    ordered = {SimilarPair(pair.better, pair.worse) for pair in pairs}
    similar: list[SimilarPair] = []
    for floors in _floors(pairs):
        for floor, videos in floors.items():
            near = [(a, b) for a, b in combinations(videos, 2)]
            below = (floors.get(floor + step, ()) for step in range(1, farthest + 1))
            near += [(a, b) for others in below for a in videos for b in others]
            similar += (pair for pair in starmap(SimilarPair, near) if pair not in ordered)
    return tuple(sorted(similar))


def n_similar_by_depth(pairs: Iterable[Pair], farthest: int = 1) -> int:
    """Return how many pairs ``similar_by_depth`` gives, without making them: of many videos they are a great many."""
    pairs = tuple(pairs)
    depth = depths(pairs)
    n = 0
    for floors in _floors(pairs):
        for floor, videos in floors.items():
            n += len(videos) * (len(videos) - 1) // 2
            n += len(videos) * sum(len(floors.get(floor + step, ())) for step in range(1, farthest + 1))
    ordered = {SimilarPair(pair.better, pair.worse) for pair in pairs}
    return n - sum(abs(depth[pair.first] - depth[pair.second]) <= farthest for pair in ordered)


def _floors(pairs: Collection[Pair]) -> list[dict[int, list[str]]]:
    """Return the videos of every island by their depth."""
    depth = depths(pairs)
    found = []
    for island in islands(pairs):
        floors: dict[int, list[str]] = {}
        for video in island:
            floors.setdefault(depth[video], []).append(video)
        found.append(floors)
    return found


def similar_for_training(
    dataset: Dataset, fold: Fold, set_aside: Collection[SimilarPair] = ()
) -> tuple[SimilarPair, ...]:
    """Return the similar pairs that training in a fold may use.

    Those that the data set names itself, where both videos may be trained on; where it names none, those of the depth
    rule on the training pairs alone, so that nothing is learnt from the order of a held-out video. Videos of different
    sub-tasks are never similar.

    Args:
        dataset: The data set.
        fold: What may be trained on.
        set_aside: Pairs that are trained on nowhere, whatever was said of them.
    """
    if dataset.similar:
        train = set(fold.train_videos)
        return tuple(pair for pair in dataset.similar if pair.within(train) and pair not in set_aside)
    subtasks = dataset.subtasks
    by_subtask: dict[str, list[Pair]] = {}
    for pair in fold.train_pairs:
        by_subtask.setdefault(subtasks[pair.better], []).append(pair)
    return tuple(
        similar
        for _, pairs in sorted(by_subtask.items())
        for similar in similar_by_depth(pairs)
        if similar not in set_aside
    )
