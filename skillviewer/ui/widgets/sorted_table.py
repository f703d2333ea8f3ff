"""Table that is sorted by a column."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHeaderView, QSizePolicy, QTableView, QWidget

from skillviewer.ui.widgets.layout import as_tip
from skillviewer.ui.widgets.plain_table import (
    MAX_NAME_LENGTH,
    MIN_NAME_WIDTH_PX,
    NOWHERE,
    ROW_HEIGHT_PX,
    SUPPORTED_ROLES,
    VIDEO_ROLE,
    Column,
    Index,
    alignment_of,
    n_alike,
    set_up,
    share_width,
)
from skillviewer.ui.widgets.text_scaling import scaled_px


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table."""

    text: str  # text on screen
    value: float | None = None  # sort key, or None to sort by the text
    video: str = ""  # name of the video that a click opens, or ""
    tip: str = ""  # tooltip and accessible text; "" for the text
    ends: tuple[float, float, float] | None = None  # low, value and high of an interval that is drawn

    @property
    def key(self) -> float | str:
        """Sort key of the cell."""
        return self.text.casefold() if self.value is None else self.value


class CellModel(QAbstractTableModel):
    """Rows of cells. Each row is made on first use, because a study may have ten thousand videos."""

    def __init__(self, columns: Sequence[Column], parent: QWidget) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self._make: Callable[[int], Sequence[Cell]] = lambda _row: ()
        self._order: list[int] = []  # numbers of the rows in their present order
        self._n_omitted = 0  # number of letters omitted at the beginning of names

    def show(
        self, columns: Sequence[Column], n: int, make: Callable[[int], Sequence[Cell]], n_omitted: int = 0
    ) -> None:
        """Show the rows ``make(0)`` to ``make(n - 1)``, and omit the first ``n_omitted`` letters of names of videos."""
        self.beginResetModel()
        self.columns = tuple(columns)
        self._make = cache(make)
        self._order = [*range(n)]
        self._n_omitted = n_omitted
        self.endResetModel()

    def row(self, index: int) -> Sequence[Cell]:
        """Return a row by its index in the present order."""
        return self._make(self._order[index])

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role not in SUPPORTED_ROLES or not index.isValid():
            return None
        cell = self.row(index.row())[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._display_text(cell)
            case Qt.ItemDataRole.TextAlignmentRole:
                return alignment_of(number=cell.value is not None)
            case Qt.ItemDataRole.ToolTipRole:
                return as_tip(cell.tip or cell.text)
            case Qt.ItemDataRole.AccessibleTextRole:
                return cell.tip or None
        return cell.video if role == VIDEO_ROLE else cell.ends

    def _display_text(self, cell: Cell) -> str:
        if cell.video and self._n_omitted:
            return f"…{cell.text[self._n_omitted :]}"
        return cell.text

    def headerData(self, section: int, side: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if side is not Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        by_role: dict[int, object] = {
            Qt.ItemDataRole.DisplayRole: column.title,
            Qt.ItemDataRole.ToolTipRole: column.meaning,
            Qt.ItemDataRole.TextAlignmentRole: alignment_of(number=column.number),
        }
        return by_role.get(role)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if column < 0:
            return
        self.layoutAboutToBeChanged.emit()
        old_indices = self.persistentIndexList()
        numbers = [self._order[index.row()] for index in old_indices]
        is_descending = order is Qt.SortOrder.DescendingOrder
        self._order.sort(key=lambda number: self._make(number)[column].key, reverse=is_descending)
        row_by_number = {number: row for row, number in enumerate(self._order)} if old_indices else {}
        new_indices = [
            self.index(row_by_number[number], index.column())
            for index, number in zip(old_indices, numbers, strict=True)
        ]
        self.changePersistentIndexList(old_indices, new_indices)
        self.layoutChanged.emit()


class SortedTable(QTableView):
    """A table that a click on a heading sorts. A click or Enter on the name of a video asks for the video.

    A subclass that gives no ``columns`` sets its own.
    """

    video_asked = Signal(str)  # name of the video
    _is_hiding = False  # True while spare columns are hidden
    name_column = 0  # index of the column that takes the remaining width

    def __init__(self, name: str, columns: Sequence[Column], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cell_model = CellModel(columns, self)
        self.setModel(self._cell_model)
        set_up(self, name, scaled_px(ROW_HEIGHT_PX))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        header = self.horizontalHeader()
        if columns:
            header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.setMinimumHeight(3 * scaled_px(ROW_HEIGHT_PX))
        self.clicked.connect(self._on_asked)
        self.activated.connect(self._on_asked)

    def show_rows(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Show rows in this order, until a heading is clicked."""
        names = {cell.text for row in rows for cell in row if cell.video}
        has_long_name = any(len(name) > MAX_NAME_LENGTH for name in names)
        n_omitted = n_alike(list(names)) if has_long_name else 0
        self._fill(self._cell_model.columns, len(rows), lambda number: rows[number], n_omitted)
        self._share_width()
        self.updateGeometries()

    def _fill(
        self, columns: Sequence[Column], n: int, make: Callable[[int], Sequence[Cell]], n_omitted: int = 0
    ) -> None:
        self.setSortingEnabled(False)
        self._cell_model.show(columns, n, make, n_omitted)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)

    def texts(self) -> list[list[str]]:
        """Return the texts of all rows in the present order."""
        model = self._cell_model
        columns = range(model.columnCount())
        return [[str(model.index(row, column).data()) for column in columns] for row in range(model.rowCount())]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        """Hide spare columns that do not fit, and give the names the remaining width, but at least their minimum."""
        if self._cell_model.columnCount():
            if not self._is_hiding:  # hiding a column may remove a scroll bar, which changes the size again
                self._is_hiding = True
                self._hide_spare()
                self._is_hiding = False
            share_width(self, scaled_px(MIN_NAME_WIDTH_PX), self.name_column)

    def _hide_spare(self) -> int:
        """Hide the last spare columns that do not fit, and return by how many pixels the others are too wide."""
        header = self.horizontalHeader()
        columns = self._cell_model.columns
        for index, column in enumerate(columns):
            if column.is_hidden_when_narrow:
                self.showColumn(index)
        others_px = sum(header.sectionSize(index) for index in range(len(columns)) if index != self.name_column)
        excess_px = scaled_px(MIN_NAME_WIDTH_PX) + others_px - self.viewport().width()
        for index in reversed(range(len(columns))):
            if columns[index].is_hidden_when_narrow and excess_px > 0:
                excess_px -= header.sectionSize(index)
                self.hideColumn(index)
        return max(excess_px, 0)

    def _on_asked(self, index: QModelIndex) -> None:
        video = index.data(VIDEO_ROLE)
        if video:
            self.video_asked.emit(video)
