"""Facts about a video, its segments, and the sampled frame of each segment.

There are two sampling rules. ``paper`` follows the paper's released code. Of the ``p`` usable positions, those with a
complete flow stack, it takes the last one and then every r-th before it, where ``r = floor(p / N)``. Positions more
than N steps before the end are never sampled, which is up to half of a short video. ``even`` divides the whole timeline
into N parts of equal length and takes the last position of each part. Flow is padded at the ends.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skillviewer.core.arrays import FloatArray, IntArray, ReadOnly
from skillviewer.core.video.preprocessing import SamplingRule


@dataclass(frozen=True, slots=True, repr=False)
class VideoInfo(ReadOnly):
    """Facts about an opened video file.

    Attributes:
        digest: Hexadecimal SHA-256 of the file's bytes.
        times_s: (n,) float64, presentation times of the frames that decode, in seconds from the first; ascending,
            possibly irregular.
        width_px: Width as displayed, after rotation and with square pixels.
        duration_s: Time from the start of the first frame to the end of the last.
        variable_rate: Whether frames are unevenly spaced in time.
        note: Warning about the file, for example that its end is damaged, or "".
    """

    path: Path
    digest: str
    times_s: FloatArray
    width_px: int
    height_px: int
    duration_s: float
    rate_hz: float
    variable_rate: bool = False
    codec: str = ""
    note: str = ""

    @property
    def n_frames(self) -> int:
        """Number of frames that decode."""
        return len(self.times_s)

    def frame_at(self, time_s: float) -> int:
        """Return the last frame that starts at or before a time, clamped to the video."""
        # plus half a microsecond, so that a time rounded to six decimals finds its own frame
        index = int(np.searchsorted(self.times_s, time_s + 5e-7, side="right")) - 1
        return min(max(index, 0), self.n_frames - 1)

    def end_s(self, index: int) -> float:
        """Return the time at which a frame leaves the screen, in seconds from the first frame."""
        return float(self.times_s[index + 1]) if index + 1 < self.n_frames else self.duration_s


@dataclass(frozen=True, slots=True)
class Segment:
    """An interval of a video: frames ``start_frame`` to ``stop_frame - 1``."""

    index: int
    start_frame: int
    stop_frame: int


def timeline(times_s: FloatArray, rate_hz: float | None) -> IntArray:
    """Return the frames on which a model works: all frames, or those on screen at the ticks of a slower clock.

    Flow is computed between frames of the timeline, 0.1 s apart for a model that was trained at 10 Hz.

    Args:
        times_s: (n,) presentation times in seconds.
        rate_hz: Rate of the slower clock, or None for all frames.

    Returns:
        (m,) int64 frame indices, strictly ascending.
    """
    n = len(times_s)
    if rate_hz is None or n < 2:
        return np.arange(n, dtype=np.int64)
    # a frame is on screen at a tick if its first tick precedes that of the next frame
    elapsed_s = np.append(times_s - 1e-6, times_s[-1] + 1e-6) - times_s[0]
    first_ticks = np.ceil(elapsed_s * rate_hz)
    return np.flatnonzero(np.diff(first_ticks) > 0).astype(np.int64)


def usable_positions(n: int, flow_length: int) -> range:
    """Return the positions of a timeline that have a complete flow stack.

    Position t uses L flows from t - floor(L/2) on, and therefore frames up to t + ceil(L/2). For L = 10 these are
    positions 5 to n - 6, as in Li et al.'s released code. In a shorter video every position is usable, and flow is
    padded at the ends.
    """
    if n < flow_length + 1:
        return range(n)
    n_before = flow_length // 2
    n_after = flow_length - n_before
    return range(n_before, n - n_after)


def sample_positions(
    n: int, n_segments: int, flow_length: int, passes: int = 1, sampling: SamplingRule = "paper"
) -> IntArray:
    """Return the sampled positions of K interleaved passes.

    Pass 0 samples the last position of every segment, and pass k lies k/K of a segment before pass 0.

    Args:
        n: Length of the timeline, at least 1.
        n_segments: N, segments per video.
        flow_length: L, fields in a flow stack.
        passes: K.
        sampling: Sampling rule.

    Returns:
        (K, N) int64 positions, each row ascending; they repeat only if there are fewer positions than segments.
    """
    if sampling == "even":
        # integers in units of 1 / (N K) of a position, so that rounding cannot move a frame
        ends = n * (passes * np.arange(1, n_segments + 1, dtype=np.int64) - np.arange(passes)[:, None])
        return -(-ends // (n_segments * passes)) - 1
    usable_range = usable_positions(n, flow_length)
    step = len(usable_range) // n_segments
    if step == 0:
        evenly_spaced = np.linspace(0, len(usable_range) - 1, n_segments)
        repeated_positions = np.round(evenly_spaced).astype(np.int64)
        return np.tile(usable_range.start + repeated_positions, (passes, 1))
    first_pass = len(usable_range) - 1 - step * np.arange(n_segments - 1, -1, -1, dtype=np.int64)
    shifts = (np.arange(passes, dtype=np.int64) * step) // passes
    return usable_range.start + first_pass[None, :] - shifts[:, None]


def segments(n: int, n_segments: int, flow_length: int, sampling: SamplingRule = "paper") -> tuple[Segment, ...]:
    """Return the N segments of a timeline under a sampling rule.

    The segments cover positions 0 to n - 1 without overlap, and the sampled position of segment i lies in segment i.
    If there are fewer positions than segments, some segments are empty, and neighbours share a sampled position.
    """
    positions = sample_positions(n, n_segments, flow_length, sampling=sampling)[0]
    stops = positions + 1
    stops[-1] = n
    starts = np.concatenate([[0], stops[:-1]])
    ranges = zip(starts, stops, strict=True)
    return tuple(Segment(index, int(start), int(stop)) for index, (start, stop) in enumerate(ranges))
