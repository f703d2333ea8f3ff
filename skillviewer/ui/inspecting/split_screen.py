"""The split view: the video on screen and a better one at full size, aligned in time, on one clock."""

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QApplication, QListWidget, QListWidgetItem, QSizePolicy, QWidget

from skillviewer.core.analysis.score_text import score_digits
from skillviewer.core.explanation.alignment import ScoreGap
from skillviewer.core.text import clock, counted, printable, signed
from skillviewer.ui.actions.actions import Actions, ActionTip, Handlers
from skillviewer.ui.inspecting.aligned_plot import AlignedPlot
from skillviewer.ui.inspecting.motion_view import MotionView
from skillviewer.ui.player.following_player import FollowingPlayer
from skillviewer.ui.player.player import Player
from skillviewer.ui.player.time_plot import Seek
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.session.tracks.stored_curves import StoredCurves
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.labels import ElidingLabel, WrappingLabel, text_label
from skillviewer.ui.widgets.layout import (
    NONE,
    add_all,
    horizontal,
    push_button,
    scroll_area,
    set_background,
    splitter,
    vertical,
)
from skillviewer.ui.widgets.theme import Theme, apply_theme, by_text, themed

if TYPE_CHECKING:
    from skillviewer.core.video.clips import VideoClip

LIST_PX = 300
MOTION_PX = 48
"""Least height of a graph of motion."""


def _each(methods: Sequence[Callable[[], object]]) -> None:
    for method in methods:
        method()


class GapList(QListWidget):
    """The parts in which a video loses most, numbered; a click or Enter plays one."""

    asked = Signal(int)  # index of the part to play

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Parts where this video loses most")
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFont(QApplication.font())  # lists have another font by default
        self.setProperty("letters", "plain")
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # the page around it scrolls
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.itemClicked.connect(self._on_item)
        self.itemActivated.connect(self._on_item)

    def set_gaps(self, gaps: tuple[ScoreGap, ...], digits: int) -> None:
        self.clear()
        for number, gap in enumerate(gaps, start=1):
            lengths = f"{gap.stop_s - gap.start_s:.1f} s, there {gap.other_stop_s - gap.other_start_s:.1f} s"
            changes = f"score {signed(gap.change, digits)}, there {signed(gap.other_change, digits)}"
            item = QListWidgetItem(f"{number}   {clock(gap.start_s)} – {clock(gap.stop_s)}\n{lengths}\n{changes}")
            item.setToolTip(f"Play this part: it {gap.text(digits)}")
            self.addItem(item)
        self._fit()

    @themed
    def on_theme(self, _theme: Theme) -> None:
        self._fit()

    def _fit(self) -> None:
        """Give every part room for its three lines, and the list for all parts; letters may be larger now."""
        height = 3 * QFontMetrics(QApplication.font()).lineSpacing() + by_text(12)
        for row in range(self.count()):
            self.item(row).setSizeHint(QSize(10, height))
        self.setFixedHeight(self.count() * height + 4)

    def _on_item(self, item: QListWidgetItem) -> None:
        self.asked.emit(self.row(item))


