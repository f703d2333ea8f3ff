"""What a person did, to be taken back and done again. What the program does by itself never enters here."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal, Slot

from skillviewer.data.study import Study
from skillviewer.ui.lane import Task
from skillviewer.ui.studies import Studies


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that a person did to the study.

    Attributes:
        text: What it was, in a few words: "note", "vote on a pair".
        do: Does it, in the study's lane; returns what ``undo`` needs.
        undo: Takes it back: ``undo(study, result)``, given what ``do`` returned last.
        changes: What is other afterwards: of ``videos``, ``votes``, ``pairs``, ``remarks``, ``models``, ``settings``.
    """

    text: str
    do: Callable[[Study], object]
    undo: Callable[[Study, object], object]
    changes: tuple[str, ...]


class Undo(QObject):
    """One stack of deeds. A deed enters when it is on the disk; the study's lane keeps the order.

    Args:
        studies: Where deeds are done.
        parent: Owner.
    """

    changed = Signal()
    """What can be undone or redone, or the words for it."""

    def __init__(self, studies: Studies, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studies = studies
        self._done: list[tuple[Deed, object]] = []
        self._undone: list[Deed] = []
        self._pending: dict[Task, Deed] = {}
        self._results: dict[Task, object] = {}
        studies.replaced.connect(self.clear)

    @property
    def undo_text(self) -> str | None:
        """What would be undone, or None."""
        return self._done[-1][0].text if self._done else None

    @property
    def redo_text(self) -> str | None:
        """What would be done again, or None."""
        return self._undone[-1].text if self._undone else None

    @Slot()
    def clear(self) -> None:
        """Forget everything: another study is on screen."""
        self._done.clear()
        self._undone.clear()
        self._pending.clear()
        self.changed.emit()

    def perform(self, deed: Deed) -> Task:
        """Do something and remember it. What was undone before cannot be done again any more."""
        self._undone.clear()
        return self._do(deed)

    def _do(self, deed: Deed) -> Task:
        task = self._studies.act(deed.do, *deed.changes)
        self._pending[task] = deed
        task.succeeded.connect(self._on_done)
        task.finished.connect(self._on_finished)
        self.changed.emit()
        return task

    def undo(self) -> Task | None:
        """Take the last deed back."""
        if not self._done:
            return None
        deed, result = self._done.pop()
        task = self._studies.act(lambda study: deed.undo(study, result), *deed.changes)
        self._pending[task] = deed
        self._results[task] = result
        task.succeeded.connect(self._on_undone)
        task.failed.connect(self._on_not_undone)
        task.finished.connect(self._on_finished)
        self.changed.emit()
        return task

    def redo(self) -> Task | None:
        """Do again what was undone last."""
        if not self._undone:
            return None
        return self._do(self._undone.pop())

    @Slot(object)
    def _on_done(self, result: object) -> None:
        deed = self._deed()
        if deed is not None:
            self._done.append((deed, result))
            self.changed.emit()

    @Slot(object)
    def _on_undone(self, _result: object) -> None:
        deed = self._deed()
        if deed is not None:
            self._undone.append(deed)
            self.changed.emit()

    @Slot(object)
    def _on_not_undone(self, _error: object) -> None:
        """Keep what could not be taken back: a full disk has room again some time."""
        deed, task = self._deed(), self.sender()
        if deed is not None and isinstance(task, Task):
            self._done.append((deed, self._results[task]))
            self.changed.emit()

    def _deed(self) -> Deed | None:
        task = self.sender()
        assert isinstance(task, Task)
        return self._pending.get(task)

    @Slot()
    def _on_finished(self) -> None:
        task = self.sender()
        assert isinstance(task, Task)
        self._pending.pop(task, None)
        self._results.pop(task, None)
