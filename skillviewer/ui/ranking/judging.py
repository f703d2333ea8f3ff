"""One rater's judging: which pair is on screen, which comes next, and when a vote counts. No widgets."""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

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
from skillviewer.ui.ranking.sitting_clock import SittingClock
from skillviewer.ui.session.open_study import OpenStudy
from skillviewer.ui.session.playback import monotonic_clock
from skillviewer.ui.session.studies import SETTINGS, VIDEOS, VOTES, StudyController
from skillviewer.ui.session.undo import UndoStack
from skillviewer.ui.threads.throttle import single_shot

if TYPE_CHECKING:
    from skillviewer.ui.threads.worker_thread import Task

Shares = tuple[float, float]  # shares of the left and of the right video, 0 to 1
GUARD_MS = 250  # time after a pair comes on screen in which no vote counts: a key hit twice is one vote
REST_AFTER_S = 25 * 60.0
REST_AFTER_PAIRS = 50
SIDE_AGAIN = 10  # votes between two warnings on a favoured side


class JudgingPhase(StrEnum):
    """State of the screen."""

    CLOSED = "closed"  # no study
    READ_ONLY = "read only"  # a study that cannot be written
    TOO_FEW = "too few"  # fewer than two videos that can be shown
    RATER = "rater"  # the rater's name is asked for
    PREPARING = "preparing"  # the pair is being chosen or opened
    JUDGING = "judging"
    STORING = "storing"  # a vote is being written
    FEEDBACK = "feedback"  # the stated answer to a practice pair is shown
    REST = "rest"  # a pause is suggested
    DONE = "done"  # the aim is reached, or no pair is left


ON_SCREEN = frozenset({JudgingPhase.PREPARING, JudgingPhase.JUDGING, JudgingPhase.STORING, JudgingPhase.FEEDBACK})
"""Phases in which a rater has a pair on screen."""


