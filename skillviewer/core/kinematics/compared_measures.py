"""Measures of a video next to those of comparable videos."""

from collections.abc import Sequence
from dataclasses import dataclass

from skillviewer.core.analysis.cohort import CohortPosition
from skillviewer.core.kinematics.measure_text import format_motion, position_of
from skillviewer.core.kinematics.measures import MeasureValue, MotionMeasures, VideoMeasures


@dataclass(frozen=True, slots=True)
class ComparedMotion:
    """Measures of one point, each with its position among comparable videos."""

    motion: MotionMeasures
    positions: tuple[CohortPosition | None, ...]  # one for each measure; None if it is left out
    text: str  # a sentence, or ""

    @property
    def rows(self) -> tuple[tuple[MeasureValue, CohortPosition | None], ...]:
        """Measures with their positions."""
        return tuple(zip(self.motion.measures, self.positions, strict=True))


def compare_measures(
    measures: VideoMeasures, others: Sequence[VideoMeasures], cohort: str = "this task"
) -> tuple[ComparedMotion, ...]:
    """Return the motions of a video with their positions among those of other videos in the same unit.

    Args:
        measures: Measures of the video.
        others: Measures of comparable videos, without its own; those in another unit of length take no part.
        cohort: Name of the comparable videos.
    """
    comparable = [other for other in others if other.unit.name == measures.unit.name]
    compared = []
    for motion in measures.motions:
        other_motions = [
            other_motion
            for other in comparable
            for other_motion in other.motions
            if (other_motion.track, other_motion.point) == (motion.track, motion.point)
        ]
        positions = []
        for measure in motion.measures:
            values = [value for other in other_motions if (value := other.value(measure.kind.name)) is not None]
            positions.append(position_of(measure, values, cohort))
        speed = next(
            (p for p, measure in zip(positions, motion.measures, strict=True) if measure.kind.name == "mean_speed"),
            None,
        )
        compared.append(ComparedMotion(motion, tuple(positions), format_motion(motion, speed)))
    return tuple(compared)
