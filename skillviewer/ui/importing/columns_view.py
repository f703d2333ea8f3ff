"""The columns of a table of ratings, each with its meaning, which can be changed."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHeaderView, QTableView, QTableWidget, QTableWidgetItem, QWidget

from skillviewer.core.text import printable
from skillviewer.data.ratings.guessing import with_rating
from skillviewer.data.ratings.numbers import is_number, number_of_cell, says
from skillviewer.data.ratings.rating_table import RatingTable
from skillviewer.data.ratings.table_mapping import ROLES, TableMapping
from skillviewer.ui.widgets.form import choose, offer
from skillviewer.ui.widgets.layout import as_tip
from skillviewer.ui.widgets.tables import set_up, side_of

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
        return text if role == Qt.ItemDataRole.DisplayRole else as_tip(text) if role == TIP else None

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        asked = way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return printable(self.titles[section]) if asked else None


class RowsView(QTableView):
    """The table; ``name`` is its accessible name."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        set_up(self, name, self.fontMetrics().height() + 8)
        self.texts = RowsModel(self)
        self.setModel(self.texts)
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setResizeContentsPrecision(50)
        self.horizontalHeader().setDefaultAlignment(side_of(number=False))

    def show_rows(self, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show other rows; the selected one stays selected."""
        chosen = self.currentIndex().row()
        self.texts.beginResetModel()
        self.texts.titles, self.texts.rows = titles, rows
        self.texts.endResetModel()
        self.resizeColumnsToContents()
        if 0 <= chosen < len(rows):
            self.selectRow(chosen)


RATING = "rating"
MEANINGS = ("", RATING, *ROLES)
MEANING, ITEM, RATER, LOW, HIGH, LESS, LEVELS, VALUES = range(1, 9)
"""Places in a row; the column of the table comes first."""
FIXED = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
SEARCHED, FIRST_VALUES, MOST_LEVELS = 500, 4, 20


class ColumnsView(QTableWidget):
    """One row per column of the table: its meaning, and of ratings the item, the rater and the scale."""

    mapped = Signal(object)  # another ``TableMapping``

    def __init__(self, parent: QWidget) -> None:
        super().__init__(0, 9, parent)
        set_up(self, self.tr("Columns of the table"), self.fontMetrics().height() + 14)
        self.setEditTriggers(QTableWidget.EditTrigger.AllEditTriggers)
        self.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectItems)
        titles = self.tr("Column|Meaning|Item|Rater|Lowest|Highest|Lower is better|Levels, worst first|First values")
        self.setHorizontalHeaderLabels(titles.split("|"))
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setDefaultAlignment(side_of(number=False))
        self._table: RatingTable | None = None
        self._mapping = TableMapping()
        self.boxes: list[QComboBox] = []
        self.cells: list[list[QTableWidgetItem]] = []
        self.itemChanged.connect(self._on_item)

    def show_table(self, table: RatingTable, mapping: TableMapping) -> None:
        """Show the columns of a table, with their meaning by a mapping."""
        other, self._table, self._mapping = table is not self._table, table, mapping
        with QSignalBlocker(self):
            if other:
                self._fill(table)
            for at, title in enumerate(table.titles):
                self._show(at, title)

    def _fill(self, table: RatingTable) -> None:
        self.setRowCount(0)
        self.setRowCount(len(table.titles))
        self.boxes, self.cells = [], []
        for at, title in enumerate(table.titles):
            self.cells.append([QTableWidgetItem() for _ in range(self.columnCount())])
            for place, cell in enumerate(self.cells[at]):
                cell.setFlags(FIXED)
                self.setItem(at, place, cell)
            values = self._cells(title, SEARCHED)
            for place, text in ((0, title), (VALUES, " · ".join(values[:FIRST_VALUES]))):
                self.cells[at][place].setText(printable(text))
                self.cells[at][place].setToolTip(as_tip(printable(text)))
            box = QComboBox(self)
            words = self.tr("not used|ratings|video|participant|rater|occasion|name of the item|start (s)|end (s)")
            offer(box, list(zip(MEANINGS, words.split("|"), strict=True)), "")
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.setAccessibleName(self.tr("Meaning of the column {}").format(printable(title)))
            box.activated.connect(partial(self._on_meaning, at))
            self.setCellWidget(at, MEANING, box)
            self.boxes.append(box)

    def _show(self, at: int, title: str) -> None:
        mapping, item = self._mapping, self._mapping.item_of(title)
        role = next((role for role in ROLES if getattr(mapping, role) == title), "")
        choose(self.boxes[at], role if item is None else RATING)
        texts, open_ = [""] * 6, [False] * 6
        if item is not None:
            words = [] if item.levels else self._words(title)
            rater = next(column.rater for column in item.columns if column.title == title)
            ends = ["" if end is None else f"{end:g}" for end in (item.low, item.high)]
            # the order of unknown words is asked for: it counts once the question mark is removed
            levels = f"? {', '.join(words)}" if words else ", ".join(item.levels)
            texts = [item.name, rater, *ends, "", levels]
            open_ = [not mapping.item, not mapping.rater, not item.levels, not item.levels, False, bool(levels)]
        for place, (text, editable) in enumerate(zip(texts, open_, strict=True), start=ITEM):
            cell = self.cells[at][place]
            cell.setText(text)
            cell.setFlags(FIXED | Qt.ItemFlag.ItemIsEditable if editable else FIXED)
        less = self.cells[at][LESS]
        less.setData(Qt.ItemDataRole.CheckStateRole, None)
        if item is not None:
            less.setFlags(FIXED | Qt.ItemFlag.ItemIsUserCheckable)
            less.setCheckState(Qt.CheckState.Checked if item.less_is_better else Qt.CheckState.Unchecked)

    def _cells(self, title: str, most: int | None = None) -> list[str]:
        assert self._table is not None
        place = self._table.titles.index(title)
        return [
            *dict.fromkeys(row.cells[place] for row in self._table.rows[:most] if not row.fault and row.cells[place])
        ]

    def _words(self, title: str) -> list[str]:
        cells = list(filter(says, self._cells(title)))
        words = [cell for cell in cells if not is_number(cell)]
        return words if 2 * len(words) > len(cells) and len(words) <= MOST_LEVELS else []

    def _on_meaning(self, at: int, *_: object) -> None:
        assert self._table is not None
        title, role, mapping = self._table.titles[at], self.boxes[at].currentData(), self._mapping
        if role != RATING:
            self.mapped.emit(mapping.assigned(role, title))
        elif mapping.item_of(title) is None:
            self.mapped.emit(with_rating(mapping, self._table, title))

    def _on_item(self, cell: QTableWidgetItem) -> None:
        assert self._table is not None
        at, mapping = cell.row(), self._mapping
        title = self._table.titles[at]
        item = mapping.item_of(title)
        if item is None:
            return
        texts = [self.cells[at][place].text().strip() for place in range(self.columnCount())]
        if cell.column() in {ITEM, RATER}:
            mapping = with_rating(mapping, self._table, title, texts[ITEM], texts[RATER])
        else:
            low, high = (number_of_cell(texts[place], decimal_comma=True) for place in (LOW, HIGH))
            levels = texts[LEVELS] if not texts[LEVELS].startswith("?") else ""
            mapping = mapping.with_item(
                item.name,
                low=low,
                high=high,
                levels=tuple(word.strip() for word in levels.split(",") if word.strip()),
                less_is_better=self.cells[at][LESS].checkState() == Qt.CheckState.Checked,
            )
        self.mapped.emit(mapping)
