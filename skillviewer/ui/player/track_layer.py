"""Tracks over the picture: skeletons and the trails of the last second, thin and quiet."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from skillviewer.core.tracks.reference_path import ReferencePath
from skillviewer.core.tracks.track_drawing import COLOURS, TrackDrawing, draw_tracks
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.ui.player.viewport import Viewport

if TYPE_CHECKING:
    from skillviewer.core.arrays import Float32Array

HALO = QColor(0, 0, 0, 130)
"""Dark edge of every line, so that it can be seen on light pictures."""

REFERENCE_COLOUR = QColor("#f4f4f4")
LINE_PX = 1.6
TRAIL_OPACITY, HELD_OPACITY = 0.75, 0.55


def to_widget(viewport: Viewport, x_px: float, y_px: float) -> QPointF:
    """Return the position of a pixel of the picture in the widget; (0, 0) is the centre of the top left pixel."""
    left, top, _, _ = viewport.rect
    return QPointF(left + (x_px + 0.5) * viewport.scale, top + (y_px + 0.5) * viewport.scale)


def to_picture(viewport: Viewport, position: QPointF) -> tuple[float, float] | None:
    """Return the pixel of the picture at a place of the widget, or None outside of the picture."""
    left, top, width, height = viewport.rect
    x, y = position.x() - left, position.y() - top
    if not (0 <= x < width and 0 <= y < height):
        return None
    return x / viewport.scale - 0.5, y / viewport.scale - 0.5


class TrackLayer:
    """Draws the tracks of the frame on screen over a canvas."""

    def __init__(self, canvas: QWidget) -> None:
        self._canvas = canvas
        self.tracks: TrackSet | None = None
        self.visible = True
        self.drawn: tuple[TrackDrawing, ...] = ()  # what was drawn last

    def set_tracks(self, tracks: TrackSet | None) -> None:
        """Show other tracks."""
        if tracks is not self.tracks:
            self.tracks = tracks
            self._canvas.update()

    def set_visible(self, visible: bool) -> None:
        """Show or hide the tracks."""
        if visible != self.visible:
            self.visible = visible
            self._canvas.update()

    def paint(self, painter: QPainter, viewport: Viewport, frame: int) -> None:
        """Draw the tracks of a frame."""
        tracks = self.tracks
        if tracks is None or not self.visible:
            self.drawn = ()
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if tracks.reference is not None:
            draw_reference(painter, viewport, tracks.reference)
        self.drawn = draw_tracks(tracks, frame)
        for drawing in self.drawn:
            _draw(painter, viewport, drawing)
        painter.restore()


def draw_reference(painter: QPainter, viewport: Viewport, reference: ReferencePath) -> None:
    """Draw a target as a ring, or a path as a thin line."""
    corners = [to_widget(viewport, float(x), float(y)) for x, y in reference.points]
    if len(corners) == 1:
        _stroke(painter, _ring(corners[0], 7), REFERENCE_COLOUR, 1.4)
        return
    path = _path(corners)
    if reference.closed:
        path.closeSubpath()
    _stroke(painter, path, REFERENCE_COLOUR, 1.4, Qt.PenStyle.DotLine)


def _draw(painter: QPainter, viewport: Viewport, drawing: TrackDrawing) -> None:
    painter.setOpacity(TRAIL_OPACITY)
    for colour, line in drawing.trails:
        _stroke(painter, _line(viewport, line), QColor(COLOURS[colour]), LINE_PX)
    for colour, line in drawing.dashed:
        _stroke(painter, _line(viewport, line), QColor(COLOURS[colour]), LINE_PX, Qt.PenStyle.DashLine)
    if not len(drawing.points_px):
        painter.setOpacity(1.0)
        return
    painter.setOpacity(HELD_OPACITY if drawing.is_held or drawing.interpolated else 1.0)
    places = [
        to_widget(viewport, float(x), float(y)) if x == x and y == y else None  # noqa: PLR0124 - not NaN
        for x, y in drawing.points_px
    ]
    bones = QPainterPath()
    for start, stop in drawing.bones:
        first, second = places[start], places[stop]
        if first is not None and second is not None:
            bones.moveTo(first)
            bones.lineTo(second)
    if drawing.bones:
        _stroke(painter, bones, QColor(COLOURS[drawing.colours[0]]), LINE_PX)
    _draw_points(painter, drawing, places)
    if drawing.label and places[0] is not None:
        _letter(painter, places[0], drawing.label, QColor(COLOURS[drawing.colours[0]]))
    painter.setOpacity(1.0)


def _draw_points(painter: QPainter, drawing: TrackDrawing, places: list[QPointF | None]) -> None:
    radius = 1.8 if drawing.bones else 3.2
    for place, colour in zip(places, drawing.colours, strict=True):
        if place is None:
            continue
        if drawing.interpolated:  # not measured: a ring
            _stroke(painter, _ring(place, radius), QColor(COLOURS[colour]), 1.2)
            continue
        painter.setPen(QPen(HALO, 1))
        painter.setBrush(QColor(COLOURS[colour]))
        painter.drawEllipse(place, radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if drawing.anchored:  # set by the user
            _stroke(painter, _ring(place, radius + 3.5), QColor(COLOURS[colour]), 1.2)


def _letter(painter: QPainter, position: QPointF, letter: str, colour: QColor) -> None:
    path = QPainterPath()
    path.addText(position + QPointF(-4, 16), painter.font(), letter)
    painter.strokePath(path, QPen(HALO, 3))
    painter.fillPath(path, colour)


def _line(viewport: Viewport, points_px: "Float32Array") -> QPainterPath:
    return _path([to_widget(viewport, float(x), float(y)) for x, y in points_px])


def _path(places: list[QPointF]) -> QPainterPath:
    path = QPainterPath(places[0])
    for place in places[1:]:
        path.lineTo(place)
    return path


def _ring(centre: QPointF, radius: float) -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(centre, radius, radius)
    return path


def _stroke(
    painter: QPainter, path: QPainterPath, colour: QColor, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine
) -> None:
    cap, join = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
    painter.strokePath(path, QPen(HALO, width + 1.4, Qt.PenStyle.SolidLine, cap, join))
    painter.strokePath(
        path, QPen(colour, width, style, cap if style is Qt.PenStyle.SolidLine else Qt.PenCapStyle.FlatCap, join)
    )
