"""The motion of a video under its score curve: the values at the playhead, and the plot."""

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.player.motion_plot import MotionPlot, format_curve
from skillviewer.ui.player.time_plot import Seek
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, growing, vertical
from skillviewer.ui.widgets.theme import Theme, themed

if TYPE_CHECKING:  # scipy takes half a second
    from skillviewer.core.kinematics.motion_curves import MotionCurves


class MotionView(QWidget):
    """Values and curves of the motion; hidden while no track moves."""

    def __init__(self, playback: Playback, parent: QWidget | None = None, *, seek: Seek | None = None) -> None:
        super().__init__(parent)
        self._playback = playback
        self.plot = MotionPlot(playback, self, seek=seek)
        self.values_label = QLabel(self)
        self.values_label.setTextFormat(Qt.TextFormat.RichText)
        self.values_label.setContentsMargins(16, 4, 12, 0)
        self.values_label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        add_all(vertical(self, margins=NO_MARGINS, spacing=0), self.values_label, growing(self.plot))
        playback.frame_changed.connect(self._show_values)
        self.set_curves(None)

    def set_curves(self, curves: "MotionCurves | None") -> None:
        """Show the curves of a video. Without curves, the view is hidden."""
        if curves is not None and not curves.curves:
            curves = None
        self.plot.set_curves(curves)
        self.setVisible(curves is not None)
        self._show_values()

    @themed
    def on_theme(self, _theme: Theme) -> None:
        self._show_values()

    def _show_values(self, *_: object) -> None:
        curves = self.plot.curves
        if curves is None or self.isHidden():
            return
        unit = curves.unit.short
        values = []
        for curve in curves.curves:
            colour = self.plot.colour_of(curve).name()
            value_text = escape(printable(format_curve(curve, self._playback.time_s, unit)))
            values.append(f'<span style="color:{colour}">●</span> {value_text}')
        text = "&nbsp;&nbsp; ".join(["Motion", *values])
        if text != self.values_label.text():
            self.values_label.setText(text)
            self.values_label.setToolTip(
                f"Speed and opening of thumb and index finger; {unit} stands for {curves.unit.name}. Dots are peaks of "
                "the speed. At the foot: seen (thin), pauses (thick), gaps (nothing)."
            )
