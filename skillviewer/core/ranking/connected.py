"""Videos that a chain of votes connects (only they can be ranked among each other), or a chain in both directions."""

from collections.abc import Iterable, Sequence

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from skillviewer.core.arrays import IntArray


def components(n: int, i: IntArray, j: IntArray, *, strong: bool = False) -> IntArray:
    """Return (n,) numbers from 0, equal for those of n things that a chain of links from i to j connects.

    Where ``strong``, links have a direction, and chains lead from each of them to each other.
    """
    graph = sparse.coo_array((np.ones(len(i)), (i, j)), (n, n))
    return np.asarray(csgraph.connected_components(graph, directed=strong, connection="strong")[1], dtype=np.int64)


def connected(names: Sequence[str], links: Iterable[tuple[str, str]]) -> IntArray:
    """Return (N,) numbers from 0, equal for those of N names that a chain of links connects."""
    place = {name: i for i, name in enumerate(names)}
    ends = [(place[first], place[second]) for first, second in links]
    return components(len(names), *np.array(ends, dtype=np.int64).reshape(-1, 2).T)


def connected_parts(names: Sequence[str], links: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return the names part by part, in their order; arguments as in ``connected``."""
    parts: dict[int, list[str]] = {}
    for name, part in zip(names, connected(names, links).tolist(), strict=True):
        parts.setdefault(part, []).append(name)
    return list(parts.values())
