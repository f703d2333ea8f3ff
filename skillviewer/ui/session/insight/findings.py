"""Contents of the Why page of a video, computed in a worker thread."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.other_models import OtherModel, other_models
from skillviewer.core.dataset.pairs import UNNAMED, Judgement, Pair, SimilarPair, Verdict
from skillviewer.core.dataset.rating_set import RatingSet
from skillviewer.core.errors import VideoError
from skillviewer.core.ranking.rank_videos import RankedVideo, rank_videos
from skillviewer.core.ranking.rater_names import match_key
from skillviewer.core.scipy_import import import_scipy
from skillviewer.core.video.clips import VideoClip, range_frames
from skillviewer.data.study import ModelState, ModelVersion, Study, Vote
from skillviewer.ui.session.video_entry import VideoEntry

if TYPE_CHECKING:  # importing scipy takes as long as opening the window
    from skillviewer.core.analysis.cohort import CohortPosition, ReferenceVideo
    from skillviewer.core.explanation.evidence import Evidence
    from skillviewer.core.explanation.moments import Moment, PictureRegion
    from skillviewer.core.tracks.tracks import TrackSet

MAX_OTHER_MODELS = 4  # other models that the page names
MAX_CONTROL_VIDEOS = 20  # comparable videos whose maps serve as controls


@dataclass(frozen=True, slots=True, eq=False)
class StudyFacts:
    """Facts of a study that the Why page shows."""

    title: str
    blind: bool  # True if the page of a video is hidden from users who have not judged the video
    judgements: tuple[Judgement, ...]  # judgements by valid votes
    stated_pairs: tuple[Pair | SimilarPair, ...]  # pairs that are stated without raters
    models: tuple[ModelVersion, ...]
    scores: Mapping[str, Mapping[str, float]]  # by digest of the model, then by name of the video
    tasks: Mapping[str, str] = field(default_factory=dict)  # by name of the video; tasks are ranked separately
    votes_with_reasons: tuple[Vote, ...] = ()  # valid votes with a reason or a marked time, in the order of voting
    ratings: RatingSet | None = None


def facts_of(study: Study) -> StudyFacts:
    """Read the facts of a study, in its worker thread."""
    models = tuple(model for model in study.models.all() if model.state is not ModelState.DISCARDED)
    scores: dict[str, dict[str, float]] = {}
    for model in models:
        stored_scores = study.models.scores(model.digest)
        scores[model.digest] = {name: stored.score for name, stored in stored_scores.items()}
    tasks = study.videos.tasks()
    votes = [
        vote for vote in study.votes.of_criterion() if vote.is_valid and vote.left in tasks and vote.right in tasks
    ]
    judgements = [vote.judgement for vote in votes]
    return StudyFacts(
        title=study.title,
        blind=study.settings.blind,
        judgements=tuple(judgement for judgement in judgements if judgement is not None),
        tasks=tasks,
        votes_with_reasons=tuple(vote for vote in votes if _has_reason(vote)),
        stated_pairs=study.pairs.all(),
        ratings=study.ratings.all(),
        models=models,
        scores=scores,
    )


def _has_reason(vote: Vote) -> bool:
    """Return True if the rater judged and gave a reason or marked a time."""
    has_mark = vote.left_mark_s is not None or vote.right_mark_s is not None
    return vote.verdict is not None and (vote.reason != "" or has_mark)


@dataclass(frozen=True, slots=True)
class RaterReason:
    """A rater's reason for the judgement on a video."""

    rater: str  # name of the rater, or ``UNNAMED``
    verdict: Verdict  # LEFT: this video was better; RIGHT: the other video; NEITHER: no difference
    other: str  # name of the other video
    text: str  # the reason in the rater's words; "" if only a time was marked
    mark_s: float | None = None  # marked time in this video, in seconds from the first frame of its file


@dataclass(frozen=True, slots=True)
class VideoJudgements:
    """The judgements on one video."""

    n_raters: int  # number of raters with a name
    n_unnamed: int  # number of votes without the name of a rater
    ranked: RankedVideo  # rank within the task by all judgements
    reasons: tuple[RaterReason, ...] = ()  # reasons of the raters, the latest first


