"""Menu in which one entry is checked."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget


class ExclusiveMenu(QMenu):
    """A menu whose entries exclude each other.

    Args:
        title: Title of the menu.
        options: The entries, each as (value, text).
        parent: Owner of the menu.
        on_chosen: Called with the value of an entry that the user chooses.
        value: Value of the entry that is checked at first.
    """

    def __init__(
        self,
        title: str,
        options: Sequence[tuple[object, str]],
        parent: QWidget,
        on_chosen: Callable[[Any], object],
        value: object = None,
    ) -> None:
        super().__init__(title, parent)
        self._group = QActionGroup(self)
        self._group.triggered.connect(self._on_triggered)
        self._on_chosen = on_chosen
        self._value = value
        self._entries: dict[object, QAction] = {}
        self.set_options(options)

    def set_options(self, options: Sequence[tuple[object, str]]) -> None:
        """Replace the entries, each given as (value, text)."""
        for action in self._entries.values():
            self._group.removeAction(action)
            self.removeAction(action)
            action.deleteLater()
        self._entries = {value: self.addAction(text.replace("&", "&&")) for value, text in options}
        for action in self._entries.values():
            action.setCheckable(True)
            self._group.addAction(action)
        self.set_value(self._value)

    def set_value(self, value: object) -> None:
        """Check the entry of a value."""
        self._value = value
        for option, action in self._entries.items():
            action.setChecked(option == value)

    def _on_triggered(self, action: QAction) -> None:
        self._value = next(value for value, entry in self._entries.items() if entry is action)
        self._on_chosen(self._value)
