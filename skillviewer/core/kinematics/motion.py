"""Filtered positions and speeds of a point.

Gaps of up to ``MAX_GAP_S`` are interpolated linearly. A longer gap ends a piece, and no speed is computed across the
gap. Positions are filtered by a Savitzky-Golay filter of degree 2 (Savitzky & Golay, Analytical Chemistry 36, 1964)
with a window of about a quarter of a second. Speeds are central differences of the filtered positions.
"""

import math
from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import FloatArray, ReadOnly

MAX_GAP_S = 0.2
"""Longest gap that is interpolated."""

_HALF_WINDOW_S = 0.125
_THIRD_DIFFERENCE_SD = math.sqrt(20.0)  # of standard white noise, from the coefficients 1, -3, 3 and -1
_NORMAL_MEDIAN = 0.6745  # median of the magnitude of a standard normal variable


@dataclass(frozen=True, slots=True, repr=False)
class MotionPiece(ReadOnly):
    """Motion of a point without long gaps, at even time steps."""

    start_s: float  # time of the first sample, in seconds from the first frame
    rate_hz: float
    raw_points: FloatArray  # (n, 2) positions as tracked, with short gaps interpolated
    points: FloatArray  # (n, 2) filtered positions, in the unit of ``raw``
    speed: FloatArray  # (n,) units a second

    @property
    def times_s(self) -> FloatArray:
        """(n,) times of the samples, in seconds from the first frame."""
        return self.start_s + np.arange(len(self.speed)) / self.rate_hz


@dataclass(frozen=True, slots=True)
class Motion:
    """Motion of a point over a video."""

    pieces: tuple[MotionPiece, ...]  # in order of time; none if the point was never seen for long enough
    rate_hz: float  # frames a second, from the median interval
    share_seen: float  # share of the frames in which the point was seen, 0 to 1

    @property
    def duration_s(self) -> float:
        """Total duration of the pieces."""
        return sum((len(piece.speed) - 1) / piece.rate_hz for piece in self.pieces)

    @property
    def speed(self) -> FloatArray:
        """(n,) speeds of all samples, by time, in units a second."""
        return np.concatenate([piece.speed for piece in self.pieces]) if self.pieces else np.zeros(0)

    @property
    def points(self) -> FloatArray:
        """(n, 2) filtered positions of all samples, by time."""
        return np.concatenate([piece.points for piece in self.pieces]) if self.pieces else np.zeros((0, 2))

    @property
    def sample_times_s(self) -> FloatArray:
        """(n,) times of all samples, in seconds from the first frame."""
        return np.concatenate([piece.times_s for piece in self.pieces]) if self.pieces else np.zeros(0)

    @property
    def noise(self) -> float:
        """Standard deviation of the jitter from frame to frame, per axis, in the unit of the positions.

        It is estimated from third differences, which include tremor, but not slow jitter. It is 0 without pieces.
        """
        third_differences = [np.abs(np.diff(piece.raw_points, 3, axis=0)).ravel() for piece in self.pieces]
        if not any(map(len, third_differences)):
            return 0.0
        median = float(np.median(np.concatenate(third_differences)))
        return median / _NORMAL_MEDIAN / _THIRD_DIFFERENCE_SD

    def speed_at(self, times_s: FloatArray) -> FloatArray:
        """Return the speed at some times, (n,) float64; NaN outside the pieces."""
        speeds = np.full(len(times_s), np.nan)
        for piece in self.pieces:
            piece_times_s = piece.times_s
            is_inside = (times_s >= piece_times_s[0] - 1e-6) & (times_s <= piece_times_s[-1] + 1e-6)
            speeds[is_inside] = np.interp(times_s[is_inside], piece_times_s, piece.speed)
        return speeds


def filter_window(rate_hz: float) -> int:
    """Return the number of frames of the filter's window, at least 3, such as 9 at 30 Hz or 15 at 60 Hz."""
    return 2 * max(math.ceil(_HALF_WINDOW_S * rate_hz - 0.5), 1) + 1


def smoothed(points: FloatArray, rate_hz: float) -> FloatArray:
    """Return filtered positions, (n, 2) float64; unfiltered if they are fewer than the window needs."""
    from scipy.signal import savgol_filter

    window = filter_window(rate_hz)
    if len(points) < window:
        return points
    filtered: FloatArray = savgol_filter(points, window, min(2, window - 1), axis=0)
    return filtered


def speed_of(points: FloatArray, rate_hz: float) -> FloatArray:
    """Return the speed at every sample of evenly sampled positions, (n,), by central differences."""
    velocity = np.gradient(points, 1 / rate_hz, axis=0)
    return np.hypot(velocity[:, 0], velocity[:, 1])


def path_length(points: FloatArray) -> float:
    """Return the length of the path through positions, (n, 2)."""
    dx, dy = np.diff(points, axis=0).T
    return float(np.hypot(dx, dy).sum())


def piece_of(raw_points: FloatArray, start_s: float, rate_hz: float) -> MotionPiece:
    """Return a piece of motion from evenly sampled positions, (n, 2)."""
    points = smoothed(raw_points, rate_hz)
    return MotionPiece(start_s, rate_hz, raw_points, points, speed_of(points, rate_hz))


def prepare_motion(times_s: FloatArray, points: FloatArray) -> Motion:
    """Return the motion of a point from its positions.

    Pieces shorter than the filter's window are left out. Positions of unevenly spaced frames are interpolated at even
    steps.

    Args:
        times_s: (n,) presentation times of the frames in seconds, ascending.
        points: (n, 2) position in every frame; NaN where the point was not seen.

    Raises:
        ValueError: The shapes do not fit, or the times do not ascend.
    """
    if points.shape != (len(times_s), 2):
        raise ValueError(f"{len(times_s)} frames need ({len(times_s)}, 2) positions, not {points.shape}")
    is_seen = np.isfinite(points).all(axis=1)
    if not len(times_s):
        return Motion((), 0.0, 0.0)
    if len(times_s) < 2:
        return Motion((), 0.0, float(is_seen.mean()))
    steps_s = np.diff(times_s)
    if not np.all(steps_s > 0):
        raise ValueError("the times of the frames do not ascend")
    step_s = float(np.median(steps_s))
    seen_frames = np.flatnonzero(is_seen)
    cuts = np.flatnonzero(np.diff(times_s[seen_frames]) - step_s > MAX_GAP_S + 1e-6) + 1
    pieces = []
    for frames in np.split(seen_frames, cuts):
        if len(frames) < 2:
            continue
        frame_times_s = times_s[frames]
        start_s = float(frame_times_s[0])
        duration_s = float(frame_times_s[-1]) - start_s
        n_samples = round(duration_s / step_s) + 1
        if n_samples < filter_window(1 / step_s):
            continue
        even_times_s = np.linspace(frame_times_s[0], frame_times_s[-1], n_samples)
        raw_points = np.stack([np.interp(even_times_s, frame_times_s, points[frames, axis]) for axis in (0, 1)], axis=1)
        pieces.append(piece_of(raw_points, start_s, (n_samples - 1) / duration_s))
    return Motion(tuple(pieces), 1 / step_s, len(seen_frames) / len(times_s))
