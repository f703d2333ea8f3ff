"""Measures of a video, each with its position among comparable videos."""

from collections.abc import Sequence
from dataclasses import dataclass

from skillviewer.core.analysis.cohort import CohortPosition
from skillviewer.core.kinematics.measure_text import format_motion, position_of
from skillviewer.core.kinematics.measures import MeasureValue, MotionMeasures, VideoMeasures


@dataclass(frozen=True, slots=True)
class ComparedMotion:
    """Measures of one point, each with its position among comparable videos."""

    motion: MotionMeasures
    positions: tuple[CohortPosition | None, ...]  # position of each measure; None if the measure is left out
    text: str  # sentence on the motion, or ""

    @property
    def rows(self) -> tuple[tuple[MeasureValue, CohortPosition | None], ...]:
        """Measures and positions in pairs."""
        return tuple(zip(self.motion.measures, self.positions, strict=True))


def compare_measures(
    measures: VideoMeasures, others: Sequence[VideoMeasures], cohort: str = "this task"
) -> tuple[ComparedMotion, ...]:
    """Return the motions of a video, each measure with its position among those of comparable videos.

    Args:
        measures: Measures of the video.
        others: Measures of the other videos of the cohort; those in another unit of length are left out.
        cohort: Name of the cohort.
    """
    comparable = [other for other in others if other.unit.name == measures.unit.name]
    return tuple(_compare_motion(motion, comparable, cohort) for motion in measures.motions)


def _compare_motion(motion: MotionMeasures, others: Sequence[VideoMeasures], cohort: str) -> ComparedMotion:
    """Return the motion of one point with its positions among the motions of the same point in other videos."""
    other_motions = [
        other_motion
        for other in others
        for other_motion in other.motions
        if (other_motion.track, other_motion.point) == (motion.track, motion.point)
    ]
    positions = []
    speed_position = None
    for measure in motion.measures:
        values = [other_motion.value(measure.kind.name) for other_motion in other_motions]
        position = position_of(measure, [value for value in values if value is not None], cohort)
        positions.append(position)
        if measure.kind.name == "mean_speed":
            speed_position = position
    return ComparedMotion(motion, tuple(positions), format_motion(motion, speed_position))
