"""Ascending presentation times from the time stamps of a file, and its frame rate."""

from fractions import Fraction

import numpy as np

from skillviewer.core.arrays import FloatArray, IntArray

NO_STAMP = int(np.iinfo(np.int64).min)
"""Value of a missing time stamp."""


def presentation_ticks(stamps: IntArray, step: Fraction | None, reorder: int) -> tuple[IntArray, bool]:
    """Return strictly ascending times for frames in order of presentation.

    * Ascending stamps are used unchanged.
    * Stamps that are only locally unordered belong to the order of the packets (H.264 in AVI): the k-th frame gets the
      k-th smallest stamp.
    * If stamps jump back further than a decoder reorders, the clock was reset: the step across the jump is replaced by
      the median step.
    * If a stamp is missing, all times are multiples of the nominal step.

    Args:
        stamps: (n,) time stamps in ticks, ``NO_STAMP`` if missing; n at least 1.
        step: Nominal ticks from frame to frame, or None if unknown.
        reorder: Number of frames by which a stamp may be out of place.

    Returns:
        (n,) ticks, and whether some were invented.
    """
    n = len(stamps)
    nominal_step = step or Fraction(1)
    if (stamps == NO_STAMP).any():
        ticks = [round(i * nominal_step) for i in range(n)]
        return np.array(ticks, np.int64), n > 1
    if (np.diff(stamps) > 0).all():
        return stamps, False
    order = np.argsort(stamps, kind="stable")
    sorted_stamps = stamps[order]
    if (np.diff(sorted_stamps) > 0).all() and np.abs(order - np.arange(n)).max() <= reorder:
        return sorted_stamps, False
    steps = np.diff(stamps)
    forward = steps[steps > 0]
    median_step = int(np.median(forward)) if len(forward) else round(nominal_step)
    steps[steps <= 0] = max(1, median_step)
    return np.concatenate([stamps[:1], stamps[0] + np.cumsum(steps)]), True


def frame_rate(
    times_s: FloatArray, tick_s: float, last_duration_s: float, nominal_hz: float | None
) -> tuple[float, bool]:
    """Return the frame rate in Hz, and whether it varies.

    If the times lie on an even grid, within the precision of the file's clock, the rate is that of the grid: the
    nominal rate if it fits, else the mean rate. Otherwise the rate varies, and its median is returned.

    Args:
        times_s: (n,) presentation times in seconds.
        tick_s: Duration of a tick of the file's clock.
        last_duration_s: Duration of the last frame.
        nominal_hz: Rate that the file declares, or None.
    """
    n = len(times_s)
    if n < 2:
        return 1 / last_duration_s, False
    mean_s = (times_s[-1] - times_s[0]) / (n - 1)
    possible_steps_s = [1 / nominal_hz, mean_s] if nominal_hz else [mean_s]
    for step_s in possible_steps_s:
        deviation_s = np.abs(times_s - times_s[0] - step_s * np.arange(n)).max()
        if deviation_s <= 1.01 * tick_s + 1e-9:
            return float(1 / step_s), False
    return float(1 / np.median(np.diff(times_s))), True
