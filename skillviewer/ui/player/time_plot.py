"""The base of plots over the time of a video: axes, a cursor at the playhead, and zoom about the mouse."""

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
from skillviewer.ui.widgets.speech import ask_again
from skillviewer.ui.widgets.theme import Theme, by_text

ZOOM_STEP = 1.25

Seek = Callable[[float], object]
"""Goes to a time of the plot in seconds."""


class TimeAxis(pg.AxisItem):  # type: ignore[misc]
    """Ticks as m:ss, with decimals where they are close."""

    def tickStrings(self, values: list[float], _scale: float, spacing: float) -> list[str]:
        decimals = sum(spacing < unit_s for unit_s in (1, 0.1, 0.01))
        labels = []
        for value in values:
            unit = 10**decimals
            ticks = round(value * unit)
            minutes, ticks_left = divmod(ticks, 60 * unit)
            seconds, part = divmod(ticks_left, unit)
            labels.append(f"{minutes}:{seconds:02d}" + (f".{part:0{decimals}d}" if decimals else ""))
        return labels


class ScoreAxis(pg.AxisItem):  # type: ignore[misc]
    """Ticks with a real minus sign."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [label.replace("-", "−") for label in super().tickStrings(values, scale, spacing)]


def _follow_range(box: Any, _source: object, x_range: tuple[float, float]) -> None:  # noqa: ANN401 - no types
    """Show a range of the time in a view, unless it is shown: the views would follow each other for ever."""
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
    """A plot of scores over time, with a cursor at the playhead.

    The wheel zooms time about the mouse, and the left button scrubs. The items are drawn into a picture, which is drawn
    anew when one of them changes; cursor and points are drawn over it, so that a new frame costs little.
    """

    room = 0.0  # share of the width, at the right end, that is kept free for labels
    point_px = 8.0  # diameter of the points at the playhead
    _picture: QPixmap | None = None  # the items as drawn, or None before and after a change

    def __init__(self, playback: Playback, parent: QWidget | None = None, *, seek: Seek | None = None) -> None:
        axes: dict[str, Any] = {"bottom": TimeAxis("bottom"), "left": ScoreAxis("left")}
        super().__init__(parent, axisItems=axes, background=None, enableMenu=False)
        self._box = self.getPlotItem().getViewBox()
        self._box.setMouseEnabled(x=False, y=False)  # the mouse is handled here, without pyqtgraph's delays
        self._box.disableAutoRange()
        for axis in axes.values():
            axis.enableAutoSIPrefix(False)  # no axis has a unit with prefixes, and looking for one takes time
        self._playback = playback
        self._button = Qt.MouseButton.NoButton
        self._seek: Seek = seek or playback.seek_time
        self._from = 0.0
        self._until = 1.0
        self.cursor_s: float | None = None  # time of the cursor, or None without a video
        self.points: tuple[PlotPoint, ...] = ()  # dots at the playhead
        self._pen = QPen(Qt.PenStyle.NoPen)
        self._rim = QPen(Qt.PenStyle.NoPen)
        self._overlaid: list[QRect] = []  # where cursor and points are drawn
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.NoViewportUpdate)
        self.scene().changed.connect(self._on_items_changed)
        self.getPlotItem().hideButtons()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(False)  # files dropped here are for the window
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def follow_playhead(self) -> None:
        """Begin to follow video and playhead; called once all items are made."""
        self._playback.video_changed.connect(self._on_video)
        self._playback.frame_changed.connect(self._follow)
        self._on_video(self._playback.video)
        ask_again(self)

    def fit(self) -> None:
        self._box.setXRange(self._from, self._until + self.room * (self._until - self._from), padding=0.01)

    def link_time(self, other: "TimePlot") -> None:
        """Show the same part of the time as another plot, in both directions."""
        own_box = self._box
        other_box = other.getPlotItem().getViewBox()
        for source, target in ((own_box, other_box), (other_box, own_box)):
            source.sigXRangeChanged.connect(partial(_follow_range, target))

    def _on_video(self, video: VideoInfo | None) -> None:
        self._from = self._playback.start_s
        self._until = max(self._playback.stop_s, self._from + 1e-3) if video is not None else 1.0
        length = self._until - self._from
        right_limit = self._until + max(0.02, 2 * self.room) * length
        self._box.setLimits(xMin=self._from - 0.02 * length, xMax=right_limit, minXRange=min(0.05, length))
        self.fit()
        self.getAxis("bottom").setStyle(showValues=video is not None)
        self._on_frame(self._playback.frame)

    def _follow(self, frame: int) -> None:
        """Follow the playhead if the plot can be seen; a hidden one does when it is shown."""
        if self.isVisibleTo(self.window()):
            self._on_frame(frame)

    def _on_frame(self, _frame: int) -> None:
        """Move the cursor, and while playing the visible range with it."""
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
        """Draw cursor and points where they are now."""
        self.points = tuple(self.points_here())
        for rect in (*self._overlaid, *self._overlay_rects()):
            self.viewport().update(rect)

    def _on_items_changed(self, *_: object) -> None:
        """Draw the items anew, at the next paint event."""
        self._picture = None
        self.viewport().update()

    def _plot_rect(self) -> QRectF:
        """Return the place of the curves in the widget."""
        return QRectF(self.viewportTransform().mapRect(self._box.sceneBoundingRect()))

    def _place_of(self, x: float, y: float, rect: QRectF) -> QPointF:
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
            x = self._place_of(self.cursor_s, 0.0, rect).x()
            rects.append(QRectF(x - 2, rect.top(), 4, rect.height()))
        for point in self.points:
            place = self._place_of(point.x, point.y, rect)
            rects.append(QRectF(place.x() - half, place.y() - half, 2 * half, 2 * half))
        return [overlay.intersected(rect).toAlignedRect() for overlay in rects if overlay.intersects(rect)]

    def _items_drawn(self, ratio: float) -> QPixmap:
        """Return the items as they are drawn, without cursor and points."""
        self.scene().prepareForPaint()
        picture = QPixmap(self._picture_size(ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHints(self.renderHints())
        rect = self.viewport().rect()
        QGraphicsView.render(self, painter, QRectF(rect), rect, Qt.AspectRatioMode.IgnoreAspectRatio)
        painter.end()
        return picture

    def _picture_size(self, ratio: float) -> QSize:
        size = self.viewport().size()
        return QSize(round(size.width() * ratio), round(size.height() * ratio))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture of the items, the cursor and the points."""
        ratio = self.viewport().devicePixelRatioF()
        if self._picture is None or self._picture.size() != self._picture_size(ratio):
            self._picture = self._items_drawn(ratio)
        painter = QPainter(self.viewport())
        if ratio == round(ratio):
            part = QRectF(event.rect())
            source = QRectF(part.x() * ratio, part.y() * ratio, part.width() * ratio, part.height() * ratio)
            painter.drawPixmap(part, self._picture, source)
        else:  # parts would not lie on whole pixels
            painter.drawPixmap(0, 0, self._picture)
        rect = self._plot_rect()
        painter.setClipRect(rect, Qt.ClipOperation.IntersectClip)
        if self.cursor_s is not None:
            x = self._place_of(self.cursor_s, 0.0, rect).x()
            painter.setPen(self._pen)
            painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._rim)
        for point in self.points:
            painter.setBrush(point.colour)
            painter.drawEllipse(self._place_of(point.x, point.y, rect), self.point_px / 2, self.point_px / 2)
        painter.end()
        self._overlaid = self._overlay_rects()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw the items anew."""
        super().resizeEvent(event)
        self._picture = None

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with the playhead."""
        super().showEvent(event)
        self._on_frame(self._playback.frame)

    def _go(self, event: QMouseEvent) -> None:
        """Go to the frame under the mouse; a frame that begins within the mouse's pixel counts."""
        self._seek(self._time_at(event) + self._box.viewPixelSize()[0])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._button = event.button()
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._button == Qt.MouseButton.LeftButton:
            self._go(event)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go: the playhead is where the mouse is now."""
        if self._button == Qt.MouseButton.LeftButton:
            self._go(event)
        self._button = Qt.MouseButton.NoButton
        event.accept()

    def apply_theme_to_axes(self, theme: Theme) -> None:
        """Give ground, cursor and axes their colours; pyqtgraph does not follow the palette."""
        self._pen = pg.mkPen(theme.text, width=1)
        self._rim = pg.mkPen(theme.base, width=1.5)
        self.setBackground(theme.base)
        self._on_items_changed()
        for name in ("left", "bottom"):
            axis = self.getAxis(name)
            axis.setPen(theme.line if name == "bottom" else theme.base)
            axis.setTickPen(theme.line if name == "bottom" else theme.base)
            axis.setTextPen(theme.muted)
            axis.setTickDensity(100 / by_text(100))  # numbers of large letters need more room
            axis.setStyle(tickLength=-4 if name == "bottom" else 0, tickFont=self.font())

    def _time_at(self, event: QMouseEvent | QWheelEvent) -> float:
        return float(self._box.mapSceneToView(self.mapToScene(event.position().toPoint())).x())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go there: a second click does what the first did."""
        self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        factor = ZOOM_STEP ** (-event.angleDelta().y() / 120)
        self._box.scaleBy(x=factor, center=QPointF(self._time_at(event), 0))
        event.accept()
