"""Queue of samples from the thread that decodes sound to the thread of the sound device."""

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import Float32Array
from skillviewer.core.video.sound import SOUND_RATE_HZ


@dataclass(frozen=True, slots=True)
class PlaybackRun:
    """An interval of playing without a jump or a change of speed."""

    start_s: float  # time in the video at its beginning
    at_s: float  # reading of the clock at its beginning
    speed: float  # seconds of video per second


class SoundQueue:
    """The sound of one run, as samples numbered from the beginning of the run.

    The device takes samples in order. A sample that is not decoded in time is replaced by silence and dropped, so that
    the later samples are heard in time. Threads may share a queue.

    Args:
        run: The run.
    """

    def __init__(self, run: PlaybackRun) -> None:
        self.run = run
        self._lock = threading.Lock()
        self._blocks: deque[tuple[int, Float32Array]] = deque()  # number of the first sample, and (2, n) samples
        self._end = 0  # number after the last sample in the queue
        self._next_sample: int | None = None  # number of the next sample to take
        self._heard_sample: tuple[int, float] | None = (
            None  # number of a sample, and reading of the clock when it is heard
        )
        self.n_silent = 0  # samples that were replaced by silence

    def put(self, samples: Float32Array) -> None:
        """Append (2, n) samples."""
        with self._lock:
            self._blocks.append((self._end, samples))
            self._end += samples.shape[1]
            self._drop_taken()

    def take(self, n: int, heard_at_s: float) -> Float32Array:
        """Return the next samples.

        Args:
            n: Number of samples.
            heard_at_s: Reading of the clock at which the first of these samples is heard.

        Returns:
            (2, n) float32.
        """
        out = np.zeros((2, n), np.float32)
        with self._lock:
            if self._next_sample is None:
                self._next_sample = round((heard_at_s - self.run.at_s) * SOUND_RATE_HZ)
            first = self._next_sample
            stop = self._next_sample + n
            self._heard_sample = first, heard_at_s
            filled = 0
            for start, samples in self._blocks:
                low = max(start, first)
                high = min(start + samples.shape[1], stop)
                if high > low:
                    out[:, low - first : high - first] = samples[:, low - start : high - start]
                    filled += high - low
            self.n_silent += n - filled
            self._next_sample = stop
            self._drop_taken()
        return out

    def ahead_s(self) -> float:
        """Return the duration of the waiting samples."""
        with self._lock:
            return (self._end - max(self._next_sample or 0, 0)) / SOUND_RATE_HZ

    def position_s(self, now_s: float) -> float | None:
        """Return the time in the video that is heard at a reading of the clock; None before a sample is taken."""
        with self._lock:
            heard = self._heard_sample
        if heard is None:
            return None
        number, heard_at_s = heard
        sound_s = number / SOUND_RATE_HZ + now_s - heard_at_s  # seconds of sound since the beginning of the run
        return self.run.start_s + sound_s * self.run.speed

    def _drop_taken(self) -> None:
        next_number = self._next_sample or 0
        while self._blocks:
            start, samples = self._blocks[0]
            if start + samples.shape[1] > next_number:
                return
            self._blocks.popleft()
