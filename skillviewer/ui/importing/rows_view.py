"""Views of many rows of text: only those on screen are drawn."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QTableView, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.widgets.layout import as_tip
from skillviewer.ui.widgets.tables import set_up, side_of

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class RowsModel(QAbstractTableModel):
    """Rows of texts under titles."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._titles: Sequence[str] = ()
        self.rows: Sequence[Sequence[str]] = ()

    def show_rows(self, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self._titles, self.rows = titles, rows
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._titles)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the text of a cell, in its tooltip too: it may be cut."""
        if role not in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole}:
            return None
        text = printable(self.rows[index.row()][index.column()])
        return as_tip(text) if role == Qt.ItemDataRole.ToolTipRole else text

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the title of a column."""
        asked = way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return printable(self._titles[section]) if asked else None


class RowsView(QTableView):
    """A read-only table of texts.

    Args:
        name: Accessible name.
    """

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        set_up(self, name, self.fontMetrics().height() + 8)
        self.rows = RowsModel(self)
        self.setModel(self.rows)
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setResizeContentsPrecision(50)
        self.horizontalHeader().setDefaultAlignment(side_of(number=False))

    def show_rows(self, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show other rows; the selected row stays selected."""
        chosen = self.currentIndex().row()
        self.rows.show_rows(titles, rows)
        self.resizeColumnsToContents()
        if 0 <= chosen < len(rows):
            self.selectRow(chosen)
