"""Controller of trainings, from the plan and its forecast to the decision on the new version."""

from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from skillviewer.core.errors import StudyError
from skillviewer.core.evaluation.training_forecast import TrainingForecast
from skillviewer.core.finetuning.tuning_report import BatchRow, TuningRow
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.data.study import ModelVersion, Study, versions
from skillviewer.engine.finetuning.job import AutoModelJob, TrainingOutcome, discard_checkpoint, discard_state
from skillviewer.engine.finetuning.process import StopFolder
from skillviewer.nets.model_library import checkpoint_digest
from skillviewer.ui.finetuning.tuning_plan import TuningPlan, TuningSelection, make_plan
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.backend import FineTuner
from skillviewer.ui.threads.messages import error_text
from skillviewer.ui.threads.worker_thread import Task


class TuningPhase(Enum):
    """State of the training."""

    CHOOSING = auto()
    RUNNING = auto()
    STOPPING = auto()  # the best epoch will be kept
    PAUSING = auto()  # the state will be kept, and the training can continue
    CANCELLING = auto()
    DECIDING = auto()  # trained; not accepted or discarded yet


class TuningController(QObject):
    """One training at a time; it continues while the screen is hidden."""

    phase_changed = Signal(object)
    planned = Signal(object)  # ``TuningPlan``: the plan of a training
    forecast_ready = Signal(object)  # ``TrainingForecast`` of the plan
    batch_done = Signal(object)  # ``BatchRow``
    epoch_done = Signal(object)  # ``TuningRow``
    progressed = Signal(object)  # ``Progress`` of the training
    plan_failed = Signal(str)  # why there is no plan, or no forecast
    accepted = Signal(object)  # ``TrainingOutcome``: a new version is in use
    version_used = Signal(object)  # ``Path``: a listed version was loaded

    def __init__(self, app_context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._worker = app_context.train_worker
        self.phase = TuningPhase.CHOOSING
        self.tuning_plan: TuningPlan | None = None  # plan of the choices on screen
        self._trained_plan: TuningPlan | None = None  # plan of the last training
        self.result: TrainingOutcome | None = None  # result of the last training, until the decision on it
        self._unclaimed_folders: list[Path] = []  # written by the training thread, not yet received
        self._decided_result: TrainingOutcome | None = None  # until the decision is written
        current_study = app_context.studies.current_study
        self._study_path = current_study.path if current_study is not None else None
        self._plan_task: Task | None = None
        self._forecast_task: Task | None = None
        self._training_task: Task | None = None
        self._stop_folder: StopFolder | None = None
        app_context.studies.moved.connect(self._on_moved)

    def _on_moved(self, old: Path, new: Path) -> None:
        if self._study_path == old:
            self._study_path = new

    @property
    def is_same_study(self) -> bool:
        """True while the study of the result is open."""
        current = self._app_context.studies.current_study
        return current is not None and current.path == self._study_path

    def _set_phase(self, phase: TuningPhase) -> None:
        if phase is not self.phase:
            self.phase = phase
            self.phase_changed.emit(phase)

    # planning

    def plan(self, selection: TuningSelection) -> None:
        """Plan a training; ``planned`` reports the plan, and ``forecast_ready`` its time."""
        self._cancel_forecast()
        if self._app_context.studies.current_study is None or self._app_context.study_worker.stopped:
            return
        cache_bytes = self._app_context.settings.cache_gb * 2**30
        self._plan_task = self._app_context.studies.read(lambda study: make_plan(study, selection, cache_bytes))
        self._plan_task.then(succeeded=self._on_planned, failed=self._on_plan_failed)

    def _cancel_forecast(self) -> None:
        if self._forecast_task is not None:
            self._forecast_task.cancel()
            self._forecast_task = None

    def _on_planned(self, tuning_plan: TuningPlan) -> None:
        if self.sender() is not self._plan_task:
            return  # the choices have changed since
        self._plan_task = None
        self.tuning_plan = tuning_plan
        self.planned.emit(tuning_plan)
        self.refresh_forecast()

    def refresh_forecast(self) -> None:
        """Forecast the time of the plan, also if it was forecast before: the load of the computer may have changed."""
        tuning_plan = self.tuning_plan
        if tuning_plan is None or tuning_plan.refusal or self.phase is not TuningPhase.CHOOSING:
            return
        if self._worker.stopped or self._plan_task is not None or self._forecast_task is not None:
            return
        self._forecast_task = self._worker.submit(lambda tuner, _token, _report: tuner.forecast(tuning_plan.job))
        self._forecast_task.then(succeeded=self._on_forecast, failed=self._on_plan_failed)

    def _on_forecast(self, forecast: TrainingForecast) -> None:
        if self.sender() is self._forecast_task:
            self._forecast_task = None
            self.forecast_ready.emit(forecast)

    def _on_plan_failed(self, error: Exception) -> None:
        if self.sender() in {self._plan_task, self._forecast_task}:
            self._plan_task = None
            self._forecast_task = None
            self.plan_failed.emit(error_text(error))

    # training

    def start(self) -> None:
        """Start the planned training."""
        tuning_plan = self.tuning_plan
        study = self._app_context.studies.current_study
        if tuning_plan is None or study is None:
            return
        if tuning_plan.refusal or self.phase is not TuningPhase.CHOOSING:
            return
        self._cancel_forecast()
        self._study_path = study.path
        self._trained_plan = tuning_plan
        stop_folder = StopFolder()
        self._stop_folder = stop_folder
        unclaimed_folders: list[Path] = []
        self._unclaimed_folders = unclaimed_folders

        def train(tuner: FineTuner, token: CancelToken, report: Report) -> TrainingOutcome:
            job = tuning_plan.job
            result: TrainingOutcome
            if isinstance(job, AutoModelJob):
                result = tuner.choose(job, token, report)
            else:
                result = tuner.finetune(job, stop_folder, token, report)
            unclaimed_folders.append(result.folder)
            return result

        task = self._worker.submit(train)
        self._training_task = task
        task.then(
            progressed=self._on_progress,
            succeeded=self._on_trained,
            failed=self._on_failed,
            cancelled=self._on_cancelled,
        )
        job = self._app_context.jobs.follow("Training", task, keeps_work=True)
        job.stop_asked.connect(self.pause)
        self._set_phase(TuningPhase.RUNNING)

    def stop(self) -> None:
        """Stop soon, and keep the best epoch."""
        if self.phase is TuningPhase.RUNNING and self._stop_folder is not None:
            self._stop_folder.stop()
            self._set_phase(TuningPhase.STOPPING)

    def pause(self) -> None:
        """Stop now; the same training can continue later, also after the window was closed."""
        self._cancel_training(TuningPhase.PAUSING)

    def cancel(self) -> None:
        """Stop now and keep nothing."""
        self._cancel_training(TuningPhase.CANCELLING)

    def _cancel_training(self, phase: TuningPhase) -> None:
        if self._training_task is not None and self.phase in {TuningPhase.RUNNING, TuningPhase.STOPPING}:
            self._training_task.cancel()
            self._set_phase(phase)

    def _on_progress(self, progress: Progress) -> None:
        if isinstance(progress.value, BatchRow):
            self.batch_done.emit(progress.value)
        elif isinstance(progress.value, TuningRow):
            self.epoch_done.emit(progress.value)
        self.progressed.emit(progress)

    def _on_cancelled(self) -> None:
        self._training_task = None
        folders = tuple(self._unclaimed_folders)  # of a training that finished just before it was cancelled
        job_to_discard = None
        if self.phase is TuningPhase.CANCELLING and self._trained_plan is not None:
            job_to_discard = self._trained_plan.job
        nothing_to_clear = not folders and job_to_discard is None
        if self._worker.stopped or nothing_to_clear:
            self._on_cleared()
            return

        def clear(_tuner: FineTuner, _token: CancelToken, _report: Report) -> None:
            for folder in folders:
                discard_checkpoint(folder)
            if job_to_discard is not None:
                discard_state(job_to_discard)

        self._worker.submit(clear).then(failed=self._app_context.messages.fail, finished=self._on_cleared)

    def _on_cleared(self) -> None:
        if self.phase is TuningPhase.PAUSING:
            text = "The training is stopped. Start the same training again, now or later, and it continues from here."
            self._app_context.messages.note(text)
        self._set_phase(TuningPhase.CHOOSING)

    def _on_failed(self, error: Exception) -> None:
        self._training_task = None
        self._set_phase(TuningPhase.CHOOSING)
        self._app_context.messages.fail(error)

    def _on_trained(self, result: TrainingOutcome) -> None:
        self._training_task = None
        self.result = result
        self.register()
        self._set_phase(TuningPhase.DECIDING)

    def register(self) -> None:
        """Store the version of the last training in its study, even if another study is open now."""
        result = self.result
        path = self._study_path
        if result is None or path is None or self._worker.stopped:
            return
        write_version = self._version_writer(result)
        if self.is_same_study:
            if self._app_context.studies.writable:
                self._app_context.studies.submit_write(write_version, "models")
            return

        def write_if_possible(study: Study) -> None:
            if study.read_only:
                raise StudyError(
                    f"{study.title} is open elsewhere, so the new version could not be stored in it. Open it here to "
                    "decide on it."
                )
            write_version(study)

        self._app_context.studies.submit_write_to(path, write_if_possible)

    def _version_writer(self, result: TrainingOutcome) -> Callable[[Study], ModelVersion]:
        """Return a function that stores the version in the study; a second call changes nothing."""
        tuning_plan = self._trained_plan
        assert tuning_plan is not None
        name = tuning_plan.name
        parent = None
        if tuning_plan.parent_digest is not None and tuning_plan.selection.parent is not None:
            parent = (tuning_plan.parent_digest, tuning_plan.selection.parent)
        return lambda study: versions.propose(study, result.digest, name, result.folder, result.facts, parent)

    # decision

    def accept(self) -> None:
        """Accept the new version and put it in use."""
        result = self._result_to_decide()
        if result is None:
            return
        write_version = self._version_writer(result)

        def accept_version(study: Study) -> ModelVersion:
            version = write_version(study)
            folder = version.path or result.folder
            if checkpoint_digest(folder) != result.digest:
                raise versions.checkpoint_changed_error(version.name, folder)
            accepted = versions.accept(study, result.digest)
            if versions.is_stored_elsewhere(accepted, result.folder):
                discard_checkpoint(result.folder)
            return accepted

        task = self._decide(result, accept_version, "models", "settings")
        task.succeeded.connect(self._on_accepted)

    def _decide(self, result: TrainingOutcome, write: Callable[[Study], object], *changed_parts: str) -> Task:
        """Write a decision; no other decision is possible until it is written or has failed.

        Args:
            result: The result that is decided on.
            write: Function that writes the decision to the study.
            changed_parts: Parts of the study that it changes, as named by ``StudyController``.
        """
        self.result = None
        self._decided_result = result
        task = self._app_context.studies.submit_write(write, *changed_parts)
        task.failed.connect(self._on_decision_failed)
        return task

    def _on_decision_failed(self, _error: Exception) -> None:
        """Offer the decision again."""
        self.result = self._decided_result
        self._decided_result = None

    def _result_to_decide(self) -> TrainingOutcome | None:
        """Return the result to decide on, or None. If its study is not open, a message asks the user to open it."""
        if self.result is None or self.phase is not TuningPhase.DECIDING:
            return None
        if not self.is_same_study:
            title = self._study_path.stem if self._study_path is not None else ""
            text = "Reopen the study {}: this version was trained on its votes."
            self._app_context.messages.note(text.format(title))
            return None
        return self.result

    def _on_accepted(self, version: ModelVersion) -> None:
        result = self._decided_result
        self._decided_result = None
        if result is None:
            return
        if version.path is not None:
            result = replace(result, folder=version.path)
        self._load(result.folder)
        self._set_phase(TuningPhase.CHOOSING)
        self.accepted.emit(result)

    def discard(self) -> None:
        """Discard the new version: its files are removed, and it stays listed."""
        result = self._result_to_decide()
        if result is None:
            return
        write_version = self._version_writer(result)

        def discard_version(study: Study) -> object:
            version = write_version(study)
            # the study stores its own copy of a version once that is accepted
            was_accepted_earlier = versions.is_stored_elsewhere(version, result.folder)
            if not was_accepted_earlier:
                version = versions.discard(study, result.digest)
            discard_checkpoint(result.folder)
            return version

        task = self._decide(result, discard_version, "models")
        task.succeeded.connect(self._on_discarded)

    def postpone(self) -> None:
        """Postpone the decision, so that another training can start."""
        result = self.result
        if result is None or self.phase is not TuningPhase.DECIDING:
            return
        self.result = None
        self._app_context.models.refresh()
        self._set_phase(TuningPhase.CHOOSING)
        if self.is_same_study and not self._app_context.studies.writable:
            text = "The study is open for reading only and does not list the version. Its folder is {}."
            self._app_context.messages.note(text.format(result.folder))

    def _on_discarded(self, _version: object) -> None:
        """Allow another training. The next one writes to the same folder, so its files had to be removed first."""
        self._decided_result = None
        self._app_context.models.refresh()
        self._set_phase(TuningPhase.CHOOSING)

    def use(self, version: ModelVersion) -> None:
        """Put a listed version in use, and load it."""
        path = version.path
        if path is None:
            return

        def accept_version(study: Study) -> object:
            if checkpoint_digest(path) != version.digest:
                raise versions.checkpoint_changed_error(version.name, path)
            return versions.accept(study, version.digest)

        task = self._app_context.studies.submit_write(accept_version, "models", "settings")
        task.succeeded.connect(self._on_used)

    def remove(self, version: ModelVersion) -> None:
        """Discard a listed version without a decision: its files are removed, and it stays listed."""
        path = version.path
        loaded = self._app_context.state.model
        if loaded is not None and loaded.digest == version.digest:
            text = "{}, version {}, is loaded. Choose another model before you discard it."
            self._app_context.messages.note(text.format(version.name, version.number))
            return

        def discard_version(study: Study) -> object:
            if path is not None and checkpoint_digest(path) != version.digest:
                raise versions.checkpoint_changed_error(version.name, path)
            discarded = versions.discard(study, version.digest)
            if path is not None:
                discard_checkpoint(path)
            return discarded

        task = self._app_context.studies.submit_write(discard_version, "models")
        task.succeeded.connect(self._app_context.models.refresh)

    def _on_used(self, version: ModelVersion) -> None:
        if version.path is not None:
            self._load(version.path)
            self.version_used.emit(version.path)

    def _load(self, folder: Path) -> None:
        self._app_context.models.refresh()
        self._app_context.models.choose(folder)
        self._app_context.assessments.ask_all()
