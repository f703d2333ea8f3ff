"""Context of one video in its study, for the report: comparable ones, a reference, raters, other models, its score."""

from collections.abc import Sequence
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.cohort import CohortMember, SimilarityMeasure
from skillviewer.core.analysis.other_models import other_models
from skillviewer.core.errors import ExportError, StudyError
from skillviewer.core.explanation.why import member_of, reference_for
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
from skillviewer.engine.scoring.collecting import lacking, write_scores
from skillviewer.export.analysed_video import AnalysedVideo, ShownCamera
from skillviewer.export.reports.report_options import ReportNote, StudyContext

if TYPE_CHECKING:
    from skillviewer.engine.exporting.requests import ExportSource


class SourceStudies(ExitStack):
    """Studies of export sources, opened for reading: each is opened once. Use it as a context manager."""

    def __init__(self) -> None:
        super().__init__()
        self._studies: dict[Path, Study] = {}

    def open(self, path: Path) -> Study:
        """Return a study, which is closed with the others, or raise a StudyError."""
        if path not in self._studies:
            self._studies[path] = self.enter_context(Study.open(path, read_only=True))
        return self._studies[path]

    def of(self, sources: "Sequence[ExportSource]") -> dict[Path, Study]:
        """Return the studies of sources by path, or raise a StudyError."""
        return {source.study: self.open(source.study) for source in sources if source.study is not None}


def save_scores(scored: "Sequence[tuple[ExportSource, Analysis]]", studies: SourceStudies) -> None:
    """Write scores into the studies that do not have them yet; a study that cannot be written now is unchanged."""
    by_study: dict[Path, list[tuple[Path, Analysis]]] = {}
    for source, analysis in scored:
        if source.study is not None and source.model is not None and analysis.complete:
            by_study.setdefault(source.study, []).append((source.model, analysis))
    for path, new in by_study.items():
        with suppress(StudyError, ExportError):
            missing = lacking(studies.open(path), new)
            if missing:
                with Study.open(path) as study:
                    if not study.read_only:  # else the window has it, and keeps what it sees itself
                        write_scores(study, missing)


def tasks_of(
    sources: "Sequence[ExportSource]", studies: SourceStudies
) -> dict[tuple[Path | None, object], tuple[str, str]]:
    """Return the tasks of videos in their studies, their own and the study's, by study and clip."""
    tasks: dict[tuple[Path | None, object], tuple[str, str]] = {}
    for path, study in studies.of(sources).items():
        task = study.settings.task
        tasks |= {(path, video.clip_id): (video.task, task) for video in study.videos.all()}
    return tasks


def annotated(
    sources: "Sequence[ExportSource]", videos: Sequence[AnalysedVideo], studies: SourceStudies
) -> list[AnalysedVideo]:
    """Return videos with what studies and tracks say along the time of their files, or raise a StudyError."""
    annotations: dict[Path | None, dict[str, list[Annotation]]] = {None: {}}
    files = {e.analysis.video.digest: e.analysis.video for e in videos}
    for path, study in studies.of(sources).items():
        annotations[path] = study_annotations(study, files)
    videos_with_annotations = []
    for source, video in zip(sources, videos, strict=True):
        of_study = annotations[source.study].get(video.analysis.video.digest, video.annotations)
        videos_with_annotations.append(replace(video, annotations=(*of_study, *_of_tracks(video.analysis.video))))
    return videos_with_annotations


def with_cameras(
    sources: "Sequence[ExportSource]", videos: Sequence[AnalysedVideo], studies: SourceStudies
) -> list[AnalysedVideo]:
    """Return videos with the cameras that their studies keep, or raise a StudyError."""
    cameras_by_study = {path: study.cameras.by_digest() for path, study in studies.of(sources).items()}
    out = []
    for source, video in zip(sources, videos, strict=True):
        cameras = (
            cameras_by_study[source.study].get(video.analysis.video.digest, ()) if source.study is not None else ()
        )
        out.append(replace(video, cameras=tuple(map(ShownCamera, cameras))) if cameras else video)
    return out


def _of_tracks(video: VideoInfo) -> list[Annotation]:
    """Return the annotations from tracks that are kept with a video."""
    tracks = TrackStore().get(video.digest)
    return [] if tracks is None else track_annotations(tracks)


