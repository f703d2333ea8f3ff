"""Tables of ratings with their videos and the meaning of their columns, and the folders that imports write of them."""

import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from skillviewer.core.atomic_write import TEMPORARY_SUFFIX
from skillviewer.core.errors import ExportError, NameTakenError, os_reason
from skillviewer.core.hashing import sha256_of
from skillviewer.data.ratings import import_report, table_mapping
from skillviewer.data.ratings.guessing import guess_mapping
from skillviewer.data.ratings.import_report import write_import_report, write_rows
from skillviewer.data.ratings.parsed_ratings import ParsedRatings, read_ratings
from skillviewer.data.ratings.rating_table import RawTable
from skillviewer.data.ratings.table_files import JSON_SUFFIX, is_rating_file, read_table
from skillviewer.data.ratings.table_mapping import TableMapping, write_mapping
from skillviewer.data.ratings.video_matching import FileMatcher, StudyVideoMatcher, VideoMatcher
from skillviewer.data.tables.find_videos import VideoFolder
from skillviewer.data.tables.name_spelling import compose_accents
from skillviewer.data.tables.video_names import video_name

TABLE_STEM = "ratings"


@dataclass(frozen=True, slots=True)
class MappedTable:
    """A table with the meaning of its columns, and its videos."""

    table: RawTable
    mapping: TableMapping
    ambiguities: tuple[str, ...]  # guesses that the user should check, one sentence each
    files: VideoFolder | StudyVideoMatcher  # video files of a folder, or videos of a study
    folder_is_stated: bool = False  # whether the user stated the folder of the files

    def read(self, mapping: TableMapping | None = None) -> tuple[ParsedRatings, VideoMatcher]:
        """Return the ratings of the table, and the matcher of their videos.

        Args:
            mapping: Meaning of the columns, or None for the mapping of the table.

        Raises:
            DatasetError: The mapping does not fit, or no row can be used.
        """
        if mapping is None:
            mapping = self.mapping
        mapping = table_mapping.fit_mapping(mapping, self.table)
        if isinstance(self.files, StudyVideoMatcher):
            return read_ratings(self.table, mapping, self.files), self.files
        index = self.table.index_by_title[mapping.video]
        cells = [row.cells[index] for row in self.table.rows if not row.fault]
        names = [mapping.names.get(cell, cell) for cell in cells]
        origin = Path(mapping.origin) if mapping.origin else self.table.path.absolute().parent
        matcher = FileMatcher(names, origin, self.files, folder_is_stated=self.folder_is_stated)
        return read_ratings(self.table, mapping, matcher), matcher


def open_table(
    path: Path,
    videos: Path | StudyVideoMatcher | None = None,
    mapping: TableMapping | None = None,
    sheet: str = "",
    titles_row: int | None = None,
) -> MappedTable:
    """Open a table of ratings, and guess the meaning of its columns if no mapping is given.

    Args:
        path: The table.
        videos: Folder of the videos, or the videos of a study. None means the folder in the mapping, or else the folder
            ``videos`` next to the table, or else the folder of the table.
        mapping: The meaning of the columns, or None to guess it.
        sheet: The sheet of a workbook, or "" for the sheet in the mapping, or else the most suitable sheet.
        titles_row: See ``read_table``; None for the row in the mapping, or else to find the row.

    Raises:
        DatasetError: The table cannot be read, or there is no folder of videos.
    """
    folder = path.absolute().parent
    if videos is None and mapping is not None and mapping.videos:
        videos = Path(os.path.normpath(folder / mapping.videos))
    files: VideoFolder | StudyVideoMatcher
    if isinstance(videos, StudyVideoMatcher):
        files = videos
    elif videos is not None:
        files = VideoFolder(videos)
    else:
        subfolder = folder / "videos"
        files = VideoFolder(subfolder) if subfolder.is_dir() else VideoFolder(folder)
    is_video = video_test(files)
    if mapping is not None:
        if not sheet:
            sheet = mapping.sheet
        titles_row = mapping.titles_row if titles_row is None else titles_row
    table = read_table(path, sheet, titles_row, is_video)
    ambiguities: tuple[str, ...] = ()
    if mapping is None:
        mapping, ambiguities = guess_mapping(table, is_video)
    return MappedTable(table, mapping, ambiguities, files, folder_is_stated=videos is not None)


