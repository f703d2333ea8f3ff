"""Small tables of words and numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.markup import as_tip


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        title: Words at its head.
        meaning: What its numbers are, in a sentence.
        number: Whether it holds numbers, which stand at the right.
        stretch: Whether it takes the room that is left.
    """

    title: str
    meaning: str = ""
    number: bool = True
    stretch: bool = False


@dataclass(frozen=True, slots=True)
class Cells:
    """A row.

    Attributes:
        key: What it is about.
        texts: One a column.
        tip: Said of the whole row.
        muted: Whether it matters less.
        tips: Said of single columns, by index.
    """

    key: str
    texts: tuple[str, ...]
    tip: str = ""
    muted: bool = False
    tips: dict[int, str] = field(default_factory=dict)


class PlainTable(QTableWidget):
    """A table that is read; a click or Enter on a row chooses it.

    Args:
        name: Accessible name.
        parent: Owner.
    """

    row_chosen = Signal(str)
    """Key of the row."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Cells, ...] = ()
        self._columns: tuple[Column, ...] = ()
        self.setAccessibleName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names often differ at their ends only
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setMinimumSectionSize(24)
        self.cellClicked.connect(self._on_cell)
        self.activated.connect(lambda index: self._on_cell(index.row(), index.column()))

    @property
    def shown_rows(self) -> tuple[Cells, ...]:
        """What it shows."""
        return self._rows

    def minimumSizeHint(self) -> QSize:
        """Three rows."""
        return QSize(160, 4 * (self.fontMetrics().height() + 8))

    def fill(self, columns: Sequence[Column], rows: Sequence[Cells]) -> None:
        """Show other rows; the chosen one stays chosen."""
        columns, rows = tuple(columns), tuple(rows)
        if columns != self._columns:
            self._set_columns(columns)
        if rows == self._rows:
            return
        chosen = self._rows[self.currentRow()].key if 0 <= self.currentRow() < len(self._rows) else None
        self._rows = rows
        if self.rowCount() != len(rows):
            self.setRowCount(len(rows))
        for at, row in enumerate(rows):
            for column, text in enumerate(row.texts):
                self._set(at, column, row, printable(text))
        again = next((at for at, row in enumerate(rows) if row.key == chosen), None)
        if again is not None and again != self.currentRow():
            self.setCurrentCell(again, 0)
        elif again is None:
            self.clearSelection()

    def choose(self, key: str) -> None:
        """Mark a row."""
        at = next((i for i, row in enumerate(self._rows) if row.key == key), None)
        if at is not None:
            self.setCurrentCell(at, 0)

    def _set(self, at: int, column: int, row: Cells, text: str) -> None:
        item = self.item(at, column)
        if item is None:
            item = QTableWidgetItem()
            number = self._columns[column].number
            side = Qt.AlignmentFlag.AlignRight if number else Qt.AlignmentFlag.AlignLeft
            item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            self.setItem(at, column, item)
        tip = row.tips.get(column, row.tip)
        flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
        if item.text() != text:
            item.setText(text)
        if item.toolTip() != tip:
            item.setToolTip(as_tip(tip))
        item.setFlags(Qt.ItemFlag.ItemIsSelectable if row.muted else flags)

    def _set_columns(self, columns: tuple[Column, ...]) -> None:
        self._columns, self._rows = columns, ()
        self.clear()
        self.setRowCount(0)
        self.setColumnCount(len(columns))
        header = self.horizontalHeader()
        for at, column in enumerate(columns):
            item = QTableWidgetItem(column.title)
            item.setToolTip(column.meaning)
            side = Qt.AlignmentFlag.AlignRight if column.number else Qt.AlignmentFlag.AlignLeft
            item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            self.setHorizontalHeaderItem(at, item)
            mode = QHeaderView.ResizeMode.Stretch if column.stretch else QHeaderView.ResizeMode.ResizeToContents
            header.setSectionResizeMode(at, mode)

    def _on_cell(self, row: int, _column: int) -> None:
        if 0 <= row < len(self._rows):
            self.row_chosen.emit(self._rows[row].key)
