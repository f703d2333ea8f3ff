"""One rater's judging: which pair is on screen, which comes next, and when a vote counts. No widgets."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Signal

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import SettingsError
from skillviewer.core.ranking.rater_names import match_rater_name
from skillviewer.data.study import Study, Vote
from skillviewer.data.study.judging.pair_queue import PairVideo, PresentedPair, RaterQueue, offered, rater_queue
from skillviewer.data.study.practice import pair_feedback
from skillviewer.ui.ranking.judging_session import (
    JudgingSession,
    hardly_seen,
    judging_summary,
    known_under,
    lost,
    side_favoured,
    vote_command,
)
from skillviewer.ui.ranking.sitting_controller import REST_AFTER_S, SittingController, SittingPhase
from skillviewer.ui.session.open_study import OpenStudy
from skillviewer.ui.session.study_controller import SETTINGS, VIDEOS, VOTES

Shares = tuple[float, float]  # shares of the left and of the right video, 0 to 1
REST_AFTER_PAIRS = 50
SIDE_AGAIN = 10  # votes between two warnings on a favoured side


class JudgingController(SittingController[RaterQueue, Vote]):
    """Leads a rater through pairs; its turns are ``PresentedPair``, its answers ``Vote``.

    The next pair is chosen while the present one is judged, so that it can be opened ahead.
    """

    ahead_changed = Signal(object)  # ``PresentedPair`` to open ahead, or None
    progress_changed = Signal(object)
    contenders_changed = Signal(object)
    """``tuple[Contender, ...]``: the videos that can be shown; their sync points may have changed."""

    practice_over_text = "The real pairs begin now: from here on every vote counts."
    not_stored_text = "The vote was not stored. Please vote again."

    session: JudgingSession
    _seen: tuple[Shares, Shares] = ((0.0, 0.0), (0.0, 0.0))  # of the pair that was voted on: seen, played

    def _new_session(self, rater: str) -> JudgingSession:
        return JudgingSession(rater)

    def _summary(self) -> str:
        return judging_summary(self.session, self._clock.whole_s)

    # what the rater does

    def vote(self, vote: Vote, turn: PresentedPair, shares: Shares, played: Shares) -> bool:
        """Vote on the pair on screen, or skip it; False while the last vote is stored or the pair was not seen yet.

        ``turn`` has the sides as they are on screen, and ``vote`` lacks the time that the pair was looked at.
        ``shares`` were seen of the left and of the right video, 0 to 1; ``played`` were to be seen, had every picture
        come in time.
        """
        session = self.session
        study = self._studies.current
        if not self.accepting or session.turn is None or study is None:
            return False
        if vote.verdict is Verdict.NEITHER and not study.settings.allow_neither:
            return False
        if turn not in {session.turn, session.turn.swapped()}:
            return False
        if session.practised is not None:
            self._set_phase(SittingPhase.FEEDBACK)
            self.feedback.emit(pair_feedback(session.practised, turn.left.name, vote.verdict, ("left", "right")).text)
            return True
        session.turn = turn
        self._seen = (shares, played)
        vote = replace(vote, taken_s=round(self._clock.turn_s, 3))
        self._store(vote_command(vote))
        return True

    def go_on(self) -> None:
        """End the pause, or judge beyond the aim."""
        session = self.session
        if self.phase in {SittingPhase.REST, SittingPhase.DONE}:
            session.goes_on = session.goes_on or self.phase is SittingPhase.DONE
            session.since_rest = 0
            self._clock.end_rest()
            self._advance()

    # what the screen reports

    def on_unreadable(self, contender: PairVideo) -> None:
        """Leave out a video that cannot be shown; its pair gets no vote."""
        session = self.session
        if not session.rater:
            return
        session.unreadable.add(contender.name)
        ahead = session.ahead
        session.coming = [turn for turn in session.coming if contender.name not in turn.names]
        session.practice = [
            practice_pair for practice_pair in session.practice if contender.name not in practice_pair.turn.names
        ]
        self.message_changed.emit("One of the two videos could not be opened. The pair was left out without a vote.")
        if session.turn is not None and contender.name in session.turn.names:
            self._advance()
        else:
            if session.ahead != ahead:
                self.ahead_changed.emit(session.ahead)
            self._ask()

    # what happens

    def _show(self) -> None:
        super()._show()
        self.ahead_changed.emit(self.session.ahead)

    def _on_study(self, study: OpenStudy) -> None:
        if study.read_only:
            self._set_phase(SittingPhase.READ_ONLY)
        elif not self.session.rater:
            self._studies.read(lambda study: len(study.videos.all())).succeeded.connect(self._on_counted)

    def _on_counted(self, n_videos: int) -> None:
        if not self.session.rater and self._studies.writable:
            self._set_phase(SittingPhase.RATER if n_videos > 1 else SittingPhase.TOO_FEW)

    def _on_changed(self, changes: frozenset[str]) -> None:
        if self.session.rater and changes & {VOTES, VIDEOS, SETTINGS}:
            if VIDEOS in changes:
                self.session.unreadable.clear()  # a missing file may be back
            if self.phase is not SittingPhase.STORING:  # _advance asks
                self._ask()
        elif VIDEOS in changes and self._studies.current is not None:
            self._on_study(self._studies.current)

    def _query(self) -> Callable[[Study], RaterQueue]:
        session = self.session
        rater = session.rater
        unreadable = frozenset(session.unreadable)
        turn = session.turn if session.practised is None else None
        typed = session.newest is None

        def work(study: Study) -> RaterQueue:
            return rater_queue(study, match_rater_name(rater, offered(study)) if typed else rater, turn, unreadable)

        return work

    def _on_no_queue(self, error: object) -> None:
        self._asked = None
        text = "The next pair could not be chosen. Finish for now, then begin again."
        self.message_changed.emit(str(error) if isinstance(error, SettingsError) else text)

    def _on_queue(self, queue: RaterQueue) -> None:
        self._asked = None
        session = self.session
        if not session.rater:
            return
        parts = [known_under(session.rater, queue.rater)]
        session.rater = queue.rater
        if session.newest is None and not queue.own_votes:
            session.practice = list(queue.practice)
        for earlier in session.learn(queue.own_votes, queue.progress, queue.contenders):
            self._undo.remember(vote_command(earlier), earlier)
        self.progress_changed.emit(queue.progress)
        self.contenders_changed.emit(queue.contenders)
        n_lost = queue.n_lost - len(session.unreadable)
        parts.append(lost(n_lost, len(queue.contenders) + queue.n_lost) if n_lost > session.n_reported_lost else "")
        session.n_reported_lost = n_lost
        if any(parts):
            self.message_changed.emit("  ".join(part for part in parts if part))
        if self.phase is SittingPhase.STORING:
            return  # _advance asks again
        if (withdrawn := session.taken_back()) is not None:
            self._set_phase(SittingPhase.PREPARING)
            self._show()
            self.taken_back.emit(withdrawn)
            self.message_changed.emit("The last vote was taken back.")
            self._ask()
        elif (n_again := session.given_elsewhere()) is not None:
            session.count(n_again)
            session.progress = queue.progress
            self.message_changed.emit("")  # it is not taken back any more
            self._advance()
        elif session.keep_only([contender.name for contender in queue.contenders]):
            self._advance()
        else:
            self._fill(session, queue)

    def _fill(self, session: JudgingSession, queue: RaterQueue) -> None:
        session.take(queue.upcoming_pairs)
        if session.turn is None and self.phase in {SittingPhase.PREPARING, SittingPhase.TOO_FEW}:
            if session.ahead is None and not session.practice:
                self._set_phase(SittingPhase.TOO_FEW if len(queue.contenders) < 2 else SittingPhase.DONE)
                return
            session.next()
            self._set_phase(SittingPhase.PREPARING)
            self._show()
        else:
            self.ahead_changed.emit(session.ahead)

    def _on_stored(self, vote: Vote) -> None:
        session = self.session
        if self.phase is not SittingPhase.STORING or vote.rater != session.rater:
            return
        session.count(vote)
        if vote.verdict is not None:
            self.judged.emit(vote.rater)
        self.progress_changed.emit(session.progress)
        shares, played = self._seen
        parts = [] if vote.verdict is None else [hardly_seen(*shares, self._undo_key(), played)]
        if len(session.own_votes) - session.n_reported_side >= SIDE_AGAIN:
            parts.append(side_favoured(session.own_votes))
            session.n_reported_side = len(session.own_votes) if parts[-1] else session.n_reported_side
        self.message_changed.emit("  ".join(part for part in parts if part))
        self._advance()

    def _advance(self) -> None:
        session = self.session
        needs_rest = session.since_rest >= REST_AFTER_PAIRS or self._clock.since_rest_s >= REST_AFTER_S
        if session.enough or needs_rest:
            session.turn = None
            self._set_phase(SittingPhase.DONE if session.enough else SittingPhase.REST)
        else:
            session.next()
            self._set_phase(SittingPhase.PREPARING)
        self._show()
        self._ask()
