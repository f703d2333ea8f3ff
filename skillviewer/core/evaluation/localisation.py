"""Does a map point at where skill shows? The pointing game and the energy inside a region.

Pointing game: Zhang et al., "Top-down Neural Attention by Excitation Backprop", IJCV 2018: a hit when the largest
value of a map lies in the region or within a tolerance of it. Energy: Wang et al., "Score-CAM", CVPR-W 2020: the share
of a map's sum that falls into the region. Both stand beside what a uniform map and a centred Gaussian would get, and
the share of the weight beside more maps that know nothing of the frame (``CONTROLS``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from skillviewer.core.analysis.analysis import Analysis, MapKind, MapRect
from skillviewer.core.arrays import FloatArray, IntArray, frozen, shapes

GAUSSIAN_SIDE = 0.25
"""Standard deviation of the centred Gaussian, as a share of the picture's width and height."""


@dataclass(frozen=True, slots=True)
class Region:
    """A box or a point (a box without a size) in a frame, in pixels from the top left corner of the picture."""

    left_px: float
    top_px: float
    right_px: float
    bottom_px: float
    name: str = ""

    @classmethod
    def point(cls, x_px: float, y_px: float, name: str = "") -> "Region":
        """Return a point."""
        return cls(x_px, y_px, x_px, y_px, name)


@dataclass(frozen=True, slots=True)
class Geometry:
    """How a map lies over a picture.

    Attributes:
        rows: h, rows of the map.
        columns: w, its columns.
        rect: The part of the picture that it covers.
        width_px: Width of the picture.
        height_px: Height of the picture.
    """

    rows: int
    columns: int
    rect: MapRect
    width_px: int
    height_px: int

    def column_at(self, x_px: float) -> float:
        """Return the place of a pixel column on the map: 0 is the map's left edge, w its right edge."""
        place = (x_px / self.width_px - self.rect.left) / (self.rect.right - self.rect.left) * self.columns
        return round(place, 9)  # an edge at 3 must not become 2.9999999999

    def row_at(self, y_px: float) -> float:
        """Return the place of a pixel row on the map: 0 is the map's top edge, h its bottom edge."""
        place = (y_px / self.height_px - self.rect.top) / (self.rect.bottom - self.rect.top) * self.rows
        return round(place, 9)

    def shows(self, region: Region) -> bool:
        """Return whether any of a region lies in the picture; one with a coordinate that is not a number does not."""
        return (
            region.left_px < self.width_px
            and region.top_px < self.height_px
            and (region.right_px > 0 or region.left_px >= 0)  # a point may lie on the edge itself
            and (region.bottom_px > 0 or region.top_px >= 0)
        )


def _overlap(low: float, high: float, n: int) -> FloatArray:
    """Return (n,) the share of each unit cell that an interval covers; an interval without length fills its cell.

    An interval beyond the map counts at the nearest cell, so that a margin that no map covers is not a free miss.
    """
    low, high = min(max(low, 0.0), n - 1e-9), min(max(high, 0.0), float(n))
    cells = np.arange(n)
    if high - low < 1e-6:
        return np.array(cells == int(low), dtype=np.float64)
    return np.array(np.clip(np.minimum(cells + 1, high) - np.maximum(cells, low), 0.0, 1.0), dtype=np.float64)


def coverage(regions: Iterable[Region], geometry: Geometry) -> FloatArray:
    """Return how much of every cell the regions cover.

    Args:
        regions: Regions of one frame; those outside the picture are ignored.
        geometry: How the map lies over the picture.

    Returns:
        (h, w) float64, 0 to 1; 1 for the cell that holds a point.
    """
    covered = np.zeros((geometry.rows, geometry.columns))
    for region in regions:
        if geometry.shows(region):
            across = _overlap(geometry.column_at(region.left_px), geometry.column_at(region.right_px), geometry.columns)
            down = _overlap(geometry.row_at(region.top_px), geometry.row_at(region.bottom_px), geometry.rows)
            covered = np.maximum(covered, down[:, None] * across[None, :])
    return covered


def target(covered: FloatArray, tolerance: int) -> NDArray[np.bool_]:
    """Return the cells that count as a hit: those touched, and those within a number of cells, diagonals included.

    Args:
        covered: (h, w) from ``coverage``.
        tolerance: Cells.

    Returns:
        (h, w) bool.
    """
    touched = covered > 0
    if tolerance == 0:
        return touched
    side = 2 * tolerance + 1
    grown: NDArray[np.bool_] = ndimage.binary_dilation(touched, np.ones((side, side), dtype=bool))
    return grown


def hit(values: FloatArray, cells: NDArray[np.bool_]) -> float:
    """Return 1 when the largest value lies in the cells and 0 when not; a tie gives the share of its cells that do.

    A uniform map therefore gets exactly what pointing at random would.

    Args:
        values: (h, w), any sign; the largest magnitude points.
        cells: (h, w) bool.
    """
    magnitude = np.abs(values)
    peak = magnitude >= magnitude.max() * (1 - 1e-6)
    return float(cells[peak].mean())


