"""Facts about a video, its segments, and the sampled frame of each segment.

There are two sampling rules. ``paper`` is that of the paper's released code: of ``p`` usable positions (those with a
complete flow stack), ``r = floor(p / N)`` is the step; at test time the last position is taken and then every r-th
before it. Positions more than N steps before the end are never sampled: up to half of a short video. ``even`` divides
the whole timeline into N parts of equal length and takes the last position of each; flow is padded at the ends.
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
        times_s: (n,) float64, presentation time of every frame that decodes, in seconds from the first; ascending,
            may be irregular.
        width_px: Displayed width: after rotation, with square pixels.
        duration_s: From the first frame's start to the last frame's end.
        variable_rate: Whether frames are unevenly spaced in time.
        note: A warning about the file (a broken tail, say), or "".
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
        """Return the frame on screen at a time: the last one that starts at or before it, clamped to the video."""
        # half a microsecond: times written with six decimals must find their own frame
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
    """Return the frames on which a model works: all, or those on screen at the ticks of a slower clock.

    The flow of a model trained at 10 Hz is taken between frames 0.1 s apart: subsample first, then compute flow.

    Args:
        times_s: (n,) presentation times in seconds.
        rate_hz: The slower clock, or None for every frame.

    Returns:
        (m,) int64 frame indices, strictly ascending.
    """
    n = len(times_s)
    if rate_hz is None or n < 2:
        return np.arange(n, dtype=np.int64)
    # a frame is kept if its first tick precedes the next frame's: no list of ticks is made, however long a gap
    since_s = np.append(times_s - 1e-6, times_s[-1] + 1e-6) - times_s[0]
    first_ticks = np.ceil(since_s * rate_hz)
    return np.flatnonzero(np.diff(first_ticks) > 0).astype(np.int64)


def usable_positions(n: int, flow_length: int) -> range:
    """Return the positions of a timeline that have a complete flow stack.

    Position t uses L flows from t - floor(L/2) on, hence pictures up to t + ceil(L/2) (Li et al.'s released code:
    positions 5 to n - 6 for L = 10). A shorter video uses every position; its flow is padded at the ends.
    """
    before = flow_length // 2
    if n < flow_length + 1:
        return range(n)
    return range(before, n - (flow_length - before))


def sample_positions(
    n: int, n_segments: int, flow_length: int, passes: int = 1, sampling: SamplingRule = "paper"
) -> IntArray:
    """Choose the sampled positions of K interleaved passes.

    Pass 0 takes the last position of every segment; pass k lies k/K of a segment before it.

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
        # in integers, in units of 1 / (N K) of a position, so that rounding cannot move a frame
        ends = n * (passes * np.arange(1, n_segments + 1, dtype=np.int64) - np.arange(passes)[:, None])
        return -(-ends // (n_segments * passes)) - 1
    usable = usable_positions(n, flow_length)
    step = len(usable) // n_segments
    if step == 0:
        spread = np.round(np.linspace(0, len(usable) - 1, n_segments)).astype(np.int64)
        return np.tile(usable.start + spread, (passes, 1))
    last = len(usable) - 1 - step * np.arange(n_segments - 1, -1, -1, dtype=np.int64)
    shifts = (np.arange(passes, dtype=np.int64) * step) // passes
    return usable.start + last[None, :] - shifts[:, None]


def segments(n: int, n_segments: int, flow_length: int, sampling: SamplingRule = "paper") -> tuple[Segment, ...]:
    """Return the N segments that the sampling rule implies, over positions of a timeline.

    The first begins at 0 and the last ends at ``n``: every position belongs to exactly one segment, and the sampled
    position of segment i lies in segment i. With fewer positions than segments, neighbours share positions, and some
    segments are empty.
    """
    positions = sample_positions(n, n_segments, flow_length, sampling=sampling)[0]
    stops = positions + 1
    stops[-1] = n
    starts = np.concatenate([[0], stops[:-1]])
    return tuple(Segment(i, int(a), int(b)) for i, (a, b) in enumerate(zip(starts, stops, strict=True)))
