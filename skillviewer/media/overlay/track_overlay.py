"""Tracks drawn onto exported pictures, as the player draws them: thin lines with a dark edge."""

from collections.abc import Sequence
from itertools import pairwise
from math import hypot

import cv2
import numpy as np

from skillviewer.core.arrays import Float32Array, FloatArray, RGBImage
from skillviewer.core.tracks.track_drawing import COLOURS, TrackDrawing

_RGB = tuple(tuple(int(colour[start : start + 2], 16) for start in (1, 3, 5)) for colour in COLOURS)
_EDGE = (24, 24, 24)
_SHIFT = 4  # bits of the fractions of a pixel
_DASH_PX, _GAP_PX = 6.0, 4.0


def paint_tracks(picture: RGBImage, drawings: Sequence[TrackDrawing], size_px: tuple[int, int]) -> RGBImage:
    """Draw tracks onto a picture, (H, W, 3) uint8 RGB, in place, and return it.

    Args:
        picture: The picture at any size; it may be part of a larger one.
        drawings: Tracks of its frame.
        size_px: Width and height of the video's own picture, in which the points are given.
    """
    height, width = picture.shape[:2]
    scale = np.array([width / size_px[0], height / size_px[1]])
    thick = max(1, round(height / 360))
    canvas = np.ascontiguousarray(picture)
    for drawing in drawings:
        for colour, line in drawing.trails:
            _polyline(canvas, _placed(line, scale), _RGB[colour], thick)
        for colour, line in drawing.dashed:
            for dash in _dashes(_placed(line, scale)):
                _polyline(canvas, dash, _RGB[colour], thick)
        _draw_points(canvas, drawing, scale, thick)
    if canvas is not picture:
        picture[:] = canvas
    return picture


def _draw_points(picture: RGBImage, drawing: TrackDrawing, scale: FloatArray, thick: int) -> None:
    if not len(drawing.points_px):
        return
    places = _placed(drawing.points_px, scale)
    is_finite = np.asarray(np.isfinite(places).all(axis=1))
    for start, stop in drawing.bones:
        if is_finite[start] and is_finite[stop]:
            _polyline(picture, places[[start, stop]], _RGB[drawing.colours[start]], thick)
    radius = thick + 1 if drawing.bones else 2 * thick + 1
    for place, colour in zip(places[is_finite], np.array(drawing.colours)[is_finite], strict=True):
        centre = _fixed(place)
        if drawing.interpolated:
            cv2.circle(picture, centre, radius << _SHIFT, _RGB[colour], thick, cv2.LINE_AA, _SHIFT)
            continue
        cv2.circle(picture, centre, (radius + 1) << _SHIFT, _EDGE, -1, cv2.LINE_AA, _SHIFT)
        cv2.circle(picture, centre, radius << _SHIFT, _RGB[colour], -1, cv2.LINE_AA, _SHIFT)
    if drawing.label and is_finite[0]:
        x, y = (round(float(value)) for value in places[0])
        size = max(0.35, picture.shape[0] / 900)
        for colour, width in ((_EDGE, thick + 2), (_RGB[drawing.colours[0]], thick)):
            centre = (x - 4 * thick, y + 14 * thick)
            cv2.putText(picture, drawing.label, centre, cv2.FONT_HERSHEY_SIMPLEX, size, colour, width, cv2.LINE_AA)


def _placed(points_px: Float32Array, scale: FloatArray) -> FloatArray:
    placed: FloatArray = (points_px.astype(np.float64) + 0.5) * scale - 0.5
    return placed


def _fixed(place: FloatArray) -> tuple[int, int]:
    x, y = np.rint(place * (1 << _SHIFT)).astype(int).tolist()
    return x, y


def _polyline(picture: RGBImage, places: FloatArray, colour: Sequence[int], thick: int) -> None:
    fixed = np.rint(places * (1 << _SHIFT)).astype(np.int32)[:, None]
    cv2.polylines(picture, [fixed], False, _EDGE, thick + 1, cv2.LINE_AA, _SHIFT)
    cv2.polylines(picture, [fixed], False, colour, thick, cv2.LINE_AA, _SHIFT)


def _dashes(places: FloatArray) -> list[FloatArray]:
    """Return the dashes of a line, each (2, 2)."""
    dashes = []
    for start, stop in pairwise(places):
        length = hypot(*(stop - start))
        for begin in np.arange(0, length, _DASH_PX + _GAP_PX):
            share = np.array([begin, min(begin + _DASH_PX, length)]) / length
            dashes.append(start + share[:, None] * (stop - start))
    return dashes
