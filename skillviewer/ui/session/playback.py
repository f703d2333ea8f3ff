"""The playhead of a video."""

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

from skillviewer.core.video.info import VideoInfo
from skillviewer.ui.session.sound_queue import PlaybackRun

SPEEDS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)  # speeds chosen by "faster" and "slower"


def monotonic_clock() -> Callable[[], float]:
    """Return a clock that never runs backwards, in seconds since this call."""
    timer = QElapsedTimer()
    timer.start()
    return lambda: timer.nsecsElapsed() * 1e-9


class Playback(QObject):
    """A playhead with play, pause, speed, loop and marks.

    A monotonic clock says which frame is due, by presentation times. A late tick skips frames, so that the video is
    never slowed down. Frames count from 0.

    Args:
        read_clock_s: Returns the time of the clock, in seconds; by default the clock starts now.
        parent: Owner of the playhead.
    """

    video_changed = Signal(object)  # ``VideoInfo`` or None
    frame_changed = Signal(int)
    playing_changed = Signal(bool)
    speed_changed = Signal(float)
    loop_changed = Signal(bool)
    marks_changed = Signal(object)
    run_changed = Signal(object)  # the ``PlaybackRun`` begun by play, a jump or a new speed; None on pause

    def __init__(self, read_clock_s: Callable[[], float] | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.read_clock_s = read_clock_s if read_clock_s is not None else monotonic_clock()
        self.video: VideoInfo | None = None
        self.frames = range(1)  # frames of the file that can be shown: all, or those of the clip
        self.frame = 0
        self.speed = 1.0  # seconds of video per second
        self.loop = False  # whether playing repeats the selection, or all frames without a selection
        self._once_range: range | None = None  # range of ``play_once``, until a pause or a jump out of it
        self.marks: tuple[int | None, int | None] = (None, None)  # first and last frame of the selection
        self.sampled_frames = np.empty(0, np.int64)  # sampled frames of the analysis, ascending
        self.playing = False
        self._run_start_clock_s = 0.0  # reading of the clock when the present run began
        self._run_start_s = 0.0  # time in the video when the present run began
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.tick)

    @property
    def start_s(self) -> float:
        """Start of the first frame of ``frames``, in seconds from the first frame of the file; 0 without a video."""
        return float(self.video.times_s[self.frames[0]]) if self.video is not None else 0.0

    @property
    def stop_s(self) -> float:
        """End of the last frame of ``frames``, in seconds from the first frame of the file; 0 without a video."""
        return self.video.end_s(self.frames[-1]) if self.video is not None else 0.0

    @property
    def time_s(self) -> float:
        """Presentation time of ``frame``; 0 without a video."""
        return float(self.video.times_s[self.frame]) if self.video is not None else 0.0

    @property
    def selection(self) -> range | None:
        """Frames between the marks; None without marks. A missing mark is the start or the end of the clip."""
        if self.video is None or self.marks == (None, None):
            return None
        first, last = self.marks
        if first is None:
            first = self.frames[0]
        if last is None:
            last = self.frames[-1]
        return range(first, last + 1)

    @property
    def selection_s(self) -> tuple[float, float] | None:
        """Start and end of the selection, in seconds from the first frame of the file; None without a selection."""
        selection = self.selection
        if selection is None or self.video is None:
            return None
        return float(self.video.times_s[selection[0]]), self.video.end_s(selection[-1])

    def open(self, video: VideoInfo | None, frames: range | None = None) -> None:
        """Open a video, or only some of its frames, and pause at the first frame."""
        self.pause()
        all_frames = range(video.n_frames) if video is not None else range(1)
        self.video = video
        self.frames = frames if frames is not None else all_frames
        self.frame = self.frames[0]
        self.sampled_frames = np.empty(0, np.int64)
        self.marks = (None, None)
        self.video_changed.emit(video)
        self.marks_changed.emit(self.marks)
        self.frame_changed.emit(self.frame)

    def seek(self, frame: int) -> None:
        """Go to a frame, clamped to ``frames``. A playing video continues from there."""
        if self.video is None:
            return
        self._set_frame(min(max(frame, self.frames[0]), self.frames[-1]))
        if self._once_range is not None and self.frame not in self._once_range:
            self._once_range = None
        if self.playing:
            self._begin_run(self.time_s)
            self._schedule_tick(self.time_s)

    def seek_time(self, time_s: float) -> None:
        """Go to the frame that is shown at a time."""
        if self.video is not None:
            self.seek(self.video.frame_at(time_s))

    def stop_at(self, frame: int) -> None:
        """Pause at a frame."""
        self.pause()
        self.seek(frame)

    def stop_at_time(self, time_s: float) -> None:
        """Pause at the frame that is shown at a time."""
        self.pause()
        self.seek_time(time_s)

    def step(self, n: int) -> None:
        self.stop_at(self.frame + n)

    def skip(self, seconds: float) -> None:
        self.seek_time(self.time_s + seconds)

    def to_sample(self, direction: int) -> None:
        """Pause at the next (1) or previous (-1) sampled frame, if any."""
        self.pause()
        if direction > 0:
            index = int(np.searchsorted(self.sampled_frames, self.frame, side="right"))
        else:
            index = int(np.searchsorted(self.sampled_frames, self.frame, side="left")) - 1
        if 0 <= index < len(self.sampled_frames):
            self.seek(int(self.sampled_frames[index]))

    def to_first_frame(self) -> None:
        self.seek(self.frames[0])

    def to_last_frame(self) -> None:
        self.seek(self.frames[-1])

    def play(self) -> None:
        """Play from the playhead, or from the start if the playhead is at the end."""
        if self.video is None or self.playing or len(self.frames) < 2:
            return
        first, last = self._played_range()
        is_before_loop = self.loop and self.frame < first
        if self.frame >= last or is_before_loop:
            self._set_frame(first)
        self.playing = True
        self._begin_run(self.time_s)
        self.playing_changed.emit(True)
        self._schedule_tick(self.time_s)

    def play_once(self, frames: range) -> None:
        """Play a range of at least one frame and pause at its end, without a loop."""
        self.pause()
        self.seek(frames[0])
        self._once_range = frames
        self.play()

    def pause(self) -> None:
        self._once_range = None
        if self.playing:
            self.playing = False
            self._timer.stop()
            self.playing_changed.emit(False)
            self.run_changed.emit(None)

    def toggle(self) -> None:
        if self.playing:
            self.pause()
        else:
            self.play()

    def set_speed(self, speed: float) -> None:
        """Set the speed, clamped to 0.1 to 4 seconds of video per second."""
        speed = min(max(speed, SPEEDS[0]), SPEEDS[-1])
        if speed == self.speed:
            return
        position_s = self.due_time_s()
        self.speed = speed
        self.speed_changed.emit(speed)
        if self.playing:
            self._begin_run(position_s)
            self._schedule_tick(position_s)

    def faster(self) -> None:
        faster_speeds = [speed for speed in SPEEDS if speed > self.speed]
        if faster_speeds:
            self.set_speed(faster_speeds[0])

    def slower(self) -> None:
        slower_speeds = [speed for speed in SPEEDS if speed < self.speed]
        if slower_speeds:
            self.set_speed(slower_speeds[-1])

    def set_loop(self, on: bool) -> None:
        """Set whether playing repeats."""
        if on != self.loop:
            self.loop = on
            self.loop_changed.emit(on)

    def mark_in(self) -> None:
        """Mark the present frame as the first of the selection. A last frame before it is dropped."""
        _, last = self.marks
        if last is not None and last < self.frame:
            last = None
        self._set_marks((self.frame, last))

    def mark_out(self) -> None:
        """Mark the present frame as the last of the selection. A first frame after it is dropped."""
        first, _ = self.marks
        if first is not None and first > self.frame:
            first = None
        self._set_marks((first, self.frame))

    def clear_marks(self) -> None:
        self._set_marks((None, None))

    def tick(self) -> None:
        """Move the playhead to the frame that is due by the clock."""
        video = self.video
        if not self.playing or video is None:
            return
        first, last = self._played_range()
        position_s = self.due_time_s()
        end_s = video.end_s(last)
        if position_s >= end_s - 1e-9:
            if not self.loop or self._once_range is not None:
                self._set_frame(last)
                self.pause()
                return
            start_s = float(video.times_s[first])
            overshoot_s = max(position_s - end_s, 0.0)
            duration_s = max(end_s - start_s, 1e-6)
            position_s = start_s + math.fmod(overshoot_s, duration_s)
            self._begin_run(position_s)
        self._set_frame(min(video.frame_at(position_s), last))
        self._schedule_tick(position_s)

    def _played_range(self) -> tuple[int, int]:
        """Return the first and the last frame between which the video plays."""
        frames = self.frames
        if self._once_range:
            frames = self._once_range
        elif self.loop and self.selection:
            frames = self.selection
        return frames[0], frames[-1]

    def _set_marks(self, marks: tuple[int | None, int | None]) -> None:
        if self.video is not None and marks != self.marks:
            self.marks = marks
            self.marks_changed.emit(marks)

    def _set_frame(self, frame: int) -> None:
        if frame != self.frame:
            self.frame = frame
            self.frame_changed.emit(frame)

    def due_time_s(self) -> float:
        """Return the time in the video that is due now; during a pause, the time of the present frame."""
        if not self.playing:
            return self.time_s
        return self._run_start_s + (self.read_clock_s() - self._run_start_clock_s) * self.speed

    def synchronise(self, position_s: float) -> None:
        """Correct the time that is due to the position of the sound; the run goes on."""
        if self.playing:
            self._run_start_s = position_s
            self._run_start_clock_s = self.read_clock_s()

    def _begin_run(self, position_s: float) -> None:
        self._run_start_s = position_s
        self._run_start_clock_s = self.read_clock_s()
        self.run_changed.emit(PlaybackRun(position_s, self._run_start_clock_s, self.speed))

    def _schedule_tick(self, position_s: float) -> None:
        video = self.video
        if video is not None and self.playing:
            wait_s = (video.end_s(self.frame) - position_s) / self.speed
            self._timer.start(max(math.ceil(wait_s * 1000), 1))
