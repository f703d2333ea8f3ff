"""A better video of the same task, aligned in time with the one on screen and shown next to it."""

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QWidget

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.wording import score_digits
from skillviewer.core.explanation.alignment import Alignment, ScoreGap, partings
from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.text import clock, signed
from skillviewer.ui.inspecting.small_player import SmallPlayer
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.session.model_chooser import ModelHolder
from skillviewer.ui.widgets.form import Section
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import NONE, add_all, push_button, vertical
from skillviewer.ui.widgets.theme import LIGHT, Theme, apply_theme, themed

if TYPE_CHECKING:
    from skillviewer.core.video.clips import VideoClip
    from skillviewer.ui.threads.worker_thread import Task


class ReferenceBlock(Section):
    """Names a better video, and shows it on a separate player when asked to: in step, where the two can be aligned."""

    def __init__(self, app_context: AppContext, parent: QWidget) -> None:
        super().__init__("How would better look here?", parent)
        self._app_context = app_context
        self._clip: VideoClip | None = None
        self._analysis: Analysis | None = None
        self._alignment: Alignment | None = None
        self._task: Task | None = None
        self._waiting: tuple[Analysis, Analysis] | None = None  # to be aligned once the model is loaded
        self._theme: Theme = LIGHT
        self.player: SmallPlayer | None = None
        self.message = WrappingLabel(self)
        self.side_by_side = QPushButton("Show side by side", self)
        self.side_by_side.setCheckable(True)
        self.in_step = QCheckBox("Play in step", self)
        self.in_step.setToolTip("Show the moment of the better video that fits the moment on screen")
        self.in_step.setChecked(True)
        self.aligned = WrappingLabel(self, muted=True)
        self.partings = QWidget(self)
        self._rows = vertical(self.partings, NONE, 2)
        row = add_all(QHBoxLayout(), self.side_by_side, self.in_step, 1)
        add_all(self.column, self.message, row, self.aligned, self.partings)
        self.side_by_side.toggled.connect(self._on_side_by_side)
        app_context.state.model_changed.connect(self._on_model)
        self.in_step.toggled.connect(self._follow)
        app_context.playback.frame_changed.connect(self._follow)
        self._forget()

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme

    def show_findings(self, found: Findings) -> None:
        reference = found.reference
        self.side_by_side.setVisible(reference is not None)
        if reference is None:
            none = "No comparable video in the top 25 % scores higher than this one."
            self.message.set_plain(none if found.position.n else "There are no comparable videos yet.")
        else:
            why = "it looks most similar" if reference.near_by == "looks" else "its score is nearest"
            score = signed(reference.score, score_digits([found.analysis]))
            message = "{} scores {}. Chosen from the top 25 %: {}."
            self.message.set_plain(message.format(reference.name, score, why))
        if (found.reference_clip, found.analysis) != (self._clip, self._analysis):
            self._clip, self._analysis = found.reference_clip, found.analysis
            self._show()

    def close_player(self) -> None:
        """Show no reference: the page is of nothing."""
        self._clip = self._analysis = None
        self._show()

    def _on_side_by_side(self, on: bool) -> None:
        self.side_by_side.setText("Hide the better video" if on else "Show side by side")
        self._show()

    def _show(self) -> None:
        self._forget()
        wanted = self.side_by_side.isChecked() and self._clip is not None
        if not wanted or self._clip is None:
            if self.player is not None:
                self.player.close_video()
                self.player.hide()
            return
        if self.player is None:
            self.player = SmallPlayer(self._app_context, self)
            apply_theme(self.player, self._theme)
            self.column.insertWidget(self.column.indexOf(self.aligned), self.player)
            self.player.playback.video_changed.connect(self._follow)
        entry = self._app_context.videos.get(self._clip)
        other = entry.analysis if entry is not None else None
        self.player.open(self._clip, other)
        self.player.show()
        if self._analysis is not None and other is not None:
            self._align(self._analysis, other)

    def _align(self, own: Analysis, other: Analysis) -> None:
        model = self._app_context.state.model
        self._waiting = (own, other) if model is None else None
        if model is None or model.digest != own.provenance.model_digest:
            return

        def work(slot: ModelHolder, token: CancelToken, report: Report) -> tuple[Alignment, tuple[ScoreGap, ...]]:
            found = slot.assessor.align(own, other, token, report)
            return found, partings(own, other, found)

        self.aligned.set_plain("Aligning both videos in time…")
        self._task = self._app_context.model.submit(work)
        self._task.then(succeeded=self._on_aligned, failed=self._on_failed)

    def _on_model(self) -> None:
        if self._waiting is not None and self._app_context.state.model is not None:
            self._align(*self._waiting)

    def _forget(self) -> None:
        self._waiting = None
        if self._task is not None:
            self._task.cancel()
        self._task = self._alignment = None
        self.in_step.hide()
        self.aligned.set_plain("")
        self._list_partings(())
        if self.player is not None:
            self.player.follow(None)

    def _on_aligned(self, found: tuple[Alignment, tuple[ScoreGap, ...]]) -> None:
        self._task = None
        self._alignment, parts = found
        self.in_step.show()
        if not self._alignment.gain:
            self.aligned.set_plain("The two videos go different ways: no common moments. Both run at an even pace.")
        elif parts:
            self.aligned.set_plain("Where this video loses most against the better one:")
        self._list_partings(parts if self._alignment.gain else ())
        self._follow()

    def _on_failed(self, error: Exception) -> None:
        self._task = None
        self.aligned.set_plain(f"The videos cannot be aligned: {error}")

    def _list_partings(self, parts: tuple[ScoreGap, ...]) -> None:
        for old in self.partings.findChildren(QPushButton):
            old.deleteLater()
        for part in parts:
            self._list_parting(part)
        self.partings.setVisible(bool(parts))

    def _list_parting(self, part: ScoreGap) -> None:
        label = f"{clock(part.start_s)}  {part.text()}"
        button = push_button(label, self.partings, lambda *_: self._play(part))
        button.setToolTip("Play this part of both videos")
        self._rows.addWidget(button)

    def _play(self, part: ScoreGap) -> None:
        playback = self._app_context.playback
        if playback.video is not None:
            self.in_step.setChecked(True)
            frames = range(playback.video.frame_at(part.start_s), playback.video.frame_at(part.stop_s) + 1)
            playback.play_once(frames)

    def _follow(self, *_: object) -> None:
        player, alignment = self.player, self._alignment
        if player is None or player.playback.video is None:
            return
        if alignment is None or not self.in_step.isChecked():
            player.follow(None)
            return
        there_s = float(alignment.at(np.array(self._app_context.playback.time_s)))
        player.follow(self._app_context.playback, player.playback.video.frame_at(there_s))
