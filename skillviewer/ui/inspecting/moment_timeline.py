"""Moments over time under the score curve: a row for the model, and a row for each user who kept moments."""

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.text import clock, printable
from skillviewer.data.study import SavedMoment
from skillviewer.ui.inspecting.score_plot import ScorePlot
from skillviewer.ui.player.time_plot import TimePlot
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.widgets.layout import as_tip
from skillviewer.ui.widgets.signed_bar import sign_colour
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed

ROW_PX = 18
MARGINS_PX = 8  # above the first row and below the last, together
BAR_PX = 8
GRAB_PX = 6  # distance from an end of a bar within which the end can be dragged
MODEL_ROW = "model"
UNNAMED_ROW = "unnamed"
MAX_ROWS = 5
INSIDE_S = 1e-4  # subtracted from the end of an interval to get a time within its last frame
AXIS_GAP_PX = 10  # between the names and the bars
MAX_NAMES_PX = 140  # at the usual text size; longer names are elided
MAX_NAMES_SHARE = 0.33  # of the width of the curve


@dataclass(frozen=True, slots=True)
class TimelineBar:
    """The bar of one moment."""

    row: int  # from the top, from 0
    start_s: float
    stop_s: float
    text: str  # label, or the sentence of the model
    contribution: float = 0.0  # contribution of a moment of the model
    saved_moment: SavedMoment | None = None  # the kept moment, if its ends may be dragged


