"""The undo stack of the user's commands. Changes by the program itself never enter it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Signal

from skillviewer.data.study import Study
from skillviewer.ui.session.study_controller import StudyController
from skillviewer.ui.threads.worker_thread import Task


@dataclass(frozen=True, slots=True)
class Command:
    """A change of the study by the user."""

    text: str  # name of the change in a few words, such as "note" or "vote on a pair"
    do: Callable[[Study], object]  # makes the change, in the study's worker thread
    undo: Callable[[Study, Any], object]  # ``undo(study, result)`` reverses it, with the last result of ``do``
    changes: tuple[str, ...]  # kinds of changes, such as ``VIDEOS`` and ``VOTES``


@dataclass(slots=True, eq=False)
class _Entry:
    """A command on the stack. Only the study's worker thread writes ``result``, in the order of the requests."""

    command: Command
    is_done: bool = False  # True if the change is in the study
    was_done: bool = False  # True if the change has ever been in the study
    result: object = None  # last result of ``command.do``
    tasks: set[Task] = field(default_factory=set)  # unfinished tasks of the command

    def do(self, study: Study) -> object:
        """Make the change, unless it is still in the study because undoing it failed."""
        if not self.is_done:
            self.result = self.command.do(study)
            self.is_done = True
            self.was_done = True
        return self.result

    def undo(self, study: Study) -> object:
        if self.is_done:
            self.command.undo(study, self.result)
            self.is_done = False
        return None


class UndoStack(QObject):
    """The stack of commands.

    A command enters the stack before it is written, so that a quick undo finds it. The study's worker thread writes in
    the same order. A command that could not be written is moved back.
    """

    changed = Signal()
    """Emitted when another command can be undone or redone, and again when the change is stored."""

    def __init__(self, studies: StudyController, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studies = studies
        self._done_entries: list[_Entry] = []
        self._undone_entries: list[_Entry] = []
        self._running: dict[Task, _Entry] = {}
        studies.replaced.connect(self.clear)

    @property
    def undo_text(self) -> str | None:
        """Text of the command that would be undone, or None."""
        return self._done_entries[-1].command.text if self._done_entries else None

    @property
    def redo_text(self) -> str | None:
        """Text of the command that would be redone, or None."""
        return self._undone_entries[-1].command.text if self._undone_entries else None

    def clear(self) -> None:
        """Forget all commands, because another study is opened."""
        self._done_entries.clear()
        self._undone_entries.clear()
        self._running.clear()
        self.changed.emit()

    def remember(self, command: Command, result: object) -> None:
        """Put a change that was made already on the stack, with the result that its ``undo`` needs."""
        self._done_entries.append(_Entry(command, is_done=True, was_done=True, result=result))
        self.changed.emit()

    def drop(self, change: str) -> None:
        """Forget all commands of a kind of change."""
        self._done_entries = [entry for entry in self._done_entries if change not in entry.command.changes]
        self._undone_entries = [entry for entry in self._undone_entries if change not in entry.command.changes]
        self._running = {t: entry for t, entry in self._running.items() if change not in entry.command.changes}
        self.changed.emit()

    def perform(self, command: Command) -> Task:
        """Make a change and put it on the stack. Undone commands can no longer be redone."""
        self._undone_entries.clear()
        entry = _Entry(command)
        self._done_entries.append(entry)
        return self._submit(entry, entry.do)

    def undo(self) -> None:
        if self._done_entries:
            entry = self._done_entries.pop()
            self._undone_entries.append(entry)
            self._submit(entry, entry.undo)

    def redo(self) -> None:
        if self._undone_entries:
            entry = self._undone_entries.pop()
            self._done_entries.append(entry)
            self._submit(entry, entry.do)

    def _submit(self, entry: _Entry, work: Callable[[Study], object]) -> Task:
        task = self._studies.submit_write(work, *entry.command.changes)
        self._running[task] = entry
        entry.tasks.add(task)
        task.then(failed=lambda _error: self._put_back(task, entry), finished=lambda: self._end(task, entry))
        self.changed.emit()
        return task

    def _put_back(self, task: Task, entry: _Entry) -> None:
        """Move a command back that could not be written, so that the user can try again."""
        if task not in self._running or len(entry.tasks) > 1:
            return  # the command was forgotten, or a later request decides
        if entry.is_done:
            self._undone_entries = [other for other in self._undone_entries if other is not entry]
            self._done_entries.append(entry)
        elif entry in self._done_entries:
            self._done_entries.remove(entry)
            if entry.was_done:
                self._undone_entries.append(entry)
        self.changed.emit()

    def _end(self, task: Task, entry: _Entry) -> None:
        if self._running.pop(task, None) is not None:
            entry.tasks.discard(task)
            self.changed.emit()
