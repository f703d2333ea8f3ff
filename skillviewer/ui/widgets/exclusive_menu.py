"""A menu with one ticked choice."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QAbstractSpinBox, QMenu, QWidget

from skillviewer.ui.widgets.form import MIN_PX, TEXT_MARGIN_PX
from skillviewer.ui.widgets.theme import by_text

Box = TypeVar("Box", bound=QAbstractSpinBox)


def indented(box: Box) -> Box:
    """Let a number begin where the text of other fields does: Qt ignores the left padding of a style sheet."""
    box.lineEdit().setTextMargins(TEXT_MARGIN_PX, 0, 0, 0)
    box.setMinimumWidth(by_text(MIN_PX))
    return box


class ExclusiveMenu(QMenu):
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
        self._choose = choose
        self._value = value
        self._entries: dict[object, QAction] = {}
        self.set_options(options)

    def set_options(self, options: Sequence[tuple[object, str]]) -> None:
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
        """Mark the entry of a value."""
        self._value = value
        for option, action in self._entries.items():
            action.setChecked(option == value)

    def _on_triggered(self, action: QAction) -> None:
        self._value = next(value for value, entry in self._entries.items() if entry is action)
        self._choose(self._value)
