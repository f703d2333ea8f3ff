"""A track of labels under the score curve: a row for the model, and one for each person who kept moments."""

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QMouseEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.text import clock, printable
from skillviewer.data.study import SavedMoment
from skillviewer.ui.player.time_plot import TimePlot
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.widgets.layout import as_tip
from skillviewer.ui.widgets.signed_bar import sign_colour
from skillviewer.ui.widgets.theme import LIGHT, Theme, by_text, themed

ROW_PX = 18
EDGES_PX = 8  # above the first row and below the last
BAR_PX = 8
REACH_PX = 6  # distance from an end within which it is taken hold of
MODEL = "model"
UNNAMED = "unnamed"
MAX_ROWS = 5
AXIS_GAP_PX = 10  # between the names and the track


@dataclass(frozen=True, slots=True)
class TrackBar:
    """One moment on the track."""

    row: int  # from the top, from 0
    start_s: float
    stop_s: float
    text: str  # label, or what the model says
    amount: float = 0.0  # worth of a moment of the model
    saved: SavedMoment | None = None  # the kept moment, where its ends may be dragged


class LabelTrack(TimePlot):
    """Bars of moments over time. The ends of one's own can be dragged; a click elsewhere goes there."""

    def __init__(self, app_context: AppContext, above: TimePlot, parent: QWidget | None = None) -> None:
        super().__init__(app_context.playback, parent)
        self._app_context = app_context
        self._above = above
        self._why_loader = app_context.why_loader
        self._annotations = app_context.annotations
        self._theme: Theme = LIGHT
        self.rows: tuple[str, ...] = ()  # names of the rows, from the top
        self.bars: tuple[TrackBar, ...] = ()
        self._hidden = False  # true in theatre mode
        self._dragged: tuple[TrackBar, bool] | None = None  # the bar whose end is held, and True for its start
        self._lines = [pg.PlotCurveItem(connect="pairs") for _ in range(3)]  # raised, lowered, of people
        self._moving = pg.PlotCurveItem(connect="pairs")
        for item in (*self._lines, self._moving):
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
        """Return all bars in words, row by row."""
        parts = [
            f"{self.rows[bar.row]}: {clock(bar.start_s)} to {clock(bar.stop_s)}, {bar.text or 'no label'}."
            for bar in self.bars
        ]
        return " ".join(parts)

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.apply_theme_to_axes(theme)
        colours = (
            sign_colour(1.0, theme),
            sign_colour(-1.0, theme),
            QColor(theme.muted),
        )  # people's are grey: blue says lowered
        for line, colour in zip((*self._lines, self._moving), (*colours, QColor(theme.text)), strict=True):
            line.setPen(pg.mkPen(colour, width=by_text(BAR_PX), capstyle=Qt.PenCapStyle.FlatCap))
        self._fit_height()

    def set_theatre(self, on: bool) -> None:
        """Hide the track in theatre mode."""
        self._hidden = on
        self._draw()

    def _align(self) -> None:
        self.getAxis("left").setWidth(self._above.getAxis("left").width())
        self._draw()

    def _fit_height(self) -> None:
        n = len(self.rows)
        self.setFixedHeight(n * by_text(ROW_PX) + EDGES_PX if n else 0)
        self._box.setYRange(-n + 0.5, 0.5, padding=0)

    def _refresh(self) -> None:
        if self._dragged is None:
            self._collect()
            self._draw()

    def _collect(self) -> None:
        cards = self._why_loader.cards
        own_moments = [card.saved for card in cards if card.model_moment is None and card.saved is not None]
        people = list(dict.fromkeys(moment.author or UNNAMED for moment in own_moments))[: MAX_ROWS - 1]
        self.rows = (MODEL, *people) if own_moments else ()
        editable_authors = {self._annotations.author, ""} if self._annotations.writable else set()
        bars = [
            TrackBar(0, c.start_s, c.stop_s, c.model_moment.sentence(), c.model_moment.amount)
            for c in cards
            if c.model_moment is not None
        ]
        for moment in own_moments:
            author = moment.author or UNNAMED
            if author in people:
                saved = moment if moment.author in editable_authors else None
                row = 1 + people.index(author)
                bars.append(TrackBar(row, moment.start_s, moment.stop_s, moment.label, saved=saved))
        self.bars = tuple(bars) if own_moments else ()

    def _draw(self) -> None:
        groups: list[list[TrackBar]] = [[], [], []]
        for bar in self.bars:
            groups[2 if bar.row else int(bar.amount < 0)].append(bar)
        for line, group in zip(self._lines, groups, strict=True):
            self._draw_bars(line, group)
        axis = self.getAxis("left")
        letters = QFontMetrics(self.font())
        room = round(axis.width()) - AXIS_GAP_PX  # pyqtgraph leaves out a name that is wider
        names = [letters.elidedText(printable(name), Qt.TextElideMode.ElideRight, room) for name in self.rows]
        axis.setTicks([[(-row, name) for row, name in enumerate(names)]])
        self._fit_height()
        self.setVisible(bool(self.rows) and not self._hidden)

    @staticmethod
    def _draw_bars(line: pg.PlotCurveItem, bars: list[TrackBar]) -> None:
        ends = np.array([end for bar in bars for end in (bar.start_s, bar.stop_s)])
        line.setData(ends, np.repeat([-float(bar.row) for bar in bars], 2))

    # dragging

    def _row_at(self, event: QMouseEvent) -> int:
        y = self._box.mapSceneToView(self.mapToScene(event.position().toPoint())).y()
        return round(-float(y))

    def _end_at(self, event: QMouseEvent) -> tuple[TrackBar, bool] | None:
        """Return the bar whose end is under the mouse, and True for its start; None elsewhere."""
        row = self._row_at(event)
        x = event.position().x()
        ends = []
        for bar in self.bars:
            if bar.saved is not None and bar.row == row:
                for is_start, time_s in ((True, bar.start_s), (False, bar.stop_s)):
                    distance = abs(self._x_of(time_s) - x)
                    if distance <= REACH_PX:
                        ends.append((distance, bar, is_start))
        if not ends:
            return None
        _, bar, is_start = min(ends, key=lambda distance_and_end: distance_and_end[0])
        return bar, is_start

    def _x_of(self, time_s: float) -> float:
        return float(self.mapFromScene(self._box.mapViewToScene(QPointF(time_s, 0.0))).x())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of an end, or go where the left button is pressed."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragged = self._end_at(event)
            if self._dragged is not None:
                event.accept()
                return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged is None:
            over = self._end_at(event)
            self.viewport().setCursor(Qt.CursorShape.SizeHorCursor if over is not None else Qt.CursorShape.ArrowCursor)
            self._show_tip(event)
            super().mouseMoveEvent(event)
            return
        start_s, stop_s = self._dragged_to(event)
        row = -float(self._dragged[0].row)
        self._moving.setData([start_s, stop_s], [row, row])
        self._playback.stop_at_time(start_s if self._dragged[1] else max(stop_s - 1e-4, start_s))
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Keep the moment as it is now; undo brings the old ends back."""
        if self._dragged is None:
            super().mouseReleaseEvent(event)
            return
        bar = self._dragged[0]
        ends = self._dragged_to(event)
        self._dragged = None
        self._moving.setData([], [])
        if bar.saved is not None:
            self._annotations.move(bar.saved, *ends)
        self._refresh()
        event.accept()

    def _dragged_to(self, event: QMouseEvent) -> tuple[float, float]:
        """Return start and end of the bar whose end is held, on frames; at least one frame is left."""
        video = self._playback.video
        dragged = self._dragged
        assert dragged is not None
        bar, is_start = dragged
        if video is None:
            return bar.start_s, bar.stop_s
        at_s = min(max(self._time_at(event), self._playback.start_s), self._playback.stop_s - 1e-4)
        frame = video.frame_at(at_s)
        if is_start:
            last = video.frame_at(bar.stop_s - 1e-4)
            return float(video.times_s[min(frame, last)]), bar.stop_s
        return bar.start_s, max(video.end_s(frame), video.end_s(video.frame_at(bar.start_s)))

    def _show_tip(self, event: QMouseEvent) -> None:
        row = self._row_at(event)
        time_s = self._time_at(event)
        inside = (bar for bar in self.bars if bar.row == row and bar.start_s <= time_s < bar.stop_s)
        bar = next(inside, None)
        name = self.rows[row] if 0 <= row < len(self.rows) else ""
        self.setToolTip("" if bar is None else as_tip(printable(f"{name}: {bar.text or 'no label'}")))
