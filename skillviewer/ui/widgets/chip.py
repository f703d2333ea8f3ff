"""A short word on a coloured ground."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QToolButton, QWidget

SIDES_PX, ABOVE_PX = 7, 4


class Chip(QToolButton):
    """A word with a thin border, as narrow as possible."""

    def __init__(self, text: str, parent: QWidget | None = None, *, checkable: bool = False) -> None:
        super().__init__(parent)
        self.setText(text)
        self.setCheckable(checkable)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("chip", True)
        self.setProperty("letters", "chip")

    def sizeHint(self) -> QSize:
        self.ensurePolished()
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text()) + 2 * SIDES_PX, metrics.height() + 2 * ABOVE_PX)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()
