"""Measures of agreement between two models' maps, at a frame and over a video.

Two maps are compared on the common refinement of their grids: the rectangles between the edges of the cells of both,
each with the density of the cell around it. Nothing is interpolated and no mass is lost, whichever part of the picture
each map covers.

Correlation, similarity and Kullback-Leibler divergence as in Bylinskii et al., "What do different evaluation metrics
tell us about saliency models?", TPAMI 2019.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.analysis.analysis import Analysis, MapKind, MapRect
from skillviewer.core.arrays import FloatArray, IntArray, ReadOnly


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
    """Return (..., H, W) float64 the mass of (..., h, w) maps over another partition: each cell's spread over its area.

    Mass outside ``onto`` is lost, so it must cover the maps if mass is to be kept.
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


TOP_AREA = 0.1
"""Share of the area whose overlap is measured."""

FLOOR = 1e-6
"""Least density of a map in the divergence, relative to a uniform map's: an empty cell must not make it infinite."""

ROUNDING = 1e-12
"""Variance of the densities of a constant map, in squares of a uniform map's density: pure rounding."""


def correlation(p: FloatArray, q: FloatArray, areas: FloatArray) -> FloatArray:
    """Return Pearson's correlation of the densities of (..., H, W) masses, -1 to 1; NaN if one is constant."""
    weights = areas / areas.sum()
    a, b = (x / areas - (x / areas * weights).sum(axis=(-2, -1), keepdims=True) for x in (p, q))
    products, size_a, size_b = ((weights * x).sum(axis=(-2, -1)) for x in (a * b, a**2, b**2))
    # densities are about 1: the remaining variance of a constant map is rounding
    defined = (size_a > ROUNDING) & (size_b > ROUNDING)
    return np.where(defined, products / np.sqrt(np.where(defined, size_a * size_b, 1)), np.nan)


def similarity(p: FloatArray, q: FloatArray) -> FloatArray:
    """Return the histogram intersection of mass maps, (..., H, W): 1 if equal, 0 if they share no area."""
    return np.asarray(np.minimum(p, q).sum(axis=(-2, -1)))


def divergence(p: FloatArray, q: FloatArray, areas: FloatArray) -> FloatArray:
    """Return the Kullback-Leibler divergence of (..., H, W) masses in nats; both are raised to ``FLOOR``."""
    floor = FLOOR * areas / areas.sum()
    raised = (np.maximum(x, floor) for x in (p, q))
    a, b = (x / x.sum(axis=(-2, -1), keepdims=True) for x in raised)
    return np.asarray((a * np.log(a / b)).sum(axis=(-2, -1)))


def top_area(p: FloatArray, areas: FloatArray, share: float = TOP_AREA) -> FloatArray:
    """Return the proportion of every rectangle of a (H, W) mass that belongs to the densest ``share`` of the area.

    Returns:
        (H, W) float64, 0 to 1; rectangles of equal density at the limit share the rest evenly. A rectangle with almost
        no mass (``FLOOR``) is never included: a map in one cell has no more area than that cell.
    """
    density = (p / areas).ravel()
    holds = density > FLOOR * p.sum() / areas.sum()
    # a density is the same in all rectangles of a cell except for rounding
    density = np.round(density / max(float(density.max()), 1e-300), 9)
    levels, level = np.unique(-density, return_inverse=True)
    area = np.bincount(level, weights=areas.ravel(), minlength=len(levels))
    before = np.cumsum(area) - area
    held = np.clip((share * float(areas.sum()) - before) / area, 0.0, 1.0)
    return np.asarray((held[level] * holds).reshape(p.shape))


def top_overlap(p: FloatArray, q: FloatArray, areas: FloatArray) -> float:
    """Return the overlap of the densest tenths of the area of two maps: 1 if equal, 0.1 by chance."""
    a, b = top_area(p, areas), top_area(q, areas)
    return float((areas * np.minimum(a, b)).sum() / max((areas * a).sum(), (areas * b).sum()))


