"""Loader of the preview of an export, in a worker thread."""

from collections.abc import Callable
from typing import TypeAlias

from PySide6.QtCore import QObject, Signal

from skillviewer.export.preview import Preview
from skillviewer.ui.session.backend import Exports
from skillviewer.ui.threads.messages import error_text
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

SETTLE_MS = 200  # delay before a preview: several quick changes have one preview

MakePreview: TypeAlias = Callable[[Exports], Preview | None]


class PreviewLoader(QObject):
    """Loader of previews in a thread of their own, so that no preview waits for an export.

    A new request replaces the last one.
    """

    arrived = Signal(object)  # ``Preview``, or None if nothing can be shown yet
    failed = Signal(str)

    def __init__(self, worker: WorkerThread[Exports], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._make_preview: MakePreview | None = None
        self._task: Task | None = None
        self._settle_timer = single_shot(self, SETTLE_MS, self._start_preview)

    @property
    def is_busy(self) -> bool:
        return self._task is not None or self._settle_timer.isActive()

    def request(self, make_preview: MakePreview) -> None:
        """Make a preview soon, and cancel the last request."""
        self.cancel()
        self._make_preview = make_preview
        self._settle_timer.start()

    def cancel(self) -> None:
        """Cancel the request, if any."""
        self._settle_timer.stop()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _start_preview(self) -> None:
        make_preview = self._make_preview
        if make_preview is None or self._worker.stopped:
            return
        task = self._worker.submit(lambda service, _token, _report: make_preview(service))
        self._task = task
        task.then(succeeded=self._on_succeeded, failed=lambda error: self._on_failed(task, error))

    def _on_succeeded(self, preview: Preview | None) -> None:
        self._task = None
        self.arrived.emit(preview)

    def _on_failed(self, task: Task, error: Exception) -> None:
        if task is self._task:  # a cancelled task is ignored
            self._task = None
            self.failed.emit(error_text(error))
