"""Contents of a timeline file: annotations, reasons for rejected ones, and warnings."""

from dataclasses import dataclass

from skillviewer.core.timelines.annotation import Annotation


@dataclass(frozen=True, slots=True)
class TimelineContents:
    """Annotations of one video, as read from a file.

    Attributes:
        annotations: The annotations; ``read_timeline`` sorts them by time.
        rejected: A sentence with the reason for each rejected annotation.
        warnings: Sentences on the whole file, for example on a clock that does not begin at 0.
        observations: Names of the observations in a BORIS file, among which the user can choose.
    """

    annotations: tuple[Annotation, ...] = ()
    rejected: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    observations: tuple[str, ...] = ()