def video_test(files: VideoFolder | StudyVideoMatcher) -> Callable[[str], bool]:
    """Return a function that tests whether a cell names one of the videos. The case of file names is ignored."""
    if isinstance(files, StudyVideoMatcher):
        return lambda cell: files.find(cell).name is not None
    stems = {stem.casefold() for stem in files.stems}

    def names_file(cell: str) -> bool:
        _, _, stem = compose_accents(video_name(cell)).rpartition("/")
        return stem.casefold() in stems

    return names_file


def _stored_videos_folder(mapped_table: MappedTable, folder: Path) -> str:
    """Return the folder of the videos as a mapping in ``folder`` states it: relative if it is near, else absolute."""
    videos_folder = mapped_table.table.path.absolute().parent
    if isinstance(mapped_table.files, VideoFolder):
        videos_folder = mapped_table.files.folder.absolute()
    if videos_folder.is_relative_to(folder.parent):
        return os.path.relpath(videos_folder, folder)
    return str(videos_folder)


def write_folder(
    mapped_table: MappedTable, parsed_ratings: ParsedRatings, folder: Path, *, overwrite: bool = False
) -> None:
    """Write a table as a data set: a copy of the table, its mapping and its import report.

    The copy of a JSON file is a CSV file with one row per entry. If the table is in the folder already, it is not
    written.

    Raises:
        NameTakenError: The folder has a table, a mapping or an import report already.
        ExportError: The folder cannot be written.
    """
    source = mapped_table.table.path.absolute()
    folder = folder.absolute()
    is_json = source.suffix.lower() == JSON_SUFFIX
    suffix = ".csv" if is_json else source.suffix.lower()
    target = folder / f"{TABLE_STEM}{suffix}"
    is_in_place = target.is_file() and target.samefile(source)
    names = [import_report.FILE, table_mapping.FILE]
    if not is_in_place:
        names.insert(0, target.name)
    existing = [name for name in names if (folder / name).exists()]
    if existing and not overwrite:
        raise NameTakenError(folder / existing[0])
    temp_folder = folder.parent / f".{secrets.token_hex(6)}{TEMPORARY_SUFFIX}"
    try:
        temp_folder.mkdir(parents=True)
        if is_json:
            readable_rows = [row.cells for row in mapped_table.table.rows if not row.fault]
            write_rows(temp_folder / target.name, [mapped_table.table.titles, *readable_rows])
        else:
            shutil.copyfile(source, temp_folder / target.name)
        write_import_report(parsed_ratings.import_report, temp_folder / import_report.FILE)
        origin = parsed_ratings.mapping.origin
        if not origin and not is_in_place:
            origin = str(source.parent)
        mapping = replace(
            parsed_ratings.mapping,
            videos=_stored_videos_folder(mapped_table, folder),
            origin=origin,
            table_sha256=sha256_of(temp_folder / target.name),
        )
        write_mapping(mapping, temp_folder / table_mapping.FILE)
        if not folder.exists():
            temp_folder.replace(folder)
            return
        for other in folder.iterdir():
            if other.stem.casefold() == TABLE_STEM and is_rating_file(other) and other.name != target.name:
                raise ExportError(f"{folder} holds another table of ratings, {other.name}: choose another folder.")
        for name in names:
            (temp_folder / name).replace(folder / name)
    except OSError as error:
        raise ExportError(f"{folder} could not be written: {os_reason(error)}.") from error
    finally:
        shutil.rmtree(temp_folder, ignore_errors=True)
