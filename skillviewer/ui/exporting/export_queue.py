"""The queue of exports."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from skillviewer.core.progress import Progress
from skillviewer.core.study_log import LoggedExport
from skillviewer.engine.exporting.requests import (
    AnalysisReady,
    ExportedFile,
    ExportRequest,
    ExportResults,
    StudyExportRequest,
)
from skillviewer.ui.session.backend import Exports
from skillviewer.ui.threads.jobs import Job, Jobs
from skillviewer.ui.threads.messages import error_text
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

Learn = Callable[[AnalysisReady | LoggedExport], object]
"""Takes an analysis that the window did not have yet, or a file for the log of its study."""

MAX_LISTED = 30  # exports in the list: beyond, the oldest that are over leave it


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
        return self not in {QueueStage.WAITING, QueueStage.WORKING}


class QueueEntry(QObject):
    """One export: one file, or one per video."""

    changed = Signal()

    def __init__(self, title: str, paths: Sequence[Path], learn: Learn, parent: QObject) -> None:
        super().__init__(parent)
        self._learn = learn
        # requests hold analyses, and end with their task
        self.title = title
        self.paths = tuple(paths)
        self.stage = QueueStage.WAITING
        self.progress: Progress | None = None
        self.batch: ExportResults | None = None
        self.written: list[ExportedFile] = []  # finished files of several
        self.failure = ""
        self._job: Job | None = None

    @property
    def target(self) -> Path:
        """The file, or the folder for several files."""
        return self.paths[0] if len(self.paths) == 1 else self.paths[0].parent

    def follow(self, task: Task, job: Job) -> None:
        self._job = job
        task.then(
            progressed=self._on_progress,
            succeeded=self._on_succeeded,
            failed=self._on_failed,
            cancelled=lambda: self._to(QueueStage.STOPPED),
        )

    def stop(self) -> None:
        """Stop the task; finished files stay, unfinished ones are removed."""
        if self._job is not None:
            self._job.stop()

    def _on_progress(self, progress: Progress) -> None:
        if isinstance(progress.value, AnalysisReady | LoggedExport):
            self._learn(progress.value)
        elif isinstance(progress.value, ExportedFile):
            self.written.append(progress.value)
        self.progress = replace(progress, value=None)
        self._to(QueueStage.WORKING)

    def _on_succeeded(self, batch: ExportResults) -> None:
        self.batch = batch
        stage = QueueStage.DONE
        if batch.failures:
            stage = QueueStage.PARTLY if batch.written else QueueStage.FAILED
        self._to(stage)

    def _on_failed(self, error: Exception) -> None:
        self.failure = error_text(error)
        self._to(QueueStage.FAILED)

    def _to(self, stage: QueueStage) -> None:
        self.stage = stage
        if stage.over:
            self._job = None
        self.changed.emit()


class ExportQueue(QObject):
    """Submits requests to the worker thread that writes, and keeps their entries; ``learn`` gets every new analysis."""

    added = Signal(object)  # ``QueueEntry``: the latest
    dropped = Signal(object)  # ``QueueEntry``: it leaves the list

    def __init__(self, worker: WorkerThread[Exports], jobs: Jobs, learn: Learn, parent: QObject) -> None:
        super().__init__(parent)
        self._worker = worker
        self._jobs = jobs
        self._learn = learn
        self.entries: list[QueueEntry] = []

    @property
    def pending(self) -> set[Path]:
        return {path for entry in self.entries if not entry.stage.over for path in entry.paths}

    def add(self, title: str, requests: Sequence[ExportRequest | StudyExportRequest]) -> QueueEntry:
        over = [entry for entry in self.entries if entry.stage.over]
        for old in over[: max(0, len(self.entries) + 1 - MAX_LISTED)]:
            self.entries.remove(old)
            self.dropped.emit(old)
            old.deleteLater()
        entry = QueueEntry(title, [request.path for request in requests], self._learn, self)
        queued_requests = tuple(requests)
        task = self._worker.submit(lambda service, token, report: service.write_all(queued_requests, token, report))
        entry.follow(task, self._jobs.follow(title, task))
        self.entries.append(entry)
        self.added.emit(entry)
        return entry
