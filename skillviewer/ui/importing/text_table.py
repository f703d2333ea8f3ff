"""A table of texts without editing."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QTableView, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.widgets.layout import as_tip
from skillviewer.ui.widgets.plain_table import alignment_of, set_up

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class TextTableModel(QAbstractTableModel):
    """Rows of texts, with a title for every column."""

    titles: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.titles)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        """Return the text of a cell; the tooltip shows all of a text that the cell elides."""
        text = printable(self.rows[index.row()][index.column()])
        if role == Qt.ItemDataRole.DisplayRole:
            return text
        if role == Qt.ItemDataRole.ToolTipRole:
            return as_tip(text)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | None:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return printable(self.titles[section])
        return None


class TextTableView(QTableView):
    """A table of texts; ``name`` is its accessible name."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        set_up(self, name, self.fontMetrics().height() + 8)
        self.texts = TextTableModel(self)
        self.setModel(self.texts)
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setResizeContentsPrecision(50)
        self.horizontalHeader().setDefaultAlignment(alignment_of(number=False))

    def show_rows(self, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show other rows; the selection stays at its row number."""
        current_row = self.currentIndex().row()
        self.texts.beginResetModel()
        self.texts.titles = titles
        self.texts.rows = rows
        self.texts.endResetModel()
        self.resizeColumnsToContents()
        if 0 <= current_row < len(rows):
            self.selectRow(current_row)
