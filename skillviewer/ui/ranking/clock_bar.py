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
SIDE_MARGIN_PX = 16
PLAYED_OPACITY = 0.75  # of the played part: the pictures stay the brightest on the screen
MIN_SPAN_S = 1e-3


class ClockBar(PaintedWidget):
    """The bar of the left video above that of the right video, with playheads and marks."""

    def __init__(self, pair_views: tuple[PairView, PairView], parent: QWidget) -> None:
        super().__init__(parent)
        self._pair_view = pair_views[0]
        self._marks_s: Marks = NO_MARKS
        for pair_view in pair_views:
            for signal in (pair_view.clock.moved, pair_view.clock.mode_changed, pair_view.swapped):
                signal.connect(self.update)
        self._dragged_video: int | None = None
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

    def _limits_s(self) -> tuple[float, float]:
        """Return the times on the clock at both ends of the bars; requires a pair."""
        clips = self._pair_view.clock.clips
        start_s = min(clip.start_s for clip in clips)
        stop_s = max(clip.stop_s for clip in clips)
        return start_s, max(stop_s, start_s + MIN_SPAN_S)

    def accessible_text(self) -> str:
        """Return the position of each of the two videos."""
        pair_clock = self._pair_view.clock
        if not pair_clock.clips:
            return ""
        left, right = (clock(pair_clock.time_s(video)) for video in self._videos_by_row())
        return f"Left video at {left}, right video at {right}"

    def x_of(self, time_s: float) -> float:
        """Return the horizontal position of a time on the clock, in pixels."""
        start_s, stop_s = self._limits_s()
        return SIDE_MARGIN_PX + (time_s - start_s) / (stop_s - start_s) * (self.width() - 2 * SIDE_MARGIN_PX)

    def row_y(self, row: int) -> float:
        """Return the top of the left (0) or the right (1) video's bar, in pixels."""
        return GAP_PX + row * (BAR_PX + GAP_PX)

    def _videos_by_row(self) -> tuple[int, int]:
        """Return the indices of the left and of the right video."""
        return self._pair_view.left_index, self._pair_view.right_index

    def paintEvent(self, _event: QPaintEvent) -> None:
        if not self._pair_view.clock.clips:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for row, video in enumerate(self._videos_by_row()):
            self._draw_bar(painter, row, video)
        self._draw_playheads(painter)
        self._draw_marks(painter)
        painter.end()

    def _draw_bar(self, painter: QPainter, row: int, video: int) -> None:
        theme = self._theme
        pair_clock = self._pair_view.clock
        clip = pair_clock.clips[video]
        top = self.row_y(row)
        left = self.x_of(clip.start_s)
        right = self.x_of(clip.stop_s)
        painter.setBrush(QColor(theme.edge))
        painter.drawRoundedRect(QRectF(left, top, max(right - left, 2), BAR_PX), 3, 3)
        time_s = pair_clock.time_s(video)
        playhead_x = min(max(self.x_of(time_s), left), right)
        is_muted = not pair_clock.is_together and video != pair_clock.active_video
        colour_name = theme.muted if is_muted else theme.accent
        played_colour = QColor(colour_name)
        played_colour.setAlphaF(PLAYED_OPACITY)
        painter.setBrush(played_colour)
        painter.drawRoundedRect(QRectF(left, top, max(playhead_x - left, 0), BAR_PX), 3, 3)

    def _draw_playheads(self, painter: QPainter) -> None:
        pair_clock = self._pair_view.clock
        bottom = self.row_y(1) + BAR_PX + GAP_PX / 2
        painter.setPen(QPen(QColor(self._theme.text), 2))
        if pair_clock.is_together:
            x = self.x_of(pair_clock.time_s(0))
            painter.drawLine(QPointF(x, GAP_PX / 2), QPointF(x, bottom))
        else:
            for row, video in enumerate(self._videos_by_row()):
                x = self.x_of(pair_clock.time_s(video))
                top = self.row_y(row)
                painter.drawLine(QPointF(x, top - GAP_PX / 2), QPointF(x, top + BAR_PX + GAP_PX / 2))

    def _draw_marks(self, painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.text))
        for row, video in enumerate(self._videos_by_row()):
            mark_s = self._marks_s[video]
            if mark_s is not None:
                top = self.row_y(row) - GAP_PX
                x = self.x_of(mark_s - self._pair_view.clock.clips[video].sync_s)
                painter.drawPolygon(QPolygonF([QPointF(x - 5, top), QPointF(x + 5, top), QPointF(x, top + 7)]))

    def _seek_to_mouse(self, event: QMouseEvent) -> None:
        pair_clock = self._pair_view.clock
        if self._dragged_video is None or not pair_clock.clips:
            return
        start_s, stop_s = self._limits_s()
        share = (event.position().x() - SIDE_MARGIN_PX) / max(self.width() - 2 * SIDE_MARGIN_PX, 1)
        pair_clock.seek_video(self._dragged_video, start_s + share * (stop_s - start_s))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the time under the mouse; if each video has its own clock, with the video of the clicked bar."""
        if event.button() == Qt.MouseButton.LeftButton:
            is_lower_bar = event.position().y() > self.row_y(1) - GAP_PX / 2
            upper_video, lower_video = self._videos_by_row()
            self._dragged_video = lower_video if is_lower_bar else upper_video
            self._seek_to_mouse(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._seek_to_mouse(event)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._dragged_video = None
