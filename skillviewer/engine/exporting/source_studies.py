"""Studies of exported videos: annotations, cameras and tasks read from them, scores and log entries written to them."""

from collections.abc import Sequence
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.core.errors import ExportError, StudyError
from skillviewer.core.study_log import LoggedExport
from skillviewer.core.timelines.annotation import Annotation
from skillviewer.core.timelines.track_annotations import track_annotations
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.study import Study
from skillviewer.data.study.exchange.study_timeline import study_annotations
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.scoring.collecting import missing_analyses, write_scores
from skillviewer.export.analysed_video import AnalysedVideo, ShownCamera

if TYPE_CHECKING:
    from skillviewer.core.analysis.analysis import Analysis
    from skillviewer.engine.exporting.requests import ExportSource


class SourceStudies(ExitStack):
    """Studies of export sources, each opened once for reading. Use it as a context manager."""

    def __init__(self) -> None:
        super().__init__()
        self._studies: dict[Path, Study] = {}

    def open(self, path: Path) -> Study:
        """Return an open study, or raise a StudyError. It is closed with the context manager."""
        if path not in self._studies:
            self._studies[path] = self.enter_context(Study.open(path, read_only=True))
        return self._studies[path]

    def of(self, sources: "Sequence[ExportSource]") -> dict[Path, Study]:
        """Return the studies of sources by path, or raise a StudyError."""
        return {source.study: self.open(source.study) for source in sources if source.study is not None}


def save_scores(analysed_sources: "Sequence[tuple[ExportSource, Analysis]]", studies: SourceStudies) -> None:
    """Write new scores into the studies of the sources. Studies that cannot be written now are skipped."""
    scored_by_study: dict[Path, list[tuple[Path, Analysis]]] = {}
    for source, analysis in analysed_sources:
        if source.study is not None and source.model is not None and analysis.complete:
            scored_by_study.setdefault(source.study, []).append((source.model, analysis))
    for path, scored_in_study in scored_by_study.items():
        with suppress(StudyError, ExportError):
            missing = missing_analyses(studies.open(path), scored_in_study)
            if not missing:
                continue
            with Study.open(path) as study:
                if not study.read_only:  # a study that is open in the window is updated by the window
                    write_scores(study, missing)


def tasks_of(
    sources: "Sequence[ExportSource]", studies: SourceStudies
) -> dict[tuple[Path | None, object], tuple[str, str]]:
    """Return the task of each video and the task of its study, by path of the study and clip."""
    tasks: dict[tuple[Path | None, object], tuple[str, str]] = {}
    for path, study in studies.of(sources).items():
        task = study.settings.task
        tasks |= {(path, video.clip_id): (video.task, task) for video in study.videos.all()}
    return tasks


def with_annotations(
    sources: "Sequence[ExportSource]", videos: Sequence[AnalysedVideo], studies: SourceStudies
) -> list[AnalysedVideo]:
    """Return videos with annotations from their studies and tracks, or raise a StudyError."""
    infos_by_digest = {video.analysis.video.digest: video.analysis.video for video in videos}
    annotations_by_study: dict[Path | None, dict[str, list[Annotation]]] = {None: {}}
    for path, study in studies.of(sources).items():
        annotations_by_study[path] = study_annotations(study, infos_by_digest)
    videos_with_annotations = []
    for source, video in zip(sources, videos, strict=True):
        info = video.analysis.video
        annotations = annotations_by_study[source.study].get(info.digest, video.annotations)
        videos_with_annotations.append(replace(video, annotations=(*annotations, *_saved_track_annotations(info))))
    return videos_with_annotations


def with_cameras(
    sources: "Sequence[ExportSource]", videos: Sequence[AnalysedVideo], studies: SourceStudies
) -> list[AnalysedVideo]:
    """Return videos with the further cameras from their studies, or raise a StudyError."""
    cameras_by_study = {path: study.cameras.by_digest() for path, study in studies.of(sources).items()}
    videos_with_cameras = []
    for source, video in zip(sources, videos, strict=True):
        cameras_by_digest = cameras_by_study[source.study] if source.study is not None else {}
        cameras = cameras_by_digest.get(video.analysis.video.digest, ())
        if cameras:
            shown_cameras = tuple(ShownCamera(camera) for camera in cameras)
            videos_with_cameras.append(replace(video, cameras=shown_cameras))
        else:
            videos_with_cameras.append(video)
    return videos_with_cameras


def _saved_track_annotations(video: VideoInfo) -> list[Annotation]:
    """Return the annotations from the saved tracks of a video."""
    tracks = TrackStore().get(video.digest)
    return [] if tracks is None else track_annotations(tracks)


def save_in_log(export: LoggedExport, studies: SourceStudies | None = None) -> tuple[str, ...]:
    """Record an export in the log of its study; if that is impossible, return a warning.

    Args:
        export: The entry for the log.
        studies: Studies that are open for reading, or None to open the study here.
    """
    try:
        own_studies = SourceStudies() if studies is None else nullcontext(studies)
        with own_studies as open_studies:
            has_older_schema = open_studies.open(export.study).has_older_schema
        if has_older_schema:  # exporting from a study should not migrate it
            return (_log_warning(export, "it has the form of an older version"),)
        with Study.open(export.study) as study:
            if study.read_only:
                return (_log_warning(export, "it is open elsewhere, or cannot be written"),)
            study.log_export(export)
    except StudyError as error:
        return (_log_warning(export, str(error).rstrip(".")),)
    return ()


def _log_warning(export: LoggedExport, reason: str) -> str:
    return f"The log of {export.study.name} does not record this export: {reason}."
