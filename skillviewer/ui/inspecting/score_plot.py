"""The plot of the score over time, with all passes, their mean, sampled frames, and flags of moments."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QWidget

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.score_curve import CurveMark, ScoreCurve, score_curve
from skillviewer.core.analysis.score_text import score_decimals
from skillviewer.core.arrays import FloatArray
from skillviewer.core.text import clock, format_series, signed
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.player.time_plot import PlotPoint, Seek, TimePlot
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.widgets.signed_bar import sign_colour
from skillviewer.ui.widgets.speech import announce
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed

AXIS_WIDTH_PX = 56  # at the usual text size
FLAG_SHARE = 0.06  # distance of the flags from the top, as a share of the height
STRIP_SHARE = 0.13  # share of the height, at the bottom, for segments and sampled frames


class ScorePlot(TimePlot):
    """The score curve of the video on screen; the cursor follows the playhead.

    The left button scrubs, the wheel zooms time about the mouse, the middle button moves the visible range.
    """

    point_px = 9.0
    min_height_px = 110  # at the usual text size
    _row_names_px = 0  # width of the names of the rows below the plot

    def __init__(
        self, state: ViewerState, playback: Playback, parent: QWidget | None = None, *, seek: Seek | None = None
    ) -> None:
        super().__init__(playback, parent, seek=seek)
        self.setAccessibleName("Score over time")
        self._grabbed_s = 0.0  # time under the mouse when a button was pressed
        self._state = state
        self._theme: Theme = LIGHT
        self.curve: ScoreCurve | None = None
        self._marks: tuple[CurveMark, ...] = ()
        self._shows_ratings = False
        self.getPlotItem().setContentsMargins(0, 8, 16, 4)
        self._make_items()
        self._box.sigYRangeChanged.connect(self._place_strip)
        self._box.sigYRangeChanged.connect(self._place_flags)
        self._box.sigYRangeChanged.connect(self._label_axis)
        playback.marks_changed.connect(self._on_selection)
        state.analysis_changed.connect(self._on_analysis)
        state.curve_look_changed.connect(self._on_curve_look)
        self.follow_playhead()

    def _make_items(self) -> None:
        """Make the items from the lowest to the topmost."""
        self._selection = self._add(pg.LinearRegionItem(movable=False))
        self._selection.setZValue(-20)
        self._boundaries = self._add(pg.PlotCurveItem(connect="pairs"))
        self._band = self._add(pg.FillBetweenItem(pg.PlotDataItem(), pg.PlotDataItem()))
        self._pass_curves = self._add(pg.PlotCurveItem(connect="finite", antialias=True))
        self._mean = self._add(pg.PlotDataItem(antialias=True))
        self._analysed_line = self._add(pg.PlotCurveItem(connect="pairs"))
        self._ticks = self._add(pg.PlotCurveItem(connect="pairs"))
        self._moment_lines = self._add(pg.PlotCurveItem(connect="pairs"))
        self._flags = self._add(pg.ScatterPlotItem(pxMode=True))
        self._selection.hide()

    def _add(self, item: Any) -> Any:  # noqa: ANN401 - pyqtgraph has no types
        """Add an item to the plot, and return the item."""
        self.addItem(item)
        return item

    def accessible_text(self) -> str:
        """Return the score at the playhead and at all sampled frames, and the moments."""
        curve = self.curve
        analysis = self._state.analysis
        if curve is None or analysis is None:
            return ""
        times_s = analysis.times_s.max(axis=0)
        digits = score_decimals([analysis])
        scores = analysis.score_curve.mean(axis=0)
        sentences = [self._score_at_playhead_text(), format_series(map(clock, times_s), scores, digits)]
        for mark in self._marks:
            amount = signed(mark.amount, digits) if mark.amount is not None else "kept"
            sentences.append(f"Moment {clock(mark.start_s)} to {clock(mark.stop_s)}: {amount}.")
        return " ".join(sentences)

    def _score_at_playhead_text(self) -> str:
        time_s = self._playback.time_s
        point = self.curve.at(time_s) if self.curve is not None else None
        analysis = self._state.analysis
        score_text = "–"
        if point is not None and analysis is not None:
            score_text = signed(point[1], score_decimals([analysis]))
        return f"{clock(time_s)}: {score_text}."

    def set_marks(self, marks: tuple[CurveMark, ...]) -> None:
        """Flag moments: a triangle up or down if a moment raises or lowers the score, a square for a kept moment."""
        if marks != self._marks:
            self._marks = marks
            self._place_flags()

    @property
    def has_ratings(self) -> bool:
        """True if the score on screen has a rating on the raters' scale."""
        calibrated_score = self._state.analysis.scaled if self._state.analysis is not None else None
        return calibrated_score is not None and bool(calibrated_score.words)

    def show_ratings(self, on: bool) -> None:
        """Label the axis with ratings or with scores; a rating holds for the end of the curve."""
        self._shows_ratings = on
        self._label_axis()

    def _label_axis(self, *_: object) -> None:
        analysis = self._state.analysis
        tick_levels = None  # those of the scores
        if analysis is not None and analysis.scaled is not None and self._shows_ratings:
            _, (bottom, top) = self._box.viewRange()
            rating_ticks = analysis.scaled.ticks(bottom, top)
            tick_levels = [rating_ticks] if rating_ticks else None
        self.getAxis("left").setTicks(tick_levels)

    def make_room_for_names(self, width_px: int) -> int:
        """Make the left axis at least so wide, since the plots below share its width, and return its width.

        A width of 0 stands for the usual width.
        """
        if width_px != self._row_names_px:
            self._row_names_px = width_px
            self._fit_axis()
        return self._axis_width_px()

    def _axis_width_px(self) -> int:
        return max(scaled_px(AXIS_WIDTH_PX), self._row_names_px)

    def _fit_axis(self) -> None:
        self.getAxis("left").setWidth(self._axis_width_px())

    @property
    def flags(self) -> list[tuple[float, str]]:
        """Time and symbol of the drawn flags: ``"t1"`` up, ``"t"`` down, ``"s"`` kept."""
        return [(float(spot.pos().x()), str(spot.symbol())) for spot in self._flags.points()]

    def _place_flags(self, *_: object) -> None:
        _, (bottom, top) = self._box.viewRange()
        flag_y = top - (top - bottom) * FLAG_SHARE
        spots = [
            {
                "pos": (mark.start_s, flag_y),
                "symbol": {"": "s", "+": "t1", "−": "t"}[mark.sign],
                "size": 10,
                "brush": sign_colour(mark.amount or 0.0, self._theme),
                "pen": None,
            }
            for mark in self._marks
        ]
        self._flags.setData(spots)
        ends_s = np.array([(mark.start_s, mark.stop_s) for mark in self._marks]).reshape(-1)
        self._moment_lines.setData(ends_s, np.full(len(ends_s), flag_y))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the time under the left button; the middle button grabs the view."""
        self._grabbed_s = self._time_at(event)
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._button == Qt.MouseButton.MiddleButton:
            self._box.translateBy(x=self._grabbed_s - self._time_at(event))
        super().mouseMoveEvent(event)

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.apply_theme_to_axes(theme)
        self._fit_axis()
        self.setMinimumHeight(min(scaled_px(self.min_height_px), 2 * self.min_height_px - 40))
        accent = QColor(theme.accent)
        self._mean.setPen(pg.mkPen(accent, width=2))
        line_colour = _faded(QColor(theme.line), 0.7)
        muted_colour = _faded(QColor(theme.muted), 0.7)
        self._pass_curves.setPen(pg.mkPen(_faded(accent, 0.7), width=1))
        self._band.setBrush(_faded(accent, 0.12))
        self._boundaries.setPen(pg.mkPen(line_colour, width=1))
        self._ticks.setPen(pg.mkPen(theme.muted, width=1))
        self._analysed_line.setPen(pg.mkPen(_faded(accent, 0.75), width=3))
        self.place_points()
        self._moment_lines.setPen(pg.mkPen(muted_colour, width=1))
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
            is_of_this_video = (analysis.video.digest, analysis.frames) == (video.digest, self._playback.frames)
            curve = score_curve(analysis, self._state.curve_look) if is_of_this_video else None
        self._draw(curve)
        self._label_axis()

    def _on_curve_look(self, _curve_look: str) -> None:
        self._on_analysis(self._state.analysis)

    def _draw(self, curve: ScoreCurve | None) -> None:
        self.curve = curve
        self.place_points()
        for item in (self._mean, self._pass_curves, self._band, self._boundaries, self._ticks, self._analysed_line):
            item.setVisible(curve is not None)
        self.getAxis("left").setStyle(showValues=curve is not None)
        if curve is None:
            return
        self._analysed_line.setVisible(curve.analysed_s < self._stop_s)
        self._mean.setData(curve.times_s, curve.mean)
        self._band.setVisible(curve.low is not None)
        if curve.low is not None:
            lower = pg.PlotDataItem(curve.times_s, curve.low)
            upper = pg.PlotDataItem(curve.times_s, curve.high)
            self._band.setCurves(lower, upper)
        has_several_passes = len(curve.passes) > 1
        self._pass_curves.setVisible(has_several_passes)
        if has_several_passes:
            self._pass_curves.setData(_join_with_gaps(curve.pass_times_s), _join_with_gaps(curve.passes))
        self._set_score_range(*curve.limits())
        self._place_strip()

    def _set_score_range(self, low: float, high: float) -> None:
        """Set the scores at the lower and upper end; the strip is below."""
        strip_height = (high - low) * STRIP_SHARE / (1 - STRIP_SHARE)
        self._box.setYRange(low - strip_height, high, padding=0)

    def _place_strip(self, *_: object) -> None:
        curve = self.curve
        if curve is None:
            return
        _, (bottom, top) = self._box.viewRange()
        height = (top - bottom) * STRIP_SHARE
        boundary_ends = np.tile([bottom, top], len(curve.boundaries_s))
        self._boundaries.setData(np.repeat(curve.boundaries_s, 2), boundary_ends)
        tick_ends = np.tile([bottom + height * 0.28, bottom + height * 0.78], len(curve.sampled_s))
        self._ticks.setData(np.repeat(curve.sampled_s, 2), tick_ends)
        analysed_y = bottom + height * 0.06
        self._analysed_line.setData(np.array([self._start_s, curve.analysed_s]), np.array([analysed_y, analysed_y]))

    def _on_frame(self, frame: int) -> None:
        super()._on_frame(frame)
        if not self._playback.playing:
            announce(self, self._score_at_playhead_text)

    def points_here(self) -> tuple[PlotPoint, ...]:
        """Return the point of the curve at the playhead."""
        point = self.curve.at(self._playback.time_s) if self.curve is not None else None
        if point is None:
            return ()
        time_s, score = point
        return (PlotPoint(time_s, score, QColor(self._theme.accent)),)

    def _on_selection(self) -> None:
        selection_s = self._playback.selection_s
        self._selection.setVisible(selection_s is not None)
        if selection_s is not None:
            self._selection.setRegion(selection_s)


def _faded(colour: QColor, opacity: float) -> QColor:
    faded = QColor(colour)
    faded.setAlphaF(opacity)
    return faded


def _join_with_gaps(rows: FloatArray) -> FloatArray:
    """Return the rows of an array, (K, N), one after the other, with NaN after each: (K * (N + 1),)."""
    gap = np.full((len(rows), 1), np.nan)
    return np.hstack([rows, gap]).reshape(-1)
