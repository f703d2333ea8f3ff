"""Table with rows in a fixed order, and helpers that tables share."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QTableWidget, QTableWidgetItem, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.widgets.layout import as_tip
from skillviewer.ui.widgets.text_scaling import scaled_px

MIN_COMMON = 4  # shorter common beginnings of names are shown


def n_alike(names: Sequence[str]) -> int:
    """Return the length of the common beginning of names, which can be omitted; 0 if it is short.

    Names of a study often begin alike, such as ``participant_07_left_hand_camera_front``. Numbers are not split.
    """
    if len(names) < 2:
        return 0
    first = min(names)
    last = max(names)
    n_common = 0  # what the first and the last name in order have in common, all names have
    while n_common < min(len(first), len(last)) and first[n_common] == last[n_common]:
        n_common += 1
    while n_common and first[n_common - 1].isdigit():
        n_common -= 1
    return n_common if n_common >= MIN_COMMON else 0


def elided(name: str, n_common: int, metrics: QFontMetrics, width_px: int) -> str:
    """Return a name that fits a width. The common beginning of names (see ``n_alike``) is cut first, then the end."""
    if metrics.horizontalAdvance(name) <= width_px:
        return name
    if not n_common:
        return metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, width_px)
    return metrics.elidedText(f"…{name[n_common:]}", Qt.TextElideMode.ElideRight, width_px)


VIDEO_ROLE = Qt.ItemDataRole.UserRole + 1  # name of the video that a cell opens
ENDS_ROLE = VIDEO_ROLE + 1  # low, value and high of an interval that a cell draws
SUPPORTED_ROLES = frozenset(
    {
        Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.TextAlignmentRole, Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.AccessibleTextRole, VIDEO_ROLE, ENDS_ROLE,
    }
)  # fmt: skip
Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()  # the parent of all rows
ROW_HEIGHT_PX = 28
MIN_NAME_WIDTH_PX = 96
MAX_NAME_LENGTH = 24  # letters; the common beginning of longer names is omitted


def set_up(view: QTableView, name: str, row_px: int) -> None:
    """Configure a view as a read-only table with an accessible name, in which single rows are selected."""
    view.setAccessibleName(name)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setTabKeyNavigation(False)
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(row_px)
    view.horizontalHeader().setHighlightSections(False)


@cache
def alignment_of(*, number: bool | None) -> Qt.AlignmentFlag:
    """Return the alignment of numbers (True), texts (False) or drawings (None)."""
    sides = {True: Qt.AlignmentFlag.AlignRight, False: Qt.AlignmentFlag.AlignLeft, None: Qt.AlignmentFlag.AlignHCenter}
    return sides[number] | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    title: str  # heading
    meaning: str = ""  # tooltip of the heading: meaning of the numbers, in a sentence
    number: bool | None = True  # True for numbers, False for texts, None for drawings
    fills: bool = False  # True if the column takes the remaining width
    # True if the column is hidden in a narrow table; of several such columns, the last is hidden first
    is_hidden_when_narrow: bool = False


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a row."""

    key: str  # identity of the row
    texts: tuple[str, ...]  # one for each column
    tip: str = ""  # tooltip of the row
    tips: dict[int, str] = field(default_factory=dict)  # tooltips of single cells, by column


