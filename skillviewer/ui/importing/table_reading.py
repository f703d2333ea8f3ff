"""A table of ratings before its import: read in a worker, again after every change of its mapping."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, Signal

from skillviewer.core.errors import DatasetError
from skillviewer.data.ratings.joining import StudyJoin
from skillviewer.data.ratings.rated_folder import STEM, OpenTable, known_to, open_table
from skillviewer.data.ratings.reading import RatedTable
from skillviewer.data.ratings.table_mapping import FILE, TableMapping, fitted, read_mapping
from skillviewer.data.tables.find_videos import VideoFolder
from skillviewer.ui.session.program import Program

if TYPE_CHECKING:
    from skillviewer.ui.threads.worker_thread import Task

Names = Mapping[str, Path | None]  # files of the videos of the study, by name


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A table as read by a mapping: its ratings, or the error in a sentence.

    ``rows`` are the rows of the account as texts, and ``remarked`` the indices of those with a remark.
    """

    opened: OpenTable
    mapping: TableMapping
    rated: RatedTable | None = None
    error: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    remarked: tuple[int, ...] = ()

    @property
    def folder(self) -> Path | None:
        """Folder of the videos; None for the videos of the study."""
        return self.opened.files.folder if isinstance(self.opened.files, VideoFolder) else None


class TableReading(QObject):
    """The reading of one table, with the videos of a folder; for None those of the study, or else of its own folder.

    Of several requests the latest counts.
    """

    changed = Signal()  # ``now``, ``error`` or ``busy`` has changed

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
            program.studies.read(lambda study: study.ratings.mapping(path.name)).then(
                succeeded=self._on_kept, failed=self._on_failed
            )

    @property
    def busy(self) -> bool:
        return self._task is not None

    @property
    def _names(self) -> Names:
        return {video.name: video.path for video in self._program.study_list.known}

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

        def read() -> ReadTable:
            files = StudyJoin(names) if folder is None else VideoFolder(folder)
            return read_by(replace(opened, files=files, stated=folder is not None), mapping)

        self._submit(read)

    def _submit(self, read: Callable[[], ReadTable]) -> None:
        if self._program.closing:
            return
        if self._task is not None:
            self._task.cancel()
        self._task = self._program.index.submit(lambda _backend, _token, _report: read())
        self._task.then(succeeded=self._on_read, failed=self._on_failed)
        self.changed.emit()

    def _on_kept(self, mapping: str) -> None:
        kept = None
        with suppress(msgspec.MsgspecError):  # none, or one of another program
            kept = msgspec.json.decode(mapping, type=TableMapping)
        self.open(kept)

    def _on_read(self, found: ReadTable) -> None:
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
) -> ReadTable:
    """Open a table and read it; arguments as in ``TableReading`` and its ``open``."""
    beside = path.with_name(FILE)
    if kept is None and path.stem.casefold() == STEM and beside.is_file() and not sheet and titles_row is None:
        kept = read_mapping(beside)

    def opened(videos: Path | StudyJoin | None) -> OpenTable:
        with suppress(DatasetError):
            found = open_table(path, videos, kept, sheet, titles_row)
            fitted(found.mapping, found.table)
            return found
        return open_table(path, videos, None, sheet, titles_row)

    first = opened(folder or (StudyJoin(names) if names else None))
    if folder is None and names and not _joins(first):
        second = opened(None)
        first = second if _joins(second) else first
    return read_by(first, first.mapping)


def _joins(opened: OpenTable) -> bool:
    """Return True if a cell names a known video."""
    place, is_video = opened.table.column(opened.mapping.video), known_to(opened.files)
    return place is not None and any(is_video(row.cells[place]) for row in opened.table.rows)


def read_by(opened: OpenTable, mapping: TableMapping) -> ReadTable:
    """Return the ratings of an open table by a mapping, or the error."""
    if isinstance(opened.files, VideoFolder) and not opened.files.stems:
        return ReadTable(opened, mapping, error=f"There is no video in {opened.files.folder}.")
    try:
        rated = opened.read(mapping)[0]
    except DatasetError as error:
        return ReadTable(opened, mapping, error=str(error))
    told = ["; ".join((*row.aside, *row.notes)) for row in rated.account.rows]
    rows = tuple(
        (row.place, row.cell, row.video or "", str(row.taken), remark)
        for row, remark in zip(rated.account.rows, told, strict=True)
    )
    return ReadTable(opened, mapping, rated, "", rows, tuple(at for at, remark in enumerate(told) if remark))
