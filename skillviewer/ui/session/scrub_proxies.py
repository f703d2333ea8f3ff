"""Small copies for scrubbing, made in the background for the video on screen."""

from pathlib import Path

from PySide6.QtCore import QObject, Slot

from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.frame_feed import WARM_BYTES, FrameFeed, decoded_bytes
from skillviewer.ui.threads.jobs import Jobs
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

WAIT_MS = 1500
"""A video must stay on screen this long before a copy is begun."""


def _build(backend: Backend, path: Path, token: CancelToken, report: Report) -> Path:
    backend.build_proxy(path, token, report)
    return path


class Proxies(QObject):
    """Makes the proxy of the video on screen; stops when another comes on screen.

    Args:
        feed: Gets the finished proxies.
    """

    def __init__(
        self, worker: WorkerThread[Backend], feed: FrameFeed, jobs: Jobs, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._worker, self._feed, self._jobs = worker, feed, jobs
        self._video: VideoInfo | None = None
        self._task: Task | None = None
        self._wait = single_shot(self, WAIT_MS, self._begin)

    @Slot(object)
    def on_video(self, video: VideoInfo | None) -> None:
        """Plan a proxy for the video that came on screen."""
        if self._task is not None:
            self._task.cancel()
        self._video = video
        self._wait.stop()
        if video is not None and decoded_bytes(video) > WARM_BYTES:
            self._wait.start()

    @Slot()
    def _begin(self) -> None:
        video = self._video
        if video is None or self._worker.stopped:
            return
        path = video.path
        task = self._worker.submit(lambda backend, token, report: _build(backend, path, token, report))
        self._task = task
        task.succeeded.connect(self._feed.look_for_proxy)
        task.finished.connect(self._on_finished)
        self._jobs.follow(self.tr("Preparing smooth scrubbing"), task, precious=False)

    @Slot()
    def _on_finished(self) -> None:
        if self.sender() is self._task:
            self._task = None
