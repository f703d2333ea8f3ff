"""Data of the studies of exported videos: annotations, cameras, tasks, logs, and the context for reports."""

from collections.abc import Sequence
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.cohort import CohortMember, SimilarityMeasure
from skillviewer.core.analysis.other_models import other_models
from skillviewer.core.errors import ExportError, StudyError
from skillviewer.core.explanation.why import cohort_member, reference_for
from skillviewer.core.ratings.given_ratings import given_ratings
from skillviewer.core.study_log import LoggedExport
from skillviewer.core.timelines.annotation import Annotation, Tier
from skillviewer.core.timelines.track_annotations import track_annotations
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.study import FileState, ModelState, Study, StudyVideo
from skillviewer.data.study.annotations import Opinion
from skillviewer.data.study.exchange.study_timeline import study_annotations
from skillviewer.data.study.models import Score, cached_analysis
from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.exporting.motion_context import motion_sentences
from skillviewer.engine.scoring.collecting import missing_analyses, write_scores
from skillviewer.export.analysed_video import AnalysedVideo, ShownCamera
from skillviewer.export.reports.report_options import ReportNote, StudyContext

if TYPE_CHECKING:
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


def save_scores(scored: "Sequence[tuple[ExportSource, Analysis]]", studies: SourceStudies) -> None:
    """Write new scores into the studies of the sources. Studies that cannot be written now are skipped."""
    scored_by_study: dict[Path, list[tuple[Path, Analysis]]] = {}
    for source, analysis in scored:
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
        shown_cameras = tuple(ShownCamera(camera) for camera in cameras) or video.cameras
        videos_with_cameras.append(replace(video, cameras=shown_cameras))
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
        with SourceStudies() if studies is None else nullcontext(studies) as readable:
            is_older = readable.open(export.study).is_older
        if is_older:  # exporting from a study should not migrate it
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


MAX_OTHER_MODELS = 3
"""Greatest number of other models in a report, the newest first."""

MAX_EMBEDDED = 100
"""Greatest cohort whose embeddings are compared; in larger ones the reference video is the nearest by score."""


def context_of(study: Study, analysis: Analysis, criterion: str = "") -> StudyContext:
    """Return the context of an analysed video in a study; an empty one if the study does not have the video.

    Votes are those by ``criterion`` if the study has it, else by the criterion in use.

    Raises:
        StudyError: The study cannot be read.
    """
    study.select_criterion(criterion if criterion in study.criteria() else None)
    try:
        videos = study.videos.all()
        video = next((video for video in videos if video.clip_id == analysis.clip_id), None)
        return StudyContext() if video is None else _context_of_video(study, video, videos, analysis)
    finally:
        study.select_criterion(None)


def _context_of_video(
    study: Study, video: StudyVideo, videos: Sequence[StudyVideo], analysis: Analysis
) -> StudyContext:
    task = video.task or study.settings.task
    same_task = {other.name: other for other in videos if other.task == video.task and other.name != video.name}
    model_digest = analysis.provenance.model_digest
    scores = {name: score for name, score in study.models.scores(model_digest).items() if name in same_task}
    members = _cohort_members([same_task[name] for name in scores], scores, model_digest)
    names_of_task = {video.name, *same_task}
    judgements = [j for j in study.votes.judgements() if j.left in names_of_task and j.right in names_of_task]
    models = [model for model in study.models.all() if model.state is not ModelState.DISCARDED]
    this_model = next((model for model in models if model.digest == model_digest), None)
    scores_by_this_model = {member.name: member.score for member in members}
    scores_by_this_model[video.name] = analysis.score

    def scores_by(digest: str) -> dict[str, float]:
        return {name: score.score for name, score in study.models.scores(digest).items()}

    others, versions = other_models(
        video.name, scores_by_this_model, model_digest, models, scores_by, max_models=MAX_OTHER_MODELS
    )
    reference, near_by = _find_reference(video.name, analysis, members, same_task)
    opinions = [
        Annotation(Tier.OPINIONS, moment.start_s, moment.stop_s, text=moment.opinion.value, author=moment.author)
        for moment in study.annotations.moments(video.name)
        if moment.opinion is not Opinion.NONE and moment.model_digest == model_digest
    ]
    notes = [ReportNote(note.text, note.author, note.time_s) for note in study.annotations.notes(video.name)]
    given = given_ratings(study.ratings.all(), study.criterion).get(video.name)
    return StudyContext(
        name=video.name,
        participant=video.participant or "",
        task=task,
        cohort=f"the task “{task}”" if task else "this task",
        others=members,
        reference=reference,
        near_by=near_by,
        judgements=tuple(judgements),
        opinions=tuple(opinions),
        notes=tuple(notes),
        other_models=others,
        versions=versions,
        model_version=f"v{this_model.version}" if this_model is not None else "",
        given_rating=given.mean_sentence if given is not None else "",
        motion=motion_sentences(analysis, list(same_task.values())),
    )


def _cohort_members(
    videos: Sequence[StudyVideo], scores: dict[str, Score], model_digest: str
) -> tuple[CohortMember, ...]:
    """Return the videos of a cohort with their scores, and with embeddings unless the cohort is large."""
    pooled_by_name = {}
    if len(videos) <= MAX_EMBEDDED:
        for video in videos:
            analysis = cached_analysis(video, model_digest)
            pooled_by_name[video.name] = analysis.mean_feature if analysis is not None else None
    return tuple(
        cohort_member(video.name, scores[video.name].score, pooled_by_name.get(video.name)) for video in videos
    )


def _find_reference(
    name: str, analysis: Analysis, members: Sequence[CohortMember], videos: dict[str, StudyVideo]
) -> tuple[AnalysedVideo | None, SimilarityMeasure | None]:
    """Return a reference video whose file is available, and how it was matched, or (None, None)."""
    available = {
        video_name
        for video_name, video in videos.items()
        if video.path is not None and video.state is not FileState.REPLACED
    }
    reference = reference_for(name, analysis, members, available)
    if reference is None:
        return None, None
    reference_analysis = cached_analysis(videos[reference.name], analysis.provenance.model_digest)
    if reference_analysis is None:
        return None, None
    return AnalysedVideo(reference_analysis, reference.name), reference.similarity
