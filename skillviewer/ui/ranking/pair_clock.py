"""The clock of a pair: two videos of any rates and lengths, which play together or each by itself."""

import math
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from skillviewer.ui.ranking.aligned_clip import AlignedClip
from skillviewer.ui.session.playback import monotonic_clock

EPSILON_S = 1e-6
BOTH = (0, 1)


class PairClock(QObject):
    """Two playheads, one for each video of a pair.

    Times are in seconds from the sync points of the videos. Together, both videos are at the same time. Apart, only the
    active video is moved. Playing follows the presentation times of the frames by a monotonic clock. The clock is read
    once for both videos, so that they cannot drift. A late tick skips frames.

    Args:
        read_clock_s: Returns the time of a monotonic clock, in seconds; None for the clock of the system.
        parent: Owner of the clock.
    """

    frame_changed = Signal(int, int)  # index of the video, and the frame to show now, from 0
    playing_changed = Signal()
    moved = Signal()  # the time has changed; while playing, at every frame
    mode_changed = Signal()  # the pair, together or apart, the active video, or a sync point has changed
    run_changed = Signal()  # playing has begun, jumped or ended

    def __init__(self, read_clock_s: Callable[[], float] | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._read_clock_s = read_clock_s if read_clock_s is not None else monotonic_clock()
        self.clips: tuple[AlignedClip, ...] = ()  # the clips that play; empty without a pair
        self._frames = [0, 0]  # frame of each video on screen
        self._position_s = [0.0, 0.0]  # position of each playhead when it last started or stopped
        self._started_s: list[float | None] = [None, None]  # reading of the clock at that start; None: paused
        self.speed = 1.0  # playing speed of both, in seconds of video a second
        self.is_together = True  # true if one clock moves both
        self.active_video = 0  # index of the video that is moved when each has its own clock, 0 or 1
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.tick)

    @property
    def playing(self) -> bool:
        return any(started_s is not None for started_s in self._started_s)

    def is_playing(self, index: int) -> bool:
        return self._started_s[index] is not None

    def frame_of(self, index: int) -> int:
        """Return the frame of a video that is on screen, from 0."""
        return self._frames[index]

    def time_s(self, index: int) -> float:
        """Return the time of a playhead, in seconds."""
        return self._time_at(index, self._read_clock_s())

    def _time_at(self, index: int, now_s: float) -> float:
        started_s = self._started_s[index]
        if started_s is None:
            return self._position_s[index]
        return self._position_s[index] + (now_s - started_s) * self.speed

    @property
    def moved_videos(self) -> tuple[int, ...]:
        """Indices of the videos that a command moves."""
        return BOTH if self.is_together else (self.active_video,)

    def limits_s(self) -> tuple[float, float]:
        """Return the earliest start and the latest end of the moved videos, in seconds."""
        clips = [self.clips[index] for index in self.moved_videos]
        return min(clip.start_s for clip in clips), max(clip.stop_s for clip in clips)

    def open(self, first: AlignedClip, second: AlignedClip, speed: float = 1.0) -> None:
        """Take a pair of clips; they move together, and are paused at the start."""
        self.close()
        self.clips = (first, second)
        self.speed = speed
        self.is_together = True
        self.active_video = 0
        self._move_to(BOTH, self.limits_s()[0])
        self.mode_changed.emit()

    def close(self) -> None:
        self.pause()
        if self.clips:
            self.clips = ()
            self.mode_changed.emit()

    def _move_to(self, videos: tuple[int, ...], time_s: float, now_s: float | None = None) -> None:
        now_s = self._read_clock_s() if now_s is None else now_s
        for index in videos:
            self._position_s[index] = time_s
            if self._started_s[index] is not None:
                self._started_s[index] = now_s
        for index in videos:
            self._set_frame(index, self.clips[index].frame_at(time_s))
        self.moved.emit()
        if self.playing:
            self.run_changed.emit()
        self._schedule(now_s)

    def _set_frame(self, index: int, frame: int) -> None:
        if frame != self._frames[index]:
            self._frames[index] = frame
            self.frame_changed.emit(index, frame)

    def seek(self, time_s: float) -> None:
        """Go to a time, clamped to the pair; playing continues there."""
        if self.clips:
            start_s, stop_s = self.limits_s()
            self._move_to(self.moved_videos, min(max(time_s, start_s), stop_s))

    def seek_video(self, index: int, time_s: float) -> None:
        """Go to a time with one video, or with both if they move together."""
        self.set_active(index)
        self.seek(time_s)

    def seek_by(self, seconds: float) -> None:
        self.seek(self.time_s(self.moved_videos[0]) + seconds)

    def seek_start(self) -> None:
        self.seek(-math.inf)

    def seek_end(self) -> None:
        """Go to the last frame of the longer video."""
        if self.clips:
            self.seek(self._last_frame_s())

    def _last_frame_s(self) -> float:
        """Return the start of the last frame of the longer video, in seconds."""
        clips = [self.clips[index] for index in self.moved_videos]
        return max(clip.frame_start_s(clip.last_frame) for clip in clips)

    def step(self, n: int) -> None:
        """Pause and move to the next (n > 0) or previous frame of either video, n times."""
        self.pause()
        for _ in range(abs(n)):
            time_s = self._next_boundary_s() if n > 0 else self._previous_boundary_s()
            if time_s is not None:
                self.seek(time_s)

    def _next_boundary_s(self) -> float | None:
        """Return the start of the next frame of the moved videos, in seconds; None after the last frame."""
        times_s = []
        for index in self.moved_videos:
            clip = self.clips[index]
            frame = self._frames[index]
            if frame < clip.last_frame:
                times_s.append(clip.frame_start_s(frame + 1))
        return min(times_s, default=None)

    def _previous_boundary_s(self) -> float | None:
        """Return the latest start of a frame before the position of the moved videos; None before the first frame."""
        times_s = []
        for index in self.moved_videos:
            clip = self.clips[index]
            frame = self._frames[index]
            frame_start_s = clip.frame_start_s(frame)
            if frame_start_s < self._position_s[index] - EPSILON_S:
                times_s.append(frame_start_s)
            elif frame > clip.first_frame:
                times_s.append(clip.frame_start_s(frame - 1))
        return max(times_s, default=None)

    def play(self) -> None:
        """Play from the present position, or from the start if it is at the end."""
        if not self.clips or self.playing:
            return
        now_s = self._read_clock_s()
        if self._position_s[self.moved_videos[0]] >= self._last_frame_s() - EPSILON_S:
            self._move_to(self.moved_videos, self.limits_s()[0], now_s)
        for index in self.moved_videos:
            self._started_s[index] = now_s
        self.playing_changed.emit()
        self.run_changed.emit()
        self._schedule(now_s)

    def pause(self) -> None:
        if self.playing:
            now_s = self._read_clock_s()
            for index in BOTH:
                self._position_s[index] = self._time_at(index, now_s)
                self._started_s[index] = None
            self._timer.stop()
            self.playing_changed.emit()
            self.run_changed.emit()

    def synchronise(self, time_s: float) -> None:
        """Correct the videos that play by the clock of a sound: they are at ``time_s`` now."""
        now_s = self._read_clock_s()
        for index in BOTH:
            if self._started_s[index] is not None:
                self._position_s[index] = time_s
                self._started_s[index] = now_s

    def toggle_playing(self) -> None:
        if self.playing:
            self.pause()
        else:
            self.play()

    def set_together(self, together: bool) -> None:
        """Move both videos by one clock, at the time of the active video, or each by its own clock."""
        if together == self.is_together or not self.clips:
            return
        self.pause()
        self.is_together = together
        if together:
            self.seek(self._position_s[self.active_video])
        self.mode_changed.emit()

    def set_active(self, index: int) -> None:
        """Choose the video that moves if each has its own clock; the other video is paused."""
        if index != self.active_video:
            if not self.is_together:
                self.pause()
            self.active_video = index
            self.mode_changed.emit()

    def set_sync(self, index: int, sync_s: float) -> None:
        """Set the sync point of a video, and go to it, which is 0 s on the clock.

        Together, both videos go to their sync points. Apart, the other video stays.

        Args:
            index: Index of the video, 0 or 1.
            sync_s: Sync point in seconds from the first frame of the file.
        """
        if not self.clips:
            return
        self.pause()
        aligned = replace(self.clips[index], sync_s=sync_s)
        self.clips = (aligned, self.clips[1]) if index == 0 else (self.clips[0], aligned)
        moved_videos = BOTH if self.is_together else (index,)
        self._move_to(moved_videos, 0.0)
        self.mode_changed.emit()

    def tick(self) -> None:
        """Move the playheads to the present time of the clock."""
        if not self.playing:
            return
        now_s = self._read_clock_s()
        time_s = self._time_at(self.moved_videos[0], now_s)
        _, stop_s = self.limits_s()
        if time_s >= stop_s - EPSILON_S:
            self.pause()
            self._move_to(self.moved_videos, stop_s, now_s)
            return
        for index in self.moved_videos:
            self._set_frame(index, self.clips[index].frame_at(time_s))
        self.moved.emit()
        self._schedule(now_s)

    def _schedule(self, now_s: float) -> None:
        """Set the timer to the next frame due, or to the end."""
        if not self.playing:
            return
        due_s = self._next_boundary_s()
        if due_s is None:
            _, due_s = self.limits_s()
        wait_s = (due_s - self._time_at(self.moved_videos[0], now_s)) / self.speed
        self._timer.start(max(math.ceil(wait_s * 1000), 1))
