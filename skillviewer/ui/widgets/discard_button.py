"""Button that asks for a second press before it discards."""

from collections.abc import Callable

from PySide6.QtGui import QFocusEvent, QMouseEvent
from PySide6.QtWidgets import QPushButton, QWidget


class DiscardButton(QPushButton):
    """A button that discards something at its second press, or at the first if ``needs_confirmation`` is False."""

    def __init__(self, text: str, parent: QWidget, discard: Callable[[], object], tip: str = "") -> None:
        super().__init__(parent)
        self._text = text
        self._discard = discard
        self._tip = tip
        self.needs_confirmation = True
        self.clicked.connect(self._on_click)
        self.reset()

    def reset(self) -> None:
        """Require two presses again."""
        self._set_armed(armed=False)

    def _set_armed(self, *, armed: bool) -> None:
        self._is_armed = armed
        if armed:
            self.setText("Discard for good")
            self.setToolTip("Press again to remove the files.")
        else:
            self.setText(self._text)
            self.setToolTip(self._tip)

    def _on_click(self) -> None:
        if self.needs_confirmation and not self._is_armed:
            self._set_armed(armed=True)
            return
        self.reset()
        self._discard()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.reset()
        super().focusOutEvent(event)
