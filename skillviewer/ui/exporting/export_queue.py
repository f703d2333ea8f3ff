"""Queue of exports: each entry is one export of the user; entries run one after the other."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from skillviewer.core.progress import Progress
from skillviewer.engine.exporting.requests import Assessed, Batch, ExportRequest, StudyExportRequest, Written
from skillviewer.ui.session.backend import Exports
from skillviewer.ui.threads.jobs import Job, Jobs
from skillviewer.ui.threads.worker_thread import Task, WorkerThread


class QueueStage(StrEnum):
    """State of an entry."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    PARTLY = "partly"  # some of its files could not be written
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def over(self) -> bool:
        """True if the entry will not change any more."""
        return self not in {QueueStage.WAITING, QueueStage.WORKING}


class QueueEntry(QObject):
    """One export: one file, or one per video."""

    changed = Signal()

    def __init__(
        self,
        title: str,
        requests: Sequence[ExportRequest | StudyExportRequest],
        learn: Callable[[Assessed], object],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._learn = learn
        self.title, self.requests = title, tuple(requests)
        self.stage = QueueStage.WAITING
        self.progress: Progress | None = None
        self.batch: Batch | None = None
        self.written: list[Written] = []  # finished files of several
        self.failure = ""
        self._job: Job | None = None

    @property
    def target(self) -> Path:
        """The file, or the folder for several files."""
        first = self.requests[0].path
        return first if len(self.requests) == 1 else first.parent

    def follow(self, task: Task, job: Job) -> None:
        self._job = job
        task.then(
            progressed=self._on_progress,
            succeeded=self._on_succeeded,
            failed=self._on_failed,
            cancelled=lambda: self._to(QueueStage.STOPPED),
        )

    @Slot()
    def stop(self) -> None:
        """Stop the task; finished files stay, unfinished ones are removed."""
        if self._job is not None and not self.stage.over:
            self._job.stop()

    @Slot(object)
    def _on_progress(self, progress: Progress) -> None:
        if isinstance(progress.value, Assessed):
            self._learn(progress.value)
        elif isinstance(progress.value, Written):
            self.written.append(progress.value)
        self.progress = progress
        self._to(QueueStage.WORKING)

    @Slot(object)
    def _on_succeeded(self, batch: Batch) -> None:
        self.batch = batch
        self._to(QueueStage.DONE if not batch.failures else QueueStage.PARTLY if batch.written else QueueStage.FAILED)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self.failure = str(error)
        self._to(QueueStage.FAILED)

    def _to(self, stage: QueueStage) -> None:
        self.stage = stage
        self.changed.emit()


class ExportQueue(QObject):
    """Submits requests to the worker thread that writes, and keeps their entries; ``learn`` gets every new analysis."""

    added = Signal(object)
    """``QueueEntry``: the latest."""

    def __init__(
        self, worker: WorkerThread[Exports], jobs: Jobs, learn: Callable[[Assessed], object], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._worker, self._jobs, self._learn = worker, jobs, learn
        self.entries: list[QueueEntry] = []

    @property
    def pending(self) -> set[Path]:
        """Files to be written by unfinished entries."""
        return {request.path for entry in self.entries if not entry.stage.over for request in entry.requests}

    def add(self, title: str, requests: Sequence[ExportRequest | StudyExportRequest]) -> QueueEntry:
        entry = QueueEntry(title, requests, self._learn, self)
        given = entry.requests
        task = self._worker.submit(lambda service, token, report: service.write_all(given, token, report))
        entry.follow(task, self._jobs.follow(title, task))
        self.entries.append(entry)
        self.added.emit(entry)
        return entry
