"""Maps of different grids on common ground: rectangular partitions of the picture, and mass spread over them.

Two maps are compared on the common refinement of their grids: the rectangles between the edges of the cells of both,
each with the density of the cell around it. Nothing is interpolated and no mass is lost, whichever part of the picture
each map covers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.analysis.analysis import MapRect
from skillviewer.core.arrays import FloatArray, ReadOnly


@dataclass(frozen=True, slots=True, repr=False)
class Partition(ReadOnly):
    """A partition of the picture into rectangles; in fractions of its width and height."""

    x: FloatArray  # (W + 1,) float64 ascending edges
    y: FloatArray  # (H + 1,) float64 ascending edges

    @classmethod
    def of(cls, rect: MapRect, grid: tuple[int, int]) -> "Partition":
        """Return the partition into the cells, (h, w), of a map that covers a rectangle."""
        h, w = grid
        return cls(np.linspace(rect.left, rect.right, w + 1), np.linspace(rect.top, rect.bottom, h + 1))

    @classmethod
    def common(cls, parts: Sequence["Partition"]) -> "Partition":
        """Return the common refinement of several partitions: every edge of each."""
        return cls(_united([p.x for p in parts]), _united([p.y for p in parts]))

    @property
    def areas(self) -> FloatArray:
        """(H, W) area of each rectangle, relative to the picture."""
        return np.asarray(np.outer(np.diff(self.y), np.diff(self.x)))


def _united(edges: Sequence[FloatArray]) -> FloatArray:
    every = np.sort(np.concatenate(edges))
    # edges that differ only by rounding are one
    return np.concatenate([every[:1], every[1:][np.diff(every) > 1e-9]])


def _shares(cells: FloatArray, onto: FloatArray) -> FloatArray:
    """Return (m, n) the proportion of each of n cells, given by n + 1 edges, that falls into each of m intervals."""
    low = np.maximum(onto[:-1, None], cells[None, :-1])
    high = np.minimum(onto[1:, None], cells[None, 1:])
    return np.asarray(np.clip(high - low, 0.0, None) / np.diff(cells))


def spread(maps: NDArray[Any], rect: MapRect, onto: Partition) -> FloatArray:
    """Return (..., H, W) float64 the mass of maps over another partition: each cell's spread evenly over its own area.

    Args:
        maps: (..., h, w) mass of every cell.
        rect: Part of the picture that the maps cover.
        onto: Target partition. Mass outside it is lost, so it must cover the maps if mass is to be kept.
    """
    own = Partition.of(rect, (maps.shape[-2], maps.shape[-1]))
    down, across = _shares(own.y, onto.y), _shares(own.x, onto.x)
    return np.asarray(down @ maps.astype(np.float64) @ across.T)


def mass(maps: NDArray[Any]) -> FloatArray:
    """Return normalised maps, as they are compared, whatever their kind; magnitudes if signed.

    A map of zeros becomes uniform.
    """
    magnitude = np.abs(maps.astype(np.float64))
    total = magnitude.sum(axis=(-2, -1), keepdims=True)
    even = 1 / (maps.shape[-2] * maps.shape[-1])
    return np.where(total > 0, magnitude / np.where(total > 0, total, 1), even)
