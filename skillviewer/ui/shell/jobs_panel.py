"""Panel of the running jobs, each with progress, time left, and a button to cancel it."""

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.threads.jobs import Job
from skillviewer.ui.widgets.labels import WrappingLabel, text_label
from skillviewer.ui.widgets.layout import GrowingSpace, add_all, growing, push_button, vertical, with_accessible_name


class JobRow(QWidget):
    """One job."""

    def __init__(self, job: Job, parent: QWidget) -> None:
        super().__init__(parent)
        self.job = job
        self.setSizePolicy(self.sizePolicy().horizontalPolicy(), self.sizePolicy().Policy.Maximum)
        self._title_label = WrappingLabel(self)
        self._title_label.setProperty("heading", True)
        self._title_label.set_plain(job.title)
        self._stop_button = push_button("Cancel", self, job.stop)
        self._stop_button.setAccessibleName(f"Cancel {job.title}")
        row = add_all(QHBoxLayout(), growing(self._title_label), self._stop_button)
        self._progress_bar = with_accessible_name(QProgressBar(self), job.title)
        self._progress_bar.setTextVisible(False)
        self._text_label = WrappingLabel(self, muted=True)
        add_all(vertical(self, margins=(12, 8, 12, 8), spacing=4), row, self._progress_bar, self._text_label)
        self.refresh()

    def refresh(self) -> None:
        job = self.job
        share = job.share
        maximum = 0 if share is None else 1000  # Qt shows a busy bar for 0
        self._progress_bar.setRange(0, maximum)
        if share is not None:
            self._progress_bar.setValue(round(share * 1000))
        text = "stopping…" if job.stopping else self._progress_text()
        self._text_label.set_plain(text)
        self._stop_button.setEnabled(not job.stopping)

    def _progress_text(self) -> str:
        job = self.job
        parts = [job.stage] if job.stage else []
        if job.total:
            parts.append(f"{job.n_done} of {job.total}")
        if job.left_s is not None:
            parts.append(f"{max(round(job.left_s), 1)} s left")
        return " · ".join(parts)


class JobsPanel(QWidget):
    """All running jobs."""

    def __init__(self, app_context: AppContext, _actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._jobs = app_context.jobs
        self._rows: dict[Job, JobRow] = {}
        self._column = vertical(self, margins=(0, 4, 0, 4), spacing=0)
        self._empty_label = text_label("No jobs are running.", self, muted=True)
        self._empty_label.setContentsMargins(12, 8, 12, 8)
        add_all(self._column, self._empty_label, GrowingSpace())
        self._jobs.changed.connect(self._on_jobs)
        self._on_jobs()

    def _on_jobs(self) -> None:
        running = self._jobs.running
        ended = [job for job in self._rows if job not in running]
        for job in ended:
            self._rows.pop(job).deleteLater()
        for job in running:
            if job not in self._rows:
                row = JobRow(job, self)
                self._rows[job] = row
                self._column.insertWidget(self._column.count() - 1, row)
            self._rows[job].refresh()
        self._empty_label.setVisible(not running)
