"""Connected components of videos that are linked by votes; only connected videos can be ranked among each other."""

from collections.abc import Iterable, Sequence

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from skillviewer.core.arrays import IntArray


def components(n_nodes: int, starts: IntArray, ends: IntArray, *, strong: bool = False) -> IntArray:
    """Return the component, from 0, of every node of a graph, (n,).

    Args:
        n_nodes: Number of nodes.
        starts: Node at which each link starts.
        ends: Node at which each link ends.
        strong: Whether links are directed and components are strongly connected.
    """
    weights = np.ones(len(starts))
    graph = sparse.coo_array((weights, (starts, ends)), (n_nodes, n_nodes))
    _, labels = csgraph.connected_components(graph, directed=strong, connection="strong")
    return np.asarray(labels, dtype=np.int64)


def components_of_names(names: Sequence[str], links: Iterable[tuple[str, str]]) -> IntArray:
    """Return the component, from 0, of every name, (n,), in the graph of links between names."""
    index_of = {name: index for index, name in enumerate(names)}
    starts = []
    ends = []
    for first, second in links:
        starts.append(index_of[first])
        ends.append(index_of[second])
    return components(len(names), np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64))


def connected_parts(names: Sequence[str], links: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return the names of every component (``components_of_names``), in the given order."""
    names_by_component: dict[int, list[str]] = {}
    for name, component in zip(names, components_of_names(names, links).tolist(), strict=True):
        names_by_component.setdefault(component, []).append(name)
    return list(names_by_component.values())
