"""Control of trainings: plans, forecasts, starts and stops them, and stores the result in the study."""

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
from skillviewer.engine.finetuning.job import ChoiceJob, TrainingOutcome, discard, discard_state
from skillviewer.engine.finetuning.process import StopFolder
from skillviewer.nets.library import digest
from skillviewer.ui.finetuning.requests import TuningPlan, TuningSelection, plan
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
    forecast = Signal(object)  # ``TrainingForecast`` of the plan
    batch_done = Signal(object)  # ``BatchRow``
    epoch_done = Signal(object)  # ``TuningRow``
    progressed = Signal(object)  # ``Progress`` of the training
    failed = Signal(str)
    accepted = Signal(object)  # ``TrainingOutcome``: a new version is in use
    version_used = Signal(object)  # ``Path``: a listed version was loaded

    def __init__(self, app_context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._worker = app_context.train_worker
        self.phase = TuningPhase.CHOOSING
        self.request: TuningPlan | None = None
        self._trained: TuningPlan | None = None
        self.result: TrainingOutcome | None = None  # result of the last training, until the decision on it
        self._unclaimed: list[Path] = []
        self._decided: TrainingOutcome | None = None  # until the study knows
        self._study_path = app_context.studies.current.path if app_context.studies.current is not None else None
        self._planning: Task | None = None
        self._forecasting: Task | None = None
        self._running: Task | None = None
        self._stop: StopFolder | None = None
        app_context.studies.moved.connect(self._on_moved)

    def _on_moved(self, old: Path, new: Path) -> None:
        if self._study_path == old:
            self._study_path = new

    @property
    def same_study(self) -> bool:
        """True while the study is open whose votes the result was trained on."""
        current = self._app_context.studies.current
        return current is not None and current.path == self._study_path

    def _set_phase(self, phase: TuningPhase) -> None:
        if phase is not self.phase:
            self.phase = phase
            self.phase_changed.emit(phase)

    # planning

    def plan(self, selection: TuningSelection) -> None:
        """Plan a training; ``planned`` reports the plan, and ``forecast`` its time."""
        self._forecast_no_more()
        if self._app_context.studies.current is None or self._app_context.study_worker.stopped:
            return
        room = self._app_context.settings.cache_gb * 2**30
        self._planning = self._app_context.studies.read(lambda study: plan(study, selection, room))
        self._planning.then(succeeded=self._on_planned, failed=self._on_plan_failed)

    def _forecast_no_more(self) -> None:
        if self._forecasting is not None:
            self._forecasting.cancel()
            self._forecasting = None

    def _on_planned(self, request: TuningPlan) -> None:
        if self.sender() is not self._planning:
            return  # the choices have changed since
        self._planning = None
        self.request = request
        self.planned.emit(request)
        if request.refusal or self.phase is not TuningPhase.CHOOSING or self._worker.stopped:
            return
        self._forecasting = self._worker.submit(lambda tuner, _token, _report: tuner.forecast(request.job))
        self._forecasting.then(succeeded=self._on_forecast, failed=self._on_plan_failed)

    def _on_forecast(self, forecast: TrainingForecast) -> None:
        if self.sender() is self._forecasting:
            self._forecasting = None
            self.forecast.emit(forecast)

    def _on_plan_failed(self, error: Exception) -> None:
        if self.sender() in {self._planning, self._forecasting}:
            self._planning = self._forecasting = None
            self.failed.emit(error_text(error))

    # training

    def start(self) -> None:
        request = self.request
        current = self._app_context.studies.current
        if request is None or request.refusal or self.phase is not TuningPhase.CHOOSING or current is None:
            return
        self._forecast_no_more()
        self._study_path = current.path
        self._trained = request
        stop = self._stop = StopFolder()

        unclaimed = self._unclaimed = []

        def work(tuner: FineTuner, token: CancelToken, report: Report) -> TrainingOutcome:
            job = request.job
            result: TrainingOutcome
            if isinstance(job, ChoiceJob):
                result = tuner.choose(job, token, report)
            else:
                result = tuner.finetune(job, stop, token, report)
            unclaimed.append(result.folder)
            return result

        task = self._running = self._worker.submit(work)
        task.then(
            progressed=self._on_progress,
            succeeded=self._on_trained,
            failed=self._on_failed,
            cancelled=self._on_cancelled,
        )
        self._app_context.jobs.follow("Training", task, keeps=True).stop_asked.connect(self.pause)
        self._set_phase(TuningPhase.RUNNING)

    def stop(self) -> None:
        if self.phase is TuningPhase.RUNNING and self._stop is not None:
            self._stop.stop()
            self._set_phase(TuningPhase.STOPPING)

    def pause(self) -> None:
        """Stop now; the same training can continue later, also after the window was closed."""
        self._halt(TuningPhase.PAUSING)

    def cancel(self) -> None:
        """Stop now and keep nothing."""
        self._halt(TuningPhase.CANCELLING)

    def _halt(self, phase: TuningPhase) -> None:
        if self._running is not None and self.phase in {TuningPhase.RUNNING, TuningPhase.STOPPING}:
            self._running.cancel()
            self._set_phase(phase)

    def _on_progress(self, progress: Progress) -> None:
        if isinstance(progress.value, BatchRow):
            self.batch_done.emit(progress.value)
        elif isinstance(progress.value, TuningRow):
            self.epoch_done.emit(progress.value)
        self.progressed.emit(progress)

    def _on_cancelled(self) -> None:
        self._running = None
        # a training that finished just before the request has files without an owner
        folders = tuple(self._unclaimed)
        trained = self._trained
        discards = self.phase is TuningPhase.CANCELLING and trained is not None
        if self._worker.stopped or not (folders or discards):
            self._on_cleared()
            return

        def clear(_tuner: FineTuner, _token: CancelToken, _report: Report) -> None:
            for folder in folders:
                discard(folder)
            if discards and trained is not None:
                discard_state(trained.job)

        self._worker.submit(clear).then(failed=self._app_context.messages.fail, finished=self._on_cleared)

    def _on_cleared(self) -> None:
        self._set_phase(TuningPhase.CHOOSING)

    def _on_failed(self, error: Exception) -> None:
        self._running = None
        self._set_phase(TuningPhase.CHOOSING)
        self._app_context.messages.fail(error)

    def _on_trained(self, result: TrainingOutcome) -> None:
        self._running = None
        self.result = result
        self.register()
        self._set_phase(TuningPhase.DECIDING)

    def register(self) -> None:
        """Store the version of the last training in its study, even if another study is open now."""
        result, path = self.result, self._study_path
        if result is None or path is None or self._worker.stopped:
            return
        write_version = self._keeping(result)
        if self.same_study:
            if self._app_context.studies.writable:
                self._app_context.studies.submit_write(write_version, "models")
            return

        def work(study: Study) -> None:
            if study.read_only:
                raise StudyError(
                    f"{study.title} is open elsewhere, so the new version could not be stored in it. Open it here to "
                    "decide on it."
                )
            write_version(study)

        self._app_context.studies.submit_write_to(path, work)

    def _keeping(self, result: TrainingOutcome) -> Callable[[Study], ModelVersion]:
        """Return the function that stores the version in the study; a second call changes nothing."""
        request = self._trained
        assert request is not None
        name = request.name
        digest_before = request.parent_digest
        folder = request.selection.parent
        earlier_model = (digest_before, folder) if digest_before is not None and folder is not None else None
        return lambda study: versions.propose(study, result.digest, name, result.folder, result.facts, earlier_model)

    # decision

    def accept(self) -> None:
        result = self._decidable()
        if result is None:
            return
        write_version = self._keeping(result)

        def work(study: Study) -> ModelVersion:
            version = write_version(study)
            folder = version.path or result.folder
            if digest(folder) != result.digest:
                raise versions.changed(version.name, folder)
            accepted = versions.accept(study, result.digest)
            if versions.lies_elsewhere(accepted, result.folder):
                discard(result.folder)
            return accepted

        self._decide(result, work, "models", "settings").succeeded.connect(self._on_accepted)

    def _decide(self, result: TrainingOutcome, work: Callable[[Study], object], *changes: str) -> Task:
        """Write a decision; no other decision is possible until it is written or has failed."""
        self.result = None
        self._decided = result
        task = self._app_context.studies.submit_write(work, *changes)
        task.failed.connect(self._on_decision_failed)
        return task

    def _on_decision_failed(self, _error: Exception) -> None:
        # it can be decided on again
        self.result = self._decided
        self._decided = None

    def _decidable(self) -> TrainingOutcome | None:
        """Return the result to decide on, or None with a message that says why not."""
        if self.result is None or self.phase is not TuningPhase.DECIDING:
            return None
        if not self.same_study:
            title = self._study_path.stem if self._study_path is not None else ""
            text = "Reopen the study {}: this version was trained on its votes."
            self._app_context.messages.note(text.format(title))
            return None
        return self.result

    def _on_accepted(self, version: ModelVersion) -> None:
        result = self._decided
        self._decided = None
        if result is None:
            return
        result = replace(result, folder=version.path or result.folder)
        self._load(result.folder)
        self._set_phase(TuningPhase.CHOOSING)
        self.accepted.emit(result)

    def discard(self) -> None:
        """Discard the new version: its files are removed, and it stays listed."""
        result = self._decidable()
        if result is None:
            return
        write_version = self._keeping(result)

        def work(study: Study) -> object:
            version = write_version(study)
            if not versions.lies_elsewhere(version, result.folder):  # else a copy of a version decided on earlier
                version = versions.discard(study, result.digest)
            discard(result.folder)
            return version

        self._decide(result, work, "models").succeeded.connect(self._on_discarded)

    def later(self) -> None:
        """Postpone the decision, so that another training can start."""
        result = self.result
        if result is None or self.phase is not TuningPhase.DECIDING:
            return
        self.result = None
        self._app_context.models.refresh()
        self._set_phase(TuningPhase.CHOOSING)
        if self.same_study and not self._app_context.studies.writable:
            text = "The study is open for reading only and does not list the version. Its folder is {}."
            self._app_context.messages.note(text.format(result.folder))

    def _on_discarded(self, _version: object) -> None:
        """Finish the discard before another training starts: it could write where files are still removed."""
        self._decided = None
        self._app_context.models.refresh()
        self._set_phase(TuningPhase.CHOOSING)

    def use(self, version: ModelVersion) -> None:
        """Put a listed version in use, and load it."""
        path = version.path
        if path is None:
            return

        def work(study: Study) -> object:
            if digest(path) != version.digest:
                raise versions.changed(version.name, path)
            return versions.accept(study, version.digest)

        self._app_context.studies.submit_write(work, "models", "settings").succeeded.connect(self._on_used)

    def remove(self, version: ModelVersion) -> None:
        """Discard a listed version without a decision: its files are removed, and it stays listed."""
        path = version.path
        loaded = self._app_context.state.model
        if loaded is not None and loaded.digest == version.digest:
            text = "{}, version {}, is loaded. Choose another model before you discard it."
            self._app_context.messages.note(text.format(version.name, version.version))
            return

        def work(study: Study) -> object:
            if path is not None and digest(path) != version.digest:
                raise versions.changed(version.name, path)
            discarded = versions.discard(study, version.digest)
            if path is not None:
                discard(path)
            return discarded

        self._app_context.studies.submit_write(work, "models").succeeded.connect(self._app_context.models.refresh)

    def _on_used(self, version: ModelVersion) -> None:
        if version.path is not None:
            self._load(version.path)
            self.version_used.emit(version.path)

    def _load(self, folder: Path) -> None:
        self._app_context.models.refresh()
        self._app_context.models.choose(folder)
        self._app_context.assessments.ask_all()
