"""Stack of pages that is as large as its current page."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QWidget


class Pages(QStackedWidget):
    """A stack of pages whose minimum size is that of the current page alone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.currentChanged.connect(self.updateGeometry)

    def minimumSizeHint(self) -> QSize:
        page = self.currentWidget()
        if page is None:
            return QSize()
        size = page.minimumSizeHint()
        layout = page.layout()
        if layout is not None and layout.hasHeightForWidth():  # the page has texts or rows of buttons that wrap
            width = max(size.width(), self.width())
            size.setHeight(max(size.height(), layout.totalMinimumHeightForWidth(width)))
        return size

    def heightForWidth(self, _width: int) -> int:
        """Return the height of the current page; Qt would return that of the highest."""
        return self.minimumSizeHint().height()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()
