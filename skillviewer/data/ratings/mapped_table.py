"""A table of ratings with its videos and the meaning of its columns, and the folder that an import writes of it."""

import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from skillviewer.core.atomic_write import TEMPORARY
from skillviewer.core.errors import ExportError, NameTakenError
from skillviewer.core.hashing import sha256_of
from skillviewer.data.ratings import import_report, table_mapping
from skillviewer.data.ratings.guessing import guess
from skillviewer.data.ratings.import_report import write_import_report, write_rows
from skillviewer.data.ratings.parsed_ratings import ParsedRatings, read_ratings
from skillviewer.data.ratings.rating_table import RawTable
from skillviewer.data.ratings.table_files import JSON_SUFFIX, is_rating_file, read_table
from skillviewer.data.ratings.table_mapping import TableMapping, write_mapping
from skillviewer.data.ratings.video_matching import FileMatcher, Join, StudyVideoMatcher
from skillviewer.data.tables.find_videos import VideoFolder
from skillviewer.data.tables.rows import composed
from skillviewer.data.tables.video_names import video_name

STEM = "ratings"


@dataclass(frozen=True, slots=True)
class MappedTable:
    """A table with the meaning of its columns, doubts about guesses, and the video files or the videos of a study.

    ``stated`` is True if the user stated the folder of the files.
    """

    table: RawTable
    mapping: TableMapping
    ambiguities: tuple[str, ...]
    files: VideoFolder | StudyVideoMatcher
    stated: bool = False

    def read(self, mapping: TableMapping | None = None) -> tuple[ParsedRatings, Join]:
        """Return the ratings by this mapping or another, and their videos.

        Raises:
            DatasetError: The mapping does not fit, or no row can be used.
        """
        mapping = table_mapping.fitted(mapping or self.mapping, self.table)
        if isinstance(self.files, StudyVideoMatcher):
            return read_ratings(self.table, mapping, self.files), self.files
        place = self.table.places[mapping.video]
        cells = [mapping.names.get(row.cells[place], row.cells[place]) for row in self.table.rows if not row.fault]
        origin = Path(mapping.origin) if mapping.origin else self.table.path.absolute().parent
        join = FileMatcher(cells, origin, self.files, stated=self.stated)
        return read_ratings(self.table, mapping, join), join


def open_table(
    path: Path,
    videos: Path | StudyVideoMatcher | None = None,
    mapping: TableMapping | None = None,
    sheet: str = "",
    titles_row: int | None = None,
) -> MappedTable:
    """Open a table of ratings, and guess the meaning of its columns if it is not given.

    Args:
        path: The table.
        videos: Folder of the videos, or the videos of a study; None for the folder in the mapping, else for ``videos/``
            next to the table, or its folder.
        mapping: The meaning of its columns, or None to guess.
        sheet: The sheet of a workbook, or "" for the mapping's, or to choose.
        titles_row: See ``read_table``; None for the mapping's, or to find it.

    Raises:
        DatasetError: The table cannot be read, or there is no folder of videos.
    """
    folder = path.absolute().parent
    if videos is None and mapping is not None and mapping.videos:
        videos = Path(os.path.normpath(folder / mapping.videos))
    video_folder = folder / "videos" if (folder / "videos").is_dir() else folder
    files = videos if isinstance(videos, StudyVideoMatcher) else VideoFolder(videos or video_folder)
    if mapping is not None:
        sheet = sheet or mapping.sheet
        titles_row = mapping.titles_row if titles_row is None else titles_row
    table = read_table(path, sheet, titles_row, known_to(files))
    guessed, ambiguities = (mapping, ()) if mapping is not None else guess(table, known_to(files))
    return MappedTable(table, guessed, ambiguities, files, videos is not None)


def known_to(files: VideoFolder | StudyVideoMatcher) -> Callable[[str], bool]:
    """Return a function that is True for a cell that names one of some videos: files in any case."""
    if isinstance(files, StudyVideoMatcher):
        return lambda cell: files.find(cell).name is not None
    stems = {stem.casefold() for stem in files.stems}
    return lambda cell: composed(video_name(cell)).rpartition("/")[2].casefold() in stems


def write_folder(opened: MappedTable, rated: ParsedRatings, folder: Path, *, overwrite: bool = False) -> None:
    """Write a table as a data set: its copy (JSON as CSV, one row per entry), its mapping and its import report.

    The table itself is never written to, even if it is in the folder already.

    Raises:
        NameTakenError: There is a table, a mapping or an import report already.
        ExportError: The folder cannot be written.
    """
    source = opened.table.path.absolute()
    folder = folder.absolute()
    from_json = source.suffix.lower() == JSON_SUFFIX
    target = folder / f"{STEM}{'.csv' if from_json else source.suffix.lower()}"
    in_place = target.is_file() and target.samefile(source)
    names = [
        name for name in (target.name, import_report.FILE, table_mapping.FILE) if not in_place or name != target.name
    ]
    existing = [name for name in names if (folder / name).exists()]
    if existing and not overwrite:
        raise NameTakenError(folder / existing[0])
    videos_folder = (opened.files.folder if isinstance(opened.files, VideoFolder) else source.parent).absolute()
    stage = folder.parent / f".{secrets.token_hex(6)}{TEMPORARY}"
    try:
        stage.mkdir(parents=True)
        if from_json:
            write_rows(
                stage / target.name, [opened.table.titles, *(row.cells for row in opened.table.rows if not row.fault)]
            )
        else:
            shutil.copyfile(source, stage / target.name)
        write_import_report(rated.import_report, stage / import_report.FILE)
        mapping = replace(
            rated.mapping,
            videos=os.path.relpath(videos_folder, folder)
            if videos_folder.is_relative_to(folder.parent)
            else str(videos_folder),
            origin=rated.mapping.origin or ("" if in_place else str(source.parent)),
            table_sha256=sha256_of(stage / target.name),
        )
        write_mapping(mapping, stage / table_mapping.FILE)
        if not folder.exists():
            stage.replace(folder)
            return
        for other in folder.iterdir():
            if other.stem.casefold() == STEM and is_rating_file(other) and other.name != target.name:
                raise ExportError(f"{folder} holds another table of ratings, {other.name}: choose another folder.")
        for name in names:
            (stage / name).replace(folder / name)
    except OSError as error:
        raise ExportError(f"{folder} could not be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)
