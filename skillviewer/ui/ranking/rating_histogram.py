"""A histogram of ratings."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.ratings.summary import RatingBin, RatingSummary
from skillviewer.ui.widgets.speech import speak_numbers
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import PaintedWidget

HEIGHT_PX = 150
BAR_GAP = 0.15
"""Gap between two bars as a share of the width of a bar."""


def format_bin(rating_bin: RatingBin, summary: RatingSummary) -> str:
    """Return the name of a bar: the word of a level, a value, or both ends of an interval."""
    value = rating_bin.low
    if value != rating_bin.high:
        return f"{value:g}–{rating_bin.high:g}"
    levels = summary.scale.levels
    is_level = value.is_integer() and 0 <= value < len(levels)
    return levels[int(value)] if is_level else f"{value:g}"


class RatingHistogram(PaintedWidget):
    """Bars of the ratings of one item, each with its count above and its value below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        speak_numbers()
        self._summary: RatingSummary | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Histogram of the ratings")

    def sizeHint(self) -> QSize:
        return QSize(scaled_px(320), scaled_px(HEIGHT_PX))

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
        slot_px = self.width() / len(summary.histogram)
        bar_px = slot_px * (1 - BAR_GAP)
        max_height_px = self.height() - 2 * line_px - 4
        baseline_y = line_px + max_height_px
        max_count = max(1, *(bar.n for bar in summary.histogram))
        for index, bar in enumerate(summary.histogram):
            slot_x = index * slot_px
            height_px = max_height_px * bar.n / max_count
            top = baseline_y - height_px
            bar_box = QRectF(slot_x + (slot_px - bar_px) / 2, top, bar_px, height_px)
            painter.fillRect(bar_box, QColor(self._theme.accent))
            if bar.n:
                count_box = QRectF(slot_x, top - line_px, slot_px, line_px)
                painter.setPen(QColor(self._theme.text))
                painter.drawText(count_box, Qt.AlignmentFlag.AlignCenter, str(bar.n))
            label_px = max(round(slot_px) - 2, 1)
            label = self.fontMetrics().elidedText(format_bin(bar, summary), Qt.TextElideMode.ElideRight, label_px)
            label_box = QRectF(slot_x, self.height() - line_px, slot_px, line_px)
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(label_box, Qt.AlignmentFlag.AlignCenter, label)
        painter.fillRect(QRectF(0, baseline_y, self.width(), 1), QColor(self._theme.line))
        painter.end()
