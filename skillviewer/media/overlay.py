"""The one painter: a frame with its map, for the player, the exporters and the command line.

A map is first turned into a layer: for every pixel a premultiplied colour and how much of the frame shows through. The
painted frame is ``round(frame * through / 255) + colour``, in whole numbers, hence the same everywhere. A layer is kept
while the map, the look and the size stay the same, so that a held map costs two passes over the picture.
"""

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from skillviewer.core.analysis import MapKind
from skillviewer.core.arrays import Float32Array, FloatArray, IntArray, Picture
from skillviewer.core.scene import Overlay, Scene
from skillviewer.media.colours import map_colours

CONTOUR_LEVELS = (0.25, 0.5, 0.75)
"""Where iso-lines run, as fractions of the upper end of the scale; of both ends for signed maps."""

MARKED_FROM = 0.25
"""Cells of signed maps get a + or - from this fraction of the scale's end on."""

LINE_STRENGTH = 1.5
"""Lines and signs cover little of the picture, and are this much more opaque than surfaces."""

Key: TypeAlias = tuple[object, ...]


@dataclass(slots=True)
class _Layer:
    """What is laid over the part of a frame that a map covers.

    Attributes:
        rows: Rows of the frame that it covers.
        columns: Columns of the frame that it covers.
        colour: (h, w, 3) uint8, premultiplied: at most 255 - through.
        through: (h, w, 3) uint8, how much of the frame shows through, of 255; the same in all channels.
    """

    rows: slice
    columns: slice
    colour: Picture
    through: Picture


class Painter:
    """Paints frames; keeps the last map's layer. To be used by one thread."""

    def __init__(self) -> None:
        self._key: Key | None = None
        self._layer: _Layer | None = None
        self._scratch: Picture | None = None

    def paint(self, scene: Scene, frame: Picture, out: Picture | None = None) -> Picture:
        """Paint a frame with its map.

        Args:
            scene: What is to be seen.
            frame: (H, W, 3) uint8 RGB; not changed.
            out: Where to paint: (H, W, 3) uint8 for RGB, or (H, W, 4) uint8 for the bytes B, G, R, 255 (a 32-bit pixel
                0xffRRGGBB on little-endian machines, Qt's RGB32); the picture may be anything before. A new RGB
                picture if None. Must not share memory with ``frame``.

        Returns:
            ``out``. Where the scene has no map, or the overlay is off or without strength, the frame unchanged.

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
        look = scene.look
        if scene.values is None or look.overlay is Overlay.OFF or look.strength <= 0:
            return None
        key: Key = (
            scene.values.shape, scene.values.tobytes(), scene.low, scene.high, scene.kind, scene.rect,
            look.overlay, look.colours, look.strength, look.smooth, height, width,
        )  # fmt: skip
        if key != self._key:
            self._layer, self._key = _layer(scene, scene.values, height, width), key
        return self._layer


def paint(scene: Scene, frame: Picture, out: Picture | None = None) -> Picture:
    """Paint one frame with its map; for many frames keep a ``Painter``, whose method says what is what."""
    return Painter().paint(scene, frame, out)


def _lay_over(layer: _Layer | None, frame: Picture, out: Picture) -> None:
    """Write round(frame * through / 255) + colour where the layer lies, and the frame elsewhere."""
    if layer is None or layer.colour.shape != frame.shape:
        np.copyto(out, frame)
    if layer is not None:
        part = out[layer.rows, layer.columns]
        # exact: frame * through is a whole number, never half way between two multiples of 255
        cv2.multiply(frame[layer.rows, layer.columns], layer.through, dst=part, scale=1 / 255)
        cv2.add(part, layer.colour, dst=part)


def _layer(scene: Scene, values: Float32Array, height: int, width: int) -> _Layer | None:
    """Return the layer of a map, or None where it covers no pixel's centre."""
    x0, across = _cell_coordinates(width, scene.rect.left, scene.rect.right, values.shape[1])
    y0, down = _cell_coordinates(height, scene.rect.top, scene.rect.bottom, values.shape[0])
    if not len(across) or not len(down):
        return None
    shades = (values.astype(np.float64) - scene.low) / (scene.high - scene.low) * 255
    smooth = scene.look.smooth
    index = _enlarged(shades, down, across) if smooth else _in_cells(shades, down, across)
    layer = _Layer(slice(y0, y0 + len(down)), slice(x0, x0 + len(across)), *_LAYERS[scene.look.overlay](scene, index))
    if scene.kind is MapKind.SIGNED:
        _mark_signs(layer, scene, values, height, width)
    return layer


