"""One rater's sitting at single videos: what is on screen, what comes next, and what was rated."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from skillviewer.core.ratings.rubric import Rubric
from skillviewer.core.text import counted, format_duration
from skillviewer.data.study import Study
from skillviewer.data.study.judging.rating_queue import PresentedVideo, RatingQueue
from skillviewer.data.study.rating_forms import RatingForm, rated_twice
from skillviewer.ui.ranking.judging_session import REMEMBERED
from skillviewer.ui.session.study_controller import VOTES
from skillviewer.ui.session.undo import Command


def form_command(form: RatingForm) -> Command:
    """Return a command that submits a form; submitting again after undo makes a new form."""
    new_form = replace(form, id=0, key="", rated_at=None, withdrawn_at=None)
    return Command("rating of a video", lambda study: study.forms.submit(new_form), _withdraw, (VOTES,))


def _withdraw(study: Study, form: RatingForm) -> object:
    return study.forms.withdraw(form.id)


@dataclass(slots=True)
class RatingSession:
    """One rater's sitting; outside of rating it has no rater and no video."""

    rater: str = ""  # name of the rater, or ""
    rubric: Rubric | None = None
    turn: PresentedVideo | None = None  # the video on screen
    upcoming: tuple[PresentedVideo, ...] = ()  # real videos that are not rated yet, the one on screen too
    practice: list[PresentedVideo] | None = None  # practice videos to come; None before the study was asked
    answered: list[tuple[PresentedVideo, RatingForm]] = field(default_factory=list)  # in the order of rating
    own_forms: tuple[RatingForm, ...] = ()  # valid forms of the rater, in the order of rating
    n_turns: int = 0
    n_now: int = 0  # videos rated in this sitting
    unreadable: set[str] = field(default_factory=set)  # names of videos that could not be shown
    n_reported_lost: int = 0

    @property
    def n_rated(self) -> int:
        """Number of turns that are done."""
        return self.n_turns - len(self.upcoming)

    @property
    def is_practice(self) -> bool:
        """True while the video on screen is one for practice."""
        return self.turn is not None and self.turn.practised is not None

    def end_practice_turn(self) -> bool:
        """Drop the practice video on screen; return whether there are others."""
        self.practice = (self.practice or [])[1:]
        return bool(self.practice)

    def learn(self, queue: RatingQueue) -> tuple[RatingForm, ...]:
        """Take the study's present state; return the last forms of earlier sittings, in order, at the first time."""
        first = self.practice is None
        self.rubric = queue.plan.rubric
        self.upcoming = queue.upcoming
        self.n_turns = queue.n_turns
        self.own_forms = queue.own_forms
        if not first:
            return ()
        self.practice = [] if queue.own_forms else list(queue.practice)
        earlier = queue.own_forms[-REMEMBERED:]
        return tuple(form for form in earlier if form.video in queue.videos)

    def recall(self, forms: Sequence[RatingForm], queue: RatingQueue) -> None:
        """Make forms of earlier sittings ones that undo brings back."""
        self.answered = [(PresentedVideo(queue.videos[form.video], form.purpose), form) for form in forms]

    def count(self, form: RatingForm) -> None:
        """Count a stored form of the video on screen."""
        assert self.turn is not None
        self.answered.append((self.turn, form))
        self.n_now += 1
        self.own_forms = (*self.own_forms, form)
        self.upcoming = tuple(turn for turn in self.upcoming if _key(turn) != _key(self.turn))

    def next(self) -> None:
        """Go to the next video: for practice first."""
        if self.practice:
            self.turn = self.practice[0]
        else:
            self.turn = self.upcoming[0] if self.upcoming else None

    def taken_back(self) -> RatingForm | None:
        """Go back to the latest video whose form no longer counts, and return that form; None if all count."""
        valid = {form.id for form in self.own_forms}
        withdrawn = next((entry for entry in reversed(self.answered) if entry[1].id not in valid), None)
        if withdrawn is None:
            return None
        self.answered.remove(withdrawn)
        self.n_now = max(self.n_now - 1, 0)
        self.turn = withdrawn[0]
        return withdrawn[1]

    def rated_elsewhere(self) -> bool:
        """Return True if the real video on screen is no longer to be rated: its form was redone."""
        if self.turn is None or self.is_practice:
            return False
        return _key(self.turn) not in map(_key, self.upcoming)


def _key(turn: PresentedVideo) -> tuple[str, str]:
    """Return the key of a turn, without the facts of its video, which may change."""
    return turn.video.name, turn.purpose


def rating_summary(session: RatingSession, seconds: float) -> str:
    """Return a summary of a sitting, with the rater's agreement with themselves where videos came twice."""
    if not session.rater or not session.n_turns:
        return ""
    videos_text = counted(session.n_now, "video")
    total = f"{session.n_rated} of {session.n_turns} in all"
    text = f"{session.rater} rated {videos_text} in {format_duration(seconds)}, {total}."
    text += " Every rating is stored."
    if session.rubric is not None:
        for agreement in rated_twice(session.own_forms, session.rubric, (session.rater,))[:1]:
            text += f" Of the videos that came twice, {agreement.sentence}"
    return text


def rushed(watched: float, form: RatingForm, undo_key: str) -> str:
    """Return a sentence about a rating given before half of the video was seen, or ""."""
    if watched >= 0.5 or not form.answers:
        return ""
    undo = f"{undo_key} takes it back." if undo_key else "Edit › Undo takes it back."
    return f"Your last rating came after {100 * watched:.0f} % of the video. {undo}"
