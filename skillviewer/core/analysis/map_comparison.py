"""Measures of agreement between two models' maps, at a frame and over a video.

Two maps are compared on the common refinement of their grids, which consists of the rectangles between the edges of the
cells of both. Each rectangle has the density of the cell around it. Nothing is interpolated and no mass is lost,
whichever part of the picture each map covers.

Correlation, similarity and Kullback-Leibler divergence follow Bylinskii et al., "What do different evaluation metrics
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
    """A partition of the picture into rectangles, in fractions of the picture's width and height."""

    x: FloatArray  # (W + 1,) float64 ascending edges
    y: FloatArray  # (H + 1,) float64 ascending edges

    @classmethod
    def of(cls, rect: MapRect, grid: tuple[int, int]) -> "Partition":
        """Return the partition into the cells of an (h, w) map that covers a rectangle."""
        h, w = grid
        return cls(np.linspace(rect.left, rect.right, w + 1), np.linspace(rect.top, rect.bottom, h + 1))

    @classmethod
    def common(cls, partitions: Sequence["Partition"]) -> "Partition":
        """Return the common refinement of several partitions, which has the edges of all."""
        return cls(
            _merged_edges([partition.x for partition in partitions]),
            _merged_edges([partition.y for partition in partitions]),
        )

    @property
    def areas(self) -> FloatArray:
        """(H, W) area of each rectangle, relative to the picture."""
        return np.asarray(np.outer(np.diff(self.y), np.diff(self.x)))


def _merged_edges(edges: Sequence[FloatArray]) -> FloatArray:
    ascending = np.sort(np.concatenate(edges))
    # edges that differ only by rounding errors are one
    is_distinct = np.diff(ascending) > 1e-9
    return np.concatenate([ascending[:1], ascending[1:][is_distinct]])


def _overlap_shares(cell_edges: FloatArray, interval_edges: FloatArray) -> FloatArray:
    """Return the (m, n) shares of n cells that fall into m intervals, from n + 1 and m + 1 ascending edges."""
    low = np.maximum(interval_edges[:-1, None], cell_edges[None, :-1])
    high = np.minimum(interval_edges[1:, None], cell_edges[None, 1:])
    return np.asarray(np.clip(high - low, 0.0, None) / np.diff(cell_edges))


def redistribute_mass(maps: NDArray[Any], rect: MapRect, target: Partition) -> FloatArray:
    """Redistribute the mass of (..., h, w) maps over another partition, as (..., H, W) float64.

    The mass of a cell is distributed evenly over the area of the cell. Mass outside ``target`` is lost.
    """
    source = Partition.of(rect, (maps.shape[-2], maps.shape[-1]))
    row_shares = _overlap_shares(source.y, target.y)
    column_shares = _overlap_shares(source.x, target.x)
    return np.asarray(row_shares @ maps.astype(np.float64) @ column_shares.T)


def normalised_mass(maps: NDArray[Any]) -> FloatArray:
    """Return the magnitudes of maps of any kind, normalised to a sum of 1; a map of zeros becomes uniform."""
    magnitude = np.abs(maps.astype(np.float64))
    total = magnitude.sum(axis=(-2, -1), keepdims=True)
    uniform = 1 / (maps.shape[-2] * maps.shape[-1])
    return np.where(total > 0, magnitude / np.where(total > 0, total, 1), uniform)


TOP_AREA = 0.1
"""Share of the area whose overlap is measured."""

FLOOR = 1e-6
"""Least density of a map in the divergence, relative to a uniform map; keeps the divergence finite."""

ROUNDING = 1e-12
"""Greatest variance of the densities of a constant map, from rounding errors; a uniform map has the density 1."""


def correlation(p: FloatArray, q: FloatArray, areas: FloatArray) -> FloatArray:
    """Return Pearson's correlation of the densities of (..., H, W) masses, -1 to 1; NaN if one map is constant."""
    weights = areas / areas.sum()
    centred_p = _centred_density(p, areas, weights)
    centred_q = _centred_density(q, areas, weights)
    covariance = (weights * (centred_p * centred_q)).sum(axis=(-2, -1))
    variance_p = (weights * centred_p**2).sum(axis=(-2, -1))
    variance_q = (weights * centred_q**2).sum(axis=(-2, -1))
    is_defined = (variance_p > ROUNDING) & (variance_q > ROUNDING)
    deviations = np.sqrt(np.where(is_defined, variance_p * variance_q, 1))
    return np.where(is_defined, covariance / deviations, np.nan)


def _centred_density(masses: FloatArray, areas: FloatArray, weights: FloatArray) -> FloatArray:
    density = masses / areas
    return np.asarray(density - (density * weights).sum(axis=(-2, -1), keepdims=True))


def similarity(p: FloatArray, q: FloatArray) -> FloatArray:
    """Return the histogram intersection of (..., H, W) masses, which is 1 for equal maps and 0 for disjoint ones."""
    return np.asarray(np.minimum(p, q).sum(axis=(-2, -1)))


