"""Context of an analysed video in its study, for reports."""

from collections.abc import Sequence

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.cohort import CohortMember, SimilarityMeasure
from skillviewer.core.analysis.other_models import other_models
from skillviewer.core.explanation.why import cohort_member, reference_for
from skillviewer.core.ratings.given_ratings import given_ratings
from skillviewer.core.timelines.annotation import Annotation, Tier
from skillviewer.data.study import FileState, ModelState, Study, StudyVideo
from skillviewer.data.study.annotations import Opinion
from skillviewer.data.study.models import Score, cached_analysis
from skillviewer.engine.exporting.motion_context import motion_sentences
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.reports.report_options import ReportNote, StudyContext

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
    known_criterion = criterion if criterion in study.criteria() else None
    study.select_criterion(known_criterion)
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
    judgements = [
        judgement
        for judgement in study.votes.judgements()
        if judgement.left in names_of_task and judgement.right in names_of_task
    ]
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
    given_rating = given.mean_sentence if given is not None else ""
    cohort_text = f"the task “{task}”" if task else "this task"
    model_version = f"v{this_model.number}" if this_model is not None else ""
    participant = "" if video.participant is None else video.participant
    other_videos = list(same_task.values())
    return StudyContext(
        name=video.name,
        participant=participant,
        task=task,
        cohort=cohort_text,
        others=members,
        reference=reference,
        near_by=near_by,
        judgements=tuple(judgements),
        opinions=tuple(opinions),
        notes=tuple(notes),
        other_models=others,
        versions=versions,
        model_version=model_version,
        given_rating=given_rating,
        motion=motion_sentences(analysis, other_videos),
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
