"""The Inspect screen: the player over the score curve."""

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
from skillviewer.ui.inspecting.label_track import LabelTrack
from skillviewer.ui.inspecting.motion_view import MotionView
from skillviewer.ui.inspecting.score_header import ScoreHeader
from skillviewer.ui.inspecting.score_plot import ScorePlot
from skillviewer.ui.inspecting.waveform import Waveform
from skillviewer.ui.player.player import Player
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.layout import NONE, UNLIMITED_PX, add_all, splitter, vertical
from skillviewer.ui.widgets.theme import Theme, apply_theme, themed


def cells_as_maps(analysis: Analysis, evidence: Evidence) -> Analysis | None:
    """Return an analysis whose maps are the contributions of the cells in each step, signed; None without cells."""
    if evidence.cell_steps is None:
        return None
    return replace(analysis, attention=evidence.cell_steps.astype(np.float32), map_kind=MapKind.SIGNED)


GRAPHS = ("track", "waveform", "motion")
"""Graphs under the score curve, from the top; each is made when there is something to show."""


class InspectScreen(QWidget):
    """Player and curve of the video on screen."""

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.player = Player(app_context, actions, self)
        lower = QWidget(self)
        self.header = ScoreHeader(app_context, actions, lower)
        self.curve = ScorePlot(app_context.state, app_context.playback, lower)
        self.labels = LabelBar(app_context, self.player.canvas, lower)
        self._column = vertical(lower, NONE, 0)
        add_all(self._column, self.labels, self.header, (self.curve, 3))
        lower.setAutoFillBackground(True)
        lower.setBackgroundRole(lower.palette().ColorRole.Base)
        self.cameras = CameraColumn(app_context, self)
        upper = splitter(self, Qt.Orientation.Horizontal, (self.player, self.cameras), (2, 1), (640, 300))
        whole = splitter(self, Qt.Orientation.Vertical, (upper, lower), (1,), (560, 190))
        add_all(vertical(self, NONE), whole)
        self._app_context = app_context
        self._theme: Theme | None = None
        self._in_theatre = False
        self._actions = actions
        self._evidence_loader = app_context.evidence_loader
        self._state = app_context.state
        self._draw_soon = single_shot(self, 0, self._on_tracks)
        self._optional: list[QWidget] = []  # graphs that theatre mode hides
        self._cells: tuple[Evidence, Analysis | None] | None = None
        app_context.video_opener.cannot_open.connect(self.player.canvas.set_message)
        self._why_loader = app_context.why_loader
        self._why_loader.changed.connect(self._on_findings)
        self._on_findings()
        app_context.tracks.changed.connect(self._on_tracks)
        self._on_tracks()
        self._settings = app_context.settings
        actions["waveform"].setChecked(self._settings.waveform)
        if self._settings.waveform:
            self.waveform.set_shown(True)
        actions.attach_player(self.player.canvas, self.curve)

    @cached_property
    def track(self) -> LabelTrack:
        """Labels over time, made with the first kept moment."""
        track = LabelTrack(self._app_context, self.curve, self.curve.parentWidget())
        self._insert("track", track)
        track.set_theatre(self._in_theatre)
        self._actions.attach_player(track)
        return track

    @cached_property
    def waveform(self) -> Waveform:
        """The waveform of the sound, made when it is first asked for."""
        context = self._app_context
        waveform = Waveform(context.sound, context.playback, self.curve, self.curve.parentWidget())
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

    def _is_made(self, graph: str) -> bool:
        return graph in vars(self)

    def _insert(self, name: str, graph: QWidget, stretch: int = 0) -> None:
        """Place a graph under the curve, below those that come before it."""
        n_above = sum(map(self._is_made, GRAPHS[: GRAPHS.index(name)]))
        self._column.insertWidget(self._column.indexOf(self.curve) + 1 + n_above, graph, stretch)
        if self._theme is not None:
            apply_theme(graph, self._theme)

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme

    def _on_tracks(self) -> None:
        if self._is_made("motion"):
            self.motion.set_curves(self._app_context.tracks.curves)
        elif self._app_context.tracks.curves is not None:
            _ = self.motion
            self._draw_soon.start()  # making a graph and drawing it are two turns, so that neither is long

    def _on_findings(self) -> None:
        cards = self._why_loader.cards
        amounts = [card.model_moment.amount if card.model_moment is not None else None for card in cards]
        marks = (CurveMark(card.start_s, card.stop_s, amount) for card, amount in zip(cards, amounts, strict=True))
        self.curve.set_marks(tuple(marks))
        if not self._is_made("track") and any(card.model_moment is None and card.saved is not None for card in cards):
            _ = self.track
        if self._actions["cell_evidence"].isChecked():
            self.player.set_contributions(self._find_cells())

    def handlers(self, _dialogs: Dialogs) -> Handlers:
        """Return the switch that shows what each cell contributed, and what the player's actions do."""
        canvas = self.player.canvas
        return Handlers(
            player={
                "zoom_in": canvas.zoom_in,
                "zoom_out": canvas.zoom_out,
                "zoom_fit": canvas.fit,
                "curve_fit": self.curve.fit,
                "focus": self.focus_player,
            },
            switch={
                "cell_evidence": self._show_cells,
                "rating_axis": self.curve.show_ratings,
                "waveform": self._show_waveform,
            },
            enabled={
                "cell_evidence": lambda: self._find_cells() is not None,
                "rating_axis": lambda: self.curve.has_ratings,
                "waveform": lambda: True,
            },
            changed=(self._why_loader.changed, self._state.analysis_changed),
        )

    def _show_waveform(self, on: bool) -> None:
        self.waveform.set_shown(on)
        self._settings.waveform = on

    def _show_cells(self, on: bool) -> None:
        self._evidence_loader.want(self, on)
        self.player.set_contributions(self._find_cells() if on else None)

    def _find_cells(self) -> Analysis | None:
        """Return the contributions of the cells as maps, made once for each evidence."""
        findings = self._why_loader.findings
        if findings is None or findings.evidence is None:
            return None
        if self._cells is None or self._cells[0] is not findings.evidence:
            self._cells = findings.evidence, cells_as_maps(findings.analysis, findings.evidence)
        return self._cells[1]

    def set_theatre(self, on: bool) -> None:
        """Leave picture, legend, curve and transport alone, or bring the other parts back."""
        for part in (self.header, self.labels):
            part.setMaximumHeight(0 if on else UNLIMITED_PX)
        self._in_theatre = on
        if self._is_made("track"):
            self.track.set_theatre(on)
        if on:
            column = (getattr(self, name) for name in GRAPHS[1:] if self._is_made(name))
            self._optional = [graph for graph in column if not graph.isHidden()]
        for graph in self._optional:
            graph.setVisible(not on)

    def focus_player(self) -> None:
        self.player.canvas.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        """Give the picture the focus, so that the player's keys work at once."""
        super().showEvent(event)
        self.focus_player()
