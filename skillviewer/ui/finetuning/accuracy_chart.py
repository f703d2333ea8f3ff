"""A chart of accuracies with their intervals, one below the other, that draws itself."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.text import percent
from skillviewer.ui.widgets.speech import speak_numbers
from skillviewer.ui.widgets.theme import PaintedWidget, by_text

ROW_PX = 26
MARK_PX = 4.5
MIN_AXIS_PX = 150
"""Room of the axis below which intervals are drawn and not written."""
CHANCE = 0.5
MAX_LABEL_SHARE = 0.42
"""Share of the width that names take at most."""


@dataclass(frozen=True, slots=True)
class AccuracyRow:
    """A line of the chart."""

    name: str
    estimate: PooledEstimate
    stands_out: bool = False  # whether the line is that of the trained model


def format_estimate(estimate: PooledEstimate) -> str:
    """Return an accuracy in percent with its interval, if there is one."""
    text = percent(estimate.value, " %")
    return text if math.isnan(estimate.low) else f"{text} ({percent(estimate.low)} to {percent(estimate.high)})"


class AccuracyChart(PaintedWidget):
    """Accuracies from the lowest end of an interval (at most chance) to 100 %, with a line at chance."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        speak_numbers()
        self._rows: tuple[AccuracyRow, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Accuracy on people held out")

    def show_rows(self, rows: Sequence[AccuracyRow]) -> None:
        """Show accuracies, from above."""
        self._rows = tuple(rows)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(by_text(460), self._height())

    def minimumSizeHint(self) -> QSize:
        return QSize(by_text(280), self._height())

    def _height(self) -> int:
        return by_text(ROW_PX) * len(self._rows) + self.fontMetrics().height() + 4

    def accessible_text(self) -> str:
        """Return all accuracies for screen readers."""
        return "; ".join(f"{row.name}: {format_estimate(row.estimate)}" for row in self._rows)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if not self._rows:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = self.fontMetrics()
        names_px = min(
            max(metrics.horizontalAdvance(row.name) for row in self._rows) + 12, round(MAX_LABEL_SHARE * self.width())
        )
        texts = [format_estimate(row.estimate) for row in self._rows]
        texts_px = max(map(metrics.horizontalAdvance, texts)) + 12
        if self.width() - names_px - texts_px < by_text(MIN_AXIS_PX):  # the line shows the interval
            texts = [percent(row.estimate.value, " %") for row in self._rows]
            texts_px = max(map(metrics.horizontalAdvance, texts)) + 12
        left, right = names_px + 6.0, self.width() - texts_px - 6.0
        ends = [end for row in self._rows for end in (row.estimate.low, row.estimate.value) if math.isfinite(end)]
        low = min(math.floor(10 * min(ends, default=CHANCE)) / 10, CHANCE - 0.1)
        row_px = by_text(ROW_PX)

        def at(share: float) -> float:
            return left + (right - left) * (share - low) / (1 - low)

        self._draw_axis(painter, at, row_px * len(self._rows))
        for number, row in enumerate(self._rows):
            top = number * row_px
            painter.setPen(QColor(self._theme.text if row.stands_out else self._theme.muted))
            name = metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, names_px)
            flags = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, top, names_px, row_px), flags | Qt.AlignmentFlag.AlignLeft, name)
            box = QRectF(self.width() - texts_px, top, texts_px, row_px)
            painter.drawText(box, flags | Qt.AlignmentFlag.AlignRight, texts[number])
            self._draw_mark(painter, row, at, top + row_px / 2)
        painter.end()

    def _draw_axis(self, painter: QPainter, x_of: Callable[[float], float], height: float) -> None:
        dash = QPen(QColor(self._theme.edge), 1, Qt.PenStyle.DashLine)
        painter.setPen(dash)
        painter.drawLine(QPointF(x_of(CHANCE), 0), QPointF(x_of(CHANCE), height))
        painter.setPen(QPen(QColor(self._theme.line), 1))
        painter.drawLine(QPointF(x_of(1), 0), QPointF(x_of(1), height))
        painter.setPen(QColor(self._theme.muted))
        for share, text in ((CHANCE, "chance"), (1.0, "100 %")):
            box = QRectF(x_of(share) - 50, height + 2, 100, self.fontMetrics().height())
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _draw_mark(self, painter: QPainter, row: AccuracyRow, x_of: Callable[[float], float], middle: float) -> None:
        """Draw a square for the model and a circle for the others, on the line of the interval."""
        estimate = row.estimate
        if not math.isfinite(estimate.value):
            return
        colour = QColor(self._theme.accent if row.stands_out else self._theme.edge)
        if math.isfinite(estimate.low):
            painter.setPen(QPen(colour, 2))
            painter.drawLine(QPointF(x_of(estimate.low), middle), QPointF(x_of(estimate.high), middle))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        centre = QPointF(x_of(estimate.value), middle)
        if row.stands_out:
            painter.drawRect(QRectF(centre.x() - MARK_PX, centre.y() - MARK_PX, 2 * MARK_PX, 2 * MARK_PX))
        else:
            painter.drawEllipse(centre, MARK_PX, MARK_PX)
