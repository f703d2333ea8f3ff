"""The field in which a key is pressed to assign it to an action."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QWidget

from skillviewer.ui.actions.actions import key_text

LONE = {
    Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr, Qt.Key.Key_CapsLock,
    Qt.Key.Key_NumLock, Qt.Key.Key_unknown, Qt.Key.Key_Super_L, Qt.Key.Key_Super_R, Qt.Key.Key_Menu,
}  # fmt: skip


RESERVED = ("Tab", "Shift+Tab", "Backtab", "Shift+Backtab", "Esc")  # keys that move the focus or leave a field


class KeyField(QLineEdit):
    """Shows the key combination that is pressed in it."""

    pressed = Signal(str)  # the key in Qt's portable form

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setPlaceholderText("Click here and press the keys")
        self.setAccessibleName("New key")
        self.installEventFilter(self)

    def take(self, key: str) -> None:
        self.setText(key_text(key) if key else "")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take every key except those that leave the field."""
        if isinstance(event, QKeyEvent) and event.type() in {QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress}:
            key = event.key()
            combination = QKeySequence(event.keyCombination()).toString(QKeySequence.SequenceFormat.PortableText)
            if key in {Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Escape}:
                return super().eventFilter(watched, event)
            event.accept()
            if event.type() == QEvent.Type.KeyPress and key not in LONE and not event.isAutoRepeat():
                self.pressed.emit(without_shift(combination, event.text()))
            return True
        return super().eventFilter(watched, event)


def without_shift(combination: str, text: str) -> str:
    """Return a portable key without Shift where that only selects the character typed: ``?``, but ``Shift+L``."""
    sign = len(text) == 1 and text.isprintable() and not text.isalnum() and text != " "
    return combination.replace("Shift+", "", 1) if sign and combination.startswith("Shift+") else combination
