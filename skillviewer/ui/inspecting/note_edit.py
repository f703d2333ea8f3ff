"""A field for the words of a note, as high as they are."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

LEAST_LINES, MOST_LINES = 1, 12


class NoteEdit(QPlainTextEdit):
    """Plain words. Ctrl+Enter and leaving the field finish the note; Tab goes on to the next field.

    Args:
        parent: Owner.
    """

    begun = Signal()
    finished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)
        self.setAcceptDrops(False)  # files dropped here are for the window
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.least_lines = LEAST_LINES
        self.document().documentLayout().documentSizeChanged.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        """Be as high as the words, within reason."""
        lines = round(self.document().size().height())
        shown = min(max(lines, self.least_lines), MOST_LINES)
        margins = 2 * self.document().documentMargin() + 2 * self.frameWidth()
        return QSize(160, round(shown * self.fontMetrics().lineSpacing() + margins) + 10)

    def minimumSizeHint(self) -> QSize:
        """Give way in width only."""
        return QSize(40, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Words wrap anew."""
        super().resizeEvent(event)
        self.updateGeometry()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Begin."""
        super().focusInEvent(event)
        self.begun.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Finish, unless a menu or another window came over it."""
        super().focusOutEvent(event)
        if event.reason() not in {Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason}:
            self.finished.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Finish with Ctrl+Enter."""
        enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.finished.emit()
            event.accept()
        else:
            super().keyPressEvent(event)
