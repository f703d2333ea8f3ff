"""A histogram of ratings that draws itself."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.ratings.summary import RatingBin, RatingSummary
from skillviewer.ui.widgets.speech import speak_numbers
from skillviewer.ui.widgets.theme import PaintedWidget, by_text

HEIGHT_PX = 150
BAR_GAP = 0.15
"""Gap between two bars as a share of the width of a bar."""


def format_bin(bin_: RatingBin, summary: RatingSummary) -> str:
    """Return the name of a bar: the word of a level, a value, or both ends of an interval."""
    levels = summary.scale.levels
    if levels and bin_.low == bin_.high and bin_.low.is_integer() and 0 <= bin_.low < len(levels):
        return levels[int(bin_.low)]
    return f"{bin_.low:g}" if bin_.low == bin_.high else f"{bin_.low:g}–{bin_.high:g}"


class RatingHistogram(PaintedWidget):
    """Bars of the ratings of one item, each with its count above and its value below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        speak_numbers()
        self._summary: RatingSummary | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Histogram of the ratings")

    def sizeHint(self) -> QSize:
        return QSize(by_text(320), by_text(HEIGHT_PX))

    def show_summary(self, summary: RatingSummary) -> None:
        """Show the ratings of an item."""
        self._summary = summary
        self.update()

    def accessible_text(self) -> str:
        """Return the counts of all bars for screen readers."""
        summary = self._summary
        if summary is None:
            return ""
        return ", ".join(f"{format_bin(bar, summary)}: {bar.n}" for bar in summary.histogram)

    def paintEvent(self, _event: QPaintEvent) -> None:
        summary = self._summary
        if summary is None or not summary.histogram:
            return
        painter = QPainter(self)
        line_px = self.fontMetrics().height()
        slot = self.width() / len(summary.histogram)
        room = self.height() - 2 * line_px - 4
        max_count = max(bar.n for bar in summary.histogram) or 1
        for index, bar in enumerate(summary.histogram):
            height = room * bar.n / max_count
            left = index * slot + slot * BAR_GAP / 2
            width = slot * (1 - BAR_GAP)
            painter.fillRect(QRectF(left, line_px + room - height, width, height), QColor(self._theme.accent))
            painter.setPen(QColor(self._theme.text))
            if bar.n:
                count = QRectF(index * slot, room - height, slot, line_px)
                painter.drawText(count, Qt.AlignmentFlag.AlignCenter, str(bar.n))
            painter.setPen(QColor(self._theme.muted))
            label = self.fontMetrics().elidedText(
                format_bin(bar, summary), Qt.TextElideMode.ElideRight, max(round(slot) - 2, 1)
            )
            below = QRectF(index * slot, self.height() - line_px, slot, line_px)
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, label)
        painter.fillRect(QRectF(0, line_px + room, self.width(), 1), QColor(self._theme.line))
        painter.end()
