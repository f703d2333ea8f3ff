"""Reading of a table of ratings, and the views of its rows and columns."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHeaderView, QTableView, QTableWidget, QTableWidgetItem, QWidget

from skillviewer.core.errors import DatasetError
from skillviewer.core.text import printable
from skillviewer.data.ratings.guessing import with_rating
from skillviewer.data.ratings.mapped_table import STEM, MappedTable, known_to, open_table
from skillviewer.data.ratings.numbers import is_number, number_of_cell, says
from skillviewer.data.ratings.parsed_ratings import ParsedRatings
from skillviewer.data.ratings.rating_table import RawTable
from skillviewer.data.ratings.table_mapping import FILE, ROLES, TableMapping, fitted, read_mapping
from skillviewer.data.ratings.video_matching import StudyVideoMatcher
from skillviewer.data.tables.find_videos import VideoFolder
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.widgets.form import choose, offer
from skillviewer.ui.widgets.layout import as_tip
from skillviewer.ui.widgets.tables import set_up, side_of

if TYPE_CHECKING:
    from skillviewer.ui.threads.worker_thread import Task


Names = Mapping[str, Path | None]  # files of the videos of the study, by name


@dataclass(frozen=True, slots=True)
class TablePreview:
    """A table as read by a mapping: its ratings, or the error in a sentence.

    ``rows`` are the rows of the import report as texts, and ``rows_with_notes`` the indices of those with a remark.
    """

    opened: MappedTable
    mapping: TableMapping
    rated: ParsedRatings | None = None
    error: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    rows_with_notes: tuple[int, ...] = ()

    @property
    def folder(self) -> Path | None:
        """Folder of the videos; None for the videos of the study."""
        return self.opened.files.folder if isinstance(self.opened.files, VideoFolder) else None


class TablePreviewLoader(QObject):
    """The reading of one table, with the videos of a folder; for None those of the study, or else of its own folder.

    Of several requests the latest counts.
    """

    changed = Signal()  # ``now``, ``error`` or ``busy`` has changed

    def __init__(self, app_context: AppContext, path: Path, folder: Path | None, parent: QObject) -> None:
        super().__init__(parent)
        self.path, self._app_context, self._folder = path, app_context, folder
        self.now: TablePreview | None = None
        self.error = ""
        self._task: Task | None = None
        app_context.studies.listed.connect(self._on_listed)
        if app_context.studies.current is None:
            self.open()
        else:  # as at the last import of this table
            app_context.studies.read(lambda study: study.ratings.mapping(path.name)).then(
                succeeded=self._on_kept, failed=self._on_failed
            )

    @property
    def busy(self) -> bool:
        return self._task is not None

    @property
    def _names(self) -> Names:
        return {video.name: video.path for video in self._app_context.study_list.known}

    def open(self, kept: TableMapping | None = None, sheet: str = "", titles_row: int | None = None) -> None:
        """Open the table, and guess its mapping if none is kept, or if the kept one does not fit."""
        path, folder, names = self.path, self._folder, self._names
        self._submit(lambda: read_from(path, folder, names, kept, sheet, titles_row))

    def take(self, mapping: TableMapping) -> None:
        """Read the table by another mapping."""
        assert self.now is not None
        opened, self.now = self.now.opened, replace(self.now, mapping=mapping)
        self._submit(lambda: read_by(opened, mapping))

    def take_videos(self, folder: Path | None) -> None:
        """Join the table with the videos of a folder, or with those of the study."""
        assert self.now is not None
        opened, mapping, names = self.now.opened, self.now.mapping, self._names

        def read() -> TablePreview:
            files = StudyVideoMatcher(names) if folder is None else VideoFolder(folder)
            return read_by(replace(opened, files=files, stated=folder is not None), mapping)

        self._submit(read)

    def _submit(self, read: Callable[[], TablePreview]) -> None:
        if self._app_context.closing:
            return
        if self._task is not None:
            self._task.cancel()
        self._task = self._app_context.index.submit(lambda _backend, _token, _report: read())
        self._task.then(succeeded=self._on_read, failed=self._on_failed)
        self.changed.emit()

    def _on_kept(self, mapping: str) -> None:
        kept = None
        with suppress(msgspec.MsgspecError):  # none, or one of another program
            kept = msgspec.json.decode(mapping, type=TableMapping)
        self.open(kept)

    def _on_read(self, found: TablePreview) -> None:
        self._task, self.now, self.error, self._folder = None, found, found.error, found.folder
        self.changed.emit()

    def _on_failed(self, error: BaseException) -> None:
        self._task, self.error = None, str(error)
        self.changed.emit()

    def _on_listed(self, _videos: object) -> None:
        """Join the table again: the study has other videos."""
        if self.now is not None and self.now.folder is None:
            self.take_videos(None)


def read_from(
    path: Path, folder: Path | None, names: Names, kept: TableMapping | None, sheet: str, titles_row: int | None
) -> TablePreview:
    """Open a table and read it; arguments as in ``TablePreviewLoader`` and its ``open``."""
    beside = path.with_name(FILE)
    if kept is None and path.stem.casefold() == STEM and beside.is_file() and not sheet and titles_row is None:
        kept = read_mapping(beside)

    def opened(videos: Path | StudyVideoMatcher | None) -> MappedTable:
        with suppress(DatasetError):
            found = open_table(path, videos, kept, sheet, titles_row)
            fitted(found.mapping, found.table)
            return found
        return open_table(path, videos, None, sheet, titles_row)

    first = opened(folder or (StudyVideoMatcher(names) if names else None))
    if folder is None and names and not _joins(first):
        second = opened(None)
        first = second if _joins(second) else first
    return read_by(first, first.mapping)


def _joins(opened: MappedTable) -> bool:
    place, is_video = opened.table.column(opened.mapping.video), known_to(opened.files)
    return place is not None and any(is_video(row.cells[place]) for row in opened.table.rows)


def read_by(opened: MappedTable, mapping: TableMapping) -> TablePreview:
    """Return the ratings of an open table by a mapping, or the error."""
    if isinstance(opened.files, VideoFolder) and not opened.files.stems:
        return TablePreview(opened, mapping, error=f"There is no video in {opened.files.folder}.")
    try:
        rated = opened.read(mapping)[0]
    except DatasetError as error:
        return TablePreview(opened, mapping, error=str(error))
    row_notes = ["; ".join((*row.rejections, *row.notes)) for row in rated.import_report.rows]
    rows = tuple(
        (row.place, row.cell, row.video or "", str(row.taken), note)
        for row, note in zip(rated.import_report.rows, row_notes, strict=True)
    )
    return TablePreview(opened, mapping, rated, "", rows, tuple(at for at, note in enumerate(row_notes) if note))


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


class TextTableView(QTableView):
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
SEARCHED, FIRST_VALUES, MAX_LEVELS = 500, 4, 20


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
        self.horizontalHeader().setDefaultAlignment(side_of(number=False))
        self._table: RawTable | None = None
        self._mapping = TableMapping()
        self.boxes: list[QComboBox] = []
        self.cells: list[list[QTableWidgetItem]] = []
        self.itemChanged.connect(self._on_item)

    def show_table(self, table: RawTable, mapping: TableMapping) -> None:
        """Show the columns of a table, with their meaning by a mapping."""
        other, self._table, self._mapping = table is not self._table, table, mapping
        with QSignalBlocker(self):
            if other:
                self._fill(table)
            for at, title in enumerate(table.titles):
                self._show(at, title)

    def _fill(self, table: RawTable) -> None:
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
            words = "not used|ratings|video|participant|rater|occasion|name of the item|start (s)|end (s)|remarks"
            offer(box, list(zip(MEANINGS, words.split("|"), strict=True)), "")
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.setAccessibleName(f"Meaning of the column {printable(title)}")
            box.activated.connect(partial(self._on_meaning, at))
            self.setCellWidget(at, MEANING, box)
            self.boxes.append(box)

    def _show(self, at: int, title: str) -> None:
        mapping, item = self._mapping, self._mapping.item_of(title)
        role = next((role for role in ROLES if getattr(mapping, role) == title), "")
        choose(self.boxes[at], role if item is None else RATING)
        texts, open_ = [""] * 6, [False] * 6
        if item is not None:
            words = [] if item.levels else self._word_cells(title)
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

    def _word_cells(self, title: str) -> list[str]:
        cells = list(filter(says, self._cells(title)))
        words = [cell for cell in cells if not is_number(cell)]
        return words if 2 * len(words) > len(cells) and len(words) <= MAX_LEVELS else []

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
