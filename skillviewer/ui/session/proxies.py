"""Making of scrub proxies for large videos."""

from PySide6.QtCore import QObject

from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.frame_feed import FrameFeed
from skillviewer.ui.session.open_videos import WARM_BYTES, decoded_bytes
from skillviewer.ui.threads.jobs import Jobs
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

DELAY_MS = 1500  # time that a video must stay on screen before its proxy is made


class Proxies(QObject):
    """Makes the proxy of the video on screen; cancelled when another video comes on screen."""

    def __init__(self, worker: WorkerThread[Backend], feed: FrameFeed, jobs: Jobs) -> None:
        super().__init__(feed)
        self._worker = worker
        self._feed = feed
        self._jobs = jobs
        self._video: VideoInfo | None = None
        self._task: Task | None = None
        self._delay = single_shot(self, DELAY_MS, self._begin)

    def on_video(self, video: VideoInfo | None) -> None:
        """Plan to make a proxy of the new video on screen if it is large."""
        if self._task is not None:
            self._task.cancel()
        self._video = video
        self._delay.stop()
        if video is not None and decoded_bytes(video) > WARM_BYTES:
            self._delay.start()

    def _begin(self) -> None:
        video = self._video
        if video is None or self._worker.stopped:
            return
        path = video.path
        task = self._worker.submit(lambda backend, token, report: backend.build_proxy(path, token, report))
        self._task = task.then(succeeded=lambda _none: self._feed.look_for_proxy(path))
        self._jobs.follow("Preparing smooth scrubbing", task, confirm_stop=False)