def save_in_log(export: LoggedExport, studies: SourceStudies | None = None) -> tuple[str, ...]:
    """Record an export in the log of its study; return warnings, one sentence each, where that was not possible.

    Args:
        export: The entry for the log.
        studies: Studies that are open for reading, or None to open the study here.
    """
    reason = "it has the form of an older version"
    try:
        with SourceStudies() if studies is None else nullcontext(studies) as readable:
            older = readable.open(export.study).older  # a reader of a study should not migrate it
        if not older:
            reason = "it is open elsewhere, or cannot be written"
            with Study.open(export.study) as study:
                if not study.read_only:
                    study.log_export(export)
                    return ()
    except StudyError as error:
        reason = str(error).rstrip(".")
    return (f"The log of {export.study.name} does not record this export: {reason}.",)


MAX_OTHER_MODELS = 3
"""Number of other models in a report, the latest first."""

MAX_EMBEDDED = 100
"""So many comparable videos are compared by their looks; beyond, the reference is the nearest by score."""


def context_of(study: Study, analysis: Analysis, criterion: str = "") -> StudyContext:
    """Return a study's facts about an analysed video; an empty context if the study does not have it.

    Votes are of the model's criterion, if the study has it, else of the one in use.

    Raises:
        StudyError: The study cannot be read.
    """
    study.look_at(criterion if criterion in study.criteria() else None)
    try:
        videos = study.videos.all()
        video = next((v for v in videos if v.clip_id == analysis.clip_id), None)
        return StudyContext() if video is None else _context(study, video, videos, analysis)
    finally:
        study.look_at(None)


def _context(study: Study, video: StudyVideo, videos: Sequence[StudyVideo], analysis: Analysis) -> StudyContext:
    task = video.task or study.settings.task
    same_task = {v.name: v for v in videos if v.task == video.task and v.name != video.name}
    model = analysis.provenance.model_digest
    scores = {name: score for name, score in study.models.scores(model).items() if name in same_task}
    members = _members([same_task[name] for name in scores], scores, model)
    of_task = {video.name, *same_task}
    judgements = tuple(j for j in study.votes.judgements() if {j.left, j.right} <= of_task)
    models = [m for m in study.models.all() if m.state is not ModelState.DISCARDED]
    this_model = next((m for m in models if m.digest == model), None)
    own_scores = {m.name: m.score for m in members} | {video.name: analysis.score}

    def scores_by(digest: str) -> dict[str, float]:
        return {name: score.score for name, score in study.models.scores(digest).items()}

    others, versions = other_models(video.name, own_scores, model, models, scores_by, MAX_OTHER_MODELS)
    reference, near_by = _reference(video.name, analysis, members, same_task, model)
    return StudyContext(
        name=video.name,
        participant=video.participant or "",
        task=task,
        cohort=f"the task “{task}”" if task else "this task",
        others=members,
        reference=reference,
        near_by=near_by,
        judgements=judgements,
        opinions=tuple(
            Annotation(Tier.OPINIONS, m.start_s, m.stop_s, m.opinion.value, m.author)
            for m in study.annotations.moments(video.name)
            if m.opinion is not Opinion.NONE and m.model_digest == model
        ),
        notes=tuple(ReportNote(n.text, n.author, n.time_s) for n in study.annotations.notes(video.name)),
        other_models=others,
        versions=versions,
        model_version=f"v{this_model.version}" if this_model is not None else "",
        motion=motion_sentences(analysis, list(same_task.values())),
    )


def _members(videos: Sequence[StudyVideo], scores: dict[str, Score], model: str) -> tuple[CohortMember, ...]:
    """Return the comparable videos, with their looks where all of these are available."""
    pooled = {}
    if len(videos) <= MAX_EMBEDDED:
        for video in videos:
            analysis = cached_analysis(video, model)
            pooled[video.name] = analysis.pooled if analysis is not None else None
    return tuple(member_of(v.name, scores[v.name].score, pooled.get(v.name)) for v in videos)


def _reference(
    name: str, analysis: Analysis, members: Sequence[CohortMember], videos: dict[str, StudyVideo], model: str
) -> tuple[AnalysedVideo | None, SimilarityMeasure | None]:
    """Return a well-scored video that can be shown and why it, or None; one whose file is missing is skipped."""
    available = {n for n, video in videos.items() if video.path is not None and video.state is not FileState.REPLACED}
    reference = reference_for(name, analysis, members, available)
    other = cached_analysis(videos[reference.name], model) if reference is not None else None
    return (
        (AnalysedVideo(other, reference.name), reference.near_by)
        if reference is not None and other is not None
        else (None, None)
    )
