"""Annotations of exported videos, and their rows in a table."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from skillviewer.core.timelines.annotation import Annotation, Tier
from skillviewer.core.timelines.model_annotations import model_annotations
from skillviewer.export.analysed_video import AnalysedVideo

_OWN_TIERS = frozenset(Tier)


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One annotation of one video.

    Attributes:
        video: Name of the file.
        path: Path of the video.
        tier: Name of the tier.
        author: Rater, user or model; empty where it is not known.
        start_s: Start, in seconds from the first frame of the file.
        stop_s: End; the start for a point.
        start_frame: Frame on screen at the start, from 0.
        stop_frame: Frame on screen at the end: the one after the last of the interval, or the last of the file.
        text: Text.
        value: Number that the text tells; empty without one.
        model: Name of the checkpoint whose view of the video the table was made with.
        n_passes: Its passes over the video.
        from_s: Start of the assessed part: 0, or the start of the range.
        to_s: End of the assessed part.
    """

    video: str
    path: str
    tier: str
    author: str
    start_s: float
    stop_s: float
    start_frame: int
    stop_frame: int
    text: str
    value: float | None
    model: str
    n_passes: int
    from_s: float
    to_s: float


def timelines_of(
    videos: Sequence[AnalysedVideo], tiers: Collection[str]
) -> list[tuple[AnalysedVideo, list[Annotation]]]:
    """Return the annotations of some tiers that each video adds, by time, in the order of the videos.

    Annotations of the study appear once a video, whatever the number of models.
    """
    timelines = []
    reported = set[tuple[str, Annotation]]()
    for video in videos:
        digest = video.analysis.video.digest
        annotations = (*video.annotations, *model_annotations(video.analysis, video.evidence))
        new = [
            annotation
            for annotation in dict.fromkeys(annotations)
            if _own_tier(annotation) in tiers and (digest, annotation) not in reported
        ]
        reported |= {(digest, annotation) for annotation in new}
        timelines.append((video, sorted(new, key=lambda annotation: (annotation.start_s, annotation.stop_s))))
    return timelines


def _own_tier(annotation: Annotation) -> str:
    """Return the tier of the options under which an annotation is exported; imported moments have other tiers."""
    return annotation.tier if annotation.tier in _OWN_TIERS else Tier.MOMENTS


def timeline_rows(videos: Sequence[AnalysedVideo], tiers: Collection[str]) -> list[TimelineRow]:
    """Return one row for every annotation of some tiers."""
    rows = []
    for video, annotations in timelines_of(videos, tiers):
        analysis = video.analysis
        info = video.analysis.video
        rows += [
            TimelineRow(
                video=info.path.name,
                path=str(info.path),
                tier=annotation.tier,
                author=annotation.author,
                start_s=round(annotation.start_s, 6),
                stop_s=round(annotation.stop_s, 6),
                start_frame=info.frame_at(annotation.start_s),
                stop_frame=info.frame_at(annotation.stop_s),
                text=annotation.text,
                value=annotation.value,
                model=analysis.provenance.model,
                n_passes=analysis.n_passes,
                from_s=round(analysis.start_s, 6),
                to_s=round(analysis.stop_s, 6),
            )
            for annotation in annotations
        ]
    return rows
