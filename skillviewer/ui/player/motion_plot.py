"""Plot of the motion over time: speed and opening of the hands, with peaks, pauses and gaps."""

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

SPEED_LANE = (0.42, 0.98)  # lower and upper end of the lane of the speed, as shares of the height
OPENING_LANE = (0.14, 0.36)  # lower and upper end of the lane of the opening
SEEN_TOP = 0.09  # height of the first line that shows when a hand was seen
SEEN_STEP = 0.035  # distance of the next line
MIN_MARK_GAP_PX = 8  # between two drawn speed peaks, and between two drawn pauses

PLOT_COLOURS = {
    False: ("#0a76a8", "#5a7d00", "#b03a78", "#6f4fc0", "#a85a00", "#555b66"),
    True: ("#5cd0f7", "#c3f25a", "#f7a8d0", "#d9c8ff", "#ffd3a6", "#c8ccd2"),
}
"""Colours of the curves in a light and a dark theme, in the order of ``track_drawing.COLOURS``."""


def nice_ceiling(value: float) -> float:
    """Round a positive value up to 1, 2 or 5 times a power of ten; return 1 for any other value."""
    if not (np.isfinite(value) and value > 0):
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    candidates = [step * power for step in (1, 2, 5, 10)]
    return float(next(candidate for candidate in candidates if candidate >= value * (1 - 1e-9)))


def spaced(starts_s: FloatArray, stops_s: FloatArray, sizes: FloatArray, gap_s: float) -> IntArray:
    """Select intervals, the largest first, such that no two are closer than a gap.

    Args:
        starts_s: (N,) ascending starts in seconds.
        stops_s: (N,) ends in seconds.
        sizes: (N,) sizes; a larger interval is preferred.
        gap_s: Smallest distance.

    Returns:
        Indices of the selected intervals, ascending.
    """
    selected: list[int] = []
    for index in np.argsort(-sizes, kind="stable").tolist():
        position = bisect(selected, starts_s[index], key=starts_s.__getitem__)
        if position > 0:
            previous = selected[position - 1]
            if starts_s[index] - stops_s[previous] < gap_s:
                continue
        if position < len(selected):
            following = selected[position]
            if starts_s[following] - stops_s[index] < gap_s:
                continue
        selected.insert(position, index)
    return np.array(selected, dtype=np.int64)


def format_curve(curve: MotionCurve, time_s: float, unit: str) -> str:
    """Return name, speed and opening of a curve at a time, such as "left hand 1.2 L/s, open 0.4 L"."""
    speed = curve.speed_at(time_s)
    opening = curve.opening_at(time_s)
    text = f"{curve.name} not seen" if speed is None else f"{curve.name} {speed:.2g} {unit}/s"
    return text if opening is None else f"{text}, open {opening:.2g} {unit}"


