"""Alignment of two videos in time: pairs of moments that show the same."""

from dataclasses import dataclass

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.arrays import FloatArray, IntArray, frozen
from skillviewer.core.text import signed

PACE_COST = 0.15
"""Cost of a step in time that departs from the common pace by one node, in mean distances of the frames. Chosen on the
simulated study (``python -m benchmarks.alignment``)."""

MIN_GAIN = 0.1
"""Share by which matched frames have to be more alike than with the other video backwards, to count as matched."""

N_STRETCHES = 8
"""Equal parts of the video in which the two are compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """Times of one video and the times of another that show the same, both ascending."""

    own_s: FloatArray  # (N,) times in seconds from the first frame of the file
    other_s: FloatArray  # (N,) times in the other file
    # share, at most 1, by which the matched frames are more alike than in the best match with the other video
    # backwards. 0 below ``MIN_GAIN``: then both run from start to end at a common pace
    gain: float

    def at(self, times_s: FloatArray) -> FloatArray:
        """Return the times in the other video at times of this one; its ends outside of both."""
        return np.asarray(np.interp(times_s, self.own_s, self.other_s))

    def back(self, times_s: FloatArray) -> FloatArray:
        """Return the times in this video that show what the other one shows at ``times_s``."""
        return np.asarray(np.interp(times_s, self.other_s, self.own_s))


@dataclass(frozen=True, slots=True)
class ScoreGap:
    """A part of a video in which it differs from a better one."""

    start_s: float  # start in seconds from the first frame of the file
    stop_s: float  # end
    other_start_s: float  # start of the same part in the other file
    other_stop_s: float  # its end
    change: float  # change of the score so far over the part
    other_change: float  # the same in the other video

    def text(self, digits: int = 2) -> str:
        """Return the difference in words: "takes 1.4 s, there 0.6 s; the score changes by −0.80, there by +0.20"."""
        own_s, other_s = self.stop_s - self.start_s, self.other_stop_s - self.other_start_s
        times = f"takes {own_s:.1f} s, there {other_s:.1f} s"
        return (
            f"{times}; the score changes by {signed(self.change, digits)}, there by {signed(self.other_change, digits)}"
        )


def align(own: FloatArray, other: FloatArray, own_s: FloatArray, other_s: FloatArray) -> Alignment:
    """Align two videos by their frames' features, by dynamic programming over monotone paths.

    Each frame of the first is matched with one of as many nodes of the second, from start to end. The sum of the
    distances of matched frames and of ``PACE_COST`` for every departure from the common pace is least: monotone
    alignment as dynamic time warping (Sakoe and Chiba 1978), with a price for pauses and leaps instead of a band.

    Args:
        own: (N, D) features of frames of the first video, in order of time; N at least 2.
        other: (M, D) features of the second; M at least 2.
        own_s: (N,) ascending times in seconds.
        other_s: (M,) ascending times in seconds.
    """
    n = len(own)
    nodes = np.linspace(0, len(other) - 1, n)
    nearest = np.rint(nodes).astype(np.int64)
    own_unit = _unit(own - own.mean(axis=0))
    other_unit = _unit(other - other.mean(axis=0))
    distance = 1 - own_unit @ other_unit[nearest].T
    distance /= max(float(distance.mean()), 1e-12)
    path = _cheapest_path(distance)
    backwards = distance[:, ::-1]
    by_chance = _matched(backwards, _cheapest_path(backwards))
    gain = 1 - _matched(distance, path) / by_chance if by_chance > 0 else 0.0
    if gain < MIN_GAIN:
        path = np.arange(n)
        gain = 0.0
    return Alignment(frozen(own_s), frozen(np.interp(nodes[path], np.arange(len(other)), other_s)), gain)


def _matched(distance: FloatArray, path: IntArray) -> float:
    """Return the mean distance of the frames that a path matches."""
    return float(distance[np.arange(len(path)), path].mean())


def _unit(features: FloatArray) -> FloatArray:
    return np.asarray(features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12))


def _cheapest_path(distance: FloatArray) -> IntArray:
    """Return the (N,) columns of the cheapest ascending path through (N, N) prices, from the first to the last.

    A step to the next row that moves k columns costs |k − 1| ``PACE_COST``. The cheapest predecessor at or
    before a column is a running minimum, so that a row takes linear time.
    """
    n = len(distance)
    ahead = PACE_COST * np.arange(n)
    total = np.full(n, np.inf)
    total[0] = distance[0, 0]
    predecessor = np.zeros((n, n), np.int64)
    for row in range(1, n):
        slanted = total - ahead
        lowest = np.minimum.accumulate(slanted)
        came_from = np.maximum.accumulate(np.where(slanted == lowest, np.arange(n), 0))
        advanced = np.full(n, np.inf)
        source = np.zeros(n, np.int64)
        advanced[1:] = lowest[:-1] + ahead[:-1]
        source[1:] = came_from[:-1]  # k of 1 or more
        waits = total + PACE_COST < advanced  # k = 0
        predecessor[row] = np.where(waits, np.arange(n), source)
        total = np.where(waits, total + PACE_COST, advanced) + distance[row]
    path = np.zeros(n, np.int64)
    path[-1] = n - 1
    for row in range(n - 1, 0, -1):
        path[row - 1] = predecessor[row, path[row]]
    return path


def score_gaps(own: Analysis, other: Analysis, alignment: Alignment, max_gaps: int = 3) -> tuple[ScoreGap, ...]:
    """Return the parts of a video that lose most against a better one, at most ``max_gaps``, in order of time.

    The video is cut into ``N_STRETCHES`` equal parts, and the other one where it shows the same. A part counts if the
    score so far rises less there than in the other video.
    """
    edges = np.linspace(own.start_s, own.stop_s, N_STRETCHES + 1)
    other_edges = alignment.at(edges)
    change = np.diff(_score_so_far(own, edges))
    other_change = np.diff(_score_so_far(other, other_edges))
    columns = (edges[:-1], edges[1:], other_edges[:-1], other_edges[1:], change, other_change)
    gaps = [ScoreGap(*row) for row in np.stack(columns, axis=1).tolist()]
    losses = sorted((part for part in gaps if part.change < part.other_change), key=lambda p: p.change - p.other_change)
    return tuple(sorted(losses[:max_gaps], key=lambda part: part.start_s))


def _score_so_far(analysis: Analysis, times_s: FloatArray) -> FloatArray:
    """Return the mean score so far at times; times before the first sampled frame get the score after that frame."""
    return np.asarray(np.interp(times_s, analysis.times_s.mean(axis=0), analysis.score_curve.mean(axis=0)))
