"""The Train screen, with a page each for the choices, the running training, its result, and disagreements."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from skillviewer.core.progress import Progress
from skillviewer.data.study import ModelVersion, Study
from skillviewer.engine.finetuning.job import ChoiceResult, TrainingOutcome, TuningResult
from skillviewer.ui.actions.actions import Actions, Handlers
from skillviewer.ui.finetuning.before_after_page import BeforeAfterPage
from skillviewer.ui.finetuning.choice_result_page import ChoiceResultPage
from skillviewer.ui.finetuning.disagreement_page import DisagreementPage
from skillviewer.ui.finetuning.rater_disagreement import RaterDisagreement, compare_with_raters
from skillviewer.ui.finetuning.training_progress_page import TrainingProgressPage
from skillviewer.ui.finetuning.training_setup_page import TrainingSetupPage
from skillviewer.ui.finetuning.tuning_controller import TuningController, TuningPhase
from skillviewer.ui.finetuning.version_list import VersionList
from skillviewer.ui.finetuning.version_page import Lines, VersionPage, version_lines
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.threads.messages import Message
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.empty_state import NothingOpen
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, vertical
from skillviewer.ui.widgets.pages import Pages

if TYPE_CHECKING:
    from skillviewer.ui.session.open_study import OpenStudy


def _read_versions(study: Study) -> tuple[tuple[ModelVersion, ...], str]:
    """Return the versions of a study, and the digest of the model in use."""
    return study.models.all(), study.settings.model


class FinetuneScreen(QWidget):
    """Training of a model on the ratings and votes of the study, up to a new version."""

    def __init__(self, app_context: AppContext, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._actions = actions
        self._is_shown = False
        self._is_stale = True
        self._last_study: OpenStudy | None = None
        self._new_scores: dict[str, float] = {}  # by video, of the version that was accepted last
        self._new_scores_digest = ""  # digest of that version
        self.tuning = TuningController(app_context, self)
        self.pages = Pages(self)
        empty_text = "Open a study to train a model on its ratings and votes."
        self.empty_page = NothingOpen(empty_text, actions["open_sample"], self.pages)
        self.setup_page = TrainingSetupPage(self.tuning, actions["show_rank"], actions["save_study"], self.pages)
        self.progress_page = TrainingProgressPage(self.tuning, self.pages)
        self.choice_result_page = ChoiceResultPage(self.tuning, self.pages)
        self.before_after_page = BeforeAfterPage(self.tuning, self.pages)
        self.disagreement_page = DisagreementPage(self.pages)
        self.version_page = VersionPage(self.pages)
        self.version_list = VersionList(self.tuning, self.setup_page)
        self.setup_page.right_column.addWidget(self.version_list, 2)
        pages = (
            self.empty_page,
            self.setup_page,
            self.progress_page,
            self.choice_result_page,
            self.before_after_page,
            self.disagreement_page,
        )
        for page in (*pages, self.version_page):
            self.pages.addWidget(page)
        add_all(vertical(self, margins=NO_MARGINS), self.pages)
        self._connect()
        self._on_study()

    def _connect(self) -> None:
        app_context = self._app_context
        self.tuning.progressed.connect(self._on_progress)
        self.tuning.phase_changed.connect(self._on_phase)
        self.tuning.accepted.connect(self._on_accepted)
        self.version_list.disagreement_asked.connect(self._show_disagreement)
        self.version_list.version_asked.connect(self._query_version)
        for page in (self.disagreement_page, self.version_page):
            page.back_button.clicked.connect(self._show_page)
        for table in (
            self.before_after_page.shifts_table,
            self.before_after_page.attention_table,
            self.disagreement_page.pair_table,
        ):
            table.video_asked.connect(self._on_video_asked)
        app_context.studies.opened.connect(self._on_study)
        app_context.studies.closed.connect(self._on_study)
        app_context.studies.changed.connect(self._on_changed)
        app_context.models.entries_changed.connect(self._on_models)
        app_context.state.model_changed.connect(self._on_models)

    # changes of the study and the models

    def on_shown(self) -> None:
        """Update the pages, since the study may have changed while they were hidden."""
        self._is_shown = True
        if self._is_stale:
            self._refresh()

    def on_hidden(self) -> None:
        """Plan nothing while hidden."""
        self._is_shown = False

    def _on_study(self, *_: object) -> None:
        """Show the open study; a change of its settings alone keeps the page."""
        study = self._app_context.studies.current_study
        last_study = self._last_study
        self._last_study = study
        is_same_file = study is not None and last_study is not None and study.path == last_study.path
        if study is not None:
            self._update_pages(study)
            if last_study is None or not is_same_file or study.settings.rule != last_study.settings.rule:
                self.setup_page.set_rule(study.settings.rule)
        if not is_same_file:
            self._new_scores = {}
            self._new_scores_digest = ""
            self._show_page()
        self._on_models()
        self._refresh()

    def _update_pages(self, study: "OpenStudy") -> None:
        writable = not study.read_only
        self.setup_page.set_criteria(study.criteria, study.criterion)
        self.setup_page.set_writable(writable)
        self.version_list.set_writable(writable)
        if self.tuning.phase is TuningPhase.DECIDING and self.tuning.is_same_study:
            self.before_after_page.set_writable(writable)
            self.choice_result_page.set_writable(writable)
            self.tuning.register()

    def _on_changed(self, changes: frozenset[str]) -> None:
        if changes & {"videos", "votes", "pairs", "models", "settings"}:
            self._refresh()

    def _on_models(self, *_: object) -> None:
        previous_folder = self.setup_page.initial_model_box.currentData()
        self.setup_page.set_models([(model.name, model.folder) for model in self._app_context.models.entries])
        if self.setup_page.initial_model_box.currentData() != previous_folder:
            self._refresh()

    def _refresh(self) -> None:
        app_context = self._app_context
        self._is_stale = not self._is_shown
        study = app_context.studies.current_study
        if self._is_stale or study is None or app_context.study_worker.stopped:
            return
        task = app_context.studies.read(_read_versions)
        task.then(succeeded=self._on_versions)
        if self.tuning.phase is TuningPhase.CHOOSING:
            self.setup_page.plan_soon()
        if self.pages.currentWidget() is self.disagreement_page:
            self._query_disagreement()

    def _on_versions(self, answer: tuple[tuple[ModelVersion, ...], str]) -> None:
        versions, digest_in_use = answer
        self.version_list.show_versions(versions, digest_in_use)

    # pages

    def _show_page(self) -> None:
        phase = self.tuning.phase
        if phase is TuningPhase.DECIDING:
            has_choice = isinstance(self.tuning.result, ChoiceResult)
            page: QWidget = self.choice_result_page if has_choice else self.before_after_page
        elif phase is not TuningPhase.CHOOSING:
            page = self.progress_page
        elif self._app_context.studies.current_study is None:
            page = self.empty_page
        else:
            page = self.setup_page
        self.pages.setCurrentWidget(page)

    def _on_progress(self, progress: Progress) -> None:
        if self.tuning.phase is not TuningPhase.CHOOSING:
            self.progress_page.show_progress(progress)

    def _on_phase(self, phase: TuningPhase) -> None:
        result = self.tuning.result
        writable = self._app_context.studies.writable
        if phase is TuningPhase.DECIDING and isinstance(result, ChoiceResult):
            self.choice_result_page.show_result(result, writable=writable)
        elif phase is TuningPhase.DECIDING and isinstance(result, TuningResult):
            self.before_after_page.show_result(result, writable=writable)
        self._show_page()
        if phase is TuningPhase.CHOOSING:
            self._refresh()

    def handlers(self, _dialogs: Dialogs) -> Handlers:
        """Return the handler that lists the disagreements between the model in use and the raters."""
        studies = self._app_context.studies
        return Handlers(
            commands={"disagreements": self._show_disagreement},
            conditions={"disagreements": lambda: studies.current_study is not None},
            change_signals=(studies.opened, studies.closed),
        )

    def _on_accepted(self, result: TrainingOutcome) -> None:
        """Show the new scores on the Inspect screen, and offer the list of disagreements with the raters."""
        self._new_scores = {}
        self._new_scores_digest = result.digest
        if isinstance(result, TuningResult):
            self._new_scores = {shift.video: shift.after for shift in result.report.shifts}
            self.setup_page.choose_model(result.folder)
        text = "The new version is in use: its scores replace the earlier ones, video by video."
        self._app_context.messages.post(Message(text, action="disagreements"))
        if self._is_shown:
            self._actions["show_inspect"].trigger()

    def _query_version(self, version: ModelVersion) -> None:
        def on_lines(lines: Lines) -> None:
            self.version_page.show_version(version, lines)
            self.pages.setCurrentWidget(self.version_page)

        task = self._app_context.studies.read(lambda _study: version_lines(version))
        task.then(succeeded=on_lines, failed=self._app_context.messages.fail)

    def _show_disagreement(self) -> None:
        if self._app_context.studies.current_study is None:
            return
        self.disagreement_page.show_waiting()
        self.pages.setCurrentWidget(self.disagreement_page)
        self._query_disagreement()

    def _query_disagreement(self) -> None:
        study = self._app_context.studies.current_study
        if study is None:
            return
        new_scores = self._new_scores
        new_scores_digest = self._new_scores_digest
        loaded_model = self._app_context.state.model
        loaded_digest = loaded_model.digest if loaded_model is not None else ""

        def compare(opened: Study) -> tuple[RaterDisagreement, ModelVersion | None]:
            digest = opened.settings.model or loaded_digest
            version = next((version for version in opened.models.all() if version.digest == digest), None)
            other_scores = new_scores if new_scores_digest == digest else {}
            return compare_with_raters(opened, digest, other_scores, version), version

        task = self._app_context.studies.read(compare)
        task.then(succeeded=self._on_disagreement, failed=self._app_context.messages.fail)

    def _on_disagreement(self, answer: tuple[RaterDisagreement, ModelVersion | None]) -> None:
        disagreement, version = answer
        self.disagreement_page.show_disagreement(disagreement, version)

    def _on_video_asked(self, name: str) -> None:
        entry = self._app_context.videos.find_by_name(name)
        if entry is not None:
            self._app_context.state.set_current(entry.clip)
            self._actions["show_inspect"].trigger()
