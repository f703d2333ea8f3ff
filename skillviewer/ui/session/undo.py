"""The undo stack: commands of the user. The program's own changes never enter it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal, Slot

from skillviewer.data.study import Study
from skillviewer.ui.session.studies import Studies
from skillviewer.ui.threads.worker_thread import Task


@dataclass(frozen=True, slots=True)
class Command:
    """A change of the study by the user.

    Attributes:
        text: What it was, in a few words: "note", "vote on a pair".
        do: Does it, in the study's worker thread; returns what ``undo`` needs.
        undo: Takes it back: ``undo(study, result)``, given what ``do`` returned last.
        changes: What is other afterwards: of ``videos``, ``votes``, ``pairs``, ``remarks``, ``models``, ``settings``.
    """

    text: str
    do: Callable[[Study], object]
    undo: Callable[[Study, object], object]
    changes: tuple[str, ...]


@dataclass(slots=True, eq=False)
class _Entry:
    """A deed on the stack. What was done is written by the study's worker thread alone, in the order of the asking.

    Attributes:
        deed: What it is.
        stands: Whether the study has it.
        landed: Whether the study ever had it.
        result: What doing it returned last.
        tasks: Those that are still under way for it.
    """

    deed: Command
    stands: bool = False
    landed: bool = False
    result: object = None
    tasks: set[Task] = field(default_factory=set)

    def do(self, study: Study) -> object:
        """Do it, unless taking it back failed before."""
        if not self.stands:
            self.result = self.deed.do(study)
            self.stands = self.landed = True
        return self.result

    def undo(self, study: Study) -> object:
        """Take it back, unless doing it failed before."""
        if self.stands:
            self.deed.undo(study, self.result)
            self.stands = False
        return None


class UndoStack(QObject):
    """One stack of deeds.

    What is asked enters it at once, so that a quick undo meets the deed just done and no older one; the study's worker
    keeps the order, and what it cannot write goes back to where it was.

    Args:
        studies: Where deeds are done.
        parent: Owner.
    """

    changed = Signal()
    """What can be undone or redone, or the words for it; and once more when it has happened."""

    def __init__(self, studies: Studies, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studies = studies
        self._done: list[_Entry] = []
        self._undone: list[_Entry] = []
        self._under_way: dict[Task, _Entry] = {}
        studies.replaced.connect(self.clear)

    @property
    def undo_text(self) -> str | None:
        """Text of the command that would be undone, or None."""
        return self._done[-1].deed.text if self._done else None

    @property
    def redo_text(self) -> str | None:
        """Text of the command that would be done again, or None."""
        return self._undone[-1].deed.text if self._undone else None

    @Slot()
    def clear(self) -> None:
        """Forget everything: another study is on screen."""
        self._done.clear()
        self._undone.clear()
        self._under_way.clear()
        self.changed.emit()

    def remember(self, deed: Command, result: object) -> None:
        """Let something that was done before be taken back, as if it had just been done.

        Args:
            deed: What it is.
            result: What its ``undo`` needs.
        """
        self._done.append(_Entry(deed, stands=True, landed=True, result=result))
        self.changed.emit()

    def drop(self, change: str) -> None:
        """Forget all deeds after which this is other, and no others."""
        self._done = [entry for entry in self._done if change not in entry.deed.changes]
        self._undone = [entry for entry in self._undone if change not in entry.deed.changes]
        self._under_way = {t: entry for t, entry in self._under_way.items() if change not in entry.deed.changes}
        self.changed.emit()

    def perform(self, deed: Command) -> Task:
        """Do something and remember it. What was undone before cannot be done again any more."""
        self._undone.clear()
        entry = _Entry(deed)
        self._done.append(entry)
        return self._submit(entry, entry.do)

    @Slot()
    def undo(self) -> None:
        """Take the last deed back."""
        if self._done:
            entry = self._done.pop()
            self._undone.append(entry)
            self._submit(entry, entry.undo)

    @Slot()
    def redo(self) -> None:
        """Do again what was undone last."""
        if self._undone:
            entry = self._undone.pop()
            self._done.append(entry)
            self._submit(entry, entry.do)

    def _submit(self, entry: _Entry, work: Callable[[Study], object]) -> Task:
        task = self._studies.act(work, *entry.deed.changes)
        self._under_way[task] = entry
        entry.tasks.add(task)
        task.failed.connect(self._on_failed)
        task.finished.connect(self._on_finished)
        self.changed.emit()
        return task

    @Slot(object)
    def _on_failed(self, _error: object) -> None:
        """Put back what could not be taken back, or done again: a full disk has room again some time."""
        entry = self._under_way.get(self._asked())
        if entry is None or len(entry.tasks) > 1:
            return  # what was asked after it settles where it belongs
        if entry.stands:
            self._undone = [other for other in self._undone if other is not entry]
            self._done.append(entry)
        elif entry in self._done:
            self._done.remove(entry)
            if entry.landed:
                self._undone.append(entry)
        self.changed.emit()

    @Slot()
    def _on_finished(self) -> None:
        task = self._asked()
        entry = self._under_way.pop(task, None)
        if entry is not None:
            entry.tasks.discard(task)
            self.changed.emit()

    def _asked(self) -> Task:
        task = self.sender()
        assert isinstance(task, Task)
        return task