def energy(values: FloatArray, weights: FloatArray) -> float:
    """Return the share of a map's sum of magnitudes that lies in a region, 0 to 1; NaN for a map of zeros.

    Args:
        values: (h, w), any sign.
        weights: (h, w), share of each cell that belongs to the region.
    """
    magnitude = np.abs(values)
    total = float(magnitude.sum())
    return float((magnitude * weights).sum()) / total if total > 0 else float("nan")


def centred_gaussian(geometry: Geometry) -> FloatArray:
    """Return (h, w) a Gaussian at the middle of the picture: what one gets for guessing that it happens there."""
    x = geometry.rect.left + (np.arange(geometry.columns) + 0.5) / geometry.columns * (
        geometry.rect.right - geometry.rect.left
    )
    y = geometry.rect.top + (np.arange(geometry.rows) + 0.5) / geometry.rows * (
        geometry.rect.bottom - geometry.rect.top
    )
    squared = ((x - 0.5) ** 2)[None, :] + ((y - 0.5) ** 2)[:, None]
    gaussian: FloatArray = np.exp(-squared / (2 * GAUSSIAN_SIDE**2))
    return gaussian


@dataclass(frozen=True, slots=True, repr=False)
class Localisation:
    """Pointing game and energy of M frames.

    Attributes:
        frames: (M,) int64 frame indices.
        hits: (M,) float64, 0 to 1, of the maps.
        hits_uniform: (M,) of a uniform map: chance.
        hits_centre: (M,) of a centred Gaussian.
        energies: (M,) float64, share of the maps' sum in the region.
        energies_uniform: (M,) of a uniform map.
        energies_centre: (M,) of a centred Gaussian.
    """

    frames: IntArray
    hits: FloatArray
    hits_uniform: FloatArray
    hits_centre: FloatArray
    energies: FloatArray
    energies_uniform: FloatArray
    energies_centre: FloatArray

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for name in self.__slots__:
            object.__setattr__(self, name, frozen(getattr(self, name)))

    __repr__ = shapes

    @property
    def n_frames(self) -> int:
        """M, frames that show a region."""
        return len(self.frames)

    @property
    def times_chance(self) -> float:
        """How many times as often as chance the maps point at a region; NaN without frames."""
        chance = float(self.hits_uniform.sum())
        return float(self.hits.sum()) / chance if chance > 0 else float("nan")

    @property
    def energy_times_uniform(self) -> float:
        """How many times as much of the maps' sum lies in the region as of a uniform map's; NaN without frames."""
        known = np.isfinite(self.energies)  # a map of zeros has none
        even = float(self.energies_uniform[known].sum())
        return float(self.energies[known].sum()) / even if even > 0 else float("nan")


def localise(
    maps: FloatArray,
    frames: Sequence[int],
    regions: Mapping[int, Sequence[Region]],
    rect: MapRect,
    size_px: tuple[int, int],
    tolerance: int = 1,
) -> Localisation:
    """Play the pointing game.

    Args:
        maps: (M, h, w), maps of M frames.
        frames: Their frame indices.
        regions: Regions by frame index; frames without one in the picture are left out.
        rect: Where in the picture the maps lie.
        size_px: Width and height of the picture.
        tolerance: Cells by which a hit may miss. Energy is taken over the same cells; with 0, a box counts the share
            of each cell that it covers.
    """
    geometry = Geometry(maps.shape[1], maps.shape[2], rect, *size_px)
    uniform, centre = np.ones(maps.shape[1:]), centred_gaussian(geometry)
    rows = []
    for values, frame in zip(maps.astype(np.float64), frames, strict=True):
        covered = coverage(regions.get(frame, ()), geometry)
        if not covered.any():
            continue
        cells = target(covered, tolerance)
        weights = covered if tolerance == 0 else cells.astype(np.float64)
        each = (values, uniform, centre)
        rows.append([frame, *(hit(v, cells) for v in each), *(energy(v, weights) for v in each)])
    columns = np.array(rows, dtype=np.float64).reshape(len(rows), 7).T
    return Localisation(columns[0].astype(np.int64), *columns[1:])


def localise_analysis(analysis: Analysis, regions: Mapping[int, Sequence[Region]], tolerance: int = 1) -> Localisation:
    """Play the pointing game with all sampled frames of an analysis; a model without a map gets a uniform one.

    Args:
        analysis: What a model said.
        regions: Regions by frame index.
        tolerance: Cells by which a hit may miss.
    """
    maps = analysis.attention.reshape(-1, *analysis.attention.shape[2:])
    if analysis.map_kind is MapKind.NONE:
        maps = np.ones_like(maps)
    video = analysis.video
    return localise(
        maps.astype(np.float64),
        analysis.samples.reshape(-1).tolist(),
        regions,
        analysis.map_rect,
        (video.width_px, video.height_px),
        tolerance,
    )


