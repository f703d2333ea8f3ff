"""Base of plots over the time of a video: axes, a cursor at the playhead, and zoom about the mouse."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QSizePolicy, QWidget

from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.widgets.speech import refresh_interface
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import Theme

ZOOM_STEP = 1.25

Seek = Callable[[float], object]
"""Goes to a time in seconds."""


class TimeAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis with labels as m:ss, which have decimals if the ticks are less than a second apart."""

    def tickStrings(self, values: list[float], _scale: float, spacing: float) -> list[str]:
        n_decimals = sum(spacing < unit_s for unit_s in (1, 0.1, 0.01))
        per_second = 10**n_decimals
        labels = []
        for value in values:
            minutes, remainder = divmod(round(value * per_second), 60 * per_second)
            seconds, fraction = divmod(remainder, per_second)
            label = f"{minutes}:{seconds:02d}"
            if n_decimals:
                label += f".{fraction:0{n_decimals}d}"
            labels.append(label)
        return labels


class ScoreAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis whose labels have a true minus sign."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [label.replace("-", "−") for label in super().tickStrings(values, scale, spacing)]


def _follow_range(box: Any, _source: object, x_range: tuple[float, float]) -> None:  # noqa: ANN401 - no types
    """Show a range of the time in a view. A range that is shown already is ignored, to end the mutual updates."""
    start, stop = box.viewRange()[0]
    if abs(start - x_range[0]) + abs(stop - x_range[1]) > 1e-9 * max(1.0, abs(stop - start)):
        box.setXRange(*x_range, padding=0)


@dataclass(frozen=True, slots=True)
class PlotPoint:
    """A dot on a curve at the playhead."""

    x: float  # seconds
    y: float
    colour: QColor


