"""The motion over time: speed and opening of the hands, with peaks, pauses and gaps, on the axis of the score curve."""

from bisect import bisect
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from skillviewer.core.arrays import FloatArray, IntArray
from skillviewer.core.kinematics.motion_curves import MotionCurve, MotionCurves
from skillviewer.core.text import clock
from skillviewer.ui.player.time_plot import Seek, TimePlot
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.widgets.speech import announce
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed

SPEED_LANE, OPENING_LANE = (0.42, 0.98), (0.14, 0.36)
"""Parts of the height for the speed and for the opening; pauses lie below."""

SEEN_TOP, SEEN_STEP = 0.09, 0.035
"""Height of the first line that shows where a hand was seen, and distance to the next."""

MARK_GAP_PX = 8
"""Least distance between two speed peaks, and between two pauses, that are drawn."""

PLOT_COLOURS = {
    False: ("#0a76a8", "#5a7d00", "#b03a78", "#6f4fc0", "#a85a00", "#555b66"),
    True: ("#5cd0f7", "#c3f25a", "#f7a8d0", "#d9c8ff", "#ffd3a6", "#c8ccd2"),
}
"""Colours of the curves in a light and a dark theme, in the order of ``track_drawing.COLOURS``."""


def nice_ceiling(value: float) -> float:
    """Return the smallest of 1, 2 or 5 times a power of ten that is no smaller than a positive value; else 1."""
    if not (np.isfinite(value) and value > 0):
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9)))


def spaced(starts_s: FloatArray, stops_s: FloatArray, sizes: FloatArray, gap_s: float) -> IntArray:
    """Return the indices, ascending, of the intervals that remain if none is closer to a larger one than a gap."""
    kept: list[int] = []
    for index in np.argsort(-sizes, kind="stable").tolist():
        place = bisect(kept, starts_s[index], key=starts_s.__getitem__)
        before, after = kept[max(place - 1, 0) : place], kept[place : place + 1]
        is_free = all(starts_s[index] - stops_s[i] >= gap_s for i in before)
        if is_free and all(starts_s[i] - stops_s[index] >= gap_s for i in after):
            kept.insert(place, index)
    return np.array(kept, dtype=np.int64)


def format_curve(curve: MotionCurve, time_s: float, unit: str) -> str:
    """Return name, speed and opening of a curve at a time: "left hand 1.2 L/s, open 0.4 L"."""
    speed = curve.speed_at(time_s)
    opening = curve.opening_at(time_s)
    text = "not seen" if speed is None else f"{speed:.2g} {unit}/s"
    return f"{curve.name} {text}" + ("" if opening is None else f", open {opening:.2g} {unit}")


