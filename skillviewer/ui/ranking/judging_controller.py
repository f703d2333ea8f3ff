"""One rater's judging: which pair is on screen, which comes next, and when a vote counts. No widgets."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Signal

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import SettingsError
from skillviewer.core.ranking.rater_names import match_rater_name
from skillviewer.data.study import Study, Vote
from skillviewer.data.study.judging.pair_queue import PairVideo, PresentedPair, RaterQueue, rater_queue, raters_of_votes
from skillviewer.data.study.practice import pair_feedback
from skillviewer.ui.ranking.judging_messages import (
    early_vote_warning,
    judging_summary,
    known_rater_notice,
    missing_videos_notice,
    side_bias_warning,
)
from skillviewer.ui.ranking.judging_session import JudgingSession, vote_command
from skillviewer.ui.ranking.sitting_controller import REST_AFTER_S, SittingController, SittingPhase
from skillviewer.ui.session.open_study import OpenStudy
from skillviewer.ui.session.study_controller import SETTINGS, VIDEOS, VOTES

Shares = tuple[float, float]  # shares of the left and of the right video, 0 to 1
REST_AFTER_PAIRS = 50
VOTES_BETWEEN_SIDE_WARNINGS = 10  # least number of votes between two warnings about a favoured side


def _count_videos(study: Study) -> int:
    return len(study.videos.all())


class JudgingController(SittingController[RaterQueue, Vote]):
    """Leads a rater through pairs; its turns are ``PresentedPair``, its answers ``Vote``.

    The next pair is chosen while the present one is judged, so that the view can open it in advance.
    """

    next_pair_changed = Signal(object)  # ``PresentedPair`` to open in advance, or None
    progress_changed = Signal(object)
    pair_videos_changed = Signal(object)
    """``tuple[PairVideo, ...]``: the videos that can be shown; their sync points may have changed."""

    practice_over_text = "The real pairs begin now: from here on every vote counts."
    not_stored_text = "The vote was not stored. Please vote again."

    session: JudgingSession
    _seen_shares: Shares = (0.0, 0.0)  # of the pair that was voted on
    _requested_shares: Shares = (0.0, 0.0)

    def _new_session(self, rater: str) -> JudgingSession:
        return JudgingSession(rater)

    def _make_summary(self) -> str:
        return judging_summary(self.session, self._clock.whole_s)

    # what the rater does

    def vote(self, vote: Vote, turn: PresentedPair, shares: Shares, requested: Shares) -> bool:
        """Vote on the pair on screen, or skip it; return whether the vote is accepted.

        A vote is rejected while the last one is being stored, and before the pair was seen.

        Args:
            vote: The vote, without the time for which the pair was looked at.
            turn: The pair with its sides as on screen.
            shares: Shares of the two videos that were on screen.
            requested: Shares that were requested for the screen, with frames that arrived too late to be shown.
        """
        session = self.session
        study = self._studies.current_study
        if not self.accepts_answers or session.turn is None or study is None:
            return False
        if vote.verdict is Verdict.NEITHER and not study.settings.allow_neither:
            return False
        if turn not in {session.turn, session.turn.swapped()}:
            return False
        if session.practice_pair is not None:
            feedback = pair_feedback(session.practice_pair, turn.left.name, vote.verdict, ("left", "right"))
            self._set_phase(SittingPhase.FEEDBACK)
            self.feedback.emit(feedback.text)
            return True
        session.turn = turn
        self._seen_shares = shares
        self._requested_shares = requested
        taken_s = round(self._clock.turn_s, 3)
        self._store(vote_command(replace(vote, taken_s=taken_s)))
        return True

    def end_rest(self) -> None:
        """End the pause, or judge beyond the target."""
        session = self.session
        if self.phase in {SittingPhase.REST, SittingPhase.DONE}:
            if self.phase is SittingPhase.DONE:
                session.continues_past_target = True
            session.n_since_rest = 0
            self._clock.end_rest()
            self._advance()

    # what the screen reports

    def on_unreadable(self, video: PairVideo) -> None:
        """Leave out a video that cannot be shown; its pair gets no vote."""
        session = self.session
        if not session.rater:
            return
        session.unreadable.add(video.name)
        last_next_pair = session.next_pair
        session.upcoming_pairs = [pair for pair in session.upcoming_pairs if video.name not in pair.names]
        session.practice_turns = [
            practice_turn for practice_turn in session.practice_turns if video.name not in practice_turn.turn.names
        ]
        self.message_changed.emit("One of the two videos could not be opened. The pair was left out without a vote.")
        if session.turn is not None and video.name in session.turn.names:
            self._advance()
        else:
            if session.next_pair != last_next_pair:
                self.next_pair_changed.emit(session.next_pair)
            self._query_turns()

    # what happens

    def _announce_turn(self) -> None:
        super()._announce_turn()
        self.next_pair_changed.emit(self.session.next_pair)

    def _on_study(self, study: OpenStudy) -> None:
        if study.read_only:
            self._set_phase(SittingPhase.READ_ONLY)
        elif not self.session.rater:
            self._studies.read(_count_videos).succeeded.connect(self._on_videos_counted)

    def _on_videos_counted(self, n_videos: int) -> None:
        if not self.session.rater and self._studies.writable:
            phase = SittingPhase.RATER if n_videos > 1 else SittingPhase.TOO_FEW
            self._set_phase(phase)

    def _on_changed(self, changes: frozenset[str]) -> None:
        if self.session.rater and changes & {VOTES, VIDEOS, SETTINGS}:
            if VIDEOS in changes:
                self.session.unreadable.clear()  # a missing file may be back
            if self.phase is not SittingPhase.STORING:  # _advance queries the turns
                self._query_turns()
        elif VIDEOS in changes and self._studies.current_study is not None:
            self._on_study(self._studies.current_study)

    def _query(self) -> Callable[[Study], RaterQueue]:
        session = self.session
        rater = session.rater
        unreadable = frozenset(session.unreadable)
        pair_on_screen = session.turn if session.practice_pair is None else None
        is_first_query = session.newest_vote_id is None  # the name is as the rater typed it

        def read_queue(study: Study) -> RaterQueue:
            name = match_rater_name(rater, raters_of_votes(study)) if is_first_query else rater
            return rater_queue(study, name, pair_on_screen, unreadable)

        return read_queue

    def _on_query_failed(self, error: object) -> None:
        self._query_task = None
        message = "The next pair could not be chosen. Finish for now, then begin again."
        if isinstance(error, SettingsError):
            message = str(error)
        self.message_changed.emit(message)

    def _on_queue(self, queue: RaterQueue) -> None:
        self._query_task = None
        session = self.session
        if not session.rater:
            return
        notices = [known_rater_notice(session.rater, queue.rater)]
        session.rater = queue.rater
        if session.newest_vote_id is None and not queue.own_votes:
            session.practice_turns = list(queue.practice)
        for earlier_vote in session.update(queue.own_votes, queue.progress, queue.contenders):
            self._undo.remember(vote_command(earlier_vote), earlier_vote)
        self.progress_changed.emit(queue.progress)
        self.pair_videos_changed.emit(queue.contenders)
        notices.append(self._missing_videos_notice(queue))
        if any(notices):
            self.message_changed.emit("  ".join(notice for notice in notices if notice))
        if self.phase is not SittingPhase.STORING:  # _advance queries again
            self._apply_queue(queue)

    def _missing_videos_notice(self, queue: RaterQueue) -> str:
        """Return a notice if more videos are missing than were reported, or ""."""
        session = self.session
        n_missing = queue.n_lost - len(session.unreadable)
        has_more = n_missing > session.n_reported_missing
        session.n_reported_missing = n_missing
        if not has_more:
            return ""
        n_videos = len(queue.contenders) + queue.n_lost
        return missing_videos_notice(n_missing, n_videos, "Pairs with them are left out.")

    def _apply_queue(self, queue: RaterQueue) -> None:
        """Follow undo, redo and removed videos; else take the pairs to come."""
        session = self.session
        withdrawn_vote = session.return_to_withdrawn()
        if withdrawn_vote is not None:
            self._set_phase(SittingPhase.PREPARING)
            self._announce_turn()
            self.answer_withdrawn.emit(withdrawn_vote)
            self.message_changed.emit("The last vote was taken back.")
            self._query_turns()
            return
        redone_vote = session.find_redone_vote()
        if redone_vote is not None:
            session.count_vote(redone_vote)
            session.progress = queue.progress
            self.message_changed.emit("")  # the vote is valid again
            self._advance()
        elif session.drop_unavailable([video.name for video in queue.contenders]):
            self._advance()
        else:
            self._take_upcoming(queue)

    def _take_upcoming(self, queue: RaterQueue) -> None:
        session = self.session
        session.set_upcoming(queue.upcoming_pairs)
        if session.turn is not None or self.phase not in {SittingPhase.PREPARING, SittingPhase.TOO_FEW}:
            self.next_pair_changed.emit(session.next_pair)
        elif session.next_pair is None and not session.practice_turns:
            has_too_few = len(queue.contenders) < 2
            phase = SittingPhase.TOO_FEW if has_too_few else SittingPhase.DONE
            self._set_phase(phase)
        else:
            session.go_to_next()
            self._set_phase(SittingPhase.PREPARING)
            self._announce_turn()

    def _on_stored(self, vote: Vote) -> None:
        session = self.session
        if self.phase is not SittingPhase.STORING or vote.rater != session.rater:
            return
        session.count_vote(vote)
        if vote.verdict is not None:
            self.answer_stored.emit(vote.rater)
        self.progress_changed.emit(session.progress)
        warnings = []
        if vote.verdict is not None:
            left, right = self._seen_shares
            warnings.append(early_vote_warning(left, right, self._undo_key(), self._requested_shares))
        warnings.append(self._side_bias_warning())
        self.message_changed.emit("  ".join(warning for warning in warnings if warning))
        self._advance()

    def _side_bias_warning(self) -> str:
        """Return a warning about a favoured side; "" if no side is favoured, or if the last warning is recent."""
        session = self.session
        if len(session.own_votes) - session.n_votes_at_side_warning < VOTES_BETWEEN_SIDE_WARNINGS:
            return ""
        warning = side_bias_warning(session.own_votes)
        if warning:
            session.n_votes_at_side_warning = len(session.own_votes)
        return warning

    def _needs_rest(self) -> bool:
        return self.session.n_since_rest >= REST_AFTER_PAIRS or self._clock.since_rest_s >= REST_AFTER_S

    def _advance(self) -> None:
        session = self.session
        if session.is_done or self._needs_rest():
            session.turn = None
            phase = SittingPhase.DONE if session.is_done else SittingPhase.REST
            self._set_phase(phase)
        else:
            session.go_to_next()
            self._set_phase(SittingPhase.PREPARING)
        self._announce_turn()
        self._query_turns()
