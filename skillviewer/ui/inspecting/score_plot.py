"""The score over time: every pass faint, the mean bold, sampled frames, and a cursor that scrubs."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QWidget

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.score_curve import CurveMark, ScoreCurve, score_curve
from skillviewer.core.analysis.score_text import score_digits
from skillviewer.core.arrays import FloatArray
from skillviewer.core.text import clock, format_series, signed
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.player.time_plot import PlotPoint, Seek, TimePlot
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.widgets.signed_bar import sign_colour
from skillviewer.ui.widgets.speech import announce
from skillviewer.ui.widgets.theme import LIGHT, Theme, by_text, themed

FLAG_ROW = 0.06  # position of the flags, as a part of the height from the top
STRIP = 0.13  # part of the height, at the foot, that belongs to segments and sampled frames


class ScorePlot(TimePlot):
    """The score curve of the video on screen; the cursor follows the playhead.

    The left button scrubs, the wheel zooms time about the mouse, the middle button moves the visible range.
    """

    point_px = 9.0
    least_px = 110  # least height with letters of the usual size

    def __init__(
        self, state: ViewerState, playback: Playback, parent: QWidget | None = None, *, seek: Seek | None = None
    ) -> None:
        super().__init__(playback, parent, seek=seek)
        self.setAccessibleName("Score over time")
        self._held_s = 0.0
        self._state = state
        self._theme: Theme = LIGHT
        self.curve: ScoreCurve | None = None
        self._marks: tuple[CurveMark, ...] = ()
        self._rated = False
        self.getPlotItem().setContentsMargins(0, 8, 16, 4)
        self._make_items()
        self._box.sigYRangeChanged.connect(self._place_strip)
        self._box.sigYRangeChanged.connect(self._place_flags)
        self._box.sigYRangeChanged.connect(self._label_axis)
        playback.marks_changed.connect(self._on_marks)
        state.analysis_changed.connect(self._on_analysis)
        state.curve_look_changed.connect(self._on_map_style)
        self.follow_playhead()

    def _make_items(self) -> None:
        """Make the items from the lowest to the topmost."""
        self._selection = self._added(pg.LinearRegionItem(movable=False))
        self._selection.setZValue(-20)
        self._boundaries = self._added(pg.PlotCurveItem(connect="pairs"))
        self._band = self._added(pg.FillBetweenItem(pg.PlotDataItem(), pg.PlotDataItem()))
        self._passes = self._added(pg.PlotCurveItem(connect="finite", antialias=True))
        self._mean = self._added(pg.PlotDataItem(antialias=True))
        self._analysed = self._added(pg.PlotCurveItem(connect="pairs"))
        self._ticks = self._added(pg.PlotCurveItem(connect="pairs"))
        self._stretches = self._added(pg.PlotCurveItem(connect="pairs"))
        self._flags = self._added(pg.ScatterPlotItem(pxMode=True))
        self._selection.hide()

    def _added(self, item: Any) -> Any:  # noqa: ANN401 - pyqtgraph has no types
        self.addItem(item)
        return item

    def accessible_text(self) -> str:
        """Return the score at the playhead, at all sampled frames, and the moments."""
        curve = self.curve
        analysis = self._state.analysis
        if curve is None or analysis is None:
            return ""
        times = analysis.times_s.max(axis=0)
        digits = score_digits([analysis])
        parts = [self._spoken_here(), format_series(map(clock, times), analysis.score_curve.mean(axis=0), digits)]
        for mark in self._marks:
            amount = signed(mark.amount, digits) if mark.amount is not None else "kept"
            parts.append(f"Moment {clock(mark.start_s)} to {clock(mark.stop_s)}: {amount}.")
        return " ".join(parts)

    def _spoken_here(self) -> str:
        point = self.curve.at(self._playback.time_s) if self.curve is not None else None
        analysis = self._state.analysis
        score = signed(point[1], score_digits([analysis])) if point is not None and analysis is not None else "–"
        return f"{clock(self._playback.time_s)}: {score}."

    def set_marks(self, marks: tuple[CurveMark, ...]) -> None:
        """Flag moments: a triangle up where one raises the score, down where it lowers it, a square for a kept one."""
        if marks != self._marks:
            self._marks = marks
            self._place_flags()

    @property
    def has_ratings(self) -> bool:
        """True if the score on screen has a rating on the raters' scale."""
        scaled = self._state.analysis.scaled if self._state.analysis is not None else None
        return scaled is not None and bool(scaled.words)

    def show_ratings(self, on: bool) -> None:
        """Label the axis with ratings instead of scores; a rating holds for the end of the curve."""
        self._rated = on
        self._label_axis()

    def _label_axis(self, *_: object) -> None:
        analysis = self._state.analysis
        scaled = analysis.scaled if analysis is not None and self._rated else None
        ticks = scaled.ticks(*self._box.viewRange()[1]) if scaled is not None else []
        self.getAxis("left").setTicks([ticks] if ticks else None)

    @property
    def flags(self) -> list[tuple[float, str]]:
        """Time and form of the flags that are drawn: ``"t1"`` up, ``"t"`` down, ``"s"`` kept."""
        return [(float(spot.pos().x()), str(spot.symbol())) for spot in self._flags.points()]

    def _place_flags(self, *_: object) -> None:
        bottom, top = self._box.viewRange()[1]
        row = top - (top - bottom) * FLAG_ROW
        spots = [
            {
                "pos": (mark.start_s, row),
                "symbol": {"": "s", "+": "t1", "−": "t"}[mark.sign],
                "size": 10,
                "brush": sign_colour(mark.amount or 0.0, self._theme),
                "pen": None,
            }
            for mark in self._marks
        ]
        self._flags.setData(spots)
        ends = np.array([end for mark in self._marks for end in (mark.start_s, mark.stop_s)])
        self._stretches.setData(ends, np.full(len(ends), row))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go where the left button is pressed; take hold of the view with the middle one."""
        self._held_s = self._time_at(event)
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._button == Qt.MouseButton.MiddleButton:
            self._box.translateBy(x=self._held_s - self._time_at(event))
        super().mouseMoveEvent(event)

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.apply_theme_to_axes(theme)
        self.getAxis("left").setWidth(by_text(56))
        self.setMinimumHeight(min(by_text(self.least_px), 2 * self.least_px - 40))
        accent = QColor(theme.accent)
        self._mean.setPen(pg.mkPen(accent, width=2))
        self._passes.setPen(pg.mkPen(_faded(accent, 0.7), width=1))
        self._band.setBrush(_faded(accent, 0.12))
        self._boundaries.setPen(pg.mkPen(_faded(QColor(theme.line), 0.7), width=1))
        self._ticks.setPen(pg.mkPen(theme.muted, width=1))
        self._analysed.setPen(pg.mkPen(_faded(accent, 0.75), width=3))
        self.place_points()
        self._stretches.setPen(pg.mkPen(_faded(QColor(theme.muted), 0.7), width=1))
        self._place_flags()
        self._selection.setBrush(_faded(accent, 0.10))
        for line in self._selection.lines:
            line.setPen(pg.mkPen(_faded(accent, 0.75), width=1))

    def _on_video(self, video: VideoInfo | None) -> None:
        super()._on_video(video)
        self._on_analysis(self._state.analysis)

    def _on_analysis(self, analysis: Analysis | None) -> None:
        video = self._playback.video
        curve = None
        if analysis is not None and video is not None and analysis.n_samples:
            of_this = (analysis.video.digest, analysis.frames) == (video.digest, self._playback.frames)
            curve = score_curve(analysis, self._state.curve_look) if of_this else None
        self._draw(curve)
        self._label_axis()

    def _on_map_style(self, _map_style: str) -> None:
        self._on_analysis(self._state.analysis)

    def _draw(self, curve: ScoreCurve | None) -> None:
        self.curve = curve
        self.place_points()
        items = (self._mean, self._passes, self._band, self._boundaries, self._ticks, self._analysed)
        for item in items:
            item.setVisible(curve is not None)
        self._analysed.setVisible(curve is not None and curve.analysed_s < self._stop_s)
        self.getAxis("left").setStyle(showValues=curve is not None)
        if curve is None:
            return
        self._mean.setData(curve.times_s, curve.mean)
        self._band.setVisible(curve.low is not None)
        if curve.low is not None:
            self._band.setCurves(pg.PlotDataItem(curve.times_s, curve.low), pg.PlotDataItem(curve.times_s, curve.high))
        several = len(curve.passes) > 1
        self._passes.setVisible(several)
        if several:
            self._passes.setData(_joined(curve.pass_times_s), _joined(curve.passes))
        low, high = curve.limits()
        foot = (high - low) * STRIP / (1 - STRIP)
        self._box.setYRange(low - foot, high, padding=0)
        self._place_strip()

    def _place_strip(self, *_: object) -> None:
        curve = self.curve
        if curve is None:
            return
        bottom, top = self._box.viewRange()[1]
        height = (top - bottom) * STRIP
        x = np.repeat(curve.boundaries_s, 2)
        self._boundaries.setData(x, np.tile([bottom, top], len(curve.boundaries_s)))
        ends = [bottom + height * 0.28, bottom + height * 0.78]
        self._ticks.setData(np.repeat(curve.sampled_s, 2), np.tile(ends, len(curve.sampled_s)))
        line = bottom + height * 0.06
        self._analysed.setData(np.array([self._start_s, curve.analysed_s]), np.array([line, line]))

    def _on_frame(self, frame: int) -> None:
        super()._on_frame(frame)
        if not self._playback.playing:
            announce(self, self._spoken_here)

    def points_here(self) -> tuple[PlotPoint, ...]:
        """Return the point of the curve at the playhead."""
        point = self.curve.at(self._playback.time_s) if self.curve is not None else None
        return () if point is None else (PlotPoint(point[0], point[1], QColor(self._theme.accent)),)

    def _on_marks(self) -> None:
        chosen_s = self._playback.selection_s
        self._selection.setVisible(chosen_s is not None)
        if chosen_s is not None:
            self._selection.setRegion(chosen_s)


def _faded(colour: QColor, opacity: float) -> QColor:
    faded = QColor(colour)
    faded.setAlphaF(opacity)
    return faded


def _joined(rows: FloatArray) -> FloatArray:
    """Return rows in turn, with a gap (NaN) between."""
    gap = np.full((len(rows), 1), np.nan)
    return np.hstack([rows, gap]).reshape(-1)
