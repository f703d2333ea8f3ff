"""Videos that a rater rates next, and the progress; plain code over an open study."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from skillviewer.core.errors import StudyError
from skillviewer.core.ranking.rater_names import match_rater_name
from skillviewer.core.ratings.rating_order import FormPurpose, RatingTurn, rating_order
from skillviewer.data.study.judging.pair_queue import PairVideo, contender, is_usable, offered
from skillviewer.data.study.practice import PracticeVideo
from skillviewer.data.study.rating_forms import RatingForm, RatingPlan
from skillviewer.data.study.study import Study


@dataclass(frozen=True, slots=True)
class PresentedVideo:
    """A video as it is put to one rater."""

    video: PairVideo
    purpose: FormPurpose = FormPurpose.FIRST
    practised: PracticeVideo | None = None  # the stated ratings of a practice video, or None for a real one


@dataclass(frozen=True, slots=True)
class RatingQueue:
    """State of the ratings of a study for one rater."""

    rater: str  # name of the rater
    plan: RatingPlan
    upcoming: tuple[PresentedVideo, ...]  # videos to rate, the next one first
    practice: tuple[PresentedVideo, ...]  # practice videos that can be shown
    own_forms: tuple[RatingForm, ...]  # valid forms of the rater, in the order of rating
    n_turns: int  # number of turns of the rater, with repeats
    n_lost: int  # number of videos whose file is missing, replaced or not readable
    videos: Mapping[str, PairVideo]  # videos that can be shown, by name

    @property
    def n_rated(self) -> int:
        """Number of turns that are done."""
        return self.n_turns - len(self.upcoming)


def offered_raters(study: Study) -> tuple[str, ...]:
    """Return the raters to choose from: those of votes, then those who rated videos."""
    return tuple(dict.fromkeys((*offered(study), *study.forms.raters())))


def rater_in_study(study: Study, typed: str) -> str:
    """Return the name under which the study knows a rater, of votes, forms or tables; a new one as typed."""
    return match_rater_name(typed, (*offered_raters(study), *study.ratings.all().raters))


def rating_queue(study: Study, rater: str, unreadable: Collection[str] = ()) -> RatingQueue:
    """Return the state of the ratings for one rater, without videos that could not be shown.

    Raises:
        StudyError: The study has no rubric, or cannot be read.
    """
    plan = study.forms.plan()
    if plan is None:
        raise StudyError("The study has no rubric to rate by: choose one first.")
    practice = study.practice
    videos = study.videos.all()
    rated_videos = [video for video in videos if video.name not in practice.names]
    usable = {
        video.name: contender(video) for video in rated_videos if is_usable(video) and video.name not in unreadable
    }
    practice_videos = {
        video.name: contender(video) for video in videos if video.name in practice.names and is_usable(video)
    }
    own_forms = tuple(form for form in study.forms.all() if form.is_valid and form.rater == rater)
    turns_done = {RatingTurn(form.video, form.purpose) for form in own_forms}
    order = rating_order([video.name for video in rated_videos], rater, plan.seed, plan.repeat_share)
    turns = [turn for turn in order if turn.video in usable or turn in turns_done]
    upcoming = [PresentedVideo(usable[turn.video], turn.purpose) for turn in turns if turn not in turns_done]
    return RatingQueue(
        rater=rater,
        plan=plan,
        upcoming=tuple(upcoming),
        practice=tuple(
            PresentedVideo(practice_videos[practice_video.video], practised=practice_video)
            for practice_video in practice.videos
            if practice_video.video in practice_videos
        ),
        own_forms=own_forms,
        n_turns=len(turns),
        n_lost=len(rated_videos) - len(usable),
        videos=usable,
    )
