"""The painter, which draws a map over a frame for the player, the exporters and the command line.

The painter first makes a layer from a map: a premultiplied colour for every pixel, and the weight of the frame that
shows through. The painted frame is ``round(frame * through / 255) + colour``, in integers, and so the same on every
computer. A layer is cached while map, style and size stay the same, so that painting a held map needs only two passes
over the picture.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from skillviewer.core.analysis.analysis import MapKind, MapRect
from skillviewer.core.analysis.map_style import Overlay
from skillviewer.core.analysis.scene import Scene
from skillviewer.core.arrays import Float32Array, FloatArray, IntArray, RGBImage, frozen
from skillviewer.media.overlay.colours import colour_table_of_kind

CONTOUR_LEVELS = (0.25, 0.5, 0.75)
"""Levels of the iso-lines, as fractions of the upper end of the scale; of both ends for signed maps."""

MIN_MARKED = 0.25
"""Smallest fraction of the scale at which cells of signed maps get a + or -."""

FADED_CELLS = 0.75
"""Number of cells over which a smooth map fades at an edge inside the picture: beyond the edge nothing is known."""

LINE_STRENGTH = 1.5
"""Opacity of lines and signs, relative to surfaces: lines cover little of the picture."""

LayerKey: TypeAlias = tuple[object, ...]


@dataclass(slots=True)
class _Layer:
    """Layer over the part of a frame that a map covers."""

    rows: slice  # covered rows of the frame
    columns: slice  # covered columns of the frame
    colour: RGBImage  # (h, w, 3) uint8, premultiplied: at most 255 - through
    through: RGBImage  # (h, w, 3) uint8, weight of the frame out of 255; the same in all channels


class Painter:
    """Painter of frames, which caches the layer of the last map. For use in one thread."""

    def __init__(self) -> None:
        self._layer_key: LayerKey | None = None
        self._layer: _Layer | None = None
        self._rgb_buffer: RGBImage | None = None

    def paint(self, scene: Scene, frame: RGBImage, out: RGBImage | None = None) -> RGBImage:
        """Paint a frame with its map.

        Args:
            scene: Values, limits and style of the map.
            frame: (H, W, 3) uint8 RGB; not changed.
            out: Picture to write to, with any content: (H, W, 3) uint8 for RGB, or (H, W, 4) uint8 for the bytes B, G,
                R, 255 (a 32-bit pixel 0xffRRGGBB on little-endian machines, Qt's RGB32). None for a new RGB picture.
                It must not share memory with ``frame``.

        Returns:
            ``out``. If the scene has no map, or the overlay is off or has no strength, it is a copy of the frame.

        Raises:
            ValueError: A picture has another shape or type.
        """
        height, width = frame.shape[:2]
        if frame.shape != (height, width, 3) or frame.dtype != np.uint8:
            raise ValueError(f"a frame is (H, W, 3) uint8, not {frame.dtype}{list(frame.shape)}")
        if out is None:
            out = np.empty_like(frame, order="C")
        fits = out.shape in {(height, width, 3), (height, width, 4)} and out.dtype == np.uint8
        if not fits or out.strides[1:] != (out.shape[2], 1):  # rows may be padded
            raise ValueError(f"a frame {list(frame.shape)} cannot be painted into {out.dtype}{list(out.shape)}")
        frame = np.ascontiguousarray(frame)
        layer = self._layer_for(scene, height, width)
        if out.shape[2] == 3:
            _blend(layer, frame, out)
        elif layer is None:
            cv2.cvtColor(frame, cv2.COLOR_RGB2BGRA, dst=out)
        else:
            if self._rgb_buffer is None or self._rgb_buffer.shape != frame.shape:
                self._rgb_buffer = np.empty_like(frame)
            _blend(layer, frame, self._rgb_buffer)
            cv2.cvtColor(self._rgb_buffer, cv2.COLOR_RGB2BGRA, dst=out)
        return out

    def _layer_for(self, scene: Scene, height: int, width: int) -> _Layer | None:
        """Return the layer of a scene from the cache, or make it; None if there is nothing to draw."""
        map_style = scene.map_style
        if scene.values is None or map_style.overlay is Overlay.OFF or map_style.strength <= 0:
            return None
        key: LayerKey = (
            scene.values.shape, scene.values.tobytes(), scene.low, scene.high, scene.kind, scene.rect,
            map_style.overlay, map_style.colours, map_style.strength, map_style.smooth, height, width,
        )  # fmt: skip
        if key != self._layer_key:
            self._layer = _make_layer(scene, scene.values, height, width)
            self._layer_key = key
        return self._layer


def paint(scene: Scene, frame: RGBImage, out: RGBImage | None = None) -> RGBImage:
    """Paint one frame with its map as ``Painter.paint``; for many frames use one ``Painter``."""
    return Painter().paint(scene, frame, out)


def _blend(layer: _Layer | None, frame: RGBImage, out: RGBImage) -> None:
    """Write round(frame * through / 255) + colour inside the layer, and the frame elsewhere."""
    if layer is None or layer.colour.shape != frame.shape:
        np.copyto(out, frame)
    if layer is None:
        return
    region = out[layer.rows, layer.columns]
    # exact: frame * through is an integer, never half way between two multiples of 255
    cv2.multiply(frame[layer.rows, layer.columns], layer.through, dst=region, scale=1 / 255)
    cv2.add(region, layer.colour, dst=region)


def _make_layer(scene: Scene, values: Float32Array, height: int, width: int) -> _Layer | None:
    """Return the layer of a map, or None if the map covers no centre of a pixel."""
    first_column, x_cells = _cell_coordinates(width, scene.rect.left, scene.rect.right, values.shape[1])
    first_row, y_cells = _cell_coordinates(height, scene.rect.top, scene.rect.bottom, values.shape[0])
    if not len(x_cells) or not len(y_cells):
        return None
    rows = slice(first_row, first_row + len(y_cells))
    columns = slice(first_column, first_column + len(x_cells))
    cell_shades = (values.astype(np.float64) - scene.low) / (scene.high - scene.low) * 255
    weight: RGBImage | None = None
    if scene.map_style.smooth:
        shades = _interpolated(cell_shades, y_cells, x_cells)
        weight = _fade(height, width, values.shape, scene.rect)
    else:
        shades = _in_cells(cell_shades, y_cells, x_cells)
    colour, through = _DRAWN_BY[scene.map_style.overlay](scene, shades)
    if scene.map_style.overlay is Overlay.DIMMED:
        # beyond the map the frame is as dark as where nothing was attended to
        dark = round(255 * (1 - _strength(scene)))
        if weight is not None:
            through = np.asarray(dark + cv2.multiply(through - dark, weight, scale=1 / 255), np.uint8)
        whole_through = np.full((height, width, 3), dark, np.uint8)
        whole_through[rows, columns] = through
        layer = _Layer(slice(0, height), slice(0, width), np.zeros_like(whole_through), whole_through)
    else:
        if weight is not None:  # rounding is monotone, so the colour stays at most 255 - through
            colour = np.asarray(cv2.multiply(colour, weight, scale=1 / 255), np.uint8)
            through = np.asarray(255 - cv2.multiply(255 - through, weight, scale=1 / 255), np.uint8)
        layer = _Layer(rows, columns, colour, through)
    if scene.kind is MapKind.SIGNED:
        _mark_signs(layer, scene, values, height, width)
    return layer


def _cell_coordinates(n_px: int, start: float, stop: float, n_cells: int) -> tuple[int, FloatArray]:
    """Return coordinates of pixels of the frame in cells of a map, along one axis.

    Args:
        n_px: Number of pixels of the frame.
        start: Start of the map as a fraction of the frame.
        stop: End of the map as a fraction of the frame.
        n_cells: Number of cells of the map.

    Returns:
        The first pixel whose centre lies in the map, and the (m,) float64 coordinates of the centres of all such
        pixels; cell i spans i to i + 1.
    """
    coordinates = ((np.arange(n_px) + 0.5) / n_px - start) / (stop - start) * n_cells
    indices_inside = np.flatnonzero((coordinates >= 0) & (coordinates < n_cells))
    first_px = int(indices_inside[0]) if len(indices_inside) else 0
    return first_px, coordinates[indices_inside]


@lru_cache(maxsize=2)
def _fade(height: int, width: int, n_cells: tuple[int, int], rect: MapRect) -> RGBImage | None:
    """Return the weights out of 255, (m, n, 3) uint8, that fade a map at its edges inside the picture, or None."""
    row_ramp = _fade_ramp(height, rect.top, rect.bottom, n_cells[0])
    column_ramp = _fade_ramp(width, rect.left, rect.right, n_cells[1])
    weight = np.rint(255 * row_ramp[:, None] * column_ramp).astype(np.uint8)
    if weight.min() == 255:
        return None
    return frozen(np.asarray(cv2.merge([weight, weight, weight]), np.uint8))


def _fade_ramp(n_px: int, start: float, stop: float, n_cells: int) -> FloatArray:
    """Return the weights, (m,) and 0 to 1, along one axis; the arguments are those of ``_cell_coordinates``."""
    _, coordinates = _cell_coordinates(n_px, start, stop, n_cells)
    from_start = coordinates if start > 0 else np.inf
    from_stop = n_cells - coordinates if stop < 1 else np.inf
    share = np.broadcast_to(np.clip(np.minimum(from_start, from_stop) / FADED_CELLS, 0, 1), coordinates.shape)
    ramp: FloatArray = share * share * (3 - 2 * share)
    return ramp


def _interpolated(cell_shades: FloatArray, y_cells: FloatArray, x_cells: FloatArray) -> RGBImage:
    """Return (m, n) uint8 shades of pixels, bilinear between centres of cells and constant in the outer half cells."""
    # no matrix product: the threads of a BLAS keep spinning for longer than a frame takes, on all cores
    left, right, share = _neighbours(x_cells, cell_shades.shape[1])
    cell_rows = (cell_shades[:, left] * (1 - share) + cell_shades[:, right] * share).astype(np.float32)
    above, below, share = _neighbours(y_cells, cell_shades.shape[0])
    weight = share.astype(np.float32)[:, None]
    shades = np.empty((len(y_cells), len(x_cells)), np.uint8)
    # one band of pixels between two rows of cells at a time, since these rows stay in the processor's cache
    band_starts = [0, *(np.flatnonzero(np.diff(above) | np.diff(below)) + 1).tolist(), len(y_cells)]
    for start, stop in pairwise(band_starts):
        band = cell_rows[above[start]] * (1 - weight[start:stop])
        band += cell_rows[below[start]] * weight[start:stop]
        cv2.add(band, 0.0, dst=shades[start:stop], dtype=cv2.CV_8U)  # type: ignore[call-overload]  # rounds, clips
    return shades


def _neighbours(coordinates: FloatArray, n_cells: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the cells before and after m coordinates, and the weight of the cells after (edges replicated)."""
    position = np.clip(coordinates - 0.5, 0, n_cells - 1)
    index_before = position.astype(np.int64)
    index_after = np.minimum(index_before + 1, n_cells - 1)
    return index_before, index_after, position - index_before


def _in_cells(cell_shades: FloatArray, y_cells: FloatArray, x_cells: FloatArray) -> RGBImage:
    """Return the shade of the cell around each pixel's centre, (m, n) uint8."""
    whole_shades = np.clip(np.rint(cell_shades), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(whole_shades[y_cells.astype(np.int64)][:, x_cells.astype(np.int64)])


def _emphasis(kind: MapKind) -> FloatArray:
    """Return the strength of each of the 256 shades, 0 to 1.

    For signed maps it is the distance from zero, and for all others the distance from the lower end of the scale.
    """
    shade = np.arange(256, dtype=np.float64)
    if kind is MapKind.SIGNED:
        return (np.abs(2 * shade - 255) - 1) / 254  # the two shades in the middle are zero
    return shade / 255


def _heat(scene: Scene, shades: RGBImage) -> tuple[RGBImage, RGBImage]:
    colours = colour_table_of_kind(scene.kind, scene.map_style)
    return _colour_and_through(shades, colours, _strength(scene) * _emphasis(scene.kind))


def _dimmed(scene: Scene, shades: RGBImage) -> tuple[RGBImage, RGBImage]:
    black = np.zeros((256, 3), dtype=np.uint8)
    return _colour_and_through(shades, black, _strength(scene) * (1 - _emphasis(scene.kind)))


def _contour(scene: Scene, shades: RGBImage) -> tuple[RGBImage, RGBImage]:
    """Return iso-lines in the colours of their levels, each with a contrasting dark or light outline."""
    level_shades = 255 * np.array(CONTOUR_LEVELS)
    if scene.kind is MapKind.SIGNED:
        levels = np.array(CONTOUR_LEVELS)
        level_shades = 127.5 * (1 + np.concatenate([-levels[::-1], levels]))
    map_palette = colour_table_of_kind(scene.kind, scene.map_style)
    width_px = max(1, round(min(shades.shape) / 360))
    colours = np.zeros((256, 3), dtype=np.uint8)
    # indices of colours: 0 for nothing, then outline and line of each level, the later ones on top
    index: RGBImage = np.zeros_like(shades)
    for level, level_shade in enumerate(level_shades):
        is_above = (shades >= level_shade).astype(np.uint8)
        edge: RGBImage = is_above - cv2.erode(is_above, np.ones((3, 3), np.uint8))
        outlined, line = _outline_and_line(edge, width_px)
        outline_index = 2 * level + 1
        line_index = 2 * level + 2
        cv2.max(index, outlined * np.uint8(outline_index), dst=index)
        cv2.max(index, line * np.uint8(line_index), dst=index)
        colours[line_index] = map_palette[round(level_shade)]
        colours[outline_index] = _contrasting(colours[line_index])
    opacity = np.full(256, _line_opacity(scene))
    opacity[0] = 0
    return _colour_and_through(index, colours, opacity)


def _heat_and_contour(scene: Scene, shades: RGBImage) -> tuple[RGBImage, RGBImage]:
    heat_colour, heat_through = _heat(scene, shades)
    line_colour, line_through = _contour(scene, shades)
    is_line = line_through < 255
    return np.where(is_line, line_colour, heat_colour), np.where(is_line, line_through, heat_through)


_DRAWN_BY = {Overlay.HEAT: _heat, Overlay.CONTOUR: _contour, Overlay.BOTH: _heat_and_contour, Overlay.DIMMED: _dimmed}
"""Functions that turn the shades of pixels, (m, n) uint8, into the colour and the weight of the frame of a layer."""


def _strength(scene: Scene) -> float:
    return min(scene.map_style.strength, 1.0)


def _colour_and_through(index: RGBImage, colours: NDArray[np.uint8], opacity: FloatArray) -> tuple[RGBImage, RGBImage]:
    """Return the premultiplied colour and the weight of the frame at every pixel, both (h, w, 3) uint8.

    Args:
        index: Rows of ``colours`` and ``opacity`` for every pixel, (h, w) uint8.
        colours: (256, 3) uint8.
        opacity: (256,), 0 to 1.
    """
    weights = np.rint(255 * (1 - opacity))
    premultiplied = np.rint(colours * ((255 - weights) / 255)[:, None]).astype(np.uint8)
    through = cv2.cvtColor(cv2.LUT(index, weights.astype(np.uint8)), cv2.COLOR_GRAY2BGR)
    colour = cv2.applyColorMap(index, premultiplied[:, None])
    return np.asarray(colour, dtype=np.uint8), np.asarray(through, dtype=np.uint8)


def _contrasting(colour: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return black or white, whichever contrasts more with a colour (WCAG 2.2 relative luminance)."""
    linear = np.where(colour <= 10, colour / 255 / 12.92, ((colour / 255 + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ [0.2126, 0.7152, 0.0722])
    level = 0 if luminance > 0.179 else 255
    return np.full(3, level, dtype=np.uint8)


def _outline_and_line(edge: RGBImage, width_px: int) -> tuple[RGBImage, RGBImage]:
    """Return a line with an outline of ``width_px`` on either side, and the line alone, ``width_px`` thick.

    ``edge`` is (h, w), 1 on the line of one pixel that is thickened.
    """
    return _thickened(edge, 3 * width_px), _thickened(edge, width_px)


def _thickened(edge: RGBImage, diameter: int) -> RGBImage:
    from_middle = np.arange(diameter) - (diameter - 1) / 2
    disc = np.hypot(from_middle[:, None], from_middle) <= diameter / 2
    return np.asarray(cv2.dilate(edge, disc.astype(np.uint8)), dtype=np.uint8)


def _mark_signs(layer: _Layer, scene: Scene, values: Float32Array, height: int, width: int) -> None:
    """Draw + and - in cells of a signed map that are well off zero, so that the sign is shown not only by colour."""
    n_rows, n_columns = values.shape
    cell_height = height * (scene.rect.bottom - scene.rect.top) / n_rows
    cell_width = width * (scene.rect.right - scene.rect.left) / n_columns
    arm_px = round(0.16 * min(cell_height, cell_width))
    if arm_px < 1:
        return  # too few pixels for a legible sign
    plus = _sign(arm_px, positive=True, opacity=_line_opacity(scene))
    minus = _sign(arm_px, positive=False, opacity=_line_opacity(scene))
    marked: IntArray = np.argwhere(np.abs(values) >= MIN_MARKED * scene.high)
    for row, column in marked.tolist():
        colour, through = plus if values[row, column] > 0 else minus
        y = int(height * scene.rect.top + (row + 0.5) * cell_height) - layer.rows.start - colour.shape[0] // 2
        x = int(width * scene.rect.left + (column + 0.5) * cell_width) - layer.columns.start - colour.shape[1] // 2
        _stamp(layer.colour, colour, mask=through < 255, y=y, x=x)
        _stamp(layer.through, through, mask=through < 255, y=y, x=x)


def _sign(arm_px: int, *, positive: bool, opacity: float) -> tuple[RGBImage, RGBImage]:
    """Return a white + or - with a black outline, as a small layer: premultiplied colour and weight of the frame."""
    width_px = max(1, arm_px // 5)
    middle = arm_px + 2 * width_px
    edge: RGBImage = np.zeros((2 * middle + 1, 2 * middle + 1), dtype=np.uint8)
    edge[middle, middle - arm_px : middle + arm_px + 1] = 1
    if positive:
        edge[middle - arm_px : middle + arm_px + 1, middle] = 1
    outlined, line = _outline_and_line(edge, width_px)
    index = outlined + line  # 0 nothing, 1 outline, 2 line
    colours = np.zeros((256, 3), dtype=np.uint8)
    colours[2] = 255
    opacities = np.zeros(256)
    opacities[1:3] = opacity
    return _colour_and_through(index, colours, opacities)


def _line_opacity(scene: Scene) -> float:
    return min(LINE_STRENGTH * scene.map_style.strength, 1.0)


def _stamp(picture: RGBImage, stamp: RGBImage, mask: NDArray[np.bool_], y: int, x: int) -> None:
    """Copy a small picture into a large one, where a mask is True.

    Args:
        picture: The large picture; changed in place.
        stamp: The small picture.
        mask: Mask of the small picture.
        y: Row of the top of the small picture; it may lie outside the large one.
        x: Column of the left side of the small picture; it may lie outside the large one.
    """
    top = max(y, 0)
    left = max(x, 0)
    bottom = min(y + stamp.shape[0], picture.shape[0])
    right = min(x + stamp.shape[1], picture.shape[1])
    if top < bottom and left < right:
        visible_part = (slice(top - y, bottom - y), slice(left - x, right - x))
        np.copyto(picture[top:bottom, left:right], stamp[visible_part], where=mask[visible_part])
