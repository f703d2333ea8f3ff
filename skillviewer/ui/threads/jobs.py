"""Long jobs with progress and remaining time."""

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal, Slot

from skillviewer.core.progress import Progress
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.threads.worker_thread import Task

MIN_ELAPSED_S = 5.0
MIN_SHARE = 0.03
"""The remaining time is estimated after this time or this share of the work, since earlier estimates are far off."""
LISTING_DELAY_MS = 200  # shorter work is not listed


class Job(QObject):
    """A job that the user can see and stop.

    Args:
        title: Title of the job.
        confirm_stop: Whether closing the window asks before it stops this job.
        keeps_work: Whether stopping the job keeps the work done so far.
        parent: Owner of the job.
    """

    changed = Signal()
    finished = Signal()
    stop_asked = Signal()

    def __init__(
        self, title: str, *, confirm_stop: bool = True, keeps_work: bool = False, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.title = title
        self.confirm_stop = confirm_stop
        self._keeps_work = keeps_work
        self.stage = ""  # present step of the work
        self.n_done = 0
        self.total = 0
        self.stopping = False  # True once the job has been asked to stop
        self._n_done_at_start = 0  # ``n_done`` when the present stage began
        self._since_start = QElapsedTimer()  # time since the present stage began
        self._since_start.start()

    @property
    def loses(self) -> bool:
        """True if stopping loses the work done so far."""
        return self.confirm_stop and not self._keeps_work

    @property
    def share(self) -> float | None:
        """Share of the work that is done, 0 to 1, or None if it is unknown."""
        return self.n_done / self.total if self.total else None

    @property
    def left_s(self) -> float | None:
        """Estimated remaining seconds of the present stage, or None before they can be estimated."""
        elapsed_s = self._since_start.elapsed() / 1000
        n_steps = self.n_done - self._n_done_at_start
        if not self.total or n_steps < 1 or elapsed_s < 1:
            return None
        if elapsed_s < MIN_ELAPSED_S and n_steps < MIN_SHARE * self.total:  # the first steps say little about the pace
            return None
        return elapsed_s / n_steps * (self.total - self.n_done)

    def set_progress(self, stage: str, n_done: int, total: int) -> None:
        """Report progress. If the count begins again, for another stage, the remaining time is estimated anew."""
        is_first_report = not self.total  # the job may have waited before
        if n_done < self.n_done or is_first_report:
            self._n_done_at_start = n_done
            self._since_start.restart()
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

    changed = Signal()  # a job began, progressed or ended; also emitted every second while a job runs

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: list[Job] = []
        self._tick = QTimer(self, interval=1000)  # updates the remaining time between reports
        self._tick.timeout.connect(self.changed)

    @property
    def running(self) -> tuple[Job, ...]:
        return tuple(self._jobs)

    @property
    def confirm_stop(self) -> bool:
        """True if a job must not be stopped without a question."""
        return any(job.confirm_stop for job in self._jobs)

    def begin(self, title: str, *, confirm_stop: bool = True, keeps_work: bool = False) -> Job:
        """Add a job, with the arguments of ``Job``."""
        job = Job(title, confirm_stop=confirm_stop, keeps_work=keeps_work, parent=self)
        self._jobs.append(job)
        job.changed.connect(self.changed)
        job.finished.connect(self._on_finished)
        self._tick.start()
        self.changed.emit()
        return job

    def follow(self, title: str, task: Task, *, confirm_stop: bool = True, keeps_work: bool = False) -> Job:
        """Add a job that is a task of a worker thread. The other arguments are passed to ``Job``."""
        job = self.begin(title, confirm_stop=confirm_stop, keeps_work=keeps_work)
        task.then(progressed=job.on_progress, finished=job.finish)
        job.stop_asked.connect(task.cancel)
        return job

    def stop_all(self) -> None:
        """Ask all jobs to stop, the last first, so that no waiting job begins when an earlier one ends."""
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
    """Work that starts and stops repeatedly. It is listed as a job only if it takes longer than a moment."""

    stop_asked = Signal()

    def __init__(self, jobs: Jobs, title: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._title = title
        self._confirm_stop = False
        self._job: Job | None = None
        self._progress = ("", 0, 0)
        self._timer = single_shot(self, LISTING_DELAY_MS, self._list)

    def begin(self, *, confirm_stop: bool = False) -> None:
        """Start. A job with ``confirm_stop`` is listed at once, and closing the window asks before it stops."""
        if confirm_stop and not self._confirm_stop:
            self.finish()
        if confirm_stop:
            self._confirm_stop = True
        if self._job is None and not self._timer.isActive():
            delay_ms = 0 if confirm_stop else LISTING_DELAY_MS
            self._timer.start(delay_ms)

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
            self._job = self._jobs.begin(self._title, confirm_stop=self._confirm_stop, keeps_work=True)
            self._job.stop_asked.connect(self.stop_asked)
            self._job.set_progress(*self._progress)
