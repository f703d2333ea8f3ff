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
from skillviewer.ui.widgets.layout import NONE, horizontal


class PairView(QWidget):
    """Two players with one clock.

    Each player has a worker of its own: neither waits for the other, and opening the next pair in another view does not
    delay this one.
    """

    seen = Signal()  # both first pictures have been painted
    failed = Signal(object)  # ``PairVideo`` that cannot be shown; the pair was not ready yet
    broken = Signal()  # a picture of the pair on screen could not be read
    sync_asked = Signal(int, float)  # index of the video, and its own time in seconds
    swapped = Signal()

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
        self._contenders: tuple[PairVideo, ...] = ()  # by player
        self._speed = 1.0
        self._sound: tuple[str, ...] = ()  # wordings of the state of the sound of the active video
        self.left = 0  # index of the video on the left, 0 or 1
        self._painted: set[int] = set()
        self.over = False  # true if the pair could not be shown
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        row = horizontal(self, NONE, 8)
        self._row = row
        for video, player in enumerate(self.players):
            player.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)  # both are equally wide
            row.addWidget(player, 1)
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
        self._name_sides()

    @property
    def is_ready(self) -> bool:
        return all(player.is_ready for player in self.players)

    @property
    def is_seen(self) -> bool:
        return len(self._painted) == len(BOTH)

    def player_on(self, *, left: bool) -> PairPlayer:
        return self.players[self.left if left else 1 - self.left]

    def shares(self) -> tuple[float, float]:
        """Return the shares of the left and the right video that were on screen, 0 to 1."""
        return self.player_on(left=True).seen, self.player_on(left=False).seen

    def played(self) -> tuple[float, float]:
        """Return the shares of the left and the right video that were requested, whether or not in time, 0 to 1."""
        return self.player_on(left=True).played, self.player_on(left=False).played

    def load(self, turn: PresentedPair, speed: float) -> None:
        """Open a pair; ``failed`` follows if a video cannot be shown."""
        self.clear()
        self.turn = turn
        self._speed = speed
        self._contenders = (turn.left, turn.right)
        for player, contender in zip(self.players, self._contenders, strict=True):
            player.load(contender)

    def clear(self) -> None:
        self.clock.close()
        self.turn = None
        self.over = False
        self._contenders = ()
        self._painted.clear()
        for player in self.players:
            player.clear()
        self._set_left(0)

    def show_sound(self, *forms: str) -> None:
        """Show wordings on the sound, the longest first, at the video that is heard; none where sound is off."""
        self._sound = forms
        self._show_states()

    def take_sync(self, contenders: Sequence[PairVideo]) -> None:
        """Apply sync points that changed in the study."""
        by_name = {contender.name: contender for contender in contenders}
        for video, old in enumerate(self._contenders):
            new = by_name.get(old.name, old)
            if new.sync_s == old.sync_s:
                continue
            self._contenders = tuple(new if other is old else other for other in self._contenders)
            clip = self.players[video].take_sync(new)
            if clip is not None and self.clock.clips:
                self.clock.set_sync(video, clip.sync_s)

    def name_of(self, video: int) -> str:
        """Return the name of a video in the study; it is never shown."""
        return self._contenders[video].name

    def swap(self) -> None:
        if self.turn is not None:
            self.turn = self.turn.swapped()
            self._set_left(1 - self.left)
            self.swapped.emit()

    def _set_left(self, left: int) -> None:
        self.left = left
        self._row.insertWidget(0, self.players[left], 1)
        self._row.activate()  # now: a vote may come before the next turn of the event loop
        QWidget.setTabOrder(self.players[left], self.players[1 - left])
        self._name_sides()

    def _name_sides(self) -> None:
        self.player_on(left=True).set_side("Left video")
        self.player_on(left=False).set_side("Right video")

    def _on_opened(self) -> None:
        first, second = (player.clip for player in self.players)
        if first is not None and second is not None and not self.over:
            self.clock.open(first, second, self._speed)

    def _on_failed(self, video: int, *_: object) -> None:
        """Report the video and never the error: its text names the file."""
        if self.turn is None or self.over:
            return
        if self.is_ready:
            self.clock.pause()
            self.broken.emit()
        else:
            self.over = True
            self.failed.emit(self._contenders[video])

    def _on_painted(self, video: int) -> None:
        if len(self._painted) < len(BOTH):
            self._painted.add(video)
            if len(self._painted) == len(BOTH):
                self.seen.emit()

    def _on_frame(self, video: int, frame: int) -> None:
        self.players[video].show_frame(frame, playing=self.clock.plays(video))

    def _on_playing(self) -> None:
        for video in BOTH:
            if not self.clock.plays(video) and self.clock.clips:
                self.players[video].show_frame(self.clock.frame(video), playing=False)
        self._on_mode()

    def _on_moved(self) -> None:
        for video in self.clock.moving:
            self.players[video].set_time(self.clock.time_s(video))

    def _on_mode(self) -> None:
        for video, clip in enumerate(self.clock.clips):
            self.players[video].clip = clip
            self.players[video].set_time(self.clock.time_s(video))
        self._show_states()

    def _show_states(self) -> None:
        keys = "" if self.clock.together else "· moved by the keys"
        forms = [" ".join(part for part in (keys, f"· {text}") if part) for text in self._sound] or [keys]
        for video, player in enumerate(self.players):
            player.set_state(*(forms if self.clock.clips and video == self.clock.active else ()))

    def _on_sync_asked(self, video: int) -> None:
        if self.clock.clips:
            own_s = float(self.clock.clips[video].video.times_s[self.clock.frame(video)])
            self.sync_asked.emit(video, own_s)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Make a video active when its picture is clicked."""
        if event.type() == QEvent.Type.MouseButtonPress:
            for video, player in enumerate(self.players):
                if watched is player.canvas:
                    self.clock.set_active(video)
        return super().eventFilter(watched, event)
