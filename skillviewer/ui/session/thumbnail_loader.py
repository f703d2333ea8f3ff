"""Makes small pictures of frames in a worker thread."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import SkillViewerError
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.classified_paths import shrink
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

HEIGHT_PX = 108  # height of the stored pictures: twice that on screen, for screens with small pixels


MAX_CACHED = 400


Place = tuple[Path, int]  # a video and a frame of it, from 0


def _made(backend: Backend, path: Path, frames: list[int], token: CancelToken, report: Report) -> None:
    try:
        reader = backend.open_reader(path, token)
    except SkillViewerError:
        return  # the reason why a video cannot be read is shown where it is opened
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
    """Thumbnails of frames. A request for another video stops the one under way."""

    came = Signal()  # another picture is there

    def __init__(self, index: WorkerThread[Backend], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._index = index
        self._pictures: dict[Place, RGBImage] = {}
        self._requested: frozenset[Place] = frozenset()
        self._task: Task | None = None

    def get(self, path: Path, frame: int) -> RGBImage | None:
        """Return a picture if it is there, (h, w, 3) uint8 RGB."""
        return self._pictures.get((path, frame))

    def want(self, path: Path, frames: list[int]) -> None:
        """Ask for pictures of a video; ``came`` fires for each."""
        missing = sorted({frame for frame in frames if (path, frame) not in self._pictures})
        places = frozenset((path, frame) for frame in missing)
        if not missing or places <= self._requested or self._index.stopped:
            return
        if self._task is not None:
            self._task.cancel()
        self._requested = places
        self._task = task = self._index.submit(
            lambda backend, token, report: _made(backend, path, missing, token, report)
        )
        task.then(progressed=self._on_one, finished=self._on_finished)

    def _on_one(self, progress: Progress) -> None:
        assert isinstance(progress.value, tuple)
        place, picture = progress.value
        self._pictures[place] = picture
        while len(self._pictures) > MAX_CACHED:
            del self._pictures[next(iter(self._pictures))]
        self.came.emit()

    def _on_finished(self) -> None:
        if self.sender() is self._task:
            self._task = None
            self._requested = frozenset()