def centre(p: FloatArray, partition: Partition) -> FloatArray:
    """Return the centres of mass maps, (..., H, W), as fractions of the picture: (..., 2), x from the left, y down."""
    x, y = ((edges[1:] + edges[:-1]) / 2 for edges in (partition.x, partition.y))
    total = p.sum(axis=(-2, -1))
    return np.stack([(p.sum(axis=-2) @ x) / total, (p.sum(axis=-1) @ y) / total], axis=-1)


def entropy(maps: NDArray[Any]) -> FloatArray:
    """Return the entropy of maps, (..., h, w), on their own grid, relative to its maximum: 1 uniform, 0 one cell.

    A grid of one cell counts as uniform.
    """
    p = mass(maps)
    n = p.shape[-1] * p.shape[-2]
    surprise = np.log(1 / np.where(p > 0, p, 1))
    return np.asarray((p * surprise).sum(axis=(-2, -1)) / np.log(n)) if n > 1 else np.ones(p.shape[:-2])


@dataclass(frozen=True, slots=True)
class MapNumbers:
    """Measures of agreement of two maps, or of the maps of two models over a video."""

    correlation: float  # Pearson's correlation of densities over the area, -1 to 1; NaN if a map is constant
    similarity: float  # histogram intersection, 0 to 1
    divergence: float  # Kullback-Leibler divergence of the first from the second, in nats
    divergence_back: float  # divergence of the second from the first
    top_overlap: float  # overlap of the densest tenths of the area, 0 to 1; 0.1 by chance
    centre_distance: float  # distance of the centres of mass, relative to the picture's diagonal
    entropy: float  # entropy of the first on its own grid, 0 (one cell) to 1 (uniform)
    entropy_other: float  # entropy of the second


@dataclass(frozen=True, slots=True, repr=False)
class PlacedMaps(ReadOnly):
    """Maps on one grid, with the part of the picture they cover."""

    values: NDArray[Any]  # (M, h, w), as the model computed them
    rect: MapRect

    @property
    def partition(self) -> Partition:
        """Their cells as a partition of the picture."""
        return Partition.of(self.rect, (self.values.shape[1], self.values.shape[2]))


def on_common_grid(first: PlacedMaps, second: PlacedMaps) -> tuple[FloatArray, FloatArray, Partition]:
    """Return two sequences of normalised maps, (M, H, W) each, on the common refinement of both grids."""
    common = Partition.common([first.partition, second.partition])
    p, q = (spread(mass(maps.values), maps.rect, common) for maps in (first, second))
    return p, q, common


def compare_maps(first: PlacedMaps, second: PlacedMaps, aspect: float = 1.0) -> tuple[MapNumbers, ...]:
    """Compare M maps with M others, one by one; grids may differ, maps are normalised.

    ``aspect`` is the picture's width over its height.
    """
    p, q, common = on_common_grid(first, second)
    areas = common.areas
    apart = centre(p, common) - centre(q, common)
    columns = (
        correlation(p, q, areas),
        similarity(p, q),
        divergence(p, q, areas),
        divergence(q, p, areas),
        np.array([top_overlap(a, b, areas) for a, b in zip(p, q, strict=True)]),
        np.hypot(apart[:, 0] * aspect, apart[:, 1]) / np.hypot(aspect, 1),
        entropy(first.values),
        entropy(second.values),
    )
    return tuple(MapNumbers(*row) for row in np.stack(columns, axis=1).tolist())


def difference_map(first: PlacedMaps, second: PlacedMaps, shape: tuple[int, int] = (56, 56)) -> PlacedMaps:
    """Return the normalised first maps minus the second on a regular grid over both, in multiples of a uniform density.

    Args:
        first: (M, h, w) maps.
        second: M others.
        shape: Rows and columns of the grid. 56 contains the grids of 7, 8, 14 and 28 cells; others are averaged.

    Returns:
        (M, rows, columns) float64, each with sum 0: 1 where the first has more by the density of a uniform map.
    """
    rects = (first.rect, second.rect)
    rect = MapRect(
        min(r.left for r in rects), min(r.top for r in rects), max(r.right for r in rects), max(r.bottom for r in rects)
    )
    grid = Partition.of(rect, shape)
    p, q = (spread(mass(m.values), m.rect, grid) for m in (first, second))
    return PlacedMaps((p - q) * (shape[0] * shape[1]), rect)


