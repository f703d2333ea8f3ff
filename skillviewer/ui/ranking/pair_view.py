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
    failed = Signal(object)  # ``PairVideo`` that cannot be shown; only emitted before the pair is ready
    frame_unreadable = Signal()  # a frame of the pair on screen could not be read
    sync_asked = Signal(int, float)  # index of the video, and seconds from the first frame of its file
    swapped = Signal()  # the sides have been exchanged

    def __init__(
        self,
        workers: tuple[WorkerThread[OpenVideos], WorkerThread[OpenVideos]],
        read_clock_s: Callable[[], float] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.clock = PairClock(read_clock_s, parent=self)
        self.players = (PairPlayer(workers[0], self), PairPlayer(workers[1], self))
        self.presented_pair: PresentedPair | None = None  # with its sides as on screen
        self._pair_videos: tuple[PairVideo, ...] = ()  # by player
        self._speed = 1.0
        self._sound_texts: tuple[str, ...] = ()  # texts of the sound's status, the longest first
        self.left_index = 0  # index of the video on the left, 0 or 1
        self._painted_indices: set[int] = set()
        self.has_failed = False  # true if the pair could not be shown
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._row = horizontal(self, margins=NO_MARGINS, spacing=8)
        for index, player in enumerate(self.players):
            player.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)  # both are equally wide
            self._row.addWidget(player, 1)
            player.opened.connect(self._on_opened)
            player.failed.connect(partial(self._on_failed, index))
            player.painted.connect(partial(self._on_painted, index))
            player.clicked.connect(partial(self.clock.set_active, index))
            player.sync_asked.connect(partial(self._on_sync_asked, index))
            player.canvas.installEventFilter(self)
        self.clock.frame_changed.connect(self._on_frame)
        self.clock.playing_changed.connect(self._on_playing)
        self.clock.moved.connect(self._on_moved)
        self.clock.mode_changed.connect(self._refresh_players)
        self._show_titles()

    @property
    def is_ready(self) -> bool:
        return all(player.is_ready for player in self.players)

    @property
    def is_painted(self) -> bool:
        """True once both first pictures have been painted."""
        return len(self._painted_indices) == len(BOTH)

    @property
    def right_index(self) -> int:
        """Index of the video on the right, 0 or 1."""
        return 1 - self.left_index

    def player_on(self, *, left: bool) -> PairPlayer:
        """Return the player on the left or on the right."""
        index = self.left_index if left else self.right_index
        return self.players[index]

    def seen_shares(self) -> tuple[float, float]:
        """Return the shares of the left and the right video that were on screen, 0 to 1."""
        return self.player_on(left=True).seen_share, self.player_on(left=False).seen_share

    def requested_shares(self) -> tuple[float, float]:
        """Return the shares of the left and the right video that were requested, 0 to 1.

        Frames that arrived too late to be shown count.
        """
        return self.player_on(left=True).requested_share, self.player_on(left=False).requested_share

    def load(self, pair: PresentedPair, speed: float) -> None:
        """Open a pair; ``failed`` follows if a video cannot be shown."""
        self.clear()
        self.presented_pair = pair
        self._speed = speed
        self._pair_videos = (pair.left, pair.right)
        for player, pair_video in zip(self.players, self._pair_videos, strict=True):
            player.load(pair_video)

    def clear(self) -> None:
        self.clock.close()
        self.presented_pair = None
        self.has_failed = False
        self._pair_videos = ()
        self._painted_indices.clear()
        for player in self.players:
            player.clear()
        self._set_left(0)

    def show_sound(self, texts: Sequence[str]) -> None:
        """Show the status of the sound at the active video.

        Args:
            texts: Texts of the status, the longest first; empty if the sound is off.
        """
        self._sound_texts = tuple(texts)
        self._show_statuses()

    def apply_sync_points(self, pair_videos: Sequence[PairVideo]) -> None:
        """Apply sync points that changed in the study."""
        by_name = {pair_video.name: pair_video for pair_video in pair_videos}
        for index, old in enumerate(self._pair_videos):
            changed = by_name.get(old.name, old)
            if changed.sync_s == old.sync_s:
                continue
            new_videos = list(self._pair_videos)
            new_videos[index] = changed
            self._pair_videos = tuple(new_videos)
            clip = self.players[index].apply_sync_point(changed)
            if clip is not None and self.clock.clips:
                self.clock.set_sync(index, clip.sync_s)

    def video_name(self, index: int) -> str:
        """Return the name of a video in the study. The name is never shown to raters."""
        return self._pair_videos[index].name

    def swap(self) -> None:
        if self.presented_pair is not None:
            self.presented_pair = self.presented_pair.swapped()
            self._set_left(self.right_index)
            self.swapped.emit()

    def _set_left(self, index: int) -> None:
        self.left_index = index
        left_player = self.player_on(left=True)
        self._row.insertWidget(0, left_player, 1)
        self._row.activate()  # at once: a vote may come before the event loop lays out the row
        self._show_titles()

    def _show_titles(self) -> None:
        self.player_on(left=True).set_title("Left video")
        self.player_on(left=False).set_title("Right video")

    def _on_opened(self) -> None:
        first, second = (player.clip for player in self.players)
        if first is not None and second is not None and not self.has_failed:
            self.clock.open(first, second, self._speed)

    def _on_failed(self, index: int, *_: object) -> None:
        """Report the video, but never the error, whose text names the file."""
        if self.presented_pair is None or self.has_failed:
            return
        if self.is_ready:
            self.clock.pause()
            self.frame_unreadable.emit()
        else:
            self.has_failed = True
            self.failed.emit(self._pair_videos[index])

    def _on_painted(self, index: int) -> None:
        was_painted = self.is_painted
        self._painted_indices.add(index)
        if self.is_painted and not was_painted:
            self.both_painted.emit()

    def _on_frame(self, index: int, frame: int) -> None:
        self.players[index].show_frame(frame, playing=self.clock.is_playing(index))

    def _on_playing(self) -> None:
        for index in BOTH:
            if not self.clock.is_playing(index) and self.clock.clips:
                self.players[index].show_frame(self.clock.frame_of(index), playing=False)
        self._refresh_players()

    def _on_moved(self) -> None:
        for index in self.clock.moved_videos:
            self.players[index].set_time(self.clock.time_s(index))

    def _refresh_players(self) -> None:
        for index, clip in enumerate(self.clock.clips):
            self.players[index].clip = clip
            self.players[index].set_time(self.clock.time_s(index))
        self._show_statuses()

    def _show_statuses(self) -> None:
        """Show the status of the sound at the active video, marked if the keys move only this video."""
        keys_text = "" if self.clock.is_together else "· moved by the keys"
        if self._sound_texts:
            status_texts = [f"{keys_text} · {sound_text}".strip() for sound_text in self._sound_texts]
        else:
            status_texts = [keys_text]
        for index, player in enumerate(self.players):
            if self.clock.clips and index == self.clock.active_video:
                player.set_status(*status_texts)
            else:
                player.set_status()

    def _on_sync_asked(self, index: int) -> None:
        if self.clock.clips:
            frame = self.clock.frame_of(index)
            sync_s = float(self.clock.clips[index].video.times_s[frame])
            self.sync_asked.emit(index, sync_s)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Make a video active when its picture is clicked."""
        if event.type() == QEvent.Type.MouseButtonPress:
            for index, player in enumerate(self.players):
                if watched is player.canvas:
                    self.clock.set_active(index)
        return super().eventFilter(watched, event)
