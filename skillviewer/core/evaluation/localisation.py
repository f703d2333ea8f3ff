"""Localisation of skill by maps, measured by the pointing game and by the energy inside regions.

In the pointing game (Zhang et al., "Top-down Neural Attention by Excitation Backprop", IJCV 2018) a map scores a hit if
its largest value lies in a region or within a tolerance of one. The energy (Wang et al., "Score-CAM", CVPR-W 2020) is
the proportion of a map's sum inside the regions. Both are compared with a uniform map and a centred Gaussian. The
energy is also compared with further maps that do not depend on the frame (``CONTROLS``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.analysis.analysis import MapRect
from skillviewer.core.analysis.map_comparison import entropy as map_entropy
from skillviewer.core.arrays import FloatArray, IntArray, ReadOnly
from skillviewer.core.evaluation.accuracy import mean_std

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
        """Return the region of a point."""
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
        """Return the position of a pixel column in cells, from 0 at the map's left edge to w at its right edge."""
        column = (x_px / self.width_px - self.rect.left) / (self.rect.right - self.rect.left) * self.columns
        return round(column, 9)  # so that an edge at 3 is not 2.9999999999

    def row_at(self, y_px: float) -> float:
        """Return the position of a pixel row in cells, from 0 at the map's top edge to h at its bottom edge."""
        row = (y_px / self.height_px - self.rect.top) / (self.rect.bottom - self.rect.top) * self.rows
        return round(row, 9)

    def shows(self, region: Region) -> bool:
        """Return True if a part of a region lies in the picture; False for coordinates that are NaN."""
        # a point may lie on the edge of the picture
        ends_right_of_edge = region.right_px > 0 or region.left_px >= 0
        ends_below_edge = region.bottom_px > 0 or region.top_px >= 0
        begins_in_picture = region.left_px < self.width_px and region.top_px < self.height_px
        return begins_in_picture and ends_right_of_edge and ends_below_edge


def _covered_shares(low: float, high: float, n_cells: int) -> FloatArray:
    """Return the (n,) shares of unit cells that an interval covers; an interval of length 0 covers its whole cell.

    An interval beyond the map counts at the nearest cell, so that a margin outside the map is not a certain miss.
    """
    clipped_low = min(max(low, 0.0), n_cells - 1e-9)
    clipped_high = min(max(high, 0.0), float(n_cells))
    cells = np.arange(n_cells)
    if clipped_high - clipped_low < 1e-6:
        return np.array(cells == int(clipped_low), dtype=np.float64)
    overlaps = np.minimum(cells + 1, clipped_high) - np.maximum(cells, clipped_low)
    return np.array(np.clip(overlaps, 0.0, 1.0), dtype=np.float64)


def covered_shares(regions: Iterable[Region], geometry: Geometry) -> FloatArray:
    """Return the share of every cell that the regions of one frame cover; regions outside the picture are ignored.

    Returns:
        (h, w) float64, 0 to 1; 1 for the cell that contains a point.
    """
    covered = np.zeros((geometry.rows, geometry.columns))
    for region in regions:
        if geometry.shows(region):
            left = geometry.column_at(region.left_px)
            right = geometry.column_at(region.right_px)
            top = geometry.row_at(region.top_px)
            bottom = geometry.row_at(region.bottom_px)
            column_shares = _covered_shares(left, right, geometry.columns)
            row_shares = _covered_shares(top, bottom, geometry.rows)
            covered = np.maximum(covered, row_shares[:, None] * column_shares[None, :])
    return covered


def target_cells(covered: FloatArray, tolerance: int) -> NDArray[np.bool_]:
    """Return the (h, w) bool cells that count as a hit, which are the covered ones and those within a tolerance.

    Args:
        covered: (h, w) shares from ``covered_shares``.
        tolerance: Number of cells; diagonal neighbours are one cell away.
    """
    touched = covered > 0
    if tolerance == 0:
        return touched
    from scipy import ndimage  # imported late, since it takes half a second

    side = 2 * tolerance + 1
    dilated: NDArray[np.bool_] = ndimage.binary_dilation(touched, np.ones((side, side), dtype=bool))
    return dilated


def hit(values: FloatArray, cells: NDArray[np.bool_]) -> float:
    """Return 1 if the largest magnitude of a map lies in the cells, else 0; for ties, the proportion that does.

    The hit rate of a uniform map is therefore exactly that of random pointing.
    """
    magnitude = np.abs(values)
    is_peak = magnitude >= magnitude.max() * (1 - 1e-6)
    return float(cells[is_peak].mean())


def energy(values: FloatArray, weights: FloatArray) -> float:
    """Return the proportion of a map's sum of magnitudes inside regions, 0 to 1; NaN for a map of zeros.

    ``weights`` are the (h, w) shares of each cell inside the regions.
    """
    magnitude = np.abs(values)
    total = float(magnitude.sum())
    return float((magnitude * weights).sum()) / total if total > 0 else float("nan")


