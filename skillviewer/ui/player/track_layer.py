"""Drawing of tracks over the picture: skeletons, and trails of the last second."""

import math
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

HALO = QColor(0, 0, 0, 130)  # dark edge of every line, which makes lines visible on light pictures
REFERENCE_COLOUR = QColor("#f4f4f4")
LINE_WIDTH_PX = 1.6
TRAIL_OPACITY = 0.75
HELD_OPACITY = 0.55  # of held and interpolated points


def to_widget(viewport: Viewport, x_px: float, y_px: float) -> QPointF:
    """Return the position of a pixel in the widget; (0, 0) is the centre of the top left pixel of the picture."""
    left, top, _, _ = viewport.rect
    return QPointF(left + (x_px + 0.5) * viewport.scale, top + (y_px + 0.5) * viewport.scale)


def to_picture(viewport: Viewport, position: QPointF) -> tuple[float, float] | None:
    """Return x and y in pixels of the picture at a position in the widget, or None outside the picture."""
    left, top, width, height = viewport.rect
    x = position.x() - left
    y = position.y() - top
    if not (0 <= x < width and 0 <= y < height):
        return None
    return x / viewport.scale - 0.5, y / viewport.scale - 0.5


class TrackLayer:
    """Draws the tracks of the frame on screen over a canvas."""

    def __init__(self, canvas: QWidget) -> None:
        self._canvas = canvas
        self.tracks: TrackSet | None = None
        self.is_visible = True
        self.drawn_tracks: tuple[TrackDrawing, ...] = ()  # the tracks as they were drawn last

    def set_tracks(self, tracks: TrackSet | None) -> None:
        """Set the tracks to be shown."""
        if tracks is not self.tracks:
            self.tracks = tracks
            self._canvas.update()

    def set_visible(self, visible: bool) -> None:
        """Show or hide the tracks."""
        if visible != self.is_visible:
            self.is_visible = visible
            self._canvas.update()

    def paint(self, painter: QPainter, viewport: Viewport, frame: int) -> None:
        """Draw the tracks of a frame."""
        tracks = self.tracks
        if tracks is None or not self.is_visible:
            self.drawn_tracks = ()
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if tracks.reference is not None:
            draw_reference(painter, viewport, tracks.reference)
        self.drawn_tracks = draw_tracks(tracks, frame)
        for drawing in self.drawn_tracks:
            _draw_track(painter, viewport, drawing)
        painter.restore()


def draw_reference(painter: QPainter, viewport: Viewport, reference: ReferencePath) -> None:
    """Draw a target as a ring, or a path as a thin line."""
    positions = [to_widget(viewport, float(x), float(y)) for x, y in reference.points]
    if len(positions) == 1:
        _stroke(painter, _ring(positions[0], 7), REFERENCE_COLOUR, 1.4)
        return
    path = _path(positions)
    if reference.closed:
        path.closeSubpath()
    _stroke(painter, path, REFERENCE_COLOUR, width=1.4, style=Qt.PenStyle.DotLine)


def _draw_track(painter: QPainter, viewport: Viewport, drawing: TrackDrawing) -> None:
    painter.setOpacity(TRAIL_OPACITY)
    for colour_index, line in drawing.trails:
        _stroke(painter, _line(viewport, line), QColor(COLOURS[colour_index]), LINE_WIDTH_PX)
    for colour_index, line in drawing.dashed_trails:
        _stroke(
            painter,
            _line(viewport, line),
            colour=QColor(COLOURS[colour_index]),
            width=LINE_WIDTH_PX,
            style=Qt.PenStyle.DashLine,
        )
    if not len(drawing.points_px):
        painter.setOpacity(1.0)
        return
    if drawing.is_held or drawing.is_interpolated:
        painter.setOpacity(HELD_OPACITY)
    else:
        painter.setOpacity(1.0)
    positions = _positions_of(viewport, drawing.points_px)
    bones = QPainterPath()
    for start, stop in drawing.bones:
        bone_start = positions[start]
        bone_stop = positions[stop]
        if bone_start is not None and bone_stop is not None:
            bones.moveTo(bone_start)
            bones.lineTo(bone_stop)
    colour = QColor(COLOURS[drawing.colour_indices[0]])
    if drawing.bones:
        _stroke(painter, bones, colour, LINE_WIDTH_PX)
    _draw_points(painter, drawing, positions)
    if drawing.label and positions[0] is not None:
        _draw_label(painter, positions[0], drawing.label, colour)
    painter.setOpacity(1.0)


def _positions_of(viewport: Viewport, points_px: "Float32Array") -> list[QPointF | None]:
    """Return the positions of points in the widget; None for missing points, which are NaN."""
    positions: list[QPointF | None] = []
    for x_px, y_px in points_px.tolist():
        if math.isnan(x_px) or math.isnan(y_px):
            positions.append(None)
        else:
            positions.append(to_widget(viewport, x_px, y_px))
    return positions


def _draw_points(painter: QPainter, drawing: TrackDrawing, positions: list[QPointF | None]) -> None:
    """Draw measured points as discs, interpolated points as rings, and points set by the user in a second ring."""
    radius = 1.8 if drawing.bones else 3.2
    for position, colour in zip(positions, drawing.colour_indices, strict=True):
        if position is None:
            continue
        if drawing.is_interpolated:
            _stroke(painter, _ring(position, radius), QColor(COLOURS[colour]), 1.2)
            continue
        painter.setPen(QPen(HALO, 1))
        painter.setBrush(QColor(COLOURS[colour]))
        painter.drawEllipse(position, radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if drawing.is_anchored:
            _stroke(painter, _ring(position, radius + 3.5), QColor(COLOURS[colour]), 1.2)


def _draw_label(painter: QPainter, position: QPointF, label: str, colour: QColor) -> None:
    path = QPainterPath()
    path.addText(position + QPointF(-4, 16), painter.font(), label)
    painter.strokePath(path, QPen(HALO, 3))
    painter.fillPath(path, colour)


def _line(viewport: Viewport, points_px: "Float32Array") -> QPainterPath:
    return _path([to_widget(viewport, float(x), float(y)) for x, y in points_px])


def _path(positions: list[QPointF]) -> QPainterPath:
    path = QPainterPath(positions[0])
    for position in positions[1:]:
        path.lineTo(position)
    return path


def _ring(centre: QPointF, radius: float) -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(centre, radius, radius)
    return path


def _stroke(
    painter: QPainter, path: QPainterPath, colour: QColor, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine
) -> None:
    """Draw a line with its halo."""
    join = Qt.PenJoinStyle.RoundJoin
    cap = Qt.PenCapStyle.RoundCap if style is Qt.PenStyle.SolidLine else Qt.PenCapStyle.FlatCap
    halo_pen = QPen(HALO, width + 1.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, join)
    painter.strokePath(path, halo_pen)
    painter.strokePath(path, QPen(colour, width, style, cap, join))
