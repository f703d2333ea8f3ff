"""Long jobs, with progress and time left."""

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal, Slot

from skillviewer.core.progress import Progress
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.threads.worker_thread import Task

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
        # closing the window asks before it stops this job
        self.confirm_stop = confirm_stop
        self._keeps = keeps
        self.stage = ""
        self.n_done = self.total = self._from = 0
        self.stopping = False  # true once it was asked to stop
        self._since = QElapsedTimer()
        self._since.start()

    @property
    def loses(self) -> bool:
        """True if stopping loses the work done so far."""
        return self.confirm_stop and not self._keeps

    @property
    def share(self) -> float | None:
        """Part that is done, 0 to 1, or None when it is not known."""
        return self.n_done / self.total if self.total else None

    @property
    def left_s(self) -> float | None:
        """Seconds left of this part at the pace so far, or None before it can be estimated."""
        elapsed_s = self._since.elapsed() / 1000
        n_steps = self.n_done - self._from
        if not self.total or n_steps < 1 or elapsed_s < 1:
            return None
        if elapsed_s < SURE_S and n_steps < SURE_SHARE * self.total:  # the first steps say little about the pace
            return None
        return elapsed_s / n_steps * (self.total - self.n_done)

    def set_progress(self, stage: str, n_done: int, total: int) -> None:
        """Report progress. Where the count begins anew, with another part of the work, so does the pace."""
        if n_done < self.n_done or not self.total:  # its start counts too: it may have waited for its turn
            self._from = n_done
            self._since.restart()
        self.stage = stage
        self.n_done = n_done
        self.total = total
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
        """True if one of them must not be stopped without a question."""
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

    def follow(self, title: str, task: Task, *, confirm_stop: bool = True, keeps: bool = False) -> Job:
        """List a job that is one task of a worker thread; other arguments are those of ``begin``."""
        job = self.begin(title, confirm_stop=confirm_stop, keeps=keeps)
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
        self._jobs = jobs
        self._title = title
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

    def report(self, stage: str, n_done: int, total: int) -> None:
        self._progress = (stage, n_done, total)
        if self._job is not None:
            self._job.set_progress(*self._progress)

    def finish(self) -> None:
        self._timer.stop()
        self._confirm_stop = False
        job = self._job
        self._job = None
        if job is not None:
            job.finish()

    @Slot()
    def _list(self) -> None:
        if self._job is None:
            self._job = self._jobs.begin(self._title, confirm_stop=self._confirm_stop, keeps=True)
            self._job.stop_asked.connect(self.stop_asked)
            self._job.set_progress(*self._progress)
