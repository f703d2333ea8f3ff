"""Button that looks like a short label with a border."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QToolButton, QWidget

HORIZONTAL_PADDING_PX = 7
VERTICAL_PADDING_PX = 4


class Chip(QToolButton):
    """A button with a thin border, which is as narrow as its text."""

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
        width = metrics.horizontalAdvance(self.text()) + 2 * HORIZONTAL_PADDING_PX
        return QSize(width, metrics.height() + 2 * VERTICAL_PADDING_PX)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()
