"""The playhead: the frame of a video that is to be shown now, in the time of the video."""

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal, Slot

from skillviewer.core.arrays import IntArray
from skillviewer.core.video.info import VideoInfo

SPEEDS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
"""Playing speeds that the keys step through."""


def monotonic_clock() -> Callable[[], float]:
    """Return a clock in seconds since it was made, which never runs backwards."""
    timer = QElapsedTimer()
    timer.start()
    return lambda: timer.nsecsElapsed() * 1e-9


class Playback(QObject):
    """A playhead with play, pause, speed, loop and marks.

    Playing follows the presentation times of the frames against a monotonic clock: a late tick leaves frames out and
    never slows the video down. Frames count from 0.

    Args:
        now_s: Clock in seconds; tests give their own.
    """

    video_changed = Signal(object)
    frame_changed = Signal(int)
    playing_changed = Signal(bool)
    speed_changed = Signal(float)
    loop_changed = Signal(bool)
    marks_changed = Signal(object)

    def __init__(self, now_s: Callable[[], float] | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now_s = now_s if now_s is not None else monotonic_clock()
        self._video: VideoInfo | None = None
        self._frames = range(1)
        self._frame = 0
        self._speed = 1.0
        self._loop = False
        self._once: range | None = None  # the only range that is played until the user pauses or goes elsewhere
        self._marks: tuple[int | None, int | None] = (None, None)
        self._samples: IntArray = np.empty(0, np.int64)
        self._playing = False
        self._started_s = 0.0  # reading of the clock at which ...
        self._from_s = 0.0  # ... the video was at this time
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.tick)

    @property
    def video(self) -> VideoInfo | None:
        return self._video

    @property
    def frames(self) -> range:
        """The frames of the file that it moves in: all, or those of a part; frame 0 alone without a video."""
        return self._frames

    @property
    def start_s(self) -> float:
        """When the first of them begins, in seconds from the file's first frame; 0 without a video."""
        return float(self._video.times_s[self._frames[0]]) if self._video is not None else 0.0

    @property
    def stop_s(self) -> float:
        """When the last of them ends; 0 without a video."""
        return self._video.end_s(self._frames[-1]) if self._video is not None else 0.0

    @property
    def frame(self) -> int:
        return self._frame

    @property
    def time_s(self) -> float:
        """Presentation time of that frame; 0 without a video."""
        return float(self._video.times_s[self._frame]) if self._video is not None else 0.0

    @property
    def playing(self) -> bool:
        return self._playing

    @property
    def speed(self) -> float:
        """Seconds of video a second."""
        return self._speed

    @property
    def loop(self) -> bool:
        """True where playing starts again at the end, or between the marks if they are set."""
        return self._loop

    @property
    def marks(self) -> tuple[int | None, int | None]:
        """First and last frame of the selection, each None where it is not set."""
        return self._marks

    @property
    def selection(self) -> range | None:
        """The frames from mark to mark, to an end of the video where one is not set; None without any."""
        if self._video is None or self._marks == (None, None):
            return None
        start, stop = self._marks
        first, last = self._frames[0], self._frames[-1]
        return range(start if start is not None else first, (stop if stop is not None else last) + 1)

    @property
    def selection_s(self) -> tuple[float, float] | None:
        """When the selection begins and ends, in seconds from the file's first frame; None without one."""
        chosen = self.selection
        if chosen is None or self._video is None:
            return None
        return float(self._video.times_s[chosen[0]]), self._video.end_s(chosen[-1])

    @property
    def samples(self) -> IntArray:
        """Ascending frames that the model has looked at."""
        return self._samples

    def open(self, video: VideoInfo | None, frames: range | None = None) -> None:
        """Put a video, or some of its frames, under the playhead, at its first frame, paused."""
        self.pause()
        whole = range(video.n_frames) if video is not None else range(1)
        self._video, self._frames = video, frames if frames is not None else whole
        self._frame = self._frames[0]
        self._samples = np.empty(0, np.int64)
        self._marks = (None, None)
        self.video_changed.emit(video)
        self.marks_changed.emit(self._marks)
        self.frame_changed.emit(self._frame)

    def set_samples(self, frames: IntArray) -> None:
        self._samples = frames

    @Slot(int)
    def seek(self, frame: int) -> None:
        """Go to a frame, clamped to the range of the video or part. Playing goes on from there."""
        if self._video is None:
            return
        self._set_frame(min(max(frame, self._frames[0]), self._frames[-1]))
        if self._once is not None and self._frame not in self._once:
            self._once = None
        if self._playing:
            self._rebase(self.time_s)
            self._schedule(self.time_s)

    @Slot(float)
    def seek_time(self, time_s: float) -> None:
        """Go to the frame on screen at a time."""
        if self._video is not None:
            self.seek(self._video.frame_at(time_s))

    @Slot(int)
    def step(self, n: int) -> None:
        self.pause()
        self.seek(self._frame + n)

    def skip(self, seconds: float) -> None:
        self.seek_time(self.time_s + seconds)

    def to_sample(self, direction: int) -> None:
        """Pause at the next (1) or previous (-1) sampled frame; stay where there is none."""
        self.pause()
        if direction > 0:
            at = int(np.searchsorted(self._samples, self._frame, side="right"))
        else:
            at = int(np.searchsorted(self._samples, self._frame, side="left")) - 1
        if 0 <= at < len(self._samples):
            self.seek(int(self._samples[at]))

    def first(self) -> None:
        self.seek(self._frames[0])

    def last(self) -> None:
        self.seek(self._frames[-1])

    @Slot()
    def play(self) -> None:
        """Play from the playhead; from the start when it stands at the end."""
        if self._video is None or self._playing or len(self._frames) < 2:
            return
        start, stop = self._range()
        if self._frame >= stop or (self._loop and self._frame < start):
            self._set_frame(start)
        self._playing = True
        self._rebase(self.time_s)
        self.playing_changed.emit(True)
        self._schedule(self.time_s)

    def play_once(self, frames: range) -> None:
        """Play frames of the video from the first to the last, at least one, and pause there, whatever is looped."""
        self.pause()
        self.seek(frames[0])
        self._once = frames
        self.play()

    @Slot()
    def pause(self) -> None:
        self._once = None
        if self._playing:
            self._playing = False
            self._timer.stop()
            self.playing_changed.emit(False)

    @Slot()
    def toggle(self) -> None:
        if self._playing:
            self.pause()
        else:
            self.play()

    @Slot(float)
    def set_speed(self, speed: float) -> None:
        """Play at another speed, 0.1 to 4."""
        speed = min(max(speed, SPEEDS[0]), SPEEDS[-1])
        if speed == self._speed:
            return
        if self._playing:
            self._rebase(self._position_s())
        self._speed = speed
        self.speed_changed.emit(speed)
        if self._playing:
            self._schedule(self._from_s)

    def faster(self) -> None:
        self.set_speed(next((s for s in SPEEDS if s > self._speed), SPEEDS[-1]))

    def slower(self) -> None:
        self.set_speed(next((s for s in reversed(SPEEDS) if s < self._speed), SPEEDS[0]))

    @Slot(bool)
    def set_loop(self, on: bool) -> None:
        """Start again at the end, or stop there."""
        if on != self._loop:
            self._loop = on
            self.loop_changed.emit(on)

    def mark_in(self) -> None:
        """Begin the selection at this frame."""
        _, stop = self._marks
        self._set_marks((self._frame, stop if stop is not None and stop >= self._frame else None))

    def mark_out(self) -> None:
        """End the selection with this frame."""
        start, _ = self._marks
        self._set_marks((start if start is not None and start <= self._frame else None, self._frame))

    def clear_marks(self) -> None:
        """Select nothing."""
        self._set_marks((None, None))

    @Slot()
    def tick(self) -> None:
        """Move the playhead to the frame that is due by the clock."""
        video = self._video
        if not self._playing or video is None:
            return
        start, stop = self._range()
        position_s = self._position_s()
        end_s = video.end_s(stop)
        if position_s >= end_s - 1e-9:
            if not self._loop or self._once is not None:
                self._set_frame(stop)
                self.pause()
                return
            start_s = float(video.times_s[start])
            position_s = start_s + math.fmod(max(position_s - end_s, 0.0), max(end_s - start_s, 1e-6))
            self._rebase(position_s)
        self._set_frame(min(video.frame_at(position_s), stop))
        self._schedule(position_s)

    def _range(self) -> tuple[int, int]:
        """First and last frame to play."""
        chosen = self._once or (self.selection if self._loop else None) or self._frames
        return chosen[0], chosen[-1]

    def _set_marks(self, marks: tuple[int | None, int | None]) -> None:
        if self._video is not None and marks != self._marks:
            self._marks = marks
            self.marks_changed.emit(marks)

    def _set_frame(self, frame: int) -> None:
        if frame != self._frame:
            self._frame = frame
            self.frame_changed.emit(frame)

    def _position_s(self) -> float:
        return self._from_s + (self._now_s() - self._started_s) * self._speed

    def _rebase(self, position_s: float) -> None:
        self._from_s, self._started_s = position_s, self._now_s()

    def _schedule(self, position_s: float) -> None:
        video = self._video
        if video is not None and self._playing:
            wait_s = (video.end_s(self._frame) - position_s) / self._speed
            self._timer.start(max(math.ceil(wait_s * 1000), 1))
