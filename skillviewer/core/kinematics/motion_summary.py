"""One line on the motion of a video, for lists of many videos."""

from dataclasses import dataclass

from skillviewer.core.kinematics.measures import MotionMeasures, VideoMeasures


@dataclass(frozen=True, slots=True)
class MotionSummary:
    """The motion of the point that moved farthest.

    Attributes:
        track: Name of its track.
        mean_speed: Mean speed while it moves, in units a second, or None.
        unit: Unit of length, in a letter or two.
        n_pauses: Number of pauses, or None if noise hides them.
        share_seen: Share of the searched frames in which it was seen, 0 to 1.
        rate_hz: Frames a second that were searched.
    """

    track: str
    mean_speed: float | None
    unit: str
    n_pauses: int | None
    share_seen: float
    rate_hz: float


def summarise_motion(measures: VideoMeasures) -> MotionSummary | None:
    """Return the summary of the point with the longest path; None if no point was seen for long enough."""
    motions = [motion for motion in measures.motions if motion.value("path") is not None]
    if not motions:
        return None
    main: MotionMeasures = max(motions, key=lambda motion: motion.value("path") or 0.0)
    return MotionSummary(
        main.track,
        main.value("mean_speed"),
        measures.unit.short,
        len(main.pauses) if main.value("pauses") is not None else None,
        main.measures[0].share_seen,
        measures.rate_hz,
    )