class TimePlot(pg.PlotWidget):  # type: ignore[misc]
    """A plot over time, with a cursor at the playhead.

    The wheel zooms time about the mouse, and the left button scrubs. The items are drawn into a pixmap, which is
    updated when an item changes. Cursor and points are drawn over it, so that a new frame is drawn quickly.
    """

    room = 0.0  # share of the width that is kept free for labels, at the right end
    point_px = 8.0  # diameter of the points at the playhead
    _items_pixmap: QPixmap | None = None  # the drawn items, or None if they have to be drawn

    def __init__(self, playback: Playback, parent: QWidget | None = None, *, seek: Seek | None = None) -> None:
        axes: dict[str, Any] = {"bottom": TimeAxis("bottom"), "left": ScoreAxis("left")}
        super().__init__(parent, axisItems=axes, background=None, enableMenu=False)
        self._box = self.getPlotItem().getViewBox()
        self._box.setMouseEnabled(x=False, y=False)  # the mouse is handled here, without pyqtgraph's delays
        self._box.disableAutoRange()
        for axis in axes.values():
            axis.enableAutoSIPrefix(False)  # the axes have no unit, and looking for a prefix takes time
        self._playback = playback
        self._button = Qt.MouseButton.NoButton
        self._seek: Seek = seek if seek is not None else playback.seek_time
        self._start_s = 0.0
        self._stop_s = 1.0
        self.cursor_s: float | None = None  # time of the cursor, or None without a video
        self.points: tuple[PlotPoint, ...] = ()  # dots at the playhead
        self._cursor_pen = QPen(Qt.PenStyle.NoPen)
        self._point_pen = QPen(Qt.PenStyle.NoPen)
        self._overlaid_rects: list[QRect] = []  # areas in which cursor and points are drawn
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.NoViewportUpdate)
        self.scene().changed.connect(self._on_items_changed)
        self.getPlotItem().hideButtons()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(False)  # the window opens files that are dropped here
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def follow_playhead(self) -> None:
        """Begin to follow video and playhead; call this after all items are made."""
        self._playback.video_changed.connect(self._on_video)
        self._playback.frame_changed.connect(self._follow)
        self._on_video(self._playback.video)
        refresh_interface(self)

    def fit(self) -> None:
        """Show the whole time of the video."""
        self._box.setXRange(self._start_s, self._stop_s + self.room * (self._stop_s - self._start_s), padding=0.01)

    def link_time(self, other: "TimePlot") -> None:
        """Show the same part of the time as another plot."""
        own_box = self._box
        other_box = other.getPlotItem().getViewBox()
        for source, target in ((own_box, other_box), (other_box, own_box)):
            source.sigXRangeChanged.connect(partial(_follow_range, target))

    def _on_video(self, video: VideoInfo | None) -> None:
        self._start_s = self._playback.start_s
        self._stop_s = max(self._playback.stop_s, self._start_s + 1e-3) if video is not None else 1.0
        length = self._stop_s - self._start_s
        right_limit = self._stop_s + max(0.02, 2 * self.room) * length
        self._box.setLimits(xMin=self._start_s - 0.02 * length, xMax=right_limit, minXRange=min(0.05, length))
        self.fit()
        self.getAxis("bottom").setStyle(showValues=video is not None)
        self._on_frame(self._playback.frame)

    def _follow(self, frame: int) -> None:
        """Follow the playhead while the plot is visible; a hidden plot is updated when it is shown."""
        if self.isVisibleTo(self.window()):
            self._on_frame(frame)

    def _on_frame(self, _frame: int) -> None:
        """Move the cursor. While a video plays, the shown part of the time follows it."""
        time_s = self._playback.time_s
        self.cursor_s = time_s if self._playback.video is not None else None
        self.place_points()
        start, stop = self._box.viewRange()[0]
        if self._playback.playing and not start <= time_s <= stop:
            self._box.setXRange(time_s, time_s + stop - start, padding=0)

    def points_here(self) -> Sequence[PlotPoint]:
        """Return the points at the playhead."""
        return ()

    def place_points(self) -> None:
        """Update cursor and points."""
        self.points = tuple(self.points_here())
        for rect in (*self._overlaid_rects, *self._overlay_rects()):
            self.viewport().update(rect)

    def _on_items_changed(self, *_: object) -> None:
        """Make the next paint event draw the items again."""
        self._items_pixmap = None
        self.viewport().update()

    def _plot_rect(self) -> QRectF:
        """Return the area of the curves in the widget."""
        return QRectF(self.viewportTransform().mapRect(self._box.sceneBoundingRect()))

    def _position_of(self, x: float, y: float, rect: QRectF) -> QPointF:
        (left, right), (bottom, top) = self._box.viewRange()
        return QPointF(
            rect.left() + (x - left) / (right - left) * rect.width(),
            rect.bottom() - (y - bottom) / (top - bottom) * rect.height(),
        )

    def _overlay_rects(self) -> list[QRect]:
        rect = self._plot_rect()
        half = self.point_px / 2 + 2
        rects = []
        if self.cursor_s is not None:
            x = self._position_of(self.cursor_s, 0.0, rect).x()
            rects.append(QRectF(x - 2, rect.top(), 4, rect.height()))
        for point in self.points:
            place = self._position_of(point.x, point.y, rect)
            rects.append(QRectF(place.x() - half, place.y() - half, 2 * half, 2 * half))
        return [overlay.intersected(rect).toAlignedRect() for overlay in rects if overlay.intersects(rect)]

    def _draw_items(self, ratio: float) -> QPixmap:
        """Draw the items, without cursor and points, into a pixmap for a screen with this ratio of device pixels."""
        self.scene().prepareForPaint()
        pixmap = QPixmap(self._pixmap_size(ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHints(self.renderHints())
        rect = self.viewport().rect()
        QGraphicsView.render(self, painter, QRectF(rect), rect, Qt.AspectRatioMode.IgnoreAspectRatio)
        painter.end()
        return pixmap

    def _pixmap_size(self, ratio: float) -> QSize:
        size = self.viewport().size()
        return QSize(round(size.width() * ratio), round(size.height() * ratio))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the items, the cursor and the points."""
        ratio = self.viewport().devicePixelRatioF()
        if self._items_pixmap is None or self._items_pixmap.size() != self._pixmap_size(ratio):
            self._items_pixmap = self._draw_items(ratio)
        painter = QPainter(self.viewport())
        if ratio == round(ratio):
            target = QRectF(event.rect())
            source = QRectF(target.x() * ratio, target.y() * ratio, target.width() * ratio, target.height() * ratio)
            painter.drawPixmap(target, self._items_pixmap, source)
        else:  # the part to be painted does not lie on whole pixels
            painter.drawPixmap(0, 0, self._items_pixmap)
        self._draw_overlay(painter)
        painter.end()
        self._overlaid_rects = self._overlay_rects()

    def _draw_overlay(self, painter: QPainter) -> None:
        """Draw the cursor and the points."""
        rect = self._plot_rect()
        painter.setClipRect(rect, Qt.ClipOperation.IntersectClip)
        if self.cursor_s is not None:
            x = self._position_of(self.cursor_s, 0.0, rect).x()
            painter.setPen(self._cursor_pen)
            painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._point_pen)
        for point in self.points:
            painter.setBrush(point.colour)
            painter.drawEllipse(self._position_of(point.x, point.y, rect), self.point_px / 2, self.point_px / 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make the next paint event draw the items again."""
        super().resizeEvent(event)
        self._items_pixmap = None

    def showEvent(self, event: QShowEvent) -> None:
        """Update the cursor."""
        super().showEvent(event)
        self._on_frame(self._playback.frame)

    def _seek_to_mouse(self, event: QMouseEvent) -> None:
        """Go to the frame under the mouse, which may begin within the pixel of the mouse."""
        self._seek(self._time_at(event) + self._box.viewPixelSize()[0])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._button = event.button()
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._button == Qt.MouseButton.LeftButton:
            self._seek_to_mouse(event)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Leave the playhead at the mouse."""
        if self._button == Qt.MouseButton.LeftButton:
            self._seek_to_mouse(event)
        self._button = Qt.MouseButton.NoButton
        event.accept()

    def apply_theme_to_axes(self, theme: Theme) -> None:
        """Apply a theme to background, cursor and axes, since pyqtgraph does not use Qt's palette."""
        self._cursor_pen = pg.mkPen(theme.text, width=1)
        self._point_pen = pg.mkPen(theme.base, width=1.5)
        self.setBackground(theme.base)
        self._on_items_changed()
        for name, line_colour, tick_length in (("left", theme.base, 0), ("bottom", theme.line, -4)):
            axis = self.getAxis(name)
            axis.setPen(line_colour)
            axis.setTickPen(line_colour)
            axis.setTextPen(theme.muted)
            axis.setTickDensity(100 / scaled_px(100))  # larger labels need more space
            axis.setStyle(tickLength=tick_length, tickFont=self.font())

    def _time_at(self, event: QMouseEvent | QWheelEvent) -> float:
        scene_position = self.mapToScene(event.position().toPoint())
        return float(self._box.mapSceneToView(scene_position).x())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go to the mouse, like a single click."""
        self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        factor = ZOOM_STEP ** (-event.angleDelta().y() / 120)
        self._box.scaleBy(x=factor, center=QPointF(self._time_at(event), 0))
        event.accept()
