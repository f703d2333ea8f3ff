"""Pictures of the requested frame: a preview at once, and the exact picture after it."""

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
    """A picture to be shown for a request."""

    serial: int  # number of the answered request; later requests have greater numbers
    frame_index: int  # shown frame, from 0; may differ from the requested one if ``is_exact`` is False
    pixels: RGBImage  # (H, W, 3) uint8 RGB; smaller than the video if it comes from a proxy
    is_exact: bool  # True for the full picture of the requested frame
    small: RGBImage | None = None  # the picture at its width on screen, scaled outside the window's thread


@dataclass(frozen=True, slots=True)
class _Request:
    serial: int
    generation: int
    path: Path
    frame_index: int
    playing: bool
    width_px: int

    def answer(self, index: int, picture: RGBImage, *, exact: bool) -> "_Answer":
        from skillviewer.media.screen_scaling import drawn_px, shrunk  # late: imports OpenCV

        small = shrunk(picture, drawn_px(picture.shape[1], self.width_px))
        return _Answer(self.generation, DisplayPicture(self.serial, index, pixels=picture, is_exact=exact, small=small))


@dataclass(frozen=True, slots=True)
class _Answer:
    generation: int
    value: DisplayPicture | VideoInfo | SkillViewerError
    serial: int = 0  # number of the request for a picture, or 0


EXACT_DELAY_S = 0.06
"""Delay between a picture from a proxy and the exact one. While the user scrubs over a proxy, no large frame is
decoded, which leaves the processor to other work."""

IDLE_MS = 250  # pause in requests after which the whole video is decoded ahead


def _nearest_picture(reader: Reader, frame_index: int, superseded: CancelToken) -> tuple[int, RGBImage]:
    """Return the nearest cached frame or the start of its group, whichever is closer, as (index, picture)."""
    cached_index = reader.nearest_cached(frame_index)
    group_start = reader.group_start(frame_index)
    if cached_index is not None and abs(cached_index - frame_index) <= abs(group_start - frame_index):
        picture = reader.cached(cached_index)
        if picture is not None:
            return cached_index, picture
    return group_start, reader.frame(group_start, superseded)


def _open(videos: OpenVideos, path: Path, generation: int, token: CancelToken) -> _Answer:
    try:
        info = videos.reader(path, token).read_info(token)
        videos.look_for_proxy(path)
    except SkillViewerError as error:
        return _Answer(generation, error)  # returned, so that errors of an earlier video are dropped by generation
    return _Answer(generation, info)


def _decode_ahead(videos: OpenVideos, path: Path, token: CancelToken) -> None:
    with contextlib.suppress(SkillViewerError):  # a damaged frame is reported when it is requested
        videos.warm(path, token)


def _answer(videos: OpenVideos, request: _Request, superseded: CancelToken, report: Report) -> _Answer:
    frame_index = request.frame_index
    try:
        reader = videos.reader(request.path, superseded)
        picture = reader.cached(frame_index)
        if picture is None:
            if not request.playing:
                _report_preview(videos, reader, request, superseded, report)
            picture = reader.frame(frame_index, superseded)
    except SkillViewerError as error:
        return _Answer(request.generation, error, request.serial)
    return request.answer(frame_index, picture, exact=True)


def _report_preview(
    videos: OpenVideos, reader: Reader, request: _Request, superseded: CancelToken, report: Report
) -> None:
    """Report a preview of a requested frame, and raise Cancelled if the request is superseded afterwards."""
    index = request.frame_index
    preview = videos.proxy_frame(request.path, index)
    delay_s = EXACT_DELAY_S
    if preview is None:
        delay_s = 0.0
        index, preview = _nearest_picture(reader, index, superseded)
    report(Progress("preview", value=request.answer(index, preview, exact=False)))
    superseded.wait(delay_s)
    superseded.check()


