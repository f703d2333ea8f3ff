"""Layout that fills rows from left to right."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """A row that wraps, so that nothing is cut in a narrow panel or with large text."""

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
        """Return no direction, since the layout takes no more space than it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Return True, since the height depends on the width."""
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def sizeHint(self) -> QSize:
        """Return the size of a single row."""
        sizes = [item.sizeHint() for item in self._items if not item.isEmpty()]
        gaps_px = max(len(sizes) - 1, 0) * self._gap_px
        width = sum(size.width() for size in sizes) + gaps_px
        height = max((size.height() for size in sizes), default=0)
        return QSize(width, height).grownBy(self.contentsMargins())

    def minimumSize(self) -> QSize:
        """Return the size of the largest item."""
        sizes = [item.minimumSize() for item in self._items if not item.isEmpty()]
        width = max((size.width() for size in sizes), default=0)
        height = max((size.height() for size in sizes), default=0)
        return QSize(width, height).grownBy(self.contentsMargins())

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        """Fill rows within a rectangle, move the items if ``move``, and return the height needed."""
        margins = self.contentsMargins()
        rect = rect.marginsRemoved(margins)
        rows = self._rows(rect.width())
        y = rect.top()
        for row in rows:
            row_height = max(size.height() for _, size in row)
            x = rect.left()
            for item, size in row:
                if move:
                    top = y + (row_height - size.height()) // 2  # items of unequal height share their middle
                    item.setGeometry(QRect(QPoint(x, top), size))
                x += size.width() + self._gap_px
            y += row_height + self._gap_px
        gaps_below_px = self._gap_px if rows else 0
        return y - gaps_below_px - rect.top() + margins.top() + margins.bottom()

    def _rows(self, width: int) -> list[list[tuple[QLayoutItem, QSize]]]:
        """Return the visible items with their sizes, in rows of at most this width."""
        rows: list[list[tuple[QLayoutItem, QSize]]] = []
        x = 0
        for item in self._items:
            if item.isEmpty():
                continue
            size = _size_within(item, width)
            if not rows or x + size.width() > width:
                rows.append([])
                x = 0
            rows[-1].append((item, size))
            x += size.width() + self._gap_px
        return rows


def _size_within(item: QLayoutItem, width: int) -> QSize:
    """Return the preferred size of an item, which is narrowed to a row of this width as far as possible."""
    size = item.sizeHint()
    if size.width() <= width:
        return size
    narrowed = max(width, item.minimumSize().width())
    height = item.heightForWidth(narrowed) if item.hasHeightForWidth() else size.height()
    return QSize(narrowed, height)
