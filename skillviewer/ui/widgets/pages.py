"""A stack of pages as large as the one on screen."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QWidget


class Pages(QStackedWidget):
    """Pages one upon the other. It needs the room of the page in front alone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.currentChanged.connect(self.updateGeometry)

    def minimumSizeHint(self) -> QSize:
        front = self.currentWidget()
        if front is None:
            return QSize()
        size = front.minimumSizeHint()
        layout = front.layout()
        if layout is not None and layout.hasHeightForWidth():  # words that wrap, rows of buttons that wrap
            width = max(size.width(), self.width())
            size.setHeight(max(size.height(), layout.totalMinimumHeightForWidth(width)))
        return size

    def heightForWidth(self, _width: int) -> int:
        """Return the height of the page in front; Qt would take the highest."""
        return self.minimumSizeHint().height()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()
