"""Motion curves of a video from its stored tracks, such as of the reference video."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from skillviewer.core.video.clips import VideoClip
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.tracks.shown_tracks import load_curves
from skillviewer.ui.session.tracks.video_tracks import VideoTracks
from skillviewer.ui.threads.messages import Messages
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

if TYPE_CHECKING:  # scipy takes half a second
    from skillviewer.core.kinematics.motion_curves import MotionCurves


class StoredCurves(QObject):
    """Motion curves of one video, loaded again when tracks are edited."""

    changed = Signal()

    def __init__(
        self, worker: WorkerThread[Backend], tracks: VideoTracks, messages: Messages, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._worker = worker
        self._messages = messages
        self._video: tuple[VideoClip, VideoInfo] | None = None
        self._task: Task | None = None
        self.curves: MotionCurves | None = None  # None until they are loaded, or if nothing moves
        tracks.edited.connect(self._load)

    def show_video(self, clip: VideoClip | None, video: VideoInfo | None) -> None:
        """Load the curves of a video; None to show no curves."""
        self._video = None
        if clip is not None and video is not None:
            self._video = (clip, video)
        self._set_curves(None)
        self._load()

    def _load(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._video is None or self._worker.stopped:
            return
        clip, video = self._video
        self._task = self._worker.submit(lambda _backend, _token, _report: load_curves(clip, video))
        self._task.then(succeeded=self._set_curves, failed=self._messages.fail)

    def _set_curves(self, curves: "MotionCurves | None") -> None:
        if curves is not self.curves:
            self.curves = curves
            self.changed.emit()
