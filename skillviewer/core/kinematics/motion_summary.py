"""Summary of the motion in a video, for lists of videos."""

import math
from dataclasses import dataclass

from skillviewer.core.kinematics.measures import MotionMeasures, VideoMeasures


@dataclass(frozen=True, slots=True)
class MotionSummary:
    """Motion of the point with the longest path.

    Attributes:
        track: Name of the track.
        mean_speed: Mean speed while moving, in units a second, or None.
        unit: Symbol of the unit of length.
        n_pauses: Number of pauses, or None if noise hides them.
        share_seen: Share of the searched frames in which the point was seen, 0 to 1.
        rate_hz: Searched frames a second.
    """

    track: str
    mean_speed: float | None
    unit: str
    n_pauses: int | None
    share_seen: float
    rate_hz: float


def summarise_motion(measures: VideoMeasures) -> MotionSummary | None:
    """Return the summary of the point with the longest path; None if no point was seen for long enough."""
    main: MotionMeasures | None = None
    longest_path = -math.inf
    for motion in measures.motions:
        path = motion.value("path")
        if path is not None and path > longest_path:
            main = motion
            longest_path = path
    if main is None:
        return None
    n_pauses = None if main.value("pauses") is None else len(main.pauses)
    return MotionSummary(
        track=main.track,
        mean_speed=main.value("mean_speed"),
        unit=measures.unit.short,
        n_pauses=n_pauses,
        share_seen=main.measures[0].share_seen,
        rate_hz=measures.rate_hz,
    )
