"""The waveform of the sound under the score curve, on the same axis of time."""

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.video.sound import ENVELOPE_BIN_S, SoundEnvelope
from skillviewer.ui.player.time_plot import TimePlot
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.session.sound_player import SoundPlayer
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import Theme, themed

MAX_POINTS = 4000  # number of points drawn: a longer envelope is drawn as the peaks of groups
MIN_FULL_PEAK = 0.02  # least peak of a sound that is scaled to the full height; fainter sounds are drawn lower


class Waveform(TimePlot):
    """The envelope of the sound over time; hidden until the user asks for it."""

    def __init__(self, sound: SoundPlayer, playback: Playback, above: TimePlot, parent: QWidget | None = None) -> None:
        super().__init__(playback, parent)
        self._sound = sound
        self._upper_curve = pg.PlotCurveItem()
        self._lower_curve = pg.PlotCurveItem()
        self._fill = pg.FillBetweenItem(self._upper_curve, self._lower_curve)
        self._message = pg.TextItem("", anchor=(0.5, 0.5))
        for item in (self._upper_curve, self._lower_curve, self._fill, self._message):
            self.addItem(item, ignoreBounds=True)
        self.getPlotItem().hideAxis("bottom")
        self.getAxis("left").setStyle(showValues=False)
        self._score_plot = above
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
        """Show or hide the waveform; while it is shown, the sound of every video on screen is read as a whole."""
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
        for curve in (self._upper_curve, self._lower_curve):
            curve.setPen(pg.mkPen(colour, width=1))
        self._message.setColor(QColor(theme.muted))
        self._message.setFont(self.font())
        self.setFixedHeight(scaled_px(56))

    def _align(self) -> None:
        """Align the time axis with the axis of the curve above."""
        self.getAxis("left").setWidth(self._score_plot.getAxis("left").width())

    def _draw(self, envelope: SoundEnvelope | None) -> None:
        peaks = envelope.peaks if envelope is not None else np.zeros(0, np.float32)
        group_size = max(1, math.ceil(len(peaks) / MAX_POINTS))
        n_missing = -len(peaks) % group_size  # peaks that the last group lacks
        groups = np.pad(peaks, (0, n_missing)).reshape(-1, group_size)
        heights = groups.max(axis=1, initial=0)
        heights = heights / max(float(heights.max(initial=0)), MIN_FULL_PEAK)
        times_s = (np.arange(len(heights)) + 0.5) * group_size * ENVELOPE_BIN_S
        self._upper_curve.setData(times_s, heights)
        self._lower_curve.setData(times_s, -heights)
        has_no_sound = envelope is not None and envelope.facts is None
        message = "This video has no sound" if has_no_sound else ""
        self._message.setText(message)
        self._message.setPos((self._playback.start_s + self._playback.stop_s) / 2, 0)
