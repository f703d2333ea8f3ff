"""Tracking of an object from clicks in the picture, in a worker thread."""

from PySide6.QtCore import QObject, Signal

from skillviewer.core.progress import CancelToken, Report
from skillviewer.core.text import clock
from skillviewer.core.tracks.tracks import Track, TrackMethod, lost_frames
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.session.tracks.point_requests import PointRequest, PointRequests
from skillviewer.ui.session.tracks.video_tracks import VideoTracks
from skillviewer.ui.threads.jobs import Jobs
from skillviewer.ui.threads.messages import Messages
from skillviewer.ui.threads.worker_thread import Task, WorkerThread

HINT = "Click the object to follow; click it again in any frame where the track is wrong or lost."
MAX_LISTED_PLACES = 4  # losses that are listed with their time


def _follow(
    backend: Backend, video: VideoInfo, track: Track | None, click: tuple[int, float, float], name: str,
    token: CancelToken, report: Report,
) -> Track:  # fmt: skip
    from skillviewer.engine.tracking.follow_clicks import add_click
    from skillviewer.media.click_tracker import Click

    reader = backend.open_reader(video.path, token)
    try:
        return add_click(reader.frame, video, track, Click(*click), name, token, report)
    finally:
        reader.close()


class ClickFollowing(QObject):
    """Tracks one object of the video on screen. Each click adds an anchor."""

    changed = Signal()  # another object is tracked, or the tracking started or ended

    def __init__(
        self,
        worker: WorkerThread[Backend],
        playback: Playback,
        tracks: VideoTracks,
        requests: PointRequests,
        jobs: Jobs,
        messages: Messages,
    ) -> None:
        super().__init__(worker)
        self._worker = worker
        self._playback = playback
        self._tracks = tracks
        self._requests = requests
        self._jobs = jobs
        self._messages = messages
        self.name = ""  # name of the track to which clicks are added; "" while no clicks are requested
        self._track: Track | None = None  # the track so far
        self._waiting: list[tuple[int, float, float]] = []  # waiting clicks: frame, x and y in pixels
        self._task: Task | None = None
        requests.changed.connect(self._on_request)
        tracks.changed.connect(self._load_track)

    def begin(self, name: str) -> None:
        """Request clicks on an object. They are added to the track of this name, or to a new track."""
        if self._playback.video is None:
            return
        self._playback.pause()
        self._requests.ask(PointRequest(HINT, on_picked=self._on_click))
        self.name = name
        self._load_track()
        self.changed.emit()

    def lost_places(self) -> tuple[tuple[str, int], ...]:
        """Return (name of the track, index of the frame in the file) for every loss of a tracked object."""
        saved = self._tracks.saved_tracks
        if saved is None:
            return ()
        return tuple((track.name, row + saved.start_frame) for track in saved.tracks for row in lost_frames(track))

    def lost_text(self) -> str:
        """Return a sentence on the times at which tracked objects were lost, or ""."""
        saved = self._tracks.saved_tracks
        places = self.lost_places()
        if saved is None or not places:
            return ""
        place_texts = []
        for name, frame in places[:MAX_LISTED_PLACES]:
            time_text = clock(float(saved.times_s[frame - saved.start_frame]))
            place_texts.append(f"“{name}” at {time_text[:-2]}")  # whole seconds
        n_more = len(places) - MAX_LISTED_PLACES
        more_text = f" and {n_more} more places" if n_more > 0 else ""
        advice = "Click the object in that frame or a later one to follow it again."
        return f"Lost: {', '.join(place_texts)}{more_text}. {advice}"

    def _on_click(self, frame: int, x_px: float, y_px: float) -> None:
        video = self._playback.video
        if video is None or not self.name or self._worker.stopped:
            return
        saved = self._tracks.saved_tracks
        track = self._track
        if saved is not None and len(saved.frames) < video.n_frames:
            self._messages.note("Points are followed in whole videos: show the file itself, not a part of it.")
        elif track is not None and track.method is not TrackMethod.CLICK:
            self._messages.note(f"“{self.name}” is a track of another kind: choose another name.")
        else:
            self._waiting.append((frame, x_px, y_px))
            self._next()

    def _next(self) -> None:
        video = self._playback.video
        if self._task is not None or not self._waiting or video is None or self._worker.stopped:
            return
        name = self.name
        track = self._track
        click = self._waiting.pop(0)
        self._task = self._worker.submit(
            lambda backend, token, report: _follow(backend, video, track, click, name, token, report)
        )
        self._task.then(succeeded=self._on_followed, failed=self._messages.fail, finished=self._on_finished)
        self._jobs.follow(f"Following “{name}”", self._task, confirm_stop=False)
        self.changed.emit()

    def _on_followed(self, track: Track) -> None:
        self._track = track
        self._tracks.edit(f"click on “{track.name}”", lambda tracks: tracks.with_tracks([track]))

    def _on_finished(self) -> None:
        self._task = None
        self.changed.emit()
        self._next()

    def _load_track(self) -> None:
        if self._task is None and not self._waiting:
            saved = self._tracks.saved_tracks
            self._track = saved.track(self.name) if saved is not None else None

    def _on_request(self, _request: PointRequest | None) -> None:
        self.name = ""
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()
        self.changed.emit()
