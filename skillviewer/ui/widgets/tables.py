"""Tables: one in a fixed order, which keeps its choice when it is filled anew, and one that is sorted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QSizePolicy,
    QTableView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from skillviewer.core.text import printable
from skillviewer.ui.widgets.layout import as_tip
from skillviewer.ui.widgets.theme import by_text

ALIKE = 4  # names that begin with this many letters in common are cut there


def n_alike(names: Sequence[str]) -> int:
    """Return how many letters of long names can be left out at the beginning, so that what tells them apart stays.

    Names of a study often begin alike: ``participant_07_left_hand_camera_front``. A number is not taken apart.
    """
    if len(names) < 2:
        return 0
    first, last = min(names), max(names)
    pairs = enumerate(zip(first, last, strict=False))
    alike = next((i for i, (a, b) in pairs if a != b), min(len(first), len(last)))
    while alike and first[alike - 1].isdigit():
        alike -= 1
    return alike if alike >= ALIKE else 0


def elided(name: str, alike: int, metrics: QFontMetrics, width_px: int) -> str:
    """Return a name cut where it is too long: first what all begin with (letters by ``n_alike``), then its end."""
    if metrics.horizontalAdvance(name) <= width_px:
        return name
    if not alike:
        return metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, width_px)
    return metrics.elidedText(f"…{name[alike:]}", Qt.TextElideMode.ElideRight, width_px)


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
    number: bool | None = True  # true where it holds numbers, which are aligned to the right; None for drawings
    fills: bool = False  # true where it takes the room that is left


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
        return QSize(160, 4 * (self.fontMetrics().height() + 8))

    def fill(self, columns: Sequence[Column], rows: Sequence[Cells]) -> None:
        """Show other rows; the chosen one stays chosen."""
        columns, rows = tuple(columns), tuple(rows)
        if columns != self._columns:
            self._set_columns(columns)
        if rows == self.shown_rows:
            return
        chosen = self.shown_rows[self.currentRow()].key if 0 <= self.currentRow() < len(self.shown_rows) else None
        self.shown_rows = rows
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
        at = next((i for i, row in enumerate(self.shown_rows) if row.key == key), None)
        if at is not None:
            self.setCurrentCell(at, 0)

    def _set(self, at: int, column: int, row: Cells, text: str) -> None:
        item = self.item(at, column)
        if item is None:
            item = QTableWidgetItem()
            number = self._columns[column].number
            item.setTextAlignment(side_of(number=number))
            item.setFlags(Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled)
            self.setItem(at, column, item)
        tip = as_tip(row.tips.get(column, row.tip))
        if item.text() != text:
            item.setText(text)
        if item.toolTip() != tip:
            item.setToolTip(tip)

    def _set_columns(self, columns: tuple[Column, ...]) -> None:
        self._columns, self.shown_rows = columns, ()
        self.clear()
        self.setRowCount(0)
        self.setColumnCount(len(columns))
        header = self.horizontalHeader()
        for at, column in enumerate(columns):
            item = QTableWidgetItem(column.title)
            item.setToolTip(column.meaning)
            item.setTextAlignment(side_of(number=column.number))
            self.setHorizontalHeaderItem(at, item)
            mode = QHeaderView.ResizeMode.Stretch if column.fills else QHeaderView.ResizeMode.ResizeToContents
            header.setSectionResizeMode(at, mode)

    def _on_cell(self, row: int, _column: int) -> None:
        if 0 <= row < len(self.shown_rows):
            self.row_chosen.emit(self.shown_rows[row].key)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell."""

    text: str  # what it shows
    value: float | None = None  # what it is sorted by; None for its text
    video: str = ""  # name of the video that it leads to, or ""
    tip: str = ""  # tooltip, also read to the blind; "" for the text
    ends: tuple[float, float, float] | None = None  # low, value and high of an interval to draw

    @property
    def key(self) -> float | str:
        """Sort key of the cell."""
        return self.text.casefold() if self.value is None else self.value


