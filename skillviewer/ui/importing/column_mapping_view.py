"""The meaning of each column of a table of ratings, as a form."""

from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from skillviewer.core.text import printable
from skillviewer.data.ratings.guessing import with_rating
from skillviewer.data.ratings.numbers import is_filled, is_number, number_of_cell
from skillviewer.data.ratings.rating_table import RawTable
from skillviewer.data.ratings.table_mapping import ROLES, TableMapping
from skillviewer.ui.widgets.form import choose, offer
from skillviewer.ui.widgets.layout import as_tip
from skillviewer.ui.widgets.plain_table import alignment_of, set_up

RATING = "rating"


MEANINGS = ("", RATING, *ROLES)


MEANING, ITEM, RATER, LOW, HIGH, LESS, LEVELS, VALUES = range(1, 9)
"""Places in a row; the column of the table comes first."""


FIXED = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


SEARCHED = 500
FIRST_VALUES = 4
MAX_LEVELS = 20


class ColumnMappingView(QTableWidget):
    """One row per column of the table: its meaning, and of ratings the item, the rater and the scale."""

    mapped = Signal(object)  # another ``TableMapping``

    def __init__(self, parent: QWidget) -> None:
        super().__init__(0, 9, parent)
        set_up(self, "Columns of the table", self.fontMetrics().height() + 14)
        self.setEditTriggers(QTableWidget.EditTrigger.AllEditTriggers)
        self.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectItems)
        titles = "Column|Meaning|Item|Rater|Lowest|Highest|Lower is better|Levels, worst first|First values"
        self.setHorizontalHeaderLabels(titles.split("|"))
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setDefaultAlignment(alignment_of(number=False))
        self._table: RawTable | None = None
        self._mapping = TableMapping()
        self.boxes: list[QComboBox] = []
        self.cells: list[list[QTableWidgetItem]] = []
        self.itemChanged.connect(self._on_item)

    def show_table(self, table: RawTable, mapping: TableMapping) -> None:
        """Show the columns of a table, with their meaning by a mapping."""
        other = table is not self._table
        self._table = table
        self._mapping = mapping
        with QSignalBlocker(self):
            if other:
                self._fill(table)
            for row, title in enumerate(table.titles):
                self._show(row, title)

    def _fill(self, table: RawTable) -> None:
        self.setRowCount(0)
        self.setRowCount(len(table.titles))
        self.boxes = []
        self.cells = []
        for row, title in enumerate(table.titles):
            self.cells.append([QTableWidgetItem() for _ in range(self.columnCount())])
            for place, cell in enumerate(self.cells[row]):
                cell.setFlags(FIXED)
                self.setItem(row, place, cell)
            values = self._cells(title, SEARCHED)
            for place, text in ((0, title), (VALUES, " · ".join(values[:FIRST_VALUES]))):
                self.cells[row][place].setText(printable(text))
                self.cells[row][place].setToolTip(as_tip(printable(text)))
            box = QComboBox(self)
            words = "not used|ratings|video|participant|rater|occasion|name of the item|start (s)|end (s)|remarks"
            offer(box, list(zip(MEANINGS, words.split("|"), strict=True)), "")
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.setAccessibleName(f"Meaning of the column {printable(title)}")
            box.activated.connect(partial(self._on_meaning, row))
            self.setCellWidget(row, MEANING, box)
            self.boxes.append(box)

    def _show(self, row: int, title: str) -> None:
        mapping = self._mapping
        item = self._mapping.item_of(title)
        role = next((role for role in ROLES if getattr(mapping, role) == title), "")
        choose(self.boxes[row], role if item is None else RATING)
        texts = [""] * 6
        open_ = [False] * 6
        if item is not None:
            words = [] if item.levels else self._word_cells(title)
            rater = next(column.rater for column in item.columns if column.title == title)
            ends = ["" if end is None else f"{end:g}" for end in (item.low, item.high)]
            # the order of unknown words is asked for: it counts once the question mark is removed
            levels = f"? {', '.join(words)}" if words else ", ".join(item.levels)
            texts = [item.name, rater, *ends, "", levels]
            open_ = [not mapping.item, not mapping.rater, not item.levels, not item.levels, False, bool(levels)]
        for place, (text, editable) in enumerate(zip(texts, open_, strict=True), start=ITEM):
            cell = self.cells[row][place]
            cell.setText(text)
            cell.setFlags(FIXED | Qt.ItemFlag.ItemIsEditable if editable else FIXED)
        direction = self.cells[row][LESS]
        direction.setData(Qt.ItemDataRole.CheckStateRole, None)
        if item is not None:
            direction.setFlags(FIXED | Qt.ItemFlag.ItemIsUserCheckable)
            direction.setCheckState(Qt.CheckState.Checked if item.less_is_better else Qt.CheckState.Unchecked)

    def _cells(self, title: str, max_rows: int | None = None) -> list[str]:
        assert self._table is not None
        place = self._table.titles.index(title)
        return [
            *dict.fromkeys(
                row.cells[place] for row in self._table.rows[:max_rows] if not row.fault and row.cells[place]
            )
        ]

    def _word_cells(self, title: str) -> list[str]:
        cells = list(filter(is_filled, self._cells(title)))
        words = [cell for cell in cells if not is_number(cell)]
        return words if 2 * len(words) > len(cells) and len(words) <= MAX_LEVELS else []

    def _on_meaning(self, row: int, *_: object) -> None:
        assert self._table is not None
        title = self._table.titles[row]
        role = self.boxes[row].currentData()
        mapping = self._mapping
        if role != RATING:
            self.mapped.emit(mapping.assigned(role, title))
        elif mapping.item_of(title) is None:
            self.mapped.emit(with_rating(mapping, self._table, title))

    def _on_item(self, cell: QTableWidgetItem) -> None:
        assert self._table is not None
        row = cell.row()
        mapping = self._mapping
        title = self._table.titles[row]
        item = mapping.item_of(title)
        if item is None:
            return
        texts = [self.cells[row][place].text().strip() for place in range(self.columnCount())]
        if cell.column() in {ITEM, RATER}:
            mapping = with_rating(mapping, self._table, title, texts[ITEM], texts[RATER])
        else:
            low = number_of_cell(texts[LOW], decimal_comma=True)
            high = number_of_cell(texts[HIGH], decimal_comma=True)
            levels = texts[LEVELS] if not texts[LEVELS].startswith("?") else ""
            mapping = mapping.with_item(
                item.name,
                low=low,
                high=high,
                levels=tuple(word.strip() for word in levels.split(",") if word.strip()),
                less_is_better=self.cells[row][LESS].checkState() == Qt.CheckState.Checked,
            )
        self.mapped.emit(mapping)
