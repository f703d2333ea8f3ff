"""One rater's sitting at single videos: the video on screen, the videos to come, and the forms so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from skillviewer.core.ratings.rubric import Rubric
from skillviewer.core.text import counted, format_duration
from skillviewer.data.study import Study
from skillviewer.data.study.judging.rating_queue import PresentedVideo, RatingQueue
from skillviewer.data.study.rating_forms import RatingForm, self_agreement
from skillviewer.ui.ranking.judging_messages import ENOUGH_SHARE, undo_hint
from skillviewer.ui.ranking.judging_session import MAX_EARLIER_ANSWERS
from skillviewer.ui.session.study_controller import VOTES
from skillviewer.ui.session.undo import Command


def form_command(form: RatingForm) -> Command:
    """Return a command that submits a form; submitting again after undo makes a new form."""
    new_form = replace(form, id=0, key="", rated_at=None, withdrawn_at=None)
    return Command("rating of a video", lambda study: study.forms.submit(new_form), _withdraw_form, (VOTES,))


def _withdraw_form(study: Study, form: RatingForm) -> object:
    return study.forms.withdraw(form.id)


@dataclass(frozen=True, slots=True)
class RatedVideo:
    """A video with the rater's form."""

    turn: PresentedVideo
    form: RatingForm


@dataclass(slots=True)
class RatingSession:
    """One rater's sitting; outside of rating it has no rater and no video."""

    rater: str = ""  # name of the rater, or ""
    rubric: Rubric | None = None
    turn: PresentedVideo | None = None  # the video on screen
    upcoming: tuple[PresentedVideo, ...] = ()  # real videos that are not rated yet, with the one on screen
    practice_turns: list[PresentedVideo] | None = None  # practice to come; None before the first query of the study
    rated_videos: list[RatedVideo] = field(default_factory=list)  # in the order of rating
    own_forms: tuple[RatingForm, ...] = ()  # valid forms of the rater, in the order of rating
    n_turns: int = 0  # videos that the rater is to rate in all
    n_rated_now: int = 0  # videos rated in this sitting
    unreadable: set[str] = field(default_factory=set)  # names of videos that could not be shown
    n_reported_missing: int = 0  # number of missing videos in the last notice about them

    @property
    def n_rated(self) -> int:
        """Number of videos that are rated, in earlier sittings too."""
        return self.n_turns - len(self.upcoming)

    @property
    def is_practice(self) -> bool:
        """True while the video on screen is one for practice."""
        return self.turn is not None and self.turn.practised is not None

    def end_practice_turn(self) -> bool:
        """Drop the practice video on screen; return whether there are others."""
        practice_turns = self.practice_turns or []
        self.practice_turns = practice_turns[1:]
        return bool(self.practice_turns)

    def update(self, queue: RatingQueue) -> tuple[RatingForm, ...]:
        """Take rubric, videos and forms from the study; return the forms of earlier sittings that can be undone.

        Only the first update returns forms, in the order of rating.
        """
        is_first = self.practice_turns is None
        self.rubric = queue.plan.rubric
        self.upcoming = queue.upcoming
        self.n_turns = queue.n_turns
        self.own_forms = queue.own_forms
        if not is_first:
            return ()
        self.practice_turns = [] if queue.own_forms else list(queue.practice)
        earlier_forms = queue.own_forms[-MAX_EARLIER_ANSWERS:]
        return tuple(form for form in earlier_forms if form.video in queue.videos)

    def add_earlier(self, forms: Sequence[RatingForm], queue: RatingQueue) -> None:
        """Take forms of earlier sittings as the rated videos, so that undo brings their videos back."""
        self.rated_videos = [RatedVideo(PresentedVideo(queue.videos[form.video], form.purpose), form) for form in forms]

    def count_form(self, form: RatingForm) -> None:
        """Count a stored form of the video on screen."""
        assert self.turn is not None
        self.rated_videos.append(RatedVideo(self.turn, form))
        self.n_rated_now += 1
        self.own_forms = (*self.own_forms, form)
        rated_key = _turn_key(self.turn)
        self.upcoming = tuple(turn for turn in self.upcoming if _turn_key(turn) != rated_key)

    def go_to_next(self) -> None:
        """Show the next video; practice videos come first."""
        if self.practice_turns:
            self.turn = self.practice_turns[0]
        else:
            self.turn = self.upcoming[0] if self.upcoming else None

    def return_to_withdrawn(self) -> RatingForm | None:
        """Go back to the latest video whose form was withdrawn, and return that form; None if all forms are valid."""
        valid_ids = {form.id for form in self.own_forms}
        rated = next((rated for rated in reversed(self.rated_videos) if rated.form.id not in valid_ids), None)
        if rated is None:
            return None
        self.rated_videos.remove(rated)
        self.n_rated_now = max(self.n_rated_now - 1, 0)
        self.turn = rated.turn
        return rated.form

    def was_redone(self) -> bool:
        """Return True if the real video on screen has a form again, by Redo."""
        if self.turn is None or self.is_practice:
            return False
        return _turn_key(self.turn) not in map(_turn_key, self.upcoming)


def _turn_key(turn: PresentedVideo) -> tuple[str, str]:
    """Return the key of a turn, without the facts of its video, which may change."""
    return turn.video.name, turn.purpose


def rating_summary(session: RatingSession, seconds: float) -> str:
    """Return a summary of a sitting, with the rater's self-agreement if videos were repeated."""
    if not session.rater or not session.n_turns:
        return ""
    videos_text = counted(session.n_rated_now, "video")
    total = f"{session.n_rated} of {session.n_turns} in all"
    text = f"{session.rater} rated {videos_text} in {format_duration(seconds)}, {total}."
    text += " Every rating is stored."
    if session.rubric is not None:
        for agreement in self_agreement(session.own_forms, session.rubric, (session.rater,))[:1]:
            text += f" Of the videos that came twice, {agreement.sentence}"
    return text


def early_rating_warning(watched: float, form: RatingForm, undo_key: str) -> str:
    """Return a sentence about a rating that was given before half of the video was seen, or "".

    Args:
        watched: Share of the video that was on screen, 0 to 1.
        form: The rating; no warning is due without answers.
        undo_key: Text of the key for undo, or "".
    """
    if watched >= ENOUGH_SHARE or not form.answers:
        return ""
    return f"Your last rating came after {100 * watched:.0f} % of the video. {undo_hint(undo_key)}"
