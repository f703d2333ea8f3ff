"""A layout that fills rows from left to right."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """A row that wraps, so that nothing is cut where a panel is narrow, letters are large or words are long."""

    def __init__(self, parent: QWidget | None = None, gap_px: int = 4) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap_px = gap_px
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Return no direction: the layout takes no more room than it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Return True: the layout is higher where it is narrow."""
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def sizeHint(self) -> QSize:
        sizes = [item.sizeHint() for item in self._items if not item.isEmpty()]
        gaps = max(len(sizes) - 1, 0) * self._gap_px
        line = QSize(sum(size.width() for size in sizes) + gaps, max((size.height() for size in sizes), default=0))
        return line.grownBy(self.contentsMargins())

    def minimumSize(self) -> QSize:
        sizes = [item.minimumSize() for item in self._items if not item.isEmpty()]
        size = QSize(max((s.width() for s in sizes), default=0), max((s.height() for s in sizes), default=0))
        return size.grownBy(self.contentsMargins())

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        edges = self.contentsMargins()
        rect = rect.marginsRemoved(edges)
        x = rect.left()
        y = rect.top()
        height = 0
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint()
            if x > rect.left() and x + size.width() > rect.right() + 1:
                x = rect.left()
                y = y + height + self._gap_px
                height = 0
            if move:
                item.setGeometry(QRect(QPoint(x, y), size))
            x = x + size.width() + self._gap_px
            height = max(height, size.height())
        return y + height - rect.top() + edges.top() + edges.bottom()
