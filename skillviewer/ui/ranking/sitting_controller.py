"""Base of the controllers of judging and rating: phases of a sitting, its turns and its answers. No widgets."""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from PySide6.QtCore import QObject, Signal

from skillviewer.data.study import Study
from skillviewer.ui.ranking.sitting_clock import SittingClock
from skillviewer.ui.session.open_study import OpenStudy
from skillviewer.ui.session.playback import monotonic_clock
from skillviewer.ui.session.study_controller import VOTES, StudyController
from skillviewer.ui.session.undo import Command, UndoStack
from skillviewer.ui.threads.throttle import single_shot

if TYPE_CHECKING:
    from skillviewer.ui.threads.worker_thread import Task

Queue = TypeVar("Queue")
Answer = TypeVar("Answer")

GUARD_MS = 250  # time after a turn comes on screen in which no answer counts: a key hit twice is one answer
REST_AFTER_S = 25 * 60.0


class SittingPhase(StrEnum):
    """State of a sitting. A turn is a pair to vote on, or a single video to rate."""

    CLOSED = "closed"  # no study
    READ_ONLY = "read only"  # a study that cannot be written
    TOO_FEW = "too few"  # fewer than two videos that can be shown, for pairs
    RUBRIC = "rubric"  # the study has no rubric yet, or it is being chosen, for single videos
    RATER = "rater"  # the rater's name is asked for
    PREPARING = "preparing"  # the turn is being chosen or opened
    JUDGING = "judging"
    STORING = "storing"  # an answer is being written
    FEEDBACK = "feedback"  # the stated answer to a practice turn is shown
    REST = "rest"  # a pause is suggested
    DONE = "done"  # the target is reached, or no turn is left


PHASES_WITH_TURN = frozenset(
    {SittingPhase.PREPARING, SittingPhase.JUDGING, SittingPhase.STORING, SittingPhase.FEEDBACK}
)
"""Phases in which a turn, a pair or a single video, is shown to a rater."""


class Sitting(Protocol):
    """Session of a rater, as a controller needs it."""

    @property
    def rater(self) -> str:
        """Name of the rater, or ""."""

    @property
    def turn(self) -> object:
        """The turn that is on screen or being opened, or None."""

    def end_practice_turn(self) -> bool:
        """Drop the practice turn on screen; return whether there are others."""