def _cell_coordinates(n_px: int, start: float, stop: float, n_cells: int) -> tuple[int, FloatArray]:
    """Return where the centres of an axis' pixels lie among the cells of a map.

    Args:
        n_px: Pixels of the frame along the axis.
        start: Where the map begins, as a fraction of the frame.
        stop: Where it ends.
        n_cells: Cells along the axis.

    Returns:
        The first pixel whose centre lies in the map, and the (m,) float64 coordinates of the m that do; cell i is i to
        i + 1.
    """
    at = ((np.arange(n_px) + 0.5) / n_px - start) / (stop - start) * n_cells
    inside = np.flatnonzero((at >= 0) & (at < n_cells))
    return (int(inside[0]) if len(inside) else 0), at[inside]


def _enlarged(shades: FloatArray, down: FloatArray, across: FloatArray) -> Picture:
    """Return shades between the cells' centres bilinearly, the outer half cells as their centres; (m, n) uint8."""
    rows = _linear_weights(down, shades.shape[0]).astype(np.float32)
    columns = (shades @ _linear_weights(across, shades.shape[1]).T).astype(np.float32)
    # OpenCV's product and not numpy's: no threads that wait for each other on a busy machine
    enlarged = cv2.gemm(rows, np.ascontiguousarray(columns), 1.0, None, 0.0)  # type: ignore[call-overload]
    return np.asarray(cv2.add(enlarged, 0.0, dtype=cv2.CV_8U), dtype=np.uint8)  # type: ignore[call-overload]  # rounds, clips


def _linear_weights(at: FloatArray, n_cells: int) -> FloatArray:
    """Return (m, n_cells) weights of the cells at m coordinates (half-pixel centres, edges replicated)."""
    weights = np.zeros((len(at), n_cells))
    position = np.clip(at - 0.5, 0, n_cells - 1)
    before = position.astype(np.int64)
    fraction = position - before
    every = np.arange(len(at))
    weights[every, before] = 1 - fraction
    weights[every, np.minimum(before + 1, n_cells - 1)] += fraction
    return weights