class CellModel(QAbstractTableModel):
    """Rows of cells; a row is made when it is first looked at, because a study may have ten thousand videos."""

    def __init__(self, columns: Sequence[Column], parent: QWidget) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self._make: Callable[[int], Sequence[Cell]] = lambda _row: ()
        self._order: list[int] = []
        self._left_out = 0

    def show(self, columns: Sequence[Column], n: int, make: Callable[[int], Sequence[Cell]], left_out: int = 0) -> None:
        """Show other rows, ``make`` of 0 to n - 1; ``left_out`` letters are cut off the names that lead to videos."""
        self.beginResetModel()
        self.columns, self._make, self._order, self._left_out = tuple(columns), cache(make), [*range(n)], left_out
        self.endResetModel()

    def row(self, at: int) -> Sequence[Cell]:
        """Return a row, as it is sorted now."""
        return self._make(self._order[at])

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role not in SHOWN or not index.isValid():
            return None
        cell = self.row(index.row())[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return f"…{cell.text[self._left_out :]}" if cell.video and self._left_out else cell.text
            case Qt.ItemDataRole.TextAlignmentRole:
                return side_of(number=cell.value is not None)
            case Qt.ItemDataRole.ToolTipRole:
                return as_tip(cell.tip or cell.text)
            case Qt.ItemDataRole.AccessibleTextRole:
                return cell.tip or None
        return cell.video if role == VIDEO_ROLE else cell.ends

    def headerData(self, section: int, side: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if side is not Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        found: dict[int, object] = {
            Qt.ItemDataRole.DisplayRole: column.title,
            Qt.ItemDataRole.ToolTipRole: column.meaning,
            Qt.ItemDataRole.TextAlignmentRole: side_of(number=column.number),
        }
        return found.get(role)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if column < 0:
            return
        self.layoutAboutToBeChanged.emit()
        kept = self.persistentIndexList()
        before = [self._order[index.row()] for index in kept]
        self._order.sort(key=lambda at: self._make(at)[column].key, reverse=order is Qt.SortOrder.DescendingOrder)
        now = {at: row for row, at in enumerate(self._order)} if kept else {}
        moved = [self.index(now[at], index.column()) for index, at in zip(kept, before, strict=True)]
        self.changePersistentIndexList(kept, moved)
        self.layoutChanged.emit()


class SortedTable(QTableView):
    """A table sorted by a click on a heading; a click or Enter on the name of a video asks for the video.

    A subclass that gives no ``columns`` sets its own.
    """

    video_asked = Signal(str)
    name_column = 0  # takes the room that is left

    def __init__(self, name: str, columns: Sequence[Column], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cells = CellModel(columns, self)
        self.setModel(self._cells)
        set_up(self, name, by_text(ROW_PX))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        header = self.horizontalHeader()
        if columns:
            header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.setMinimumHeight(3 * by_text(ROW_PX))
        self.clicked.connect(self._on_asked)
        self.activated.connect(self._on_asked)

    def show_rows(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Show rows in this order, until a heading is clicked."""
        names = [cell.text for row in rows for cell in row if cell.video]
        left_out = n_alike(names) if len(set(names)) > 1 and max(map(len, names)) > LONG else 0
        self._fill(self._cells.columns, len(rows), lambda at: rows[at], left_out)
        self._share_width()
        self.updateGeometries()

    def _fill(
        self, columns: Sequence[Column], n: int, make: Callable[[int], Sequence[Cell]], left_out: int = 0
    ) -> None:
        self.setSortingEnabled(False)
        self._cells.show(columns, n, make, left_out)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)

    def texts(self) -> list[list[str]]:
        """Return what is shown, row by row, as it is sorted now."""
        model = self._cells
        columns = range(model.columnCount())
        return [[str(model.index(r, c).data()) for c in columns] for r in range(model.rowCount())]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        """Give the names what the other columns leave, but enough to be read."""
        if self._cells.columnCount():
            share_width(self, by_text(NAME_PX), self.name_column)

    def _on_asked(self, index: QModelIndex) -> None:
        video = index.data(VIDEO_ROLE)
        if video:
            self.video_asked.emit(video)


def share_width(view: QTableView, min_px: int, column: int = 0) -> None:
    """Give a column of a table what the others leave, and at least ``min_px``."""
    header = view.horizontalHeader()
    others = {*range(header.count())} - {column}
    room = view.viewport().width() - sum(header.sectionSize(c) for c in others if not header.isSectionHidden(c))
    wide = QHeaderView.ResizeMode.Stretch if room >= min_px else QHeaderView.ResizeMode.Fixed
    header.setSectionResizeMode(column, wide)
    if room < min_px:
        header.resizeSection(column, min_px)
