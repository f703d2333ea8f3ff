"""The clock of a pair: two videos of any rates and lengths, moved together in real time or each by itself."""

import math
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from skillviewer.ui.ranking.aligned_clip import AlignedClip
from skillviewer.ui.session.playback import monotonic_clock

EPSILON_S = 1e-6
BOTH = (0, 1)


class PairClock(QObject):
    """Two playheads on one clock, ``now_s`` in seconds.

    Time on the clock is in seconds from the sync points of the videos. Together, both are at the same time; apart, only
    the active one is moved. Playing follows the presentation times of the frames against a monotonic clock, which is
    read once for both, so they cannot drift; a late tick skips frames.
    """

    frame_changed = Signal(int, int)  # index of the video, and the frame to show now, from 0
    playing_changed = Signal()
    moved = Signal()  # the time has changed; while playing, at every frame
    mode_changed = Signal()  # the pair, together or apart, the active video, or a sync point has changed
    run_changed = Signal()  # playing has begun, jumped or ended

    def __init__(self, now_s: Callable[[], float] | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now_s = now_s if now_s is not None else monotonic_clock()
        self.clips: tuple[AlignedClip, ...] = ()  # the clips that play; empty without a pair
        self._frames = [0, 0]
        self._at_s = [0.0, 0.0]  # time of each playhead ...
        self._since_s: list[float | None] = [None, None]  # ... at this reading of the clock; None: paused
        self.speed = 1.0  # playing speed of both, in seconds of video a second
        self.together = True  # true if one clock moves both
        self.active = 0  # index of the video that is moved when each has its own clock, 0 or 1
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.tick)

    @property
    def playing(self) -> bool:
        return any(since is not None for since in self._since_s)

    def plays(self, video: int) -> bool:
        return self._since_s[video] is not None

    def frame(self, video: int) -> int:
        return self._frames[video]

    def time_s(self, video: int) -> float:
        return self._time_s(video, self._now_s())

    def _time_s(self, video: int, now_s: float) -> float:
        since_s = self._since_s[video]
        return self._at_s[video] + (0.0 if since_s is None else (now_s - since_s) * self.speed)

    @property
    def moving(self) -> tuple[int, ...]:
        """Indices of the videos that a command moves."""
        return BOTH if self.together else (self.active,)

    def limits(self) -> tuple[float, float]:
        """Return the start of the first and the end of the last of the videos that are moved, in seconds."""
        clips = [self.clips[video] for video in self.moving]
        return min(s.start_s for s in clips), max(s.stop_s for s in clips)

    def open(self, first: AlignedClip, second: AlignedClip, speed: float = 1.0) -> None:
        """Take a pair: together, paused at its beginning."""
        self.close()
        self.clips = (first, second)
        self.speed = speed
        self.together = True
        self.active = 0
        self._place(BOTH, self.limits()[0])
        self.mode_changed.emit()

    def close(self) -> None:
        self.pause()
        if self.clips:
            self.clips = ()
            self.mode_changed.emit()

    def _place(self, videos: tuple[int, ...], time_s: float, now_s: float | None = None) -> None:
        now_s = self._now_s() if now_s is None else now_s
        for video in videos:
            self._at_s[video] = time_s
            if self._since_s[video] is not None:
                self._since_s[video] = now_s
        for video in videos:
            self._show(video, self.clips[video].frame(time_s))
        self.moved.emit()
        if self.playing:
            self.run_changed.emit()
        self._schedule(now_s)

    def _show(self, video: int, frame: int) -> None:
        if frame != self._frames[video]:
            self._frames[video] = frame
            self.frame_changed.emit(video, frame)

    def seek(self, time_s: float) -> None:
        """Go to a time on the clock, clamped to the pair. Playing goes on from there."""
        if self.clips:
            start_s, stop_s = self.limits()
            self._place(self.moving, min(max(time_s, start_s), stop_s))

    def seek_one(self, video: int, time_s: float) -> None:
        """Go to a time with one video, or with both where they move together."""
        self.set_active(video)
        self.seek(time_s)

    def skip(self, seconds: float) -> None:
        self.seek(self.time_s(self.moving[0]) + seconds)

    def first(self) -> None:
        self.seek(-math.inf)

    def last(self) -> None:
        """Go to the last frame of the longer video."""
        if self.clips:
            self.seek(self._end_s())

    def _end_s(self) -> float:
        clips = [self.clips[video] for video in self.moving]
        return max(clip.at(clip.last_frame) for clip in clips)

    def step(self, n: int) -> None:
        """Pause and move to the next (n > 0) or previous picture of either video, n times."""
        self.pause()
        for _ in range(abs(n)):
            to_s = self._boundary_s(1 if n > 0 else -1)
            if to_s is not None:
                self.seek(to_s)

    def _boundary_s(self, direction: int) -> float | None:
        """Return the time of the next or previous picture of a moved video; None without any."""
        times_s = []
        for video in self.moving:
            clip, frame = self.clips[video], self._frames[video]
            if direction > 0:
                if frame < clip.last_frame:
                    times_s.append(clip.at(frame + 1))
                continue
            begin_s = clip.at(frame)
            if begin_s < self._at_s[video] - EPSILON_S:
                times_s.append(begin_s)
            elif frame > clip.first_frame:
                times_s.append(clip.at(frame - 1))
        if not times_s:
            return None
        return min(times_s) if direction > 0 else max(times_s)

    def play(self) -> None:
        """Play from here, or from the beginning when at the end."""
        if not self.clips or self.playing:
            return
        now_s = self._now_s()
        if self._at_s[self.moving[0]] >= self._end_s() - EPSILON_S:
            self._place(self.moving, self.limits()[0], now_s)
        for video in self.moving:
            self._since_s[video] = now_s
        self.playing_changed.emit()
        self.run_changed.emit()
        self._schedule(now_s)

    def pause(self) -> None:
        if self.playing:
            now_s = self._now_s()
            for video in BOTH:
                self._at_s[video] = self._time_s(video, now_s)
                self._since_s[video] = None
            self._timer.stop()
            self.playing_changed.emit()
            self.run_changed.emit()

    def follow(self, time_s: float) -> None:
        """Take the clock of a sound: the videos that play are at ``time_s`` now, and play on from there."""
        now_s = self._now_s()
        for video in BOTH:
            if self._since_s[video] is not None:
                self._at_s[video] = time_s
                self._since_s[video] = now_s

    def toggle(self) -> None:
        if self.playing:
            self.pause()
        else:
            self.play()

    def set_together(self, together: bool) -> None:
        """Move both by one clock, at the time of the active one; or each by its own."""
        if together == self.together or not self.clips:
            return
        self.pause()
        self.together = together
        if together:
            self.seek(self._at_s[self.active])
        self.mode_changed.emit()

    def set_active(self, video: int) -> None:
        """Choose the video that is moved when each has its own clock; the other one is paused."""
        if video != self.active:
            if not self.together:
                self.pause()
            self.active = video
            self.mode_changed.emit()

    def set_sync(self, video: int, sync_s: float) -> None:
        """Move the sync point of video 0 or 1, in seconds from its first frame, and go to it: 0 s on the clock.

        Together, both go to their sync points. Apart, the other one stays.
        """
        if not self.clips:
            return
        self.pause()
        old = self.clips[video]
        new = AlignedClip(old.video, old.first_frame, old.last_frame, sync_s)
        self.clips = (new, self.clips[1]) if video == 0 else (self.clips[0], new)
        self._place(BOTH if self.together else (video,), 0.0)
        self.mode_changed.emit()

    def tick(self) -> None:
        """Move the playheads to the present time of the clock."""
        if not self.playing:
            return
        now_s = self._now_s()
        time_s = self._time_s(self.moving[0], now_s)
        stop_s = self.limits()[1]
        if time_s >= stop_s - EPSILON_S:
            self.pause()
            self._place(self.moving, stop_s, now_s)
            return
        for video in self.moving:
            self._show(video, self.clips[video].frame(time_s))
        self.moved.emit()
        self._schedule(now_s)

    def _schedule(self, now_s: float) -> None:
        """Set the timer to the next picture due, or to the end."""
        if not self.playing:
            return
        next_s = self._boundary_s(1)
        wait_s = (self.limits()[1] if next_s is None else next_s) - self._time_s(self.moving[0], now_s)
        self._timer.start(max(math.ceil(wait_s / self.speed * 1000), 1))
