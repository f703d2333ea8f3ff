"""Videos that a chain of votes connects (only they can be ranked among each other), or a chain in both directions."""

from collections.abc import Iterable, Sequence

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from skillviewer.core.arrays import IntArray


def connected(names: Sequence[str], links: Iterable[tuple[str, str]], *, strong: bool = False) -> IntArray:
    """Return (N,) numbers from 0, equal for those of N names that a chain of links connects.

    Where ``strong``, links have a direction, and chains lead from each of them to each other.
    """
    place = {name: i for i, name in enumerate(names)}
    ends = [(place[one], place[other]) for one, other in links]
    i, j = np.array(ends, dtype=np.int64).reshape(-1, 2).T
    graph = sparse.coo_array((np.ones(len(ends)), (i, j)), (len(names), len(names)))
    return np.asarray(csgraph.connected_components(graph, directed=strong, connection="strong")[1], dtype=np.int64)


def connected_parts(names: Sequence[str], links: Iterable[tuple[str, str]], *, strong: bool = False) -> list[list[str]]:
    """Return the names part by part, in their order; arguments as in ``connected``."""
    parts: dict[int, list[str]] = {}
    for name, part in zip(names, connected(names, links, strong=strong).tolist(), strict=True):
        parts.setdefault(part, []).append(name)
    return list(parts.values())
