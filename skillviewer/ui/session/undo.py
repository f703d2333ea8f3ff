"""The undo stack: commands of the user. Changes by the program itself never enter it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Signal

from skillviewer.data.study import Study
from skillviewer.ui.session.studies import StudyController
from skillviewer.ui.threads.worker_thread import Task


@dataclass(frozen=True, slots=True)
class Command:
    """A change of the study by the user."""

    text: str  # what it was, in a few words: "note", "vote on a pair"
    do: Callable[[Study], object]  # does it, in the study's worker thread; returns what ``undo`` needs
    undo: Callable[[Study, Any], object]  # takes it back: ``undo(study, result)``, given what ``do`` returned last
    # what is other afterwards: of ``videos``, ``votes``, ``pairs``, ``annotations``, ``models``, ``settings``
    changes: tuple[str, ...]


@dataclass(slots=True, eq=False)
class _Entry:
    """A command on the stack. Only the study's worker thread writes ``result``, in the order of the requests."""

    command: Command
    is_done: bool = False  # true if the study has it
    landed: bool = False  # true if the study ever had it
    result: object = None  # what doing it returned last
    tasks: set[Task] = field(default_factory=set)  # those that are still under way for it

    def do(self, study: Study) -> object:
        """Do it, unless undoing it failed before."""
        if not self.is_done:
            self.result = self.command.do(study)
            self.is_done = self.landed = True
        return self.result

    def undo(self, study: Study) -> object:
        if self.is_done:
            self.command.undo(study, self.result)
            self.is_done = False
        return None


class UndoStack(QObject):
    """The stack of commands.

    A command enters it at once, so that a quick undo meets it and no older one; the study's worker
    keeps the order, and what it cannot write goes back to where it was.
    """

    changed = Signal()
    """The command that can be undone or redone, or its text, has changed; fires again when the change is stored."""

    def __init__(self, studies: StudyController, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studies = studies
        self._commands_done: list[_Entry] = []
        self._undone: list[_Entry] = []
        self._under_way: dict[Task, _Entry] = {}
        studies.replaced.connect(self.clear)

    @property
    def undo_text(self) -> str | None:
        """Text of the command that would be undone, or None."""
        return self._commands_done[-1].command.text if self._commands_done else None

    @property
    def redo_text(self) -> str | None:
        """Text of the command that would be done again, or None."""
        return self._undone[-1].command.text if self._undone else None

    def clear(self) -> None:
        """Forget everything: another study is on screen."""
        self._commands_done.clear()
        self._undone.clear()
        self._under_way.clear()
        self.changed.emit()

    def remember(self, command: Command, result: object) -> None:
        """Put an earlier change on the stack, with the result that its ``undo`` needs."""
        self._commands_done.append(_Entry(command, is_done=True, landed=True, result=result))
        self.changed.emit()

    def drop(self, change: str) -> None:
        """Forget all commands that change this, and no others."""
        self._commands_done = [entry for entry in self._commands_done if change not in entry.command.changes]
        self._undone = [entry for entry in self._undone if change not in entry.command.changes]
        self._under_way = {t: entry for t, entry in self._under_way.items() if change not in entry.command.changes}
        self.changed.emit()

    def perform(self, command: Command) -> Task:
        """Do a command and put it on the stack. Undone commands cannot be redone any more."""
        self._undone.clear()
        entry = _Entry(command)
        self._commands_done.append(entry)
        return self._submit(entry, entry.do)

    def undo(self) -> None:
        if self._commands_done:
            entry = self._commands_done.pop()
            self._undone.append(entry)
            self._submit(entry, entry.undo)

    def redo(self) -> None:
        if self._undone:
            entry = self._undone.pop()
            self._commands_done.append(entry)
            self._submit(entry, entry.do)

    def _submit(self, entry: _Entry, work: Callable[[Study], object]) -> Task:
        task = self._studies.submit_write(work, *entry.command.changes)
        self._under_way[task] = entry
        entry.tasks.add(task)
        task.then(failed=lambda _error: self._put_back(task, entry), finished=lambda: self._end(task, entry))
        self.changed.emit()
        return task

    def _put_back(self, task: Task, entry: _Entry) -> None:
        """Put a command back that could not be undone or redone: the disk may have room again later."""
        if task not in self._under_way or len(entry.tasks) > 1:
            return  # forgotten, or later requests decide where it belongs
        if entry.is_done:
            self._undone = [other for other in self._undone if other is not entry]
            self._commands_done.append(entry)
        elif entry in self._commands_done:
            self._commands_done.remove(entry)
            if entry.landed:
                self._undone.append(entry)
        self.changed.emit()

    def _end(self, task: Task, entry: _Entry) -> None:
        if self._under_way.pop(task, None) is not None:
            entry.tasks.discard(task)
            self.changed.emit()