class SplitScreen(QWidget):
    """Two players on the clock of the first, their score curves, and the parts where the first loses most."""

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._actions = actions
        self._loader = app_context.reference
        self._is_shown = False
        self._theme: Theme | None = None
        self._opened: VideoClip | None = None  # the reference in the second player
        self._listed: tuple[ScoreGap, ...] = ()
        self._other_state = ViewerState(app_context.state.map_style, parent=self)
        self._other_state.set_curve_look(app_context.state.curve_look)
        self.own_title = ElidingLabel(self)
        self.other_title = ElidingLabel(self)
        for title in (self.own_title, self.other_title):
            title.setProperty("heading", True)
        self.player = Player(app_context, actions, self)
        self.other = FollowingPlayer(
            app_context.reference_worker, app_context.state, "Picture of the better video", self
        )
        menu = self.player.map_menu
        self.other.caption.menu_asked.connect(lambda: menu.open_at(self.other.caption))
        self.other.canvas.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.other.canvas.customContextMenuRequested.connect(lambda position: menu.open_at(self.other.canvas, position))
        for player in (self.player, self.other):
            player.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)  # both are equally wide
            player.canvas.setMinimumSize(200, 112)
        self.curve = AlignedPlot(app_context.state, app_context.playback, app_context.playback.seek_time, self)
        self.other_curve = AlignedPlot(self._other_state, self.other.playback, self._seek_other, self)
        self._other_motion = StoredCurves(
            app_context.tracks_worker, app_context.tracks, app_context.messages, parent=self
        )
        self.curve.setAccessibleName("Score of this video over time")
        self.other_curve.setAccessibleName("Score of the better video over time")
        lower = splitter(
            self, Qt.Orientation.Horizontal, (self._make_curves(), self._make_list()), (1, 0), (900, LIST_PX)
        )
        upper = self._make_pictures()
        whole = splitter(self, Qt.Orientation.Vertical, (upper, lower), (1, 0), (560, 240))
        add_all(vertical(self, NONE), whole)
        self._connect()
        actions.attach_player(self.player.canvas, self.other.canvas, self.curve, self.other_curve)
        self._refresh()

    def _make_pictures(self) -> QWidget:
        upper = QWidget(self)
        heads = add_all(horizontal(margins=(16, 6, 16, 4), spacing=16), (self.own_title, 1), (self.other_title, 1))
        pictures = add_all(horizontal(spacing=2), (self.player, 1), (self.other, 1))
        self.player.transport.setParent(upper)  # one clock: it stands under both pictures
        add_all(vertical(upper, NONE, 0), heads, (pictures, 1), self.player.transport)
        return upper

    def _make_curves(self) -> QWidget:
        curves = QWidget(self)
        curves.setAutoFillBackground(True)
        curves.setBackgroundRole(curves.palette().ColorRole.Base)
        self._column = vertical(curves, NONE, 0)
        add_all(self._column, (self.curve, 1), (self.other_curve, 1))
        return curves

    @cached_property
    def motion(self) -> MotionView:
        """The motion of this video, made with the first tracks that move."""
        return self._add_motion(self.curve, self._app_context.playback, self._app_context.playback.seek_time)

    @cached_property
    def other_motion(self) -> MotionView:
        """The motion of the better video, made with its first tracks that move."""
        return self._add_motion(self.other_curve, self.other.playback, self._seek_other)

    def _add_motion(self, curve: AlignedPlot, playback: Playback, seek: Seek) -> MotionView:
        """Place a graph under a score curve, on its time axis."""
        motion = MotionView(playback, curve.parentWidget(), seek=seek)
        motion.plot.setMinimumHeight(MOTION_PX)
        motion.plot.hideAxis("bottom")  # the score curve above it has one
        motion.plot.link_time(curve)
        self._column.insertWidget(self._column.indexOf(curve) + 1, motion, 1)
        if self._theme is not None:
            apply_theme(motion, self._theme)
        self._actions.attach_player(motion.plot)
        return motion

    def _make_list(self) -> QWidget:
        area = scroll_area(self, "Parts where this video loses most")
        self.side = side = QWidget(area)
        self.heading = text_label("Where this video loses most", side, heading=True, wrap=True)
        self.message = WrappingLabel(side, muted=True)
        self.list = GapList(side)
        self.previous = push_button("Previous", side, self._actions["split_previous"].trigger)
        self.next = push_button("Next", side, self._actions["split_next"].trigger)
        self.export = push_button("Export a clip…", side, self._actions["export_split"].trigger)
        self.back = push_button("Close", side, self._actions["split_close"].trigger)
        for button, action in (
            (self.previous, "split_previous"),
            (self.next, "split_next"),
            (self.export, "export_split"),
            (self.back, "split_close"),
        ):
            ActionTip(button, self._actions[action])
        row = FlowLayout()
        for button in (self.previous, self.next, self.export, self.back):
            row.addWidget(button)
        add_all(vertical(side, (12, 8, 12, 4), 6), self.heading, self.message, row, self.list, 1)
        area.setWidget(side)
        area.setMinimumWidth(by_text(200))
        return area

    def _connect(self) -> None:
        app_context = self._app_context
        self._loader.changed.connect(self._refresh)
        app_context.state.current_changed.connect(self._refresh)
        app_context.state.analysis_changed.connect(self._refresh)
        app_context.state.curve_look_changed.connect(self._other_state.set_curve_look)
        app_context.playback.frame_changed.connect(self._follow)
        app_context.playback.playing_changed.connect(self._follow)
        app_context.video_opener.cannot_open.connect(self.player.canvas.set_message)
        self.other.playback.video_changed.connect(self._on_other_video)
        self.list.asked.connect(self.play)
        app_context.tracks.changed.connect(self._draw_motion)
        self._other_motion.changed.connect(self._draw_motion)

    def handlers(self, _dialogs: Dialogs) -> Handlers:
        """Return the handlers of the split view and of its player."""
        canvases = (self.player.canvas, self.other.canvas)
        return Handlers(
            run={
                "better_video": self.player.canvas.setFocus,
                "split_next": lambda: self.jump(1),
                "split_previous": lambda: self.jump(-1),
                "split_close": self._actions["show_inspect"].trigger,
            },
            enabled={
                "split_next": lambda: bool(self._loader.gaps),
                "split_previous": lambda: bool(self._loader.gaps),
                "split_close": lambda: self._is_shown,
            },
            changed=(self._loader.changed,),
            player={
                "zoom_in": partial(_each, [canvas.zoom_in for canvas in canvases]),
                "zoom_out": partial(_each, [canvas.zoom_out for canvas in canvases]),
                "zoom_fit": partial(_each, [canvas.fit for canvas in canvases]),
                "curve_fit": partial(_each, [self.curve.fit, self.other_curve.fit]),
                "focus": self.player.canvas.setFocus,
            },
        )

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        set_background(theme.base, self.side, self.list)

    def on_shown(self) -> None:
        self._is_shown = True
        self._loader.want(on=True)
        self._app_context.feed.request(self._app_context.playback.frame)
        self._refresh()
        self._draw_motion()
        self.player.canvas.setFocus()

    def on_hidden(self) -> None:
        self._is_shown = False
        self._loader.want(on=False)
        self._opened = None
        self.other.close_video()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close on Escape."""
        if event.key() == Qt.Key.Key_Escape and not self.window().isFullScreen():
            self._actions["split_close"].trigger()
            return
        super().keyPressEvent(event)

    # the parts

    def play(self, index: int) -> None:
        """Play a part of both videos, from its start to its end."""
        playback = self._app_context.playback
        if playback.video is None or not 0 <= index < len(self._loader.gaps):
            return
        gap = self._loader.gaps[index]
        start, stop = playback.video.frame_at(gap.start_s), playback.video.frame_at(gap.stop_s - 1e-4)
        self.list.setCurrentRow(index)
        playback.play_once(range(start, max(stop, start + 1) + 1))

    def jump(self, direction: int) -> None:
        """Pause at the start of the next (1) or previous (-1) part; stay where there is none."""
        playback = self._app_context.playback
        if playback.video is None:
            return
        starts = [playback.video.frame_at(gap.start_s) for gap in self._loader.gaps]
        ahead = [i for i, start in enumerate(starts) if (start - playback.frame) * direction > 0]
        if ahead:
            index = ahead[0] if direction > 0 else ahead[-1]
            playback.stop_at(starts[index])
            self.list.setCurrentRow(index)

    # both videos

    def _seek_other(self, time_s: float) -> None:
        """Go with both videos to a time of the better one."""
        if self._loader.pace is not None:
            self._app_context.playback.seek_time(float(self._loader.pace.to_own(np.array(time_s))))

    def _follow(self, *_: object) -> None:
        pace, playback = self._loader.pace, self._app_context.playback
        if self._is_shown and pace is not None and playback.video is not None:
            self.other.show_time(float(pace.to_other(np.array(playback.time_s))), playing=playback.playing)

    def _on_other_video(self, *_: object) -> None:
        self._other_state.set_analysis(self._loader.analysis)
        self._share_limits()
        self._other_motion.show_video(self._opened, self.other.playback.video)

    def _draw_motion(self) -> None:
        """Draw the motion of both videos, on one vertical scale where they have one unit."""
        if not self._is_shown:
            return
        own_curves = self._app_context.tracks.curves
        other_curves = self._other_motion.curves
        views: list[MotionView] = []
        for name, curves in (("motion", own_curves), ("other_motion", other_curves)):
            if curves is not None or name in vars(self):
                views.append(getattr(self, name))
                views[-1].set_curves(curves)
        heights = None
        if own_curves is not None and other_curves is not None and own_curves.unit.name == other_curves.unit.name:
            speeds, openings = zip(*(view.plot.heights for view in views), strict=True)
            heights = max(speeds), max(openings)
        for view in views:
            view.plot.set_heights(heights)

    def _refresh(self, *_: object) -> None:
        if not self._is_shown:
            return
        loader = self._loader
        if loader.clip != self._opened:
            self._opened = loader.clip
            self._other_state.set_analysis(None)
            if loader.clip is not None:
                self.other.open(loader.clip, loader.analysis)
            else:
                self.other.close_video()
        self._name()
        self._list_gaps()
        self._share_limits()
        self._follow()

    def _name(self) -> None:
        app_context = self._app_context
        reference = self._loader.reference
        entry = app_context.videos.get(app_context.state.current)
        analysis = app_context.state.analysis
        digits = self._digits()
        name = printable(entry.name) if entry is not None else ""
        score = signed(analysis.score, digits) if analysis is not None and analysis.complete else ""
        self.own_title.set_forms(f"This video: {name}   {score}", f"{name}   {score}")
        if reference is None or self._loader.clip is None:
            self.other_title.set_forms("")
            empty_text = "No comparable video in the top 25 % scores higher than this one."
            waits = entry is not None and self._app_context.why_loader.findings is None
            self.other.canvas.set_message("" if waits else empty_text)
            return
        name = printable(reference.name)
        score = signed(reference.score, digits)
        self.other_title.set_forms(f"Better: {name}   {score}", f"{name}   {score}")

    def _digits(self) -> int:
        analyses = [a for a in (self._loader.own_analysis, self._loader.analysis) if a is not None]
        return score_digits(analyses) if analyses else 2

    def _list_gaps(self) -> None:
        loader = self._loader
        if loader.gaps != self._listed:
            self._listed = loader.gaps
            self.list.set_gaps(loader.gaps, self._digits())
            self.curve.set_parts([(gap.start_s, gap.stop_s) for gap in loader.gaps])
            self.other_curve.set_parts([(gap.other_start_s, gap.other_stop_s) for gap in loader.gaps])
        self.list.setVisible(bool(loader.gaps))
        self.message.set_plain(self._format_state())

    def _format_state(self) -> str:
        loader = self._loader
        if loader.clip is None:
            return "There is no better video to compare with."
        if loader.alignment is not None and loader.alignment.gain:
            n = len(loader.gaps)
            return (
                f"Aligned in time. {counted(n, 'part')}, in order of time." if n else "Aligned in time: no part loses."
            )
        reason = "Not aligned yet: the model is being loaded."
        if loader.problem:
            reason = f"The videos cannot be aligned: {loader.problem}"
        elif loader.aligning:
            reason = "Aligning both videos in time…"
        elif loader.alignment is not None:
            reason = "The two videos go different ways: no common moments."
        return f"{reason} Both run at an even pace."

    def _share_limits(self) -> None:
        """Draw both curves on one vertical scale."""
        limits = [curve.curve.limits() for curve in (self.curve, self.other_curve) if curve.curve is not None]
        if limits:
            low = min(low for low, _ in limits)
            high = max(high for _, high in limits)
            for curve in (self.curve, self.other_curve):
                curve.set_limits(low, high)
