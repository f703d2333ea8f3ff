"""The buttons of a vote, and its reason."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget

from skillviewer.ui.actions.actions import Actions, key_text, without_mnemonic
from skillviewer.ui.ranking.rater_message import RaterMessage
from skillviewer.ui.widgets.adaptive_grid import AdaptiveGrid, Place
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, horizontal

MAX_REASON_CHARACTERS = 300
BUTTON_PX = 40


class _VoteButton(QPushButton):
    """A high button that counts a double click as one vote: the second click may come when the next pair is shown."""

    def sizeHint(self) -> QSize:
        size = super().sizeHint()
        return QSize(size.width(), max(size.height(), BUTTON_PX))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()


class _ReasonEdit(QLineEdit):
    """A line edit that announces the key Escape; its text stays."""

    escape_pressed = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.escape_pressed.emit()
        else:
            super().keyPressEvent(event)


class VoteBar(AdaptiveGrid):
    """The buttons of a vote, those for a side under their video, the reason and a message.

    In the narrow arrangement the reason is left out, to be placed where it may scroll.
    """

    reason_finished = Signal()  # the rater has left the reason by Enter or Escape

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent, (16, 8, 16, 8), 8)
        self._actions = actions
        self._buttons: dict[str, QPushButton] = {}
        self.left_button = self._add_button(actions["rank_left"])
        self.neither_button = self._add_button(actions["rank_neither"])
        self.right_button = self._add_button(actions["rank_right"])
        self.skip_button = self._add_button(actions["rank_skip"])
        self.reason_edit = _ReasonEdit(self)
        self.reason_edit.setMaxLength(MAX_REASON_CHARACTERS)
        actions.keys_changed.connect(self._show_keys)
        self._show_keys()
        self.reason_edit.setAccessibleName("Reason of the vote, optional")
        self.reason_edit.returnPressed.connect(self.reason_finished)
        self.reason_edit.escape_pressed.connect(self.reason_finished)
        self.continue_button = QPushButton("Continue", self)
        self.continue_button.setProperty("primary", True)
        self.continue_button.setAutoDefault(True)  # Enter presses it
        self.continue_button.hide()
        middle = QWidget(self)
        add_all(
            horizontal(middle, margins=NO_MARGINS, spacing=8),
            self.neither_button,
            self.skip_button,
            self.continue_button,
        )
        self.message = RaterMessage(self)
        self.arranged.connect(self._show_or_hide_message)
        self.set_arrangements(
            wide=(
                Place(self.left_button, row=0, column=0),
                Place(middle, row=0, column=1),
                Place(self.right_button, row=0, column=2),
                Place(self.reason_edit, row=1, column=0),
                Place(self.message, row=1, column=1, n_columns=2),
            ),
            narrow=(
                Place(self.message, row=0, column=0, n_columns=2),
                Place(self.left_button, row=1, column=0),
                Place(self.right_button, row=1, column=1),
                Place(middle, row=2, column=0, n_columns=2),
            ),
            wide_factors=(3, 2, 3),
            narrow_factors=(1, 1, 0),
        )

    def _show_keys(self) -> None:
        for name, button in self._buttons.items():
            keys = self._actions.keys(name)
            text = without_mnemonic(self._actions[name].text())
            button_text = f"{key_text(keys[0])}   {text}" if keys else text
            button.setText(button_text)
        keys = self._actions.keys("rank_reason")
        text = f"Reason (optional, key {key_text(keys[0])})" if keys else "Reason (optional)"
        self.reason_edit.setPlaceholderText(text)

    def _add_button(self, action: QAction) -> QPushButton:
        button = _VoteButton(self)
        self._buttons[action.objectName()] = button
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(without_mnemonic(action.text()))
        button.clicked.connect(action.trigger)
        return button

    def show_feedback(self, text: str) -> None:
        """Show the stated answer to a practice pair, with the button Continue instead of the buttons of a vote."""
        self.set_voting(voting=False)
        self.continue_button.setFocus()
        self.show_message(f"Practice. {text}")

    def set_voting(self, *, voting: bool) -> None:
        """Enable the buttons of a vote, or show the button Continue."""
        self.continue_button.setVisible(not voting)
        for button in self._buttons.values():
            button.setEnabled(voting)

    def show_message(self, text: str) -> None:
        """Show a warning; "" for no warning."""
        self.message.show_message(text)
        self._show_or_hide_message()

    def _show_or_hide_message(self, *_: object) -> None:
        """Hide an empty message in the narrow arrangement, which puts it above the buttons; else keep its space."""
        is_visible = bool(self.message.text()) if self.is_narrow else True
        self.message.setVisible(is_visible)
