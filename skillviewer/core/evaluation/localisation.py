"""Localisation of skill by maps: the pointing game, and the energy inside a region.

Pointing game: Zhang et al., "Top-down Neural Attention by Excitation Backprop", IJCV 2018: a hit if the largest value
of a map lies in the region or within a tolerance of it. Energy: Wang et al., "Score-CAM", CVPR-W 2020: the proportion
of a map's sum inside the region. Both are compared with a uniform map and a centred Gaussian, and the energy also with
further maps that do not depend on the frame (``CONTROLS``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.analysis.analysis import MapRect
from skillviewer.core.analysis.map_comparison import entropy as map_entropy
from skillviewer.core.arrays import FloatArray, IntArray, ReadOnly
from skillviewer.core.evaluation.accuracy import spread

GAUSSIAN_SIDE = 0.25
"""Standard deviation of the centred Gaussian, relative to the picture's width and height."""


@dataclass(frozen=True, slots=True)
class Region:
    """A box or a point (a box of size zero) in a frame, in pixels from the top left corner of the picture."""

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
    """Position of a map over a picture."""

    rows: int
    columns: int
    rect: MapRect
    width_px: int
    height_px: int

    def column_at(self, x_px: float) -> float:
        """Return the position of a pixel column on the map: 0 is the map's left edge, w its right edge."""
        place = (x_px / self.width_px - self.rect.left) / (self.rect.right - self.rect.left) * self.columns
        return round(place, 9)  # an edge at 3 must not become 2.9999999999

    def row_at(self, y_px: float) -> float:
        """Return the position of a pixel row on the map: 0 is the map's top edge, h its bottom edge."""
        place = (y_px / self.height_px - self.rect.top) / (self.rect.bottom - self.rect.top) * self.rows
        return round(place, 9)

    def shows(self, region: Region) -> bool:
        """Return True if part of a region lies in the picture; False for coordinates that are NaN."""
        return (
            region.left_px < self.width_px
            and region.top_px < self.height_px
            and (region.right_px > 0 or region.left_px >= 0)  # a point may lie on the edge itself
            and (region.bottom_px > 0 or region.top_px >= 0)
        )


def _overlap(low: float, high: float, n: int) -> FloatArray:
    """Return (n,) the covered proportion of each unit cell; an interval of length zero covers its cell entirely.

    An interval beyond the map counts at the nearest cell, so that a margin outside the map is not a certain miss.
    """
    low, high = min(max(low, 0.0), n - 1e-9), min(max(high, 0.0), float(n))
    cells = np.arange(n)
    if high - low < 1e-6:
        return np.array(cells == int(low), dtype=np.float64)
    return np.array(np.clip(np.minimum(cells + 1, high) - np.maximum(cells, low), 0.0, 1.0), dtype=np.float64)


def coverage(regions: Iterable[Region], geometry: Geometry) -> FloatArray:
    """Return the proportion of every cell that regions of one frame cover; those outside the picture are ignored.

    Returns:
        (h, w) float64, 0 to 1; 1 for the cell that contains a point.
    """
    covered = np.zeros((geometry.rows, geometry.columns))
    for region in regions:
        if geometry.shows(region):
            column_share = _overlap(
                geometry.column_at(region.left_px), geometry.column_at(region.right_px), geometry.columns
            )
            row_share = _overlap(geometry.row_at(region.top_px), geometry.row_at(region.bottom_px), geometry.rows)
            covered = np.maximum(covered, row_share[:, None] * column_share[None, :])
    return covered


def target(covered: FloatArray, tolerance: int) -> NDArray[np.bool_]:
    """Return (h, w) bool the cells that count as a hit: touched ones, and those within some cells, diagonals included.

    ``covered`` is (h, w), from ``coverage``.
    """
    touched = covered > 0
    if tolerance == 0:
        return touched
    from scipy import ndimage  # takes half a second

    side = 2 * tolerance + 1
    grown: NDArray[np.bool_] = ndimage.binary_dilation(touched, np.ones((side, side), dtype=bool))
    return grown


