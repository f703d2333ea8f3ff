"""The base of plots over the time of a video: axes, a fixed frame, and zoom about the mouse."""

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from skillviewer.ui.widgets.theme import Theme

ZOOM_STEP = 1.25


class TimeAxis(pg.AxisItem):  # type: ignore[misc]
    """Ticks as m:ss, with decimals where they are close."""

    def tickStrings(self, values: list[float], _scale: float, spacing: float) -> list[str]:
        decimals = 0 if spacing >= 1 else 1 if spacing >= 0.1 else 2 if spacing >= 0.01 else 3
        labels = []
        for value in values:
            unit = 10**decimals
            ticks = round(value * unit)
            minutes, rest = divmod(ticks, 60 * unit)
            seconds, part = divmod(rest, unit)
            labels.append(f"{minutes}:{seconds:02d}" + (f".{part:0{decimals}d}" if decimals else ""))
        return labels


class ScoreAxis(pg.AxisItem):  # type: ignore[misc]
    """Ticks with a real minus sign."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [label.replace("-", "−") for label in super().tickStrings(values, scale, spacing)]


class TimePlot(pg.PlotWidget):  # type: ignore[misc]
    """A plot of scores over time. The wheel zooms time about the mouse; subclasses define the buttons."""

    CHART = True

    def __init__(self, parent: QWidget | None = None) -> None:
        axes = {"bottom": TimeAxis("bottom"), "left": ScoreAxis("left")}
        super().__init__(parent, axisItems=axes, background=None, enableMenu=False)
        self._box = self.getPlotItem().getViewBox()
        self._box.setMouseEnabled(x=False, y=False)  # the mouse is handled here, without pyqtgraph's delays
        self._box.disableAutoRange()
        self._until = 1.0
        self.getPlotItem().hideButtons()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(False)  # files dropped here are for the window
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def dress_axes(self, theme: Theme) -> None:
        """Give ground and axes their colours; pyqtgraph does not follow the palette."""
        self.setBackground(theme.base)
        for name in ("left", "bottom"):
            axis = self.getAxis(name)
            axis.setPen(theme.line if name == "bottom" else theme.base)
            axis.setTickPen(theme.line if name == "bottom" else theme.base)
            axis.setTextPen(theme.muted)
            axis.setStyle(tickLength=-4 if name == "bottom" else 0, tickFont=self.font())

    def _time_at(self, event: QMouseEvent | QWheelEvent) -> float:
        return float(self._box.mapSceneToView(self.mapToScene(event.position().toPoint())).x())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go there: a second click does what the first did."""
        self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        factor = ZOOM_STEP ** (-event.angleDelta().y() / 120)
        self._box.scaleBy(x=factor, center=QPointF(self._time_at(event), 0))
        event.accept()