def divergence(p: FloatArray, q: FloatArray, areas: FloatArray) -> FloatArray:
    """Return the Kullback-Leibler divergence of (..., H, W) masses in nats, with densities of at least ``FLOOR``."""
    floor = FLOOR * areas / areas.sum()
    floored_p = np.maximum(p, floor)
    floored_q = np.maximum(q, floor)
    share_p = floored_p / floored_p.sum(axis=(-2, -1), keepdims=True)
    share_q = floored_q / floored_q.sum(axis=(-2, -1), keepdims=True)
    return np.asarray((share_p * np.log(share_p / share_q)).sum(axis=(-2, -1)))


def top_area(p: FloatArray, areas: FloatArray, share: float = TOP_AREA) -> FloatArray:
    """Return the proportion of every rectangle of an (H, W) mass that belongs to the densest ``share`` of the area.

    Returns:
        (H, W) float64, 0 to 1. At the limit, rectangles of equal density share the remaining area evenly. Rectangles
        with almost no mass (``FLOOR``) are excluded, so that a map in one cell has no more area than that cell.
    """
    density = (p / areas).ravel()
    has_mass = density > FLOOR * p.sum() / areas.sum()
    max_density = max(float(density.max()), 1e-300)
    # rounded, so that all rectangles of a cell have the same density
    density = np.round(density / max_density, 9)
    negative_densities, rank = np.unique(-density, return_inverse=True)
    area_by_rank = np.bincount(rank, weights=areas.ravel(), minlength=len(negative_densities))
    denser_area = np.cumsum(area_by_rank) - area_by_rank
    proportion_by_rank = np.clip((share * float(areas.sum()) - denser_area) / area_by_rank, 0.0, 1.0)
    return np.asarray((proportion_by_rank[rank] * has_mass).reshape(p.shape))


def top_overlap(p: FloatArray, q: FloatArray, areas: FloatArray) -> float:
    """Return the overlap of the densest tenths of the area of two maps, which is 1 for equal maps and 0.1 by chance."""
    top_p = top_area(p, areas)
    top_q = top_area(q, areas)
    common_area = (areas * np.minimum(top_p, top_q)).sum()
    larger_area = max((areas * top_p).sum(), (areas * top_q).sum())
    return float(common_area / larger_area)


def centres_of_mass(p: FloatArray, partition: Partition) -> FloatArray:
    """Return the centres of (..., H, W) masses, (..., 2), as x and y in fractions of the picture from the top left."""
    x = (partition.x[1:] + partition.x[:-1]) / 2
    y = (partition.y[1:] + partition.y[:-1]) / 2
    total = p.sum(axis=(-2, -1))
    return np.stack([(p.sum(axis=-2) @ x) / total, (p.sum(axis=-1) @ y) / total], axis=-1)


def entropy(maps: NDArray[Any]) -> FloatArray:
    """Return the entropy of (..., h, w) maps relative to that of a uniform map, 0 (one cell) to 1 (uniform).

    A grid of one cell counts as uniform.
    """
    p = normalised_mass(maps)
    n_cells = p.shape[-1] * p.shape[-2]
    if n_cells == 1:
        return np.ones(p.shape[:-2])
    negative_logs = np.log(1 / np.where(p > 0, p, 1))
    return np.asarray((p * negative_logs).sum(axis=(-2, -1)) / np.log(n_cells))


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
    entropy_other: float  # entropy of the second on its own grid


@dataclass(frozen=True, slots=True, repr=False)
class PlacedMaps(ReadOnly):
    """Maps on one grid, and the part of the picture that they cover."""

    values: NDArray[Any]  # (M, h, w), as the model computed them
    rect: MapRect

    @property
    def partition(self) -> Partition:
        """Partition of the picture into the cells."""
        return Partition.of(self.rect, (self.values.shape[1], self.values.shape[2]))


def on_common_grid(first: PlacedMaps, second: PlacedMaps) -> tuple[FloatArray, FloatArray, Partition]:
    """Return two sequences of normalised maps, (M, H, W) each, on the common refinement of both grids."""
    common_partition = Partition.common([first.partition, second.partition])
    first_mass = redistribute_mass(normalised_mass(first.values), first.rect, common_partition)
    second_mass = redistribute_mass(normalised_mass(second.values), second.rect, common_partition)
    return first_mass, second_mass, common_partition


def compare_maps(first: PlacedMaps, second: PlacedMaps, aspect: float = 1.0) -> tuple[MapNumbers, ...]:
    """Compare M maps with M others, one by one. The maps are normalised, and their grids may differ.

    ``aspect`` is the picture's width over its height.
    """
    p, q, common_partition = on_common_grid(first, second)
    areas = common_partition.areas
    offset = centres_of_mass(p, common_partition) - centres_of_mass(q, common_partition)
    columns = {
        "correlation": correlation(p, q, areas),
        "similarity": similarity(p, q),
        "divergence": divergence(p, q, areas),
        "divergence_back": divergence(q, p, areas),
        "top_overlap": np.array([top_overlap(a, b, areas) for a, b in zip(p, q, strict=True)]),
        "centre_distance": np.hypot(offset[:, 0] * aspect, offset[:, 1]) / np.hypot(aspect, 1),
        "entropy": entropy(first.values),
        "entropy_other": entropy(second.values),
    }
    return tuple(
        MapNumbers(**{name: float(values[index]) for name, values in columns.items()}) for index in range(len(p))
    )


