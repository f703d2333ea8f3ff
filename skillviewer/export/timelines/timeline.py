"""Timelines of analysed videos for other programs: tables, subtitles, and files of ELAN, Praat and BORIS."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from skillviewer.core.errors import ExportError
from skillviewer.core.timelines.annotation import Annotation, Tier
from skillviewer.core.video.info import VideoInfo
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.destination import atomic_output
from skillviewer.export.options import option_field
from skillviewer.export.tables.tables import TABLE_SUFFIXES, export_table
from skillviewer.export.tables.timeline_rows import timelines_of
from skillviewer.export.timelines.boris import boris_project
from skillviewer.export.timelines.eaf import eaf_document
from skillviewer.export.timelines.subtitles import srt_text, vtt_text
from skillviewer.export.timelines.textgrid import textgrid_text


@dataclass(frozen=True, slots=True)
class TimelineOptions:
    """Options of an exported timeline: its tiers. Each field is the name of a member of ``Tier`` in lower case."""

    moments: bool = option_field(default=True, title="Moments", help="Kept in the study, with their labels")
    opinions: bool = option_field(
        default=True, title="Opinions", help="Agree, disagree and not relevant, on moments of a model"
    )
    notes: bool = option_field(default=True, title="Notes", help="Those with a time or a moment")
    marks: bool = option_field(default=True, title="Marks of votes", help="Times that raters marked while they judged")
    attempts: bool = option_field(default=True, title="Attempts", help="Parts of the file that are videos of the study")
    found: bool = option_field(default=True, title="Moments of the model")
    evidence: bool = option_field(default=True, title="Evidence", help="Contribution of every segment")
    score: bool = option_field(default=True, title="Score curve", help="Score after every segment")
    pauses: bool = option_field(default=True, title="Pauses", help="Of tracked hands and points")
    speed: bool = option_field(default=True, title="Speed", help="Of tracked hands and points, every second")

    @property
    def tiers(self) -> frozenset[str]:
        """Names of the chosen tiers."""
        chosen_tiers = [option.name for option in fields(self) if getattr(self, option.name)]
        return frozenset(Tier[name.upper()].value for name in chosen_tiers)


_WRITERS: Mapping[str, Callable[[VideoInfo, Sequence[Annotation]], str]] = {
    ".vtt": vtt_text,
    ".srt": srt_text,
    ".eaf": eaf_document,
    ".textgrid": textgrid_text,
}
TIMELINE_SUFFIXES = (*TABLE_SUFFIXES, *_WRITERS, ".boris")


def export_timeline(
    videos: Sequence[AnalysedVideo], path: Path, options: TimelineOptions | None = None, *, overwrite: bool = False
) -> Path:
    """Write the timelines of analysed videos; the suffix chooses the format.

    Raises:
        ExportError: There is no annotation, the format holds a single video, or the file is refused or cannot be
            written.
    """
    options = options if options is not None else TimelineOptions()
    suffix = path.suffix.lower()
    if suffix in TABLE_SUFFIXES:
        return export_table("timeline", path, videos, options.tiers, overwrite=overwrite)
    with atomic_output(path, TIMELINE_SUFFIXES, overwrite=overwrite) as temp_path:
        timelines = _timelines_by_file(videos, options)
        if not any(annotations for _, annotations in timelines):
            raise ExportError(f"{path.name} would be empty: there is no annotation in the chosen tiers.")
        if suffix not in _WRITERS:
            text = boris_project(timelines)
        elif len(timelines) > 1:
            raise ExportError(f"{path.name} holds one video, not {len(timelines)}: give a folder.")
        else:
            info, annotations = timelines[0]
            text = _WRITERS[suffix](info, annotations)
        temp_path.write_bytes(text.encode("utf-8", errors="backslashreplace"))
    return path


def _timelines_by_file(
    videos: Sequence[AnalysedVideo], options: TimelineOptions
) -> list[tuple[VideoInfo, list[Annotation]]]:
    """Return each video file with the annotations of all its analyses."""
    by_digest: dict[str, tuple[VideoInfo, list[Annotation]]] = {}
    for video, annotations in timelines_of(videos, options.tiers):
        info = video.analysis.video
        if info.digest not in by_digest:
            by_digest[info.digest] = (info, [])
        _, annotations_of_file = by_digest[info.digest]
        annotations_of_file.extend(annotations)
    return list(by_digest.values())
