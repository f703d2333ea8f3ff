"""Contents of the Why page of a video, computed in a worker thread."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.other_models import OtherModel, other_models
from skillviewer.core.errors import VideoError
from skillviewer.core.scipy_import import import_scipy
from skillviewer.core.video.clips import VideoClip, range_frames
from skillviewer.data.trained_pairs import was_trained_on
from skillviewer.ui.session.insight.video_judgements import StudyFacts, VideoJudgements
from skillviewer.ui.session.video_entry import VideoEntry

if TYPE_CHECKING:  # importing scipy takes as long as opening the window
    from skillviewer.core.analysis.cohort import CohortPosition, ReferenceVideo
    from skillviewer.core.explanation.evidence import Evidence
    from skillviewer.core.explanation.moments import Moment, PictureRegion
    from skillviewer.core.tracks.tracks import TrackSet

MAX_OTHER_MODELS = 4  # other models that the page names
MAX_CONTROL_VIDEOS = 20  # comparable videos whose maps serve as controls


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WhyQuestion:
    """The inputs of the Why page of one video."""

    name: str  # name of the video in the study, or of its file
    analysis: Analysis  # complete analysis by the chosen model
    evidence: "Evidence | None"  # None until it is known
    task: str  # task of the video, or "" for the study's task
    comparable_entries: tuple[VideoEntry, ...]  # comparable videos with an analysis
    n_unassessed: int  # number of comparable videos without one
    facts: StudyFacts | None = None  # facts of the study, or None without a study
    judgements: Mapping[str, VideoJudgements] = field(default_factory=dict)  # by name of the video
    model_warning: str = ""  # warning of the model's card, or ""
    model_folder: Path | None = None  # folder of the model, or None if another model is loaded


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Findings(WhyQuestion):
    """The contents of the Why page, together with their inputs."""

    position: "CohortPosition"
    cohort: tuple[float, ...]  # scores of the comparable videos
    moments: "tuple[Moment, ...]"  # moments that moved the score most, in order of time
    n_smaller: int  # further moments whose effect lies within the interval of the score
    # regions of the picture that raised and lowered the score most; None without evidence or cells
    regions: "tuple[PictureRegion | None, PictureRegion | None] | None"
    reference: "ReferenceVideo | None"  # well-scored video for comparison
    reference_clip: VideoClip | None  # the reference video as a clip
    other_models: tuple[OtherModel, ...]  # scores by other models
    versions: tuple[tuple[int, float], ...]  # (version, score) by other versions of the model
    was_trained_on: bool = False  # whether the model is known to have been trained on the video
    attention_on_hands: str = ""  # sentence on the attention near tracked hands and tools; "" without tracks or maps

    @property
    def study(self) -> str:
        """Title of the study, or "" without a study."""
        return self.facts.title if self.facts is not None else ""

    @property
    def video_judgements(self) -> VideoJudgements | None:
        """The judgements on this video, or None without any."""
        return self.judgements.get(self.name)

    @property
    def faithful(self) -> bool | None:
        """True if the attention is faithful; None if this is unknown or undecided."""
        return self.evidence.faithful if self.evidence is not None else None


def findings_of(question: WhyQuestion) -> Findings:
    """Compute the contents of the Why page of a video."""
    import_scipy()
    from skillviewer.core.explanation.why import cohort_member, reference_for, score_findings

    analysis = question.analysis
    other_analyses = [
        (other.name, other.analysis) for other in question.comparable_entries if other.analysis is not None
    ]
    members = [cohort_member(name, other.score, other.mean_feature) for name, other in other_analyses]
    names_with_picture = {other.name for other in question.comparable_entries if other.state.has_picture}
    reference = reference_for(question.name, analysis, members, names_with_picture)
    clips = {other.name: other.clip for other in question.comparable_entries}
    cohort_scores = tuple(other.score for _, other in other_analyses)
    findings = score_findings(analysis, question.evidence, cohort_scores)
    models, versions = _other_models(question)
    reference_clip = clips[reference.name] if reference is not None else None
    inputs = {field.name: getattr(question, field.name) for field in fields(question)}
    return Findings(
        **inputs,
        position=findings.position,
        cohort=cohort_scores,
        moments=findings.moments,
        n_smaller=findings.n_smaller,
        regions=findings.regions,
        reference=reference,
        reference_clip=reference_clip,
        other_models=models,
        versions=versions,
        was_trained_on=_was_trained_on(question),
        attention_on_hands=_attention_on_hands(question),
    )


def _was_trained_on(question: WhyQuestion) -> bool:
    if question.model_folder is None:
        return False
    return was_trained_on(question.model_folder, question.analysis.video.digest, question.analysis.clip_range)


def _attention_on_hands(question: WhyQuestion) -> str:
    """Return a sentence on the attention near the tracks of a video, or the reason why its tracks cannot be used.

    Maps of comparable videos with tracks are the controls.
    """
    from skillviewer.core.evaluation.track_attention import track_attention
    from skillviewer.data.tracks_file import TrackStore

    analysis = question.analysis
    store = TrackStore()
    if analysis.map_kind is MapKind.NONE:
        return ""
    try:
        tracks = store.get(analysis.video.digest, _frames_of(analysis))
        if tracks is None or not tracks.tracks:
            return ""
        tracks.check_video(analysis.video)
    except VideoError as error:
        return str(error)
    videos: dict[str, tuple[Analysis, TrackSet]] = {question.name: (analysis, tracks)}
    for other in question.comparable_entries:
        if other.analysis is not None and len(videos) <= MAX_CONTROL_VIDEOS:
            other_tracks = store.get_readable(other.analysis.video.digest, _frames_of(other.analysis))
            if other_tracks is not None and other_tracks.fits(other.analysis.video):
                videos[other.name] = (other.analysis, other_tracks)
    attention_by_video = track_attention(videos, [question.name])
    return attention_by_video[question.name].sentence()


def _frames_of(analysis: Analysis) -> range | None:
    return None if analysis.clip_range is None else range_frames(analysis.clip_range, analysis.video)


def _other_models(question: WhyQuestion) -> tuple[tuple[OtherModel, ...], tuple[tuple[int, float], ...]]:
    """Return the scores by other models, and by other versions of the same model."""
    facts = question.facts
    if facts is None:
        return (), ()
    scores = {other.name: other.analysis.score for other in question.comparable_entries if other.analysis is not None}
    scores[question.name] = question.analysis.score
    digest = question.analysis.provenance.model_digest
    return other_models(
        question.name,
        scores,
        digest,
        facts.models,
        scores_by=lambda model: facts.scores.get(model, {}),
        max_models=MAX_OTHER_MODELS,
    )
