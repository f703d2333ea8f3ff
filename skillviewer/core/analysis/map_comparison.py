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
    ascending = np.sort(np.concatenate(edges))
    # edges that differ only by rounding are one
    return np.concatenate([ascending[:1], ascending[1:][np.diff(ascending) > 1e-9]])


def _overlap_shares(cell_edges: FloatArray, interval_edges: FloatArray) -> FloatArray:
    """Return the (m, n) shares of n cells that fall into m intervals; n + 1 and m + 1 ascending edges define them."""
    low = np.maximum(interval_edges[:-1, None], cell_edges[None, :-1])
    high = np.minimum(interval_edges[1:, None], cell_edges[None, 1:])
    return np.asarray(np.clip(high - low, 0.0, None) / np.diff(cell_edges))


def spread(maps: NDArray[Any], rect: MapRect, target: Partition) -> FloatArray:
    """Redistribute the mass of (..., h, w) maps over another partition; return (..., H, W) float64.

    The mass of a cell is spread evenly over the cell's area. Mass outside ``target`` is lost:
    to keep all mass, ``target`` must cover the maps.
    """
    source = Partition.of(rect, (maps.shape[-2], maps.shape[-1]))
    row_shares = _overlap_shares(source.y, target.y)
    column_shares = _overlap_shares(source.x, target.x)
    return np.asarray(row_shares @ maps.astype(np.float64) @ column_shares.T)


def mass(maps: NDArray[Any]) -> FloatArray:
    """Return the magnitudes of maps of any kind, normalised to a sum of 1.

    A map of zeros becomes uniform.
    """
    magnitude = np.abs(maps.astype(np.float64))
    total = magnitude.sum(axis=(-2, -1), keepdims=True)
    uniform = 1 / (maps.shape[-2] * maps.shape[-1])
    return np.where(total > 0, magnitude / np.where(total > 0, total, 1), uniform)


TOP_AREA = 0.1
"""Share of the area whose overlap is measured."""

FLOOR = 1e-6
"""Least density of a map in the divergence, relative to a uniform map's: an empty cell must not make it infinite."""

ROUNDING = 1e-12
"""Largest variance of densities that is only rounding: the map is constant. A uniform map has the density 1."""


def correlation(p: FloatArray, q: FloatArray, areas: FloatArray) -> FloatArray:
    """Return Pearson's correlation of the densities of (..., H, W) masses, -1 to 1; NaN if one is constant."""
    weights = areas / areas.sum()
    centred_p = _centred_density(p, areas, weights)
    centred_q = _centred_density(q, areas, weights)
    covariance = (weights * (centred_p * centred_q)).sum(axis=(-2, -1))
    variance_p = (weights * centred_p**2).sum(axis=(-2, -1))
    variance_q = (weights * centred_q**2).sum(axis=(-2, -1))
    # densities are about 1: the remaining variance of a constant map is rounding
    defined = (variance_p > ROUNDING) & (variance_q > ROUNDING)
    return np.where(defined, covariance / np.sqrt(np.where(defined, variance_p * variance_q, 1)), np.nan)


def _centred_density(masses: FloatArray, areas: FloatArray, weights: FloatArray) -> FloatArray:
    density = masses / areas
    return np.asarray(density - (density * weights).sum(axis=(-2, -1), keepdims=True))


def similarity(p: FloatArray, q: FloatArray) -> FloatArray:
    """Return the histogram intersection of mass maps, (..., H, W): 1 if equal, 0 if they share no area."""
    return np.asarray(np.minimum(p, q).sum(axis=(-2, -1)))


def divergence(p: FloatArray, q: FloatArray, areas: FloatArray) -> FloatArray:
    """Return the Kullback-Leibler divergence of (..., H, W) masses in nats; both are raised to ``FLOOR``."""
    floor = FLOOR * areas / areas.sum()
    raised_p = np.maximum(p, floor)
    raised_q = np.maximum(q, floor)
    share_p = raised_p / raised_p.sum(axis=(-2, -1), keepdims=True)
    share_q = raised_q / raised_q.sum(axis=(-2, -1), keepdims=True)
    return np.asarray((share_p * np.log(share_p / share_q)).sum(axis=(-2, -1)))


def top_area(p: FloatArray, areas: FloatArray, share: float = TOP_AREA) -> FloatArray:
    """Return the proportion of every rectangle of an (H, W) mass that belongs to the densest ``share`` of the area.

    Returns:
        (H, W) float64, 0 to 1. At the limit, rectangles of equal density share the remaining area evenly. A rectangle
        with almost no mass (``FLOOR``) is never included: a map in one cell has no more area than that cell.
    """
    density = (p / areas).ravel()
    has_mass = density > FLOOR * p.sum() / areas.sum()
    # a density is the same in all rectangles of a cell except for rounding
    density = np.round(density / max(float(density.max()), 1e-300), 9)
    levels, level = np.unique(-density, return_inverse=True)
    area = np.bincount(level, weights=areas.ravel(), minlength=len(levels))
    before = np.cumsum(area) - area
    proportion = np.clip((share * float(areas.sum()) - before) / area, 0.0, 1.0)
    return np.asarray((proportion[level] * has_mass).reshape(p.shape))


