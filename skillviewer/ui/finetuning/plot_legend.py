"""The legend of a plot: a swatch and a name for each line."""

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QWidget

from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import add_all, horizontal

SWATCH_PX = QSize(24, 14)


MARK_PX = 3.0


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
        middle = QPointF(self.width() / 2, self.height() / 2)
        painter.setPen(self._pen)
        painter.drawLine(QPointF(0, middle.y()), QPointF(self.width(), middle.y()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._pen.color()))
        r = MARK_PX
        corners = {"s": ((-r, -r), (r, -r), (r, r), (-r, r)), "t": ((-r, -r), (r, -r), (0, r))}.get(self._mark, ())
        if corners:
            painter.drawConvexPolygon([middle + QPointF(x, y) for x, y in corners])


class PlotLegend(QWidget):
    """A heading, followed by the names of the lines."""

    def __init__(self, heading: str, lines: tuple[tuple[str, str], ...], parent: QWidget) -> None:
        super().__init__(parent)
        row = FlowLayout(self, 8)
        row.addWidget(text_label(heading, self, heading=True))
        self._parts: list[tuple[Swatch, QWidget]] = []
        for name, mark in lines:
            swatch = Swatch(mark, self)
            label = QLabel(name, self)
            label.setProperty("muted", True)
            entry = QWidget(self)
            add_all(horizontal(entry, (8, 0, 0, 0), 8), swatch, label)
            row.addWidget(entry)
            self._parts.append((swatch, entry))

    def set_pens(self, *pens: QPen) -> None:
        for (swatch, _), pen in zip(self._parts, pens, strict=True):
            swatch.set_pen(pen)

    def show_line(self, index: int, *, shown: bool) -> None:
        self._parts[index][1].setVisible(shown)
