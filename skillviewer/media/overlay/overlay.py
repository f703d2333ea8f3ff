"""The painter: draws a map over a frame for the player, the exporters and the command line.

A map is first turned into a layer: for every pixel a premultiplied colour and the proportion of the frame that shows
through. The painted frame is ``round(frame * through / 255) + colour``, in integers, hence the same on every computer.
A layer is cached while map, look and size stay the same, so that a held map costs two passes over the picture.
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
from skillviewer.media.overlay.colours import map_colours

CONTOUR_LEVELS = (0.25, 0.5, 0.75)
"""Levels of the iso-lines, as fractions of the upper end of the scale; of both ends for signed maps."""

MARKED_FROM = 0.25
"""Cells of signed maps get a + or - from this fraction of the scale on."""

FADED_CELLS = 0.75
"""A smooth map fades over this many cells at an edge that lies inside the picture, where its knowledge ends."""

LINE_STRENGTH = 1.5
"""Opacity of lines and signs relative to surfaces: they cover little of the picture."""

Key: TypeAlias = tuple[object, ...]


@dataclass(slots=True)
class _Layer:
    """Layer over the part of a frame that a map covers."""

    rows: slice  # rows of the frame that it covers
    columns: slice  # columns of the frame that it covers
    colour: RGBImage  # (h, w, 3) uint8, premultiplied: at most 255 - through
    through: RGBImage  # (h, w, 3) uint8, weight of the frame out of 255; the same in all channels


class Painter:
    """Paints frames and caches the last map's layer. For use in one thread."""

    def __init__(self) -> None:
        self._key: Key | None = None
        self._layer: _Layer | None = None
        self._scratch: RGBImage | None = None

    def paint(self, scene: Scene, frame: RGBImage, out: RGBImage | None = None) -> RGBImage:
        """Paint a frame with its map.

        Args:
            scene: The scene.
            frame: (H, W, 3) uint8 RGB; not changed.
            out: Target picture: (H, W, 3) uint8 for RGB, or (H, W, 4) uint8 for the bytes B, G, R, 255 (a 32-bit pixel
                0xffRRGGBB on little-endian machines, Qt's RGB32), with any content. None for a new RGB picture. Must
                not share memory with ``frame``.

        Returns:
            ``out``. If the scene has no map, or the overlay is off or has no strength, the frame unchanged.

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
        layer = self._layer_of(scene, height, width)
        if out.shape[2] == 3:
            _lay_over(layer, frame, out)
        elif layer is None:
            cv2.cvtColor(frame, cv2.COLOR_RGB2BGRA, dst=out)
        else:
            if self._scratch is None or self._scratch.shape != frame.shape:
                self._scratch = np.empty_like(frame)
            _lay_over(layer, frame, self._scratch)
            cv2.cvtColor(self._scratch, cv2.COLOR_RGB2BGRA, dst=out)
        return out

    def _layer_of(self, scene: Scene, height: int, width: int) -> _Layer | None:
        map_style = scene.map_style
        if scene.values is None or map_style.overlay is Overlay.OFF or map_style.strength <= 0:
            return None
        key: Key = (
            scene.values.shape, scene.values.tobytes(), scene.low, scene.high, scene.kind, scene.rect,
            map_style.overlay, map_style.colours, map_style.strength, map_style.smooth, height, width,
        )  # fmt: skip
        if key != self._key:
            self._layer = _layer(scene, scene.values, height, width)
            self._key = key
        return self._layer


def paint(scene: Scene, frame: RGBImage, out: RGBImage | None = None) -> RGBImage:
    """Paint one frame with its map; for many frames use a ``Painter``, whose method documents the arguments."""
    return Painter().paint(scene, frame, out)


AVERAGED_BELOW = 0.75
"""Below this many screen pixels per pixel of the picture, pixels are averaged: QPainter alone would skip some."""


def drawn_px(full_px: int, width_px: int) -> int:
    """Return the width to draw a picture in: its whole width on screen, or its own where that is hardly larger."""
    return width_px if 1 <= width_px < AVERAGED_BELOW * full_px else full_px


def shrunk(picture: RGBImage, width_px: int) -> RGBImage:
    """Return (H, W, 3) scaled to a smaller width, each pixel the mean of what it covers, before a map is laid over."""
    height, width = picture.shape[:2]
    if width == width_px:
        return picture
    size = (width_px, max(1, round(height * width_px / width)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _lay_over(layer: _Layer | None, frame: RGBImage, out: RGBImage) -> None:
    """Write round(frame * through / 255) + colour inside the layer, and the frame elsewhere."""
    if layer is None or layer.colour.shape != frame.shape:
        np.copyto(out, frame)
    if layer is not None:
        part = out[layer.rows, layer.columns]
        # exact: frame * through is an integer, never half way between two multiples of 255
        cv2.multiply(frame[layer.rows, layer.columns], layer.through, dst=part, scale=1 / 255)
        cv2.add(part, layer.colour, dst=part)


def _layer(scene: Scene, values: Float32Array, height: int, width: int) -> _Layer | None:
    """Return the layer of a map, or None if it covers no pixel's centre."""
    x0, across = _cell_coordinates(width, scene.rect.left, scene.rect.right, values.shape[1])
    y0, down = _cell_coordinates(height, scene.rect.top, scene.rect.bottom, values.shape[0])
    if not len(across) or not len(down):
        return None
    shades = (values.astype(np.float64) - scene.low) / (scene.high - scene.low) * 255
    smooth = scene.map_style.smooth
    index = _enlarged(shades, down, across) if smooth else _in_cells(shades, down, across)
    colour, through = _LAYERS[scene.map_style.overlay](scene, index)
    weight = _fade(height, width, values.shape, scene.rect) if smooth else None
    rows, columns = slice(y0, y0 + len(down)), slice(x0, x0 + len(across))
    if scene.map_style.overlay is Overlay.DIMMED:  # beyond the map it is as dark as where nothing was attended to
        dark = round(255 * (1 - _strength(scene)))
        if weight is not None:
            through = np.asarray(dark + cv2.multiply(through - dark, weight, scale=1 / 255), np.uint8)
        whole = np.full((height, width, 3), dark, np.uint8)
        whole[rows, columns] = through
        rows = slice(0, height)
        columns = slice(0, width)
        colour = np.zeros_like(whole)
        through = whole
    elif weight is not None:  # rounding is monotone, so the colour stays at most 255 - through
        colour = np.asarray(cv2.multiply(colour, weight, scale=1 / 255), np.uint8)
        through = np.asarray(255 - cv2.multiply(255 - through, weight, scale=1 / 255), np.uint8)
    layer = _Layer(rows, columns, colour, through)
    if scene.kind is MapKind.SIGNED:
        _mark_signs(layer, scene, values, height, width)
    return layer


