"""A list of videos with a box before each."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import QApplication, QListWidget, QListWidgetItem, QWidget

from skillviewer.ui.widgets.layout import as_tip
from skillviewer.ui.widgets.theme import by_text

ROW_PX = 22


MAX_ROWS = 6


class CheckList(QListWidget):
    """Items with check boxes; the list is as tall as its items."""

    marked = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setUniformItemSizes(True)
        self.setFont(QApplication.font())  # lists have another font by default
        self.setProperty("letters", "plain")
        self.itemChanged.connect(self.marked)

    def set_items(self, items: Sequence[tuple[object, str]], checked_keys: Sequence[object]) -> None:
        """Show (key, text) of each item, and check the chosen ones."""
        with QSignalBlocker(self):
            self.clear()
            for key, text in items:
                item = QListWidgetItem(text)
                item.setToolTip(as_tip(text))
                item.setData(Qt.ItemDataRole.UserRole, key)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked if key in checked_keys else Qt.CheckState.Unchecked)
                item.setSizeHint(QSize(10, by_text(ROW_PX)))
                self.addItem(item)
        self.setFixedHeight(by_text(ROW_PX) * max(1, min(len(items), MAX_ROWS)) + 2 * self.frameWidth() + 2)

    @property
    def chosen(self) -> list[object]:
        """Keys of the checked items, in order."""
        items = (self.item(row) for row in range(self.count()))
        return [i.data(Qt.ItemDataRole.UserRole) for i in items if i.checkState() == Qt.CheckState.Checked]
