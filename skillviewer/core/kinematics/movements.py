"""Movements and pauses of a motion."""

import math
from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import FloatArray, IntArray
from skillviewer.core.kinematics.motion import Motion

MIN_PAUSE_S = 0.3
"""Shortest pause."""

PEAK_PERCENTILE = 95.0
"""Percentile of the speeds that is the peak speed; the maximum could be a single jump of a track."""

_MIN_PROMINENCE = 0.1  # as a share of the peak speed


@dataclass(frozen=True, slots=True)
class Pause:
    """An interval in which a point hardly moves."""

    start_s: float
    stop_s: float

    @property
    def duration_s(self) -> float:
        """Duration of the pause."""
        return self.stop_s - self.start_s


def peak_speed(motion: Motion) -> float:
    """Return the peak speed; NaN without motion."""
    speed = motion.speed
    return float(np.percentile(speed, PEAK_PERCENTILE)) if len(speed) else math.nan


def mean_speed(motion: Motion, idle_below: float) -> float:
    """Return the mean speed of the samples with a speed of ``idle_below`` or more; NaN if there are none."""
    speed = motion.speed
    moving_speed = speed[speed >= idle_below]
    return float(moving_speed.mean()) if len(moving_speed) else math.nan


def idle_share(speed: FloatArray, idle_below: float) -> float:
    """Return the share of samples that are slower than a threshold, 0 to 1; NaN without samples."""
    return float(np.mean(speed < idle_below)) if len(speed) else math.nan


def pauses(motion: Motion, idle_below: float) -> tuple[Pause, ...]:
    """Return the intervals of ``MIN_PAUSE_S`` or more in which the speed stays below a threshold, in order of time."""
    found_pauses = []
    for piece in motion.pieces:
        is_idle = np.concatenate([[False], piece.speed < idle_below, [False]])
        edges = np.flatnonzero(np.diff(is_idle.astype(np.int8)))
        for start, stop in edges.reshape(-1, 2):
            if (stop - start) / piece.rate_hz >= MIN_PAUSE_S - 1e-9:
                start_s = piece.start_s + float(start) / piece.rate_hz
                stop_s = piece.start_s + float(stop) / piece.rate_hz
                found_pauses.append(Pause(start_s, stop_s))
    return tuple(found_pauses)


def speed_peaks(speed: FloatArray, prominence: float) -> IntArray:
    """Return the indices of the peaks of a speed profile with at least a prominence (Rohrer et al. 2002)."""
    from scipy.signal import find_peaks

    return np.asarray(find_peaks(speed, prominence=prominence)[0], dtype=np.int64)


def movement_peaks_s(motion: Motion) -> FloatArray:
    """Return the times in seconds, ascending, of the speed peaks with a prominence of a tenth of the peak speed."""
    peak = peak_speed(motion)
    if not peak > 0:
        return np.zeros(0)
    return np.concatenate([piece.times_s[speed_peaks(piece.speed, _MIN_PROMINENCE * peak)] for piece in motion.pieces])


def movements_per_s(motion: Motion) -> float:
    """Return the number of speed peaks (``movement_peaks_s``) a second; NaN without motion."""
    duration_s = motion.duration_s
    if duration_s <= 0 or not peak_speed(motion) > 0:
        return math.nan
    return len(movement_peaks_s(motion)) / duration_s
