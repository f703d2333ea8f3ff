"""Worker threads and their tasks."""

import itertools
import logging
from collections.abc import Callable
from contextlib import nullcontext
from time import monotonic, sleep
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, QThread, QTimer, Signal, SignalInstance, Slot

from skillviewer.core.errors import Cancelled, SkillViewerError
from skillviewer.core.progress import CancelToken, Progress, Report, cancellable
from skillviewer.ui.threads.priorities import give_way

log = logging.getLogger(__name__)

PAUSE_S = 0.15  # longer than the time between two notches of a mouse wheel

ResourceT = TypeVar("ResourceT")
Work = Callable[[ResourceT, CancelToken, Report], object]
"""``work(resource, token, report) -> result``, run in the worker thread. It exchanges only values with the window."""


class Task(QObject):
    """The window's handle on a job of a worker thread. All signals are emitted in the window's thread.

    Exactly one of ``succeeded``, ``failed`` and ``cancelled`` is emitted, once, and then ``finished``. After
    ``cancel()``, ``succeeded`` and ``progressed`` are never emitted.
    """

    progressed = Signal(object)  # ``Progress``
    succeeded = Signal(object)  # the result
    failed = Signal(object)  # the error
    cancelled = Signal()
    finished = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.token = CancelToken()

    def then(self, **slots: Callable[..., object] | SignalInstance) -> "Task":
        """Connect slots to the signals of these names; return the task."""
        for signal, slot in slots.items():
            getattr(self, signal).connect(slot)
        return self

    def cancel(self) -> None:
        """Ask the job to stop. It stops at its next check."""
        self.token.cancel()


class _Runner(QObject, Generic[ResourceT]):
    """The part of a worker that lives in its thread: makes the resource for the first job, runs jobs, and frees it."""

    reported = Signal(int, str, object)  # number of the job, name of the signal to emit, and its value

    def __init__(self, make: Callable[[], ResourceT], free: Callable[[ResourceT], None]) -> None:
        super().__init__()
        self._make = make
        self._free = free
        self._resource: ResourceT | None = None
        self.paused_until = 0.0  # reading of ``monotonic()`` before which only jobs that must run begin

    @Slot()
    def give_way(self) -> None:
        give_way()

    @Slot(int, object, object, bool)
    def run(self, number: int, work: Work[ResourceT], token: CancelToken, must_run: bool) -> None:
        def report(progress: Progress) -> None:
            self.reported.emit(number, "progressed", progress)

        try:
            while not must_run:
                token.check()
                if monotonic() >= self.paused_until:
                    break
                sleep(0.01)
            if self._resource is None:
                self._resource = self._make()
            with nullcontext() if must_run else cancellable(token):
                result = work(self._resource, token, report)
        except Cancelled:
            self.reported.emit(number, "cancelled", None)
        except Exception as error:  # noqa: BLE001 - nothing may leave a slot of another thread; the task reports it
            self.reported.emit(number, "failed", error)
        else:
            self.reported.emit(number, "succeeded", result)

    @Slot()
    def stop(self) -> None:
        resource = self._resource
        self._resource = None
        try:
            if resource is not None:
                self._free(resource)
        except Exception:
            log.exception("freeing the resource of worker thread %s failed", QThread.currentThread().objectName())
        QThread.currentThread().quit()


class WorkerThread(QObject, Generic[ResourceT]):
    """A thread that makes, uses and frees one resource.

    Jobs are cancelled by a flag, because a queued slot would reach a busy thread only after the job.

    Args:
        name: Name of the thread.
        make: Makes the resource, in the thread.
        free: Frees the resource, in the thread.
        parent: Owner of the object.
        computes: Whether the thread computes for long, and has to give way to the window.
    """

    finished = Signal()  # the thread has ended; emitted once, after ``stop()``
    _submitted = Signal(int, object, object, bool)
    _stopping = Signal()

    def __init__(
        self,
        name: str,
        make: Callable[[], ResourceT],
        free: Callable[[ResourceT], None],
        parent: QObject | None = None,
        *,
        computes: bool = False,
    ) -> None:
        super().__init__(parent)
        self._numbers = itertools.count(1)
        self._tasks: dict[int, Task] = {}
        self.stopped = False  # True once no more jobs are accepted
        self._thread = QThread()
        self._thread.setObjectName(name)
        self._runner: _Runner[ResourceT] = _Runner(make, free)
        self._runner.moveToThread(self._thread)
        self._submitted.connect(self._runner.run)
        self._stopping.connect(self._runner.stop)
        if computes:
            self._thread.started.connect(self._runner.give_way)
        self._runner.reported.connect(self._deliver)  # bound method of a QObject: queued to the window's thread
        self._thread.finished.connect(self.finished)
        self._thread.start()

    @property
    def name(self) -> str:
        return self._thread.objectName()

    def submit(self, work: Work[ResourceT], *, must_run: bool = False) -> Task:
        """Append a job to the queue.

        Args:
            work: ``work(resource, token, report)``; its result is emitted by ``succeeded``.
            must_run: Whether the job runs even if the worker is stopped before its turn, so that the user's input, such
                as a vote, is not lost when the window closes. ``succeeded`` is not emitted then.
        """
        if self.stopped:
            raise RuntimeError(f"worker thread {self.name} has stopped")
        task = Task(self)
        number = next(self._numbers)
        self._tasks[number] = task
        self._submitted.emit(number, work, task.token, must_run)
        return task

    def decline(self) -> Task:
        """Return a task that is cancelled soon, for a request that comes after the worker has stopped."""
        task = Task(self)
        task.cancel()
        number = next(self._numbers)
        self._tasks[number] = task
        QTimer.singleShot(0, self, lambda: self._deliver(number, "cancelled", None))
        return task

    @Slot(int, str, object)
    def _deliver(self, number: int, kind: str, payload: object) -> None:
        if kind == "progressed":
            reporting_task = self._tasks.get(number)  # None if the report function is called after the job has ended
            if reporting_task is not None and not reporting_task.token.cancelled:
                reporting_task.progressed.emit(payload)
            return
        task = self._tasks.pop(number)
        if kind == "succeeded" and task.token.cancelled:
            kind = "cancelled"  # cancelled before the result was delivered
        if kind == "cancelled":
            task.cancelled.emit()
        elif kind == "failed":
            if isinstance(payload, SkillViewerError):
                log.info("job in worker thread %s failed: %s", self.name, payload)
            elif isinstance(payload, BaseException):
                log.error("job in worker thread %s failed", self.name, exc_info=payload)
            task.failed.emit(payload)
        else:
            task.succeeded.emit(payload)
        task.finished.emit()
        task.deleteLater()

    def pause(self, seconds: float = PAUSE_S) -> None:
        """Begin no job for some time, such as while the user scrolls, so that the window is not slowed; 0 ends it."""
        self._runner.paused_until = monotonic() + seconds

    def cancel_all(self) -> None:
        """Ask all jobs to stop, the last first, so that no waiting job begins when the running one ends."""
        for task in reversed(self._tasks.values()):
            task.cancel()

    def stop(self) -> None:
        """Cancel all jobs, and end the thread after those that must run, without waiting."""
        if not self.stopped:
            self.stopped = True
            self.cancel_all()
            self._stopping.emit()

    def wait(self, timeout_ms: int = 10_000) -> bool:
        """Stop, and return True if the thread ended in time; only for tests and the end of the process."""
        self.stop()
        return self._thread.wait(timeout_ms)
