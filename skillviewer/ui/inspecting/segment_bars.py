"""Contribution of each segment to the score, as bars."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.arrays import FloatArray
from skillviewer.core.text import clock, signed
from skillviewer.ui.widgets.signed_bar import sign_colour
from skillviewer.ui.widgets.speech import announce
from skillviewer.ui.widgets.theme import PaintedWidget

HEIGHT_PX = 96
GAP_PX = 1.0
EDGE_PX = 10  # room for the signs at the upper and lower edge


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Segments of an analysed video with their contributions."""

    contributions: FloatArray  # (N,) float64, signed
    starts: tuple[int, ...]  # first frame of each segment, N numbers
    sampled_frames: tuple[int, ...]  # sampled frame of each segment in the first pass, N numbers
    start_s: tuple[float, ...]  # start of each segment, in seconds
    stop_s: tuple[float, ...]  # end of each segment, in seconds
    digits: int  # decimals that are shown

    def __len__(self) -> int:
        return len(self.contributions)

    def at(self, frame: int) -> int:
        """Return the segment that a frame belongs to."""
        return int(np.searchsorted(self.starts, frame, side="right")) - 1


def segments_of(analysis: Analysis, contributions: FloatArray, digits: int) -> Segments:
    """Return the segments of an analysis with their contributions, (N,)."""
    stops = analysis.segment_stops.tolist()
    starts = tuple(analysis.segment_starts.tolist())
    video = analysis.video
    last_frame = video.n_frames - 1
    starts_s = tuple(float(video.times_s[min(start, last_frame)]) for start in starts)
    stops_s = tuple(video.end_s(max(stop - 1, 0)) for stop in stops)
    return Segments(
        contributions=contributions,
        starts=starts,
        sampled_frames=tuple(analysis.samples[0].tolist()),
        start_s=starts_s,
        stop_s=stops_s,
        digits=digits,
    )


class SegmentBars(PaintedWidget):
    """Bars that point up if a segment raises the score and down if it lowers the score."""

    frame_asked = Signal(int)  # sampled frame of the segment that was clicked
    segment_described = Signal(str)  # text on the segment under the mouse or the one chosen by keyboard; "" for none

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.segments: Segments | None = None
        self._is_grey = False
        self._described_segment = -1  # index of the segment under the mouse or chosen by keyboard; -1 for none
        self._current_segment = -1  # index of the segment at the playhead; -1 for none
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Contribution of each segment")

    def sizeHint(self) -> QSize:
        return QSize(240, HEIGHT_PX)

    def set_segments(self, segments: Segments | None, *, grey: bool = False) -> None:
        """Show the contributions of segments; ``grey`` for no colour."""
        self.segments = segments
        self._is_grey = grey
        self._described_segment = -1
        self.update()

    def set_frame(self, frame: int) -> None:
        """Mark the segment that a frame belongs to."""
        segment = self.segments.at(frame) if self.segments is not None else -1
        if segment != self._current_segment:
            self._current_segment = segment
            self.update()

    def describe(self, segment: int) -> str:
        """Return number, times and contribution of a segment, or "" if there is no such segment."""
        segments = self.segments
        if segments is None or not 0 <= segment < len(segments):
            return ""
        start = clock(segments.start_s[segment])
        stop = clock(segments.stop_s[segment])
        contribution = signed(float(segments.contributions[segment]), segments.digits)
        return f"Segment {segment + 1} of {len(segments)}, {start} to {stop}: {contribution}"

    def accessible_text(self) -> str:
        """Return the contributions of all segments."""
        n_segments = len(self.segments) if self.segments is not None else 0
        return "; ".join(self.describe(index) for index in range(n_segments))

    def _slot(self, segment: int) -> QRectF:
        """Return the area of a segment, of full height."""
        assert self.segments is not None
        width = self.width() / len(self.segments)
        return QRectF(segment * width, 0, width, self.height())

    def _segment_at(self, x: float) -> int:
        if self.segments is None or not len(self.segments):
            return -1
        n_segments = len(self.segments)
        segment = int(x / self.width() * n_segments)
        return min(max(segment, 0), n_segments - 1)

    def _set_described(self, segment: int) -> None:
        if segment != self._described_segment:
            self._described_segment = segment
            self.segment_described.emit(self.describe(segment))
            announce(self, lambda: self.describe(segment))
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        segment = self._segment_at(event.position().x())
        self._set_described(segment)

    def leaveEvent(self, event: QEvent) -> None:
        """Describe no segment, unless one was chosen by keyboard."""
        if not self.hasFocus():
            self._set_described(-1)
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            segment = self._segment_at(event.position().x())
            self._ask_for_frame(segment)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose a segment with the arrows, and go there with Enter or Space."""
        n_segments = len(self.segments) if self.segments is not None else 0
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        is_described = self._described_segment >= 0
        if step and n_segments:
            start = self._described_segment if is_described else self._current_segment
            self._set_described(min(max(start + step, 0), n_segments - 1))
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space} and is_described:
            self._ask_for_frame(self._described_segment)
        else:
            super().keyPressEvent(event)

    def _ask_for_frame(self, segment: int) -> None:
        if self.segments is not None and segment >= 0:
            self.frame_asked.emit(self.segments.sampled_frames[segment])

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._set_described(-1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        segments = self.segments
        if segments is None or not len(segments):
            return
        painter = QPainter(self)
        theme = self._theme
        lowest = min(float(segments.contributions.min()), 0.0)
        highest = max(float(segments.contributions.max()), 0.0)
        max_contribution = float(np.abs(segments.contributions).max()) or 1.0
        # positive and negative bars have one scale; if all have one sign, they use the whole height
        scale = (self.height() - 2 * EDGE_PX) / max(highest - lowest, max_contribution * 0.2)
        zero_y = EDGE_PX + highest * scale
        for index, contribution in enumerate(segments.contributions.tolist()):
            slot = self._slot(index)
            if index == self._current_segment:
                painter.fillRect(slot, QColor(theme.chosen))
            elif index == self._described_segment:
                painter.fillRect(slot, QColor(theme.raised))
            height = max(abs(contribution) * scale, 1.0)
            top = zero_y - height if contribution > 0 else zero_y
            bar = QRectF(slot.left() + GAP_PX, top, slot.width() - 2 * GAP_PX, height)
            painter.fillRect(bar, sign_colour(contribution, theme, grey=self._is_grey))
        painter.fillRect(QRectF(0, zero_y - 0.5, self.width(), 1), QColor(theme.muted))
        painter.setPen(QColor(theme.muted))
        if highest > 0:
            painter.drawText(QRectF(0, -3, self.width(), 16), Qt.AlignmentFlag.AlignRight, "+")
        if lowest < 0:
            painter.drawText(QRectF(0, self.height() - 15, self.width(), 16), Qt.AlignmentFlag.AlignRight, "−")
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()
