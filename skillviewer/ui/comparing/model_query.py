"""One question at a time to the pool of models, so that what is asked next can change until the last moment."""

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
from skillviewer.ui.comparing.queries import ask, remember
from skillviewer.ui.session.backend import ComparedModels
from skillviewer.ui.threads.throttle import Throttle
from skillviewer.ui.threads.worker_thread import Task, WorkerThread


class Kind(Enum):
    """What is asked."""

    FACTS = auto()  # of a checkpoint
    ASSESS = auto()  # a video
    RECALL = auto()  # what the model said of the study's videos before
    EXPLAIN = auto()  # a video's score: is the attention faithful


@dataclass(frozen=True, slots=True)
class ModelQuestion:
    """One question.

    Attributes:
        kind: What is asked.
        key: Folder of the model's checkpoint.
        footage: The video; None where none is meant.
    """

    kind: Kind
    key: str
    footage: VideoClip | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Matter:
    """What a question is asked with.

    Attributes:
        passes: K, interleaved passes.
        videos: The videos of the study, to recall.
        digest: Of the model, to recall.
        analysis: To explain.
    """

    passes: int = 1
    videos: tuple[StudyVideo, ...] = ()
    digest: str = ""
    analysis: Analysis | None = None


def _work(question: ModelQuestion, matter: Matter) -> Callable[[ComparedModels, CancelToken, Report], object]:
    folder, footage, analysis = Path(question.key), question.footage, matter.analysis

    def work(pool: ComparedModels, token: CancelToken, report: Report) -> object:
        if question.kind is Kind.FACTS:
            return pool.facts(folder)
        if question.kind is Kind.RECALL:
            return remember(matter.videos, matter.digest, matter.passes, token)
        if question.kind is Kind.EXPLAIN and analysis is not None:
            return pool.explain(folder, analysis, token, report)
        assert footage is not None
        return ask(pool, folder, footage, matter.passes, token, report)

    return work


class ModelQuery(QObject):
    """Asks, tells how far it is, and says what came of it. After ``cancel`` nothing is answered.

    Args:
        worker: Owns the pool of models.
        parent: Owner.
    """

    progressed = Signal(object, object)
    """Question and ``Progress``, at most every 100 ms."""
    answered = Signal(object, object)
    """Question and what is known now."""
    failed = Signal(object, str)
    """Question and the reason, in a sentence."""
    free = Signal()
    """The next question can be asked."""

    def __init__(self, worker: WorkerThread[ComparedModels], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._question: ModelQuestion | None = None
        self._task: Task | None = None
        self._throttle = Throttle(self)
        self._throttle.shown.connect(self._show)

    @property
    def running(self) -> ModelQuestion | None:
        """What is being asked."""
        return self._question

    @property
    def can_ask(self) -> bool:
        """Whether a question can be asked now."""
        return self._question is None and not self._worker.stopped

    def ask(self, question: ModelQuestion, matter: Matter) -> None:
        """Ask; only where ``can_ask``."""
        assert self._question is None
        self._question = question
        task = self._worker.submit(_work(question, matter))
        self._task = task
        task.progressed.connect(self._on_progress)
        task.succeeded.connect(self._on_succeeded)
        task.failed.connect(self._on_failed)
        task.finished.connect(self._on_finished)

    def cancel(self) -> None:
        """Ask no longer for what is being asked."""
        if self._task is not None:
            self._task.cancel()

    def keep(self, keys: tuple[str, ...]) -> None:
        """Let the pool go of all models but these."""
        if not self._worker.stopped:
            folders = {Path(key) for key in keys}
            self._worker.submit(lambda pool, _token, _report: pool.keep(folders))

    @Slot(object)
    def _on_progress(self, progress: Progress) -> None:
        self._throttle.report(progress)

    @Slot(object)
    def _show(self, progress: Progress) -> None:
        if self._question is not None and not self._cancelled:
            self.progressed.emit(self._question, progress)

    @property
    def _cancelled(self) -> bool:
        return self._task is None or self._task.token.cancelled

    @Slot(object)
    def _on_succeeded(self, answer: object) -> None:
        if self._question is not None:
            self.answered.emit(self._question, answer)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if self._question is not None and not self._cancelled:
            words = self.tr("Something went wrong that should not have: {}. The log has the details.")
            text = str(error) if isinstance(error, SkillViewerError) else words.format(type(error).__name__)
            self.failed.emit(self._question, text)

    @Slot()
    def _on_finished(self) -> None:
        self._question = self._task = None
        self._throttle.stop()
        self.free.emit()