def hit(values: FloatArray, cells: NDArray[np.bool_]) -> float:
    """Return 1 if the largest magnitude of a map lies in the cells, 0 if not; a tie gives the proportion that does.

    A uniform map therefore scores exactly as random pointing would.
    """
    magnitude = np.abs(values)
    peak = magnitude >= magnitude.max() * (1 - 1e-6)
    return float(cells[peak].mean())


def energy(values: FloatArray, weights: FloatArray) -> float:
    """Return the proportion of a map's sum of magnitudes inside a region, 0 to 1; NaN for a map of zeros.

    ``weights`` are the (h, w) proportions of each cell inside the region.
    """
    magnitude = np.abs(values)
    total = float(magnitude.sum())
    return float((magnitude * weights).sum()) / total if total > 0 else float("nan")


def centred_gaussian(geometry: Geometry) -> FloatArray:
    """Return (h, w) a Gaussian at the centre of the picture: the centre-bias baseline."""
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
class Localisation(ReadOnly):
    """Pointing game and energy of M frames."""

    frames: IntArray  # (M,) int64 frame indices
    hits: FloatArray  # (M,) float64, 0 to 1, of the maps
    hits_uniform: FloatArray  # (M,) of a uniform map: chance
    hits_centre: FloatArray  # (M,) of a centred Gaussian
    energies: FloatArray  # (M,) float64, proportion of the maps' sum in the region
    energies_uniform: FloatArray  # (M,) of a uniform map
    energies_centre: FloatArray  # (M,) of a centred Gaussian

    @property
    def n_frames(self) -> int:
        """M, frames with a region."""
        return len(self.frames)

    @property
    def times_chance(self) -> float:
        """Hit rate of the maps divided by that of chance; NaN without frames."""
        chance = float(self.hits_uniform.sum())
        return float(self.hits.sum()) / chance if chance > 0 else float("nan")

    @property
    def energy_times_uniform(self) -> float:
        """Energy of the maps divided by that of a uniform map; NaN without frames."""
        is_finite = np.isfinite(self.energies)  # NaN for a map of zeros
        uniform_energy = float(self.energies_uniform[is_finite].sum())
        return float(self.energies[is_finite].sum()) / uniform_energy if uniform_energy > 0 else float("nan")


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
        rect: Part of the picture that the maps cover.
        size_px: Width and height of the picture.
        tolerance: Number of cells by which a hit may miss. Energy is taken over the same cells; with 0, a box counts
            the covered proportion of each cell.
    """
    geometry = Geometry(maps.shape[1], maps.shape[2], rect, *size_px)
    uniform = np.ones(maps.shape[1:])
    centre = centred_gaussian(geometry)
    near = cells_near(frames, regions, geometry, tolerance).reshape(maps.shape)
    rows = []
    for values, frame, weights in zip(maps.astype(np.float64), frames, near, strict=True):
        if not np.isnan(weights).any():
            compared_maps = (values, uniform, centre)
            cells = weights > 0
            rows.append([frame, *(hit(v, cells) for v in compared_maps), *(energy(v, weights) for v in compared_maps)])
    columns = np.array(rows, dtype=np.float64).reshape(len(rows), 7).T
    return Localisation(columns[0].astype(np.int64), *columns[1:])


def merge_localisations(parts: Sequence[Localisation]) -> Localisation:
    """Return the frames of several videos joined."""
    names = Localisation.__slots__
    return Localisation(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def cells_near(
    frames: Sequence[int], regions: Mapping[int, Sequence[Region]], geometry: Geometry, tolerance: int = 1
) -> FloatArray:
    """Return the cells within a tolerance of a region, for every frame.

    Args:
        frames: M frame indices.
        regions: Regions by frame index.
        geometry: Position of the maps over the picture.
        tolerance: Number of cells; with 0, the covered proportion of each cell.

    Returns:
        (M, L) float64, 0 to 1; NaN for frames without a region in the picture.
    """
    rows = []
    for frame in frames:
        covered = coverage(regions.get(frame, ()), geometry)
        cells = covered if tolerance == 0 else target(covered, tolerance).astype(np.float64)
        rows.append(cells.ravel() if covered.any() else np.full(covered.size, np.nan))
    return np.array(rows, dtype=np.float64).reshape(len(frames), geometry.rows * geometry.columns)


def entropy(maps: FloatArray) -> float:
    """Return the mean entropy of (M, h, w) maps of any sign divided by that of a uniform map, 0 to 1.

    Maps of zeros are left out; NaN if none is left.
    """
    nonzero = maps[np.abs(maps).sum(axis=(1, 2)) > 0]
    return float(map_entropy(nonzero).mean()) if nonzero.size > len(nonzero) else float("nan")


OWN = "own"
UNIFORM = "uniform"
CENTRE = "centre"
CONSTANT = "constant cell"
CONSTANT_STEP = "constant cell per step"
OTHER_VIDEO = "another video's maps"
CONTROLS = (UNIFORM, CENTRE, CONSTANT, CONSTANT_STEP, OTHER_VIDEO)
"""Maps that do not depend on the frame; the attention of a model must exceed all of them to be of use."""


def weight_near(
    maps: Mapping[str, FloatArray], cells: Mapping[str, FloatArray], trained: Sequence[str], centre: FloatArray
) -> dict[str, dict[str, float]]:
    """Return the share of the weight near regions, for the maps of a model and for those of every control.

    The constant cell is the cell most often near a region in the training videos, over all steps or per step. Another
    video's maps are the mean over all other held-out videos, at the same step. Of videos with other numbers of steps,
    the step at the same share of the video is the same step.

    Args:
        maps: (N, h, w) maps of every held-out video, any sign; magnitudes count.
        cells: (N, L) from ``cells_near``, for these and for the training videos.
        trained: Names of the training videos.
        centre: (h, w) from ``centred_gaussian``.

    Returns:
        By ``OWN`` or name of a control, the mean share of every video over its frames with a region; NaN if there are
        none.
    """
    shares = {name: _shares(np.abs(values).reshape(len(values), -1)) for name, values in maps.items()}
    size = next(iter(shares.values())).shape[1]
    often = _means(np.concatenate([cells[name] for name in trained])) if trained else np.zeros(size)
    blind = {}
    for n in {len(shares_of_video) for shares_of_video in shares.values()}:
        trained_cells = np.array([_in_steps(cells[name], n) for name in trained])
        by_step = np.array([_means(trained_cells[:, t]) if trained else often for t in range(n)])
        by_step[~by_step.any(axis=1)] = often
        blind[n] = {
            UNIFORM: np.full((n, size), 1 / size),
            CENTRE: np.tile(_shares(centre.reshape(1, -1)), (n, 1)),
            CONSTANT: np.tile(np.eye(size)[often.argmax()], (n, 1)),
            CONSTANT_STEP: np.eye(size)[by_step.argmax(axis=1)],
        }
    weights: dict[str, dict[str, float]] = {OWN: {}, **{control: {} for control in CONTROLS}}
    for name, shares_of_video in shares.items():
        others = [_in_steps(values, len(shares_of_video)) for other, values in shares.items() if other != name]
        mean = np.mean(others, axis=0) if others else np.full_like(shares_of_video, np.nan)
        compared_maps = {OWN: shares_of_video, **blind[len(shares_of_video)], OTHER_VIDEO: mean}
        for source, values in compared_maps.items():
            weights[source][name] = spread((values * cells[name]).sum(axis=1)).mean
    return weights


def _in_steps(rows: FloatArray, n: int) -> FloatArray:
    """Return (n, L), for each of n steps the row at the same share of a video."""
    return rows[np.arange(n) * len(rows) // n]


def _shares(flat: FloatArray) -> FloatArray:
    """Return (M, L) values divided by their row sums; NaN for a sum of 0."""
    sums = flat.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(flat, sums, out=np.full_like(flat, np.nan), where=sums > 0))


def _means(rows: FloatArray) -> FloatArray:
    """Return (L,) the mean over the rows without NaN; zeros if there are none."""
    finite_rows = rows[np.isfinite(rows).all(axis=1)]
    return finite_rows.mean(axis=0) if len(finite_rows) else np.zeros(rows.shape[1])
