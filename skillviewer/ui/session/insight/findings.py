"""The contents of the Why page of a video as values: standing, moments, uncertainty.

Plain code, run in a worker thread. What is heavy to import is imported there.
"""

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

if TYPE_CHECKING:  # they imports scipy, which takes as long as opening the window
    from skillviewer.core.analysis.cohort import CohortPosition, ReferenceVideo
    from skillviewer.core.explanation.evidence import Evidence
    from skillviewer.core.explanation.moments import Moment, PictureRegion
    from skillviewer.core.tracks.tracks import TrackSet

MAX_OTHER_MODELS = 4  # other models that are named, at most
MAX_CONTROL_VIDEOS = 20  # comparable videos whose maps are controls, at most


@dataclass(frozen=True, slots=True, eq=False)
class StudyFacts:
    """Facts of the study that do not come from the loaded model."""

    title: str  # what it is called
    blind: bool  # true if the page stays shut until one has judged the video
    judgements: tuple[Judgement, ...]  # the judgements that stand
    stated_pairs: tuple[Pair | SimilarPair, ...]  # pairs that are stated without raters
    models: tuple[ModelVersion, ...]
    scores: Mapping[str, Mapping[str, float]]  # scores by each model, by digest, then by name of video
    tasks: Mapping[str, str] = field(default_factory=dict)  # task by name of video: votes of two tasks do not meet
    # the votes that stand for which a rater gave a reason or marked a time, in the order of voting
    reasoned: tuple[Vote, ...] = ()
    ratings: RatingSet | None = None  # ratings of the videos, or None without any


def facts_of(study: Study) -> StudyFacts:
    """Read the facts of a study; runs in its worker thread."""
    models = tuple(m for m in study.models.all() if m.state is not ModelState.DISCARDED)
    tasks = study.videos.tasks()
    votes = [v for v in study.votes.in_use() if v.is_valid and v.left in tasks and v.right in tasks]  # read once
    return StudyFacts(
        title=study.title,
        blind=study.settings.blind,
        judgements=tuple(judgement for vote in votes if (judgement := vote.judgement) is not None),
        tasks=tasks,
        reasoned=tuple(
            v for v in votes if v.verdict is not None and (v.reason, v.left_mark_s, v.right_mark_s) != ("", None, None)
        ),
        stated_pairs=study.pairs.all(),
        ratings=study.ratings.all(),
        models=models,
        scores={m.digest: {name: s.score for name, s in study.models.scores(m.digest).items()} for m in models},
    )


@dataclass(frozen=True, slots=True)
class RaterReason:
    """The reason of a rater for a judgement on a video."""

    rater: str  # who; ``UNNAMED`` without a name
    verdict: Verdict  # LEFT: this video was better; RIGHT: the other one; NEITHER: no difference
    other: str  # the video that it was compared with
    text: str  # in the rater's own words, or "" where a mark says it
    # the time in this video that they marked, in seconds from the first frame of its file, or None
    mark_s: float | None = None


@dataclass(frozen=True, slots=True)
class VideoJudgements:
    """The judgements on one video."""

    n_raters: int  # how many raters that have a name
    n_unnamed: int  # votes of raters without one, who may be anybody; 0 of both for pairs that are stated without votes
    ranked: RankedVideo  # position by these votes, within the task
    reasons: tuple[RaterReason, ...] = ()  # why raters judged it so, the latest first


def ratings_of(facts: StudyFacts) -> dict[str, VideoJudgements]:
    """Return the judgements on every compared video; without votes, those that the stated pairs imply."""
    import_scipy()
    stated = [pair for pair in facts.stated_pairs if isinstance(pair, Pair)]
    n_unnamed: Counter[str] = Counter()
    raters: dict[str, set[str]] = {}
    for judgement in facts.judgements:
        for name in (judgement.left, judgement.right):
            n_unnamed[name] += judgement.rater == UNNAMED
            raters.setdefault(name, set()).add(judgement.rater)
    reasons: dict[str, list[RaterReason]] = {}
    for vote in reversed(facts.reasoned):
        verdict = Verdict(vote.verdict or 0)
        left = RaterReason(vote.rater, verdict, vote.right, vote.reason, vote.left_mark_s)
        right = RaterReason(vote.rater, Verdict(-verdict), vote.left, vote.reason, vote.right_mark_s)
        for video, reason in ((vote.left, left), (vote.right, right)):
            if reason.text or reason.mark_s is not None:
                reasons.setdefault(video, []).append(reason)
    return {
        ranked.name: VideoJudgements(
            len(raters.get(ranked.name, set()) - {UNNAMED}),
            n_unnamed[ranked.name],
            ranked,
            tuple(reasons.get(ranked.name, ())),
        )
        for ranked in rank_videos(facts.judgements or stated, facts.tasks)
    }


