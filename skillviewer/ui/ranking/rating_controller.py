"""One rater's rating of single videos: which video is on screen, which comes next, when a rating counts. No widgets."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from skillviewer.data.study import Study
from skillviewer.data.study.judging.pair_queue import PairVideo
from skillviewer.data.study.judging.rating_queue import RatingQueue, rater_in_study, rating_queue
from skillviewer.data.study.practice import video_feedback
from skillviewer.data.study.rating_forms import RatingForm, RatingPlan
from skillviewer.ui.ranking.judging import GUARD_MS, REST_AFTER_S
from skillviewer.ui.ranking.judging_session import known_under, lost
from skillviewer.ui.ranking.rating_session import RatingSession, form_command, rating_summary, rushed
from skillviewer.ui.ranking.sitting_clock import SittingClock
from skillviewer.ui.session.open_study import OpenStudy
from skillviewer.ui.session.playback import monotonic_clock
from skillviewer.ui.session.studies import SETTINGS, VIDEOS, VOTES, StudyController
from skillviewer.ui.session.undo import UndoStack
from skillviewer.ui.threads.throttle import single_shot

if TYPE_CHECKING:
    from skillviewer.ui.threads.worker_thread import Task


class RatingPhase(StrEnum):
    """State of the rating of single videos."""

    CLOSED = "closed"  # no study
    READ_ONLY = "read only"  # a study that cannot be written
    RUBRIC = "rubric"  # the study has no rubric yet, or it is being chosen
    RATER = "rater"  # the rater's name is asked for
    PREPARING = "preparing"  # the video is being chosen or opened
    RATING = "rating"
    STORING = "storing"  # a rating is being written
    FEEDBACK = "feedback"  # the stated ratings of a practice video are shown
    REST = "rest"  # a pause is suggested
    DONE = "done"  # no video is left


WITH_VIDEO = frozenset({RatingPhase.PREPARING, RatingPhase.RATING, RatingPhase.STORING, RatingPhase.FEEDBACK})
"""Phases in which a video is before a rater."""


class RatingController(QObject):
    """Leads a rater through videos; ``undo_key`` returns the text of the key for undo, or "".

    The next video follows only when the form is on the disk. Undo happens in the study: a form that no longer counts
    brings its video back. Nothing of a practice video is stored.
    """

    phase_changed = Signal(object)
    turn_changed = Signal(object)  # ``PresentedVideo`` to show, or None
    progress_changed = Signal()
    taken_back = Signal(object)  # ``RatingForm`` that was taken back; its video comes on screen again
    feedback = Signal(str)  # the stated ratings of a practice video next to the rater's own
    judged = Signal(str)  # name of the rater: a rating given in this window is on the disk
    message_changed = Signal(str)  # a warning for the rater; "" clears the last one
    plan_changed = Signal(object)  # ``RatingPlan`` of the study, or None

    def __init__(
        self,
        studies: StudyController,
        undo: UndoStack,
        undo_key: Callable[[], str] = str,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._studies = studies
        self._undo = undo
        self._undo_key = undo_key
        self.phase = RatingPhase.CLOSED
        self.session = RatingSession()
        self.plan: RatingPlan | None = None
        self.summary = ""  # summary of the last sitting, or ""
        self._watched = 0.0  # share of the video that was rated last
        self._asked: Task | None = None
        self._clock = SittingClock(monotonic_clock())
        self._guard = single_shot(self, GUARD_MS)
        studies.opened.connect(self._on_study)
        studies.replaced.connect(self._on_replaced)
        studies.changed.connect(self._on_changed)
        if studies.current is not None:
            self._on_study(studies.current)

    @property
    def sitting_s(self) -> float:
        """Time since the sitting began or the last pause ended, in seconds."""
        return self._clock.since_rest_s

    # what the rater does

    def enter(self, rater: str) -> None:
        """Begin as a rater: a known one whose name differs in its spelling only, else a new one."""
        rater = rater.strip()
        if not rater or not self._studies.writable:
            return
        self._forget()
        self.summary = ""
        self.session = RatingSession(rater)
        self._clock.begin()
        self._set_phase(RatingPhase.PREPARING)
        self._ask()

    def leave(self, *_: object) -> None:
        """Finish for now, and ask for the next rater."""
        self.summary = rating_summary(self.session, self._clock.whole_s)
        self._forget()
        if self._studies.current is not None:
            self._set_phase(RatingPhase.RATER)
            self._on_study(self._studies.current)

    def choose_rubric(self) -> None:
        """Show the page on which the rubric is chosen."""
        if self.phase is RatingPhase.RATER:
            self._set_phase(RatingPhase.RUBRIC)

    def keep_rubric(self) -> None:
        """Go back from the page of the rubric."""
        if self.phase is RatingPhase.RUBRIC and self.plan is not None:
            self._set_phase(RatingPhase.RATER)

    def submit(
        self, answers: Mapping[str, float], remark: str, mark_s: float | None, watched: float, speed: float
    ) -> bool:
        """Rate the video on screen; False while the last rating is stored or the video was not seen yet.

        Args:
            answers: Ratings by item; items that cannot be judged are left out.
            remark: Remark of the rater, or "".
            mark_s: Marked time in seconds from the first frame of the file, or None.
            watched: Share of the video that was seen, 0 to 1.
            speed: Playback speed.
        """
        session = self.session
        if self.phase is not RatingPhase.RATING or self._guard.isActive() or session.turn is None:
            return False
        if session.turn.practised is not None:
            self._set_phase(RatingPhase.FEEDBACK)
            self.feedback.emit(video_feedback(session.turn.practised, answers).text)
            return True
        self._watched = watched
        form = RatingForm(
            video=session.turn.video.name,
            rater=session.rater,
            answers=dict(answers),
            purpose=session.turn.purpose,
            taken_s=round(self._clock.turn_s, 3),
            watched=round(watched, 4),
            speed=speed,
            remark=remark,
            mark_s=mark_s,
        )
        self._set_phase(RatingPhase.STORING)
        self._undo.perform(form_command(form)).then(succeeded=self._on_stored, failed=self._on_not_stored)
        return True

    def proceed(self) -> None:
        """Go on after the feedback on a practice video."""
        session = self.session
        if self.phase is RatingPhase.FEEDBACK and session.practice:
            session.practice.pop(0)
            self._advance()
            self.message_changed.emit(
                "" if session.practice else "The real videos begin now: from here on every rating counts."
            )

    def go_on(self) -> None:
        """End the pause."""
        if self.phase is RatingPhase.REST:
            self._clock.end_rest()
            self._advance()

    # what the screen reports

    def on_seen(self) -> None:
        """Start the time of the video: its picture is on screen. Ratings count after the guard time."""
        if self.phase is RatingPhase.PREPARING and self.session.turn is not None:
            self._clock.start_turn()
            self._guard.start()
            self._set_phase(RatingPhase.RATING)

    def on_hidden(self) -> None:
        self._clock.on_hidden()

    def on_shown(self) -> None:
        self._clock.on_shown(in_turn=self.phase is RatingPhase.RATING, running=self.phase in WITH_VIDEO)

    def on_unreadable(self, video: PairVideo) -> None:
        """Leave out a video that cannot be shown; it gets no rating."""
        session = self.session
        if not session.rater:
            return
        session.unreadable.add(video.name)
        if session.practice:
            session.practice = [turn for turn in session.practice if turn.video.name != video.name]
        session.upcoming = tuple(turn for turn in session.upcoming if turn.video.name != video.name)
        self.message_changed.emit("A video could not be opened. It was left out without a rating.")
        self._advance()
        self._ask()

    # what happens

    def _set_phase(self, phase: RatingPhase) -> None:
        if phase is not self.phase:
            self.phase = phase
            self._clock.set_running(phase in WITH_VIDEO)
            self.phase_changed.emit(phase)

    def _forget(self) -> None:
        self._undo.drop(VOTES)  # one rater must not undo another's ratings
        if self._asked is not None:
            self._asked.cancel()
        self._asked = None
        self.session = RatingSession()
        self._clock.end()
        self.turn_changed.emit(None)
        self.message_changed.emit("")

    def _on_replaced(self) -> None:
        self._forget()
        self.summary = ""
        self.plan = None
        self._set_phase(RatingPhase.CLOSED)

    def _on_study(self, study: OpenStudy) -> None:
        if study.read_only:
            self._set_phase(RatingPhase.READ_ONLY)
        elif not self.session.rater:
            self._studies.read(lambda study: study.forms.plan()).then(succeeded=self._on_plan, failed=self._on_no_plan)

    def _on_no_plan(self, error: object) -> None:
        self._on_plan(None)
        self.message_changed.emit(str(error))

    def _on_plan(self, plan: RatingPlan | None) -> None:
        if self.session.rater or not self._studies.writable:
            return
        changed = plan != self.plan
        self.plan = plan
        self.plan_changed.emit(plan)
        if plan is None:
            self._set_phase(RatingPhase.RUBRIC)
        elif changed or self.phase not in {RatingPhase.RUBRIC, RatingPhase.RATER}:
            self._set_phase(RatingPhase.RATER)

    def _on_changed(self, changes: frozenset[str]) -> None:
        if self.session.rater and changes & {VOTES, VIDEOS}:
            if VIDEOS in changes:
                self.session.unreadable.clear()  # a missing file may be back
            if self.phase is not RatingPhase.STORING:
                self._ask()
        elif not self.session.rater and changes & {SETTINGS, VIDEOS} and self._studies.current is not None:
            self._on_study(self._studies.current)

    def _ask(self) -> None:
        session = self.session
        if not session.rater:
            return
        if self._asked is not None:
            self._asked.cancel()
        rater = session.rater
        unreadable = frozenset(session.unreadable)
        typed = session.practice is None

        def work(study: Study) -> RatingQueue:
            return rating_queue(study, rater_in_study(study, rater) if typed else rater, unreadable)

        self._asked = self._studies.read(work)
        self._asked.then(succeeded=self._on_queue, failed=self._on_no_queue)

    def _on_no_queue(self, error: object) -> None:
        self._asked = None
        self.message_changed.emit(str(error))

    def _on_queue(self, queue: RatingQueue) -> None:
        self._asked = None
        session = self.session
        if not session.rater or self.phase is RatingPhase.STORING:
            return
        parts = [known_under(session.rater, queue.rater)]
        session.rater = queue.rater
        self.plan = queue.plan
        earlier = session.learn(queue)
        if earlier:
            session.recall(earlier, queue)
            for form in earlier:
                self._undo.remember(form_command(form), form)
        n_lost = queue.n_lost - len(session.unreadable)
        if n_lost > session.n_reported_lost:
            parts.append(lost(n_lost, len(queue.videos) + queue.n_lost).replace("Pairs with them", "They"))
        session.n_reported_lost = n_lost
        if any(parts):
            self.message_changed.emit("  ".join(part for part in parts if part))
        self.progress_changed.emit()
        if (withdrawn := session.taken_back()) is not None:
            self._show()
            self.taken_back.emit(withdrawn)
            self.message_changed.emit("The last rating was taken back.")
        elif session.turn is None or session.rated_elsewhere():
            self._advance()

    def _show(self) -> None:
        self._clock.prepare_turn()
        self._set_phase(RatingPhase.PREPARING)
        self.turn_changed.emit(self.session.turn)

    def _on_stored(self, form: RatingForm) -> None:
        session = self.session
        if self.phase is not RatingPhase.STORING or form.rater != session.rater:
            return
        session.count(form)
        self.judged.emit(form.rater)
        self.message_changed.emit(rushed(self._watched, form, self._undo_key()))
        self.progress_changed.emit()
        self._advance()
        self._ask()

    def _on_not_stored(self, _error: object) -> None:
        """Let the rater rate again. The message bar says why it failed."""
        if self.phase is RatingPhase.STORING:
            self._set_phase(RatingPhase.RATING)
            self.message_changed.emit("The rating was not stored. Please rate again.")

    def _advance(self) -> None:
        """Go to the next video, or to the page that replaces it."""
        session = self.session
        session.next()
        if session.turn is None:
            self.summary = rating_summary(session, self._clock.whole_s)
            self._set_phase(RatingPhase.DONE)
            self.turn_changed.emit(None)
        elif self._clock.since_rest_s >= REST_AFTER_S:
            session.turn = None
            self._set_phase(RatingPhase.REST)
            self.turn_changed.emit(None)
        else:
            self._show()
        self.progress_changed.emit()

    def replace_plan(self, plan: RatingPlan) -> None:
        """Use a rubric that was just stored, before the study announces it."""
        self.plan = replace(plan)
        self.plan_changed.emit(self.plan)
        self._set_phase(RatingPhase.RATER)
