"""Samples between the thread that decodes sound and the thread of the sound device."""

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import Float32Array
from skillviewer.core.video.sound import SOUND_RATE_HZ


@dataclass(frozen=True, slots=True)
class PlaybackRun:
    """A time from which a video plays without a jump or a change of speed."""

    start_s: float  # time in the video ...
    at_s: float  # ... at this reading of the clock
    speed: float  # seconds of video per second


class SoundQueue:
    """The sound of one run: samples by their number, counted from the time at which the run began.

    The device takes samples in order. What has not come in time is silent, and its place is skipped, so that the
    rest is heard when it should be. Threads may share it.

    Args:
        run: The run.
    """

    def __init__(self, run: PlaybackRun) -> None:
        self.run = run
        self._lock = threading.Lock()
        self._pieces: deque[tuple[int, Float32Array]] = deque()  # number of the first sample, (2, n)
        self._end = 0  # number after the last sample that was put
        self._next: int | None = None  # number of the next sample to take
        self._heard: tuple[int, float] | None = None  # number of a sample, and when it is heard
        self.n_silent = 0  # samples that had not come in time, of those that were due

    def put(self, samples: Float32Array) -> None:
        """Append (2, n) samples."""
        with self._lock:
            self._pieces.append((self._end, samples))
            self._end += samples.shape[1]
            self._drop()

    def take(self, n: int, heard_at_s: float) -> Float32Array:
        """Return the next samples.

        Args:
            n: How many.
            heard_at_s: Reading of the clock at which the first of them is heard.

        Returns:
            (2, n) float32.
        """
        out = np.zeros((2, n), np.float32)
        with self._lock:
            if self._next is None:
                self._next = round((heard_at_s - self.run.at_s) * SOUND_RATE_HZ)
            first = self._next
            stop = self._next + n
            self._heard = first, heard_at_s
            filled = 0
            for start, samples in self._pieces:
                low = max(start, first)
                high = min(start + samples.shape[1], stop)
                if high > low:
                    out[:, low - first : high - first] = samples[:, low - start : high - start]
                    filled += high - low
            self.n_silent += n - filled
            self._next = stop
            self._drop()
        return out

    def ahead_s(self) -> float:
        """Return the duration of the waiting samples."""
        with self._lock:
            return (self._end - max(self._next or 0, 0)) / SOUND_RATE_HZ

    def position_s(self, now_s: float) -> float | None:
        """Return the time in the video of what is heard at a reading of the clock; None before the device began."""
        with self._lock:
            block_heard = self._heard
        if block_heard is None:
            return None
        number, heard_at_s = block_heard
        return self.run.start_s + (number / SOUND_RATE_HZ + now_s - heard_at_s) * self.run.speed

    def _drop(self) -> None:
        while self._pieces and self._pieces[0][0] + self._pieces[0][1].shape[1] <= (self._next or 0):
            self._pieces.popleft()
