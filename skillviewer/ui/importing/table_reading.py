"""A table of ratings before its import: read in a worker, again after every change of its mapping."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from skillviewer.core.errors import DatasetError
from skillviewer.data.ratings import table_mapping
from skillviewer.data.ratings.joining import StudyJoin
from skillviewer.data.ratings.rated_folder import STEM, OpenTable, known_to, open_table
from skillviewer.data.ratings.reading import RatedTable
from skillviewer.data.ratings.table_mapping import TableMapping, read_mapping
from skillviewer.data.tables.find_videos import VideoFolder
from skillviewer.ui.session.program import Program

if TYPE_CHECKING:
    from skillviewer.ui.threads.worker_thread import Task


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A table as read by a mapping: its ratings and its account, or the error in a sentence.

    ``videos`` is the folder of the videos, or None for those of the study; ``rows`` are the rows of the account as
    texts, and ``remarked`` the indices of those that were not used, or have a remark.
    """

    opened: OpenTable
    mapping: TableMapping
    videos: Path | None
    rated: RatedTable | None
    error: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    remarked: tuple[int, ...] = ()


class TableReading(QObject):
    """The reading of one table; of several requests the latest counts.

    Args:
        path: The table.
        folder: Folder of the videos; None for the videos of the study, else those beside the table.
    """

    changed = Signal()
    """``now``, ``error`` or ``busy`` has changed."""

    def __init__(self, program: Program, path: Path, folder: Path | None, parent: QObject) -> None:
        super().__init__(parent)
        self.path, self._program, self._folder = path, program, folder
        self.now: ReadTable | None = None
        self.error = ""
        self._task: Task | None = None
        program.studies.listed.connect(self._on_listed)
        if program.studies.current is None:
            self.open()
        else:  # as at the last import of this table
            task = program.studies.read(lambda study: study.ratings.mapping(path.name))
            task.succeeded.connect(self._on_kept)
            task.failed.connect(self._on_failed)

    @property
    def busy(self) -> bool:
        """True while the table is read."""
        return self._task is not None

    @Slot(str)
    def _on_kept(self, mapping: str) -> None:
        self.open(msgspec.json.decode(mapping, type=TableMapping) if mapping else None)

    def open(self, kept: TableMapping | None = None, sheet: str = "", titles_row: int | None = None) -> None:
        """Open the table, and guess its mapping if none is kept, or if the kept one does not fit."""
        path, folder, names = self.path, self._folder, self._names()
        self._submit(lambda: read_from(path, folder, names, kept, sheet, titles_row))

    def take_videos(self, folder: Path | None) -> None:
        """Join the table with the videos of a folder, or with those of the study."""
        self._folder = folder
        if self.now is not None:
            opened, mapping, names = self.now.opened, self.now.mapping, self._names()
            self._submit(lambda: read_by(rejoined(opened, folder, names), mapping, folder))

    def take(self, mapping: TableMapping) -> None:
        """Read the table by another mapping."""
        assert self.now is not None
        opened, videos = self.now.opened, self.now.videos
        self.now = replace(self.now, mapping=mapping)
        self._submit(lambda: read_by(opened, mapping, videos))

    def _names(self) -> dict[str, Path | None]:
        return {video.name: video.path for video in self._program.study_list.known}

    def _submit(self, read: Callable[[], ReadTable]) -> None:
        if self._program.closing:
            return
        if self._task is not None:
            self._task.cancel()
        self._task = self._program.index.submit(lambda _backend, _token, _report: read())
        self._task.succeeded.connect(self._on_read)
        self._task.failed.connect(self._on_failed)
        self.changed.emit()

    @Slot(object)
    def _on_read(self, found: ReadTable) -> None:
        self._task, self.now, self.error = None, found, found.error
        self._folder = found.videos
        self.changed.emit()

    @Slot(object)
    def _on_failed(self, error: BaseException) -> None:
        self._task, self.error = None, str(error)
        self.changed.emit()

    @Slot(object)
    def _on_listed(self, _videos: object) -> None:
        """Join the table again: the study has other videos."""
        if self.now is not None and self.now.videos is None:
            self.take_videos(None)


def read_from(
    path: Path,
    folder: Path | None,
    names: Mapping[str, Path | None],
    kept: TableMapping | None,
    sheet: str,
    titles_row: int | None,
) -> ReadTable:
    """Open a table; arguments as in ``TableReading``, and ``names`` are the videos of the study."""
    beside = path.with_name(table_mapping.FILE)
    if kept is None and path.stem.casefold() == STEM and beside.is_file() and not sheet and titles_row is None:
        kept = read_mapping(beside)
    opened = _opened(path, folder or (StudyJoin(names) if names else None), kept, sheet, titles_row)
    if folder is None and names and not _joins(opened):
        beside_table = _opened(path, None, kept, sheet, titles_row)
        opened = beside_table if _joins(beside_table) else opened
    files = opened.files
    return read_by(opened, opened.mapping, files.folder if isinstance(files, VideoFolder) else None)


def _opened(
    path: Path, videos: Path | StudyJoin | None, kept: TableMapping | None, sheet: str, titles_row: int | None
) -> OpenTable:
    opened = open_table(path, videos, kept, sheet, titles_row)
    try:
        table_mapping.fitted(opened.mapping, opened.table)
    except DatasetError:
        return open_table(path, videos, None, sheet, titles_row) if kept is not None else opened
    return opened


def _joins(opened: OpenTable) -> bool:
    """Return True if a cell names a known video."""
    place = opened.table.column(opened.mapping.video)
    is_video = known_to(opened.files)
    return place is not None and any(is_video(row.cells[place]) for row in opened.table.rows)


def rejoined(opened: OpenTable, folder: Path | None, names: Mapping[str, Path | None]) -> OpenTable:
    """Return an open table that refers to other videos."""
    files = StudyJoin(names) if folder is None else VideoFolder(folder)
    return OpenTable(opened.table, opened.mapping, opened.doubts, files, folder is not None)


def read_by(opened: OpenTable, mapping: TableMapping, videos: Path | None) -> ReadTable:
    """Return the ratings of an open table by a mapping, or the error."""
    if isinstance(opened.files, VideoFolder) and not opened.files.stems:
        return ReadTable(opened, mapping, videos, None, f"There is no video in {opened.files.folder}.")
    try:
        rated = opened.read(mapping)[0]
    except DatasetError as error:
        return ReadTable(opened, mapping, videos, None, str(error))
    read = rated.account.rows
    rows = tuple(
        (row.place, row.cell, row.video or "", str(row.taken), "; ".join((*row.aside, *row.notes))) for row in read
    )
    remarked = tuple(at for at, row in enumerate(read) if row.aside or row.notes)
    return ReadTable(opened, mapping, videos, rated, "", rows, remarked)
