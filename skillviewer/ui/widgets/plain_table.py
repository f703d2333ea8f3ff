"""A table in a fixed order, which keeps its choice when it is filled anew."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QTableWidget, QTableWidgetItem, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.widgets.layout import as_tip
from skillviewer.ui.widgets.theme import by_text

ALIKE = 4  # names that begin with this many letters in common are cut there


def n_alike(names: Sequence[str]) -> int:
    """Return the number of letters that long names share at the beginning and that can be left out.

    Names of a study often begin alike: ``participant_07_left_hand_camera_front``. A number is not taken apart.
    """
    if len(names) < 2:
        return 0
    first = min(names)
    last = max(names)
    pairs = enumerate(zip(first, last, strict=False))
    n_common = next((i for i, (a, b) in pairs if a != b), min(len(first), len(last)))
    while n_common and first[n_common - 1].isdigit():
        n_common -= 1
    return n_common if n_common >= ALIKE else 0


def elided(name: str, n_common: int, metrics: QFontMetrics, width_px: int) -> str:
    """Return a name cut where it is too long: first what all begin with (letters by ``n_alike``), then its end."""
    if metrics.horizontalAdvance(name) <= width_px:
        return name
    if not n_common:
        return metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, width_px)
    return metrics.elidedText(f"…{name[n_common:]}", Qt.TextElideMode.ElideRight, width_px)


VIDEO_ROLE = Qt.ItemDataRole.UserRole + 1
ENDS_ROLE = VIDEO_ROLE + 1
SHOWN = frozenset(
    {
        Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.TextAlignmentRole, Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.AccessibleTextRole, VIDEO_ROLE, ENDS_ROLE,
    }
)  # fmt: skip
Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
ROW_PX = 28
NAME_PX = 96  # the first column, of names, is no narrower
LONG = 24  # in longer names the beginning that all have in common is left out


def set_up(view: QTableView, name: str, row_px: int) -> None:
    """Make a view a read-only table with an accessible name, in which one row is selected at a time."""
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
def side_of(*, number: bool | None) -> Qt.AlignmentFlag:
    """Return the alignment of numbers, of words or, for None, of drawings."""
    sides = {True: Qt.AlignmentFlag.AlignRight, False: Qt.AlignmentFlag.AlignLeft, None: Qt.AlignmentFlag.AlignHCenter}
    return sides[number] | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Column:
    """A column."""

    title: str  # heading
    meaning: str = ""  # tooltip of the heading: what its numbers are, in a sentence
    number: bool | None = True  # true if it holds numbers, which are aligned to the right; None for drawings
    fills: bool = False  # true if it takes the room that is left
    spare: bool = False  # true if it is hidden where the table is too narrow, the last such column first


@dataclass(frozen=True, slots=True)
class Cells:
    """A row."""

    key: str  # identity
    texts: tuple[str, ...]  # one for each column
    tip: str = ""  # tooltip of the row
    tips: dict[int, str] = field(default_factory=dict)  # tooltips of single cells, by column


class PlainTable(QTableWidget):
    """A table in a fixed order; a click or Enter on a row chooses it."""

    row_chosen = Signal(str)  # key of the row
    _fitting = False

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
        return QSize(160, 3 * (self.fontMetrics().height() + 8))  # titles and two rows

    def fill(self, columns: Sequence[Column], rows: Sequence[Cells]) -> None:
        """Show other rows; the chosen one stays chosen."""
        columns, rows = tuple(columns), tuple(rows)
        if columns != self._columns:
            self._set_columns(columns)
        if rows == self.shown_rows:
            return
        current_key = self.shown_rows[self.currentRow()].key if 0 <= self.currentRow() < len(self.shown_rows) else None
        self.shown_rows = rows
        if self.rowCount() != len(rows):
            self.setRowCount(len(rows))
        for row_number, row in enumerate(rows):
            for column, text in enumerate(row.texts):
                self._set(row_number, column, row, printable(text))
        self._hide_spare()
        row_to_choose = next((row_number for row_number, row in enumerate(rows) if row.key == current_key), None)
        if row_to_choose is not None and row_to_choose != self.currentRow():
            self.setCurrentCell(row_to_choose, 0)
        elif row_to_choose is None:
            self.clearSelection()

    def choose(self, key: str) -> None:
        row_number = next((i for i, row in enumerate(self.shown_rows) if row.key == key), None)
        if row_number is not None:
            self.setCurrentCell(row_number, 0)

    def _set(self, row_number: int, column: int, row: Cells, text: str) -> None:
        item = self.item(row_number, column)
        if item is None:
            item = QTableWidgetItem()
            number = self._columns[column].number
            item.setTextAlignment(side_of(number=number))
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
            item.setTextAlignment(side_of(number=column.number))
            self.setHorizontalHeaderItem(index, item)
            mode = QHeaderView.ResizeMode.Stretch if column.fills else QHeaderView.ResizeMode.ResizeToContents
            header.setSectionResizeMode(index, mode)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._hide_spare()

    def _hide_spare(self) -> None:
        """Hide spare columns where there is no room; the tooltip of a name then has their values."""
        if self._fitting:
            return  # a hidden column may take a scroll bar away, which changes the size again
        if not any(column.spare for column in self._columns):
            return
        self._fitting = True
        header = self.horizontalHeader()
        widths = [  # a section that is hidden hints at no size, its contents do
            by_text(NAME_PX)
            if column.fills
            else max(self.sizeHintForColumn(i), header.sectionSizeFromContents(i).width())
            for i, column in enumerate(self._columns)
        ]
        excess_px = sum(widths) - self.viewport().width()
        hidden: list[int] = []
        for index in reversed([i for i, column in enumerate(self._columns) if column.spare]):
            is_hidden = excess_px > 0  # the last spare column goes first
            if is_hidden:
                excess_px -= widths[index]
                hidden.insert(0, index)
            if self.isColumnHidden(index) is not is_hidden:
                self.setColumnHidden(index, is_hidden)
        self._fitting = False
        name = next((i for i, column in enumerate(self._columns) if column.fills), None)
        for row_number, row in enumerate(self.shown_rows if name is not None else ()):
            item = self.item(row_number, name or 0)
            texts = [f"{self._columns[i].title} {row.texts[i]}" for i in hidden]
            if item is not None:
                item.setToolTip(as_tip("\n".join(filter(None, (row.tips.get(name or 0, row.tip), " · ".join(texts))))))

    def _on_cell(self, row: int, _column: int) -> None:
        if 0 <= row < len(self.shown_rows):
            self.row_chosen.emit(self.shown_rows[row].key)


def share_width(view: QTableView, min_px: int, column: int = 0) -> None:
    """Give a column of a table what the others leave, and at least ``min_px``."""
    header = view.horizontalHeader()
    others = {*range(header.count())} - {column}
    room = view.viewport().width() - sum(header.sectionSize(c) for c in others if not header.isSectionHidden(c))
    wide = QHeaderView.ResizeMode.Stretch if room >= min_px else QHeaderView.ResizeMode.Fixed
    header.setSectionResizeMode(column, wide)
    if room < min_px:
        header.resizeSection(column, min_px)
