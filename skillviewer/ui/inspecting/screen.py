"""The Inspect screen: the player above the score curve and other graphs over time."""

from dataclasses import replace
from functools import cached_property

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.score_curve import CurveMark
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.ui.actions.actions import Actions, Handlers
from skillviewer.ui.inspecting.camera_column import CameraColumn
from skillviewer.ui.inspecting.label_bar import LabelBar
from skillviewer.ui.inspecting.moment_timeline import MomentTimeline
from skillviewer.ui.inspecting.motion_view import MotionView
from skillviewer.ui.inspecting.score_header import ScoreHeader
from skillviewer.ui.inspecting.score_plot import ScorePlot
from skillviewer.ui.inspecting.waveform import Waveform
from skillviewer.ui.player.player import Player
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.layout import NO_MARGINS, UNLIMITED_PX, add_all, growing, splitter, vertical
from skillviewer.ui.widgets.theme import Theme, apply_theme, themed


def cells_as_maps(analysis: Analysis, evidence: Evidence) -> Analysis | None:
    """Return an analysis whose maps are the signed contributions of cells in each step; None without cells."""
    if evidence.cell_steps is None:
        return None
    return replace(analysis, attention=evidence.cell_steps.astype(np.float32), map_kind=MapKind.SIGNED)


GRAPHS = ("moment_timeline", "waveform", "motion")
"""Attributes of the graphs under the score curve, from top to bottom; each is made when there is something to show."""


