"""Reads a table of ratings anew, in a worker thread, whenever the mapping of its columns changes."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, Signal

from skillviewer.core.errors import DatasetError
from skillviewer.data.ratings.mapped_table import STEM, MappedTable, known_to, open_table
from skillviewer.data.ratings.parsed_ratings import ParsedRatings
from skillviewer.data.ratings.table_mapping import FILE, TableMapping, fitted, read_mapping
from skillviewer.data.ratings.video_matching import StudyVideoMatcher
from skillviewer.data.tables.find_videos import VideoFolder
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.threads.messages import error_text

if TYPE_CHECKING:
    from skillviewer.ui.threads.worker_thread import Task


PathsByName = Mapping[str, Path | None]  # files of the videos of the study


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
    """Opens and reads one table, in a worker thread.

    Its rows are joined with the videos of ``folder``; if that is None, with those of the open study, or, if no row
    names one of these, with those next to the table.

    Of several requests the latest counts.
    """

    changed = Signal()  # ``preview``, ``error`` or ``busy`` has changed

    def __init__(self, app_context: AppContext, path: Path, folder: Path | None, parent: QObject) -> None:
        super().__init__(parent)
        self.path = path
        self._app_context = app_context
        self._folder = folder
        self.preview: TablePreview | None = None
        self.error = ""
        self._task: Task | None = None
        app_context.studies.listed.connect(self._on_listed)
        if app_context.studies.current is None:
            self.open()
        else:  # begin with the mapping of the last import of a table of this name
            app_context.studies.read(lambda study: study.ratings.mapping(path.name)).then(
                succeeded=self._on_saved_mapping, failed=self._on_failed
            )

    @property
    def busy(self) -> bool:
        return self._task is not None

    @property
    def _video_paths(self) -> PathsByName:
        return {video.name: video.path for video in self._app_context.study_sync.known_videos}

    def open(self, saved_mapping: TableMapping | None = None, sheet: str = "", titles_row: int | None = None) -> None:
        """Open the table, and guess its mapping if none is kept, or if the kept one does not fit."""
        path = self.path
        folder = self._folder
        video_paths = self._video_paths
        self._submit(lambda: open_and_read(path, folder, video_paths, saved_mapping, sheet, titles_row))

    def use_mapping(self, mapping: TableMapping) -> None:
        """Read the table by another mapping."""
        assert self.preview is not None
        opened = self.preview.opened
        self.preview = replace(self.preview, mapping=mapping)
        self._submit(lambda: read_with_mapping(opened, mapping))

    def use_videos(self, folder: Path | None) -> None:
        """Join the table with the videos of a folder, or with those of the study."""
        assert self.preview is not None
        opened = self.preview.opened
        mapping = self.preview.mapping
        video_paths = self._video_paths

        def read() -> TablePreview:
            files = StudyVideoMatcher(video_paths) if folder is None else VideoFolder(folder)
            return read_with_mapping(replace(opened, files=files, stated=folder is not None), mapping)

        self._submit(read)

    def _submit(self, read: Callable[[], TablePreview]) -> None:
        if self._app_context.closing:
            return
        if self._task is not None:
            self._task.cancel()
        self._task = self._app_context.index_worker.submit(lambda _backend, _token, _report: read())
        self._task.then(succeeded=self._on_read, failed=self._on_failed)
        self.changed.emit()

    def _on_saved_mapping(self, mapping_json: str) -> None:
        saved_mapping = None
        with suppress(msgspec.MsgspecError):  # no mapping is saved, or one that this version cannot read
            saved_mapping = msgspec.json.decode(mapping_json, type=TableMapping)
        self.open(saved_mapping)

    def _on_read(self, preview: TablePreview) -> None:
        self._task = None
        self.preview = preview
        self.error = preview.error
        self._folder = preview.folder
        self.changed.emit()

    def _on_failed(self, error: BaseException) -> None:
        self._task = None
        self.error = error_text(error)
        self.changed.emit()

    def _on_listed(self, _videos: object) -> None:
        """Join the table again: the study has other videos."""
        if self.preview is not None and self.preview.folder is None:
            self.use_videos(None)


def open_and_read(
    path: Path,
    folder: Path | None,
    video_paths: PathsByName,
    saved_mapping: TableMapping | None,
    sheet: str,
    titles_row: int | None,
) -> TablePreview:
    """Open a table and read it; arguments as in ``TablePreviewLoader`` and its ``open``."""
    file_beside = path.with_name(FILE)
    if (
        saved_mapping is None
        and path.stem.casefold() == STEM
        and file_beside.is_file()
        and not sheet
        and titles_row is None
    ):
        saved_mapping = read_mapping(file_beside)

    def open_fitting(videos: Path | StudyVideoMatcher | None) -> MappedTable:
        with suppress(DatasetError):
            table = open_table(path, videos, saved_mapping, sheet, titles_row)
            fitted(table.mapping, table.table)  # raises if the saved mapping does not fit
            return table
        return open_table(path, videos, None, sheet, titles_row)

    videos: Path | StudyVideoMatcher | None = folder
    if folder is None and video_paths:
        videos = StudyVideoMatcher(video_paths)
    first = open_fitting(videos)
    if folder is None and video_paths and not _joins(first):
        second = open_fitting(None)
        first = second if _joins(second) else first
    return read_with_mapping(first, first.mapping)


def _joins(opened: MappedTable) -> bool:
    column_index = opened.table.column(opened.mapping.video)
    is_video = known_to(opened.files)
    return column_index is not None and any(is_video(row.cells[column_index]) for row in opened.table.rows)


def read_with_mapping(opened: MappedTable, mapping: TableMapping) -> TablePreview:
    """Return the ratings of an open table by a mapping, or the error."""
    if isinstance(opened.files, VideoFolder) and not opened.files.stems:
        return TablePreview(opened, mapping, error=f"There is no video in {opened.files.folder}.")
    try:
        rated = opened.read(mapping)[0]
    except DatasetError as error:
        return TablePreview(opened, mapping, error=str(error))
    row_notes = ["; ".join((*row.rejections, *row.notes)) for row in rated.import_report.rows]
    rows = tuple(
        (row.place, row.cell, row.video or "", str(row.n_ratings), note)
        for row, note in zip(rated.import_report.rows, row_notes, strict=True)
    )
    rows_with_notes = tuple(index for index, note in enumerate(row_notes) if note)
    return TablePreview(opened, mapping, rated, rows=rows, rows_with_notes=rows_with_notes)
