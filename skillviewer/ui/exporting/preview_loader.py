"""Makes the preview of an export in a worker thread."""

from collections.abc import Callable
from typing import TypeAlias

from PySide6.QtCore import QObject, Signal

from skillviewer.export.preview import Preview
from skillviewer.ui.session.backend import Exports
from skillviewer.ui.threads.messages import error_text
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

SETTLE_MS = 200  # delay before a preview, in milliseconds: quick changes are previewed once


Question: TypeAlias = Callable[[Exports], Preview | None]


class PreviewLoader(QObject):
    """Queries previews in a thread of their own, so that none waits for an export; a newer query replaces the last."""

    arrived = Signal(object)  # ``Preview``, or None if nothing can be shown yet
    failed = Signal(str)

    def __init__(self, worker: WorkerThread[Exports], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._question: Question | None = None
        self._task: Task | None = None
        self._settle = single_shot(self, SETTLE_MS, self._begin)

    @property
    def busy(self) -> bool:
        return self._task is not None or self._settle.isActive()

    def ask(self, question: Question) -> None:
        """Query a preview soon; the last query is dropped."""
        self.drop()
        self._question = question
        self._settle.start()

    def drop(self) -> None:
        self._settle.stop()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _begin(self) -> None:
        request = self._question
        if request is None or self._worker.stopped:
            return
        task = self._task = self._worker.submit(lambda service, _token, _report: request(service))
        task.then(succeeded=self._on_seen, failed=lambda error: self._on_failed(task, error))

    def _on_seen(self, preview: Preview | None) -> None:
        self._task = None
        self.arrived.emit(preview)

    def _on_failed(self, task: Task, error: Exception) -> None:
        if task is self._task:  # else it was dropped
            self._task = None
            self.failed.emit(error_text(error))
