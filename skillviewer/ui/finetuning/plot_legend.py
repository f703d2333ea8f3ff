"""The legend of a plot: a swatch and a name for each line."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QWidget

from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import add_all, horizontal

SWATCH_PX = QSize(24, 14)
MARK_RADIUS_PX = 3.0


class Swatch(QWidget):
    """A sample of a line, with the mark of its points: ``s`` for a square, ``t`` for a triangle, or ""."""

    def __init__(self, mark: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._mark = mark
        self._pen = QPen(Qt.GlobalColor.gray)
        self.setFixedSize(SWATCH_PX)

    def set_pen(self, pen: QPen) -> None:
        self._pen = pen
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        centre = QPointF(self.width() / 2, self.height() / 2)
        painter.setPen(self._pen)
        painter.drawLine(QPointF(0, centre.y()), QPointF(self.width(), centre.y()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._pen.color()))
        r = MARK_RADIUS_PX
        if self._mark == "s":
            painter.drawRect(QRectF(centre.x() - r, centre.y() - r, 2 * r, 2 * r))
        elif self._mark == "t":
            corners = (QPointF(-r, -r), QPointF(r, -r), QPointF(0, r))
            painter.drawConvexPolygon([centre + corner for corner in corners])


class PlotLegend(QWidget):
    """A heading, followed by a swatch and the name of every line.

    Args:
        heading: The heading.
        lines: Name and mark of every line.
        parent: Parent widget.
    """

    def __init__(self, heading: str, lines: tuple[tuple[str, str], ...], parent: QWidget) -> None:
        super().__init__(parent)
        row = FlowLayout(self, gap_px=8)
        row.addWidget(text_label(heading, self, heading=True))
        self._swatches: list[Swatch] = []
        self._entries: list[QWidget] = []
        for name, mark in lines:
            swatch = Swatch(mark, self)
            label = QLabel(name, self)
            label.setProperty("muted", True)
            entry = QWidget(self)
            add_all(horizontal(entry, margins=(8, 0, 0, 0), spacing=8), swatch, label)
            row.addWidget(entry)
            self._swatches.append(swatch)
            self._entries.append(entry)

    def set_pens(self, *pens: QPen) -> None:
        """Set the pen of every line, in order."""
        for swatch, pen in zip(self._swatches, pens, strict=True):
            swatch.set_pen(pen)

    def set_line_visible(self, index: int, *, visible: bool) -> None:
        """Show or hide the entry of a line."""
        self._entries[index].setVisible(visible)
