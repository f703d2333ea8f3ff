"""The line in which raters read warnings."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QLabel, QWidget


class RaterMessage(QLabel):
    """Plain text in up to two lines, announced to screen readers.

    The height does not depend on the width, so that a long message never pushes buttons out of the window.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.setProperty("warns", True)
        self.setMinimumHeight(2 * self.fontMetrics().height() + 4)  # nothing moves when a message appears

    def hasHeightForWidth(self) -> bool:
        return False

    def show_message(self, text: str) -> None:
        """Show and announce a message, or clear the last one by ""."""
        self.setText(text)
        if text:
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