class _CurveItems:
    """Parts of the drawing of one curve; they are drawn again, not made anew, when the curve grows."""

    def __init__(self, plot: "MotionPlot") -> None:
        self.speed = pg.PlotCurveItem(connect="finite", antialias=True)
        self.peaks = pg.ScatterPlotItem(size=5, pxMode=True, pen=None)
        self.opening = pg.PlotCurveItem(connect="finite", antialias=True)
        self.seen = pg.PlotCurveItem(connect="finite", antialias=True)
        self.pauses = pg.PlotCurveItem(connect="pairs")
        for item in self.all:
            plot.addItem(item)

    @property
    def all(self) -> tuple[Any, ...]:
        """Every part."""
        return (self.speed, self.peaks, self.opening, self.seen, self.pauses)

    def set_colour(self, colour: QColor) -> None:
        faint = QColor(colour)
        faint.setAlphaF(0.45)
        self.speed.setPen(pg.mkPen(colour, width=1.4))
        self.peaks.setBrush(pg.mkBrush(colour))
        self.opening.setPen(pg.mkPen(colour, width=1.0))
        self.seen.setPen(pg.mkPen(faint, width=1.0))
        self.pauses.setPen(pg.mkPen(colour, width=4))

    def set_curve(self, curve: MotionCurve, heights: tuple[float, float], foot: float) -> None:
        """Draw a curve: speed and opening at the top of their lanes, and the height of the line at the foot."""
        fastest, widest = heights
        self.speed.setData(curve.times_s, _in_lane(curve.speed / fastest, SPEED_LANE))
        is_open = widest > 0 and len(curve.opening) > 0
        times_s, opening = (curve.opening_times_s, curve.opening / widest) if is_open else (np.zeros(0), np.zeros(0))
        self.opening.setData(times_s, _in_lane(opening, OPENING_LANE))
        self.seen.setData(curve.times_s, np.where(np.isfinite(curve.speed), foot, np.nan))

    def set_marks(self, curve: MotionCurve, fastest: float, foot: float, gap_s: float) -> None:
        """Draw the highest peaks and the longest pauses that are a gap apart."""
        at_peaks = curve.speed[np.minimum(np.searchsorted(curve.times_s, curve.peaks_s), len(curve.speed) - 1)]
        shown = spaced(curve.peaks_s, curve.peaks_s, at_peaks, gap_s)
        self.peaks.setData(curve.peaks_s[shown], _in_lane(at_peaks[shown] / fastest, SPEED_LANE))
        starts_s = np.array([pause.start_s for pause in curve.pauses], dtype=np.float64)
        stops_s = np.array([pause.stop_s for pause in curve.pauses], dtype=np.float64)
        shown = spaced(starts_s, stops_s, stops_s - starts_s, gap_s)
        ends = np.stack([starts_s[shown], stops_s[shown]], axis=1).ravel()
        self.pauses.setData(ends, np.full(len(ends), foot))

    def set_shown(self, shown: bool) -> None:
        for item in self.all:
            item.setVisible(shown)