class JudgingController(QObject):
    """Leads a rater through pairs; ``undo_key`` returns the text of the key for undo, or "".

    The next pair is chosen while the present one is judged, so that it can be opened ahead. The next pair follows only
    when the vote is on the disk. Keys do not vote until the pair has been painted and a short guard time is over. Undo
    happens in the study: a vote that no longer stands brings its pair back.
    """

    phase_changed = Signal(object)
    turn_changed = Signal(object)  # ``PresentedPair`` to show, or None
    ahead_changed = Signal(object)  # ``PresentedPair`` to open ahead, or None
    progress_changed = Signal(object)
    contenders_changed = Signal(object)
    """``tuple[Contender, ...]``: the videos that can be shown; their sync points may have changed."""
    taken_back = Signal(object)
    """``Vote`` that was taken back; its pair comes on screen again, and its reason and marks can be reused."""
    feedback = Signal(str)  # the stated answer to a practice pair, next to the rater's own
    judged = Signal(str)  # name of the rater: a judgement given in this window is on the disk
    message_changed = Signal(str)  # a warning for the rater; "" clears the last one

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
        self.phase = JudgingPhase.CLOSED
        self.session = JudgingSession()
        self._asked: Task | None = None
        self._seen: tuple[Shares, Shares] = ((0.0, 0.0), (0.0, 0.0))  # of the pair that was voted on: seen, played
        self._clock = SittingClock(monotonic_clock())
        self.summary = ""  # summary of the last sitting, or ""
        self._guard = single_shot(self, GUARD_MS)
        studies.opened.connect(self._on_study)
        studies.replaced.connect(self._on_replaced)
        studies.changed.connect(self._on_changed)
        if studies.current is not None:
            self._on_study(studies.current)

    # what the screen reads

    @property
    def accepting(self) -> bool:
        """True while a vote counts."""
        return self.phase is JudgingPhase.JUDGING and not self._guard.isActive()

    @property
    def sitting_s(self) -> float:
        """Time since the session began or the last pause ended, in seconds."""
        return self._clock.since_rest_s

    # what the rater does

    def enter(self, rater: str) -> None:
        """Begin as a rater: a known one whose name differs in its spelling only, else a new one, stored with a vote."""
        rater = rater.strip()
        if not rater or not self._studies.writable:
            return
        self._forget()
        self.summary = ""
        self.session = JudgingSession(rater)
        self._clock.begin()
        self._set_phase(JudgingPhase.PREPARING)
        self._ask()

    def leave(self, *_: object) -> None:
        """Finish for now, and ask for the next rater."""
        self.summary = judging_summary(self.session, self._clock.whole_s)
        self._forget()
        if self._studies.current is not None:
            self._set_phase(JudgingPhase.RATER)
            self._on_study(self._studies.current)

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
            self._set_phase(JudgingPhase.FEEDBACK)
            self.feedback.emit(pair_feedback(session.practised, turn.left.name, vote.verdict, ("left", "right")).text)
            return True
        session.turn = turn
        self._seen = (shares, played)
        vote = replace(vote, taken_s=round(self._clock.turn_s, 3))
        self._set_phase(JudgingPhase.STORING)
        self._undo.perform(vote_command(vote)).then(succeeded=self._on_stored, failed=self._on_not_stored)
        return True

    def proceed(self) -> None:
        """Go on after the feedback on a practice pair."""
        session = self.session
        if self.phase is JudgingPhase.FEEDBACK and session.practice:
            session.practice.pop(0)
            self._advance()
            real = "The real pairs begin now: from here on every vote counts."
            self.message_changed.emit("" if session.practice else real)

    def go_on(self) -> None:
        """End the pause, or judge beyond the aim."""
        session = self.session
        if self.phase in {JudgingPhase.REST, JudgingPhase.DONE}:
            session.goes_on = session.goes_on or self.phase is JudgingPhase.DONE
            session.since_rest = 0
            self._clock.end_rest()
            self._advance()

    # what the screen reports

    def on_seen(self) -> None:
        """Start the time of the pair: both its pictures are on screen. Votes count after the guard time."""
        if self.phase is JudgingPhase.PREPARING and self.session.turn is not None:
            self._clock.start_turn()
            self._guard.start()
            self._set_phase(JudgingPhase.JUDGING)

    def on_hidden(self) -> None:
        self._clock.on_hidden()

    def on_shown(self) -> None:
        self._clock.on_shown(in_turn=self.phase is JudgingPhase.JUDGING, running=self.phase in ON_SCREEN)

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

    def _set_phase(self, phase: JudgingPhase) -> None:
        if phase is not self.phase:
            self.phase = phase
            self._clock.set_running(phase in ON_SCREEN)  # an undo leads back from a pause
            self.phase_changed.emit(phase)

    def _show(self) -> None:
        self._clock.prepare_turn()
        self.turn_changed.emit(self.session.turn)
        self.ahead_changed.emit(self.session.ahead)

    def _forget(self) -> None:
        self._undo.drop(VOTES)  # one rater must not undo another's votes
        if self._asked is not None:
            self._asked.cancel()
        self._asked = None
        self.session = JudgingSession()
        self._clock.end()
        self._show()
        self.message_changed.emit("")

    def _on_replaced(self) -> None:
        self._forget()
        self.summary = ""
        self._set_phase(JudgingPhase.CLOSED)

    def _on_study(self, study: OpenStudy) -> None:
        if study.read_only:
            self._set_phase(JudgingPhase.READ_ONLY)
        elif not self.session.rater:
            self._studies.read(lambda study: len(study.videos.all())).succeeded.connect(self._on_counted)

    def _on_counted(self, n_videos: int) -> None:
        if not self.session.rater and self._studies.writable:
            self._set_phase(JudgingPhase.RATER if n_videos > 1 else JudgingPhase.TOO_FEW)

    def _on_changed(self, changes: frozenset[str]) -> None:
        if self.session.rater and changes & {VOTES, VIDEOS, SETTINGS}:
            if VIDEOS in changes:
                self.session.unreadable.clear()  # a missing file may be back
            if self.phase is not JudgingPhase.STORING:  # _advance asks
                self._ask()
        elif VIDEOS in changes and self._studies.current is not None:
            self._on_study(self._studies.current)

    def _ask(self) -> None:
        session = self.session
        if not session.rater:
            return
        if self._asked is not None:
            self._asked.cancel()
        rater = session.rater
        unreadable = frozenset(session.unreadable)
        turn = session.turn if session.practised is None else None
        typed = session.newest is None

        def work(study: Study) -> RaterQueue:
            return rater_queue(study, match_rater_name(rater, offered(study)) if typed else rater, turn, unreadable)

        self._asked = self._studies.read(work)
        self._asked.then(succeeded=self._on_outlook, failed=self._on_no_outlook)

    def _on_no_outlook(self, error: object) -> None:
        self._asked = None
        text = "The next pair could not be chosen. Finish for now, then begin again."
        self.message_changed.emit(str(error) if isinstance(error, SettingsError) else text)

    def _on_outlook(self, queue: RaterQueue) -> None:
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
        if self.phase is JudgingPhase.STORING:
            return  # _advance asks again
        if (withdrawn := session.taken_back()) is not None:
            self._set_phase(JudgingPhase.PREPARING)
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
        if session.turn is None and self.phase in {JudgingPhase.PREPARING, JudgingPhase.TOO_FEW}:
            if session.ahead is None and not session.practice:
                self._set_phase(JudgingPhase.TOO_FEW if len(queue.contenders) < 2 else JudgingPhase.DONE)
                return
            session.next()
            self._set_phase(JudgingPhase.PREPARING)
            self._show()
        else:
            self.ahead_changed.emit(session.ahead)

    def _on_stored(self, vote: Vote) -> None:
        session = self.session
        if self.phase is not JudgingPhase.STORING or vote.rater != session.rater:
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

    def _on_not_stored(self, _error: object) -> None:
        """Let the rater vote again. The message bar says why it failed."""
        if self.phase is JudgingPhase.STORING:
            self._set_phase(JudgingPhase.JUDGING)
            self.message_changed.emit("The vote was not stored. Please vote again.")

    def _advance(self) -> None:
        """Go to the next pair, or to the page that replaces it."""
        session = self.session
        needs_rest = session.since_rest >= REST_AFTER_PAIRS or self._clock.since_rest_s >= REST_AFTER_S
        if session.enough or needs_rest:
            session.turn = None
            self._set_phase(JudgingPhase.DONE if session.enough else JudgingPhase.REST)
        else:
            session.next()
            self._set_phase(JudgingPhase.PREPARING)
        self._show()
        self._ask()