def difference_map(first: PlacedMaps, second: PlacedMaps, shape: tuple[int, int] = (56, 56)) -> PlacedMaps:
    """Return the normalised first maps minus the second on a regular grid over both, in multiples of a uniform density.

    Args:
        first: M maps.
        second: M other maps.
        shape: Rows and columns of the regular grid. Grids of 7, 8, 14 or 28 cells divide 56 exactly.

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
    first_mass = redistribute_mass(normalised_mass(first.values), first.rect, grid)
    second_mass = redistribute_mass(normalised_mass(second.values), second.rect, grid)
    n_cells = shape[0] * shape[1]
    return PlacedMaps((first_mass - second_mass) * n_cells, rect)


def maps_at(analysis: Analysis, frames: IntArray) -> PlacedMaps:
    """Return the latest map of any pass at each of M frames.

    A model without a map has a uniform one, which must not be compared (``VideoComparison``).

    Raises:
        ValueError: A frame precedes the first sampled frame.
    """
    rows = analysis.in_time_order
    latest = np.searchsorted(rows[:, 0], frames, side="right") - 1
    if len(latest) and latest.min() < 0:
        raise ValueError(f"the model has not looked yet at frame {int(frames.min())}")
    _, passes, steps = rows[latest].T
    return PlacedMaps(analysis.attention[passes, steps], analysis.map_rect)


@dataclass(frozen=True, slots=True, repr=False)
class VideoComparison(ReadOnly):
    """Agreement of the maps of two models over one video."""

    # kinds of the maps. If a model has no map, all numbers are NaN except the entropy of the other model's maps.
    kinds: tuple[MapKind, MapKind]
    frames: IntArray  # (M,) int64, frames that either model sampled, from the first at which both have a map
    numbers: tuple[MapNumbers, ...]  # one per frame

    @property
    def same_kind(self) -> bool:
        """True if both models have maps of the same kind."""
        return self.kinds[0] is self.kinds[1] and MapKind.NONE not in self.kinds

    @property
    def mean(self) -> MapNumbers:
        """Mean of every number over the frames for which it is defined; NaN if there are none."""
        means = {
            field.name: mean_defined([getattr(numbers, field.name) for numbers in self.numbers])
            for field in fields(MapNumbers)
        }
        return MapNumbers(**means)


def mean_defined(values: Sequence[float] | FloatArray) -> float:
    """Return the mean of the finite values; NaN if there are none."""
    numbers = np.asarray(values, dtype=np.float64)
    finite_numbers = numbers[np.isfinite(numbers)]
    return float(finite_numbers.mean()) if len(finite_numbers) else float("nan")


def compare_video(first: Analysis, second: Analysis) -> VideoComparison:
    """Compare the maps of two models over one video, at every frame that either of them sampled."""
    frames = compared_frames(first, second)
    return VideoComparison((first.map_kind, second.map_kind), frames, _compare_at(first, second, frames))


def compared_frames(first: Analysis, second: Analysis) -> IntArray:
    """Return ``VideoComparison.frames`` of two analyses of one video, (M,) int64.

    Raises:
        ValueError: The videos differ.
    """
    if first.clip_id != second.clip_id:
        raise ValueError(f"{first.video.path.name} and {second.video.path.name} are two videos")
    sampled_frames = np.union1d(first.samples, second.samples)
    first_common_frame = max(int(first.samples.min()), int(second.samples.min()))
    return np.asarray(sampled_frames[sampled_frames >= first_common_frame], dtype=np.int64)


def _compare_at(first: Analysis, second: Analysis, frames: IntArray) -> tuple[MapNumbers, ...]:
    first_maps = maps_at(first, frames)
    second_maps = maps_at(second, frames)
    if not without_map(first, second):
        aspect = first.video.width_px / first.video.height_px
        return compare_maps(first_maps, second_maps, aspect)
    undefined = float("nan")
    first_entropies = _entropy_or_nan(first, first_maps).tolist()
    second_entropies = _entropy_or_nan(second, second_maps).tolist()
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
        for first_entropy, second_entropy in zip(first_entropies, second_entropies, strict=True)
    )


def _entropy_or_nan(analysis: Analysis, maps: PlacedMaps) -> FloatArray:
    """Return the entropy of every map; NaN if the model has no map."""
    if analysis.map_kind is MapKind.NONE:
        return np.full(len(maps.values), np.nan)
    return entropy(maps.values)


def without_map(first: Analysis, second: Analysis) -> bool:
    """Return True if one of two models has no map."""
    return MapKind.NONE in (first.map_kind, second.map_kind)
