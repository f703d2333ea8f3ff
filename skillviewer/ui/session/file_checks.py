"""Checks of files that have changed since they were assessed."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from skillviewer.core.progress import CancelToken
from skillviewer.data.study import StudyVideo
from skillviewer.data.study.identity import Identity, identify
from skillviewer.ui.session.open_study import Read
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

Check = Callable[[set[str], Read, Callable[[Any], None]], object]
"""``check(names, read, then)``: let the study check videos, in its worker, by what ``read`` says of their files."""


class FileChecks(QObject):
    """Reads the changed files of a study one by one, so that votes do not wait for large files."""

    done = Signal(object)  # ``tuple[StudyVideo, ...]``: the videos of the study, once none is in doubt

    def __init__(self, worker: WorkerThread[None], check: Check, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._check = check
        self._doubtful: list[StudyVideo] = []
        self._checked: dict[str, StudyVideo] = {}
        self._reading: Task | None = None
        self._round = 0

    def check(self, videos: Iterable[StudyVideo]) -> None:
        """Check the changed videos of a study; an earlier check is dropped."""
        self.forget()
        self._doubtful = [video for video in videos if video.unsure and video.path is not None]
        self._next()

    def forget(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        self._round += 1
        self._doubtful = []
        self._checked = {}
        self._reading = None

    def _next(self) -> None:
        if self._doubtful and not self._worker.stopped:
            path = self._doubtful[0].path
            assert path is not None
            self._reading = self._worker.submit(lambda _none, token, _report: identify(path, token))
            self._reading.then(succeeded=self._on_read, failed=self._on_read)

    def _on_read(self, identity: Identity | Exception) -> None:
        if self.sender() is not self._reading or self._worker.stopped:
            return  # forgotten
        path = self._doubtful[0].path
        round_number = self._round
        self._reading = None
        names = {video.name for video in self._doubtful if video.path == path}  # parts of one file
        self._doubtful = [video for video in self._doubtful if video.name not in names]

        def read(other: Path, token: CancelToken) -> Identity:
            if other != path:  # it was moved meanwhile, or belongs to another study
                return identify(other, token)
            if isinstance(identity, Exception):
                raise identity
            return identity

        self._check(names, read, lambda videos: self._on_checked(round_number, videos))

    def _on_checked(self, of_round: int, videos: tuple[StudyVideo, ...]) -> None:
        if of_round != self._round:
            return
        self._checked |= {video.name: video for video in videos if not video.unsure}
        if self._doubtful:
            self._next()
            return
        self.done.emit(tuple(self._checked.get(video.name, video) for video in videos))
