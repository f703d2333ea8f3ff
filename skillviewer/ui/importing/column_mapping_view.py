"""An editable table with the meaning of each column of a table of ratings."""

from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from skillviewer.core.text import printable
from skillviewer.data.ratings.guessing import with_rating_column
from skillviewer.data.ratings.numbers import is_filled, is_number, number_of_cell
from skillviewer.data.ratings.rating_table import RawTable
from skillviewer.data.ratings.table_mapping import ROLES, TableMapping
from skillviewer.ui.widgets.form import choose, offer
from skillviewer.ui.widgets.layout import as_tip
from skillviewer.ui.widgets.plain_table import alignment_of, set_up, share_width
from skillviewer.ui.widgets.text_scaling import scaled_px

RATING = "rating"
MEANINGS = ("", RATING, *ROLES)
MEANING_TEXTS = (
    "not used",
    "ratings",
    "video",
    "participant",
    "rater",
    "occasion",
    "name of the item",
    "start (s)",
    "end (s)",
    "remarks",
)
HEADINGS = (
    "Column",
    "Meaning",
    "Item",
    "Rater",
    "Lowest",
    "Highest",
    "Lower is better",
    "Levels, worst first",
    "First values",
)
TITLE, MEANING, ITEM, RATER, LOW, HIGH, LOWER_IS_BETTER, LEVELS, VALUES = range(len(HEADINGS))
"""Columns of this view."""

READ_ONLY = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
EDITABLE = READ_ONLY | Qt.ItemFlag.ItemIsEditable
CHECKABLE = READ_ONLY | Qt.ItemFlag.ItemIsUserCheckable
N_SEARCHED_ROWS = 500
"""Number of rows of the table that are searched for first values."""
N_FIRST_VALUES = 4
MIN_VALUES_PX = 96
MAX_LEVELS = 20
UNKNOWN_ORDER = "?"
"""Beginning of levels whose order the user has to confirm by removing this mark."""


