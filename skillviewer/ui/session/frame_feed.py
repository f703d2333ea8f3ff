"""Pictures of the requested frame: the best available at once, the exact one at rest."""

import contextlib
import itertools
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import SkillViewerError
from skillviewer.core.progress import CancelToken, Progress, Report
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.session.backend import Reader
from skillviewer.ui.session.open_videos import OpenVideos
from skillviewer.ui.threads.throttle import LatestOnly, single_shot
from skillviewer.ui.threads.worker_thread import Task, WorkerThread


@dataclass(frozen=True, slots=True, eq=False)
class DisplayPicture:
    """A picture that arrived."""

    serial: int  # number of the request that it answers; later requests have greater numbers
    frame_index: int  # frame that the picture shows, from 0; not always the one asked for when ``exact`` is False
    pixels: RGBImage  # (H, W, 3) uint8 RGB; smaller than the video when it comes from a proxy
    exact: bool  # true if it is the full picture of the frame asked for
    small: RGBImage | None = None  # the same in its width on screen, scaled where the window does not wait for it


@dataclass(frozen=True, slots=True)
class _Want:
    serial: int
    generation: int
    path: Path
    frame_index: int
    playing: bool
    width_px: int

    def answer(self, index: int, picture: RGBImage, *, exact: bool) -> "_Answer":
        from skillviewer.media.overlay.overlay import drawn_px, shrunk  # late: imports OpenCV

        small = shrunk(picture, drawn_px(picture.shape[1], self.width_px))
        return _Answer(self.generation, DisplayPicture(self.serial, index, picture, exact, small))


@dataclass(frozen=True, slots=True)
class _Answer:
    generation: int
    value: DisplayPicture | VideoInfo | SkillViewerError
    serial: int = 0  # of the request, if a picture was asked for


REST_S = 0.06
"""While a hand moves over a proxy nothing large is decoded: the cores are left to whoever computes. After this rest the
exact picture is."""

IDLE_MS = 250  # rest after which decoding ahead begins


def _preview(reader: Reader, frame_index: int, superseded: CancelToken) -> tuple[int, RGBImage]:
    """Return the best picture that is available quickly without a proxy, and its frame."""
    near = reader.nearest_cached(frame_index)
    key = reader.key_frame(frame_index)
    if near is not None and abs(near - frame_index) <= abs(key - frame_index):
        picture = reader.cached(near)
        if picture is not None:
            return near, picture
    return key, reader.frame(key, superseded)


def _opened(videos: OpenVideos, path: Path, generation: int, token: CancelToken) -> _Answer:
    try:
        info = videos.reader(path, token).describe(token)
        videos.look_for_proxy(path)
    except SkillViewerError as error:
        return _Answer(generation, error)  # a value: errors of a video that was left are dropped like its pictures
    return _Answer(generation, info)


def _warmed(videos: OpenVideos, path: Path, token: CancelToken) -> None:
    with contextlib.suppress(SkillViewerError):  # a frame that does not decode is reported when it is asked for
        videos.warm(path, token)


def _answer(videos: OpenVideos, want: _Want, superseded: CancelToken, report: Report) -> _Answer:
    try:
        reader = videos.reader(want.path, superseded)
        picture = reader.cached(want.frame_index)
        if picture is None:
            if not want.playing:
                index = want.frame_index
                small = videos.proxy_frame(want.path, want.frame_index)
                rest_s = REST_S if small is not None else 0.0
                if small is None:
                    index, small = _preview(reader, want.frame_index, superseded)
                report(Progress("preview", value=want.answer(index, small, exact=False)))
                superseded.wait(rest_s)
                superseded.check()
            picture = reader.frame(want.frame_index, superseded)
    except SkillViewerError as error:
        return _Answer(want.generation, error, want.serial)
    return want.answer(want.frame_index, picture, exact=True)


