"""Videos that a rater is asked to rate next, and the progress of the rater."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from skillviewer.core.errors import StudyError
from skillviewer.core.ranking.rater_names import match_rater_name
from skillviewer.core.ratings.rating_order import FormPurpose, RatingTurn, rating_order
from skillviewer.data.study.judging.pair_queue import (
    PairVideo,
    is_usable,
    practice_videos,
    raters_of_votes,
    to_pair_video,
)
from skillviewer.data.study.practice import PracticeVideo
from skillviewer.data.study.rating_forms import RatingForm, RatingPlan
from skillviewer.data.study.study import Study


@dataclass(frozen=True, slots=True)
class PresentedVideo:
    """A video as it is shown to one rater."""

    video: PairVideo
    purpose: FormPurpose = FormPurpose.FIRST
    practised: PracticeVideo | None = None  # the stated ratings of a practice video, or None for any other video


@dataclass(frozen=True, slots=True)
class RatingQueue:
    """Videos, rating forms and progress of one rater."""

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
        """Number of turns that the rater has rated."""
        return self.n_turns - len(self.upcoming)


def raters_of_votes_and_forms(study: Study) -> tuple[str, ...]:
    """Return the raters to choose from: first those of votes, then those of rating forms."""
    return tuple(dict.fromkeys((*raters_of_votes(study), *study.forms.raters())))


def rater_in_study(study: Study, typed: str) -> str:
    """Return the name under which votes, forms or tables of the study have a rater; a new name as it was typed."""
    return match_rater_name(typed, (*raters_of_votes_and_forms(study), *study.ratings.all().raters))


def rating_queue(study: Study, rater: str, unreadable: Collection[str] = ()) -> RatingQueue:
    """Return the queue of one rater, without ``unreadable`` videos.

    Raises:
        StudyError: The study has no rubric, or cannot be read.
    """
    plan = study.forms.plan()
    if plan is None:
        raise StudyError("The study has no rubric to rate by: choose one first.")
    practice = study.practice
    asked_videos = [video for video in study.videos.all() if video.name not in practice.names]
    usable_names = {
        video.name: to_pair_video(video) for video in asked_videos if is_usable(video) and video.name not in unreadable
    }
    usable_practice_videos = practice_videos(study)
    presented_practice = tuple(
        PresentedVideo(usable_practice_videos[practice_video.video], practised=practice_video)
        for practice_video in practice.videos
        if practice_video.video in usable_practice_videos
    )
    own_forms = tuple(form for form in study.forms.all() if form.is_valid and form.rater == rater)
    rated_turns = {RatingTurn(form.video, form.purpose) for form in own_forms}
    order = rating_order([video.name for video in asked_videos], rater, plan.seed, plan.repeat_share)
    turns = [turn for turn in order if turn.video in usable_names or turn in rated_turns]
    upcoming = [PresentedVideo(usable_names[turn.video], turn.purpose) for turn in turns if turn not in rated_turns]
    return RatingQueue(
        rater=rater,
        plan=plan,
        upcoming=tuple(upcoming),
        practice=presented_practice,
        own_forms=own_forms,
        n_turns=len(turns),
        n_lost=len(asked_videos) - len(usable_names),
        videos=usable_names,
    )
