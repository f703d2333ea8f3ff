"""Colour bar of a map."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.analysis.analysis import MapKind
from skillviewer.core.analysis.scene import Scene
from skillviewer.core.text import format_number
from skillviewer.ui.widgets.icons import as_image
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import PaintedWidget

SIDE_MARGIN_PX = 10
WIDTH_STEP_PX = 8


class ColourBar(PaintedWidget):
    """A colour bar from the lower to the upper limit of the map on screen. A mark at 1× stands for a uniform map."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Scene | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setProperty("letters", "fine")

    def sizeHint(self) -> QSize:
        """Return the size of the bar. Without a map, it has no width and the same height, so that nothing moves."""
        self.ensurePolished()
        width = min(scaled_px(200), 300) if self._scene is not None else 0
        return QSize(width, 12 + self.fontMetrics().height())

    def width_for_labels(self, min_px: int, max_px: int) -> int:
        """Return the smallest width within limits at which every mark has its label, else ``max_px``."""
        if self._scene is None:
            return min_px
        n_marks = len(_marks(self._scene))
        widths = range(min_px, max_px, WIDTH_STEP_PX)
        return next((width for width in widths if len(self._label_spans(self._scene, width)) == n_marks), max_px)

    def set_scene(self, scene: Scene | None) -> None:
        """Show the limits of a scene with a map; nothing for None or a scene without a map."""
        if scene is not None and scene.values is None:
            scene = None
        previous_scene = self._scene
        self._scene = scene
        if (previous_scene is None) != (scene is None):
            self.updateGeometry()
        if _appearance(previous_scene) != _appearance(scene):
            self.setAccessibleName(self._limits_text())
            self.setToolTip(self._limits_text())
            self.update()

    def _limits_text(self) -> str:
        scene = self._scene
        if scene is None:
            return ""
        text = f"Colours from {format_number(scene.low)} to {format_number(scene.high)}"
        if scene.clipped:
            text += " and more"
        if scene.kind is MapKind.DISTRIBUTION:
            text += " times the average of all cells"
        return text

    def paintEvent(self, _event: QPaintEvent) -> None:
        from skillviewer.export.rendering.colour_bar import bar_colours  # late: imports OpenCV

        scene = self._scene
        if scene is None:
            return
        painter = QPainter(self)
        bar = QRectF(SIDE_MARGIN_PX, 1, self.width() - 2 * SIDE_MARGIN_PX, 8)
        row = bar_colours(scene)[None]
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(bar, as_image(row), QRectF(0, 0, row.shape[1], 1))
        self._draw_marks(painter, bar, scene)
        painter.end()

    def _draw_marks(self, painter: QPainter, bar: QRectF, scene: Scene) -> None:
        """Draw the marks below the bar, each with its label if there is space."""
        painter.setPen(QPen(QColor(self._theme.on_stage), 1))  # the bar lies on the stage
        for value, _ in _marks(scene):
            x = round(_x_of(value, scene, self.width()))
            painter.drawLine(x, round(bar.bottom()), x, round(bar.bottom()) + 3)
        top = bar.bottom() + 3
        for text, left, right in self._label_spans(scene, self.width()):
            label_rect = QRectF(left, top, right - left + 1, self.height() - top)
            painter.drawText(label_rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, text)

    def _label_spans(self, scene: Scene, width: int) -> list[tuple[str, float, float]]:
        """Return the labels for which there is space at a width, each with its left and right end."""
        metrics = self.fontMetrics()
        spans: list[tuple[str, float, float]] = []
        for value, text in sorted(_marks(scene), key=lambda mark: _rank(mark[0], scene)):
            text_width = metrics.horizontalAdvance(text)
            left = min(max(_x_of(value, scene, width) - text_width / 2, 0.0), width - text_width)
            right = left + text_width
            overlaps = any(left < other_right + 4 and other_left < right + 4 for _, other_left, other_right in spans)
            if not overlaps:
                spans.append((text, left, right))
        return spans


def _x_of(value: float, scene: Scene, width: int) -> float:
    """Return the position of a value in a colour bar of a width."""
    return SIDE_MARGIN_PX + (value - scene.low) / (scene.high - scene.low) * (width - 2 * SIDE_MARGIN_PX)


def _rank(value: float, scene: Scene) -> int:
    """Return the rank of a mark. Without space for all, the upper limit keeps its label, and 0 of signed maps loses it.

    On other bars, the label of 1× replaces the label of 0.
    """
    if value == scene.high:
        return 0
    is_between = value != scene.low
    return 1 if is_between != (scene.kind is MapKind.SIGNED) else 2


def _marks(scene: Scene) -> list[tuple[float, str]]:
    """Return the values to be marked on the bar, ascending, with their labels."""
    at_least = "≥ " if scene.clipped else ""
    low_mark = (scene.low, format_number(scene.low))
    high_text = format_number(scene.high)
    if scene.kind is MapKind.SIGNED:
        return [low_mark, (0.0, "0"), (scene.high, f"{at_least}+{high_text}")]
    if not scene.unit:
        return [low_mark, (scene.high, f"{at_least}{high_text}")]
    high_mark = (scene.high, f"{at_least}{high_text}×")
    if scene.high > 1:
        return [low_mark, (1.0, "1×"), high_mark]  # 1 is a uniform map
    return [low_mark, high_mark]


def _appearance(scene: Scene | None) -> tuple[float, float, str, str, str] | None:
    """Return the facts of a scene on which the look of the bar depends."""
    if scene is None:
        return None
    return scene.low, scene.high, scene.kind, scene.map_style.colours, scene.map_style.overlay
