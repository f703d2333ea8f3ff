"""One rater's rating of single videos: the video on screen, the next one, and when a rating counts. No widgets."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from PySide6.QtCore import Signal

from skillviewer.data.study import Study
from skillviewer.data.study.judging.pair_queue import PairVideo
from skillviewer.data.study.judging.rating_queue import RatingQueue, rater_in_study, rating_queue
from skillviewer.data.study.practice import video_feedback
from skillviewer.data.study.rating_forms import RatingForm, RatingPlan
from skillviewer.ui.ranking.judging_messages import known_rater_notice, missing_videos_notice
from skillviewer.ui.ranking.rating_session import RatingSession, early_rating_warning, form_command, rating_summary
from skillviewer.ui.ranking.sitting_controller import REST_AFTER_S, SittingController, SittingPhase
from skillviewer.ui.session.open_study import OpenStudy
from skillviewer.ui.session.study_controller import SETTINGS, VIDEOS, VOTES
from skillviewer.ui.threads.messages import error_text


class RatingController(SittingController[RatingQueue, RatingForm]):
    """Leads a rater through single videos; its turns are ``PresentedVideo``, its answers ``RatingForm``."""

    progress_changed = Signal()
    plan_changed = Signal(object)  # ``RatingPlan`` of the study, or None

    practice_over_text = "The real videos begin now: from here on every rating counts."
    not_stored_text = "The rating was not stored. Please rate again."

    session: RatingSession
    plan: RatingPlan | None = None
    _watched_share = 0.0  # of the video that was rated last

    def _new_session(self, rater: str) -> RatingSession:
        return RatingSession(rater)

    def _make_summary(self) -> str:
        return rating_summary(self.session, self._clock.whole_s)

    # what the rater does

    def choose_rubric(self) -> None:
        """Show the page on which the rubric is chosen."""
        if self.phase is SittingPhase.RATER:
            self._set_phase(SittingPhase.RUBRIC)

    def leave_rubric_page(self) -> None:
        """Go back from the page of the rubric, which stays as it is."""
        if self.phase is SittingPhase.RUBRIC and self.plan is not None:
            self._set_phase(SittingPhase.RATER)

    def submit(
        self, answers: Mapping[str, float], remark: str, mark_s: float | None, watched: float, speed: float
    ) -> bool:
        """Rate the video on screen; return whether the rating is accepted.

        A rating is rejected while the last one is being stored, and before the video was seen.

        Args:
            answers: Ratings by item; items that cannot be judged are left out.
            remark: Remark of the rater, or "".
            mark_s: Marked time in seconds from the first frame of the file, or None.
            watched: Share of the video that was seen, 0 to 1.
            speed: Playback speed.
        """
        session = self.session
        if not self.accepts_answers or session.turn is None:
            return False
        if session.turn.practised is not None:
            feedback = video_feedback(session.turn.practised, answers)
            self._set_phase(SittingPhase.FEEDBACK)
            self.feedback.emit(feedback.text)
            return True
        self._watched_share = watched
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
        self._store(form_command(form))
        return True

    def end_rest(self) -> None:
        """End the pause."""
        if self.phase is SittingPhase.REST:
            self._clock.end_rest()
            self._advance()

    # what the screen reports

    def on_unreadable(self, video: PairVideo) -> None:
        """Leave out a video that cannot be shown; it gets no rating."""
        session = self.session
        if not session.rater:
            return
        session.unreadable.add(video.name)
        if session.practice_turns:
            session.practice_turns = [turn for turn in session.practice_turns if turn.video.name != video.name]
        session.upcoming = tuple(turn for turn in session.upcoming if turn.video.name != video.name)
        self.message_changed.emit("A video could not be opened. It was left out without a rating.")
        self._advance()
        self._query_turns()

    # what happens

    def _on_replaced(self) -> None:
        self.plan = None
        super()._on_replaced()

    def _on_study(self, study: OpenStudy) -> None:
        if study.read_only:
            self._set_phase(SittingPhase.READ_ONLY)
        elif not self.session.rater:
            task = self._studies.read(lambda study: study.forms.plan())
            task.then(succeeded=self._on_plan, failed=self._on_plan_failed)

    def _on_plan_failed(self, error: object) -> None:
        self._on_plan(None)
        self.message_changed.emit(error_text(error))

    def _on_plan(self, plan: RatingPlan | None) -> None:
        if self.session.rater or not self._studies.writable:
            return
        has_changed = plan != self.plan
        self.plan = plan
        self.plan_changed.emit(plan)
        if plan is None:
            self._set_phase(SittingPhase.RUBRIC)
        elif has_changed or self.phase not in {SittingPhase.RUBRIC, SittingPhase.RATER}:
            self._set_phase(SittingPhase.RATER)

    def _on_changed(self, changes: frozenset[str]) -> None:
        if self.session.rater and changes & {VOTES, VIDEOS}:
            if VIDEOS in changes:
                self.session.unreadable.clear()  # a missing file may be back
            if self.phase is not SittingPhase.STORING:
                self._query_turns()
        elif not self.session.rater and changes & {SETTINGS, VIDEOS} and self._studies.current_study is not None:
            self._on_study(self._studies.current_study)

    def _query(self) -> Callable[[Study], RatingQueue]:
        rater = self.session.rater
        unreadable = frozenset(self.session.unreadable)
        is_first_query = self.session.practice_turns is None  # the name is as the rater typed it

        def read_queue(study: Study) -> RatingQueue:
            name = rater_in_study(study, rater) if is_first_query else rater
            return rating_queue(study, name, unreadable)

        return read_queue

    def _on_query_failed(self, error: object) -> None:
        self._query_task = None
        self.message_changed.emit(error_text(error))

    def _on_queue(self, queue: RatingQueue) -> None:
        self._query_task = None
        session = self.session
        if not session.rater or self.phase is SittingPhase.STORING:
            return
        notices = [known_rater_notice(session.rater, queue.rater)]
        session.rater = queue.rater
        self.plan = queue.plan
        earlier_forms = session.update(queue)
        if earlier_forms:
            session.add_earlier(earlier_forms, queue)
            for form in earlier_forms:
                self._undo.remember(form_command(form), form)
        n_missing = queue.n_lost - len(session.unreadable)
        if n_missing > session.n_reported_missing:
            n_videos = len(queue.videos) + queue.n_lost
            notices.append(missing_videos_notice(n_missing, n_videos, "They are left out."))
        session.n_reported_missing = n_missing
        if any(notices):
            self.message_changed.emit("  ".join(notice for notice in notices if notice))
        self.progress_changed.emit()
        withdrawn_form = session.return_to_withdrawn()
        if withdrawn_form is not None:
            self._set_phase(SittingPhase.PREPARING)
            self._announce_turn()
            self.answer_withdrawn.emit(withdrawn_form)
            self.message_changed.emit("The last rating was taken back.")
        elif session.turn is None or session.was_redone():
            self._advance()

    def _on_stored(self, form: RatingForm) -> None:
        session = self.session
        if self.phase is not SittingPhase.STORING or form.rater != session.rater:
            return
        session.count_form(form)
        self.answer_stored.emit(form.rater)
        self.message_changed.emit(early_rating_warning(self._watched_share, form, self._undo_key()))
        self.progress_changed.emit()
        self._advance()
        self._query_turns()

    def _advance(self) -> None:
        session = self.session
        session.go_to_next()
        if session.turn is None:
            self.summary = self._make_summary()
            self._set_phase(SittingPhase.DONE)
        elif self._clock.since_rest_s >= REST_AFTER_S:
            session.turn = None
            self._set_phase(SittingPhase.REST)
        else:
            self._set_phase(SittingPhase.PREPARING)
        self._announce_turn()
        self.progress_changed.emit()

    def replace_plan(self, plan: RatingPlan) -> None:
        """Use a rubric that was just stored, before the study announces it."""
        self.plan = replace(plan)
        self.plan_changed.emit(self.plan)
        self._set_phase(SittingPhase.RATER)
