"""Two bars on the clock of a pair: where each video begins and ends, and where it stands; drag to go there."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.ui.ranking.ballot import NO_MARKS, Marks
from skillviewer.ui.ranking.pair_view import PairView
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed

BAR_PX, GAP_PX, EDGE_PX = 6, 8, 16
PLAYED = 0.65
"""Opacity of what has played: the pictures are the brightest on the screen."""


def _calm(colour: str) -> QColor:
    calm = QColor(colour)
    calm.setAlphaF(PLAYED)
    return calm


class ClockBar(QWidget):
    """The left video's bar over the right video's.

    Args:
        parent: Owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._deck: PairView | None = None
        self._marks_s: Marks = NO_MARKS
        self._theme = LIGHT
        self._held: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Time of the two videos"))

    def sizeHint(self) -> QSize:
        """Two bars and a little air."""
        return QSize(400, 2 * BAR_PX + 3 * GAP_PX)

    def set_deck(self, deck: PairView) -> None:
        """Follow another deck."""
        if self._deck is not None:
            self._deck.clock.moved.disconnect(self._on_moved)
            self._deck.clock.mode_changed.disconnect(self._on_moved)
            self._deck.swapped.disconnect(self._on_moved)
        self._deck = deck
        deck.clock.moved.connect(self._on_moved)
        deck.clock.mode_changed.connect(self._on_moved)
        deck.swapped.connect(self._on_moved)
        self.update()

    def set_marks(self, marks_s: Marks) -> None:
        """Show the times that were marked, by video."""
        self._marks_s = marks_s
        self.update()

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    @Slot()
    def _on_moved(self) -> None:
        self.update()

    def _span(self) -> tuple[float, float] | None:
        """Return the times at the ends of the bars."""
        if self._deck is None or not self._deck.clock.stretches:
            return None
        stretches = self._deck.clock.stretches
        start_s, stop_s = min(s.start_s for s in stretches), max(s.stop_s for s in stretches)
        return start_s, max(stop_s, start_s + 1e-3)

    def x_of(self, time_s: float) -> float:
        """Return where a time lies, in pixels."""
        span = self._span()
        if span is None:
            return EDGE_PX
        return EDGE_PX + (time_s - span[0]) / (span[1] - span[0]) * (self.width() - 2 * EDGE_PX)

    def row_y(self, row: int) -> float:
        """Return the top of the left (0) or the right (1) video's bar, in pixels."""
        return GAP_PX + row * (BAR_PX + GAP_PX)

    def _rows(self, deck: PairView) -> tuple[int, int]:
        return (deck.left, 1 - deck.left)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw."""
        deck = self._deck
        if deck is None or not deck.clock.stretches:
            return
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for row, video in enumerate(self._rows(deck)):
            stretch, top = deck.clock.stretches[video], self.row_y(row)
            left, right = self.x_of(stretch.start_s), self.x_of(stretch.stop_s)
            painter.setBrush(QColor(theme.line))
            painter.drawRoundedRect(QRectF(left, top, max(right - left, 2), BAR_PX), 3, 3)
            now = min(max(self.x_of(deck.clock.time_s(video)), left), right)
            muted = not deck.clock.together and video != deck.clock.active
            painter.setBrush(_calm(theme.muted if muted else theme.accent))
            painter.drawRoundedRect(QRectF(left, top, max(now - left, 0), BAR_PX), 3, 3)
        self._draw_heads(painter, deck)
        painter.end()

    def _draw_heads(self, painter: QPainter, deck: PairView) -> None:
        theme = self._theme
        height = self.row_y(1) + BAR_PX + GAP_PX / 2
        painter.setPen(QPen(QColor(theme.text), 2))
        if deck.clock.together:
            x = self.x_of(deck.clock.time_s(0))
            painter.drawLine(QPointF(x, GAP_PX / 2), QPointF(x, height))
        else:
            for row, video in enumerate(self._rows(deck)):
                x, top = self.x_of(deck.clock.time_s(video)), self.row_y(row)
                painter.drawLine(QPointF(x, top - GAP_PX / 2), QPointF(x, top + BAR_PX + GAP_PX / 2))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.text))
        for row, video in enumerate(self._rows(deck)):
            mark_s, top = self._marks_s[video], self.row_y(row) - GAP_PX
            if mark_s is not None:
                x = self.x_of(mark_s - deck.clock.stretches[video].sync_s)
                painter.drawPolygon(QPolygonF([QPointF(x - 5, top), QPointF(x + 5, top), QPointF(x, top + 7)]))

    def _go(self, event: QMouseEvent) -> None:
        deck, span = self._deck, self._span()
        if deck is None or span is None or self._held is None:
            return
        share = (event.position().x() - EDGE_PX) / max(self.width() - 2 * EDGE_PX, 1)
        deck.clock.seek_one(self._held, span[0] + share * (span[1] - span[0]))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go where the mouse is: with both videos, or apart with the one whose bar it is."""
        deck = self._deck
        if deck is not None and event.button() == Qt.MouseButton.LeftButton:
            lower = event.position().y() > self.row_y(1) - GAP_PX / 2
            self._held = self._rows(deck)[1 if lower else 0]
            self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the mouse."""
        self._go(event)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go."""
        self._held = None