def _cell_coordinates(n_px: int, start: float, stop: float, n_cells: int) -> tuple[int, FloatArray]:
    """Return the positions of the centres of an axis' pixels among the cells of a map, which is a part of the frame.

    Returns:
        The first pixel whose centre lies in the map, and the (m,) float64 coordinates of all such pixels; cell i spans
        i to i + 1.
    """
    coordinates = ((np.arange(n_px) + 0.5) / n_px - start) / (stop - start) * n_cells
    inside = np.flatnonzero((coordinates >= 0) & (coordinates < n_cells))
    return (int(inside[0]) if len(inside) else 0), coordinates[inside]


@lru_cache(maxsize=2)
def _fade(height: int, width: int, cells: tuple[int, int], rect: MapRect) -> RGBImage | None:
    """Return the weights out of 255, (m, n, 3) uint8, that fade a map at its edges inside the picture, or None."""
    ramps = []
    for n_px, start, stop, n in ((height, rect.top, rect.bottom, cells[0]), (width, rect.left, rect.right, cells[1])):
        coordinates = _cell_coordinates(n_px, start, stop, n)[1]
        inside = np.minimum(coordinates if start > 0 else np.inf, n - coordinates if stop < 1 else np.inf)
        share = np.broadcast_to(np.clip(inside / FADED_CELLS, 0, 1), coordinates.shape)
        ramps.append(share * share * (3 - 2 * share))
    weight = np.rint(255 * ramps[0][:, None] * ramps[1]).astype(np.uint8)
    return frozen(cv2.merge([weight, weight, weight])) if weight.min() < 255 else None


