"""One rater at work: which pair is on screen, which comes next, and when a vote counts. No widgets."""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import SettingsError
from skillviewer.core.ranking.rater_names import known_as
from skillviewer.data.study import Study, Vote
from skillviewer.ui.ranking.ballot import Ballot, Contender, PresentedPair, vote_command
from skillviewer.ui.ranking.cautions import hardly_seen, known_under, lost, side_favoured
from skillviewer.ui.ranking.judging_session import JudgingSession
from skillviewer.ui.ranking.pair_queue import Outlook, Tally, offered, outlook
from skillviewer.ui.ranking.stopwatch import Stopwatch
from skillviewer.ui.session.open_study import OpenStudy
from skillviewer.ui.session.playback import monotonic_clock
from skillviewer.ui.session.studies import SETTINGS, VIDEOS, VOTES, Studies
from skillviewer.ui.session.undo import UndoStack
from skillviewer.ui.threads.throttle import single_shot

if TYPE_CHECKING:
    from skillviewer.ui.threads.worker_thread import Task

GUARD_MS = 250
"""After a pair has come on screen nothing counts as a vote on it for so long: a key that is hit twice is one vote."""
REST_AFTER_S = 25 * 60.0
REST_AFTER_PAIRS = 50
SIDE_AGAIN = 10
"""Votes between two remarks that one side is favoured."""


class JudgingPhase(StrEnum):
    """What the screen is about."""

    CLOSED = "closed"  # no study
    READ_ONLY = "read only"  # a study that cannot be written
    TOO_FEW = "too few"  # fewer than two videos that can be shown
    RATER = "rater"  # who judges?
    PREPARING = "preparing"  # the pair is being chosen or opened
    JUDGING = "judging"
    STORING = "storing"  # a vote is on its way to the disk
    REST = "rest"  # a pause is suggested
    DONE = "done"  # what was aimed at is reached, or no pair is left


ON_SCREEN = frozenset({JudgingPhase.PREPARING, JudgingPhase.JUDGING, JudgingPhase.STORING})
"""While a rater has a pair before him."""


