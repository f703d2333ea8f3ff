"""The split view: the video on screen next to a better video, aligned in time, on one clock."""

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.analysis.score_text import score_decimals
from skillviewer.core.text import counted, printable, signed
from skillviewer.ui.actions.actions import Actions, ActionTip, Handlers
from skillviewer.ui.inspecting.aligned_plot import AlignedPlot
from skillviewer.ui.inspecting.gap_list import GapList
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
    NO_MARGINS,
    GrowingSpace,
    add_all,
    growing,
    horizontal,
    push_button,
    scroll_area,
    set_background,
    splitter,
    vertical,
)
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import Theme, apply_theme, themed

if TYPE_CHECKING:
    from skillviewer.core.explanation.alignment import ScoreGap
    from skillviewer.core.video.clips import VideoClip

INSIDE_S = 1e-4  # subtracted from the end of an interval to get a time within its last frame
SIDE_PX = 300
MOTION_PX = 48
"""Least height of a graph of motion."""


def _call_all(functions: Sequence[Callable[[], object]]) -> None:
    for function in functions:
        function()


class SplitScreen(QWidget):
    """Players and score curves of the video on screen and of a better video, and the parts with the greatest losses."""

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._actions = actions
        self._loader = app_context.reference_loader
        self._is_shown = False
        self._theme: Theme | None = None
        self._opened_clip: VideoClip | None = None  # the reference video in the second player
        self._listed_gaps: tuple[ScoreGap, ...] = ()
        self._reference_state = ViewerState(app_context.state.map_style, parent=self)
        self._reference_state.set_curve_look(app_context.state.curve_look)
        self.title_label = ElidingLabel(self)
        self.title_label.setProperty("heading", True)
        self.reference_title = ElidingLabel(self)
        self.reference_title.setProperty("heading", True)
        self.player = Player(app_context, actions, self)
        self.reference_player = FollowingPlayer(
            app_context.reference_worker, app_context.state, "Picture of the better video", self
        )
        menu = self.player.map_menu
        self.reference_player.caption.menu_asked.connect(lambda: menu.open_at(self.reference_player.caption))
        canvas = self.reference_player.canvas
        canvas.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        canvas.customContextMenuRequested.connect(lambda position: menu.open_at(self.reference_player.canvas, position))
        for player in (self.player, self.reference_player):
            player.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)  # both are equally wide
            player.canvas.setMinimumSize(200, 112)
        self.curve = AlignedPlot(app_context.state, app_context.playback, app_context.playback.seek_time, self)
        self.reference_curve = AlignedPlot(
            self._reference_state, self.reference_player.playback, self._seek_reference, self
        )
        self._reference_motion_curves = StoredCurves(
            app_context.tracks_worker, app_context.tracks, app_context.messages, parent=self
        )
        self.curve.setAccessibleName("Score of this video over time")
        self.reference_curve.setAccessibleName("Score of the better video over time")
        lower = splitter(
            self,
            Qt.Orientation.Horizontal,
            widgets=(self._make_curves(), self._make_side()),
            factors=(1, 0),
            sizes=(900, SIDE_PX),
        )
        upper = self._make_pictures()
        parts = splitter(self, Qt.Orientation.Vertical, widgets=(upper, lower), factors=(1, 0), sizes=(560, 240))
        add_all(vertical(self, margins=NO_MARGINS), parts)
        self._connect()
        actions.attach_player(self.player.canvas, self.reference_player.canvas, self.curve, self.reference_curve)
        self._refresh()

    def _make_pictures(self) -> QWidget:
        upper = QWidget(self)
        titles = add_all(
            horizontal(margins=(16, 6, 16, 4), spacing=16), growing(self.title_label), growing(self.reference_title)
        )
        pictures = add_all(horizontal(spacing=2), growing(self.player), growing(self.reference_player))
        self.player.transport.setParent(upper)  # the transport moves both videos, so it is below both pictures
        add_all(vertical(upper, margins=NO_MARGINS, spacing=0), titles, growing(pictures), self.player.transport)
        return upper

    def _make_curves(self) -> QWidget:
        curves = QWidget(self)
        curves.setAutoFillBackground(True)
        curves.setBackgroundRole(curves.palette().ColorRole.Base)
        self._column = vertical(curves, margins=NO_MARGINS, spacing=0)
        add_all(self._column, growing(self.curve), growing(self.reference_curve))
        return curves

    @cached_property
    def motion(self) -> MotionView:
        """The motion of this video, made with the first tracks that move."""
        return self._add_motion(self.curve, self._app_context.playback, self._app_context.playback.seek_time)

    @cached_property
    def reference_motion(self) -> MotionView:
        """The motion of the better video, made with its first tracks that move."""
        return self._add_motion(self.reference_curve, self.reference_player.playback, self._seek_reference)

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

    def _make_side(self) -> QWidget:
        area = scroll_area(self, "Parts where this video loses most")
        side = QWidget(area)
        self._side = side
        self.heading_label = text_label("Where this video loses most", side, heading=True, wrap=True)
        self.message_label = WrappingLabel(side, muted=True)
        self.gap_list = GapList(side)
        self.previous_button = push_button("Previous", side, self._actions["split_previous"].trigger)
        self.next_button = push_button("Next", side, self._actions["split_next"].trigger)
        self.export_button = push_button("Export a clip…", side, self._actions["export_split"].trigger)
        self.close_button = push_button("Close", side, self._actions["split_close"].trigger)
        buttons = FlowLayout()
        for button, action in (
            (self.previous_button, "split_previous"),
            (self.next_button, "split_next"),
            (self.export_button, "export_split"),
            (self.close_button, "split_close"),
        ):
            ActionTip(button, self._actions[action])
            buttons.addWidget(button)
        add_all(
            vertical(side, margins=(12, 8, 12, 4), spacing=6),
            self.heading_label,
            self.message_label,
            buttons,
            self.gap_list,
            GrowingSpace(),
        )
        area.setWidget(side)
        area.setMinimumWidth(scaled_px(200))
        return area

    def _connect(self) -> None:
        app_context = self._app_context
        self._loader.changed.connect(self._refresh)
        app_context.state.current_changed.connect(self._refresh)
        app_context.state.analysis_changed.connect(self._refresh)
        app_context.state.curve_look_changed.connect(self._reference_state.set_curve_look)
        app_context.playback.frame_changed.connect(self._follow)
        app_context.playback.playing_changed.connect(self._follow)
        app_context.video_opener.cannot_open.connect(self.player.canvas.set_message)
        self.reference_player.playback.video_changed.connect(self._on_reference_video)
        self.gap_list.play_asked.connect(self.play)
        app_context.tracks.changed.connect(self._show_motion)
        self._reference_motion_curves.changed.connect(self._show_motion)

    def handlers(self, _dialogs: Dialogs) -> Handlers:
        """Return the handlers of the split view and of its player."""
        canvases = (self.player.canvas, self.reference_player.canvas)
        return Handlers(
            commands={
                "better_video": self.player.canvas.setFocus,
                "split_next": lambda: self.jump(1),
                "split_previous": lambda: self.jump(-1),
                "split_close": self._actions["show_inspect"].trigger,
            },
            conditions={
                "split_next": lambda: bool(self._loader.gaps),
                "split_previous": lambda: bool(self._loader.gaps),
                "split_close": lambda: self._is_shown,
            },
            change_signals=(self._loader.changed,),
            player_commands={
                "zoom_in": partial(_call_all, [canvas.zoom_in for canvas in canvases]),
                "zoom_out": partial(_call_all, [canvas.zoom_out for canvas in canvases]),
                "zoom_fit": partial(_call_all, [canvas.fit for canvas in canvases]),
                "curve_fit": partial(_call_all, [self.curve.fit, self.reference_curve.fit]),
                "focus": self.player.canvas.setFocus,
            },
        )

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        set_background(theme.base, self._side, self.gap_list)

    def on_shown(self) -> None:
        self._is_shown = True
        self._loader.set_wanted(on=True)
        self._app_context.feed.request(self._app_context.playback.frame)
        self._refresh()
        self._show_motion()
        self.player.canvas.setFocus()

    def on_hidden(self) -> None:
        self._is_shown = False
        self._loader.set_wanted(on=False)
        self._opened_clip = None
        self.reference_player.close_video()

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
        first_frame = playback.video.frame_at(gap.start_s)
        last_frame = playback.video.frame_at(gap.stop_s - INSIDE_S)
        self.gap_list.setCurrentRow(index)
        playback.play_once(range(first_frame, max(last_frame, first_frame + 1) + 1))

    def jump(self, direction: int) -> None:
        """Pause at the start of the next (1) or previous (-1) part, if any."""
        playback = self._app_context.playback
        if playback.video is None:
            return
        starts = [playback.video.frame_at(gap.start_s) for gap in self._loader.gaps]
        indices = [index for index, start in enumerate(starts) if (start - playback.frame) * direction > 0]
        if indices:
            index = indices[0] if direction > 0 else indices[-1]
            playback.stop_at(starts[index])
            self.gap_list.setCurrentRow(index)

    # both videos

    def _seek_reference(self, time_s: float) -> None:
        """Go with both videos to a time of the better video."""
        if self._loader.pace is not None:
            own_time_s = float(self._loader.pace.to_own(np.array(time_s)))
            self._app_context.playback.seek_time(own_time_s)

    def _follow(self, *_: object) -> None:
        pace = self._loader.pace
        playback = self._app_context.playback
        if self._is_shown and pace is not None and playback.video is not None:
            reference_s = float(pace.to_other(np.array(playback.time_s)))
            self.reference_player.show_time(reference_s, playing=playback.playing)

    def _on_reference_video(self, *_: object) -> None:
        self._reference_state.set_analysis(self._loader.analysis)
        self._share_scale()
        self._reference_motion_curves.show_video(self._opened_clip, self.reference_player.playback.video)

    def _show_motion(self) -> None:
        """Draw the motion of both videos, on one vertical scale if they have the same unit."""
        if not self._is_shown:
            return
        curves = self._app_context.tracks.curves
        reference_curves = self._reference_motion_curves.curves
        views: list[MotionView] = []
        if curves is not None or "motion" in vars(self):
            self.motion.set_curves(curves)
            views.append(self.motion)
        if reference_curves is not None or "reference_motion" in vars(self):
            self.reference_motion.set_curves(reference_curves)
            views.append(self.reference_motion)
        heights = None
        if curves is not None and reference_curves is not None and curves.unit.name == reference_curves.unit.name:
            speed, opening = self.motion.plot.heights
            reference_speed, reference_opening = self.reference_motion.plot.heights
            heights = (max(speed, reference_speed), max(opening, reference_opening))
        for view in views:
            view.plot.set_heights(heights)

    def _refresh(self, *_: object) -> None:
        if not self._is_shown:
            return
        loader = self._loader
        if loader.clip != self._opened_clip:
            self._opened_clip = loader.clip
            self._reference_state.set_analysis(None)
            if loader.clip is not None:
                self.reference_player.open(loader.clip, loader.analysis)
            else:
                self.reference_player.close_video()
        self._show_titles()
        self._show_gaps()
        self._share_scale()
        self._follow()

    def _show_titles(self) -> None:
        app_context = self._app_context
        reference = self._loader.reference
        entry = app_context.videos.get(app_context.state.current_clip)
        analysis = app_context.state.analysis
        digits = self._digits()
        name = printable(entry.name) if entry is not None else ""
        score = ""
        if analysis is not None and analysis.complete:
            score = signed(analysis.score, digits)
        self.title_label.set_forms(f"This video: {name}   {score}", f"{name}   {score}")
        if reference is None or self._loader.clip is None:
            self.reference_title.set_forms("")
            is_waiting = entry is not None and app_context.why_loader.findings is None
            message = "" if is_waiting else "No comparable video in the top 25 % scores higher than this one."
            self.reference_player.canvas.set_message(message)
            return
        reference_name = printable(reference.name)
        reference_score = signed(reference.score, digits)
        short_title = f"{reference_name}   {reference_score}"
        self.reference_title.set_forms(f"Better: {short_title}", short_title)

    def _digits(self) -> int:
        """Return the number of decimals of scores."""
        analyses = (self._loader.own_analysis, self._loader.analysis)
        known_analyses = [analysis for analysis in analyses if analysis is not None]
        return score_decimals(known_analyses) if known_analyses else 2

    def _show_gaps(self) -> None:
        loader = self._loader
        if loader.gaps != self._listed_gaps:
            self._listed_gaps = loader.gaps
            self.gap_list.set_gaps(loader.gaps, self._digits())
            self.curve.set_parts([(gap.start_s, gap.stop_s) for gap in loader.gaps])
            self.reference_curve.set_parts([(gap.other_start_s, gap.other_stop_s) for gap in loader.gaps])
        self.gap_list.setVisible(bool(loader.gaps))
        self.message_label.set_plain(self._format_alignment())

    def _format_alignment(self) -> str:
        loader = self._loader
        if loader.clip is None:
            return "There is no better video to compare with."
        if loader.alignment is not None and loader.alignment.gain:
            if not loader.gaps:
                return "Aligned in time: no part loses."
            return f"Aligned in time. {counted(len(loader.gaps), 'part')}, in order of time: click one to play it."
        if loader.problem:
            reason = f"The videos cannot be aligned: {loader.problem}"
        elif loader.aligning:
            reason = "Aligning both videos in time…"
        elif loader.alignment is not None:
            reason = "The two videos go different ways: no common moments."
        else:
            reason = "Not aligned yet: the model is being loaded."
        return f"{reason} Both run at an even pace."

    def _share_scale(self) -> None:
        """Draw both curves on one vertical scale."""
        plots = (self.curve, self.reference_curve)
        limits = [plot.curve.limits() for plot in plots if plot.curve is not None]
        if limits:
            low = min(low for low, _ in limits)
            high = max(high for _, high in limits)
            for plot in plots:
                plot.set_limits(low, high)
