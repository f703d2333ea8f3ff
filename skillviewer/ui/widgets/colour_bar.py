"""The colour bar of a map."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.scene import Scene
from skillviewer.core.text import plain
from skillviewer.ui.widgets.icons import as_image
from skillviewer.ui.widgets.theme import PaintedWidget, by_text


class ColourBar(PaintedWidget):
    """A bar from the lower to the upper limit of the map on screen, with 1× (a uniform map) marked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Scene | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setProperty("letters", "fine")

    def sizeHint(self) -> QSize:
        """Return no width without a map, and the same height: the picture above must not change its size."""
        self.ensurePolished()
        return QSize(min(by_text(200), 300) if self._scene is not None else 0, 12 + self.fontMetrics().height())

    def set_scene(self, scene: Scene | None) -> None:
        with_values = scene if scene is not None and scene.values is not None else None
        before = self._scene
        self._scene = with_values
        if (before is None) != (with_values is None):
            self.updateGeometry()
        if _limits(before) != _limits(with_values):
            self.setAccessibleName(self._spoken())
            self.setToolTip(self._spoken())
            self.update()

    def _spoken(self) -> str:
        scene = self._scene
        if scene is None:
            return ""
        text = f"Colours from {plain(scene.low)} to {plain(scene.high)}{' and more' if scene.clipped else ''}"
        if scene.kind is MapKind.DISTRIBUTION:
            text += " times the average of all cells"
        return text

    def paintEvent(self, _event: QPaintEvent) -> None:
        from skillviewer.export.rendering.colour_bar import bar_colours  # it brings OpenCV

        scene = self._scene
        if scene is None:
            return
        painter = QPainter(self)
        bar = QRectF(10, 1, self.width() - 20, 8)
        row = bar_colours(scene)[None]
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(bar, as_image(row), QRectF(0, 0, row.shape[1], 1))
        at_least = "≥ " if scene.clipped else ""
        ends = [(scene.low, plain(scene.low)), (scene.high, f"{at_least}{plain(scene.high)}")]
        if scene.kind is MapKind.SIGNED:
            ends = [(scene.low, plain(scene.low)), (0.0, "0"), (scene.high, f"{at_least}+{plain(scene.high)}")]
        elif scene.unit:  # 1 is a uniform map
            ends[1] = (scene.high, f"{at_least}{plain(scene.high)}×")
            if scene.high > 1:
                ends.insert(1, (1.0, "1×"))
        self._draw_numbers(painter, bar, ends, scene.low, scene.high)
        painter.end()

    def _draw_numbers(
        self, painter: QPainter, bar: QRectF, marks: list[tuple[float, str]], low: float, high: float
    ) -> None:
        metrics = self.fontMetrics()
        painter.setPen(QPen(QColor(self._theme.on_stage), 1))  # the bar lies on the stage
        placed: list[tuple[float, float]] = []
        for value, text in reversed(marks):  # without room for both, the label of 0 gives way to 1×
            x = bar.left() + (value - low) / (high - low) * bar.width()
            painter.drawLine(round(x), round(bar.bottom()), round(x), round(bar.bottom()) + 3)
            width = metrics.horizontalAdvance(text)
            left = min(max(x - width / 2, 0.0), self.width() - width)
            if any(left < right + 4 and start < left + width + 4 for start, right in placed):
                continue
            placed.append((left, left + width))
            top = bar.bottom() + 3
            room = QRectF(left, top, width + 1, self.height() - top)
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, text)


def _limits(scene: Scene | None) -> tuple[float, float, str, str, str] | None:
    return (
        None if scene is None else (scene.low, scene.high, scene.kind, scene.map_style.colours, scene.map_style.overlay)
    )
