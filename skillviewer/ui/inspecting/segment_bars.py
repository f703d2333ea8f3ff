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

    amounts: FloatArray  # (N,) float64, signed
    starts: tuple[int, ...]  # first frame of each, N numbers
    frames: tuple[int, ...]  # frame that the model looked at in each (in its first pass), N numbers
    start_s: tuple[float, ...]  # when each begins, in seconds
    stop_s: tuple[float, ...]  # when each ends
    digits: int  # decimals that are shown

    def __len__(self) -> int:
        return len(self.amounts)

    def at(self, frame: int) -> int:
        """Return the segment that a frame belongs to."""
        return int(np.searchsorted(self.starts, frame, side="right")) - 1


def segments_of(analysis: Analysis, amounts: FloatArray, digits: int) -> Segments:
    """Return the segments of an analysis with amounts, (N,)."""
    stops = analysis.segment_stops.tolist()
    starts = tuple(analysis.segment_starts.tolist())
    video = analysis.video
    last = video.n_frames - 1
    return Segments(
        amounts=amounts,
        starts=starts,
        frames=tuple(analysis.samples[0].tolist()),
        start_s=tuple(float(video.times_s[min(start, last)]) for start in starts),
        stop_s=tuple(video.end_s(max(stop - 1, 0)) for stop in stops),
        digits=digits,
    )


class SegmentBars(PaintedWidget):
    """Bars up where a segment raises the score, down where it lowers it; + and − at the edges."""

    asked = Signal(int)  # the frame that the model looked at in the segment that was clicked
    pointed = Signal(str)  # text on the segment under the mouse or the one chosen by keyboard; "" for none

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.segments: Segments | None = None
        self._grey = False
        self._pointed = -1
        self._segment = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Contribution of each segment")

    def sizeHint(self) -> QSize:
        return QSize(240, HEIGHT_PX)

    def set_segments(self, segments: Segments | None, *, grey: bool = False) -> None:
        self.segments = segments
        self._grey = grey
        self._pointed = -1
        self.update()

    def set_frame(self, frame: int) -> None:
        """Mark the segment that a frame belongs to."""
        segment = self.segments.at(frame) if self.segments is not None else -1
        if segment != self._segment:
            self._segment = segment
            self.update()

    def describe(self, segment: int) -> str:
        s = self.segments
        if s is None or not 0 <= segment < len(s):
            return ""
        amount = float(s.amounts[segment])
        span = f"{clock(s.start_s[segment])} to {clock(s.stop_s[segment])}"
        return f"Segment {segment + 1} of {len(s)}, {span}: {signed(amount, s.digits)}"

    def accessible_text(self) -> str:
        """Return the contributions of all segments."""
        return "; ".join(map(self.describe, range(len(self.segments or ()))))

    def _slot(self, segment: int) -> QRectF:
        assert self.segments is not None
        width = self.width() / len(self.segments)
        return QRectF(segment * width, 0, width, self.height())

    def _at(self, x: float) -> int:
        if self.segments is None or not len(self.segments):
            return -1
        return min(max(int(x / self.width() * len(self.segments)), 0), len(self.segments) - 1)

    def _point(self, segment: int) -> None:
        if segment != self._pointed:
            self._pointed = segment
            self.pointed.emit(self.describe(segment))
            announce(self, lambda: self.describe(segment))
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self._at(event.position().x()))

    def leaveEvent(self, event: QEvent) -> None:
        """Describe none; the choice of the keyboard stays."""
        if not self.hasFocus():
            self._point(-1)
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(self._at(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose a segment with the arrows, and go there with Enter or Space."""
        n = len(self.segments) if self.segments is not None else 0
        way = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if way and n:
            current = self._pointed if self._pointed >= 0 else self._segment
            self._point(min(max(current + way, 0), n - 1))
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space} and self._pointed >= 0:
            self._go(self._pointed)
        else:
            super().keyPressEvent(event)

    def _go(self, segment: int) -> None:
        if self.segments is not None and segment >= 0:
            self.asked.emit(self.segments.frames[segment])

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._point(-1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = self._theme
        s = self.segments
        if s is None or not len(s):
            painter.end()
            return
        limit = float(np.abs(s.amounts).max()) or 1.0
        lowest, highest = float(min(s.amounts.min(), 0)), float(max(s.amounts.max(), 0))
        # both sides on one scale, and no room for an empty side
        room = self.height() - 2 * EDGE_PX
        scale = room / max(highest - lowest, limit * 0.2)
        zero = EDGE_PX + highest * scale
        for i, amount in enumerate(s.amounts.tolist()):
            slot = self._slot(i)
            if i in {self._segment, self._pointed}:
                painter.fillRect(slot, QColor(theme.chosen if i == self._segment else theme.raised))
            height = max(abs(amount) * scale, 1.0)
            bar = QRectF(slot.left() + GAP_PX, zero - height if amount > 0 else zero, slot.width() - 2 * GAP_PX, height)
            painter.fillRect(bar, sign_colour(amount, theme, grey=self._grey))
        painter.fillRect(QRectF(0, zero - 0.5, self.width(), 1), QColor(theme.muted))
        painter.setPen(QColor(theme.muted))
        if highest > 0:
            painter.drawText(QRectF(0, -3, self.width(), 16), Qt.AlignmentFlag.AlignRight, "+")
        if lowest < 0:
            painter.drawText(QRectF(0, self.height() - 15, self.width(), 16), Qt.AlignmentFlag.AlignRight, "−")
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()
