"""The Train screen with one page at a time: choices and forecast, training, result, disagreements."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from skillviewer.core.progress import Progress
from skillviewer.data.study import ModelVersion, Study
from skillviewer.engine.finetuning.job import ChoiceResult, TrainingOutcome, TuningResult
from skillviewer.ui.actions.actions import Actions, Handlers
from skillviewer.ui.finetuning.before_after_page import BeforeAfterPage
from skillviewer.ui.finetuning.choice_page import ChoicePage
from skillviewer.ui.finetuning.choices_page import ChoicesPage
from skillviewer.ui.finetuning.disagreement_page import DisagreementPage
from skillviewer.ui.finetuning.requests import RaterDisagreement, disagreement
from skillviewer.ui.finetuning.running_page import RunningPage
from skillviewer.ui.finetuning.tuning import TuningController, TuningPhase
from skillviewer.ui.finetuning.version_list import VersionList
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.threads.messages import Message
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.empty_state import NothingOpen
from skillviewer.ui.widgets.layout import NONE, add_all, vertical
from skillviewer.ui.widgets.pages import Pages

if TYPE_CHECKING:
    from skillviewer.ui.session.open_study import OpenStudy


class FinetuneScreen(QWidget):
    """Training of a model on the ratings and votes of the study, up to a new version."""

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._actions = actions
        self._shown = False
        self._stale = True
        self._study: OpenStudy | None = None
        self._scores_after: dict[str, float] = {}
        self._scores_by = ""
        self.tuning = TuningController(app_context, self)
        self.pages = Pages(self)
        empty_text = "Open a study to train a model on its ratings and votes."
        self.empty = NothingOpen(empty_text, actions["open_sample"], self.pages)
        self.choices = ChoicesPage(self.tuning, actions["show_rank"], actions["save_study"], self.pages)
        self.running = RunningPage(self.tuning, self.pages)
        self.choice = ChoicePage(self.tuning, self.pages)
        self.before_after = BeforeAfterPage(self.tuning, self.pages)
        self.disagreement = DisagreementPage(self.pages)
        self.versions = VersionList(self.tuning, self.choices)
        self.choices.right.addWidget(self.versions, 2)
        for page in (self.empty, self.choices, self.running, self.choice, self.before_after, self.disagreement):
            self.pages.addWidget(page)
        add_all(vertical(self, NONE), self.pages)
        self._connect()
        self._on_study()

    def _connect(self) -> None:
        app_context, tuning = self._app_context, self.tuning
        tuning.progressed.connect(self._on_progress)
        tuning.phase_changed.connect(self._on_phase)
        tuning.accepted.connect(self._on_accepted)
        self.versions.disagreement_asked.connect(self._show_disagreement)
        self.disagreement.back.clicked.connect(self._show_page)
        for table in (self.before_after.shifts, self.before_after.attention, self.disagreement.table):
            table.video_asked.connect(self._on_video_asked)
        app_context.studies.opened.connect(self._on_study)
        app_context.studies.closed.connect(self._on_study)
        app_context.studies.changed.connect(self._on_changed)
        app_context.models.entries_changed.connect(self._on_models)
        app_context.state.model_changed.connect(self._on_models)

    # changes elsewhere

    def on_shown(self) -> None:
        """Update the pages: the study may have changed while hidden."""
        self._shown = True
        if self._stale:
            self._refresh()

    def on_hidden(self) -> None:
        """Plan nothing while hidden."""
        self._shown = False

    def _on_study(self, *_: object) -> None:
        """Show another study; new settings of the same study keep the page."""
        study = self._app_context.studies.current
        before = self._study
        self._study = study
        other = study is None or before is None or study.path != before.path
        if study is not None:
            self.choices.set_criteria(study.criteria, study.criterion)
            writable = not study.read_only
            self.choices.set_writable(writable)
            self.versions.set_writable(writable)
            if self.tuning.phase is TuningPhase.DECIDING and self.tuning.same_study:
                self.before_after.set_writable(writable)
                self.choice.set_writable(writable)
                self.tuning.register()
            if other or before is None or study.settings.rule != before.settings.rule:
                self.choices.set_rule(study.settings.rule)
        if other:
            self._scores_after = {}
            self._scores_by = ""
            self._show_page()
        self._on_models()
        self._refresh()

    def _on_changed(self, changed: frozenset[str]) -> None:
        if changed & {"videos", "votes", "pairs", "models", "settings"}:
            self._refresh()

    def _on_models(self, *_: object) -> None:
        before = self.choices.start.currentData()
        self.choices.set_models([(e.name, e.folder) for e in self._app_context.models.entries])
        if self.choices.start.currentData() != before:
            self._refresh()

    def _refresh(self) -> None:
        app_context = self._app_context
        self._stale = not self._shown
        study = app_context.studies.current
        if self._stale or study is None or app_context.study_worker.stopped:
            return
        app_context.studies.read(lambda study: (study.models.all(), study.settings.model)).then(
            succeeded=self.versions.show_versions
        )
        if self.tuning.phase is TuningPhase.CHOOSING:
            self.choices.ask_soon()
        if self.pages.currentWidget() is self.disagreement:
            self._ask_disagreement()

    # pages

    def _show_page(self) -> None:
        phase = self.tuning.phase
        if phase is TuningPhase.DECIDING:
            page: QWidget = self.choice if isinstance(self.tuning.result, ChoiceResult) else self.before_after
        elif phase is not TuningPhase.CHOOSING:
            page = self.running
        elif self._app_context.studies.current is None:
            page = self.empty
        else:
            page = self.choices
        self.pages.setCurrentWidget(page)

    def _on_progress(self, progress: Progress) -> None:
        if self.tuning.phase is not TuningPhase.CHOOSING:
            self.running.show_progress(progress)

    def _on_phase(self, phase: TuningPhase) -> None:
        result = self.tuning.result
        writable = self._app_context.studies.writable
        if phase is TuningPhase.DECIDING and isinstance(result, ChoiceResult):
            self.choice.show_result(result, writable=writable)
        elif phase is TuningPhase.DECIDING and isinstance(result, TuningResult):
            self.before_after.show_result(result, writable=writable)
        self._show_page()
        if phase is TuningPhase.CHOOSING:
            self._refresh()

    def handlers(self, _dialogs: Dialogs) -> Handlers:
        """Return the handler that lists the disagreements of the model in use and the raters."""
        studies = self._app_context.studies
        return Handlers(
            run={"disagreements": self._show_disagreement},
            enabled={"disagreements": lambda: studies.current is not None},
            changed=(studies.opened, studies.closed),
        )

    def _on_accepted(self, result: TrainingOutcome) -> None:
        """Show the scores of the new version in the player, and offer the disagreements with the raters."""
        self._scores_after = {}
        self._scores_by = result.digest
        if isinstance(result, TuningResult):
            self._scores_after = {shift.video: shift.after for shift in result.report.shifts}
            self.choices.choose_model(result.folder)
        text = "The new version is in use: its scores replace the earlier ones, video by video."
        self._app_context.messages.post(Message(text, action="disagreements"))
        if self._shown:
            self._actions["show_inspect"].trigger()

    def _show_disagreement(self) -> None:
        if self._app_context.studies.current is None:
            return
        self.disagreement.wait()
        self.pages.setCurrentWidget(self.disagreement)
        self._ask_disagreement()

    def _ask_disagreement(self) -> None:
        study = self._app_context.studies.current
        if study is None:
            return
        scores, scored_by = self._scores_after, self._scores_by
        loaded = self._app_context.state.model

        def work(opened: Study) -> tuple[RaterDisagreement, ModelVersion | None]:
            digest = opened.settings.model or (loaded.digest if loaded is not None else "")
            version = next((v for v in opened.models.all() if v.digest == digest), None)
            return disagreement(opened, digest, scores if scored_by == digest else {}), version

        self._app_context.studies.read(work).then(
            succeeded=self._on_disagreement, failed=self._app_context.messages.fail
        )

    def _on_disagreement(self, answer: tuple[RaterDisagreement, ModelVersion | None]) -> None:
        disagreements, version = answer
        self.disagreement.show_disagreement(disagreements, version)

    def _on_video_asked(self, name: str) -> None:
        entry = self._app_context.videos.named(name)
        if entry is not None:
            self._app_context.state.set_current(entry.clip)
            self._actions["show_inspect"].trigger()
