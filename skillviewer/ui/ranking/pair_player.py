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
from skillviewer.ui.widgets.layout import NONE, add_all, horizontal, tool_button, vertical
from skillviewer.ui.widgets.theme import Theme, by_text, themed

NARROW_PX = 440
"""Width below which the words around the time are shorter, with usual letters."""
TIGHT_PX = 240
"""Width below which the time may be cut, with usual letters."""


class PairPlayer(QWidget):
    """Shows one video of a pair."""

    opened = Signal()  # the clip is known, and its first picture has been requested
    failed = Signal(object)
    painted = Signal()
    clicked = Signal()
    sync_asked = Signal()

    def __init__(self, worker: WorkerThread[OpenVideos], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.feed = FrameFeed(worker, self)
        self.canvas = VideoCanvas(self)
        self.canvas.setMinimumSize(200, 112)
        self._contender: PairVideo | None = None
        self.clip: AlignedClip | None = None  # the part of the video that plays, once the file is open
        self._seen: SeenFrames | None = None
        self._due: SeenFrames | None = None
        self.is_ready = self._playing = False
        self._side_text = ""
        self._side = text_label("", self, heading=True)
        self._state = ElidingLabel(self, muted=True)
        self._time = ElidingLabel(self)
        self._time.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.sync_button = tool_button("Set sync point", self, self.sync_asked)
        self.sync_button.setToolTip("Align the frame on screen with the sync point of the other video")
        self._head = QWidget(self)
        add_all(
            horizontal(self._head, (16, 4, 8, 4), 8), self._side, (self._state, 1), (self._time, 1), self.sync_button
        )
        add_all(vertical(self, NONE, 0), self._head, (self.canvas, 1))
        self.feed.opened.connect(self._on_opened)
        self.feed.arrived.connect(self._on_arrived)
        self.feed.failed.connect(self.failed)
        self.canvas.painted.connect(self._on_painted)

    @property
    def seen(self) -> float:
        """Share of the clip that was on screen, 0 to 1."""
        return self._seen.share if self._seen is not None else 0.0

    @property
    def played(self) -> float:
        """Share of the clip that was requested, whether or not its pictures came in time, 0 to 1."""
        return self._due.share if self._due is not None else 0.0

    def load(self, contender: PairVideo) -> None:
        """Open a video; the screen stays empty until its first picture comes."""
        self.clear()
        self._contender = contender
        self.canvas.set_message("Opening the video…")
        self.feed.open(contender.path)

    def clear(self) -> None:
        self.feed.close()
        self._contender = self.clip = self._seen = self._due = None
        self.is_ready = self._playing = False
        self.canvas.set_video(None)
        self._time.set_forms("")

    def show_frame(self, frame: int, *, playing: bool) -> None:
        self._playing = playing
        if self._due is not None:
            self._due.mark_seen(frame, playing=playing)
        self.feed.request(frame, playing=playing)

    @property
    def time_text(self) -> str:
        """The time as it is shown over the picture."""
        return self._time.text()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_head()

    def _fit_head(self) -> None:
        """Keep the time whole, with shorter words around it where the video is narrow for its letters."""
        is_narrow = self.width() < by_text(NARROW_PX)
        self._side.setText(self._side_text.removesuffix(" video") if is_narrow else self._side_text)
        self.sync_button.setText("Sync point" if is_narrow else "Set sync point")
        duration_s = self.clip.duration_s if self.clip is not None else 0.0
        time_px = self._time.fontMetrics().horizontalAdvance(clock(duration_s)) + 2
        self._time.setMinimumWidth(time_px if self.width() >= by_text(TIGHT_PX) else 0)

    def set_side(self, text: str) -> None:
        self._side_text = text
        self._fit_head()
        self.canvas.setAccessibleName(text)
        self.sync_button.setAccessibleName(f"{text}: set the sync point here")

    def set_state(self, *forms: str) -> None:
        """Show wordings of a state, the longest first; none for no state."""
        self._state.set_forms(*(forms or ("",)))

    def set_time(self, time_s: float) -> None:
        """Show its time, in seconds from the start of the attempt."""
        if self.clip is not None:
            at_s = min(max(time_s - self.clip.start_s, 0.0), self.clip.duration_s)
            time_text = clock(at_s)
            self._time.set_forms(f"{time_text} / {clock(self.clip.duration_s)}", time_text)

    @themed
    def on_theme(self, theme: Theme) -> None:
        palette = self._head.palette()
        palette.setColor(palette.ColorRole.Window, QColor(theme.window))
        self._head.setPalette(palette)

    def take_sync(self, contender: PairVideo) -> AlignedClip | None:
        """Take another sync point from the study; return the clip, once the video is open."""
        self._contender = contender
        if self.clip is not None:
            self.clip = AlignedClip.of(self.clip.video, contender.clip_range, contender.sync_s)
        return self.clip

    def _on_opened(self, info: VideoInfo) -> None:
        contender = self._contender
        if contender is None:
            return
        if contender.digest not in {"", info.digest}:
            self.failed.emit(VideoError("Another file has replaced the video."))
            return
        try:
            self.clip = AlignedClip.of(info, contender.clip_range, contender.sync_s)
        except SkillViewerError as error:  # the attempt lies outside of the file
            self.failed.emit(error)
            return
        self._fit_head()
        self._seen = SeenFrames(self.clip)
        self._due = SeenFrames(self.clip)
        self.canvas.set_video(info)
        self.feed.request(self.clip.first_frame)
        self.opened.emit()

    def _on_arrived(self, picture: DisplayPicture) -> None:
        clip = self.clip
        if clip is None or not clip.first_frame <= picture.frame_index <= clip.last_frame:
            return  # a preview from outside the attempt
        self.canvas.set_picture(picture)
        self.is_ready = self.is_ready or picture.exact

    def _on_painted(self, displayed: DisplayedFrame) -> None:
        self.feed.width_px = self.canvas.width_px
        if self._seen is not None:
            self._seen.mark_seen(displayed.picture.frame_index, playing=self._playing)
            if self.is_ready:
                self.painted.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.clicked.emit()
        super().mousePressEvent(event)
