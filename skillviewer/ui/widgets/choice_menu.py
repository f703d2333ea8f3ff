"""A menu in which one of several entries is chosen."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget


class Choice(QMenu):
    """A menu whose entries exclude each other."""

    def __init__(
        self,
        title: str,
        options: Sequence[tuple[object, str]],
        parent: QWidget,
        choose: Callable[[Any], object],
        value: object = None,
    ) -> None:
        super().__init__(title, parent)
        self._group = QActionGroup(self)
        self._group.triggered.connect(self._on_triggered)
        self._choose, self._value = choose, value
        self._entries: dict[object, QAction] = {}
        self.set_options(options)

    def set_options(self, options: Sequence[tuple[object, str]]) -> None:
        for action in self._entries.values():
            self._group.removeAction(action)
            self.removeAction(action)
            action.deleteLater()
        self._entries = {value: self.addAction(words.replace("&", "&&")) for value, words in options}
        for action in self._entries.values():
            action.setCheckable(True)
            self._group.addAction(action)
        self.set_value(self._value)

    @Slot(object)
    def set_value(self, value: object) -> None:
        """Mark the entry of a value."""
        self._value = value
        for option, action in self._entries.items():
            action.setChecked(option == value)

    @Slot(QAction)
    def _on_triggered(self, action: QAction) -> None:
        self._value = next(value for value, entry in self._entries.items() if entry is action)
        self._choose(self._value)
