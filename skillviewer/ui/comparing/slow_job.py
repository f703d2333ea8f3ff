"""A job that is listed only when it takes long enough to be read."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from skillviewer.ui.threads.jobs import Jobs

if TYPE_CHECKING:
    from skillviewer.ui.threads.jobs import Job

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
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._list)

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
