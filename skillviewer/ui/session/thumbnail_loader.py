"""Thumbnails of frames, made in a worker thread."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import SkillViewerError
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.classified_paths import shrink
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

HEIGHT_PX = 108  # twice the height on screen, for high pixel densities
MAX_CACHED = 400
FrameKey = tuple[Path, int]  # a video, and the index of a frame


def _report_thumbnails(backend: Backend, path: Path, frames: list[int], token: CancelToken, report: Report) -> None:
    """Report the thumbnails of some frames. An unreadable video has no thumbnails; its player shows the reason."""
    try:
        reader = backend.open_reader(path, token)
    except SkillViewerError:
        return
    try:
        for frame in frames:
            token.check()
            picture = shrink(reader.frame(frame, token), HEIGHT_PX)
            report(Progress("thumbnail", value=((path, frame), picture)))
    except SkillViewerError:
        return
    finally:
        reader.close()


class ThumbnailLoader(QObject):
    """Cache of thumbnails. A new request cancels the previous request."""

    arrived = Signal()  # a further thumbnail is available

    def __init__(self, index: WorkerThread[Backend], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._index = index
        self._thumbnails: dict[FrameKey, RGBImage] = {}
        self._requested: frozenset[FrameKey] = frozenset()
        self._task: Task | None = None

    def get(self, path: Path, frame: int) -> RGBImage | None:
        """Return a thumbnail, (h, w, 3) uint8 RGB, or None if it is not available."""
        return self._thumbnails.get((path, frame))

    def request(self, path: Path, frames: list[int]) -> None:
        """Request thumbnails of a video; emits ``arrived`` for each."""
        missing = sorted({frame for frame in frames if (path, frame) not in self._thumbnails})
        keys = frozenset((path, frame) for frame in missing)
        if not missing or keys <= self._requested or self._index.stopped:
            return
        if self._task is not None:
            self._task.cancel()
        self._requested = keys
        self._task = self._index.submit(
            lambda backend, token, report: _report_thumbnails(backend, path, frames=missing, token=token, report=report)
        )
        self._task.then(progressed=self._on_progress, finished=self._on_finished)

    def _on_progress(self, progress: Progress) -> None:
        assert isinstance(progress.value, tuple)
        key, thumbnail = progress.value
        self._thumbnails[key] = thumbnail
        while len(self._thumbnails) > MAX_CACHED:
            del self._thumbnails[next(iter(self._thumbnails))]
        self.arrived.emit()

    def _on_finished(self) -> None:
        if self.sender() is self._task:
            self._task = None
            self._requested = frozenset()
