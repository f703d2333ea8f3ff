"""Jobs, messages to the user, and errors that no code caught."""

import logging
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal, Slot

from skillviewer.core.crash_report import REPORT_LOG_FILE, NamelessFormatter
from skillviewer.core.errors import SkillViewerError
from skillviewer.core.progress import Progress
from skillviewer.ui.threads.worker_thread import Task, single_shot

SURE_S, SURE_SHARE = 5.0, 0.03
"""The time left is shown after so long, or so much of the work: an earlier estimate would be far off."""


LISTED_AFTER_MS = 200  # shorter work is not listed, in milliseconds


class Job(QObject):
    """A job that the user can see and stop."""

    changed = Signal()
    finished = Signal()
    stop_asked = Signal()

    def __init__(
        self, title: str, *, confirm_stop: bool = True, keeps: bool = False, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.title = title  # the present step of the work
        self.confirm_stop, self._keeps = (confirm_stop, keeps)  # closing the window asks before it stops this job
        self.stage = ""
        self.done = self.total = self._from = 0
        self.stopping = False  # true once it was asked to stop
        self._since = QElapsedTimer()
        self._since.start()

    @property
    def loses(self) -> bool:
        """True where stopping loses the work done so far."""
        return self.confirm_stop and not self._keeps

    @property
    def share(self) -> float | None:
        """Part that is done, 0 to 1, or None when it is not known."""
        return self.done / self.total if self.total else None

    @property
    def left_s(self) -> float | None:
        """Seconds left of this part at the pace so far, or None before it can be estimated."""
        elapsed_s = self._since.elapsed() / 1000
        n_steps = self.done - self._from
        if not self.total or n_steps < 1 or elapsed_s < 1:
            return None
        if elapsed_s < SURE_S and n_steps < SURE_SHARE * self.total:  # the first steps say little about the pace
            return None
        return elapsed_s / n_steps * (self.total - self.done)

    def set_progress(self, stage: str, done: int, total: int) -> None:
        """Report progress. Where the count begins anew, with another part of the work, so does the pace."""
        if done < self.done or not self.total:  # its start counts too: it may have waited for its turn
            self._from = done
            self._since.restart()
        self.stage, self.done, self.total = stage, done, total
        self.changed.emit()

    @Slot(object)
    def on_progress(self, progress: Progress) -> None:
        self.set_progress(progress.stage, progress.done, progress.total)

    @Slot()
    def stop(self) -> None:
        if not self.stopping:
            self.stopping = True
            self.changed.emit()
            self.stop_asked.emit()

    @Slot()
    def finish(self) -> None:
        self.finished.emit()


class Jobs(QObject):
    """The running jobs, the oldest first."""

    changed = Signal()  # a job began, ended or got on; fires every second while one runs

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: list[Job] = []
        self._tick = QTimer(self, interval=1000)  # the time left falls between reports too
        self._tick.timeout.connect(self.changed)

    @property
    def running(self) -> tuple[Job, ...]:
        return tuple(self._jobs)

    @property
    def confirm_stop(self) -> bool:
        """True where one of them must not be stopped without a question."""
        return any(job.confirm_stop for job in self._jobs)

    def begin(self, title: str, *, confirm_stop: bool = True, keeps: bool = False) -> Job:
        """List a job that begins.

        With ``confirm_stop``, closing the window asks before it stops the job. A job that ``keeps`` loses nothing when
        it is stopped.
        """
        job = Job(title, confirm_stop=confirm_stop, keeps=keeps, parent=self)
        self._jobs.append(job)
        job.changed.connect(self.changed)
        job.finished.connect(self._on_finished)
        self._tick.start()
        self.changed.emit()
        return job

    def follow(self, title: str, task: Task, *, confirm_stop: bool = True) -> Job:
        """List a job that is one task of a worker thread."""
        job = self.begin(title, confirm_stop=confirm_stop)
        task.then(progressed=job.on_progress, finished=job.finish)
        job.stop_asked.connect(task.cancel)
        return job

    def stop_all(self) -> None:
        """Ask all to stop; the last first, so that none that waits is begun when the one before it ends."""
        for job in reversed(self.running):
            job.stop()

    @Slot()
    def _on_finished(self) -> None:
        job = self.sender()
        if isinstance(job, Job) and job in self._jobs:
            self._jobs.remove(job)
            if not self._jobs:
                self._tick.stop()
            self.changed.emit()
            job.deleteLater()


class SlowJob(QObject):
    """Work that starts and stops repeatedly."""

    stop_asked = Signal()

    def __init__(self, jobs: Jobs, title: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._title = jobs, title
        self._confirm_stop = False
        self._job: Job | None = None
        self._progress = ("", 0, 0)
        self._timer = single_shot(self, LISTED_AFTER_MS, self._list)

    def begin(self, *, confirm_stop: bool = False) -> None:
        """Start; with ``confirm_stop`` the job is listed at once, and closing the window asks before it stops it."""
        if confirm_stop and not self._confirm_stop:
            self.finish()
        self._confirm_stop = confirm_stop or self._confirm_stop
        if self._job is None and not self._timer.isActive():
            self._timer.start(0 if confirm_stop else LISTED_AFTER_MS)

    def report(self, stage: str, done: int, total: int) -> None:
        self._progress = (stage, done, total)
        if self._job is not None:
            self._job.set_progress(*self._progress)

    def finish(self) -> None:
        self._timer.stop()
        self._confirm_stop = False
        job, self._job = self._job, None
        if job is not None:
            job.finish()

    @Slot()
    def _list(self) -> None:
        if self._job is None:
            self._job = self._jobs.begin(self._title, confirm_stop=self._confirm_stop, keeps=True)
            self._job.stop_asked.connect(self.stop_asked)
            self._job.set_progress(*self._progress)


class Severity(StrEnum):
    """Severity of a message."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Message:
    """A message."""

    text: str  # a sentence
    severity: Severity = Severity.NOTE  # how bad it is
    details: tuple[str, ...] = ()  # more lines, shown on request: one for each file that was not understood, say


class Messages(QObject):
    """Messages that wait to be read, the latest last."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: list[Message] = []

    @property
    def waiting(self) -> tuple[Message, ...]:
        """Messages not yet dismissed, the latest last."""
        return tuple(self._waiting)

    def post(self, message: Message) -> None:
        """Show a message. The same text twice is shown once."""
        self._waiting = [m for m in self._waiting if m.text != message.text]
        self._waiting.append(message)
        self.changed.emit()

    def note(self, text: str) -> None:
        self.post(Message(text))

    def fail(self, error: BaseException) -> None:
        """Show a failure, in the words of the error where they are fit to be shown."""
        if isinstance(error, SkillViewerError):
            self.post(Message(str(error), Severity.ERROR))
        else:
            description = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            text = "An unexpected error occurred. The log has the details."
            self.post(Message(text, Severity.ERROR, details=(description,)))

    def dismiss(self) -> None:
        if self._waiting:
            self._waiting.pop()
            self.changed.emit()


log = logging.getLogger(__name__)

LOG_BYTES = 1_000_000
ExceptHook = Callable[[type[BaseException], BaseException, TracebackType | None], object]


def log_to(folder: Path) -> tuple[logging.Handler, ...]:
    """Write the log to ``FOLDER/skillviewer.log``, and once more without values for reports of crashes.

    Each has a few files of limited size. The handlers are returned, none if the folder cannot be written.
    """
    formatters = {
        "skillviewer.log": logging.Formatter("%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"),
        REPORT_LOG_FILE: NamelessFormatter(),
    }
    handlers: list[logging.Handler] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, formatter in formatters.items():
            handlers.append(RotatingFileHandler(folder / name, maxBytes=LOG_BYTES, backupCount=2, encoding="utf-8"))
            handlers[-1].setFormatter(formatter)
    except OSError as error:
        log.warning("no log is written: %s", error)
        return ()
    logger = logging.getLogger("skillviewer")
    for handler in handlers:
        logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    return tuple(handlers)


class ExceptionHook(QObject):
    """Replaces ``sys.excepthook``, which gets the errors of slots and event handlers."""

    caught = Signal(object)  # the error; delivered in the window's thread whatever thread it happened in

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._before: ExceptHook | None = None
        self._threads_before: Callable[[threading.ExceptHookArgs], object] | None = None

    def install(self) -> None:
        if self._before is None:
            self._before, self._threads_before = sys.excepthook, threading.excepthook
            sys.excepthook = self._on_error
            threading.excepthook = self._on_thread_error

    def uninstall(self) -> None:
        if self._before is not None and self._threads_before is not None:
            sys.excepthook, threading.excepthook = self._before, self._threads_before
            self._before = self._threads_before = None

    def _on_error(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        log.error("not caught", exc_info=(kind, error, trace))
        self.caught.emit(error)

    def _on_thread_error(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._on_error(args.exc_type, args.exc_value, args.exc_traceback)
