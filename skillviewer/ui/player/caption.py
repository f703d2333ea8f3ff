"""Caption below the picture: source of the map, sampled frame, and colour bar."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.map_style import Overlay
from skillviewer.core.analysis.scene import MapSource, Scene
from skillviewer.core.analysis.score_text import format_source
from skillviewer.ui.player.video_canvas import DisplayedFrame
from skillviewer.ui.widgets.colour_bar import ColourBar
from skillviewer.ui.widgets.labels import ElidingLabel, SteadyField
from skillviewer.ui.widgets.layout import UNLIMITED_PX, add_all, growing, horizontal, with_accessible_name
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import DARK, PaintedWidget, Theme

NARROW_PX = 440  # width below which the unit is hidden and the colour bar is short
SHORT_BAR_PX = 120


class SampleDot(PaintedWidget):
    """A filled disc for a sampled frame on screen, and a ring for a frame whose map comes from others."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filled: bool | None = None
        self.setFixedSize(QSize(10, 10))

    def set_filled(self, filled: bool | None) -> None:
        """Show a disc (True), a ring (False), or nothing (None)."""
        if filled != self._filled:
            self._filled = filled
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._filled is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        accent = QColor(DARK.accent)  # the stage is dark in both themes
        if self._filled:
            painter.setPen(accent)
            painter.setBrush(accent)
        else:
            painter.setPen(QColor(self._theme.on_stage))
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QRectF(1.5, 1.5, 7, 7))
        painter.end()


class Caption(QWidget):
    """The source of the map on screen (own, held or interpolated), its sampled frame, and its colour bar.

    A click, Enter or the space bar asks for the menu of the map.
    """

    menu_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._n_samples = 0
        self._shows_contributions = False
        self.setAutoFillBackground(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        row = horizontal(self, margins=(14, 4, 8, 4), spacing=8)
        self._sample_dot = SampleDot(self)
        self._text_label = with_accessible_name(ElidingLabel(self), "What this map shows")
        self._unit_label = QLabel(self)
        self._colour_bar = ColourBar(self)
        add_all(row, self._sample_dot, growing(SteadyField(self._text_label, self)), self._unit_label, self._colour_bar)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Legend: look of the map")
        self.setToolTip("Click to choose look, scale, strength and cells of the map")
        self._focus_colour = QColor("grey")

    def on_theme(self, theme: Theme) -> None:
        """Use the colours of the stage."""
        palette = self.palette()
        self._focus_colour = QColor(DARK.accent)  # the stage is dark in both themes
        palette.setColor(palette.ColorRole.Window, QColor(theme.stage))
        self.setPalette(palette)
        for label in (self._text_label, self._unit_label):
            label.setStyleSheet(f"color: {theme.on_stage}")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.menu_asked.emit()

    def contextMenuEvent(self, _event: QContextMenuEvent) -> None:
        self.menu_asked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ask for the menu on Enter or the space bar."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self.menu_asked.emit()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Show the focus."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setPen(self._focus_colour)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
            painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide the unit and shorten the colour bar in a narrow player."""
        super().resizeEvent(event)
        is_narrow = self.width() < scaled_px(NARROW_PX)
        max_bar_px = scaled_px(SHORT_BAR_PX) if is_narrow else UNLIMITED_PX
        self._unit_label.setVisible(not is_narrow)
        self._colour_bar.setMaximumWidth(max_bar_px)

    def set_analysis(self, analysis: Analysis | None) -> None:
        if analysis is None:
            self._n_samples = 0
        elif analysis.complete:  # frames that are sampled repeatedly, as in a short video, count once
            self._n_samples = len(analysis.in_time_order)
        else:
            self._n_samples = analysis.n_segments * analysis.n_passes

    def set_contributions(self, are_shown: bool) -> None:
        self._shows_contributions = are_shown

    def set_shown(self, displayed: DisplayedFrame | None) -> None:
        """Describe the frame on screen. Without a frame, show no text."""
        scene = displayed.scene if displayed is not None else None
        is_preview = displayed is not None and not displayed.picture.is_exact
        forms = self._forms(scene)
        if is_preview:
            forms = tuple(_as_preview(text) for text in forms)
        self._text_label.set_forms(*forms)
        if scene is not None and not _shows_map(scene):
            scene = None
        self._show_map(scene)

    def _show_map(self, scene: Scene | None) -> None:
        """Show dot, colour bar and unit of a visible map; nothing for None."""
        self._sample_dot.setVisible(scene is not None)
        self._colour_bar.set_scene(scene)
        if scene is None:
            self._sample_dot.set_filled(None)
            self._unit_label.setText("")
            self._unit_label.setToolTip("")
            return
        unit, tip = self._unit_of(scene)
        self._sample_dot.set_filled(scene.source is MapSource.OWN)
        self._unit_label.setText(unit)
        self._unit_label.setToolTip(tip)

    def _unit_of(self, scene: Scene) -> tuple[str, str]:
        """Return the unit of the colour bar, and the meaning of its numbers."""
        if self._shows_contributions:
            return "contribution to the score", ""
        return {
            MapKind.DISTRIBUTION: ("× average", "1 is the average of all cells"),
            MapKind.GATE: ("gate, 0 to 1", "0 shuts a cell out, 1 lets all of it through"),
            MapKind.SIGNED: ("signed product", "A product of two maps, positive or negative"),
            MapKind.NONE: ("", ""),
        }[scene.kind]

    def _forms(self, scene: Scene | None) -> tuple[str, ...]:
        """Return texts on the source of the map and its sampled frame, the longest first; all have the map's age."""
        text = format_source(scene) if scene is not None else ""
        if scene is None or scene.sample < 0 or scene.kind is MapKind.NONE or scene.map_style.overlay is Overlay.OFF:
            return (text,)
        if self._shows_contributions:
            text = f"contribution of areas · {text}"
        number = scene.sample + 1
        n_samples = max(scene.n_samples, self._n_samples)
        return f"{text} · sampled frame {number} of {n_samples}", f"{text} · {number}/{n_samples}"


def _as_preview(text: str) -> str:
    return f"preview · {text}" if text else "preview"


def _shows_map(scene: Scene) -> bool:
    return scene.source is not MapSource.NOTHING and scene.map_style.overlay is not Overlay.OFF