class FrameFeed(QObject):
    """Brings pictures of one player.

    The latest request wins, and its exact picture always arrives, the last of all: one worker answers in order. Answers
    of a video that has been left are dropped by generation.
    """

    opened = Signal(object)
    arrived = Signal(object)
    failed = Signal(object)
    lost = Signal(str)  # the frame that was requested last cannot be decoded: a sentence; fires before ``failed``

    def __init__(self, worker: WorkerThread[OpenVideos], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._mailbox: LatestOnly[_Want] = LatestOnly(worker, _answer, self)
        self._mailbox.delivered.connect(self._deliver)
        self._mailbox.failed.connect(self.failed)
        self._serials = itertools.count(1)
        self._generation = 0
        self.width_px = 0  # of the picture on screen
        self.path: Path | None = None
        self._displayed: DisplayPicture | None = None
        self._want: _Want | None = None
        self._unanswered = 0  # number of a request without an answer
        self._opening: Task | None = None
        self._warming: Task | None = None
        self._warm = False
        self._idle = single_shot(self, IDLE_MS, self._warm_up)

    @property
    def settled(self) -> bool:
        """True when the exact picture of the last frame asked for has arrived, or cannot be decoded."""
        want, on_screen = self._want, self._displayed
        if want is not None and want.serial == self._unanswered:
            return True
        return want is None or (on_screen is not None and on_screen.serial == want.serial and on_screen.exact)

    def open(self, path: Path) -> None:
        """Open a video; ``opened`` brings its VideoInfo, or ``failed`` the error."""
        self.close()
        if self._worker.stopped:  # the window closes
            return
        self.path = path
        generation = self._generation
        self._opening = self._worker.submit(lambda videos, token, _report: _opened(videos, path, generation, token))
        self._opening.then(succeeded=self._deliver, failed=self.failed)

    def close(self) -> None:
        """Stop; answers under way are dropped."""
        self._generation += 1
        self.path = self._displayed = self._want = None
        self._mailbox.clear()
        self._idle.stop()
        self._stop_warming()
        if self._opening is not None:  # a large file would delay the next one for minutes
            self._opening.cancel()
        self._warm = False

    def request(self, frame_index: int, *, playing: bool = False) -> None:
        """Ask for a frame, from 0.

        While playing frames come in order and quickly; then only exact ones are brought, and each that was begun is
        finished, so that a slow decoder shows fewer frames and not none.
        """
        if self.path is not None:
            self._stop_warming()
            self._want = _Want(next(self._serials), self._generation, self.path, frame_index, playing, self.width_px)
            self._mailbox.post(self._want, interrupt=not playing)
            if not self._warm:
                self._idle.start()

    def _stop_warming(self) -> None:
        if self._warming is not None:
            self._warming.cancel()

    def _warm_up(self) -> None:
        path = self.path
        if path is None or self._warming is not None or self._worker.stopped:
            return
        task = self._worker.submit(lambda videos, token, _report: _warmed(videos, path, token))
        self._warming = task
        task.then(succeeded=self._on_warm, failed=self._on_warm, finished=self._on_warming_finished)

    def _on_warm(self) -> None:
        self._warm = True

    def _on_warming_finished(self) -> None:
        self._warming = None

    def look_for_proxy(self, path: Path) -> None:
        """Use the proxy of a video from now on, if it is the one on screen and there is a proxy by now."""
        if path == self.path:
            self._worker.submit(lambda videos, token, _report: videos.look_for_proxy(path, token)).then(
                failed=self.failed
            )

    def _deliver(self, answer: _Answer) -> None:
        if answer.generation != self._generation:
            return
        value = answer.value
        if isinstance(value, VideoInfo):
            self.opened.emit(value)
        elif isinstance(value, DisplayPicture):
            self._displayed = value
            self.arrived.emit(value)
        else:
            want = self._want
            if want is not None and want.serial == answer.serial:
                self._unanswered = want.serial
                text = "Frame {} cannot be shown. {}"
                self.lost.emit(text.format(want.frame_index + 1, value))
            self.failed.emit(value)
