"""The motion of the video on screen under its score curve: a line of values, and the plot."""

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.player.motion_plot import MotionPlot, format_curve
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.widgets.layout import NONE, add_all, vertical
from skillviewer.ui.widgets.theme import Theme, themed


class MotionView(QWidget):
    """Shown while the video on screen has tracks that move."""

    def __init__(self, app_context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tracks, self._playback = app_context.tracks, app_context.playback
        self.plot = MotionPlot(app_context.playback, self)
        self.values = QLabel(self)
        self.values.setTextFormat(Qt.TextFormat.RichText)
        self.values.setContentsMargins(16, 4, 12, 0)
        self.values.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        add_all(vertical(self, NONE, 0), self.values, (self.plot, 1))
        self._tracks.changed.connect(self._refresh)
        app_context.playback.frame_changed.connect(self._show_values)
        self._refresh()

    @themed
    def on_theme(self, _theme: Theme) -> None:
        self._show_values()

    def _refresh(self) -> None:
        shown = self._tracks.shown
        curves = shown.curves if shown is not None and shown.curves.curves else None
        self.plot.set_curves(curves)
        self.setVisible(curves is not None)
        self._show_values()

    def _show_values(self, *_: object) -> None:
        curves = self.plot.curves
        if curves is None or self.isHidden():
            return
        time_s, unit = self._playback.time_s, curves.unit.short
        parts = [
            f'<span style="color:{self.plot.colour_of(curve).name()}">●</span> '
            f"{escape(printable(format_curve(curve, time_s, unit)))}"
            for curve in curves.curves
        ]
        text = "&nbsp;&nbsp; ".join(parts)
        if text != self.values.text():
            self.values.setText(f"Motion&nbsp;&nbsp; {text}")
            self.values.setToolTip(
                f"Speed and opening of thumb and index finger; {unit} stands for {curves.unit.name}. Dots are peaks of "
                "the speed. At the foot: seen (thin), pauses (thick), gaps (nothing)."
            )
