"""The clock of a pair as bars that can be dragged."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.text import clock
from skillviewer.ui.ranking.judging_session import NO_MARKS, Marks
from skillviewer.ui.ranking.pair_view import PairView
from skillviewer.ui.widgets.theme import PaintedWidget

BAR_PX = 6
GAP_PX = 8
EDGE_PX = 16


PLAYED = 0.75  # opacity of the played part: the pictures stay the brightest on the screen


class ClockBar(PaintedWidget):
    """The left video's bar over the right video's."""

    def __init__(self, pair_views: tuple[PairView, PairView], parent: QWidget) -> None:
        super().__init__(parent)
        self._pair_view = pair_views[0]
        self._marks_s: Marks = NO_MARKS
        for pair_view in pair_views:
            for signal in (pair_view.clock.moved, pair_view.clock.mode_changed, pair_view.swapped):
                signal.connect(self.update)
        self._held: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Time of the two videos")

    def sizeHint(self) -> QSize:
        return QSize(400, 2 * BAR_PX + 3 * GAP_PX)

    def set_pair_view(self, pair_view: PairView) -> None:
        self._pair_view = pair_view
        self.update()

    def set_marks(self, marks_s: Marks) -> None:
        self._marks_s = marks_s
        self.update()

    def _span(self) -> tuple[float, float] | None:
        clips = self._pair_view.clock.clips
        if not clips:
            return None
        start_s = min(s.start_s for s in clips)
        stop_s = max(s.stop_s for s in clips)
        return start_s, max(stop_s, start_s + 1e-3)

    def accessible_text(self) -> str:
        """Return the position of each of the two videos."""
        pair_view = self._pair_view
        if not pair_view.clock.clips:
            return ""
        left, right = (clock(pair_view.clock.time_s(video)) for video in self._rows(pair_view))
        return f"Left video at {left}, right video at {right}"

    def x_of(self, time_s: float) -> float:
        span = self._span()
        if span is None:
            return EDGE_PX
        return EDGE_PX + (time_s - span[0]) / (span[1] - span[0]) * (self.width() - 2 * EDGE_PX)

    def row_y(self, row: int) -> float:
        """Return the top of the left (0) or the right (1) video's bar, in pixels."""
        return GAP_PX + row * (BAR_PX + GAP_PX)

    def _rows(self, pair_view: PairView) -> tuple[int, int]:
        return (pair_view.left, 1 - pair_view.left)

    def paintEvent(self, _event: QPaintEvent) -> None:
        pair_view = self._pair_view
        if not pair_view.clock.clips:
            return
        painter = QPainter(self)
        theme = self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for row, video in enumerate(self._rows(pair_view)):
            clip = pair_view.clock.clips[video]
            top = self.row_y(row)
            left, right = self.x_of(clip.start_s), self.x_of(clip.stop_s)
            painter.setBrush(QColor(theme.edge))
            painter.drawRoundedRect(QRectF(left, top, max(right - left, 2), BAR_PX), 3, 3)
            playhead_x = min(max(self.x_of(pair_view.clock.time_s(video)), left), right)
            muted = not pair_view.clock.together and video != pair_view.clock.active
            played_colour = QColor(theme.muted if muted else theme.accent)
            played_colour.setAlphaF(PLAYED)
            painter.setBrush(played_colour)
            painter.drawRoundedRect(QRectF(left, top, max(playhead_x - left, 0), BAR_PX), 3, 3)
        self._draw_playheads(painter, pair_view)
        painter.end()

    def _draw_playheads(self, painter: QPainter, pair_view: PairView) -> None:
        theme = self._theme
        height = self.row_y(1) + BAR_PX + GAP_PX / 2
        painter.setPen(QPen(QColor(theme.text), 2))
        if pair_view.clock.together:
            x = self.x_of(pair_view.clock.time_s(0))
            painter.drawLine(QPointF(x, GAP_PX / 2), QPointF(x, height))
        else:
            for row, video in enumerate(self._rows(pair_view)):
                x = self.x_of(pair_view.clock.time_s(video))
                top = self.row_y(row)
                painter.drawLine(QPointF(x, top - GAP_PX / 2), QPointF(x, top + BAR_PX + GAP_PX / 2))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.text))
        for row, video in enumerate(self._rows(pair_view)):
            mark_s = self._marks_s[video]
            top = self.row_y(row) - GAP_PX
            if mark_s is not None:
                x = self.x_of(mark_s - pair_view.clock.clips[video].sync_s)
                painter.drawPolygon(QPolygonF([QPointF(x - 5, top), QPointF(x + 5, top), QPointF(x, top + 7)]))

    def _go(self, event: QMouseEvent) -> None:
        pair_view = self._pair_view
        span = self._span()
        if span is None or self._held is None:
            return
        share = (event.position().x() - EDGE_PX) / max(self.width() - 2 * EDGE_PX, 1)
        pair_view.clock.seek_one(self._held, span[0] + share * (span[1] - span[0]))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the time under the mouse: with both videos, or with the one under it if each has its own clock."""
        if event.button() == Qt.MouseButton.LeftButton:
            lower = event.position().y() > self.row_y(1) - GAP_PX / 2
            self._held = self._rows(self._pair_view)[1 if lower else 0]
            self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(event)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._held = None
