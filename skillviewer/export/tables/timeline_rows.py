"""Annotations of exported videos by tier, and the rows of the table of annotations."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from operator import attrgetter

from skillviewer.core.timelines.annotation import Annotation, Tier
from skillviewer.core.timelines.model_annotations import model_annotations
from skillviewer.export.analysed_video import AnalysedVideo

_PROGRAM_TIERS = frozenset(Tier)


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One annotation of one video.

    Attributes:
        video: Name of the video file.
        path: Path of the video file.
        tier: Name of the tier.
        author: Rater, user or model; empty if unknown.
        start_s: Start, in seconds from the first frame of the file.
        stop_s: End; the start for a point.
        start_frame: Frame on screen at the start, from 0.
        stop_frame: Frame on screen at the end: the frame after the interval, or the last of the file.
        text: Text.
        value: Number in the text; empty without one.
        model: Name of the checkpoint that analysed the video.
        n_passes: Passes of the model over the video.
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
    """Return each video with its annotations in the chosen tiers, in order of time.

    Annotations of the study that several models' views of one file share are listed with the first view only.
    """
    timelines = []
    listed_annotations = set[tuple[str, Annotation]]()
    for video in videos:
        digest = video.analysis.video.digest
        annotations = (*video.annotations, *model_annotations(video.analysis, video.evidence))
        new_annotations = [
            annotation
            for annotation in dict.fromkeys(annotations)
            if _option_tier(annotation) in tiers and (digest, annotation) not in listed_annotations
        ]
        listed_annotations |= {(digest, annotation) for annotation in new_annotations}
        new_annotations.sort(key=attrgetter("start_s", "stop_s"))
        timelines.append((video, new_annotations))
    return timelines


def _option_tier(annotation: Annotation) -> str:
    """Return the tier in the options that includes an annotation: imported tiers belong to the moments."""
    return annotation.tier if annotation.tier in _PROGRAM_TIERS else Tier.MOMENTS


def timeline_rows(videos: Sequence[AnalysedVideo], tiers: Collection[str]) -> list[TimelineRow]:
    """Return one row for every annotation in the chosen tiers."""
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
