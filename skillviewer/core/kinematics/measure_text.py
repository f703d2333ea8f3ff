"""Sentences about the measures of a motion, with their position among comparable videos.

The sentences state measurements and name no faults, since no measure along a video finds the part that raters blame
better than a constant part does.
"""

from collections.abc import Sequence

from skillviewer.core.analysis.cohort import CohortPosition, cohort_position
from skillviewer.core.kinematics.measures import MeasureValue, MotionMeasures
from skillviewer.core.text import counted, whole_percent
from skillviewer.core.tracks.hand_points import HAND_POINTS, MIDDLE_KNUCKLE

_NUMERALS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_Z_95 = 1.96


def position_of(measure: MeasureValue, others: Sequence[float], cohort: str = "this task") -> CohortPosition | None:
    """Return the position of a measure among those of comparable videos; None if the measure is left out."""
    if measure.value is None:
        return None
    interval = None
    if measure.error is not None:
        half_width = _Z_95 * measure.error
        interval = (measure.value - half_width, measure.value + half_width)
    return cohort_position(measure.value, interval, others, cohort)


def format_motion(motion: MotionMeasures, speed: CohortPosition | None = None) -> str:
    """Return a sentence on a motion.

    An example is "Right hand: slower than 80 % of 48 comparable videos; four pauses, the longest at 0:12."

    Args:
        motion: Measures of one point.
        speed: Position of the mean speed among comparable videos, or None.
    """
    statements = []
    if speed is not None and speed.has_percentile:
        statements.append(_format_speed(speed))
    if motion.value("pauses") is not None:
        statements.append(_format_pauses(motion))
    if motion.slowest_s is not None:
        statements.append(f"slowest around {format_minutes(motion.slowest_s)}")
    if motion.farthest_s is not None:
        statements.append(f"farthest from the reference at {format_minutes(motion.farthest_s)}")
    if not statements:
        return ""
    is_hand = motion.point in {"", HAND_POINTS[MIDDLE_KNUCKLE]}
    name = motion.track if is_hand else f"{motion.track}, {motion.point}"
    return f"{name[:1].upper()}{name[1:]}: {'; '.join(statements)}."


def format_minutes(time_s: float) -> str:
    """Return a time in minutes and seconds, such as "0:12"."""
    minutes, seconds = divmod(int(time_s), 60)
    return f"{minutes}:{seconds:02d}"


def _format_pauses(motion: MotionMeasures) -> str:
    n_pauses = len(motion.pauses)
    number_text = _NUMERALS[n_pauses] if n_pauses < len(_NUMERALS) else str(n_pauses)
    if n_pauses == 0:
        return f"{number_text} pauses"
    longest_pause = max(motion.pauses, key=lambda pause: pause.duration_s)
    time_text = format_minutes(longest_pause.start_s)
    if n_pauses == 1:
        return f"{number_text} pause at {time_text}"
    return f"{number_text} pauses, the longest at {time_text}"


def _format_speed(speed: CohortPosition) -> str:
    videos_text = counted(speed.n_compared, "comparable video")
    if speed.at_median or speed.n_higher == speed.n_lower:
        return f"speed not distinguishable from the median of {videos_text}"
    if speed.n_higher > speed.n_lower:
        return f"slower than {whole_percent(speed.n_higher, speed.n_compared)} % of {videos_text}"
    return f"faster than {whole_percent(speed.n_lower, speed.n_compared)} % of {videos_text}"