class ColumnMappingView(QTableWidget):
    """One row per column of the table: its meaning, and for ratings the item, the rater and the scale."""

    mapping_changed = Signal(object)  # the new ``TableMapping``

    def __init__(self, parent: QWidget) -> None:
        super().__init__(0, len(HEADINGS), parent)
        set_up(self, "Columns of the table", self.fontMetrics().height() + 14)
        self.setEditTriggers(QTableWidget.EditTrigger.AllEditTriggers)
        self.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectItems)
        self.setHorizontalHeaderLabels(list(HEADINGS))
        for column, end in ((LOW, "lowest"), (HIGH, "highest")):
            heading = QTableWidgetItem(HEADINGS[column])
            heading.setToolTip(f"If empty, the {end} rating in the table")
            self.setHorizontalHeaderItem(column, heading)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setDefaultAlignment(alignment_of(number=False))
        self.setHorizontalScrollMode(QTableWidget.ScrollMode.ScrollPerPixel)  # boxes are wide
        self._table: RawTable | None = None
        self._mapping = TableMapping()
        self.boxes: list[QComboBox] = []  # box of the meaning, by row
        self.cells: list[list[QTableWidgetItem]] = []  # by row and column
        self.itemChanged.connect(self._on_cell_changed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the first values the remaining width, but not less than their heading needs."""
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        heading = self.horizontalHeader().sectionSizeFromContents(VALUES)
        share_width(self, max(heading.width(), scaled_px(MIN_VALUES_PX)), VALUES)

    def show_table(self, table: RawTable, mapping: TableMapping) -> None:
        """Show the columns of a table, with their meaning by a mapping."""
        is_new_table = table is not self._table
        self._table = table
        self._mapping = mapping
        with QSignalBlocker(self):
            if is_new_table:
                self._make_rows(table)
            for row, title in enumerate(table.titles):
                self._show_row(row, title)
        self._share_width()

    def _make_rows(self, table: RawTable) -> None:
        self.setRowCount(0)
        self.setRowCount(len(table.titles))
        self.boxes = []
        self.cells = []
        for row, title in enumerate(table.titles):
            cells = [QTableWidgetItem() for _ in HEADINGS]
            for column, cell in enumerate(cells):
                cell.setFlags(READ_ONLY)
                self.setItem(row, column, cell)
            first_values = self._distinct_values(title, N_SEARCHED_ROWS)[:N_FIRST_VALUES]
            for column, text in ((TITLE, title), (VALUES, " · ".join(first_values))):
                cells[column].setText(printable(text))
                cells[column].setToolTip(as_tip(printable(text)))
            self.cells.append(cells)
            box = QComboBox(self)
            offer(box, list(zip(MEANINGS, MEANING_TEXTS, strict=True)), "")
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.setAccessibleName(f"Meaning of the column {printable(title)}")
            box.activated.connect(partial(self._on_meaning, row))
            self.setCellWidget(row, MEANING, box)
            self.boxes.append(box)

    def _show_row(self, row: int, title: str) -> None:
        item = self._mapping.item_of(title)
        for column in range(ITEM, VALUES):
            self._set_cell(row, column, "", is_editable=False)
        direction_cell = self.cells[row][LOWER_IS_BETTER]
        direction_cell.setData(Qt.ItemDataRole.CheckStateRole, None)
        if item is None:
            role = next((role for role in ROLES if getattr(self._mapping, role) == title), "")
            choose(self.boxes[row], role)
            return
        choose(self.boxes[row], RATING)
        rater = next(column.rater for column in item.columns if column.title == title)
        has_levels = bool(item.levels)
        self._set_cell(row, ITEM, item.name, is_editable=not self._mapping.item)
        self._set_cell(row, RATER, rater, is_editable=not self._mapping.rater)
        self._set_cell(row, LOW, _format_end(item.low), is_editable=not has_levels)
        self._set_cell(row, HIGH, _format_end(item.high), is_editable=not has_levels)
        levels_text = ", ".join(item.levels)
        if not has_levels:
            words = self._level_words(title)
            levels_text = f"{UNKNOWN_ORDER} {', '.join(words)}" if words else ""
        self._set_cell(row, LEVELS, levels_text, is_editable=bool(levels_text))
        direction_cell.setFlags(CHECKABLE)
        direction = Qt.CheckState.Checked if item.less_is_better else Qt.CheckState.Unchecked
        direction_cell.setCheckState(direction)

    def _set_cell(self, row: int, column: int, text: str, *, is_editable: bool) -> None:
        cell = self.cells[row][column]
        flags = EDITABLE if is_editable else READ_ONLY
        cell.setText(text)
        cell.setFlags(flags)

    def _distinct_values(self, title: str, max_rows: int | None = None) -> list[str]:
        """Return the different texts of a column in the order of the table, without empty cells."""
        assert self._table is not None
        column_index = self._table.titles.index(title)
        valid_rows = [row for row in self._table.rows[:max_rows] if not row.fault]
        values = [row.cells[column_index] for row in valid_rows if row.cells[column_index]]
        return list(dict.fromkeys(values))

    def _level_words(self, title: str) -> list[str]:
        """Return the words of a column that may be levels. If most values are numbers, there are no levels."""
        values = [value for value in self._distinct_values(title) if is_filled(value)]
        words = [value for value in values if not is_number(value)]
        are_levels = 2 * len(words) > len(values) and len(words) <= MAX_LEVELS
        return words if are_levels else []

    def _on_meaning(self, row: int, *_: object) -> None:
        assert self._table is not None
        title = self._table.titles[row]
        role = self.boxes[row].currentData()
        mapping = self._mapping
        if role != RATING:
            self.mapping_changed.emit(mapping.assigned(role, title))
        elif mapping.item_of(title) is None:
            self.mapping_changed.emit(with_rating_column(mapping, self._table, title))

    def _on_cell_changed(self, cell: QTableWidgetItem) -> None:
        assert self._table is not None
        row = cell.row()
        mapping = self._mapping
        title = self._table.titles[row]
        item = mapping.item_of(title)
        if item is None:
            return
        texts = [row_cell.text().strip() for row_cell in self.cells[row]]
        if cell.column() in {ITEM, RATER}:
            mapping = with_rating_column(mapping, self._table, title, name=texts[ITEM], rater=texts[RATER])
        else:
            levels_text = "" if texts[LEVELS].startswith(UNKNOWN_ORDER) else texts[LEVELS]
            levels = [word.strip() for word in levels_text.split(",")]
            mapping = mapping.with_item(
                item.name,
                low=number_of_cell(texts[LOW], decimal_comma=True),
                high=number_of_cell(texts[HIGH], decimal_comma=True),
                levels=tuple(level for level in levels if level),
                less_is_better=self.cells[row][LOWER_IS_BETTER].checkState() == Qt.CheckState.Checked,
            )
        self.mapping_changed.emit(mapping)


def _format_end(end: float | None) -> str:
    return "" if end is None else f"{end:g}"
