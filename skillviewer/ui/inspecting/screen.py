"""The Inspect screen: the player over the score curve."""

from dataclasses import replace
from functools import partial

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.score_curve import CurveMark
from skillviewer.core.analysis.wording import UNFAMILIAR, score_digits
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.text import printable, signed
from skillviewer.core.timelines.labels import MomentLabel, labels_from
from skillviewer.ui.actions.actions import Actions, Handlers, Tip, plain
from skillviewer.ui.inspecting.score_plot import ScorePlot
from skillviewer.ui.player.player import Player
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.video_list import VideoEntry, VideoState
from skillviewer.ui.widgets.colour_bar import Chip
from skillviewer.ui.widgets.layout import (
    NONE,
    FlowLayout,
    add_all,
    as_tip,
    horizontal,
    push_button,
    splitter,
    text_label,
    vertical,
)
from skillviewer.ui.widgets.overlay import Dialogs


class LabelBar(QWidget):
    """Marks moments with the labels of the study, by a click, or by a key while ``picture`` has the focus.

    A label's key comes before the player's. While the video plays, the reaction time of the study is taken off.
    """

    def __init__(self, app_context: AppContext, picture: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._labels: tuple[MomentLabel, ...] = ()
        self.chips: dict[str, Chip] = {}
        self._row = FlowLayout(gap_px=6)
        add_all(vertical(self, (16, 6, 12, 0)), self._row)
        picture.installEventFilter(self)
        app_context.studies.opened.connect(self._refresh)
        app_context.studies.closed.connect(self._refresh)
        app_context.annotations.changed.connect(self._count)
        self._refresh()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the keys of labels before actions do."""
        kinds = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if event.type() in kinds and isinstance(event, QKeyEvent) and self._app_context.annotations.writable:
            plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
            label = next((one for one in self._labels if plain and one.key == event.text().lower()), None)
            if label is not None:
                if event.type() == QEvent.Type.KeyPress and not event.isAutoRepeat():
                    self.mark(label)
                event.accept()
                return True
        return super().eventFilter(watched, event)

    def mark(self, label: MomentLabel, *_: object) -> None:
        """Keep the frame that was on screen a reaction time ago as a moment with a label."""
        playback, study = self._app_context.playback, self._app_context.studies.current
        video = playback.video
        if video is None or study is None:
            return
        late_s = study.settings.reaction_ms / 1000 * playback.speed if playback.playing else 0.0
        frame = video.frame_at(max(playback.time_s - late_s, playback.start_s))
        self._app_context.annotations.save_moment(float(video.times_s[frame]), video.end_s(frame), label.name)

    def _refresh(self, *_: object) -> None:
        study = self._app_context.studies.current
        labels = labels_from(study.settings.labels) if study is not None else ()
        if labels != self._labels:
            for chip in self.chips.values():
                self._row.removeWidget(chip)
                chip.deleteLater()
            self._labels, self.chips = labels, {}
            for label in labels:
                chip = self.chips[label.name] = Chip("", self)
                chip.clicked.connect(partial(self.mark, label))
                chip.setStyleSheet(f"border-left: 4px solid {label.colour}" if label.colour else "")
                self._row.addWidget(chip)
        self.setVisible(bool(labels))
        self._count()

    def _count(self) -> None:
        annotations = self._app_context.annotations
        for label in self._labels:
            chip, n = self.chips[label.name], [m.label for m in annotations.moments].count(label.name)
            chip.setText(f"{label.key.upper()} {printable(label.name)} ({n})")
            chip.setAccessibleName(f"Mark {printable(label.name)} (key {label.key}), {n} so far")
            chip.setEnabled(annotations.writable)
            chip.updateGeometry()


def cells_as_maps(analysis: Analysis, evidence: Evidence) -> Analysis | None:
    """Return an analysis whose maps are the contributions of the cells in each step, signed; None without cells."""
    if evidence.cell_steps is None:
        return None
    return replace(analysis, attention=evidence.cell_steps.astype(np.float32), map_kind=MapKind.SIGNED)


class ScoreHeader(QWidget):
    """The score in a line: number, interval, progress, and a warning."""

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        column = vertical(self, (16, 8, 12, 0), 2)
        row = horizontal(spacing=10)
        column.addLayout(row)
        title = text_label("Score", self, heading=True)
        self._number = text_label("", self, letters="figure")
        self._text = text_label("", self, muted=True, plain=True)
        self._text.setMinimumWidth(40)  # a path may be long
        self._warning = text_label("", self, plain=True, wrap=True, warns=True)
        column.addWidget(self._warning)
        action = actions["assess"]
        self._assess = push_button("", self, action.trigger)
        self._assess.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._assess.setText(plain("Assess"))
        Tip(self._assess, action)
        add_all(row, title, self._number, (self._text, 1))
        self._stop = push_button("Stop", self, app_context.assessments.stop)
        self._stop.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._stop.setToolTip("Stop assessing; other work goes on")
        add_all(row, self._assess, self._stop)
        app_context.state.analysis_changed.connect(self._refresh)
        app_context.state.model_changed.connect(self._refresh)
        app_context.models.wanted_changed.connect(self._refresh)
        app_context.state.current_changed.connect(self._refresh)
        app_context.videos.changed.connect(self._on_entry)
        app_context.videos.unfamiliar_shown.connect(self._refresh)
        app_context.playback.frame_changed.connect(self._refresh)
        self._refresh()

    @property
    def text(self) -> str:
        shown = [self._number.text(), self._text.text(), "" if self._warning.isHidden() else self._warning.text()]
        return " ".join(text for text in shown if text)

    def _on_entry(self, row: int) -> None:
        if self._app_context.videos[row].clip == self._app_context.state.current:
            self._refresh()

    def _refresh(self, *_: object) -> None:
        app_context = self._app_context
        entry = app_context.videos.get(app_context.state.current)
        analysis = app_context.state.analysis
        self._number.setText("")
        self._warning.hide()
        self._assess.hide()
        self._stop.setVisible(entry is not None and entry.state is VideoState.WORKING)
        if analysis is not None and analysis.n_samples:
            self._show(analysis)
        else:
            self._text.setText(self._why_none(entry))
            offered = entry is not None and entry.state in {VideoState.NEW, VideoState.FAILED}
            self._assess.setVisible(offered and app_context.state.model is not None)

    def _show(self, analysis: Analysis) -> None:
        self._warning.setText(analysis.warning)
        self._warning.setVisible(analysis.unfamiliar)
        if analysis.unfamiliar and not self._app_context.videos.shows_unfamiliar:
            self._text.setText(UNFAMILIAR)
            self._text.setToolTip("")
            return
        digits = score_digits([analysis])
        self._number.setText(signed(analysis.score, digits))
        parts = []
        if not analysis.complete:
            done, total = analysis.n_samples, analysis.n_segments
            parts.append(f"so far, after {done} of {total} sampled frames")
        elif analysis.interval is not None:
            low, high = (signed(x, digits) for x in analysis.interval)
            k, different = analysis.n_passes, analysis.n_different
            passes = f"{k} passes"
            if different < k:
                passes = f"{different} of {k} passes with different frames"
            parts.append(f"95 % interval {low} to {high} ({passes})")
        here = self._app_context.score_here()
        if here is not None and analysis.complete:
            parts.append(f"score at this point {signed(here, digits)}")
        if analysis.scaled is not None and analysis.scaled.words:
            parts.insert(0, analysis.scaled.words)
        self._text.setText(" · ".join(parts))
        self._text.setToolTip(as_tip(analysis.scaled.sentence if analysis.scaled is not None else ""))

    def _why_none(self, entry: VideoEntry | None) -> str:
        if entry is None:
            return ""
        app_context = self._app_context
        reasons = {
            VideoState.UNREADABLE: "this file cannot be read",
            VideoState.MISSING: printable(entry.reason) or "the file is not where it was",
            VideoState.REPLACED: printable(entry.reason),
            VideoState.FAILED: "could not be assessed",
        }
        if entry.state in reasons:
            return reasons[entry.state]
        if app_context.state.model is None:
            loading = app_context.models.wanted is not None
            return "the model is being loaded" if loading else "no model: choose one above"
        if entry.state is VideoState.WORKING:
            return "starting assessment"
        return "waiting for its turn" if entry.state is VideoState.WAITING else "not assessed yet"


class InspectScreen(QWidget):
    """Player and curve of the video on screen."""

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.player = Player(app_context, actions, self)
        lower = QWidget(self)
        self.header = ScoreHeader(app_context, actions, lower)
        self.curve = ScorePlot(app_context.state, app_context.playback, lower)
        self.labels = LabelBar(app_context, self.player.canvas, lower)
        add_all(vertical(lower, NONE, 0), self.labels, self.header, (self.curve, 1))
        lower.setAutoFillBackground(True)
        lower.setBackgroundRole(lower.palette().ColorRole.Base)
        whole = splitter(self, Qt.Orientation.Vertical, (self.player, lower), (1,), (560, 190))
        add_all(vertical(self, NONE), whole)
        self._actions, self._explanations, self._state = actions, app_context.explanations, app_context.state
        self._cells: tuple[Evidence, Analysis | None] | None = None
        app_context.opening.cannot_open.connect(self.player.canvas.set_message)
        self._inquiry = app_context.inquiry
        self._inquiry.changed.connect(self._on_findings)
        self._on_findings()
        actions.attach_player(self.player.canvas, self.curve)

    def _on_findings(self) -> None:
        cards = self._inquiry.cards
        amounts = [card.found.amount if card.found is not None else None for card in cards]
        marks = (CurveMark(card.start_s, card.stop_s, amount) for card, amount in zip(cards, amounts, strict=True))
        self.curve.set_marks(tuple(marks))
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
            switch={"cell_evidence": self._show_cells, "rating_axis": self.curve.show_ratings},
            enabled={
                "cell_evidence": lambda: self._find_cells() is not None,
                "rating_axis": lambda: self.curve.has_ratings,
            },
            changed=(self._inquiry.changed, self._state.analysis_changed),
        )

    def _show_cells(self, on: bool) -> None:
        self._explanations.want(self, on)
        self.player.set_contributions(self._find_cells() if on else None)

    def _find_cells(self) -> Analysis | None:
        """Return the contributions of the cells as maps, made once for each evidence."""
        found = self._inquiry.findings
        if found is None or found.evidence is None:
            return None
        if self._cells is None or self._cells[0] is not found.evidence:
            self._cells = found.evidence, cells_as_maps(found.analysis, found.evidence)
        return self._cells[1]

    def focus_player(self) -> None:
        self.player.canvas.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        """Give the picture the focus, so that the player's keys work at once."""
        super().showEvent(event)
        self.focus_player()
