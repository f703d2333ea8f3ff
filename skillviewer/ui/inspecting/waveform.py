"""The waveform of the sound under the score curve, on the same axis of time."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.video.sound import ENVELOPE_BIN_S, SoundEnvelope
from skillviewer.ui.player.time_plot import TimePlot
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.session.sound_player import SoundPlayer
from skillviewer.ui.widgets.theme import Theme, by_text, themed

MAX_POINTS = 4000  # more are drawn as the peaks of as many groups
_MIN_LOUD = 0.02  # a sound that is fainter everywhere is drawn faint; others fill the height


class Waveform(TimePlot):
    """Greatest samples over time; hidden until it is asked for."""

    def __init__(self, sound: SoundPlayer, playback: Playback, above: TimePlot, parent: QWidget | None = None) -> None:
        super().__init__(playback, parent)
        self._sound = sound
        self._upper = pg.PlotCurveItem()
        self._lower = pg.PlotCurveItem()
        self._fill = pg.FillBetweenItem(self._upper, self._lower)
        self._message = pg.TextItem("", anchor=(0.5, 0.5))
        for item in (self._upper, self._lower, self._fill, self._message):
            self.addItem(item, ignoreBounds=True)
        self.getPlotItem().hideAxis("bottom")
        self.getAxis("left").setStyle(showValues=False)
        self._above = above
        self.getPlotItem().setContentsMargins(*above.getPlotItem().getContentsMargins())
        self._box.setYRange(-1.05, 1.05, padding=0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Waveform of the sound over time")
        sound.envelope_changed.connect(self._draw)
        self.follow_playhead()
        self.link_time(above)
        above.getAxis("left").geometryChanged.connect(self._align)
        self.hide()
        self._draw(sound.envelope)

    def set_shown(self, on: bool) -> None:
        """Show or hide the waveform; while it is shown every video's sound is looked through."""
        self.setVisible(on)
        self._sound.want_envelope(on)
        self._align()

    def accessible_text(self) -> str:
        """Return a sentence on the gaps of the sound, or that it is complete."""
        envelope = self._sound.envelope
        if envelope is None:
            return "The sound is being read."
        return envelope.describe_missing(self._playback.start_s, self._playback.stop_s) or "The sound is whole."

    @themed
    def on_theme(self, theme: Theme) -> None:
        self.apply_theme_to_axes(theme)
        colour = QColor(theme.muted)
        self._fill.setBrush(colour)
        for curve in (self._upper, self._lower):
            curve.setPen(pg.mkPen(colour, width=1))
        self._message.setColor(QColor(theme.muted))
        self._message.setFont(self.font())
        self.setFixedHeight(by_text(56))

    def _align(self) -> None:
        """Give the plot the margins of the curve above, so that one time is at one place."""
        self.getAxis("left").setWidth(self._above.getAxis("left").width())

    def _draw(self, envelope: SoundEnvelope | None) -> None:
        peaks = envelope.peaks if envelope is not None else np.zeros(0, np.float32)
        step = max(1, -(-len(peaks) // MAX_POINTS))
        padded = np.pad(peaks, (0, -len(peaks) % step))
        heights = padded.reshape(-1, step).max(axis=1) if len(padded) else padded
        times_s = (np.arange(len(heights)) + 0.5) * step * ENVELOPE_BIN_S
        heights = heights / max(float(heights.max(initial=0)), _MIN_LOUD)
        self._upper.setData(times_s, heights)
        self._lower.setData(times_s, -heights)
        silent = envelope is not None and envelope.facts is None
        self._message.setText("This video has no sound" if silent else "")
        self._message.setPos((self._playback.start_s + self._playback.stop_s) / 2, 0)
