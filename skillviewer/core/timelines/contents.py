"""Contents of a timeline file: its annotations, those that were rejected, and warnings."""

from dataclasses import dataclass

from skillviewer.core.timelines.annotation import Annotation


@dataclass(frozen=True, slots=True)
class TimelineContents:
    """Annotations of one video, as read from a file.

    Attributes:
        annotations: The annotations; ``read_timeline`` sorts them by time.
        rejected: A sentence for each annotation that was left out, with the reason.
        warnings: Sentences on the file as a whole, such as a clock that does not begin at 0.
        observations: Names of the observations among which the user can choose; BORIS keeps many in one file.
    """

    annotations: tuple[Annotation, ...] = ()
    rejected: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    observations: tuple[str, ...] = ()
