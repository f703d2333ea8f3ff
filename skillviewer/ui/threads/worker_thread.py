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

REST_S = 0.15  # longer than the time between two notches of a wheel

ResourceT = TypeVar("ResourceT")
Work = Callable[[ResourceT, CancelToken, Report], object]
"""Plain code, run in the worker's thread: ``work(resource, token, report) -> result``. Only values cross."""


class Task(QObject):
    """The handle of one job in the window. All signals fire in the window's thread.

    Exactly one of ``succeeded``, ``failed`` and ``cancelled`` fires, once, and then ``finished``. After ``cancel()``,
    ``succeeded`` and ``progressed`` never fire.
    """

    progressed = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)
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
    """Lives in the worker's thread: makes the resource when the first job needs it, runs jobs in order, frees it."""

    reported = Signal(int, str, object)

    def __init__(self, make: Callable[[], ResourceT], free: Callable[[ResourceT], None]) -> None:
        super().__init__()
        self._make = make
        self._free = free
        self._resource: ResourceT | None = None
        self.rests_until = 0.0  # time, as of ``monotonic()``, before which no job begins that can wait

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
                if monotonic() >= self.rests_until:
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

    Cancelling is a flag and not a slot, for a queued slot would reach a busy thread only when the job is over.

    Args:
        free: Gives the resource back, in the thread.
    """

    finished = Signal()  # the thread has ended; fires once, after ``stop()``
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
        self.stopped = False  # true once it takes no more jobs
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
        """Queue a job behind those that wait; return at once.

        Args:
            work: ``work(resource, token, report)``; what it returns is given to ``succeeded``.
            must_run: Whether it is done even if the worker is stopped before its turn comes: what the user has entered,
                such as a vote, is not lost when the window closes. ``succeeded`` does not fire then.
        """
        if self.stopped:
            raise RuntimeError(f"worker thread {self.name} has stopped")
        task = Task(self)
        number = next(self._numbers)
        self._tasks[number] = task
        self._submitted.emit(number, work, task.token, must_run)
        return task

    def decline(self) -> Task:
        """Return a task that does nothing and is cancelled soon: a question that comes when the worker has stopped."""
        task = Task(self)
        task.cancel()
        number = next(self._numbers)
        self._tasks[number] = task
        QTimer.singleShot(0, self, lambda: self._deliver(number, "cancelled", None))
        return task

    @Slot(int, str, object)
    def _deliver(self, number: int, kind: str, payload: object) -> None:
        if kind == "progressed":
            # work that keeps its report function may call it when the job is over: that report is dropped
            waiting = self._tasks.get(number)
            if waiting is not None and not waiting.token.cancelled:
                waiting.progressed.emit(payload)
            return
        task = self._tasks.pop(number)
        if kind == "succeeded" and task.token.cancelled:
            kind = "cancelled"  # asked to stop before the answer was read
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

    def rest(self, seconds: float = REST_S) -> None:
        """Begin no job for a moment, as where the user scrolls: Python's lock is for the window. 0 ends a rest."""
        self._runner.rests_until = monotonic() + seconds

    def cancel_all(self) -> None:
        """Ask every job, running or waiting, to stop; the last first, so that none is begun when another ends."""
        for task in reversed(self._tasks.values()):
            task.cancel()

    def stop(self) -> None:
        """Cancel all jobs; end the thread when the running one has stopped and those that must run are done.

        Returns at once.
        """
        if not self.stopped:
            self.stopped = True
            self.cancel_all()
            self._stopping.emit()

    def wait(self, timeout_ms: int = 10_000) -> bool:
        """Stop, and return whether the thread ended in time: for tests and the end of the process alone."""
        self.stop()
        return self._thread.wait(timeout_ms)
