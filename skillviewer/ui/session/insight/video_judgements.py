"""Judgements and reasons of raters about each video of a study, for the Why page."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from skillviewer.core.dataset.pairs import UNNAMED, Judgement, Pair, SimilarPair, Verdict
from skillviewer.core.dataset.rating_set import RatingSet
from skillviewer.core.ranking.rank_videos import RankedVideo, rank_videos
from skillviewer.core.ranking.rater_names import match_key
from skillviewer.core.scipy_import import import_scipy
from skillviewer.data.study import ModelState, ModelVersion, Study, Vote


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
    if vote.verdict is None:
        return False
    return vote.reason != "" or vote.left_mark_s is not None or vote.right_mark_s is not None


@dataclass(frozen=True, slots=True)
class RaterReason:
    """A rater's reason for the judgement on a video."""

    rater: str  # name of the rater, or ``UNNAMED``
    verdict: Verdict  # LEFT: this video was better; RIGHT: the other video; NEITHER: no difference
    other_video: str  # name of the other video
    text: str  # the reason in the rater's words; "" if only a time was marked
    mark_s: float | None = None  # marked time in this video, in seconds from the first frame of its file


@dataclass(frozen=True, slots=True)
class VideoJudgements:
    """The judgements on one video."""

    n_raters: int  # number of raters with a name
    n_unnamed: int  # number of votes without the name of a rater
    ranked_video: RankedVideo  # rank within the task by all judgements
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
        assert vote.verdict is not None  # ``_has_reason``
        verdict = Verdict(vote.verdict)
        left = RaterReason(vote.rater, verdict, other_video=vote.right, text=vote.reason, mark_s=vote.left_mark_s)
        right = RaterReason(
            vote.rater, Verdict(-verdict), other_video=vote.left, text=vote.reason, mark_s=vote.right_mark_s
        )
        for video, reason in ((vote.left, left), (vote.right, right)):
            if reason.text or reason.mark_s is not None:
                reasons.setdefault(video, []).append(reason)
    judgements: dict[str, VideoJudgements] = {}
    ranked_pairs = facts.judgements or stated
    for ranked in rank_videos(ranked_pairs, facts.tasks):
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