class _CurveItems:
    """The graphics items of a curve, which are reused when the curve grows."""

    def __init__(self, plot: "MotionPlot") -> None:
        self.speed_curve = pg.PlotCurveItem(connect="finite", antialias=True)
        self.peak_points = pg.ScatterPlotItem(size=5, pxMode=True, pen=None)
        self.opening_curve = pg.PlotCurveItem(connect="finite", antialias=True)
        self.seen_curve = pg.PlotCurveItem(connect="finite", antialias=True)
        self.pauses_curve = pg.PlotCurveItem(connect="pairs")
        for item in self.plot_items:
            plot.addItem(item)

    @property
    def plot_items(self) -> tuple[Any, ...]:
        """All items."""
        return (self.speed_curve, self.peak_points, self.opening_curve, self.seen_curve, self.pauses_curve)

    def set_colour(self, colour: QColor) -> None:
        faint = QColor(colour)
        faint.setAlphaF(0.45)
        self.speed_curve.setPen(pg.mkPen(colour, width=1.4))
        self.peak_points.setBrush(pg.mkBrush(colour))
        self.opening_curve.setPen(pg.mkPen(colour, width=1.0))
        self.seen_curve.setPen(pg.mkPen(faint, width=1.0))
        self.pauses_curve.setPen(pg.mkPen(colour, width=4))

    def set_curve(self, curve: MotionCurve, heights: tuple[float, float], foot: float) -> None:
        """Draw speed, opening, and the line of the times at which the hand was seen.

        Args:
            curve: The curve.
            heights: Speed and opening at the top of their lanes; 0 for an unknown opening.
            foot: Height of the line.
        """
        top_speed, top_opening = heights
        self.speed_curve.setData(curve.times_s, _in_lane(curve.speed / top_speed, SPEED_LANE))
        if top_opening > 0 and len(curve.opening):
            self.opening_curve.setData(curve.opening_times_s, _in_lane(curve.opening / top_opening, OPENING_LANE))
        else:
            self.opening_curve.setData(np.zeros(0), np.zeros(0))
        self.seen_curve.setData(curve.times_s, np.where(np.isfinite(curve.speed), foot, np.nan))

    def set_marks(self, curve: MotionCurve, top_speed: float, foot: float, gap_s: float) -> None:
        """Draw the highest peaks and the longest pauses that are at least a gap apart."""
        peak_indices = np.minimum(np.searchsorted(curve.times_s, curve.peaks_s), len(curve.speed) - 1)
        peak_speeds = curve.speed[peak_indices]
        peaks = spaced(curve.peaks_s, curve.peaks_s, peak_speeds, gap_s)
        self.peak_points.setData(curve.peaks_s[peaks], _in_lane(peak_speeds[peaks] / top_speed, SPEED_LANE))
        starts_s = np.array([pause.start_s for pause in curve.pauses], dtype=np.float64)
        stops_s = np.array([pause.stop_s for pause in curve.pauses], dtype=np.float64)
        pauses = spaced(starts_s, stops_s, stops_s - starts_s, gap_s)
        ends_s = np.stack([starts_s[pauses], stops_s[pauses]], axis=1).ravel()
        self.pauses_curve.setData(ends_s, np.full(len(ends_s), foot))

    def set_shown(self, shown: bool) -> None:
        for item in self.plot_items:
            item.setVisible(shown)