class FrameFeed(QObject):
    """Delivers the pictures that one player shows.

    The latest request wins. One worker answers in order, so its exact picture arrives last. Answers for an earlier
    video are dropped.
    """

    opened = Signal(object)  # ``VideoInfo`` of the opened video
    arrived = Signal(object)  # ``DisplayPicture``
    failed = Signal(object)  # the error
    lost = Signal(str)  # message that the requested frame cannot be decoded; emitted before ``failed``

    def __init__(self, worker: WorkerThread[OpenVideos], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._mailbox: LatestOnly[_Request] = LatestOnly(worker, _answer, self)
        self._mailbox.delivered.connect(self._deliver)
        self._mailbox.failed.connect(self.failed)
        self._serials = itertools.count(1)
        self._generation = 0
        self.width_px = 0  # width of the picture on screen
        self.path: Path | None = None
        self._displayed: DisplayPicture | None = None
        self._request: _Request | None = None  # the latest
        self._failed_serial = 0  # number of the latest request whose frame cannot be decoded
        self._opening: Task | None = None
        self._decoding_ahead: Task | None = None
        self._is_decoded_ahead = False
        self._idle = single_shot(self, IDLE_MS, self._begin_decoding_ahead)

    @property
    def settled(self) -> bool:
        """True if the exact picture of the latest request has arrived, or cannot be decoded."""
        request = self._request
        if request is None or request.serial == self._failed_serial:
            return True
        displayed = self._displayed
        return displayed is not None and displayed.serial == request.serial and displayed.is_exact

    def open(self, path: Path) -> None:
        """Open a video; emits ``opened`` or ``failed``."""
        self.close()
        if self._worker.stopped:
            return
        self.path = path
        generation = self._generation
        self._opening = self._worker.submit(lambda videos, token, _report: _open(videos, path, generation, token))
        self._opening.then(succeeded=self._deliver, failed=self.failed)

    def close(self) -> None:
        """Close the video. Pending answers are dropped."""
        self._generation += 1
        self.path = None
        self._displayed = None
        self._request = None
        self._mailbox.clear()
        self._idle.stop()
        self._stop_decoding_ahead()
        if self._opening is not None:
            self._opening.cancel()  # opening a large file would delay the next one for minutes
        self._is_decoded_ahead = False

    def request(self, frame_index: int, *, playing: bool = False) -> None:
        """Request a frame, counted from 0.

        While a video plays, there are no previews, and a new request does not interrupt the decoding of the earlier
        one. Thus a slow decoder shows fewer frames instead of none.
        """
        if self.path is not None:
            self._stop_decoding_ahead()
            serial = next(self._serials)
            self._request = _Request(serial, self._generation, self.path, frame_index, playing, self.width_px)
            self._mailbox.post(self._request, interrupt=not playing)
            if not self._is_decoded_ahead:
                self._idle.start()

    def _stop_decoding_ahead(self) -> None:
        if self._decoding_ahead is not None:
            self._decoding_ahead.cancel()

    def _begin_decoding_ahead(self) -> None:
        path = self.path
        if path is None or self._decoding_ahead is not None or self._worker.stopped:
            return
        task = self._worker.submit(lambda videos, token, _report: _decode_ahead(videos, path, token))
        self._decoding_ahead = task
        task.then(
            succeeded=self._on_decoded_ahead, failed=self._on_decoded_ahead, finished=self._on_decoding_ahead_finished
        )

    def _on_decoded_ahead(self) -> None:
        self._is_decoded_ahead = True

    def _on_decoding_ahead_finished(self) -> None:
        self._decoding_ahead = None

    def look_for_proxy(self, path: Path) -> None:
        """Use the proxy of the open video from now on, if it has been made."""
        if path == self.path:
            task = self._worker.submit(lambda videos, token, _report: videos.look_for_proxy(path, token))
            task.then(failed=self.failed)

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
            request = self._request
            if request is not None and request.serial == answer.serial:
                self._failed_serial = request.serial
                self.lost.emit(f"Frame {request.frame_index + 1} cannot be shown. {value}")
            self.failed.emit(value)
