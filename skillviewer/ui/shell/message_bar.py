"""Bar of messages below the tool bar."""

from collections.abc import Collection
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.actions.actions import Actions, without_mnemonic
from skillviewer.ui.threads.messages import Message, Messages, Severity
from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import add_all, growing, horizontal, push_button, tool_button, vertical
from skillviewer.ui.widgets.theme import Theme, themed

MAX_DETAILS = 8


class MessageBar(QFrame):
    """Shows the latest message. Closing it shows the previous message."""

    def __init__(self, messages: Messages, actions: Actions, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._messages = messages
        self._actions = actions
        self._icons = icons
        self._theme: Theme | None = None
        self._shows_details = False
        self._secrets: frozenset[str] = frozenset()
        self.setObjectName("message_bar")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._icon_label = QLabel(self)
        self._text_label = text_label("", self, wrap=True, plain=True)
        self._text_label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.action_button = push_button("", self, self._on_action)
        self._details_button = tool_button("", self, self.toggle_details)
        self._close_button = tool_button("", self, messages.dismiss, tip="Close")
        self._close_button.setAccessibleName("Close this message")
        row = add_all(
            horizontal(spacing=8),
            self._icon_label,
            growing(self._text_label),
            self.action_button,
            self._details_button,
            self._close_button,
        )
        self._details_label = text_label("", self, wrap=True, plain=True)
        self._details_label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._details_label.setContentsMargins(28, 0, 0, 4)
        add_all(vertical(self, margins=(12, 6, 6, 6), spacing=4), row, self._details_label)
        messages.changed.connect(self._on_changed)
        self._on_changed()

    @property
    def text(self) -> str:
        return self._text_label.text() if self._messages.waiting else ""

    def hide_names(self, names: Collection[str]) -> None:
        """Replace messages that contain one of these names, and hide the details of all; an empty set ends this."""
        secrets = frozenset(name for name in names if name)
        if secrets != self._secrets:
            self._secrets = secrets
            self._refresh()

    def _censored(self, message: Message) -> Message:
        if not self._secrets:
            return message
        if any(name in message.text for name in self._secrets):
            text = "There is a message about a video. It can be read when you have finished judging."
            return Message(text, message.severity)
        return replace(message, details=(), action="")

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._close_button.setIcon(self._icons.icon("close", theme))
        self._refresh()

    def _on_changed(self) -> None:
        self._shows_details = False
        self._refresh()
        if self._message is not None:
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    @property
    def _message(self) -> Message | None:
        waiting = self._messages.waiting
        return waiting[-1] if waiting else None

    def _refresh(self) -> None:
        message = self._message
        self.setVisible(message is not None)
        if message is None:
            return
        n_others = len(self._messages.waiting) - 1
        message = self._censored(message)
        text = printable(message.text)
        counted_text = f"{text}  (more messages: {n_others})" if n_others else text
        self._text_label.setText(counted_text)
        self.setAccessibleName(text)
        lines = [printable(line) for line in message.details[:MAX_DETAILS]]
        if len(message.details) > MAX_DETAILS:
            lines.append(f"and {len(message.details) - MAX_DETAILS} more")
        self._details_label.setText("\n".join(lines))
        self._details_label.setVisible(self._shows_details and bool(lines))
        self.action_button.setVisible(bool(message.action))
        if message.action:
            self.action_button.setText(without_mnemonic(self._actions[message.action].text()))
        button_text = "Hide details" if self._shows_details else "Details"
        self._details_button.setVisible(bool(lines))
        self._details_button.setText(button_text)
        if self._theme is not None:
            self._show_severity(message.severity, self._theme)

    def _show_severity(self, severity: Severity, theme: Theme) -> None:
        colours = {Severity.NOTE: theme.accent, Severity.WARNING: theme.warn, Severity.ERROR: theme.bad}
        colour = colours[severity]
        self._icon_label.setPixmap(self._icons.pixmap(str(severity), colour, 20, self.devicePixelRatioF()))
        self.setStyleSheet(
            f"#message_bar {{ background: {theme.base}; border: none; border-bottom: 1px solid {theme.line};"
            f" border-left: 3px solid {colour}; }}"
        )

    def _on_action(self) -> None:
        """Close the message, and run the action that it offers."""
        message = self._message
        if message is not None and message.action:
            self._messages.dismiss()
            self._actions[message.action].trigger()

    def toggle_details(self) -> None:
        self._shows_details = not self._shows_details
        self._refresh()