class MomentTimeline(TimePlot):
    """Bars of moments over time. Users can drag the ends of their own moments; a click elsewhere goes there."""

    rows: tuple[str, ...] = ()  # names of the rows, from the top; read by resizeEvent while the plot is made

    def __init__(self, app_context: AppContext, above: ScorePlot, parent: QWidget | None = None) -> None:
        super().__init__(app_context.playback, parent)
        self._app_context = app_context
        self._score_plot = above
        self._why_loader = app_context.why_loader
        self._annotations = app_context.annotations
        self._theme: Theme = LIGHT
        self.bars: tuple[TimelineBar, ...] = ()
        self._is_in_theatre = False  # true in theatre mode
        self._dragged: tuple[TimelineBar, bool] | None = None  # the bar whose end is dragged, and True for its start
        self._raising_bars = pg.PlotCurveItem(connect="pairs")
        self._lowering_bars = pg.PlotCurveItem(connect="pairs")
        self._kept_bars = pg.PlotCurveItem(connect="pairs")
        self._dragged_bar = pg.PlotCurveItem(connect="pairs")
        for item in (self._raising_bars, self._lowering_bars, self._kept_bars, self._dragged_bar):
            self.addItem(item, ignoreBounds=True)
        self.getPlotItem().hideAxis("bottom")
        left, _, right, _ = above.getPlotItem().getContentsMargins()
        self.getPlotItem().setContentsMargins(left, 2, right, 6)
        self.getAxis("left").setStyle(hideOverlappingLabels=False)  # the names of the first and last row too
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Labels over time")
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self._why_loader.changed.connect(self._refresh)
        self.follow_playhead()
        self.link_time(above)
        above.getAxis("left").geometryChanged.connect(self._align)
        self._refresh()

    def accessible_text(self) -> str:
        """Return row, times and label of all bars."""
        return " ".join(
            f"{self.rows[bar.row]}: {clock(bar.start_s)} to {clock(bar.stop_s)}, {bar.text or 'no label'}."
            for bar in self.bars
        )

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.apply_theme_to_axes(theme)
        for item, colour in (
            (self._raising_bars, sign_colour(1.0, theme)),
            (self._lowering_bars, sign_colour(-1.0, theme)),
            (self._kept_bars, QColor(theme.muted)),  # blue would mean lowering
            (self._dragged_bar, QColor(theme.text)),
        ):
            item.setPen(pg.mkPen(colour, width=scaled_px(BAR_PX), capstyle=Qt.PenCapStyle.FlatCap))
        self._fit_height()

    def set_theatre(self, on: bool) -> None:
        """Hide the bars in theatre mode."""
        self._is_in_theatre = on
        self._draw()

    def _align(self) -> None:
        self.getAxis("left").setWidth(self._score_plot.getAxis("left").width())
        self._draw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Write the names anew, since their space depends on the width."""
        super().resizeEvent(event)
        if self.rows:
            self._name_rows()

    def _fit_height(self) -> None:
        n_rows = len(self.rows)
        height_px = n_rows * scaled_px(ROW_PX) + MARGINS_PX if n_rows else 0
        self.setFixedHeight(height_px)
        self._box.setYRange(-n_rows + 0.5, 0.5, padding=0)

    def _refresh(self) -> None:
        if self._dragged is None:
            self._collect()
            self._draw()

    def _collect(self) -> None:
        cards = self._why_loader.cards
        kept_moments = [
            card.saved_moment for card in cards if card.model_moment is None and card.saved_moment is not None
        ]
        if not kept_moments:
            self.rows = ()
            self.bars = ()
            return
        titles = [moment.author or UNNAMED_ROW for moment in kept_moments]
        authors = list(dict.fromkeys(titles))
        self.rows = (MODEL_ROW, *authors[: MAX_ROWS - 1])
        bars = [
            TimelineBar(
                0, card.start_s, card.stop_s, text=card.model_moment.sentence(), contribution=card.model_moment.amount
            )
            for card in cards
            if card.model_moment is not None
        ]
        editable_authors = {self._annotations.author, ""} if self._annotations.writable else set()
        for moment, title in zip(kept_moments, titles, strict=True):
            row = 1 + authors.index(title)
            if row < len(self.rows):
                saved = moment if moment.author in editable_authors else None
                bars.append(TimelineBar(row, moment.start_s, moment.stop_s, moment.label, saved_moment=saved))
        self.bars = tuple(bars)

    def _draw(self) -> None:
        model_bars = [bar for bar in self.bars if bar.row == 0]
        _draw_bars(self._raising_bars, [bar for bar in model_bars if bar.contribution >= 0])
        _draw_bars(self._lowering_bars, [bar for bar in model_bars if bar.contribution < 0])
        _draw_bars(self._kept_bars, [bar for bar in self.bars if bar.row > 0])
        self._name_rows()
        self._fit_height()
        self.setVisible(bool(self.rows) and not self._is_in_theatre)

    def _name_rows(self) -> None:
        """Write the names at the left, where the curve above makes room for them."""
        metrics = QFontMetrics(self.font())
        names = [printable(name) for name in self.rows]
        needed_px = 0
        if names and not self._is_in_theatre:
            widest_px = max(metrics.horizontalAdvance(name) for name in names) + AXIS_GAP_PX + 1
            needed_px = min(widest_px, scaled_px(MAX_NAMES_PX), round(MAX_NAMES_SHARE * self._score_plot.width()))
        axis_px = self._score_plot.make_room_for_names(needed_px)
        room_px = axis_px - AXIS_GAP_PX  # pyqtgraph leaves out a name that is wider
        elided_names = [metrics.elidedText(name, Qt.TextElideMode.ElideRight, room_px) for name in names]
        self.getAxis("left").setTicks([[(-row, name) for row, name in enumerate(elided_names)]])

    # dragging

    def _row_at(self, event: QMouseEvent) -> int:
        scene_position = self.mapToScene(event.position().toPoint())
        y = float(self._box.mapSceneToView(scene_position).y())
        return round(-y)

    def _end_at(self, event: QMouseEvent) -> tuple[TimelineBar, bool] | None:
        """Return the bar whose start or end is under the mouse, and True for the start; None without such a bar."""
        row = self._row_at(event)
        x = event.position().x()
        nearest: tuple[TimelineBar, bool] | None = None
        nearest_px = float(GRAB_PX)
        for bar in self.bars:
            if bar.saved_moment is None or bar.row != row:
                continue
            for is_start, time_s in ((True, bar.start_s), (False, bar.stop_s)):
                distance_px = abs(self._x_of(time_s) - x)
                is_first_in_reach = nearest is None and distance_px == nearest_px
                if distance_px < nearest_px or is_first_in_reach:
                    nearest = (bar, is_start)
                    nearest_px = distance_px
        return nearest

    def _x_of(self, time_s: float) -> float:
        scene_position = self._box.mapViewToScene(QPointF(time_s, 0.0))
        return float(self.mapFromScene(scene_position).x())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to drag an end, or go to the time under the left button."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragged = self._end_at(event)
            if self._dragged is not None:
                event.accept()
                return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged is None:
            can_drag = self._end_at(event) is not None
            cursor_shape = Qt.CursorShape.SizeHorCursor if can_drag else Qt.CursorShape.ArrowCursor
            self.viewport().setCursor(cursor_shape)
            self._show_tip(event)
            super().mouseMoveEvent(event)
            return
        bar, is_start = self._dragged
        start_s, stop_s = self._dragged_interval(event, bar, is_start=is_start)
        y = -float(bar.row)
        self._dragged_bar.setData([start_s, stop_s], [y, y])
        shown_s = start_s if is_start else max(stop_s - INSIDE_S, start_s)
        self._playback.stop_at_time(shown_s)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Save the moment with its new end, as a step of undo."""
        if self._dragged is None:
            super().mouseReleaseEvent(event)
            return
        bar, is_start = self._dragged
        start_s, stop_s = self._dragged_interval(event, bar, is_start=is_start)
        self._dragged = None
        self._dragged_bar.setData([], [])
        if bar.saved_moment is not None:
            self._annotations.move(bar.saved_moment, start_s, stop_s)
        self._refresh()
        event.accept()

    def _dragged_interval(self, event: QMouseEvent, bar: TimelineBar, *, is_start: bool) -> tuple[float, float]:
        """Return start and end of the dragged bar, in whole frames. It lasts at least one frame."""
        video = self._playback.video
        if video is None:
            return bar.start_s, bar.stop_s
        mouse_s = min(max(self._time_at(event), self._playback.start_s), self._playback.stop_s - INSIDE_S)
        frame = video.frame_at(mouse_s)
        if is_start:
            last_frame = video.frame_at(bar.stop_s - INSIDE_S)
            return float(video.times_s[min(frame, last_frame)]), bar.stop_s
        first_frame = video.frame_at(bar.start_s)
        return bar.start_s, max(video.end_s(frame), video.end_s(first_frame))

    def _show_tip(self, event: QMouseEvent) -> None:
        row = self._row_at(event)
        time_s = self._time_at(event)
        bars_here = [bar for bar in self.bars if bar.row == row and bar.start_s <= time_s < bar.stop_s]
        if bars_here:
            label = bars_here[0].text or "no label"
            self.setToolTip(as_tip(printable(f"{self.rows[row]}: {label}")))
        else:
            self.setToolTip("")


def _draw_bars(item: pg.PlotCurveItem, bars: list[TimelineBar]) -> None:
    ends_s = np.array([(bar.start_s, bar.stop_s) for bar in bars]).reshape(-1)
    item.setData(ends_s, np.repeat([-float(bar.row) for bar in bars], 2))
