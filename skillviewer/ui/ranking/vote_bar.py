"""The buttons of a vote, and its reason."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QPushButton, QWidget

from skillviewer.ui.actions.actions import Actions, key_text, plain
from skillviewer.ui.widgets.layout import add_all, horizontal

MAX_REASON_CHARACTERS = 300


class _VoteButton(QPushButton):
    """Button that counts a double click as one vote: the second click may come when the next pair is on screen."""

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()


class _Reason(QLineEdit):
    """Line edit that Escape leaves; its text stays."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class _Message(QLabel):
    """Words that wrap and yet leave the page its height: one that asks by its width would push the buttons out."""

    def hasHeightForWidth(self) -> bool:
        return False


class VoteBar(QWidget):
    """The buttons of a vote, each under the video it is about, and the reason."""

    left_reason = Signal()  # the rater has finished the reason: the keys go to the videos again

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(16, 0, 16, 8)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(8)
        self._actions = actions
        self._buttons: dict[str, QPushButton] = {}
        self.left = self._button(actions["rank_left"])
        self.neither = self._button(actions["rank_neither"])
        self.right = self._button(actions["rank_right"])
        self.skip = self._button(actions["rank_skip"])
        self.reason = _Reason(self)
        self.reason.setMaxLength(MAX_REASON_CHARACTERS)
        actions.keys_changed.connect(self._show_keys)
        self._show_keys()
        self.reason.setAccessibleName("Reason of the vote, optional")
        self.reason.returnPressed.connect(self.left_reason)
        self.reason.left.connect(self.left_reason)
        self.proceed = QPushButton("Continue", self)
        self.proceed.setProperty("primary", True)
        self.proceed.setAutoDefault(True)  # Enter presses it
        self.proceed.hide()
        middle = add_all(horizontal(spacing=8), self.neither, self.skip, self.proceed)
        grid.addWidget(self.left, 0, 0)
        grid.addLayout(middle, 0, 1)
        grid.addWidget(self.right, 0, 2)
        self.message = _Message(self, wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.message.setProperty("warns", True)
        self.message.setMinimumHeight(2 * self.message.fontMetrics().height() + 4)  # nothing moves
        lower = add_all(horizontal(spacing=16), (self.reason, 2), (self.message, 3))
        grid.addLayout(lower, 1, 0, 1, 3)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        grid.setColumnStretch(2, 3)

    def _show_keys(self) -> None:
        for name, button in self._buttons.items():
            keys = self._actions.keys(name)
            text = plain(self._actions[name].text())
            button.setText(f"{key_text(keys[0])}   {text}" if keys else text)
        keys = self._actions.keys("rank_reason")
        text = f"Reason (optional, key {key_text(keys[0])})" if keys else "Reason (optional)"
        self.reason.setPlaceholderText(text)

    def _button(self, action: QAction) -> QPushButton:
        button = self._buttons[action.objectName()] = _VoteButton(self)
        button.setMinimumHeight(40)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(plain(action.text()))
        button.clicked.connect(action.trigger)
        return button

    def show_feedback(self, text: str) -> None:
        """Show the stated answer to a practice pair, and a button to go on instead of those of a vote."""
        self.set_voting(voting=False)
        self.proceed.setFocus()
        self.show_message(f"Practice. {text}")

    def set_voting(self, *, voting: bool) -> None:
        """Enable the buttons of a vote, or show the one to go on."""
        self.proceed.setVisible(not voting)
        for button in self._buttons.values():
            button.setEnabled(voting)

    def show_message(self, text: str) -> None:
        self.message.setText(text)
        if text:
            QAccessible.updateAccessibility(QAccessibleEvent(self.message, QAccessible.Event.Alert))
