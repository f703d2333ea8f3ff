"""Connected components of videos that are linked by votes; only connected videos can be ranked among each other."""

from collections.abc import Iterable, Sequence

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from skillviewer.core.arrays import IntArray


def components(n: int, i: IntArray, j: IntArray, *, strong: bool = False) -> IntArray:
    """Return the component, from 0, of every node of a graph, (n,).

    Args:
        n: Number of nodes.
        i: Node at which each link starts.
        j: Node at which each link ends.
        strong: Whether links are directed and components are strongly connected.
    """
    graph = sparse.coo_array((np.ones(len(i)), (i, j)), (n, n))
    _, labels = csgraph.connected_components(graph, directed=strong, connection="strong")
    return np.asarray(labels, dtype=np.int64)


def name_components(names: Sequence[str], links: Iterable[tuple[str, str]]) -> IntArray:
    """Return the component, from 0, of every name, (n,), in the graph of links between names."""
    index_of = {name: index for index, name in enumerate(names)}
    link_indices = [(index_of[first], index_of[second]) for first, second in links]
    i, j = np.array(link_indices, dtype=np.int64).reshape(-1, 2).T
    return components(len(names), i, j)


def connected_parts(names: Sequence[str], links: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return the names of every component (``name_components``), in their order."""
    names_by_component: dict[int, list[str]] = {}
    for name, component in zip(names, name_components(names, links).tolist(), strict=True):
        names_by_component.setdefault(component, []).append(name)
    return list(names_by_component.values())
