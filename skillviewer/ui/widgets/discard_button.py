"""A button that discards after a second press."""

from collections.abc import Callable

from PySide6.QtGui import QFocusEvent, QMouseEvent
from PySide6.QtWidgets import QPushButton, QWidget


class DiscardButton(QPushButton):
    """Discards at its second press where ``asks`` is True: a training may have taken hours."""

    def __init__(self, text: str, parent: QWidget, discard: Callable[[], object], tip: str = "") -> None:
        super().__init__(parent)
        self._text = text
        self._discard = discard
        self._tip = tip
        self.asks = True
        self.clicked.connect(self._on_click)
        self.reset()

    def reset(self, *, sure: bool = False) -> None:
        """Let the next press be the first one, or where ``sure`` the second one."""
        self._sure = sure
        self.setText("Discard for good" if sure else self._text)
        self.setToolTip("Press again to remove the files." if sure else self._tip)

    def _on_click(self) -> None:
        certain = self._sure or not self.asks
        self.reset(sure=not certain)
        if certain:
            self._discard()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.reset()
        super().focusOutEvent(event)