class MotionPlot(TimePlot):
    """Speed of the hands (upper lane), and opening of thumb and index finger (lower lane), in a colour for each hand.

    Dots mark the speed peaks. Below, a thin line shows when a hand was seen, and a thick one when it paused. Of crowded
    peaks and pauses, only the highest and the longest are drawn; zooming in shows more.
    """

    def __init__(self, playback: Playback, parent: QWidget | None = None, *, seek: Seek | None = None) -> None:
        super().__init__(playback, parent, seek=seek)
        self.setAccessibleName("Motion over time")
        self._fixed_heights: tuple[float, float] | None = None  # heights set by ``set_heights``
        self._theme: Theme = LIGHT
        self.curves: MotionCurves | None = None
        self._curve_items: list[_CurveItems] = []
        self._colours: tuple[str, ...] = ()  # colours of the items
        self._ticks: list[tuple[float, str]] | None = None  # ticks of the left axis
        self.setMinimumHeight(84)
        self.getPlotItem().setContentsMargins(0, 4, 16, 0)
        self._box.setYRange(0, 1, padding=0)
        self._gap_s = 0.0  # smallest distance between drawn marks
        for signal in (self._box.sigXRangeChanged, self._box.sigResized):
            signal.connect(self._on_scale)
        self.follow_playhead()

    def set_curves(self, curves: MotionCurves | None) -> None:
        """Show other curves; None for no curves."""
        if curves is not self.curves:
            self.curves = curves
            self._draw()

    @property
    def heights(self) -> tuple[float, float]:
        """Speed and opening at the top of their lanes, as the curves need them; 0 for an unknown opening."""
        curves = self.curves.curves if self.curves is not None else ()
        known_speeds = [curve.speed[np.isfinite(curve.speed)] for curve in curves]
        known_openings = [curve.opening[np.isfinite(curve.opening)] for curve in curves]
        top_speed = max((float(np.percentile(speed, 99.5)) for speed in known_speeds if len(speed)), default=1.0)
        top_opening = max((float(opening.max()) for opening in known_openings if len(opening)), default=0.0)
        opening_height = nice_ceiling(top_opening) if top_opening > 0 else 0.0
        return nice_ceiling(top_speed), opening_height

    @property
    def _shown_heights(self) -> tuple[float, float]:
        return self._fixed_heights if self._fixed_heights is not None else self.heights

    def set_heights(self, heights: tuple[float, float] | None) -> None:
        """Set speed and opening at the top of their lanes, to compare two plots; None for the own ``heights``."""
        if heights != self._fixed_heights:
            self._fixed_heights = heights
            self._draw()

    def accessible_text(self) -> str:
        """Return speed and opening at the playhead, and the pauses."""
        if self.curves is None:
            return ""
        sentences = [f"{clock(self._playback.time_s)}: {self.text_here()}."]
        for curve in self.curves.curves:
            text = f"{curve.name}: {len(curve.pauses)} pauses"
            if curve.pauses:
                text += " at " + ", ".join(clock(pause.start_s) for pause in curve.pauses[:10])
            sentences.append(f"{text}.")
        return " ".join(sentences)

    def text_here(self) -> str:
        """Return the values of all curves at the playhead."""
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
        while len(self._curve_items) < len(curves):
            self._curve_items.append(_CurveItems(self))
            self._colours = ()
        for items in self._curve_items[len(curves) :]:
            items.set_shown(shown=False)
        heights = self._shown_heights
        self._label_lanes(heights)
        colours = tuple(self.colour_of(curve).name() for curve in curves)
        for index, (items, curve) in enumerate(zip(self._curve_items, curves, strict=False)):
            if colours != self._colours:
                items.set_colour(QColor(colours[index]))
            items.set_curve(curve, heights, _foot(index, len(curves)))
            items.set_shown(True)
        self._colours = colours
        self._draw_marks()

    def _on_scale(self, *_: object) -> None:
        """Select other marks if the scale of the time has changed."""
        gap_s = self._box.viewPixelSize()[0] * MIN_MARK_GAP_PX
        if abs(gap_s - self._gap_s) > 1e-6 * self._gap_s:
            self._draw_marks()

    def _draw_marks(self) -> None:
        curves = self.curves.curves if self.curves is not None else ()
        self._gap_s = float(self._box.viewPixelSize()[0]) * MIN_MARK_GAP_PX
        top_speed, _ = self._shown_heights
        for index, (items, curve) in enumerate(zip(self._curve_items, curves, strict=False)):
            items.set_marks(curve, top_speed, _foot(index, len(curves)), self._gap_s)

    def _label_lanes(self, heights: tuple[float, float]) -> None:
        """Label the tops of the lanes with speed and opening, if these have changed."""
        ticks = []
        if self.curves is not None:
            top_speed, top_opening = heights
            unit = self.curves.unit.short
            ticks.append((SPEED_LANE[1] - 0.07, f"{top_speed:g} {unit}/s"))
            if top_opening:
                ticks.append((OPENING_LANE[1] - 0.07, f"{top_opening:g} {unit}"))
        if ticks != self._ticks:
            self._ticks = ticks
            self.getAxis("left").setStyle(showValues=bool(ticks))
            self.getAxis("left").setTicks([ticks])

    def _on_frame(self, frame: int) -> None:
        super()._on_frame(frame)
        if self.curves is not None and not self._playback.playing:
            announce(self, self.text_here)


def _foot(index: int, n_curves: int) -> float:
    """Return the height of the line that shows when the hand of a curve was seen."""
    return SEEN_TOP - index * SEEN_STEP / max(1, n_curves / 3)


def _in_lane(share: FloatArray, lane: tuple[float, float]) -> FloatArray:
    """Return the heights of values in a lane, given as shares of the value at its top."""
    low, high = lane
    return low + (high - low) * np.minimum(share, 1.0)