class Judging(QObject):
    """Takes a rater through pairs.

    The next pair is chosen while the present one is judged, so that it can be opened ahead. A vote moves on only when
    the study's worker has said that it is on the disk; whatever comes before the next pair has been seen and a short
    guard is over is no vote. Undoing happens in the study: a vote that no longer stands brings its pair back.

    Args:
        studies: The study.
        undo: Where votes are remembered as deeds.
        now_s: Clock in seconds; tests give their own.
        undo_key: Tells which key takes a vote back, as it is written for people; "" for none.
        parent: Owner.
    """

    phase_changed = Signal(object)
    turn_changed = Signal(object)
    """``PresentedPair`` that is to be on screen, or None."""
    ahead_changed = Signal(object)
    """``PresentedPair`` that is to be opened ahead, or None."""
    tally_changed = Signal(object)
    contenders_changed = Signal(object)
    """``tuple[Contender, ...]``: what is known of the videos; sync points may be others now."""
    taken_back = Signal(object)
    """``Vote`` on the pair that is on its way back to the screen: what was written with it can be used again."""
    judged = Signal(str)
    """Name of the rater: a judgement of this window is on the disk."""
    message_changed = Signal(str)
    """A sentence for the rater; "" takes the last one away."""

    def __init__(
        self,
        studies: Studies,
        undo: UndoStack,
        now_s: Callable[[], float] | None = None,
        undo_key: Callable[[], str] = str,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._studies, self._undo, self._undo_key = studies, undo, undo_key
        self._phase, self._hidden = JudgingPhase.CLOSED, False
        self._session: JudgingSession | None = None
        self._asked: Task | None = None
        self._ballot: Ballot | None = None
        now_s = now_s if now_s is not None else monotonic_clock()
        self._taken, self._sitting = Stopwatch(now_s), Stopwatch(now_s)
        self._guard = single_shot(self, GUARD_MS)
        studies.opened.connect(self._on_study)
        studies.replaced.connect(self._on_replaced)
        studies.changed.connect(self._on_changed)
        if studies.current is not None:
            self._on_study(studies.current)

    # what the screen reads

    @property
    def phase(self) -> JudgingPhase:
        """What the screen is about."""
        return self._phase

    @property
    def rater(self) -> str:
        """Who judges, or ""."""
        return self._session.rater if self._session is not None else ""

    @property
    def turn(self) -> PresentedPair | None:
        """The pair that is on screen, or is coming."""
        return self._session.turn if self._session is not None else None

    @property
    def ahead(self) -> PresentedPair | None:
        """The pair that comes after it, as far as is known."""
        return self._session.ahead if self._session is not None else None

    @property
    def tally(self) -> Tally:
        """How far the rater and all raters are."""
        return self._session.tally if self._session is not None else Tally()

    @property
    def accepting(self) -> bool:
        """Whether a vote counts now."""
        return self._phase is JudgingPhase.JUDGING and not self._guard.isActive()

    @property
    def sitting_s(self) -> float:
        """Time since the session began or the last pause ended, in seconds."""
        return self._sitting.time_s

    @property
    def since_rest(self) -> int:
        """Pairs judged since the session began or the last pause ended."""
        return self._session.since_rest if self._session is not None else 0

    # what the rater does

    def enter(self, rater: str) -> None:
        """Begin as a rater. Who is known under a name that is written alike is that rater; others come with a vote."""
        rater = rater.strip()
        if not rater or not self._studies.writable:
            return
        self._forget()
        self._session = JudgingSession(rater)
        self._sitting.restart()
        self._set_phase(JudgingPhase.PREPARING)
        self._ask()

    @Slot()
    def leave(self, *_: object) -> None:
        """Finish for now: the next rater is asked for."""
        self._forget()
        if self._studies.current is not None:
            self._set_phase(JudgingPhase.RATER)
            self._on_study(self._studies.current)

    def vote(self, verdict: Verdict | None, ballot: Ballot) -> bool:
        """Give a vote on the pair on screen; None skips it.

        Returns:
            Whether it was taken: not while the last one is under way, and not before this pair was seen.
        """
        session, study = self._session, self._studies.current
        if not self.accepting or session is None or session.turn is None or study is None:
            return False
        if verdict is Verdict.NEITHER and not study.settings.allow_neither:
            return False
        if ballot.turn not in {session.turn, session.turn.swapped()}:
            return False
        session.turn = ballot.turn
        vote = ballot.vote(verdict, session.rater, self._taken.time_s)
        self._ballot = ballot
        self._set_phase(JudgingPhase.STORING)
        task = self._undo.perform(vote_command(vote))
        task.succeeded.connect(self._on_stored)
        task.failed.connect(self._on_not_stored)
        return True

    def go_on(self) -> None:
        """End the pause, or judge more than was aimed at."""
        session = self._session
        if session is not None and self._phase in {JudgingPhase.REST, JudgingPhase.DONE}:
            session.more = session.more or self._phase is JudgingPhase.DONE
            session.since_rest = 0
            self._sitting.restart()
            self._advance()

    # what the screen reports

    def on_seen(self) -> None:
        """Take note that both pictures of the pair are on screen: its time runs, and votes count after the guard."""
        if self._phase is JudgingPhase.PREPARING and self.turn is not None:
            (self._taken.reset if self._hidden else self._taken.restart)()
            self._guard.start()
            self._set_phase(JudgingPhase.JUDGING)

    def on_hidden(self) -> None:
        """Stop the watches: nobody looks."""
        self._hidden = True
        self._taken.rest()
        self._sitting.rest()

    def on_shown(self) -> None:
        """Go on counting."""
        self._hidden = False
        if self._phase is JudgingPhase.JUDGING:
            self._taken.run()
        if self._phase in ON_SCREEN:
            self._sitting.run()

    def on_unreadable(self, contender: Contender) -> None:
        """Leave out a video that cannot be shown, without a vote on its pair."""
        session = self._session
        if session is None:
            return
        session.unreadable.add(contender.name)
        ahead = session.ahead
        session.coming = [turn for turn in session.coming if contender.name not in turn.names]
        self.message_changed.emit(
            self.tr("One of the two videos could not be opened. The pair was left out, without a vote.")
        )
        if session.turn is not None and contender.name in session.turn.names:
            self._advance()
        else:
            if session.ahead != ahead:
                self.ahead_changed.emit(session.ahead)
            self._ask()

    # what happens

    def _set_phase(self, phase: JudgingPhase) -> None:
        if phase is not self._phase:
            self._phase = phase
            if phase not in ON_SCREEN:
                self._sitting.rest()
            elif not self._hidden:  # an undo leads back from a pause
                self._sitting.run()
            self.phase_changed.emit(phase)

    def _show(self) -> None:
        """Bring the session's pair on screen, and the next one into the wings."""
        self._taken.reset()
        self.turn_changed.emit(self.turn)
        self.ahead_changed.emit(self.ahead)

    def _forget(self) -> None:
        """End the session. What one rater did is not another's to take back."""
        self._undo.drop(VOTES)
        if self._asked is not None:
            self._asked.cancel()
        self._asked = self._session = None
        self._sitting.reset()
        self._show()
        self.message_changed.emit("")

    @Slot()
    def _on_replaced(self) -> None:
        self._forget()
        self._set_phase(JudgingPhase.CLOSED)

    @Slot(object)
    def _on_study(self, study: OpenStudy) -> None:
        if study.read_only:
            self._set_phase(JudgingPhase.READ_ONLY)
        elif self._session is None:
            self._studies.read(lambda study: len(study.videos.all())).succeeded.connect(self._on_counted)

    @Slot(object)
    def _on_counted(self, n_videos: int) -> None:
        if self._session is None and self._studies.writable:
            self._set_phase(JudgingPhase.RATER if n_videos > 1 else JudgingPhase.TOO_FEW)

    @Slot(object)
    def _on_changed(self, changes: frozenset[str]) -> None:
        if self._session is not None and changes & {VOTES, VIDEOS, SETTINGS}:
            if VIDEOS in changes:
                self._session.unreadable.clear()  # what was not there may be there again
            if self._phase is not JudgingPhase.STORING:  # its end asks
                self._ask()
        elif VIDEOS in changes and self._studies.current is not None:
            self._on_study(self._studies.current)

    def _ask(self) -> None:
        """Ask the study for the next pair and for how far everybody is; the latest question counts."""
        session = self._session
        if session is None:
            return
        if self._asked is not None:
            self._asked.cancel()
        rater, turn, unreadable = session.rater, session.turn, frozenset(session.unreadable)
        typed = session.newest is None

        def work(study: Study) -> Outlook:
            return outlook(study, known_as(rater, offered(study)) if typed else rater, turn, unreadable)

        self._asked = self._studies.read(work)
        self._asked.succeeded.connect(self._on_outlook)
        self._asked.failed.connect(self._on_no_outlook)

    @Slot(object)
    def _on_no_outlook(self, error: object) -> None:
        self._asked = None
        words = self.tr("The next pair could not be chosen. Finish for now, and begin again.")
        self.message_changed.emit(str(error) if isinstance(error, SettingsError) else words)

    @Slot(object)
    def _on_outlook(self, found: Outlook) -> None:
        self._asked, session = None, self._session
        if session is None:
            return
        words = [known_under(session.rater, found.rater)]
        session.rater = found.rater
        for earlier in session.learn(found.mine, found.tally, found.contenders):
            self._undo.remember(vote_command(earlier), earlier)
        self.tally_changed.emit(found.tally)
        self.contenders_changed.emit(found.contenders)
        n_lost = found.n_lost - len(session.unreadable)
        words.append(lost(n_lost, len(found.contenders) + found.n_lost) if n_lost > session.n_reported_lost else "")
        session.n_reported_lost = n_lost
        if any(words):
            self.message_changed.emit("  ".join(word for word in words if word))
        if self._phase is JudgingPhase.STORING:
            return  # its end asks again
        if (gone := session.taken_back()) is not None:
            self._set_phase(JudgingPhase.PREPARING)
            self._show()
            self.taken_back.emit(gone)
            self.message_changed.emit(self.tr("The last vote was taken back."))
            self._ask()
        elif (again := session.given_elsewhere()) is not None:
            session.count(again)
            session.tally = found.tally
            self._advance()
        elif session.keep_only([contender.name for contender in found.contenders]):
            self._advance()
        else:
            self._fill(session, found)

    def _fill(self, session: JudgingSession, found: Outlook) -> None:
        """Use a pair that was chosen where one is missing."""
        session.take(found.turns)
        if session.turn is None and self._phase in {JudgingPhase.PREPARING, JudgingPhase.TOO_FEW}:
            if session.ahead is None:
                self._set_phase(JudgingPhase.TOO_FEW if len(found.contenders) < 2 else JudgingPhase.DONE)
                return
            session.next()
            self._set_phase(JudgingPhase.PREPARING)
            self._show()
        else:
            self.ahead_changed.emit(session.ahead)

    @Slot(object)
    def _on_stored(self, vote: Vote) -> None:
        session = self._session
        if self._phase is not JudgingPhase.STORING or session is None or vote.rater != session.rater:
            return
        session.count(vote)
        if vote.verdict is not None:
            self.judged.emit(vote.rater)
        self.tally_changed.emit(session.tally)
        ballot = self._ballot if vote.verdict is not None else None
        words = [] if ballot is None else [hardly_seen(*ballot.shares, self._undo_key(), ballot.played)]
        if len(session.mine) - session.n_reported_side >= SIDE_AGAIN:
            words.append(side_favoured(session.mine))
            session.n_reported_side = len(session.mine) if words[-1] else session.n_reported_side
        self.message_changed.emit("  ".join(word for word in words if word))
        self._advance()

    @Slot(object)
    def _on_not_stored(self, _error: object) -> None:
        """The message bar says why; the pair is still there to be voted on."""
        if self._phase is JudgingPhase.STORING:
            self._set_phase(JudgingPhase.JUDGING)
            self.message_changed.emit(self.tr("The vote was not stored. Nothing was changed; it can be given again."))

    def _advance(self) -> None:
        """Go to the next pair, or to what comes in its place."""
        session = self._session
        assert session is not None
        rest = session.since_rest >= REST_AFTER_PAIRS or self._sitting.time_s >= REST_AFTER_S
        if session.enough or rest:
            session.turn = None
            self._set_phase(JudgingPhase.DONE if session.enough else JudgingPhase.REST)
        else:
            session.next()
            self._set_phase(JudgingPhase.PREPARING)
        self._show()
        self._ask()
