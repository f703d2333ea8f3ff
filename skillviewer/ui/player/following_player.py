"""Second player, which follows the time of another player."""

from PySide6.QtWidgets import QWidget

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.video.clips import VideoClip
from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.player.caption import Caption
from skillviewer.ui.player.video_canvas import DisplayedFrame, VideoCanvas
from skillviewer.ui.session.frame_feed import DisplayPicture, FrameFeed
from skillviewer.ui.session.open_videos import OpenVideos
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.session.viewer_state import ViewerState
from skillviewer.ui.threads.messages import error_text
from skillviewer.ui.threads.worker_thread import WorkerThread
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, growing, vertical


class FollowingPlayer(QWidget):
    """Canvas and caption of a video whose frame follows the time of another player, the leader."""

    def __init__(
        self, worker: WorkerThread[OpenVideos], state: ViewerState, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.playback = Playback(parent=self)  # never plays; ``show_time`` moves it
        self.feed = FrameFeed(worker, self)
        self.canvas = VideoCanvas(self)
        self.canvas.setAccessibleName(name)
        self.caption = Caption(self)
        add_all(vertical(self, margins=NO_MARGINS, spacing=0), growing(self.canvas), self.caption)
        self._clip: VideoClip | None = None
        self._analysis: Analysis | None = None
        self._leader_plays = False
        self._shows_message = False  # True if the video has no picture at the leader's time
        self._time_s = 0.0
        self.canvas.set_map_style(state.map_style)
        state.map_style_changed.connect(self.canvas.set_map_style)
        self.canvas.shown_changed.connect(self.caption.set_shown)
        self.canvas.painted.connect(self._on_painted)
        self.feed.opened.connect(self._on_opened)
        self.feed.arrived.connect(self._on_arrived)
        self.feed.lost.connect(self.canvas.set_message)
        self.feed.failed.connect(self._on_failed)
        self.playback.frame_changed.connect(self._on_frame)

    def open(self, clip: VideoClip, analysis: Analysis | None) -> None:
        """Open a video, and show it with the maps of its analysis."""
        self.close_video()
        self._clip = clip
        self._analysis = analysis
        self.canvas.set_message("Opening the video…")
        self.feed.open(clip.path)

    def close_video(self) -> None:
        self._clip = None
        self._analysis = None
        self.playback.open(None)
        self.feed.close()
        self.canvas.set_video(None)

    def show_time(self, time_s: float, *, playing: bool) -> None:
        """Show the frame at a time.

        Args:
            time_s: Time in seconds from the first frame of the file.
            playing: Whether the leader plays.
        """
        # while playing, frames that come late are dropped: request the last one again, since it may be one of them
        has_stopped = self._leader_plays and not playing
        must_request = has_stopped or self._shows_message
        self._leader_plays = playing
        self._time_s = time_s
        self._shows_message = False
        if self.playback.video is None:
            return
        frame = self.playback.frame
        self.playback.seek_time(time_s)
        if must_request and self.playback.frame == frame:
            self.feed.request(frame)

    def show_nothing(self, message: str) -> None:
        """Show a message instead of a picture until the next ``show_time``. Pending pictures are dropped."""
        self._shows_message = True
        self.canvas.set_message(message)

    def _on_arrived(self, picture: DisplayPicture) -> None:
        if not self._shows_message:
            self.canvas.set_picture(picture)

    def _on_opened(self, video: VideoInfo) -> None:
        if self._clip is None:
            return
        self.canvas.set_video(video)
        self.canvas.set_analysis(self._analysis)
        self.caption.set_analysis(self._analysis)
        self.playback.open(video, self._clip.frames(video))
        self.feed.request(self.playback.frame)
        self.playback.seek_time(self._time_s)

    def _on_frame(self, frame: int) -> None:
        if self.playback.video is not None:
            self.feed.request(frame, playing=self._leader_plays)

    def _on_failed(self, error: Exception) -> None:
        if self.playback.video is None:
            self.canvas.set_message(error_text(error))

    def _on_painted(self, _shown: DisplayedFrame) -> None:
        self.feed.width_px = self.canvas.width_px
