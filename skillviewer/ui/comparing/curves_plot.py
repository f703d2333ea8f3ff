"""The score curves of all models in one plot, with the time axis of the panes."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QWidget

from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.comparing.curve_style import Heights, Line, Stroke
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed
from skillviewer.ui.widgets.time_plot import TimePlot

LABEL_ROOM = 0.045
"""Share of the width, at the right end, kept for the numbers of the curves."""


class CurvesPlot(TimePlot):
    """Curves that differ by number, dashes and lightness. The left button scrubs, the wheel zooms the time axis."""

    scrubbed = Signal()

    def __init__(self, playback: Playback, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Scores of the models over time"))
        self._playback = playback
        self._lines: tuple[Line, ...] = ()
        self._strokes: Mapping[str, tuple[str, Stroke]] = {}
        self._heights = Heights.OWN
        self._theme = LIGHT
        self._held = False
        self._items: list[object] = []
        self.getPlotItem().setContentsMargins(0, 4, 12, 2)
        self.setMinimumHeight(80)
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        self._zero = pg.InfiniteLine(angle=0, movable=False)
        self._points = pg.ScatterPlotItem(size=8, pxMode=True)
        for item in (self._zero, self._cursor, self._points):
            self.addItem(item)
        playback.video_changed.connect(self._on_video)
        playback.frame_changed.connect(self._on_frame)
        self._on_video(playback.video)

    @property
    def lines(self) -> tuple[Line, ...]:
        return self._lines

    @property
    def cursor_s(self) -> float:
        """Time of the cursor, in seconds."""
        return float(self._cursor.value())

    def show_lines(self, lines: Sequence[Line], strokes: Mapping[str, tuple[str, Stroke]], heights: Heights) -> None:
        """Draw curves.

        Args:
            lines: The curves.
            strokes: Number and stroke of each model, by key.
            heights: The vertical scale.
        """
        self._lines, self._strokes, self._heights = tuple(lines), strokes, heights
        self._draw()

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.dress_axes(theme)
        self._cursor.setPen(pg.mkPen(theme.text, width=1))
        self._zero.setPen(pg.mkPen(theme.line, width=1))
        self._points.setPen(pg.mkPen(theme.base, width=1))
        self._draw()

    def _draw(self) -> None:
        for item in self._items:
            self.removeItem(item)
        self._items = []
        standard = self._heights is Heights.STANDARD and bool(self._lines)
        self.getAxis("left").setStyle(showValues=standard)
        self.getAxis("left").setWidth(40 if standard else 12)
        self._zero.setVisible(standard)
        places = _spread_labels([float(line.heights[-1]) for line in self._lines], *self._range())
        low, high = self._range()
        self._box.setYRange(low, high, padding=0)
        for line, place in zip(self._lines, places, strict=True):
            number, stroke = self._strokes[line.key]
            pen = stroke.pen(dark=self._theme.dark, width=2.0)
            curve = pg.PlotCurveItem(line.times_s, line.heights, pen=pen, antialias=True)
            label = pg.TextItem(number, color=pen.color(), anchor=(0, 0.5))
            label.setFont(self.font())
            label.setPos(float(line.times_s[-1]) + 0.006 * (self._until - self._from), place)
            for item in (curve, label):
                self.addItem(item, ignoreBounds=True)
                self._items.append(item)
        self._place_points()

    def _range(self) -> tuple[float, float]:
        if not self._lines:
            return -0.1, 1.1
        least = min(float(line.heights.min()) for line in self._lines)
        most = max(float(line.heights.max()) for line in self._lines)
        room = max((most - least) * 0.1, 0.05)
        return least - room, most + room

    def fit(self) -> None:
        """Show the whole time."""
        room = (self._until - self._from) * LABEL_ROOM
        self._box.setXRange(self._from, self._until + room, padding=0.005)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the time under the mouse."""
        self._held = event.button() == Qt.MouseButton.LeftButton
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrub."""
        if self._held:
            self._playback.seek_time(self._time_at(event))
            self.scrubbed.emit()
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Go to the time under the mouse, and end the scrub."""
        self.mouseMoveEvent(event)
        self._held = False

    @Slot(object)
    def _on_video(self, video: VideoInfo | None) -> None:
        self._from = self._playback.start_s
        self._until = max(self._playback.stop_s, self._from + 1e-3) if video is not None else 1.0
        length = self._until - self._from
        most = self._until + 2 * LABEL_ROOM * length
        self._box.setLimits(xMin=self._from - 0.02 * length, xMax=most, minXRange=min(0.05, length))
        self.fit()
        self._cursor.setVisible(video is not None)
        self.getAxis("bottom").setStyle(showValues=video is not None)
        self._on_frame(self._playback.frame)

    @Slot(int)
    def _on_frame(self, _frame: int) -> None:
        time_s = self._playback.time_s
        self._cursor.setValue(time_s)
        self._place_points()
        start, stop = self._box.viewRange()[0]
        if self._playback.playing and not start <= time_s <= stop:
            self._box.setXRange(time_s, time_s + stop - start, padding=0)

    def _place_points(self) -> None:
        spots = []
        for line in self._lines:
            at = line.at(self._playback.time_s)
            if at is not None:
                stroke = self._strokes[line.key][1]
                colour = QColor(stroke.on_dark if self._theme.dark else stroke.on_light)
                spots.append({"pos": (line.times_s[at], line.heights[at]), "brush": colour})
        self._points.setData(spots)


def _spread_labels(ends: list[float], low: float, high: float) -> list[float]:
    """Return label positions near the ends of the curves, such that no label covers another."""
    gap = (high - low) * min(0.12, 0.9 / max(len(ends), 1))
    order = np.argsort(ends, kind="stable")
    places = np.array(ends, np.float64)
    for before, after in pairwise(order):
        places[after] = max(places[after], places[before] + gap)
    over = places.max(initial=low) - (high - gap / 3)
    if over > 0:
        places[order[-1]] -= over
        for after, before in pairwise(order[::-1]):
            places[before] = min(places[before], places[after] - gap)
    return [float(place) for place in places]
