"""A table of texts without editing."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QTableView, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.widgets.layout import as_tip
from skillviewer.ui.widgets.plain_table import alignment_of, set_up
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class TextTableModel(QAbstractTableModel):
    """Rows of texts, with a title for every column."""

    titles: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    rejected: Mapping[tuple[int, int], str] = {}  # reasons why cells are rejected, by row and column
    rejected_colour = QColor(LIGHT.warn)

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.titles)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | QColor | None:
        """Return the text of a cell; the tooltip has all of the text, and the reason if the cell is rejected."""
        text = printable(self.rows[index.row()][index.column()])
        reason = self.rejected.get((index.row(), index.column()))
        if role == Qt.ItemDataRole.DisplayRole:
            return text if reason is None else f"{text} (rejected)"
        if role == Qt.ItemDataRole.ToolTipRole:
            tip = text if reason is None else f"{text}: {printable(reason)}"
            return as_tip(tip)
        if role == Qt.ItemDataRole.ForegroundRole and reason is not None:
            return self.rejected_colour
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
        self.table_model = TextTableModel(self)
        self.setModel(self.table_model)
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setResizeContentsPrecision(50)
        self.horizontalHeader().setDefaultAlignment(alignment_of(number=False))

    @themed
    def on_theme(self, theme: Theme) -> None:
        self.table_model.rejected_colour = QColor(theme.warn)

    def show_rows(
        self,
        titles: Sequence[str],
        rows: Sequence[Sequence[str]],
        rejected: Mapping[tuple[int, int], str] | None = None,
    ) -> None:
        """Show other rows; the selection stays at its row number.

        Args:
            titles: Titles of the columns.
            rows: Texts of the rows.
            rejected: Reasons why cells are rejected, by row and column; these cells are marked.
        """
        current_row = self.currentIndex().row()
        self.table_model.beginResetModel()
        self.table_model.titles = titles
        self.table_model.rows = rows
        self.table_model.rejected = {} if rejected is None else rejected
        self.table_model.endResetModel()
        self.resizeColumnsToContents()
        if 0 <= current_row < len(rows):
            self.selectRow(current_row)
