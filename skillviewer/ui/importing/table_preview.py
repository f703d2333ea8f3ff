"""Preview of a table of ratings, read in a worker thread whenever the mapping of its columns changes."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, Signal

from skillviewer.core.dataset.rating_set import VideoRating
from skillviewer.core.errors import DatasetError
from skillviewer.core.text import counted, printable
from skillviewer.data.ratings.mapped_table import TABLE_STEM, MappedTable, open_table, video_test
from skillviewer.data.ratings.parsed_ratings import ParsedRatings
from skillviewer.data.ratings.table_mapping import FILE, TableMapping, fit_mapping, read_mapping
from skillviewer.data.ratings.video_matching import StudyVideoMatcher
from skillviewer.data.study.exchange.rating_import import ratings_without_successor
from skillviewer.data.tables.find_videos import VideoFolder
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.threads.messages import error_text

if TYPE_CHECKING:
    from skillviewer.ui.threads.worker_thread import Task


VideoPaths = Mapping[str, Path | None]
"""Files of the videos of the study, by name of the video."""


@dataclass(frozen=True, slots=True)
class TablePreview:
    """A table as read by a mapping: its ratings, or the error."""

    mapped_table: MappedTable
    mapping: TableMapping
    parsed_ratings: ParsedRatings | None = None
    error: str = ""  # a sentence, or "" if there are ratings
    report_rows: tuple[tuple[str, ...], ...] = ()  # rows of the import report, as texts
    rows_with_notes: tuple[int, ...] = ()  # indices of the rows with a remark
    left_ratings: tuple[VideoRating, ...] = ()  # earlier ratings of the study that an import leaves as they are

    @property
    def folder(self) -> Path | None:
        """Folder of the videos; None for the videos of the study."""
        return self.mapped_table.files.folder if isinstance(self.mapped_table.files, VideoFolder) else None


class TablePreviewLoader(QObject):
    """Opens and reads one table, in a worker thread; of several requests the latest counts.

    Args:
        app_context: Threads and the open study.
        path: The table.
        folder: Folder with the rated videos. None is for the videos of the open study, or for those next to the table
            if no row names a video of the study.
        parent: Owner of the loader.
    """

    changed = Signal()  # ``preview``, ``error`` or ``is_busy`` has changed

    def __init__(self, app_context: AppContext, path: Path, folder: Path | None, parent: QObject) -> None:
        super().__init__(parent)
        self.path = path
        self._app_context = app_context
        self._folder = folder
        self.preview: TablePreview | None = None
        self.error = ""
        self._task: Task | None = None
        app_context.studies.listed.connect(self._on_listed)
        if app_context.studies.current_study is None:
            self.open()
        else:  # begin with the mapping of the last import of a table of this name
            task = app_context.studies.read(lambda study: study.ratings.mapping(path.name))
            task.then(succeeded=self._on_saved_mapping, failed=self._on_failed)

    @property
    def is_busy(self) -> bool:
        return self._task is not None

    @property
    def _video_paths(self) -> VideoPaths:
        return {video.name: video.path for video in self._app_context.study_sync.known_videos}

    def open(self, saved_mapping: TableMapping | None = None, sheet: str = "", titles_row: int | None = None) -> None:
        """Open the table. Its mapping is guessed if no saved mapping fits.

        Args:
            saved_mapping: Mapping of an earlier import, or None.
            sheet: Sheet of a workbook; "" for the sheet of the saved mapping, or else a guess.
            titles_row: Number of the header row; 0 if the table has no header, None to guess the row.
        """
        path = self.path
        folder = self._folder
        video_paths = self._video_paths
        self._submit(lambda: open_and_read(path, folder, video_paths, saved_mapping, sheet, titles_row))

    def use_mapping(self, mapping: TableMapping) -> None:
        """Read the table by another mapping."""
        assert self.preview is not None
        mapped_table = self.preview.mapped_table
        self.preview = replace(self.preview, mapping=mapping)
        self._submit(lambda: read_with_mapping(mapped_table, mapping))

    def use_videos(self, folder: Path | None) -> None:
        """Match the table with the videos of a folder, or for None with the videos of the study."""
        assert self.preview is not None
        mapped_table = self.preview.mapped_table
        mapping = self.preview.mapping
        video_paths = self._video_paths

        def read() -> TablePreview:
            files = StudyVideoMatcher(video_paths) if folder is None else VideoFolder(folder)
            return read_with_mapping(replace(mapped_table, files=files, folder_is_stated=folder is not None), mapping)

        self._submit(read)

    def _submit(self, read: Callable[[], TablePreview]) -> None:
        if self._app_context.closing:
            return
        if self._task is not None:
            self._task.cancel()
        self._task = self._app_context.index_worker.submit(lambda _slot, _token, _report: read())
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
        self._find_left_ratings()
        self.changed.emit()

    def _find_left_ratings(self) -> None:
        """Ask the open study for the earlier ratings that an import of the table would leave."""
        preview = self.preview
        if preview is None or preview.parsed_ratings is None or self._app_context.studies.current_study is None:
            return
        parsed = preview.parsed_ratings
        name = self.path.name
        self._task = self._app_context.studies.read(lambda study: ratings_without_successor(study, parsed, name))
        self._task.then(succeeded=self._on_left_ratings, failed=self._on_failed)

    def _on_left_ratings(self, left_ratings: tuple[VideoRating, ...]) -> None:
        assert self.preview is not None
        self._task = None
        self.preview = replace(self.preview, left_ratings=left_ratings)
        self.changed.emit()

    def _on_failed(self, error: BaseException) -> None:
        self._task = None
        self.error = error_text(error)
        self.changed.emit()

    def _on_listed(self, _videos: object) -> None:
        """Match the table again, since the study has other videos."""
        if self.preview is not None:
            self.use_videos(self.preview.folder)


def open_and_read(
    path: Path,
    folder: Path | None,
    video_paths: VideoPaths,
    saved_mapping: TableMapping | None,
    sheet: str,
    titles_row: int | None,
) -> TablePreview:
    """Open a table and read it; arguments as in ``TablePreviewLoader`` and its ``open``."""
    is_first_opening = saved_mapping is None and not sheet and titles_row is None
    mapping_file = path.with_name(FILE)
    if is_first_opening and path.stem.casefold() == TABLE_STEM and mapping_file.is_file():
        saved_mapping = read_mapping(mapping_file)

    def open_with(videos: Path | StudyVideoMatcher | None) -> MappedTable:
        with suppress(DatasetError):
            mapped_table = open_table(path, videos, saved_mapping, sheet, titles_row)
            fit_mapping(mapped_table.mapping, mapped_table.table)  # raises if the saved mapping does not fit
            return mapped_table
        return open_table(path, videos, mapping=None, sheet=sheet, titles_row=titles_row)

    if folder is not None or not video_paths:
        mapped_table = open_with(folder)
        return read_with_mapping(mapped_table, mapped_table.mapping)
    mapped_table = open_with(StudyVideoMatcher(video_paths))
    if not _names_a_video(mapped_table):
        table_in_folder = open_with(None)
        if _names_a_video(table_in_folder):
            mapped_table = table_in_folder
    return read_with_mapping(mapped_table, mapped_table.mapping)


def _names_a_video(mapped_table: MappedTable) -> bool:
    """Return whether a row of a table names one of its videos."""
    column_index = mapped_table.table.column(mapped_table.mapping.video)
    if column_index is None:
        return False
    is_video = video_test(mapped_table.files)
    return any(is_video(row.cells[column_index]) for row in mapped_table.table.rows)


def read_with_mapping(mapped_table: MappedTable, mapping: TableMapping) -> TablePreview:
    """Return the preview of an open table by a mapping."""
    if isinstance(mapped_table.files, VideoFolder) and not mapped_table.files.stems:
        return TablePreview(mapped_table, mapping, error=f"There is no video in {mapped_table.files.folder}.")
    try:
        parsed = mapped_table.read(mapping)[0]
    except DatasetError as error:
        return TablePreview(mapped_table, mapping, error=str(error))
    rows: list[tuple[str, ...]] = []
    rows_with_notes: list[int] = []
    for index, row in enumerate(parsed.import_report.rows):
        note = "; ".join((*row.rejections, *row.notes))
        video = "" if row.video is None else row.video
        rows.append((row.place, row.cell, video, str(row.n_ratings), note))
        if note:
            rows_with_notes.append(index)
    return TablePreview(mapped_table, mapping, parsed, report_rows=tuple(rows), rows_with_notes=tuple(rows_with_notes))


def format_rated(parsed: ParsedRatings) -> str:
    """Return two sentences: the numbers of participants and raters, and the scale of the first item.

    Without ratings, the text is empty.
    """
    if not parsed.ratings.items:
        return ""
    people = []
    participants = set(parsed.participants.values())
    if participants:
        people.append(counted(len(participants), "participant"))
    people.append(counted(len(parsed.ratings.raters), "rater"))
    scale = parsed.ratings.scale(parsed.ratings.items[0])
    ends = ", ".join(scale.levels) or f"{scale.low:g} to {scale.high:g}"
    origin = "" if scale.stated else " (lowest and highest rating in the table)"
    return f"{', '.join(people)}. Scale of {printable(scale.item)}: {printable(ends)}{origin}."
