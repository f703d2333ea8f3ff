"""Stack of pages that is as large as its current page."""

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedLayout, QWidget


class _CurrentPageLayout(QStackedLayout):
    """A stacked layout that is as large as its current page. Qt's is as large as the largest page."""

    def hasHeightForWidth(self) -> bool:
        item = self.itemAt(self.currentIndex())
        return item is not None and item.hasHeightForWidth()

    def heightForWidth(self, width: int) -> int:
        item = self.itemAt(self.currentIndex())
        return item.heightForWidth(width) if item is not None else 0

    def minimumHeightForWidth(self, width: int) -> int:
        item = self.itemAt(self.currentIndex())
        return item.minimumHeightForWidth(width) if item is not None else 0

    def minimumSize(self) -> QSize:
        item = self.itemAt(self.currentIndex())
        return item.minimumSize() if item is not None else QSize()

    def sizeHint(self) -> QSize:
        item = self.itemAt(self.currentIndex())
        return item.sizeHint() if item is not None else QSize()


class Pages(QWidget):
    """A stack of pages whose minimum size depends on the current page alone."""

    currentChanged = Signal(int)  # noqa: N815 - as of QStackedWidget

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stack = _CurrentPageLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.currentChanged.connect(self._on_current)

    def _on_current(self, index: int) -> None:
        self._stack.invalidate()
        self.updateGeometry()
        self.currentChanged.emit(index)

    def addWidget(self, page: QWidget) -> int:
        """Add a page, and return its index."""
        return self._stack.addWidget(page)

    def removeWidget(self, page: QWidget) -> None:
        self._stack.removeWidget(page)

    def count(self) -> int:
        return self._stack.count()

    def widget(self, index: int) -> QWidget | None:
        return self._stack.widget(index)

    def indexOf(self, page: QWidget) -> int:
        return self._stack.indexOf(page)

    def currentIndex(self) -> int:
        return self._stack.currentIndex()

    def currentWidget(self) -> QWidget | None:
        return self._stack.currentWidget()

    def setCurrentIndex(self, index: int) -> None:
        self._stack.setCurrentIndex(index)

    def setCurrentWidget(self, page: QWidget) -> None:
        self._stack.setCurrentWidget(page)

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
        """Return the height of the current page. Qt would return the height of the highest page."""
        return self.minimumSizeHint().height()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()