def judged_by(facts: StudyFacts, video: str, raters: Iterable[str]) -> bool:
    """Return True if one of these raters has judged a video, however the name was typed."""
    names = {match_key(rater) for rater in raters}
    return any(video in {j.left, j.right} and match_key(j.rater) in names for j in facts.judgements)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WhyQuestion:
    """The inputs of the Why page of one video."""

    name: str  # its name in the study, or that of its file
    analysis: Analysis  # what the model on screen says of it; whole
    evidence: "Evidence | None"  # its evidence, once it is known
    task: str  # the task that it shows, or "" for the study's
    others: tuple[VideoEntry, ...]  # comparable videos that the model has assessed
    n_unassessed: int  # comparable videos that it has not
    facts: StudyFacts | None = None  # what the study knows, or None without a study
    ratings: Mapping[str, VideoJudgements] = field(default_factory=dict)  # the judgements of the raters, by video
    model_warning: str = ""  # warning of the model's card, or ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Findings(WhyQuestion):
    """The contents of the Why page, with the question that they answer."""

    position: "CohortPosition"  # where it stands
    cohort: tuple[float, ...]  # scores of the comparable videos
    moments: "tuple[Moment, ...]"  # the parts that moved the score most and stand out, in order of time
    n_smaller: int  # moments left out, since they are within the score's interval
    # regions of the picture that raised and lowered the score most; None without evidence or cells
    regions: "tuple[PictureRegion | None, PictureRegion | None] | None"
    reference: "ReferenceVideo | None"  # a well-scored video to compare with, or None
    reference_clip: VideoClip | None  # where that is to be seen
    other_models: tuple[OtherModel, ...]  # how other models see it
    versions: tuple[tuple[int, float], ...]  # scores of the video by the other versions of this model, by version
    attention_on_hands: str = ""  # sentence on the attention near tracked hands and tools; "" without tracks or maps

    @property
    def study(self) -> str:
        """Title of the study, or "" without one."""
        return self.facts.title if self.facts is not None else ""

    @property
    def rating(self) -> VideoJudgements | None:
        return self.ratings.get(self.name)

    @property
    def faithful(self) -> bool | None:
        """True if attention beats random regions; None if that is not known or cannot be decided."""
        return self.evidence.faithful if self.evidence is not None else None


def findings_of(question: WhyQuestion) -> Findings:
    """Compute the contents of the page of a video."""
    import_scipy()
    from skillviewer.core.explanation.why import cohort_member, reference_for, score_findings

    q = question
    analysis = question.analysis
    members = [
        cohort_member(o.name, o.analysis.score, o.analysis.mean_feature) for o in q.others if o.analysis is not None
    ]
    reference = reference_for(q.name, analysis, members, {o.name for o in q.others if o.state.has_picture})
    scores = tuple(o.analysis.score for o in q.others if o.analysis is not None)
    places = {other.name: other.clip for other in q.others}
    findings = score_findings(analysis, q.evidence, scores)
    others, versions = _other_models(q)
    return Findings(
        **{part.name: getattr(q, part.name) for part in fields(q)},
        position=findings.position,
        cohort=scores,
        moments=findings.moments,
        n_smaller=findings.n_smaller,
        regions=findings.regions,
        reference=reference,
        reference_clip=places[reference.name] if reference is not None else None,
        other_models=others,
        versions=versions,
        attention_on_hands=_attention_on_hands(q),
    )


def _attention_on_hands(question: WhyQuestion) -> str:
    """Return a sentence on the attention near the tracks of a video, or why its tracks cannot be used.

    The controls come from comparable videos with tracks.
    """
    from skillviewer.core.evaluation.track_attention import track_attention
    from skillviewer.data.tracks_file import TrackStore

    analysis = question.analysis
    store = TrackStore()
    if analysis.map_kind is MapKind.NONE:
        return ""
    videos: dict[str, tuple[Analysis, TrackSet]] = {}
    try:
        tracks = store.get(analysis.video.digest, _frames_of(analysis))
        if tracks is None or not tracks.tracks:
            return ""
        tracks.check_video(analysis.video)
    except VideoError as error:
        return str(error)
    videos[question.name] = analysis, tracks
    for other in question.others:
        if other.analysis is not None and len(videos) <= MAX_CONTROL_VIDEOS:
            other_tracks = store.get_readable(other.analysis.video.digest, _frames_of(other.analysis))
            if other_tracks is not None and other_tracks.fits(other.analysis.video):
                videos[other.name] = other.analysis, other_tracks
    return track_attention(videos, [question.name])[question.name].sentence()


def _frames_of(analysis: Analysis) -> range | None:
    return None if analysis.clip_range is None else range_frames(analysis.clip_range, analysis.video)


def _other_models(q: WhyQuestion) -> tuple[tuple[OtherModel, ...], tuple[tuple[int, float], ...]]:
    if q.facts is None:
        return (), ()
    scores = q.facts.scores
    own_scores = {o.name: o.analysis.score for o in q.others if o.analysis is not None} | {q.name: q.analysis.score}
    digest = q.analysis.provenance.model_digest
    return other_models(
        q.name, own_scores, digest, q.facts.models, lambda model: scores.get(model, {}), MAX_OTHER_MODELS
    )
