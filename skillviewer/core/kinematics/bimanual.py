"""Use of two hands together."""

import math
from dataclasses import dataclass

import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.kinematics.motion import Motion

_MIN_TOGETHER_S = 2.0


@dataclass(frozen=True, slots=True)
class Bimanual:
    """Measures of two hands while both are seen."""

    share_left: float  # path of the left hand divided by the paths of both, 0 to 1
    correlation: float  # correlation of the two speeds, -1 to 1
    share_both_moving: float  # share of time in which both move, 0 to 1
    share_seen: float  # share of the frames in which both are seen, 0 to 1


def bimanual(left: Motion, right: Motion, times_s: FloatArray, idle_below: float) -> Bimanual | None:
    """Return measures of two hands, or None if both are seen for less than 2 s.

    Args:
        left: Motion of the left hand.
        right: Motion of the right hand, in the same unit.
        times_s: (n,) presentation times of the frames, in seconds.
        idle_below: Speed below which a hand is idle, in units a second.
    """
    all_speeds = np.stack([motion.speed_at(times_s) for motion in (left, right)])
    both_seen = np.isfinite(all_speeds).all(axis=0)
    if np.count_nonzero(both_seen) < _MIN_TOGETHER_S * max(left.rate_hz, right.rate_hz):
        return None
    speeds: FloatArray = all_speeds[:, both_seen]
    # mean speeds over the same frames, since a hand that is seen longer has a longer path
    left_mean = float(speeds[0].mean())
    sum_of_means = left_mean + float(speeds[1].mean())
    both_vary = speeds.std(axis=1).min() > 0
    correlation = math.nan
    if both_vary:
        correlation_matrix = np.asarray(np.corrcoef(speeds))
        correlation = float(correlation_matrix[0, 1])
    both_move = (speeds >= idle_below).all(axis=0)
    share_left = left_mean / sum_of_means if sum_of_means > 0 else math.nan
    return Bimanual(
        share_left=share_left,
        correlation=correlation,
        share_both_moving=float(both_move.mean()),
        share_seen=float(both_seen.mean()),
    )
