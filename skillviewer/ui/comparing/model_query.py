"""Queries of the pool of models, one at a time, and their job, listed only when it takes long enough to be read."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from skillviewer.core.errors import SkillViewerError
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.extents import VideoClip
from skillviewer.engine.inference.pooled_models import PooledModels
from skillviewer.ui.threads.jobs import Job, Jobs
from skillviewer.ui.threads.throttle import Throttle, single_shot
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

LISTED_AFTER_MS = 200
"""Shorter work is not listed, in milliseconds."""


class SlowJob(QObject):
    """Work that starts and stops repeatedly."""

    stop_asked = Signal()

    def __init__(self, jobs: Jobs, title: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._title = jobs, title
        self._precious = False
        self._job: Job | None = None
        self._progress = ("", 0, 0)
        self._timer = single_shot(self, LISTED_AFTER_MS, self._list)

    def begin(self, *, precious: bool = False) -> None:
        """Start; closing the window asks before it stops a precious job, which is then listed at once."""
        if precious and not self._precious:
            self.finish()
        self._precious = precious or self._precious
        if self._job is None and not self._timer.isActive():
            self._timer.start(0 if precious else LISTED_AFTER_MS)

    def report(self, stage: str, done: int, total: int) -> None:
        self._progress = (stage, done, total)
        if self._job is not None:
            self._job.set_progress(*self._progress)

    def finish(self) -> None:
        self._timer.stop()
        self._precious = False
        job, self._job = self._job, None
        if job is not None:
            job.finish()

    @Slot()
    def _list(self) -> None:
        if self._job is None:
            self._job = self._jobs.begin(self._title, precious=self._precious, keeps=True)
            self._job.stop_asked.connect(self.stop_asked)
            self._job.set_progress(*self._progress)


class Kind(Enum):
    """Kind of a query."""

    FACTS = auto()  # facts of a checkpoint
    ASSESS = auto()  # analysis of a video
    SAVED = auto()  # saved analyses of the study
    EXPLAIN = auto()  # faithfulness for a video


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One query.

    Attributes:
        kind: Kind of the query.
        key: Folder of the model's checkpoint.
        footage: The video, or None.
    """

    kind: Kind
    key: str
    footage: VideoClip | None = None


Work = Callable[[PooledModels, CancelToken, Report], object]


class ModelQuery(QObject):
    """Runs queries and reports their progress and results. A cancelled query reports nothing."""

    progressed = Signal(object, object)
    """Query and ``Progress``, at most every 100 ms."""
    answered = Signal(object, object)
    """Query and its result."""
    failed = Signal(object, str)
    """Query and the reason, in a sentence."""
    free = Signal()
    """The next query can be run."""

    def __init__(self, worker: WorkerThread[PooledModels], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self.running: ModelRequest | None = None
        self._task: Task | None = None
        self._throttle = Throttle(self)
        self._throttle.shown.connect(self._show)

    @property
    def can_ask(self) -> bool:
        """True if a query can be run now."""
        return self.running is None and not self._worker.stopped

    def ask(self, request: ModelRequest, work: Work) -> None:
        """Run a query by ``work``; only where ``can_ask``."""
        assert self.running is None
        self.running = request
        self._task = self._worker.submit(work)
        self._task.then(
            progressed=self._throttle.report,
            succeeded=self._on_succeeded,
            failed=self._on_failed,
            finished=self._on_finished,
        )

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def keep(self, keys: tuple[str, ...]) -> None:
        """Drop all models but these from the pool."""
        if not self._worker.stopped:
            folders = {Path(key) for key in keys}
            self._worker.submit(lambda pool, _token, _report: pool.keep(folders))

    @Slot(object)
    def _show(self, progress: Progress) -> None:
        if self.running is not None and not self._cancelled:
            self.progressed.emit(self.running, progress)

    @property
    def _cancelled(self) -> bool:
        return self._task is None or self._task.token.cancelled

    @Slot(object)
    def _on_succeeded(self, answer: object) -> None:
        if self.running is not None:
            self.answered.emit(self.running, answer)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if self.running is not None and not self._cancelled:
            words = self.tr("Unexpected error: {}. The log has the details.")
            text = str(error) if isinstance(error, SkillViewerError) else words.format(type(error).__name__)
            self.failed.emit(self.running, text)

    @Slot()
    def _on_finished(self) -> None:
        self.running = self._task = None
        self._throttle.stop()
        self.free.emit()
