"""The view of a pair: two players."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.data.study.judging.pair_queue import PairVideo, PresentedPair
from skillviewer.ui.ranking.pair_clock import BOTH, PairClock
from skillviewer.ui.ranking.pair_player import PairPlayer
from skillviewer.ui.session.open_videos import OpenVideos
from skillviewer.ui.threads.worker_thread import WorkerThread
from skillviewer.ui.widgets.layout import NO_MARGINS, horizontal


class PairView(QWidget):
    """Two players with one clock.

    Each player has a worker thread of its own. Neither waits for the other, and the next pair, which opens in another
    view, does not delay this one.
    """

    both_painted = Signal()  # both first pictures have been painted
    failed = Signal(object)  # ``PairVideo`` that cannot be shown, before the pair was ready
    frame_unreadable = Signal()  # a frame of the pair on screen could not be read
    sync_asked = Signal(int, float)  # index of the video, and seconds from the first frame of its file
    swapped = Signal()  # the sides have been exchanged

    def __init__(
        self,
        workers: tuple[WorkerThread[OpenVideos], WorkerThread[OpenVideos]],
        now_s: Callable[[], float] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.clock = PairClock(now_s, parent=self)
        self.players = (PairPlayer(workers[0], self), PairPlayer(workers[1], self))
        self.turn: PresentedPair | None = None  # the pair, with its sides as on screen
        self._pair_videos: tuple[PairVideo, ...] = ()  # by player
        self._speed = 1.0
        self._sound_forms: tuple[str, ...] = ()  # wordings of the state of the sound of the active video
        self.left_video = 0  # index of the video on the left, 0 or 1
        self._painted_videos: set[int] = set()
        self.has_failed = False  # true if the pair could not be shown
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._row = horizontal(self, NO_MARGINS, 8)
        for video, player in enumerate(self.players):
            player.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)  # both are equally wide
            self._row.addWidget(player, 1)
            player.opened.connect(self._on_opened)
            player.failed.connect(partial(self._on_failed, video))
            player.painted.connect(partial(self._on_painted, video))
            player.clicked.connect(partial(self.clock.set_active, video))
            player.sync_asked.connect(partial(self._on_sync_asked, video))
            player.canvas.installEventFilter(self)
        self.clock.frame_changed.connect(self._on_frame)
        self.clock.playing_changed.connect(self._on_playing)
        self.clock.moved.connect(self._on_moved)
        self.clock.mode_changed.connect(self._on_mode)
        self._show_titles()

    @property
    def is_ready(self) -> bool:
        return all(player.is_ready for player in self.players)

    @property
    def is_painted(self) -> bool:
        """True once both first pictures have been painted."""
        return len(self._painted_videos) == len(BOTH)

    def player_on(self, *, left: bool) -> PairPlayer:
        """Return the player on the left or on the right."""
        return self.players[self.left_video if left else 1 - self.left_video]

    def seen_shares(self) -> tuple[float, float]:
        """Return the shares of the left and the right video that were on screen, 0 to 1."""
        return self.player_on(left=True).seen_share, self.player_on(left=False).seen_share

    def played_shares(self) -> tuple[float, float]:
        """Return the shares of the left and the right video that were requested, also too late for the screen."""
        return self.player_on(left=True).played_share, self.player_on(left=False).played_share

    def load(self, turn: PresentedPair, speed: float) -> None:
        """Open a pair; ``failed`` follows if a video cannot be shown."""
        self.clear()
        self.turn = turn
        self._speed = speed
        self._pair_videos = (turn.left, turn.right)
        for player, pair_video in zip(self.players, self._pair_videos, strict=True):
            player.load(pair_video)

    def clear(self) -> None:
        self.clock.close()
        self.turn = None
        self.has_failed = False
        self._pair_videos = ()
        self._painted_videos.clear()
        for player in self.players:
            player.clear()
        self._set_left_video(0)

    def show_sound(self, *forms: str) -> None:
        """Show the status of the sound at the active video.

        Args:
            forms: Wordings, the longest first; none if the sound is off.
        """
        self._sound_forms = forms
        self._show_statuses()

    def apply_sync_points(self, pair_videos: Sequence[PairVideo]) -> None:
        """Apply sync points that changed in the study."""
        by_name = {pair_video.name: pair_video for pair_video in pair_videos}
        for video, old in enumerate(self._pair_videos):
            changed = by_name.get(old.name, old)
            if changed.sync_s == old.sync_s:
                continue
            self._pair_videos = tuple(changed if other is old else other for other in self._pair_videos)
            clip = self.players[video].apply_sync_point(changed)
            if clip is not None and self.clock.clips:
                self.clock.set_sync(video, clip.sync_s)

    def video_name(self, video: int) -> str:
        """Return the name of a video in the study, which is never shown."""
        return self._pair_videos[video].name

    def swap(self) -> None:
        if self.turn is not None:
            self.turn = self.turn.swapped()
            self._set_left_video(1 - self.left_video)
            self.swapped.emit()

    def _set_left_video(self, left: int) -> None:
        self.left_video = left
        self._row.insertWidget(0, self.players[left], 1)
        self._row.activate()  # at once: a vote may come before the event loop lays out the row
        QWidget.setTabOrder(self.players[left], self.players[1 - left])
        self._show_titles()

    def _show_titles(self) -> None:
        self.player_on(left=True).set_title("Left video")
        self.player_on(left=False).set_title("Right video")

    def _on_opened(self) -> None:
        first, second = (player.clip for player in self.players)
        if first is not None and second is not None and not self.has_failed:
            self.clock.open(first, second, self._speed)

    def _on_failed(self, video: int, *_: object) -> None:
        """Report the video, but never the error, whose text names the file."""
        if self.turn is None or self.has_failed:
            return
        if self.is_ready:
            self.clock.pause()
            self.frame_unreadable.emit()
        else:
            self.has_failed = True
            self.failed.emit(self._pair_videos[video])

    def _on_painted(self, video: int) -> None:
        was_painted = self.is_painted
        self._painted_videos.add(video)
        if self.is_painted and not was_painted:
            self.both_painted.emit()

    def _on_frame(self, video: int, frame: int) -> None:
        self.players[video].show_frame(frame, playing=self.clock.is_playing(video))

    def _on_playing(self) -> None:
        for video in BOTH:
            if not self.clock.is_playing(video) and self.clock.clips:
                self.players[video].show_frame(self.clock.frame_of(video), playing=False)
        self._on_mode()

    def _on_moved(self) -> None:
        for video in self.clock.moved_videos:
            self.players[video].set_time(self.clock.time_s(video))

    def _on_mode(self) -> None:
        for video, clip in enumerate(self.clock.clips):
            self.players[video].clip = clip
            self.players[video].set_time(self.clock.time_s(video))
        self._show_statuses()

    def _show_statuses(self) -> None:
        """Show at the active video whether the keys move it alone, and the status of the sound."""
        keys_text = "" if self.clock.together else "· moved by the keys"
        sound_texts = [f"· {text}" for text in self._sound_forms] or [""]
        forms = [f"{keys_text} {sound_text}".strip() for sound_text in sound_texts]
        for video, player in enumerate(self.players):
            is_active = bool(self.clock.clips) and video == self.clock.active_video
            player.set_status(*(forms if is_active else ()))

    def _on_sync_asked(self, video: int) -> None:
        if self.clock.clips:
            frame = self.clock.frame_of(video)
            sync_s = float(self.clock.clips[video].video.times_s[frame])
            self.sync_asked.emit(video, sync_s)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Make a video active when its picture is clicked."""
        if event.type() == QEvent.Type.MouseButtonPress:
            for video, player in enumerate(self.players):
                if watched is player.canvas:
                    self.clock.set_active(video)
        return super().eventFilter(watched, event)
