"""The player of one side of a pair."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from skillviewer.core.errors import SkillViewerError, VideoError
from skillviewer.core.text import clock
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.study.judging.pair_queue import PairVideo
from skillviewer.ui.player.video_canvas import DisplayedFrame, VideoCanvas
from skillviewer.ui.ranking.aligned_clip import AlignedClip
from skillviewer.ui.ranking.seen_frames import SeenFrames
from skillviewer.ui.session.frame_feed import DisplayPicture, FrameFeed
from skillviewer.ui.session.open_videos import OpenVideos
from skillviewer.ui.threads.worker_thread import WorkerThread
from skillviewer.ui.widgets.labels import ElidingLabel, text_label
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, growing, horizontal, tool_button, vertical
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import Theme, themed

NARROW_PX = 440
"""Width, at the usual text size, below which the texts around the time are shorter."""
VERY_NARROW_PX = 240
"""Width, at the usual text size, below which the time may be elided."""


class PairPlayer(QWidget):
    """Shows one video of a pair, or the video that is rated, without its name."""

    opened = Signal()  # the clip is known, and its first picture has been requested
    failed = Signal(object)  # the error: the video or one of its frames cannot be shown
    painted = Signal()  # a frame of the clip has been painted
    clicked = Signal()
    sync_asked = Signal()  # the frame on screen is to be the sync point

    def __init__(self, worker: WorkerThread[OpenVideos], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.feed = FrameFeed(worker, self)
        self.canvas = VideoCanvas(self)
        self.canvas.setMinimumSize(160, 90)
        self._pair_video: PairVideo | None = None
        self.clip: AlignedClip | None = None  # the part of the video that plays, once the file is open
        self._seen_frames: SeenFrames | None = None
        self._requested_frames: SeenFrames | None = None
        self.is_ready = False  # true once an exact frame has arrived
        self._playing = False
        self._title_text = ""
        self._title_label = text_label("", self, heading=True)
        self._status_label = ElidingLabel(self, muted=True)
        self._time_label = ElidingLabel(self)
        self._time_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.sync_button = tool_button("Set sync point", self, self.sync_asked)
        self.sync_button.setToolTip("Align the frame on screen with the sync point of the other video")
        self._header = QWidget(self)
        header_row = horizontal(self._header, margins=(16, 4, 8, 4), spacing=8)
        add_all(header_row, self._title_label, growing(self._status_label), growing(self._time_label), self.sync_button)
        add_all(vertical(self, margins=NO_MARGINS, spacing=0), self._header, growing(self.canvas))
        self.feed.opened.connect(self._on_opened)
        self.feed.arrived.connect(self._on_arrived)
        self.feed.failed.connect(self.failed)
        self.canvas.painted.connect(self._on_painted)

    @property
    def seen_share(self) -> float:
        """Share of the clip that was on screen, 0 to 1."""
        return self._seen_frames.share if self._seen_frames is not None else 0.0

    @property
    def requested_share(self) -> float:
        """Share of the clip that was requested, 0 to 1, with frames that arrived too late to be shown."""
        return self._requested_frames.share if self._requested_frames is not None else 0.0

    def load(self, pair_video: PairVideo) -> None:
        """Open a video; the picture is empty until its first frame arrives."""
        self.clear()
        self._pair_video = pair_video
        self.canvas.set_message("Opening the video…")
        self.feed.open(pair_video.path)

    def clear(self) -> None:
        self.feed.close()
        self._pair_video = None
        self.clip = None
        self._seen_frames = None
        self._requested_frames = None
        self.is_ready = False
        self._playing = False
        self.canvas.set_video(None)
        self._time_label.set_forms("")

    def show_frame(self, frame: int, *, playing: bool) -> None:
        self._playing = playing
        if self._requested_frames is not None:
            self._requested_frames.mark_seen(frame, playing=playing)
        self.feed.request(frame, playing=playing)

    @property
    def time_text(self) -> str:
        """The time as shown above the picture."""
        return self._time_label.text()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_header()

    def _fit_header(self) -> None:
        """Shorten the texts around the time if the player is narrow, so that the time is not elided."""
        is_narrow = self.width() < scaled_px(NARROW_PX)
        title = self._title_text.removesuffix(" video") if is_narrow else self._title_text
        self._title_label.setText(title)
        duration_s = self.clip.duration_s if self.clip is not None else 0.0
        time_px = self._time_label.fontMetrics().horizontalAdvance(clock(duration_s)) + 2
        is_very_narrow = self.width() < scaled_px(VERY_NARROW_PX)
        short_text = "Sync" if is_very_narrow else "Sync point"
        button_text = short_text if is_narrow else "Set sync point"
        self.sync_button.setText(button_text)
        self._time_label.setMinimumWidth(time_px)

    def set_title(self, text: str) -> None:
        """Set the title, such as “Left video”."""
        self._title_text = text
        self._fit_header()
        self.canvas.setAccessibleName(text)
        self.sync_button.setAccessibleName(f"{text}: set the sync point here")

    def set_status(self, *texts: str) -> None:
        """Show the longest text of a status that fits; texts are sorted by length, the longest first."""
        if not texts:
            texts = ("",)
        self._status_label.set_forms(*texts)

    def set_time(self, time_s: float) -> None:
        """Show a time on the pair's clock, in seconds, as the time since the start of the clip."""
        if self.clip is not None:
            since_start_s = min(max(time_s - self.clip.start_s, 0.0), self.clip.duration_s)
            time_text = clock(since_start_s)
            self._time_label.set_forms(f"{time_text} / {clock(self.clip.duration_s)}", time_text)

    @themed
    def on_theme(self, theme: Theme) -> None:
        palette = self._header.palette()
        palette.setColor(palette.ColorRole.Window, QColor(theme.window))
        self._header.setPalette(palette)

    def apply_sync_point(self, pair_video: PairVideo) -> AlignedClip | None:
        """Apply a changed sync point; return the new clip, or None if the video is not open yet."""
        self._pair_video = pair_video
        if self.clip is not None:
            self.clip = AlignedClip.of(self.clip.video, pair_video.clip_range, pair_video.sync_s)
        return self.clip

    def _on_opened(self, info: VideoInfo) -> None:
        pair_video = self._pair_video
        if pair_video is None:
            return
        if pair_video.digest not in {"", info.digest}:
            self.failed.emit(VideoError("Another file has replaced the video."))
            return
        try:
            self.clip = AlignedClip.of(info, pair_video.clip_range, pair_video.sync_s)
        except SkillViewerError as error:  # the range lies outside the file
            self.failed.emit(error)
            return
        self._fit_header()
        self._seen_frames = SeenFrames(self.clip)
        self._requested_frames = SeenFrames(self.clip)
        self.canvas.set_video(info)
        self.feed.request(self.clip.first_frame)
        self.opened.emit()

    def _on_arrived(self, picture: DisplayPicture) -> None:
        clip = self.clip
        if clip is None or not clip.first_frame <= picture.frame_index <= clip.last_frame:
            return  # a preview from outside the clip
        self.canvas.set_picture(picture)
        if picture.is_exact:
            self.is_ready = True

    def _on_painted(self, displayed: DisplayedFrame) -> None:
        self.feed.width_px = self.canvas.width_px
        if self._seen_frames is not None:
            self._seen_frames.mark_seen(displayed.picture.frame_index, playing=self._playing)
            if self.is_ready:
                self.painted.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.clicked.emit()
        super().mousePressEvent(event)