class InspectScreen(QWidget):
    """Player, cameras and graphs of the video on screen."""

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._actions = actions
        self._theme: Theme | None = None
        self._in_theatre = False
        self.player = Player(app_context, actions, self)
        lower = QWidget(self)
        self.score_header = ScoreHeader(app_context, actions, lower)
        self.curve = ScorePlot(app_context.state, app_context.playback, lower)
        self.label_bar = LabelBar(app_context, self.player.canvas, lower)
        self._column = vertical(lower, margins=NO_MARGINS, spacing=0)
        add_all(self._column, self.label_bar, self.score_header, growing(self.curve, factor=3))
        lower.setAutoFillBackground(True)
        lower.setBackgroundRole(lower.palette().ColorRole.Base)
        self.camera_column = CameraColumn(app_context, self)
        upper = splitter(
            self, Qt.Orientation.Horizontal, widgets=(self.player, self.camera_column), factors=(2, 1), sizes=(640, 300)
        )
        parts = splitter(self, Qt.Orientation.Vertical, widgets=(upper, lower), factors=(1,), sizes=(560, 190))
        add_all(vertical(self, margins=NO_MARGINS), parts)
        self._explanations = app_context.evidence_loader
        self._state = app_context.state
        self._motion_timer = single_shot(self, 0, self._on_tracks)
        self._hidden_graphs: list[QWidget] = []  # graphs that theatre mode has hidden
        self._cached_cells: tuple[Evidence, Analysis | None] | None = None  # an evidence, and its cells as maps
        app_context.video_opener.cannot_open.connect(self.player.canvas.set_message)
        self._why_loader = app_context.why_loader
        self._why_loader.changed.connect(self._on_findings)
        self._on_findings()
        app_context.tracks.changed.connect(self._on_tracks)
        self._on_tracks()
        self._settings = app_context.settings
        actions["waveform"].setChecked(self._settings.waveform)
        if self._settings.waveform:
            self.waveform.set_shown(on=True)
        actions.attach_player(self.player.canvas, self.curve)

    @cached_property
    def moment_timeline(self) -> MomentTimeline:
        """Moments over time, made with the first kept moment."""
        timeline = MomentTimeline(self._app_context, self.curve, self.curve.parentWidget())
        self._insert("moment_timeline", timeline)
        timeline.set_theatre(self._in_theatre)
        self._actions.attach_player(timeline)
        return timeline

    @cached_property
    def waveform(self) -> Waveform:
        """The waveform of the sound, made when it is first asked for."""
        app_context = self._app_context
        waveform = Waveform(app_context.sound, app_context.playback, self.curve, self.curve.parentWidget())
        self._insert("waveform", waveform)
        self._actions.attach_player(waveform)
        return waveform

    @cached_property
    def motion(self) -> MotionView:
        """The motion of the video, made with the first tracks that move."""
        motion = MotionView(self._app_context.playback, self.curve.parentWidget())
        motion.plot.link_time(self.curve)
        self._insert("motion", motion, 2)
        self._actions.attach_player(motion.plot)
        return motion

    def _is_created(self, name: str) -> bool:
        return name in vars(self)

    def _insert(self, name: str, graph: QWidget, stretch: int = 0) -> None:
        """Place a graph under the curve, in the order of ``GRAPHS``."""
        names_above = [other for other in GRAPHS[: GRAPHS.index(name)] if self._is_created(other)]
        self._column.insertWidget(self._column.indexOf(self.curve) + 1 + len(names_above), graph, stretch)
        if self._theme is not None:
            apply_theme(graph, self._theme)

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme

    def _on_tracks(self) -> None:
        if self._is_created("motion"):
            self.motion.set_curves(self._app_context.tracks.curves)
        elif self._app_context.tracks.curves is not None:
            _ = self.motion
            self._motion_timer.start()  # the graph is drawn in another turn of the event loop, so that both are short

    def _on_findings(self) -> None:
        cards = self._why_loader.cards
        marks = []
        for card in cards:
            amount = card.model_moment.amount if card.model_moment is not None else None
            marks.append(CurveMark(card.start_s, card.stop_s, amount))
        self.curve.set_marks(tuple(marks))
        has_kept_moments = any(card.model_moment is None and card.saved_moment is not None for card in cards)
        if has_kept_moments and not self._is_created("moment_timeline"):
            _ = self.moment_timeline
        if self._actions["cell_evidence"].isChecked():
            self.player.set_contributions(self._cell_maps())

    def handlers(self, _dialogs: Dialogs) -> Handlers:
        """Return the switches of this screen, and the handlers of the player's actions."""
        canvas = self.player.canvas
        return Handlers(
            player_commands={
                "zoom_in": canvas.zoom_in,
                "zoom_out": canvas.zoom_out,
                "zoom_fit": canvas.fit,
                "curve_fit": self.curve.fit,
                "focus": self.focus_player,
            },
            switches={
                "cell_evidence": self._show_cells,
                "rating_axis": self.curve.show_ratings,
                "waveform": self._show_waveform,
            },
            conditions={
                "cell_evidence": lambda: self._cell_maps() is not None,
                "rating_axis": lambda: self.curve.has_ratings,
                "waveform": lambda: True,
            },
            change_signals=(self._why_loader.changed, self._state.analysis_changed),
        )

    def _show_waveform(self, on: bool) -> None:
        self.waveform.set_shown(on)
        self._settings.waveform = on

    def _show_cells(self, on: bool) -> None:
        self._explanations.set_wanted(self, on)
        maps = self._cell_maps() if on else None
        self.player.set_contributions(maps)

    def _cell_maps(self) -> Analysis | None:
        """Return the contributions of the cells as maps, computed once for each evidence."""
        findings = self._why_loader.findings
        if findings is None or findings.evidence is None:
            return None
        if self._cached_cells is not None:
            evidence, maps = self._cached_cells
            if evidence is findings.evidence:
                return maps
        maps = cells_as_maps(findings.analysis, findings.evidence)
        self._cached_cells = (findings.evidence, maps)
        return maps

    def set_theatre(self, on: bool) -> None:
        """Hide all but picture, legend, curve and transport, or show the rest again."""
        max_height_px = 0 if on else UNLIMITED_PX
        for widget in (self.score_header, self.label_bar):
            widget.setMaximumHeight(max_height_px)
        self._in_theatre = on
        if self._is_created("moment_timeline"):
            self.moment_timeline.set_theatre(on)
        if on:
            graphs = [getattr(self, name) for name in ("waveform", "motion") if self._is_created(name)]
            self._hidden_graphs = [graph for graph in graphs if not graph.isHidden()]
        for graph in self._hidden_graphs:
            graph.setVisible(not on)

    def focus_player(self) -> None:
        self.player.canvas.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        """Focus the picture, so that the player's keys work at once."""
        super().showEvent(event)
        self.focus_player()