def top_overlap(p: FloatArray, q: FloatArray, areas: FloatArray) -> float:
    """Return the overlap of the densest tenths of the area of two maps: 1 if equal, 0.1 by chance."""
    top_p = top_area(p, areas)
    top_q = top_area(q, areas)
    return float((areas * np.minimum(top_p, top_q)).sum() / max((areas * top_p).sum(), (areas * top_q).sum()))


def centre(p: FloatArray, partition: Partition) -> FloatArray:
    """Return the centres of mass of (..., H, W) masses as (..., 2) fractions of the picture, x and y from top left."""
    x = (partition.x[1:] + partition.x[:-1]) / 2
    y = (partition.y[1:] + partition.y[:-1]) / 2
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
    first_mass = spread(mass(first.values), first.rect, common)
    second_mass = spread(mass(second.values), second.rect, common)
    return first_mass, second_mass, common


def compare_maps(first: PlacedMaps, second: PlacedMaps, aspect: float = 1.0) -> tuple[MapNumbers, ...]:
    """Compare M maps with M others, one by one; grids may differ, maps are normalised.

    ``aspect`` is the picture's width over its height.
    """
    p, q, common = on_common_grid(first, second)
    areas = common.areas
    offset = centre(p, common) - centre(q, common)
    columns = (
        correlation(p, q, areas),
        similarity(p, q),
        divergence(p, q, areas),
        divergence(q, p, areas),
        np.array([top_overlap(a, b, areas) for a, b in zip(p, q, strict=True)]),
        np.hypot(offset[:, 0] * aspect, offset[:, 1]) / np.hypot(aspect, 1),
        entropy(first.values),
        entropy(second.values),
    )
    return tuple(MapNumbers(*row) for row in np.stack(columns, axis=1).tolist())


def difference_map(first: PlacedMaps, second: PlacedMaps, shape: tuple[int, int] = (56, 56)) -> PlacedMaps:
    """Return the normalised first maps minus the second on a regular grid over both, in multiples of a uniform density.

    Args:
        first: (M, h, w) maps.
        second: M other maps.
        shape: Rows and columns of the grid. A grid of 7, 8, 14 or 28 cells divides 56 exactly; others are averaged.

    Returns:
        (M, rows, columns) float64, each with sum 0. The value 1 means that the density of the first map exceeds that
        of the second by the density of a uniform map.
    """
    rect = MapRect(
        left=min(first.rect.left, second.rect.left),
        top=min(first.rect.top, second.rect.top),
        right=max(first.rect.right, second.rect.right),
        bottom=max(first.rect.bottom, second.rect.bottom),
    )
    grid = Partition.of(rect, shape)
    first_mass = spread(mass(first.values), first.rect, grid)
    second_mass = spread(mass(second.values), second.rect, grid)
    return PlacedMaps((first_mass - second_mass) * (shape[0] * shape[1]), rect)


def maps_at(analysis: Analysis, frames: IntArray) -> PlacedMaps:
    """Return a model's maps at M frames: at each frame the latest map, over all passes.

    A model without a map yields a uniform one, which must not be compared (``VideoComparison``).
    """
    rows = analysis.in_time_order
    latest = np.searchsorted(rows[:, 0], frames, side="right") - 1
    if len(latest) and latest.min() < 0:
        raise ValueError(f"the model has not looked yet at frame {int(frames.min())}")
    return PlacedMaps(analysis.attention[rows[latest, 1], rows[latest, 2]], analysis.map_rect)


@dataclass(frozen=True, slots=True, repr=False)
class VideoComparison(ReadOnly):
    """Two models on one video."""

    # kinds of their maps. Maps of one kind are compared directly, maps of different kinds by normalised magnitudes.
    # If a model has no map, nothing is compared: all numbers are NaN, except the entropy of the other model's map
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
        means = {
            field.name: mean_defined([getattr(numbers, field.name) for numbers in self.numbers])
            for field in fields(MapNumbers)
        }
        return MapNumbers(**means)


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
    first_maps = maps_at(first, frames)
    second_maps = maps_at(second, frames)
    if not without_map(first, second):
        aspect = first.video.width_px / first.video.height_px
        return compare_maps(first_maps, second_maps, aspect)
    undefined = float("nan")
    entropies = zip(
        _entropy_or_nan(first, first_maps).tolist(), _entropy_or_nan(second, second_maps).tolist(), strict=True
    )
    return tuple(
        MapNumbers(
            correlation=undefined,
            similarity=undefined,
            divergence=undefined,
            divergence_back=undefined,
            top_overlap=undefined,
            centre_distance=undefined,
            entropy=first_entropy,
            entropy_other=second_entropy,
        )
        for first_entropy, second_entropy in entropies
    )


def _entropy_or_nan(analysis: Analysis, maps: PlacedMaps) -> FloatArray:
    """Return the entropy of every map; NaN if the model has no map."""
    if analysis.map_kind is MapKind.NONE:
        return np.full(len(maps.values), np.nan)
    return entropy(maps.values)


def without_map(first: Analysis, second: Analysis) -> bool:
    """Return True if one of two models has no map, so that there is nothing to compare."""
    return MapKind.NONE in (first.map_kind, second.map_kind)
