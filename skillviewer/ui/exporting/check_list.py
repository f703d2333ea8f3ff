"""A list whose items have check boxes."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import QApplication, QListWidget, QListWidgetItem, QWidget

from skillviewer.ui.widgets.layout import as_tip
from skillviewer.ui.widgets.text_scaling import scaled_px

ROW_PX = 22
MAX_ROWS = 6  # rows that are visible without scrolling


class CheckList(QListWidget):
    """List with a check box before each item, as tall as its items up to ``MAX_ROWS``."""

    check_changed = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setUniformItemSizes(True)
        self.setFont(QApplication.font())  # lists have another font by default
        self.setProperty("letters", "plain")
        self.itemChanged.connect(self.check_changed)

    def set_items(self, items: Sequence[tuple[object, str]], checked_keys: Sequence[object]) -> None:
        """Show items, given as (key, text), and check those with ``checked_keys``."""
        with QSignalBlocker(self):
            self.clear()
            for key, text in items:
                item = QListWidgetItem(text)
                item.setToolTip(as_tip(text))
                item.setData(Qt.ItemDataRole.UserRole, key)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                check_state = Qt.CheckState.Checked if key in checked_keys else Qt.CheckState.Unchecked
                item.setCheckState(check_state)
                item.setSizeHint(QSize(10, scaled_px(ROW_PX)))
                self.addItem(item)
        n_rows = max(1, min(len(items), MAX_ROWS))
        self.setFixedHeight(scaled_px(ROW_PX) * n_rows + 2 * self.frameWidth() + 2)

    @property
    def chosen_keys(self) -> list[object]:
        """Keys of the checked items, in order."""
        items = [self.item(row) for row in range(self.count())]
        return [item.data(Qt.ItemDataRole.UserRole) for item in items if item.checkState() == Qt.CheckState.Checked]
