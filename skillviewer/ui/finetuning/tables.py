"""Sortable tables of the Fine-tune screen: every cell has words, and a number that it is sorted by."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QSizePolicy, QTableView, QWidget

from skillviewer.ui.markup import as_tip
from skillviewer.ui.widgets.names import n_alike

SORT_ROLE = Qt.ItemDataRole.UserRole
VIDEO_ROLE = Qt.ItemDataRole.UserRole + 1
ROW_PX = 28
NAME_PX = 96
"""The first column, of names, is no narrower."""
LONG = 24
"""Of names with more letters, what all have in common is left out at the beginning."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        text: What it says.
        value: What it is sorted by; None for its words.
        video: Name of the video that it leads to, or "".
    """

    text: str
    value: float | None = None
    video: str = ""


class Table(QTableView):
    """Rows of cells; a click on a video's name, or Enter, asks for the video.

    Args:
        name: For those who listen.
        columns: Headings.
        parent: Owner.
    """

    video_asked = Signal(str)

    def __init__(self, name: str, columns: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self._model = QStandardItemModel(0, len(self._columns), self)
        self._model.setHorizontalHeaderLabels(list(self._columns))
        self._model.setSortRole(SORT_ROLE)
        self.setModel(self._model)
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setMinimumHeight(3 * ROW_PX)
        self.clicked.connect(self._on_asked)
        self.activated.connect(self._on_asked)

    def show_rows(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Show rows in this order, until a heading is clicked."""
        self.setSortingEnabled(False)
        self._model.removeRows(0, self._model.rowCount())
        names = [cell.text for row in rows for cell in row if cell.video]
        left_out = n_alike(names) if len(set(names)) > 1 and max(map(len, names)) > LONG else 0
        for row in rows:
            self._model.appendRow([_item(cell, left_out) for cell in row])
        for column, cell in enumerate(rows[0] if rows else ()):
            side = Qt.AlignmentFlag.AlignLeft if cell.value is None else Qt.AlignmentFlag.AlignRight
            heading = self._model.horizontalHeaderItem(column)
            heading.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        self._share_width()
        self.updateGeometries()

    def texts(self) -> list[list[str]]:
        """Return what is shown, row by row, as it is sorted now."""
        model = self._model
        return [[model.item(r, c).text() for c in range(model.columnCount())] for r in range(model.rowCount())]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the new width."""
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        """Give the names what the other columns leave, but enough to be read."""
        header = self.horizontalHeader()
        others = sum(header.sectionSize(c) for c in range(1, header.count()) if not header.isSectionHidden(c))
        room = self.viewport().width() - others
        header.setSectionResizeMode(
            0, QHeaderView.ResizeMode.Stretch if room >= NAME_PX else QHeaderView.ResizeMode.Fixed
        )
        if room < NAME_PX:
            header.resizeSection(0, NAME_PX)

    @Slot(QModelIndex)
    def _on_asked(self, index: QModelIndex) -> None:
        video = index.data(VIDEO_ROLE)
        if video:
            self.video_asked.emit(video)


def _item(cell: Cell, left_out: int) -> QStandardItem:
    item = QStandardItem(f"…{cell.text[left_out:]}" if cell.video and left_out else cell.text)
    item.setData(cell.text.casefold() if cell.value is None else cell.value, SORT_ROLE)
    item.setData(cell.video, VIDEO_ROLE)
    item.setToolTip(as_tip(cell.text))
    if cell.value is not None:
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item
