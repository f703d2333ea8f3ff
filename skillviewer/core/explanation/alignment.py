"""Alignment of two videos in time, and the parts in which one loses score against the other."""

from dataclasses import dataclass

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.arrays import FloatArray, IntArray, frozen
from skillviewer.core.text import signed

PACE_COST = 0.15
"""Cost of a step that departs from the common pace by one node, in mean distances of the frames.

It was chosen on the simulated study (``python -m benchmarks.alignment``).
"""

MIN_GAIN = 0.1
"""Least share by which matched frames are closer than with the reversed other video, for a match to be used."""

N_PARTS = 8
"""Number of equal parts of the video in which the scores are compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """Times of one video and the corresponding times of another, both ascending."""

    own_s: FloatArray  # (N,) times in seconds from the first frame of the file
    other_s: FloatArray  # (N,) corresponding times in the other file
    # share, at most 1, by which the matched frames are closer than in the best match with the reversed other video. 0
    # below ``MIN_GAIN``, in which case both videos run from start to end at a common pace.
    gain: float

    def to_other(self, times_s: FloatArray) -> FloatArray:
        """Convert times of this video to times of the other video, clamped to the ends of the other video."""
        return np.asarray(np.interp(times_s, self.own_s, self.other_s))

    def to_own(self, other_times_s: FloatArray) -> FloatArray:
        """Convert times of the other video to times of this video, clamped to the ends of this video."""
        return np.asarray(np.interp(other_times_s, self.other_s, self.own_s))


@dataclass(frozen=True, slots=True)
class ScoreGap:
    """A part of a video in which the score rises less than in a better video."""

    start_s: float  # start in seconds from the first frame of the file
    stop_s: float  # end
    other_start_s: float  # corresponding start in the other file
    other_stop_s: float  # corresponding end in the other file
    change: float  # change of the score curve over the part
    other_change: float  # change of the score curve over the part in the other video

    def text(self, digits: int = 2) -> str:
        """Return a text such as "takes 1.4 s, there 0.6 s; the score changes by −0.80, there by +0.20"."""
        duration_s = self.stop_s - self.start_s
        other_duration_s = self.other_stop_s - self.other_start_s
        return (
            f"takes {duration_s:.1f} s, there {other_duration_s:.1f} s; the score changes by "
            f"{signed(self.change, digits)}, there by {signed(self.other_change, digits)}"
        )


def align(own: FloatArray, other: FloatArray, own_s: FloatArray, other_s: FloatArray) -> Alignment:
    """Align two videos by the features of their frames, by dynamic programming over monotone paths.

    Each frame of the first video is matched with one of as many nodes of the second, from start to end. The path
    minimises the sum of the distances of matched frames and of ``PACE_COST`` for every departure from the common pace.
    This is dynamic time warping (Sakoe and Chiba 1978) with a cost for pauses and leaps instead of a band.

    Args:
        own: (N, D) features of frames of the first video, in order of time; N at least 2.
        other: (M, D) features of frames of the second video, in order of time; M at least 2.
        own_s: (N,) ascending times in seconds.
        other_s: (M,) ascending times in seconds.
    """
    n = len(own)
    nodes = np.linspace(0, len(other) - 1, n)
    nearest_frames = np.rint(nodes).astype(np.int64)
    own_unit = _unit_rows(own - own.mean(axis=0))
    other_unit = _unit_rows(other - other.mean(axis=0))
    distance = 1 - own_unit @ other_unit[nearest_frames].T
    distance /= max(float(distance.mean()), 1e-12)
    path = _cheapest_path(distance)
    reversed_distance = distance[:, ::-1]
    chance_distance = _mean_on_path(reversed_distance, _cheapest_path(reversed_distance))
    gain = 1 - _mean_on_path(distance, path) / chance_distance if chance_distance > 0 else 0.0
    if gain < MIN_GAIN:
        path = np.arange(n)
        gain = 0.0
    matched_other_s = np.interp(nodes[path], np.arange(len(other)), other_s)
    return Alignment(frozen(own_s), frozen(matched_other_s), gain)


def _mean_on_path(distance: FloatArray, path: IntArray) -> float:
    distances_on_path = distance[np.arange(len(path)), path]
    return float(distances_on_path.mean())


def _unit_rows(features: FloatArray) -> FloatArray:
    return np.asarray(features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12))


def _cheapest_path(distance: FloatArray) -> IntArray:
    """Return the columns, (N,), of the cheapest ascending path through (N, N) costs, from the first to the last.

    A step to the next row that moves k columns costs |k − 1| ``PACE_COST``. The cheapest predecessor before a column
    comes from a running minimum, so that a row takes linear time.
    """
    n = len(distance)
    columns = np.arange(n)
    pace_costs = PACE_COST * columns
    total = np.full(n, np.inf)
    total[0] = distance[0, 0]
    predecessor = np.zeros((n, n), np.int64)
    for row in range(1, n):
        slanted = total - pace_costs
        running_minimum = np.minimum.accumulate(slanted)
        minimum_column = np.maximum.accumulate(np.where(slanted == running_minimum, columns, 0))
        advance_cost = np.full(n, np.inf)  # k of 1 or more
        advance_cost[1:] = running_minimum[:-1] + pace_costs[:-1]
        advance_from = np.zeros(n, np.int64)
        advance_from[1:] = minimum_column[:-1]
        wait_cost = total + PACE_COST  # k = 0
        waits = wait_cost < advance_cost
        predecessor[row] = np.where(waits, columns, advance_from)
        total = np.where(waits, wait_cost, advance_cost) + distance[row]
    path = np.zeros(n, np.int64)
    path[-1] = n - 1
    for row in range(n - 1, 0, -1):
        path[row - 1] = predecessor[row, path[row]]
    return path


def score_gaps(
    analysis: Analysis, other_analysis: Analysis, alignment: Alignment, max_gaps: int = 3
) -> tuple[ScoreGap, ...]:
    """Return the parts of a video that lose most score against a better one, at most ``max_gaps``, in order of time.

    The video is cut into ``N_PARTS`` equal parts, and the other video at the corresponding times.
    """
    edges_s = np.linspace(analysis.start_s, analysis.stop_s, N_PARTS + 1)
    other_edges_s = alignment.to_other(edges_s)
    changes = np.diff(_scores_at(analysis, edges_s))
    other_changes = np.diff(_scores_at(other_analysis, other_edges_s))
    gaps = []
    for part in range(N_PARTS):
        if changes[part] < other_changes[part]:
            gap = ScoreGap(
                start_s=float(edges_s[part]),
                stop_s=float(edges_s[part + 1]),
                other_start_s=float(other_edges_s[part]),
                other_stop_s=float(other_edges_s[part + 1]),
                change=float(changes[part]),
                other_change=float(other_changes[part]),
            )
            gaps.append(gap)
    largest_gaps = sorted(gaps, key=lambda gap: gap.change - gap.other_change)[:max_gaps]
    return tuple(sorted(largest_gaps, key=lambda gap: gap.start_s))


def _scores_at(analysis: Analysis, times_s: FloatArray) -> FloatArray:
    """Return the mean score curve at some times; before the first sampled frame, the score after that frame."""
    return np.asarray(np.interp(times_s, analysis.times_s.mean(axis=0), analysis.score_curve.mean(axis=0)))
