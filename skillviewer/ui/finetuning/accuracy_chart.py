"""A chart of accuracies with their intervals, in rows."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.evaluation.accuracy import PooledEstimate
from skillviewer.core.evaluation.accuracy_text import format_accuracy
from skillviewer.core.text import percent
from skillviewer.ui.widgets.speech import speak_numbers
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import PaintedWidget

ROW_PX = 26
MARK_RADIUS_PX = 4.5
MIN_AXIS_PX = 150
"""Width of the axis below which intervals are drawn but not written."""
CHANCE = 0.5
MAX_NAME_SHARE = 0.42
"""Greatest share of the width that names take."""


@dataclass(frozen=True, slots=True)
class AccuracyRow:
    """A row of the chart."""

    name: str
    estimate: PooledEstimate
    is_highlighted: bool = False  # true for the trained model

    @property
    def text(self) -> str:
        """The accuracy with its interval."""
        return format_accuracy(self.estimate.value, self.estimate.low, self.estimate.high)


class AccuracyChart(PaintedWidget):
    """Accuracies from the lowest end of an interval (at most chance) to 100 %, with a line at chance."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        speak_numbers()
        self._rows: tuple[AccuracyRow, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Accuracy on people held out")

    def show_rows(self, rows: Sequence[AccuracyRow]) -> None:
        """Show accuracies, from top to bottom."""
        self._rows = tuple(rows)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(scaled_px(460), self._height())

    def minimumSizeHint(self) -> QSize:
        return QSize(scaled_px(280), self._height())

    def _height(self) -> int:
        return scaled_px(ROW_PX) * len(self._rows) + self.fontMetrics().height() + 4

    def accessible_text(self) -> str:
        """Return all accuracies for screen readers."""
        return "; ".join(f"{row.name}: {row.text}" for row in self._rows)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if not self._rows:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = self.fontMetrics()
        widest_name_px = max(metrics.horizontalAdvance(row.name) for row in self._rows) + 12
        name_px = min(widest_name_px, round(MAX_NAME_SHARE * self.width()))
        texts = [row.text for row in self._rows]
        text_px = max(map(metrics.horizontalAdvance, texts)) + 12
        if self.width() - name_px - text_px < scaled_px(MIN_AXIS_PX):  # the line shows the interval
            texts = [percent(row.estimate.value, " %") for row in self._rows]
            text_px = max(map(metrics.horizontalAdvance, texts)) + 12
        axis_left = name_px + 6.0
        axis_right = self.width() - text_px - 6.0
        lowest = self._lowest_share()
        row_px = scaled_px(ROW_PX)

        def x_of(share: float) -> float:
            return axis_left + (axis_right - axis_left) * (share - lowest) / (1 - lowest)

        self._draw_axis(painter, x_of, row_px * len(self._rows))
        for index, (row, text) in enumerate(zip(self._rows, texts, strict=True)):
            top = index * row_px
            text_colour = self._theme.text if row.is_highlighted else self._theme.muted
            painter.setPen(QColor(text_colour))
            name = metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, name_px)
            flags = Qt.AlignmentFlag.AlignVCenter
            name_box = QRectF(0, top, name_px, row_px)
            painter.drawText(name_box, flags | Qt.AlignmentFlag.AlignLeft, name)
            text_box = QRectF(self.width() - text_px, top, text_px, row_px)
            painter.drawText(text_box, flags | Qt.AlignmentFlag.AlignRight, text)
            self._draw_mark(painter, row, x_of, top + row_px / 2)
        painter.end()

    def _lowest_share(self) -> float:
        """Return the accuracy at the left end of the axis: a multiple of 10 %, at most 40 %."""
        values = [row.estimate.low for row in self._rows] + [row.estimate.value for row in self._rows]
        lowest_value = min((value for value in values if math.isfinite(value)), default=CHANCE)
        return min(math.floor(10 * lowest_value) / 10, CHANCE - 0.1)

    def _draw_axis(self, painter: QPainter, x_of: Callable[[float], float], height: float) -> None:
        painter.setPen(QPen(QColor(self._theme.edge), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x_of(CHANCE), 0), QPointF(x_of(CHANCE), height))
        painter.setPen(QPen(QColor(self._theme.line), 1))
        painter.drawLine(QPointF(x_of(1), 0), QPointF(x_of(1), height))
        painter.setPen(QColor(self._theme.muted))
        for share, text in ((CHANCE, "chance"), (1.0, "100 %")):
            box = QRectF(x_of(share) - 50, height + 2, 100, self.fontMetrics().height())
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _draw_mark(self, painter: QPainter, row: AccuracyRow, x_of: Callable[[float], float], y: float) -> None:
        """Draw the interval as a line, and the accuracy as a square for the trained model, else as a circle."""
        estimate = row.estimate
        if not math.isfinite(estimate.value):
            return
        colour_name = self._theme.accent if row.is_highlighted else self._theme.edge
        colour = QColor(colour_name)
        if math.isfinite(estimate.low):
            painter.setPen(QPen(colour, 2))
            painter.drawLine(QPointF(x_of(estimate.low), y), QPointF(x_of(estimate.high), y))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        centre = QPointF(x_of(estimate.value), y)
        if row.is_highlighted:
            corner = centre - QPointF(MARK_RADIUS_PX, MARK_RADIUS_PX)
            painter.drawRect(QRectF(corner.x(), corner.y(), 2 * MARK_RADIUS_PX, 2 * MARK_RADIUS_PX))
        else:
            painter.drawEllipse(centre, MARK_RADIUS_PX, MARK_RADIUS_PX)