class MotionPlot(TimePlot):
    """Speed (upper lane) and opening of thumb and index finger (lower lane), one colour a hand.

    Dots mark the speed peaks. At the foot a thin line shows where a hand was seen, a thick one where it paused, and
    nothing where it was searched and not found. Of peaks and pauses that would crowd, the highest and the longest are
    drawn; closer up there are more. Any player can have one: it needs a playhead, and curves.
    """

    def __init__(self, playback: Playback, parent: QWidget | None = None, *, seek: Seek | None = None) -> None:
        super().__init__(playback, parent, seek=seek)
        self.setAccessibleName("Motion over time")
        self._heights: tuple[float, float] | None = None
        self._theme: Theme = LIGHT
        self.curves: MotionCurves | None = None
        self._items: list[_CurveItems] = []
        self._colours: tuple[str, ...] = ()  # of the items
        self._ticks: list[tuple[float, str]] | None = None  # at the left
        self.setMinimumHeight(84)
        self.getPlotItem().setContentsMargins(0, 4, 16, 0)
        self._box.setYRange(0, 1, padding=0)
        self._gap_s = 0.0  # between the marks that are drawn
        for signal in (self._box.sigXRangeChanged, self._box.sigResized):
            signal.connect(self._on_scale)
        self.follow_playhead()

    def set_curves(self, curves: MotionCurves | None) -> None:
        """Show other curves; None for none."""
        if curves is not self.curves:
            self.curves = curves
            self._draw()

    @property
    def heights(self) -> tuple[float, float]:
        """Speed and opening at the top of their lanes, as the curves need; 0 for an opening that is not known."""
        curves = self.curves.curves if self.curves is not None else ()
        speeds = (curve.speed[np.isfinite(curve.speed)] for curve in curves)
        fastest = max((float(np.percentile(speed, 99.5)) for speed in speeds if len(speed)), default=1.0)
        openings = (curve.opening[np.isfinite(curve.opening)] for curve in curves)
        widest = max((float(opening.max()) for opening in openings if len(opening)), default=0.0)
        return nice_ceiling(fastest), nice_ceiling(widest) if widest > 0 else 0.0

    def set_heights(self, heights: tuple[float, float] | None) -> None:
        """Draw with these ``heights``, so that two plots can be compared; None for those of the own curves."""
        if heights != self._heights:
            self._heights = heights
            self._draw()

    def accessible_text(self) -> str:
        """Return speed and opening at the playhead, and the pauses."""
        if self.curves is None:
            return ""
        parts = [f"{clock(self._playback.time_s)}: {self.text_here()}."]
        for curve in self.curves.curves:
            times = ", ".join(clock(pause.start_s) for pause in curve.pauses[:10])
            parts.append(f"{curve.name}: {len(curve.pauses)} pauses{f' at {times}' if times else ''}.")
        return " ".join(parts)

    def text_here(self) -> str:
        """Return the values at the playhead, for a line above the plot."""
        if self.curves is None:
            return ""
        unit = self.curves.unit.short
        time_s = self._playback.time_s
        texts = [format_curve(curve, time_s, unit) for curve in self.curves.curves]
        if self.curves.n_left_out:
            texts.append(f"and {self.curves.n_left_out} more")
        return " · ".join(texts)

    def colour_of(self, curve: MotionCurve) -> QColor:
        """Return the colour in which a curve is drawn."""
        return QColor(PLOT_COLOURS[self._theme.dark][curve.colour])

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.apply_theme_to_axes(theme)
        self.getAxis("left").setWidth(56)
        self._draw()

    def _draw(self) -> None:
        curves = self.curves.curves if self.curves is not None else ()
        while len(self._items) < len(curves):
            self._items.append(_CurveItems(self))
            self._colours = ()
        for items in self._items[len(curves) :]:
            items.set_shown(False)
        heights = self._heights or self.heights
        self._label(heights)
        colours = tuple(self.colour_of(curve).name() for curve in curves)
        for place, (items, curve) in enumerate(zip(self._items, curves, strict=False)):
            if colours != self._colours:
                items.set_colour(QColor(colours[place]))
            items.set_curve(curve, heights, _foot(place, len(curves)))
            items.set_shown(True)
        self._colours = colours
        self._draw_marks()

    def _on_scale(self, *_: object) -> None:
        """Draw more or fewer marks where a second has become wider or narrower."""
        if abs(self._box.viewPixelSize()[0] * MARK_GAP_PX - self._gap_s) > 1e-6 * self._gap_s:
            self._draw_marks()

    def _draw_marks(self) -> None:
        curves = self.curves.curves if self.curves is not None else ()
        self._gap_s = float(self._box.viewPixelSize()[0]) * MARK_GAP_PX
        fastest = (self._heights or self.heights)[0]
        for place, (items, curve) in enumerate(zip(self._items, curves, strict=False)):
            items.set_marks(curve, fastest, _foot(place, len(curves)), self._gap_s)

    def _label(self, heights: tuple[float, float]) -> None:
        """Name the speed and the opening at the top of their lanes, where that has changed."""
        ticks = []
        if self.curves is not None:
            (fastest, widest), unit = heights, self.curves.unit.short
            ticks.append((SPEED_LANE[1] - 0.07, f"{fastest:g} {unit}/s"))
            if widest:
                ticks.append((OPENING_LANE[1] - 0.07, f"{widest:g} {unit}"))
        if ticks != self._ticks:
            self._ticks = ticks
            self.getAxis("left").setStyle(showValues=bool(ticks))
            self.getAxis("left").setTicks([ticks])

    def _on_frame(self, frame: int) -> None:
        super()._on_frame(frame)
        if self.curves is not None and not self._playback.playing:
            announce(self, self.text_here)


def _foot(place: int, n_curves: int) -> float:
    """Return the height of the line that shows where the hand of a curve was seen."""
    return SEEN_TOP - place * SEEN_STEP / max(1, n_curves / 3)


def _in_lane(share: FloatArray, lane: tuple[float, float]) -> FloatArray:
    return lane[0] + (lane[1] - lane[0]) * np.minimum(share, 1.0)