def _in_cells(shades: FloatArray, down: FloatArray, across: FloatArray) -> Picture:
    """Return the shade of the cell that each pixel's centre lies in; (m, n) uint8."""
    cells = np.clip(np.rint(shades), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(cells[down.astype(np.int64)][:, across.astype(np.int64)])


def _emphasis(kind: MapKind) -> FloatArray:
    """Return how far each of the 256 shades is from "nothing", 0 to 1: from zero for signed maps, else from the end."""
    shade = np.arange(256, dtype=np.float64)
    if kind is MapKind.SIGNED:
        return (np.abs(2 * shade - 255) - 1) / 254  # the two shades in the middle are zero
    return shade / 255


def _heat(scene: Scene, index: Picture) -> tuple[Picture, Picture]:
    """Return colours whose opacity grows with the value."""
    through = np.rint(255 * (1 - min(scene.look.strength, 1.0) * _emphasis(scene.kind)))
    colours = map_colours(scene.kind, scene.look) * ((255 - through) / 255)[:, None]
    channels = [cv2.LUT(index, np.rint(colours[:, c]).astype(np.uint8)) for c in range(3)]
    return np.asarray(cv2.merge(channels), dtype=np.uint8), _through(index, through)


def _dimmed(scene: Scene, index: Picture) -> tuple[Picture, Picture]:
    """Return darkness that shrinks with the value."""
    through = np.rint(255 * (1 - min(scene.look.strength, 1.0) * (1 - _emphasis(scene.kind))))
    return np.zeros((*index.shape, 3), dtype=np.uint8), _through(index, through)


def _contour(scene: Scene, index: Picture) -> tuple[Picture, Picture]:
    """Return iso-lines in the colours of their levels, each with an outline that is dark or light, as it is not."""
    colour = np.zeros((*index.shape, 3), dtype=np.uint8)
    through = np.full((*index.shape, 3), 255, dtype=np.uint8)
    colours = map_colours(scene.kind, scene.look)
    signed = scene.kind is MapKind.SIGNED
    width_px = max(1, round(min(index.shape) / 360))
    for level in CONTOUR_LEVELS:
        for shade in [127.5 * (1 - level), 127.5 * (1 + level)] if signed else [255 * level]:
            above = (index >= shade).astype(np.uint8)
            line: Picture = cv2.subtract(above, cv2.erode(above, np.ones((3, 3), np.uint8))).astype(np.uint8)
            own = colours[round(shade)]
            _draw(colour, through, line, (own, _opposite(own)), width_px, scene.look.strength)
    return colour, through


def _through(index: Picture, through: FloatArray) -> Picture:
    """Return what shows through at every pixel, from that of the 256 shades."""
    channel = cv2.LUT(index, through.astype(np.uint8))
    return np.asarray(cv2.merge([channel, channel, channel]), dtype=np.uint8)


def _opposite(colour: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return black or white, whichever contrasts more with a colour (WCAG 2.2 relative luminance)."""
    linear = np.where(colour <= 10, colour / 255 / 12.92, ((colour / 255 + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ [0.2126, 0.7152, 0.0722])
    return np.full(3, 0 if luminance > 0.179 else 255, dtype=np.uint8)


def _draw(
    colour: Picture,
    through: Picture,
    line: Picture,
    inks: tuple[NDArray[np.uint8], NDArray[np.uint8]],
    width_px: int,
    strength: float,
) -> None:
    """Draw thin lines into a layer, thickened, with an outline.

    Args:
        colour: The layer's colour, changed.
        through: What shows through it, changed.
        line: (h, w) uint8, 1 on the line.
        inks: Colours of the line and of its outline.
        width_px: Width of the line and of the outline on either side.
        strength: Opacity of surfaces.
    """
    opaque = round(255 * min(LINE_STRENGTH * strength, 1.0))
    for ink, size in ((inks[1], 3 * width_px), (inks[0], width_px)):
        brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE if size > 3 else cv2.MORPH_RECT, (size, size))
        drawn = cv2.dilate(line, brush) > 0
        colour[drawn] = np.rint(ink * (opaque / 255)).astype(np.uint8)
        through[drawn] = 255 - opaque


def _mark_signs(layer: _Layer, scene: Scene, values: Float32Array, height: int, width: int) -> None:
    """Draw + and - at the centres of the cells of a signed map that are well off zero: colour alone tells nobody."""
    h, w = values.shape
    cell_h = height * (scene.rect.bottom - scene.rect.top) / h
    cell_w = width * (scene.rect.right - scene.rect.left) / w
    arm = round(0.16 * min(cell_h, cell_w))
    if arm < 1:
        return  # no sign can be read in so few pixels
    line = np.zeros(layer.colour.shape[:2], dtype=np.uint8)
    marked: IntArray = np.argwhere(np.abs(values) >= MARKED_FROM * scene.high)
    for row, column in marked.tolist():
        y = int(height * scene.rect.top + (row + 0.5) * cell_h) - layer.rows.start
        x = int(width * scene.rect.left + (column + 0.5) * cell_w) - layer.columns.start
        cv2.line(line, (x - arm, y), (x + arm, y), 1)
        if values[row, column] > 0:
            cv2.line(line, (x, y - arm), (x, y + arm), 1)
    white = np.full(3, 255, dtype=np.uint8)
    thickness = max(1, arm // 5)
    _draw(layer.colour, layer.through, line, (white, white * 0), thickness, scene.look.strength)


_LAYERS = {Overlay.HEAT: _heat, Overlay.CONTOUR: _contour, Overlay.DIMMED: _dimmed}
