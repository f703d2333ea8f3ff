"""The motion of a video under its score curve: a line of values, and the plot."""

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.player.motion_plot import MotionPlot, format_curve
from skillviewer.ui.player.time_plot import Seek
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.widgets.layout import NONE, add_all, vertical
from skillviewer.ui.widgets.theme import Theme, themed

if TYPE_CHECKING:  # scipy takes half a second
    from skillviewer.core.kinematics.motion_curves import MotionCurves


class MotionView(QWidget):
    """Shown while a video has tracks that move."""

    def __init__(self, playback: Playback, parent: QWidget | None = None, *, seek: Seek | None = None) -> None:
        super().__init__(parent)
        self._playback = playback
        self.plot = MotionPlot(playback, self, seek=seek)
        self.values = QLabel(self)
        self.values.setTextFormat(Qt.TextFormat.RichText)
        self.values.setContentsMargins(16, 4, 12, 0)
        self.values.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        add_all(vertical(self, NONE, 0), self.values, (self.plot, 1))
        playback.frame_changed.connect(self._show_values)
        self.set_curves(None)

    def set_curves(self, curves: "MotionCurves | None") -> None:
        """Show the curves of a video, or nothing where none moves."""
        drawable = curves if curves is not None and curves.curves else None
        self.plot.set_curves(drawable)
        self.setVisible(drawable is not None)
        self._show_values()

    @themed
    def on_theme(self, _theme: Theme) -> None:
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