def centred_gaussian(geometry: Geometry) -> FloatArray:
    """Return a Gaussian at the centre of the picture, (h, w), the baseline for centre bias."""
    rect = geometry.rect
    x = rect.left + (np.arange(geometry.columns) + 0.5) / geometry.columns * (rect.right - rect.left)
    y = rect.top + (np.arange(geometry.rows) + 0.5) / geometry.rows * (rect.bottom - rect.top)
    squared_distances = ((x - 0.5) ** 2)[None, :] + ((y - 0.5) ** 2)[:, None]
    gaussian: FloatArray = np.exp(-squared_distances / (2 * GAUSSIAN_SIDE**2))
    return gaussian


@dataclass(frozen=True, slots=True, repr=False)
class Localisation(ReadOnly):
    """Pointing game and energy of M frames."""

    frames: IntArray  # (M,) int64, frame indices
    hits: FloatArray  # (M,) float64, hits of the maps, 0 to 1
    hits_uniform: FloatArray  # (M,) hits of a uniform map, which are those of chance
    hits_centre: FloatArray  # (M,) hits of a centred Gaussian
    energies: FloatArray  # (M,) float64, energies of the maps inside the regions
    energies_uniform: FloatArray  # (M,) energies of a uniform map
    energies_centre: FloatArray  # (M,) energies of a centred Gaussian

    @property
    def n_frames(self) -> int:
        """M, number of frames with a region."""
        return len(self.frames)

    @property
    def times_chance(self) -> float:
        """Hit rate of the maps divided by that of a uniform map; NaN without frames."""
        chance = float(self.hits_uniform.sum())
        return float(self.hits.sum()) / chance if chance > 0 else float("nan")

    @property
    def energy_times_uniform(self) -> float:
        """Energy of the maps divided by that of a uniform map; NaN without frames."""
        is_finite = np.isfinite(self.energies)  # NaN for a map of zeros
        energy_sum = float(self.energies[is_finite].sum())
        uniform_energy_sum = float(self.energies_uniform[is_finite].sum())
        return energy_sum / uniform_energy_sum if uniform_energy_sum > 0 else float("nan")


def localise(
    maps: FloatArray,
    frames: Sequence[int],
    regions: Mapping[int, Sequence[Region]],
    rect: MapRect,
    size_px: tuple[int, int],
    tolerance: int = 1,
) -> Localisation:
    """Return hits and energies of the maps of one video.

    Args:
        maps: (M, h, w), maps of M frames.
        frames: Frame indices of the maps.
        regions: Regions by frame index; frames without a region in the picture are left out.
        rect: Part of the picture that the maps cover.
        size_px: Width and height of the picture.
        tolerance: Number of cells by which a hit may miss the regions. The energy is taken over the same cells; with 0
            it is weighted with the covered share of each cell.
    """
    width_px, height_px = size_px
    geometry = Geometry(maps.shape[1], maps.shape[2], rect, width_px, height_px)
    uniform = np.ones(maps.shape[1:])
    centre = centred_gaussian(geometry)
    cell_weights = cells_near(frames, regions, geometry, tolerance).reshape(maps.shape)
    rows = []
    for values, frame, weights in zip(maps.astype(np.float64), frames, cell_weights, strict=True):
        if np.isnan(weights).any():
            continue
        cells = weights > 0
        compared_maps = (values, uniform, centre)
        hits = [hit(compared_map, cells) for compared_map in compared_maps]
        energies = [energy(compared_map, weights) for compared_map in compared_maps]
        rows.append([frame, *hits, *energies])
    columns = np.array(rows, dtype=np.float64).reshape(len(rows), 7).T
    return Localisation(columns[0].astype(np.int64), *columns[1:])


def merge_localisations(localisations: Sequence[Localisation]) -> Localisation:
    """Return the hits and energies of the frames of several videos."""
    names = Localisation.__slots__
    return Localisation(
        *(np.concatenate([getattr(localisation, name) for localisation in localisations]) for name in names)
    )


def cells_near(
    frames: Sequence[int], regions: Mapping[int, Sequence[Region]], geometry: Geometry, tolerance: int = 1
) -> FloatArray:
    """Return weights of the cells near regions, for every frame.

    Args:
        frames: M frame indices.
        regions: Regions by frame index.
        geometry: Position of the maps over the picture.
        tolerance: Number of cells.

    Returns:
        (M, L) float64, 1 for cells within the tolerance of a region, else 0; with a tolerance of 0, the covered share
        of each cell. NaN for frames without a region in the picture.
    """
    rows = []
    for frame in frames:
        covered = covered_shares(regions.get(frame, ()), geometry)
        if not covered.any():
            rows.append(np.full(covered.size, np.nan))
        elif tolerance == 0:
            rows.append(covered.ravel())
        else:
            is_target = target_cells(covered, tolerance)
            rows.append(is_target.astype(np.float64).ravel())
    return np.array(rows, dtype=np.float64).reshape(len(frames), geometry.rows * geometry.columns)


