"""Checks of video files that have changed since the study last read them."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from skillviewer.core.progress import CancelToken
from skillviewer.data.study import StudyVideo
from skillviewer.data.study.identity import Identity, identify
from skillviewer.ui.session.open_study import ReadIdentity
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

CheckVideos = Callable[[set[str], ReadIdentity, Callable[[Any], None]], object]
"""``check(names, read_identity, on_checked)``: compare the named videos of the study with the identities of their
files, in the worker thread of the study."""


class FileChecks(QObject):
    """Reads the changed files of a study one by one, so that votes do not wait for large files."""

    done = Signal(object)  # ``tuple[StudyVideo, ...]``: the videos of the study, all checked

    def __init__(self, worker: WorkerThread[None], check: CheckVideos, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._check = check
        self._unchecked: list[StudyVideo] = []
        self._checked: dict[str, StudyVideo] = {}
        self._reading: Task | None = None
        self._generation = 0  # grows with every check: answers to earlier ones are dropped

    def check(self, videos: Iterable[StudyVideo]) -> None:
        """Check the changed videos of a study. An earlier check is cancelled."""
        self.forget()
        self._unchecked = [video for video in videos if video.must_check and video.path is not None]
        self._read_next()

    def forget(self) -> None:
        """Cancel the check."""
        if self._reading is not None:
            self._reading.cancel()
        self._generation += 1
        self._unchecked = []
        self._checked = {}
        self._reading = None

    def _read_next(self) -> None:
        if self._unchecked and not self._worker.stopped:
            path = self._unchecked[0].path
            assert path is not None
            self._reading = self._worker.submit(lambda _none, token, _report: identify(path, token))
            self._reading.then(succeeded=self._on_read, failed=self._on_read)

    def _on_read(self, identity: Identity | Exception) -> None:
        if self.sender() is not self._reading or self._worker.stopped:
            return  # the check was cancelled
        path = self._unchecked[0].path
        generation = self._generation
        self._reading = None
        names = {video.name for video in self._unchecked if video.path == path}  # clips of one file
        self._unchecked = [video for video in self._unchecked if video.name not in names]

        def read_identity(other_path: Path, token: CancelToken) -> Identity:
            if other_path != path:  # the video was moved meanwhile, or belongs to another study
                return identify(other_path, token)
            if isinstance(identity, Exception):
                raise identity
            return identity

        self._check(names, read_identity, lambda videos: self._on_checked(generation, videos))

    def _on_checked(self, generation: int, videos: tuple[StudyVideo, ...]) -> None:
        if generation != self._generation:
            return
        self._checked |= {video.name: video for video in videos if not video.must_check}
        if self._unchecked:
            self._read_next()
            return
        self.done.emit(tuple(self._checked.get(video.name, video) for video in videos))