def together(parts: Sequence[Localisation]) -> Localisation:
    """Return the frames of several videos as one."""
    names = Localisation.__slots__
    return Localisation(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def near(
    frames: Sequence[int], regions: Mapping[int, Sequence[Region]], geometry: Geometry, tolerance: int = 1
) -> FloatArray:
    """Return which cells are within a tolerance of a region, frame by frame.

    Args:
        frames: M frame indices.
        regions: Regions by frame index.
        geometry: How the maps lie over the picture.
        tolerance: Cells; with 0, the share of each cell that regions cover.

    Returns:
        (M, L) float64, 0 to 1; NaN in frames that show no region.
    """
    rows = []
    for frame in frames:
        covered = coverage(regions.get(frame, ()), geometry)
        cells = covered if tolerance == 0 else target(covered, tolerance).astype(np.float64)
        rows.append(cells.ravel() if covered.any() else np.full(covered.size, np.nan))
    return np.array(rows, dtype=np.float64).reshape(len(frames), geometry.rows * geometry.columns)


def entropy(maps: FloatArray) -> float:
    """Return the mean entropy of maps, as a share of a uniform map's: 1 says that they weigh nothing.

    Args:
        maps: (M, h, w), any sign; magnitudes count. Maps of zeros are left out; NaN where there are no others.
    """
    flat = np.abs(maps.reshape(len(maps), -1))
    flat = flat[flat.sum(axis=1) > 0]
    if not len(flat) or flat.shape[1] < 2:
        return float("nan")
    shares = flat / flat.sum(axis=1, keepdims=True)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return float(-(shares * logs).sum(axis=1).mean() / np.log(flat.shape[1]))


OWN, UNIFORM, MIDDLE = "own", "uniform", "middle"
CONSTANT, CONSTANT_STEP, OTHER_VIDEO = "constant cell", "constant cell a step", "another video's maps"
CONTROLS = (UNIFORM, MIDDLE, CONSTANT, CONSTANT_STEP, OTHER_VIDEO)
"""Maps that know nothing of the frame: what a model has to be above that is said to look."""


def weight_near(
    maps: Mapping[str, FloatArray], cells: Mapping[str, FloatArray], trained: Sequence[str], centre: FloatArray
) -> dict[str, dict[str, float]]:
    """Return how much of the weight of maps lies near regions, and how much of that of maps which see no frame.

    The constant cell is the one that is near a region most often in the training videos; so is, step by step, the
    constant cell a step. Another video's maps are those of each other video, at the same step.

    Args:
        maps: (N, h, w) maps of every held-out video, any sign; magnitudes count.
        cells: (N, L) of ``near``, of these and of the training videos.
        trained: The training videos.
        centre: (h, w), of ``centred_gaussian``.

    Returns:
        By ``OWN`` or name of a control, the mean share of each video, over its frames that show a region; NaN without.
    """
    shares = {name: _shares(np.abs(values).reshape(len(values), -1)) for name, values in maps.items()}
    seen = np.array([cells[name] for name in trained])
    n, size = next(iter(shares.values())).shape
    often = _means(seen.reshape(-1, size)) if len(seen) else np.zeros(size)
    by_step = np.array([_means(seen[:, t]) if len(seen) else often for t in range(n)])
    by_step[~by_step.any(axis=1)] = often
    blind = {
        UNIFORM: np.full((n, size), 1 / size),
        MIDDLE: np.tile(_shares(centre.reshape(1, -1)), (n, 1)),
        CONSTANT: np.tile(np.eye(size)[often.argmax()], (n, 1)),
        CONSTANT_STEP: np.eye(size)[by_step.argmax(axis=1)],
    }
    found: dict[str, dict[str, float]] = {OWN: {}, **{control: {} for control in CONTROLS}}
    for name, own in shares.items():
        others = [values for other, values in shares.items() if other != name]
        each = {OWN: own, **blind, OTHER_VIDEO: np.mean(others, axis=0) if others else np.full((n, size), np.nan)}
        for what, values in each.items():
            found[what][name] = float(_mean_of((values * cells[name]).sum(axis=1)))
    return found


def _shares(flat: FloatArray) -> FloatArray:
    """Return (M, L) values as shares of their sums; NaN where these are 0."""
    sums = flat.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(flat, sums, out=np.full_like(flat, np.nan), where=sums > 0))


def _mean_of(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _means(rows: FloatArray) -> FloatArray:
    """Return (L,) the mean over the rows that are known; zeros without any."""
    known = rows[np.isfinite(rows).all(axis=1)]
    return known.mean(axis=0) if len(known) else np.zeros(rows.shape[1])
