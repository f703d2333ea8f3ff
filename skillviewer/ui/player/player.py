"""The picture with its caption, and the transport."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.scene import MapSource, Overlay, Scene
from skillviewer.core.analysis.wording import format_source
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.player.canvas import DisplayedFrame, VideoCanvas
from skillviewer.ui.player.transport import Transport
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.widgets.colour_bar import ColourBar
from skillviewer.ui.widgets.layout import NONE, ElidingLabel, add_all, horizontal, named, vertical
from skillviewer.ui.widgets.theme import DARK, PaintedWidget, Theme


class Dot(PaintedWidget):
    """A disc, filled when the frame on screen is a sampled one, a ring when its map is held from another."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filled: bool | None = None
        self.setFixedSize(QSize(10, 10))

    def set_filled(self, filled: bool | None) -> None:
        if filled != self._filled:
            self._filled = filled
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._filled is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        accent = QColor(DARK.accent)  # the stage is dark in both themes
        painter.setPen(accent if self._filled else QColor(self._theme.on_stage))
        painter.setBrush(accent if self._filled else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QRectF(1.5, 1.5, 7, 7))
        painter.end()


class Caption(QWidget):
    """The source of the map on screen (its own, held or interpolated), its sampled frame, and its colours."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._n_samples = 0
        self._contributions = False
        self.setAutoFillBackground(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        row = horizontal(self, (14, 4, 8, 4), 8)
        self._dot = Dot(self)
        self._text = named(ElidingLabel(self), "What this map shows")
        self._unit = QLabel(self)
        self._bar = ColourBar(self)
        add_all(row, self._dot, (self._text, 1), self._unit, self._bar)

    def on_theme(self, theme: Theme) -> None:
        """Take colours: the caption belongs to the stage."""
        palette = self.palette()
        palette.setColor(palette.ColorRole.Window, QColor(theme.stage))
        self.setPalette(palette)
        for label in (self._text, self._unit):
            label.setStyleSheet(f"color: {theme.on_stage}")

    def set_analysis(self, analysis: Analysis | None) -> None:
        if analysis is None:
            self._n_samples = 0
        elif analysis.complete:  # in a short video frames are sampled repeatedly: they count once
            self._n_samples = len(analysis.in_time_order)
        else:
            self._n_samples = analysis.n_segments * analysis.n_passes

    def set_contributions(self, shown: bool) -> None:
        self._contributions = shown

    def set_shown(self, shown: DisplayedFrame | None) -> None:
        scene = shown.scene if shown is not None else None
        preview = "preview" if shown is not None and not shown.picture.exact else ""
        self._text.set_forms(*(" · ".join(filter(None, (preview, text))) for text in self._forms(scene)))
        hidden = scene is not None and scene.map_style.overlay is Overlay.OFF
        visible = scene is not None and scene.source is not MapSource.NOTHING and not hidden
        own = scene is not None and scene.source is MapSource.OWN
        self._dot.set_filled(own if visible else None)
        self._dot.setVisible(visible)
        self._bar.set_scene(scene if visible else None)
        self._bar.setVisible(visible)
        unit, tip = self._format_unit(scene) if visible and scene is not None else ("", "")
        self._unit.setText(unit)
        self._unit.setToolTip(tip)

    def _format_unit(self, scene: Scene) -> tuple[str, str]:
        """Return the unit of the colour bar, and what its numbers mean."""
        if self._contributions:
            return "contribution to the score", ""
        return {
            MapKind.DISTRIBUTION: ("× average", "1 is the average of all cells"),
            MapKind.GATE: ("gate, 0 to 1", "0 shuts a cell out, 1 lets all of it through"),
            MapKind.SIGNED: ("signed product", "A product of two maps, positive or negative"),
            MapKind.NONE: ("", ""),
        }[scene.kind]

    def _forms(self, scene: Scene | None) -> tuple[str, ...]:
        """Return the source of the map and its sampled frame, the longest form first; the age stands in all."""
        text = format_source(scene) if scene is not None else ""
        if scene is None or scene.sample < 0 or scene.kind is MapKind.NONE or scene.map_style.overlay is Overlay.OFF:
            return (text,)
        if self._contributions:
            text = f"contribution of areas · {text}"
        at, n = scene.sample + 1, max(scene.n_samples, self._n_samples)
        return f"{text} · sampled frame {at} of {n}", f"{text} · {at}/{n}"


class Player(QWidget):
    """One player: canvas, caption and transport over one playhead and one feed."""

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state = app_context.state
        self._feed = app_context.feed
        self.canvas = VideoCanvas(self)
        self.caption = Caption(self)
        self.transport = Transport(app_context, actions, self)
        add_all(vertical(self, NONE, 0), (self.canvas, 1), self.caption, self.transport)
        self._contributions: Analysis | None = None
        self.canvas.shown_changed.connect(self.caption.set_shown)
        self.canvas.painted.connect(self._on_painted)
        self.canvas.set_map_style(state.map_style)
        app_context.playback.video_changed.connect(self._on_video)
        app_context.feed.arrived.connect(self.canvas.set_picture)
        app_context.feed.lost.connect(self.canvas.set_message)  # rather than the picture of another frame
        state.analysis_changed.connect(self._on_analysis)
        state.map_style_changed.connect(self.canvas.set_map_style)

    def _on_video(self, video: VideoInfo | None) -> None:
        self.canvas.set_video(video)
        self._on_analysis(self._state.analysis)

    def _on_painted(self, _shown: DisplayedFrame) -> None:
        self._feed.width_px = self.canvas.width_px

    def set_contributions(self, contributions: Analysis | None) -> None:
        """Show an analysis whose maps are signed contributions of cells; None shows the maps again."""
        if contributions is not self._contributions:
            self._contributions = contributions
            self._on_analysis(self._state.analysis)

    def _on_analysis(self, analysis: Analysis | None) -> None:
        instead = self._contributions
        same = instead is not None and analysis is not None and instead.score_curve is analysis.score_curve
        self.caption.set_contributions(same)
        self.caption.set_analysis(analysis)
        self.canvas.set_analysis(instead if same else analysis)
