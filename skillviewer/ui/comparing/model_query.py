"""Queries of the pool of models, one at a time, so that the next one can change until the last moment."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.errors import SkillViewerError
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.footage import VideoClip
from skillviewer.data.study import StudyVideo
from skillviewer.engine.inference.pooled_models import PooledModels
from skillviewer.ui.comparing.queries import ask, saved
from skillviewer.ui.threads.throttle import Throttle
from skillviewer.ui.threads.worker_thread import Task, WorkerThread


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


@dataclass(frozen=True, slots=True, eq=False)
class RequestInputs:
    """Inputs of a query.

    Attributes:
        passes: Number of interleaved sampling passes, K.
        videos: Videos of the study whose saved analyses are loaded.
        digest: Digest of the model whose saved analyses are loaded.
        analysis: Analysis to explain.
    """

    passes: int = 1
    videos: tuple[StudyVideo, ...] = ()
    digest: str = ""
    analysis: Analysis | None = None


def _work(request: ModelRequest, inputs: RequestInputs) -> Callable[[PooledModels, CancelToken, Report], object]:
    folder, footage, analysis = Path(request.key), request.footage, inputs.analysis

    def work(pool: PooledModels, token: CancelToken, report: Report) -> object:
        if request.kind is Kind.FACTS:
            return pool.facts(folder)
        if request.kind is Kind.SAVED:
            return saved(inputs.videos, inputs.digest, inputs.passes, token)
        if request.kind is Kind.EXPLAIN and analysis is not None:
            return pool.explain(folder, analysis, token, report)
        assert footage is not None
        return ask(pool, folder, footage, inputs.passes, token, report)

    return work


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
        self._request: ModelRequest | None = None
        self._task: Task | None = None
        self._throttle = Throttle(self)
        self._throttle.shown.connect(self._show)

    @property
    def running(self) -> ModelRequest | None:
        """The query in progress, or None."""
        return self._request

    @property
    def can_ask(self) -> bool:
        """True if a query can be run now."""
        return self._request is None and not self._worker.stopped

    def ask(self, request: ModelRequest, inputs: RequestInputs) -> None:
        """Run a query; only where ``can_ask``."""
        assert self._request is None
        self._request = request
        task = self._worker.submit(_work(request, inputs))
        self._task = task
        task.progressed.connect(self._on_progress)
        task.succeeded.connect(self._on_succeeded)
        task.failed.connect(self._on_failed)
        task.finished.connect(self._on_finished)

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def keep(self, keys: tuple[str, ...]) -> None:
        """Drop all models but these from the pool."""
        if not self._worker.stopped:
            folders = {Path(key) for key in keys}
            self._worker.submit(lambda pool, _token, _report: pool.keep(folders))

    @Slot(object)
    def _on_progress(self, progress: Progress) -> None:
        self._throttle.report(progress)

    @Slot(object)
    def _show(self, progress: Progress) -> None:
        if self._request is not None and not self._cancelled:
            self.progressed.emit(self._request, progress)

    @property
    def _cancelled(self) -> bool:
        return self._task is None or self._task.token.cancelled

    @Slot(object)
    def _on_succeeded(self, answer: object) -> None:
        if self._request is not None:
            self.answered.emit(self._request, answer)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if self._request is not None and not self._cancelled:
            words = self.tr("Unexpected error: {}. The log has the details.")
            text = str(error) if isinstance(error, SkillViewerError) else words.format(type(error).__name__)
            self.failed.emit(self._request, text)

    @Slot()
    def _on_finished(self) -> None:
        self._request = self._task = None
        self._throttle.stop()
        self.free.emit()
