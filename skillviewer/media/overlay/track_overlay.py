"""Drawing of tracks onto exported pictures, as in the player: thin lines with a dark edge."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from math import hypot

import cv2
import numpy as np

from skillviewer.core.arrays import Float32Array, FloatArray, RGBImage
from skillviewer.core.tracks.track_drawing import COLOURS, TrackDrawing


def _rgb(colour: str) -> tuple[int, ...]:
    """Return red, green and blue, 0 to 255, of a colour as #rrggbb."""
    return tuple(bytes.fromhex(colour.removeprefix("#")))


_RGB_COLOURS = tuple(_rgb(colour) for colour in COLOURS)
_EDGE_COLOUR = (24, 24, 24)
_SHIFT = 4  # number of bits for fractions of a pixel in the fixed-point coordinates of OpenCV
_DASH_PX = 6.0
_GAP_PX = 4.0


def paint_tracks(picture: RGBImage, drawings: Sequence[TrackDrawing], size_px: tuple[int, int]) -> RGBImage:
    """Draw tracks onto a picture, (H, W, 3) uint8 RGB, in place, and return it.

    Args:
        picture: The picture at any size; a view of a larger picture is possible.
        drawings: Tracks of the frame.
        size_px: Width and height of the frame in the video; points are in its pixels.
    """
    height, width = picture.shape[:2]
    scale = np.array([width / size_px[0], height / size_px[1]])
    thickness_px = max(1, round(height / 360))
    canvas = np.ascontiguousarray(picture)
    for drawing in drawings:
        for colour_index, line in drawing.trails:
            _draw_line(canvas, _scaled(line, scale), _RGB_COLOURS[colour_index], thickness_px)
        for colour_index, line in drawing.dashed_trails:
            for dash in _dashes(_scaled(line, scale)):
                _draw_line(canvas, dash, _RGB_COLOURS[colour_index], thickness_px)
        _draw_points(canvas, drawing, scale, thickness_px)
    if canvas is not picture:
        picture[:] = canvas
    return picture


def _draw_points(picture: RGBImage, drawing: TrackDrawing, scale: FloatArray, thickness_px: int) -> None:
    if not len(drawing.points_px):
        return
    points = _scaled(drawing.points_px, scale)
    is_finite = np.asarray(np.isfinite(points).all(axis=1))
    for start, stop in drawing.bones:
        if is_finite[start] and is_finite[stop]:
            _draw_line(picture, points[[start, stop]], _RGB_COLOURS[drawing.colour_indices[start]], thickness_px)
    radius_px = thickness_px + 1 if drawing.bones else 2 * thickness_px + 1
    for point, colour_index in zip(points[is_finite], np.array(drawing.colour_indices)[is_finite], strict=True):
        colour = _RGB_COLOURS[colour_index]
        if drawing.is_interpolated:
            _draw_circle(picture, point, radius_px, colour, thickness_px)
            continue
        _draw_circle(picture, point, radius_px=radius_px + 1, colour=_EDGE_COLOUR, thickness_px=cv2.FILLED)
        _draw_circle(picture, point, radius_px, colour, thickness_px=cv2.FILLED)
    if drawing.label and is_finite[0]:
        _draw_label(
            picture,
            drawing.label,
            point=points[0],
            colour=_RGB_COLOURS[drawing.colour_indices[0]],
            thickness_px=thickness_px,
        )


def _draw_label(picture: RGBImage, label: str, point: FloatArray, colour: Sequence[int], thickness_px: int) -> None:
    """Write a label with a dark edge below a point."""
    x, y = (round(float(coordinate)) for coordinate in point)
    origin = (x - 4 * thickness_px, y + 14 * thickness_px)
    font_scale = max(0.35, picture.shape[0] / 900)
    for stroke_colour, stroke_px in ((_EDGE_COLOUR, thickness_px + 2), (colour, thickness_px)):
        cv2.putText(picture, label, origin, cv2.FONT_HERSHEY_SIMPLEX, font_scale, stroke_colour, stroke_px, cv2.LINE_AA)


def _draw_circle(
    picture: RGBImage, centre: FloatArray, radius_px: int, colour: Sequence[int], thickness_px: int
) -> None:
    centre_x, centre_y = np.rint(centre * (1 << _SHIFT)).astype(int).tolist()
    cv2.circle(picture, (centre_x, centre_y), radius_px << _SHIFT, colour, thickness_px, cv2.LINE_AA, shift=_SHIFT)


def _scaled(points_px: Float32Array, scale: FloatArray) -> FloatArray:
    """Return points in the pixels of the picture, (n, 2); (0, 0) is the centre of the top left pixel."""
    scaled_points: FloatArray = (points_px.astype(np.float64) + 0.5) * scale - 0.5
    return scaled_points


def _draw_line(picture: RGBImage, points: FloatArray, colour: Sequence[int], thickness_px: int) -> None:
    fixed_point = np.rint(points * (1 << _SHIFT)).astype(np.int32)[:, None]
    draw = partial(cv2.polylines, picture, [fixed_point], isClosed=False, lineType=cv2.LINE_AA, shift=_SHIFT)
    draw(color=_EDGE_COLOUR, thickness=thickness_px + 1)
    draw(color=colour, thickness=thickness_px)


def _dashes(points: FloatArray) -> list[FloatArray]:
    """Return the dashes of a line, each (2, 2)."""
    dashes = []
    for start, stop in pairwise(points):
        length = hypot(*(stop - start))
        for dash_start in np.arange(0, length, _DASH_PX + _GAP_PX):
            dash_stop = min(dash_start + _DASH_PX, length)
            fractions = np.array([dash_start, dash_stop]) / length
            dashes.append(start + fractions[:, None] * (stop - start))
    return dashes