def judgements_of(facts: StudyFacts) -> dict[str, VideoJudgements]:
    """Return the judgements on every compared video. Without votes, videos are ranked by the stated pairs."""
    import_scipy()
    stated = [pair for pair in facts.stated_pairs if isinstance(pair, Pair)]
    n_unnamed: Counter[str] = Counter()
    raters: dict[str, set[str]] = {}
    for judgement in facts.judgements:
        for name in (judgement.left, judgement.right):
            n_unnamed[name] += judgement.rater == UNNAMED
            raters.setdefault(name, set()).add(judgement.rater)
    reasons: dict[str, list[RaterReason]] = {}
    for vote in reversed(facts.votes_with_reasons):
        verdict = Verdict(vote.verdict or 0)
        left = RaterReason(vote.rater, verdict, vote.right, vote.reason, vote.left_mark_s)
        right = RaterReason(vote.rater, Verdict(-verdict), vote.left, vote.reason, vote.right_mark_s)
        for video, reason in ((vote.left, left), (vote.right, right)):
            if reason.text or reason.mark_s is not None:
                reasons.setdefault(video, []).append(reason)
    judgements: dict[str, VideoJudgements] = {}
    for ranked in rank_videos(facts.judgements or stated, facts.tasks):
        name = ranked.name
        n_raters = len(raters.get(name, set()) - {UNNAMED})
        judgements[name] = VideoJudgements(n_raters, n_unnamed[name], ranked, tuple(reasons.get(name, ())))
    return judgements


def judged_by(facts: StudyFacts, video: str, raters: Iterable[str]) -> bool:
    """Return True if one of these raters has judged a video. Different spellings of a name match."""
    rater_keys = {match_key(rater) for rater in raters}
    return any(
        video in {judgement.left, judgement.right} and match_key(judgement.rater) in rater_keys
        for judgement in facts.judgements
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WhyQuestion:
    """The inputs of the Why page of one video."""

    name: str  # name of the video in the study, or of its file
    analysis: Analysis  # complete analysis by the chosen model
    evidence: "Evidence | None"  # None until it is known
    task: str  # task of the video, or "" for the study's task
    others: tuple[VideoEntry, ...]  # comparable videos with an analysis
    n_unassessed: int  # number of comparable videos without one
    facts: StudyFacts | None = None  # facts of the study, or None without a study
    judgements: Mapping[str, VideoJudgements] = field(default_factory=dict)  # by name of the video
    model_warning: str = ""  # warning of the model's card, or ""


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
    attention_on_hands: str = ""  # sentence on the attention near tracked hands and tools; "" without tracks or maps

    @property
    def study(self) -> str:
        """Title of the study, or "" without one."""
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
    other_analyses = [(other.name, other.analysis) for other in question.others if other.analysis is not None]
    members = [cohort_member(name, other.score, other.mean_feature) for name, other in other_analyses]
    names_with_picture = {other.name for other in question.others if other.state.has_picture}
    reference = reference_for(question.name, analysis, members, names_with_picture)
    clips = {other.name: other.clip for other in question.others}
    cohort_scores = tuple(other.score for _, other in other_analyses)
    findings = score_findings(analysis, question.evidence, cohort_scores)
    models, versions = _other_models(question)
    inputs = {field.name: getattr(question, field.name) for field in fields(question)}
    return Findings(
        **inputs,
        position=findings.position,
        cohort=cohort_scores,
        moments=findings.moments,
        n_smaller=findings.n_smaller,
        regions=findings.regions,
        reference=reference,
        reference_clip=clips[reference.name] if reference is not None else None,
        other_models=models,
        versions=versions,
        attention_on_hands=_attention_on_hands(question),
    )


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
    for other in question.others:
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
    scores = {other.name: other.analysis.score for other in question.others if other.analysis is not None}
    scores[question.name] = question.analysis.score
    digest = question.analysis.provenance.model_digest
    return other_models(
        question.name, scores, digest, facts.models, lambda model: facts.scores.get(model, {}), MAX_OTHER_MODELS
    )