def _enlarged(shades: FloatArray, rows: FloatArray, across: FloatArray) -> RGBImage:
    """Return (m, n) uint8 shades, bilinear between the cells' centres and constant in the outer half cells."""
    # no matrix product: the threads of a BLAS keep spinning for longer than a frame takes, on all cores
    left, right, share = _neighbours(across, shades.shape[1])
    columns = (shades[:, left] * (1 - share) + shades[:, right] * share).astype(np.float32)
    above, below, share = _neighbours(rows, shades.shape[0])
    weight = share.astype(np.float32)[:, None]
    enlarged = np.empty((len(rows), len(across)), np.uint8)
    # between two rows of cells at a time, which stay in the processor's cache
    starts = [0, *(np.flatnonzero(np.diff(above) | np.diff(below)) + 1).tolist(), len(rows)]
    for start, stop in pairwise(starts):
        band = columns[above[start]] * (1 - weight[start:stop])
        band += columns[below[start]] * weight[start:stop]
        cv2.add(band, 0.0, dst=enlarged[start:stop], dtype=cv2.CV_8U)  # type: ignore[call-overload]  # rounds, clips
    return enlarged


def _neighbours(coordinates: FloatArray, n_cells: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the two neighbouring cells of m coordinates, and the weight of the latter (edges replicated)."""
    position = np.clip(coordinates - 0.5, 0, n_cells - 1)
    before = position.astype(np.int64)
    return before, np.minimum(before + 1, n_cells - 1), position - before


def _in_cells(shades: FloatArray, rows: FloatArray, columns: FloatArray) -> RGBImage:
    """Return the shade of the cell around each pixel's centre; (m, n) uint8."""
    cells = np.clip(np.rint(shades), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(cells[rows.astype(np.int64)][:, columns.astype(np.int64)])


def _emphasis(kind: MapKind) -> FloatArray:
    """Return the strength of each of the 256 shades, 0 to 1: distance from zero for signed maps, else from the end."""
    shade = np.arange(256, dtype=np.float64)
    if kind is MapKind.SIGNED:
        return (np.abs(2 * shade - 255) - 1) / 254  # the two shades in the middle are zero
    return shade / 255


def _heat(scene: Scene, index: RGBImage) -> tuple[RGBImage, RGBImage]:
    return _looked_up(index, map_colours(scene.kind, scene.map_style), _strength(scene) * _emphasis(scene.kind))


def _dimmed(scene: Scene, index: RGBImage) -> tuple[RGBImage, RGBImage]:
    black = np.zeros((256, 3), dtype=np.uint8)
    return _looked_up(index, black, _strength(scene) * (1 - _emphasis(scene.kind)))


def _contour(scene: Scene, index: RGBImage) -> tuple[RGBImage, RGBImage]:
    """Return iso-lines in the colours of their levels, each with a contrasting dark or light outline."""
    levels = np.array(CONTOUR_LEVELS)
    shades = 127.5 * (1 + np.concatenate([-levels[::-1], levels])) if scene.kind is MapKind.SIGNED else 255 * levels
    width_px = max(1, round(min(index.shape) / 360))
    colours = np.zeros((256, 3), dtype=np.uint8)
    inked: RGBImage = np.zeros_like(index)  # 0 nothing, then outline and line of each level, later ones on top
    for i, shade in enumerate(shades):
        above = (index >= shade).astype(np.uint8)
        edge: RGBImage = above - cv2.erode(above, np.ones((3, 3), np.uint8))
        for ink, drawn in enumerate(_outline_and_line(edge, width_px), start=2 * i + 1):
            cv2.max(inked, drawn * np.uint8(ink), dst=inked)
        colours[2 * i + 2] = map_colours(scene.kind, scene.map_style)[round(shade)]
        colours[2 * i + 1] = _opposite(colours[2 * i + 2])
    opacity = np.full(256, _line_opacity(scene))
    opacity[0] = 0
    return _looked_up(inked, colours, opacity)


def _both(scene: Scene, index: RGBImage) -> tuple[RGBImage, RGBImage]:
    colour, through = _heat(scene, index)
    line, behind = _contour(scene, index)
    inked = behind < 255
    return np.where(inked, line, colour), np.where(inked, behind, through)


_LAYERS = {Overlay.HEAT: _heat, Overlay.CONTOUR: _contour, Overlay.BOTH: _both, Overlay.DIMMED: _dimmed}


def _strength(scene: Scene) -> float:
    return min(scene.map_style.strength, 1.0)


def _looked_up(index: RGBImage, colours: NDArray[np.uint8], opacity: FloatArray) -> tuple[RGBImage, RGBImage]:
    """Return the premultiplied colour and the weight of the frame at every pixel.

    ``index`` is (h, w), the rows of (256, 3) colours and of (256,) opacities, 0 to 1.
    """
    through = np.rint(255 * (1 - opacity))
    premultiplied = np.rint(colours * ((255 - through) / 255)[:, None]).astype(np.uint8)
    shows = cv2.cvtColor(cv2.LUT(index, through.astype(np.uint8)), cv2.COLOR_GRAY2BGR)
    colour = cv2.applyColorMap(index, premultiplied[:, None])
    return np.asarray(colour, dtype=np.uint8), np.asarray(shows, dtype=np.uint8)


def _opposite(colour: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return black or white, whichever contrasts more with a colour (WCAG 2.2 relative luminance)."""
    linear = np.where(colour <= 10, colour / 255 / 12.92, ((colour / 255 + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ [0.2126, 0.7152, 0.0722])
    return np.full(3, 0 if luminance > 0.179 else 255, dtype=np.uint8)


def _outline_and_line(edge: RGBImage, width_px: int) -> tuple[RGBImage, RGBImage]:
    """Return a one-pixel line thickened to ``width_px``, preceded by the same with an outline as wide on either side.

    ``edge`` is (h, w), 1 on the line.
    """

    def thickened(diameter: int) -> RGBImage:
        from_middle = np.arange(diameter) - (diameter - 1) / 2
        disc = np.hypot(from_middle[:, None], from_middle) <= diameter / 2
        return np.asarray(cv2.dilate(edge, disc.astype(np.uint8)), dtype=np.uint8)

    return thickened(3 * width_px), thickened(width_px)


def _mark_signs(layer: _Layer, scene: Scene, values: Float32Array, height: int, width: int) -> None:
    """Draw + and - in the centre of cells of a signed map that are well off zero: colour alone is not enough."""
    h, w = values.shape
    cell_h = height * (scene.rect.bottom - scene.rect.top) / h
    cell_w = width * (scene.rect.right - scene.rect.left) / w
    arm = round(0.16 * min(cell_h, cell_w))
    if arm < 1:
        return  # too few pixels for a legible sign
    signs = {positive: _sign(arm, positive=positive, opacity=_line_opacity(scene)) for positive in (False, True)}
    marked: IntArray = np.argwhere(np.abs(values) >= MARKED_FROM * scene.high)
    for row, column in marked.tolist():
        colour, through = signs[bool(values[row, column] > 0)]
        y = int(height * scene.rect.top + (row + 0.5) * cell_h) - layer.rows.start - colour.shape[0] // 2
        x = int(width * scene.rect.left + (column + 0.5) * cell_w) - layer.columns.start - colour.shape[1] // 2
        _stamp(layer.colour, colour, through < 255, y, x)
        _stamp(layer.through, through, through < 255, y, x)


def _sign(arm: int, *, positive: bool, opacity: float) -> tuple[RGBImage, RGBImage]:
    """Return a white + or - with a black outline, as a small layer: premultiplied colour and weight of the frame."""
    width_px = max(1, arm // 5)
    middle = arm + 2 * width_px
    edge: RGBImage = np.zeros((2 * middle + 1, 2 * middle + 1), dtype=np.uint8)
    edge[middle, middle - arm : middle + arm + 1] = 1
    if positive:
        edge[middle - arm : middle + arm + 1, middle] = 1
    outlined, line = _outline_and_line(edge, width_px)
    colours = np.zeros((256, 3), dtype=np.uint8)
    colours[2] = 255
    return _looked_up(outlined + line, colours, np.array([0.0, opacity, opacity, *[0.0] * 253]))


def _line_opacity(scene: Scene) -> float:
    return min(LINE_STRENGTH * scene.map_style.strength, 1.0)


def _stamp(picture: RGBImage, stamp: RGBImage, mask: NDArray[np.bool_], y: int, x: int) -> None:
    """Copy a small picture into a large one at row y and column x, which may lie outside, using a mask."""
    top, left = max(y, 0), max(x, 0)
    bottom, right = min(y + stamp.shape[0], picture.shape[0]), min(x + stamp.shape[1], picture.shape[1])
    if top < bottom and left < right:
        part = (slice(top - y, bottom - y), slice(left - x, right - x))
        np.copyto(picture[top:bottom, left:right], stamp[part], where=mask[part])