def maps_at(analysis: Analysis, frames: IntArray) -> PlacedMaps:
    """Return a model's maps at M frames, each from the last sampled frame of any pass at or before it.

    A model without a map yields a uniform one, which must not be compared (``VideoComparison``).
    """
    rows = analysis.in_time_order
    at = np.searchsorted(rows[:, 0], frames, side="right") - 1
    if len(at) and at.min() < 0:
        raise ValueError(f"the model has not looked yet at frame {int(frames.min())}")
    return PlacedMaps(analysis.attention[rows[at, 1], rows[at, 2]], analysis.map_rect)


@dataclass(frozen=True, slots=True, repr=False)
class VideoComparison(ReadOnly):
    """Two models on one video."""

    # kinds of their maps. Maps of one kind are directly comparable; for different kinds, normalised magnitudes are
    # compared. If one model has no map nothing is compared: all numbers are NaN except the entropy of the other's map
    kinds: tuple[MapKind, MapKind]
    frames: IntArray  # (M,) int64 frames that either model sampled, from the first at which both have a map
    numbers: tuple[MapNumbers, ...]  # one per frame

    @property
    def same_kind(self) -> bool:
        """True if both have maps, of the same kind."""
        return self.kinds[0] is self.kinds[1] and MapKind.NONE not in self.kinds

    @property
    def mean(self) -> MapNumbers:
        """Mean of every number over the frames where it is defined; NaN if there are none."""
        return MapNumbers(*(mean_defined([getattr(n, f.name) for n in self.numbers]) for f in fields(MapNumbers)))


def mean_defined(values: Sequence[float] | FloatArray) -> float:
    """Return the mean of the values that are not NaN; NaN if there are none."""
    numbers = np.asarray(values, dtype=np.float64)
    numbers = numbers[np.isfinite(numbers)]
    return float(numbers.mean()) if len(numbers) else float("nan")


def compare_video(first: Analysis, second: Analysis) -> VideoComparison:
    """Compare the maps of two models over one video, at every frame that either of them sampled."""
    frames = compared_frames(first, second)
    return VideoComparison((first.map_kind, second.map_kind), frames, _compared(first, second, frames))


def compared_frames(first: Analysis, second: Analysis) -> IntArray:
    """Return the frames at which two analyses of one video are compared, (M,): see ``VideoComparison``."""
    if first.clip_id != second.clip_id:
        raise ValueError(f"{first.video.path.name} and {second.video.path.name} are two videos")
    sampled = np.union1d(first.samples, second.samples)
    both_begun = max(int(first.samples.min()), int(second.samples.min()))
    return np.asarray(sampled[sampled >= both_begun], dtype=np.int64)


def _compared(first: Analysis, second: Analysis, frames: IntArray) -> tuple[MapNumbers, ...]:
    aspect = first.video.width_px / first.video.height_px
    maps = maps_at(first, frames), maps_at(second, frames)
    if not without_map(first, second):
        return compare_maps(*maps, aspect)
    nan = float("nan")
    own, other = (
        np.full(len(frames), nan) if one.map_kind is MapKind.NONE else entropy(placed.values)
        for one, placed in zip((first, second), maps, strict=True)
    )
    pairs = zip(own.tolist(), other.tolist(), strict=True)
    return tuple(MapNumbers(nan, nan, nan, nan, nan, nan, *entropies) for entropies in pairs)


def without_map(first: Analysis, second: Analysis) -> bool:
    """Return True if one of two models has no map, so that there is nothing to compare."""
    return MapKind.NONE in (first.map_kind, second.map_kind)
