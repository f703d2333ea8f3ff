"""The clock of a pair: two videos of any rates and lengths, together in real time, or each for itself."""

import math
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from skillviewer.ui.ranking.aligned_clip import AlignedClip
from skillviewer.ui.session.playback import monotonic_clock

EPSILON_S = 1e-6
BOTH = (0, 1)


class PairClock(QObject):
    """Two playheads over one clock.

    Time on the clock is in seconds from the sync points of the videos. Together, both stand at the same time; apart, an
    act moves the active one. Playing follows the presentation times of the frames against a monotonic clock, which is
    read once for both: nothing adds up, so they cannot drift, and a late tick leaves frames out.

    Args:
        now_s: Clock in seconds; tests give their own.
        parent: Owner.
    """

    frame_changed = Signal(int, int)
    """Which video, and the frame that is wanted now, from 0."""
    playing_changed = Signal()
    moved = Signal()
    """The time has changed; while playing, at every frame."""
    mode_changed = Signal()
    """Together or apart, another active video, or another sync point."""

    def __init__(self, now_s: Callable[[], float] | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now_s = now_s if now_s is not None else monotonic_clock()
        self._stretches: tuple[AlignedClip, ...] = ()
        self._frames = [0, 0]
        self._at_s = [0.0, 0.0]  # time of each playhead ...
        self._since_s: list[float | None] = [None, None]  # ... at this reading of the clock; None: it stands still
        self._speed = 1.0
        self._together = True
        self._active = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.tick)

    @property
    def stretches(self) -> tuple[AlignedClip, ...]:
        """What plays; empty without a pair."""
        return self._stretches

    @property
    def speed(self) -> float:
        """Seconds of video a second, of both."""
        return self._speed

    @property
    def together(self) -> bool:
        """Whether one clock moves both."""
        return self._together

    @property
    def active(self) -> int:
        """The video that is moved when each has its own clock, 0 or 1."""
        return self._active

    @property
    def playing(self) -> bool:
        """Whether one of them plays."""
        return any(since is not None for since in self._since_s)

    def plays(self, video: int) -> bool:
        """Return whether a video plays."""
        return self._since_s[video] is not None

    def frame(self, video: int) -> int:
        """Return the frame of a video that is wanted now."""
        return self._frames[video]

    def time_s(self, video: int) -> float:
        """Return the time of a video's playhead on the clock."""
        return self._time_s(video, self._now_s())

    def _time_s(self, video: int, now_s: float) -> float:
        since_s = self._since_s[video]
        return self._at_s[video] + (0.0 if since_s is None else (now_s - since_s) * self._speed)

    @property
    def moving(self) -> tuple[int, ...]:
        """The videos that an act moves."""
        return BOTH if self._together else (self._active,)

    def limits(self) -> tuple[float, float]:
        """Return when the first video begins and the last one ends, among those that an act moves; in seconds."""
        stretches = [self._stretches[video] for video in self.moving]
        return min(s.start_s for s in stretches), max(s.stop_s for s in stretches)

    def open(self, first: AlignedClip, second: AlignedClip, speed: float = 1.0) -> None:
        """Take a pair: together, standing at its beginning."""
        self.close()
        self._stretches, self._speed = (first, second), speed
        self._together, self._active = True, 0
        self._place(BOTH, self.limits()[0])
        self.mode_changed.emit()

    def close(self) -> None:
        """Let the pair go."""
        self.pause()
        self._stretches = ()

    def _place(self, videos: tuple[int, ...], time_s: float, now_s: float | None = None) -> None:
        """Put playheads at a time; those that play go on from there."""
        now_s = self._now_s() if now_s is None else now_s
        for video in videos:
            self._at_s[video] = time_s
            if self._since_s[video] is not None:
                self._since_s[video] = now_s
        for video in videos:
            self._show(video, self._stretches[video].frame(time_s))
        self.moved.emit()
        self._schedule(now_s)

    def _show(self, video: int, frame: int) -> None:
        if frame != self._frames[video]:
            self._frames[video] = frame
            self.frame_changed.emit(video, frame)

    @Slot(float)
    def seek(self, time_s: float) -> None:
        """Go to a time on the clock, clamped to the pair. Playing goes on from there."""
        if self._stretches:
            start_s, stop_s = self.limits()
            self._place(self.moving, min(max(time_s, start_s), stop_s))

    def seek_one(self, video: int, time_s: float) -> None:
        """Go to a time with one video; together, both go there."""
        self.set_active(video)
        self.seek(time_s)

    def skip(self, seconds: float) -> None:
        """Move by a time."""
        self.seek(self.time_s(self.moving[0]) + seconds)

    def first(self) -> None:
        """Go to where the first video begins."""
        self.seek(-math.inf)

    def last(self) -> None:
        """Go to the last frame of the longer video."""
        if self._stretches:
            self.seek(self._end_s())

    def _end_s(self) -> float:
        """Return when the last frame of the longer video begins."""
        stretches = [self._stretches[video] for video in self.moving]
        return max(stretch.at(stretch.last_frame) for stretch in stretches)

    def step(self, n: int) -> None:
        """Pause and move to the next (n > 0) or previous picture of either video, n times."""
        self.pause()
        for _ in range(abs(n)):
            to_s = self._boundary_s(1 if n > 0 else -1)
            if to_s is not None:
                self.seek(to_s)

    def _boundary_s(self, direction: int) -> float | None:
        """Return when the next picture of a video that is moved begins, or the previous one; None without any."""
        found = []
        for video in self.moving:
            stretch, frame = self._stretches[video], self._frames[video]
            if direction > 0:
                if frame < stretch.last_frame:
                    found.append(stretch.at(frame + 1))
                continue
            begin_s = stretch.at(frame)
            if begin_s < self._at_s[video] - EPSILON_S:
                found.append(begin_s)
            elif frame > stretch.first_frame:
                found.append(stretch.at(frame - 1))
        if not found:
            return None
        return min(found) if direction > 0 else max(found)

    @Slot()
    def play(self) -> None:
        """Play from here; from the beginning when it stands at the end."""
        if not self._stretches or self.playing:
            return
        now_s = self._now_s()
        if self._at_s[self.moving[0]] >= self._end_s() - EPSILON_S:
            self._place(self.moving, self.limits()[0], now_s)
        for video in self.moving:
            self._since_s[video] = now_s
        self.playing_changed.emit()
        self._schedule(now_s)

    @Slot()
    def pause(self) -> None:
        """Stand still."""
        if self.playing:
            now_s = self._now_s()
            for video in BOTH:
                self._at_s[video] = self._time_s(video, now_s)
                self._since_s[video] = None
            self._timer.stop()
            self.playing_changed.emit()

    @Slot()
    def toggle(self) -> None:
        """Play or pause what an act moves."""
        if self.playing:
            self.pause()
        else:
            self.play()

    def set_together(self, together: bool) -> None:
        """Move both by one clock, where the active one stands; or each by its own."""
        if together == self._together or not self._stretches:
            return
        self.pause()
        self._together = together
        if together:
            self.seek(self._at_s[self._active])
        self.mode_changed.emit()

    def set_active(self, video: int) -> None:
        """Choose the video that is moved when each has its own clock; the other one stands still then."""
        if video != self._active:
            if not self._together:
                self.pause()
            self._active = video
            self.mode_changed.emit()

    def set_sync(self, video: int, sync_s: float) -> None:
        """Lay a video's sync point elsewhere: on the clock this is 0 s, and there it stands afterwards.

        Together, both go to their sync points. Apart, the other one stays.

        Args:
            video: Which, 0 or 1.
            sync_s: Sync point, in seconds from the first frame of the file.
        """
        if not self._stretches:
            return
        self.pause()
        old = self._stretches[video]
        new = AlignedClip(old.video, old.first_frame, old.last_frame, sync_s)
        self._stretches = (new, self._stretches[1]) if video == 0 else (self._stretches[0], new)
        self._place(BOTH if self._together else (video,), 0.0)
        self.mode_changed.emit()

    @Slot()
    def tick(self) -> None:
        """Move the playheads to where the clock says they should be."""
        if not self.playing:
            return
        now_s = self._now_s()
        time_s, stop_s = self._time_s(self.moving[0], now_s), self.limits()[1]
        if time_s >= stop_s - EPSILON_S:
            self.pause()
            self._place(self.moving, stop_s, now_s)
            return
        for video in self.moving:
            self._show(video, self._stretches[video].frame(time_s))
        self.moved.emit()
        self._schedule(now_s)

    def _schedule(self, now_s: float) -> None:
        """Wake up when the next picture of a video that plays is due, or the end."""
        if not self.playing:
            return
        next_s = self._boundary_s(1)
        wait_s = (self.limits()[1] if next_s is None else next_s) - self._time_s(self.moving[0], now_s)
        self._timer.start(max(math.ceil(wait_s / self._speed * 1000), 1))
