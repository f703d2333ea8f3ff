"""The first rows of a table as text."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QTableView, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.widgets.layout import as_tip
from skillviewer.ui.widgets.plain_table import alignment_of, set_up

TIP = Qt.ItemDataRole.ToolTipRole


Index = QModelIndex | QPersistentModelIndex


_ROOT = QModelIndex()


class RowsModel(QAbstractTableModel):
    """Rows of texts under titles."""

    titles: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.titles)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        """Return the text of a cell, also as its tooltip: it may be cut."""
        text = printable(self.rows[index.row()][index.column()])
        if role == Qt.ItemDataRole.DisplayRole:
            return text
        return as_tip(text) if role == TIP else None

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        is_title = way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return printable(self.titles[section]) if is_title else None


class TextTableView(QTableView):
    """The table; ``name`` is its accessible name."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        set_up(self, name, self.fontMetrics().height() + 8)
        self.texts = RowsModel(self)
        self.setModel(self.texts)
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setResizeContentsPrecision(50)
        self.horizontalHeader().setDefaultAlignment(alignment_of(number=False))

    def show_rows(self, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show other rows; the selected one stays selected."""
        current_row = self.currentIndex().row()
        self.texts.beginResetModel()
        self.texts.titles = titles
        self.texts.rows = rows
        self.texts.endResetModel()
        self.resizeColumnsToContents()
        if 0 <= current_row < len(rows):
            self.selectRow(current_row)