def entropy(maps: FloatArray) -> float:
    """Return the mean entropy of (M, h, w) maps of any sign, relative to that of a uniform map, 0 to 1.

    Maps of zeros are left out. It is NaN if none is left, or for a grid of one cell.
    """
    nonzero_maps = maps[np.abs(maps).sum(axis=(1, 2)) > 0]
    has_several_cells = nonzero_maps.size > len(nonzero_maps)
    return float(map_entropy(nonzero_maps).mean()) if has_several_cells else float("nan")


OWN = "own"
UNIFORM = "uniform"
CENTRE = "centre"
CONSTANT = "constant cell"
CONSTANT_STEP = "constant cell per step"
OTHER_VIDEO = "another video's maps"
CONTROLS = (UNIFORM, CENTRE, CONSTANT, CONSTANT_STEP, OTHER_VIDEO)
"""Maps that do not depend on the frame. The weight of a useful model exceeds that of all controls."""


def weight_near(
    maps: Mapping[str, FloatArray], cells: Mapping[str, FloatArray], trained: Sequence[str], centre: FloatArray
) -> dict[str, dict[str, float]]:
    """Return the share of the weight near regions, for the maps of a model and for those of every control.

    The constant cell is the cell that is most often near a region in the training videos, over all steps or per step.
    Another video's maps are the mean over all other held-out videos at the same step. Between videos with different
    numbers of steps, steps correspond if they lie at the same share of the video.

    Args:
        maps: (N, h, w) maps of every held-out video, of any sign; magnitudes count.
        cells: (N, L) weights from ``cells_near``, for the held-out and the training videos.
        trained: Names of the training videos.
        centre: (h, w) map from ``centred_gaussian``.

    Returns:
        Mean share of every video over its frames with a region, by ``OWN`` or name of a control; NaN if no frame has a
        region.
    """
    shares = {name: _normalised_rows(np.abs(values).reshape(len(values), -1)) for name, values in maps.items()}
    n_cells = next(iter(shares.values())).shape[1]
    frequency = _mean_row(np.concatenate([cells[name] for name in trained])) if trained else np.zeros(n_cells)
    controls_by_length = {
        n_steps: _constant_controls(n_steps, frequency, [cells[name] for name in trained], centre)
        for n_steps in {len(own_shares) for own_shares in shares.values()}
    }
    weights: dict[str, dict[str, float]] = {OWN: {}, **{control: {} for control in CONTROLS}}
    for name, own_shares in shares.items():
        n_steps = len(own_shares)
        others = [_resampled_steps(values, n_steps) for other, values in shares.items() if other != name]
        others_mean = np.mean(others, axis=0) if others else np.full_like(own_shares, np.nan)
        compared_maps = {OWN: own_shares, **controls_by_length[n_steps], OTHER_VIDEO: others_mean}
        for source, values in compared_maps.items():
            weights[source][name] = mean_std((values * cells[name]).sum(axis=1)).mean
    return weights


def _constant_controls(
    n_steps: int, frequency: FloatArray, trained_cells: Sequence[FloatArray], centre: FloatArray
) -> dict[str, FloatArray]:
    """Return the (N, L) maps of the controls that need no other held-out video.

    Args:
        n_steps: N.
        frequency: (L,) frequency with which each cell is near a region in the training videos.
        trained_cells: Weights from ``cells_near`` of every training video.
        centre: (h, w) map from ``centred_gaussian``.
    """
    n_cells = len(frequency)
    frequency_by_step = np.tile(frequency, (n_steps, 1))
    if trained_cells:
        aligned_cells = np.array([_resampled_steps(cells, n_steps) for cells in trained_cells])
        for step in range(n_steps):
            step_frequency = _mean_row(aligned_cells[:, step])
            if step_frequency.any():
                frequency_by_step[step] = step_frequency
    one_hot = np.eye(n_cells)
    return {
        UNIFORM: np.full((n_steps, n_cells), 1 / n_cells),
        CENTRE: np.tile(_normalised_rows(centre.reshape(1, -1)), (n_steps, 1)),
        CONSTANT: np.tile(one_hot[frequency.argmax()], (n_steps, 1)),
        CONSTANT_STEP: one_hot[frequency_by_step.argmax(axis=1)],
    }


def _resampled_steps(rows: FloatArray, n_steps: int) -> FloatArray:
    """Return (n, L) rows, for each of n steps the row at the same share of the video."""
    return rows[np.arange(n_steps) * len(rows) // n_steps]


def _normalised_rows(values: FloatArray) -> FloatArray:
    """Return (M, L) values divided by the sums of their rows; NaN for a sum of 0."""
    sums = values.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(values, sums, out=np.full_like(values, np.nan), where=sums > 0))


def _mean_row(rows: FloatArray) -> FloatArray:
    """Return the mean, (L,), of the rows without NaN; zeros if there are none."""
    finite_rows = rows[np.isfinite(rows).all(axis=1)]
    return finite_rows.mean(axis=0) if len(finite_rows) else np.zeros(rows.shape[1])
