"""The queue of exports."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from skillviewer.core.progress import Progress
from skillviewer.core.study_log import LoggedExport
from skillviewer.engine.exporting.export_results import AnalysisReady, ExportedFile, ExportResults
from skillviewer.engine.exporting.requests import ExportRequest, StudyExportRequest
from skillviewer.ui.session.backend import Exports
from skillviewer.ui.threads.jobs import Job, Jobs
from skillviewer.ui.threads.messages import error_text
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

Learn = Callable[[AnalysisReady | LoggedExport], object]
"""Function that gets an analysis that is new to the window, or an entry for the log of a study."""

MAX_LISTED = 30  # greatest number of exports in the list; the oldest finished ones are removed


class QueueStage(StrEnum):
    """State of an entry."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    PARTLY = "partly"  # some files could not be written
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def is_over(self) -> bool:
        return self not in {QueueStage.WAITING, QueueStage.WORKING}


class QueueEntry(QObject):
    """An export in the queue. It writes one or more files."""

    changed = Signal()

    def __init__(self, title: str, paths: Sequence[Path], learn: Learn, parent: QObject) -> None:
        super().__init__(parent)
        self._learn = learn
        self.title = title
        self.paths = tuple(paths)  # not the requests: they hold large analyses
        self.stage = QueueStage.WAITING
        self.progress: Progress | None = None
        self.results: ExportResults | None = None  # when the export has ended without an error
        self.written_files: list[ExportedFile] = []  # files that were finished so far, if there are several
        self.failure = ""
        self._job: Job | None = None

    @property
    def target_path(self) -> Path:
        """The file, or the folder for several files."""
        return self.paths[0] if len(self.paths) == 1 else self.paths[0].parent

    def follow(self, task: Task, job: Job) -> None:
        """Follow the task that writes the files."""
        self._job = job
        task.then(
            progressed=self._on_progress,
            succeeded=self._on_succeeded,
            failed=self._on_failed,
            cancelled=lambda: self._set_stage(QueueStage.STOPPED),
        )

    def stop(self) -> None:
        """Stop the task; finished files stay, unfinished ones are removed."""
        if self._job is not None:
            self._job.stop()

    def _on_progress(self, progress: Progress) -> None:
        if isinstance(progress.value, AnalysisReady | LoggedExport):
            self._learn(progress.value)
        elif isinstance(progress.value, ExportedFile):
            self.written_files.append(progress.value)
        self.progress = replace(progress, value=None)
        self._set_stage(QueueStage.WORKING)

    def _on_succeeded(self, results: ExportResults) -> None:
        self.results = results
        if not results.failures:
            self._set_stage(QueueStage.DONE)
        elif results.written:
            self._set_stage(QueueStage.PARTLY)
        else:
            self._set_stage(QueueStage.FAILED)

    def _on_failed(self, error: Exception) -> None:
        self.failure = error_text(error)
        self._set_stage(QueueStage.FAILED)

    def _set_stage(self, stage: QueueStage) -> None:
        self.stage = stage
        if stage.is_over:
            self._job = None
        self.changed.emit()


class ExportQueue(QObject):
    """Submits requests to the worker thread that writes, and keeps an entry for each export."""

    entry_added = Signal(object)  # the new ``QueueEntry``
    entry_removed = Signal(object)  # ``QueueEntry`` that was removed from the list

    def __init__(self, worker: WorkerThread[Exports], jobs: Jobs, learn: Learn, parent: QObject) -> None:
        super().__init__(parent)
        self._worker = worker
        self._jobs = jobs
        self._learn = learn
        self.entries: list[QueueEntry] = []

    @property
    def pending_paths(self) -> set[Path]:
        """Paths of the files of exports that are not over."""
        return {path for entry in self.entries if not entry.stage.is_over for path in entry.paths}

    def add(self, title: str, requests: Sequence[ExportRequest | StudyExportRequest]) -> QueueEntry:
        """Submit requests as one entry, and return the entry; old entries may be removed from the list."""
        self._drop_oldest()
        entry = QueueEntry(title, [request.path for request in requests], self._learn, self)
        queued_requests = tuple(requests)
        task = self._worker.submit(lambda service, token, report: service.write_all(queued_requests, token, report))
        entry.follow(task, self._jobs.follow(title, task))
        self.entries.append(entry)
        self.entry_added.emit(entry)
        return entry

    def _drop_oldest(self) -> None:
        """Remove the oldest finished entries, so that a new entry fits in the list."""
        finished = [entry for entry in self.entries if entry.stage.is_over]
        n_excess = max(0, len(self.entries) + 1 - MAX_LISTED)
        for entry in finished[:n_excess]:
            self.entries.remove(entry)
            self.entry_removed.emit(entry)
            entry.deleteLater()