class PlainTable(QTableWidget):
    """A table with rows in a fixed order. A click or Enter chooses a row, and filling the table keeps the choice."""

    row_chosen = Signal(str)  # key of the row
    _is_hiding = False  # True while spare columns are hidden

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown_rows: tuple[Cells, ...] = ()
        self._columns: tuple[Column, ...] = ()
        set_up(self, name, self.fontMetrics().height() + 8)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names often differ at their ends only
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.horizontalHeader().setMinimumSectionSize(24)
        self.cellClicked.connect(self._on_cell)
        self.activated.connect(lambda index: self._on_cell(index.row(), index.column()))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 3 * (self.fontMetrics().height() + 8))  # the headings and two rows

    def fill(self, columns: Sequence[Column], rows: Sequence[Cells]) -> None:
        """Replace columns and rows. The selected row stays selected if there is still a row with its key."""
        new_columns = tuple(columns)
        new_rows = tuple(rows)
        if new_columns != self._columns:
            self._set_columns(new_columns)
        if new_rows == self.shown_rows:
            return
        selected_key = self._selected_key()
        self.shown_rows = new_rows
        if self.rowCount() != len(new_rows):
            self.setRowCount(len(new_rows))
        for row_number, row in enumerate(new_rows):
            for column, text in enumerate(row.texts):
                self._set_cell(row_number, column, row, printable(text))
        self._hide_spare()
        row_to_select = self._row_number(selected_key)
        if row_to_select is None:
            self.clearSelection()
        elif row_to_select != self.currentRow():
            self.setCurrentCell(row_to_select, 0)

    def _selected_key(self) -> str | None:
        row_number = self.currentRow()
        return self.shown_rows[row_number].key if 0 <= row_number < len(self.shown_rows) else None

    def _row_number(self, key: str | None) -> int | None:
        return next((number for number, row in enumerate(self.shown_rows) if row.key == key), None)

    def choose(self, key: str) -> None:
        """Select the row with a key, if any."""
        row_number = self._row_number(key)
        if row_number is not None:
            self.setCurrentCell(row_number, 0)

    def _set_cell(self, row_number: int, column: int, row: Cells, text: str) -> None:
        item = self.item(row_number, column)
        if item is None:
            item = QTableWidgetItem()
            item.setTextAlignment(alignment_of(number=self._columns[column].number))
            item.setFlags(Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled)
            self.setItem(row_number, column, item)
        tip = as_tip(row.tips.get(column, row.tip))
        if item.text() != text:
            item.setText(text)
        if item.toolTip() != tip:
            item.setToolTip(tip)

    def _set_columns(self, columns: tuple[Column, ...]) -> None:
        self._columns = columns
        self.shown_rows = ()
        self.clear()
        self.setRowCount(0)
        self.setColumnCount(len(columns))
        header = self.horizontalHeader()
        for index, column in enumerate(columns):
            item = QTableWidgetItem(column.title)
            item.setToolTip(column.meaning)
            item.setTextAlignment(alignment_of(number=column.number))
            self.setHorizontalHeaderItem(index, item)
            mode = QHeaderView.ResizeMode.Stretch if column.fills else QHeaderView.ResizeMode.ResizeToContents
            header.setSectionResizeMode(index, mode)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._hide_spare()

    def _hide_spare(self) -> None:
        """Hide spare columns that do not fit, and add their values to the tooltips of the names."""
        if self._is_hiding:
            return  # hiding a column may remove a scroll bar, which changes the size again
        if not any(column.is_hidden_when_narrow for column in self._columns):
            return
        self._is_hiding = True
        widths_px = [self._needed_width_px(index) for index in range(len(self._columns))]
        excess_px = sum(widths_px) - self.viewport().width()
        hidden: list[int] = []
        for index in reversed(range(len(self._columns))):
            if not self._columns[index].is_hidden_when_narrow:
                continue
            must_hide = excess_px > 0
            if must_hide:
                excess_px -= widths_px[index]
                hidden.insert(0, index)
            if self.isColumnHidden(index) is not must_hide:
                self.setColumnHidden(index, must_hide)
        self._is_hiding = False
        self._show_in_tips(hidden)

    def _needed_width_px(self, index: int) -> int:
        if self._columns[index].fills:
            return scaled_px(MIN_NAME_WIDTH_PX)
        heading_width_px = (
            self.horizontalHeader().sectionSizeFromContents(index).width()
        )  # known for hidden columns too
        return max(self.sizeHintForColumn(index), heading_width_px)

    def _show_in_tips(self, hidden: Sequence[int]) -> None:
        """Add the values of hidden columns to the tooltips of the column that fills the table."""
        name_column = next((index for index, column in enumerate(self._columns) if column.fills), None)
        if name_column is None:
            return
        for row_number, row in enumerate(self.shown_rows):
            item = self.item(row_number, name_column)
            tip = row.tips.get(name_column, row.tip)
            hidden_values = " · ".join(f"{self._columns[index].title} {row.texts[index]}" for index in hidden)
            if item is not None:
                item.setToolTip(as_tip("\n".join(line for line in (tip, hidden_values) if line)))

    def _on_cell(self, row: int, _column: int) -> None:
        if 0 <= row < len(self.shown_rows):
            self.row_chosen.emit(self.shown_rows[row].key)


def share_width(view: QTableView, min_px: int, column: int = 0) -> None:
    """Give a column of a table the width that the others leave, but at least ``min_px``."""
    header = view.horizontalHeader()
    others = [index for index in range(header.count()) if index != column and not header.isSectionHidden(index)]
    remaining_px = view.viewport().width() - sum(header.sectionSize(index) for index in others)
    if remaining_px >= min_px:
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
    else:
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(column, min_px)
