"""Limits on the rate of calls, reports and requests."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

REPORT_INTERVAL_MS = 100


def single_shot(parent: QObject, interval_ms: int, slot: Callable[[], object] | None = None) -> QTimer:
    """Return a timer that calls ``slot`` once, ``interval_ms`` after its last start."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(interval_ms)
    if slot is not None:
        timer.timeout.connect(slot)
    return timer


class Portions(QObject):
    """Makes many calls in portions, one portion in each turn of the event loop, so that the window stays responsive."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._n_at_once = 0
        self._calls: Iterator[Callable[[], object]] = iter(())
        self._next_turn = single_shot(self, 0, self._next)

    def run(self, calls: Iterable[Callable[[], object]], n_at_once: int) -> None:
        """Make ``n_at_once`` calls now and as many in each turn of the event loop. Waiting calls are dropped."""
        self._calls = iter(calls)
        self._n_at_once = n_at_once
        self._next()

    def clear(self) -> None:
        """Drop the waiting calls."""
        self._calls = iter(())

    def _next(self) -> None:
        portion = [*islice(self._calls, self._n_at_once)]
        for call in portion:
            call()
        if len(portion) == self._n_at_once:
            self._next_turn.start()


class Throttle(QObject):
    """Limits reports to a rate that the user can follow."""

    shown = Signal(object)  # the latest ``Progress``

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._latest_progress: Progress | None = None
        self._timer = single_shot(self, REPORT_INTERVAL_MS, self._show)

    def report(self, progress: Progress) -> None:
        """Emit a report now. If another was just emitted, emit the latest report at the end of the interval."""
        self._latest_progress = progress
        if not self._timer.isActive():
            self._show()

    def stop(self) -> None:
        """Drop a waiting report."""
        self._timer.stop()
        self._latest_progress = None

    @Slot()
    def _show(self) -> None:
        progress = self._latest_progress
        self._latest_progress = None
        if progress is not None:
            self._timer.start()
            self.shown.emit(progress)


RequestT = TypeVar("RequestT")


class LatestOnly(QObject, Generic[RequestT]):
    """Sends requests to a worker thread, one at a time. A later request replaces a waiting request.

    Args:
        worker: The worker thread.
        answer: ``answer(resource, request, superseded, report) -> value``, run in the worker thread. It may stop early
            when ``superseded`` is cancelled. Values that it reports are delivered like its result.
        parent: Owner of the object.
    """

    delivered = Signal(object)  # a reported value, or the result
    failed = Signal(object)  # the error

    def __init__(
        self,
        worker: WorkerThread[Any],
        answer: Callable[[Any, RequestT, CancelToken, Report], object],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._worker = worker
        self._answer = answer
        self._waiting: RequestT | None = None
        self._task: Task | None = None
        self._superseded = CancelToken()

    def post(self, request: RequestT, *, interrupt: bool) -> None:
        """Replace the waiting request. ``interrupt`` lets the running request stop early."""
        self._waiting = request
        if self._task is None:
            self._send()
        elif interrupt:
            self._superseded.cancel()

    def clear(self) -> None:
        """Drop the waiting request, and let the running request stop early."""
        self._waiting = None
        self._superseded.cancel()

    def _send(self) -> None:
        request = self._waiting
        self._waiting = None
        if request is None or self._worker.stopped:
            return
        answer = self._answer
        superseded = CancelToken()
        self._superseded = superseded

        def work(resource: Any, _token: CancelToken, report: Report) -> object:  # noqa: ANN401 - of any worker
            return answer(resource, request, superseded, report)

        task = self._worker.submit(work)
        self._task = task
        task.then(
            progressed=self._on_progress, succeeded=self.delivered, failed=self.failed, finished=self._on_finished
        )

    @Slot(object)
    def _on_progress(self, progress: Progress) -> None:
        self.delivered.emit(progress.value)

    @Slot()
    def _on_finished(self) -> None:
        self._task = None
        self._send()
