"""Sentences about measures: pauses, places, and the position among comparable videos.

They say only what a track measures. No measure along the time of a video finds the part that raters blame better than a
constant part does, so no sentence names a fault.
"""

from collections.abc import Sequence

from skillviewer.core.analysis.cohort import CohortPosition, cohort_position
from skillviewer.core.kinematics.measures import MeasureValue, MotionMeasures
from skillviewer.core.text import counted, whole_percent
from skillviewer.core.tracks.hand_points import HAND_POINTS, MIDDLE_KNUCKLE

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def position_of(measure: MeasureValue, others: Sequence[float], cohort: str = "this task") -> CohortPosition | None:
    """Return the position of a measure among those of comparable videos, or None if it is left out."""
    if measure.value is None:
        return None
    interval = (
        None if measure.error is None else (measure.value - 1.96 * measure.error, measure.value + 1.96 * measure.error)
    )
    return cohort_position(measure.value, interval, others, cohort)


def format_motion(motion: MotionMeasures, speed: CohortPosition | None = None) -> str:
    """Return a sentence on a motion.

    An example: "Right hand: slower than 80 % of 48 comparable videos; four pauses, the longest at 0:12."

    Args:
        motion: Measures of one point.
        speed: Position of its mean speed among comparable videos; None, or too few of them, for none.
    """
    parts = []
    if speed is not None and speed.enough:
        parts.append(_format_speed(speed))
    if motion.value("pauses") is not None:
        n = len(motion.pauses)
        text = f"{_NUMBERS[n] if n < len(_NUMBERS) else n} pause{'' if n == 1 else 's'}"
        if n:
            longest = max(motion.pauses, key=lambda pause: pause.duration_s)
            text += f"{', the longest' if n > 1 else ''} at {format_place(longest.start_s)}"
        parts.append(text)
    if motion.slowest_s is not None:
        parts.append(f"slowest around {format_place(motion.slowest_s)}")
    if motion.farthest_s is not None:
        parts.append(f"farthest from the reference at {format_place(motion.farthest_s)}")
    is_hand = motion.point in {"", HAND_POINTS[MIDDLE_KNUCKLE]}
    name = motion.track if is_hand else f"{motion.track}, {motion.point}"
    return f"{name[:1].upper()}{name[1:]}: {'; '.join(parts)}." if parts else ""


def format_place(time_s: float) -> str:
    """Return a time as "0:12"."""
    minutes, seconds = divmod(int(time_s), 60)
    return f"{minutes}:{seconds:02d}"


def _format_speed(speed: CohortPosition) -> str:
    videos = counted(speed.n, "comparable video")
    if speed.at_median or speed.n_higher == speed.n_lower:
        return f"speed not distinguishable from the median of {videos}"
    side, n_beyond = ("slower", speed.n_higher) if speed.n_higher > speed.n_lower else ("faster", speed.n_lower)
    return f"{side} than {whole_percent(n_beyond, speed.n)} % of {videos}"