class SittingController(QObject, Generic[Queue, Answer]):
    """Leads a rater through turns.

    The next turn follows only when the answer is on the disk. Keys do not answer until the turn has been painted and a
    short guard time is over. Undo withdraws an answer in the study, and its turn comes back on screen. Answers to
    practice turns are not stored.

    Args:
        studies: The open study.
        undo: Steps that the rater can undo.
        undo_key: Function that returns the text of the key for undo, or "".
        parent: Owner of the controller.
    """

    phase_changed = Signal(object)
    turn_changed = Signal(object)  # the turn to show, or None
    answer_withdrawn = Signal(object)  # the answer that was withdrawn; its turn comes on screen again
    feedback = Signal(str)  # a text with the stated answer to a practice turn and the rater's own
    answer_stored = Signal(str)  # name of the rater: an answer given in this window is on the disk
    message_changed = Signal(str)  # a warning for the rater; "" clears the last one

    practice_over_text = ""  # message after the last practice turn
    not_stored_text = ""  # message after an answer that could not be written

    session: Sitting

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
        self.phase = SittingPhase.CLOSED
        self.session = self._new_session("")
        self.summary = ""  # summary of the last sitting, or ""
        self._query_task: Task | None = None
        self._clock = SittingClock(monotonic_clock())
        self._guard_timer = single_shot(self, GUARD_MS)
        studies.opened.connect(self._on_study)
        studies.replaced.connect(self._on_replaced)
        studies.changed.connect(self._on_changed)
        if studies.current_study is not None:
            self._on_study(studies.current_study)

    @property
    def accepts_answers(self) -> bool:
        """True while an answer counts."""
        return self.phase is SittingPhase.JUDGING and not self._guard_timer.isActive()

    @property
    def since_rest_s(self) -> float:
        """Time since the sitting began or the last pause ended, in seconds."""
        return self._clock.since_rest_s

    # to be defined by subclasses

    def _new_session(self, rater: str) -> Sitting:
        raise NotImplementedError

    def _make_summary(self) -> str:
        """Return the summary of the sitting, or ""."""
        raise NotImplementedError

    def _query(self) -> Callable[[Study], Queue]:
        """Return the function that reads the rater's turns from the study."""
        raise NotImplementedError

    def _advance(self) -> None:
        """Go to the next turn, or to the page that replaces it."""
        raise NotImplementedError

    def _on_study(self, study: OpenStudy) -> None:
        raise NotImplementedError

    def _on_changed(self, changes: frozenset[str]) -> None:
        raise NotImplementedError

    def _on_queue(self, queue: Queue) -> None:
        """Take the turns that were read."""
        raise NotImplementedError

    def _on_query_failed(self, error: object) -> None:
        raise NotImplementedError

    def _on_stored(self, answer: Answer) -> None:
        raise NotImplementedError

    # what the rater does

    def enter(self, rater: str) -> None:
        """Begin the sitting of a rater. Another spelling of a known name means the known rater."""
        rater = rater.strip()
        if not rater or not self._studies.writable:
            return
        self._end_session()
        self.summary = ""
        self.session = self._new_session(rater)
        self._clock.begin()
        self._set_phase(SittingPhase.PREPARING)
        self._query_turns()

    def leave(self, *_: object) -> None:
        """End the sitting, and ask for the next rater."""
        self.summary = self._make_summary()
        self._end_session()
        if self._studies.current_study is not None:
            self._set_phase(SittingPhase.RATER)
            self._on_study(self._studies.current_study)

    def end_feedback(self) -> None:
        """Go to the next turn after the feedback on a practice turn."""
        if self.phase is SittingPhase.FEEDBACK:
            has_more_practice = self.session.end_practice_turn()
            self._advance()
            message = "" if has_more_practice else self.practice_over_text
            self.message_changed.emit(message)

    # what the screen reports

    def on_seen(self) -> None:
        """Start the time of the turn: its pictures are on screen. Answers count after the guard time."""
        if self.phase is SittingPhase.PREPARING and self.session.turn is not None:
            self._clock.start_turn()
            self._guard_timer.start()
            self._set_phase(SittingPhase.JUDGING)

    def on_hidden(self) -> None:
        self._clock.on_hidden()

    def on_shown(self) -> None:
        self._clock.on_shown(in_turn=self.phase is SittingPhase.JUDGING, running=self.phase in PHASES_WITH_TURN)

    # what happens

    def _set_phase(self, phase: SittingPhase) -> None:
        if phase is not self.phase:
            self.phase = phase
            self._clock.set_running(running=phase in PHASES_WITH_TURN)  # an undo leads back from a pause
            self.phase_changed.emit(phase)

    def _announce_turn(self) -> None:
        """Announce the turn of the session, or None."""
        self._clock.prepare_turn()
        self.turn_changed.emit(self.session.turn)

    def _end_session(self) -> None:
        self._undo.drop(VOTES)  # one rater must not undo another's answers
        if self._query_task is not None:
            self._query_task.cancel()
        self._query_task = None
        self.session = self._new_session("")
        self._clock.end()
        self._announce_turn()
        self.message_changed.emit("")

    def _on_replaced(self) -> None:
        self._end_session()
        self.summary = ""
        self._set_phase(SittingPhase.CLOSED)

    def _query_turns(self) -> None:
        """Read the rater's turns from the study again."""
        if not self.session.rater:
            return
        if self._query_task is not None:
            self._query_task.cancel()
        self._query_task = self._studies.read(self._query())
        self._query_task.then(succeeded=self._on_queue, failed=self._on_query_failed)

    def _store(self, command: Command) -> None:
        """Write an answer, as a step that can be undone."""
        self._set_phase(SittingPhase.STORING)
        self._undo.perform(command).then(succeeded=self._on_stored, failed=self._on_not_stored)

    def _on_not_stored(self, _error: object) -> None:
        """Let the rater answer again. The message bar says why it failed."""
        if self.phase is SittingPhase.STORING:
            self._set_phase(SittingPhase.JUDGING)
            self.message_changed.emit(self.not_stored_text)
