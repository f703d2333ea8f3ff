"""A folder with a table of ratings, and maybe what its columns mean: the form that ``skillviewer data import`` writes.

``ratings.csv``, ``.tsv`` or ``.xlsx`` with whatever titles; ``mapping.json`` says what they mean, and where the videos
lie. Without it they are guessed, and what was guessed is told.
"""

import csv
import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from skillviewer.core.atomic_write import TEMPORARY
from skillviewer.core.csv_safety import escape_cell
from skillviewer.core.errors import DatasetError, ExportError, NameTakenError
from skillviewer.core.hashing import sha256_of
from skillviewer.data.ratings import account as accounts
from skillviewer.data.ratings import table_mapping
from skillviewer.data.ratings.account import write_account
from skillviewer.data.ratings.guessing import guess
from skillviewer.data.ratings.joining import FileJoin
from skillviewer.data.ratings.rating_table import JSON_SUFFIX, RatingTable, is_rating_file, read_table
from skillviewer.data.ratings.reading import RatedTable, read_ratings
from skillviewer.data.ratings.table_mapping import TableMapping, write_mapping
from skillviewer.data.tables.find_videos import VideoFolder
from skillviewer.data.tables.rows import composed
from skillviewer.data.tables.video_names import video_name

STEM = "ratings"


@dataclass(frozen=True, slots=True)
class OpenTable:
    """A table with what its columns mean: what a page shows, changes and reads again.

    Attributes:
        table: The table.
        mapping: What its columns mean, guessed or stated.
        doubts: What was guessed and should be looked at, one sentence each.
        files: The video files.
        stated: Whether it was stated where they lie.
    """

    table: RatingTable
    mapping: TableMapping
    doubts: tuple[str, ...]
    files: VideoFolder
    stated: bool

    def join(self, mapping: TableMapping) -> FileJoin:
        """Return the videos that the column of a mapping names."""
        place = self.table.column(mapping.video)
        cells = [] if place is None else [row.cells[place] for row in self.table.rows if not row.fault]
        origin = Path(mapping.origin) if mapping.origin else self.table.path.absolute().parent
        return FileJoin(cells, origin, self.files, stated=self.stated)

    def read(self, mapping: TableMapping | None = None) -> tuple[RatedTable, FileJoin]:
        """Return the ratings, by this mapping or another, and the files of their videos.

        Raises:
            DatasetError: The mapping does not fit, or no row could be used.
        """
        mapping = table_mapping.fitted(mapping or self.mapping, self.table)
        join = self.join(mapping)
        rated = read_ratings(self.table, mapping, join)
        if not rated.ratings.ratings:
            why, times = rated.account.reasons()[0]
            more = f" ({times} rows)" if times > 1 else ""
            raise DatasetError(f"No row of {rated.account.name} could be used: {why}{more}.")
        return rated, join


def open_table(
    path: Path,
    videos_dir: Path | None = None,
    mapping: TableMapping | None = None,
    sheet: str = "",
    titles_row: int | None = None,
) -> OpenTable:
    """Open a table of ratings and say what its columns seem to mean.

    Args:
        path: The table.
        videos_dir: Where the videos lie; None for where the mapping says, else for ``videos/`` beside the table, or
            its folder.
        mapping: What its columns mean, or None to guess.
        sheet: The sheet of a workbook, or "" for the mapping's, or to choose.
        titles_row: See ``read_table``; None for the mapping's, or to find it.

    Raises:
        DatasetError: It cannot be read, or there is no folder of videos.
    """
    folder = path.absolute().parent
    stated = videos_dir
    if stated is None and mapping is not None and mapping.videos:
        stated = Path(os.path.normpath(folder / mapping.videos))
    own = folder / "videos"
    files = VideoFolder(stated or (own if own.is_dir() else folder))
    if mapping is not None:
        sheet, titles_row = sheet or mapping.sheet, mapping.titles_row if titles_row is None else titles_row
    table = read_table(path, sheet, titles_row, known_to(files))
    if mapping is not None:
        return OpenTable(table, mapping, (), files, stated is not None)
    guessed = guess(table, known_to(files))
    return OpenTable(table, guessed.mapping, guessed.doubts, files, stated is not None)


def known_to(files: VideoFolder) -> Callable[[str], bool]:
    """Return the question whether a cell names one of some files, exactly or in another case."""
    stems = {stem.casefold() for stem in files.stems}

    def is_video(cell: str) -> bool:
        return composed(video_name(cell)).rpartition("/")[2].casefold() in stems

    return is_video


def _write_plain(table: RatingTable, path: Path) -> None:
    """Write a table that is none in its file as CSV; rows that cannot be read are left to the account."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(map(escape_cell, table.titles))
        writer.writerows([escape_cell(cell) for cell in row.cells] for row in table.rows if not row.fault)


def write_folder(opened: OpenTable, rated: RatedTable, folder: Path, *, overwrite: bool = False) -> None:
    """Write a table that was read as a data set of its own: the table as it is, its mapping and its account.

    JSON is written as CSV: a row for each entry.

    The table itself is never written to, also where it lies in the folder already.

    Args:
        opened: The table.
        rated: What was read of it, by which mapping.
        folder: Where to; made where it is not there.
        overwrite: Whether tables, mappings and accounts that are there may be replaced.

    Raises:
        NameTakenError: There is a table, a mapping or an account already.
        ExportError: It cannot be written.
    """
    source = opened.table.path.absolute()
    folder = folder.absolute()
    from_json = source.suffix.lower() == JSON_SUFFIX
    target = folder / f"{STEM}{'.csv' if from_json else source.suffix.lower()}"
    in_place = target.is_file() and target.samefile(source)
    names = [target.name, accounts.FILE, table_mapping.FILE]
    if folder.exists() and not overwrite:
        taken = [name for name in names if (folder / name).exists() and not (in_place and name == target.name)]
        if taken:
            raise NameTakenError(folder / taken[0])
    videos = opened.files.folder.absolute()
    mapping = msgspec.structs.replace(
        rated.mapping,
        videos=os.path.relpath(videos, folder) if videos.is_relative_to(folder.parent) else str(videos),
        origin=rated.mapping.origin or ("" if in_place else str(source.parent)),
    )
    stage = folder.parent / f".{secrets.token_hex(6)}{TEMPORARY}"
    try:
        stage.mkdir(parents=True)
        if from_json:
            _write_plain(opened.table, stage / target.name)
        else:
            shutil.copyfile(source, stage / target.name)
        write_account(rated.account, stage / accounts.FILE)
        mapping = msgspec.structs.replace(mapping, table_sha256=sha256_of(stage / target.name))
        write_mapping(mapping, stage / table_mapping.FILE)
        if not folder.exists():
            stage.replace(folder)
            return
        for other in folder.iterdir():
            if other.stem.casefold() == STEM and is_rating_file(other) and other.name != target.name:
                raise ExportError(f"{folder} holds another table of ratings, {other.name}: choose another folder.")
        for name in names:
            if not (in_place and name == target.name):
                (stage / name).replace(folder / name)
    except OSError as error:
        raise ExportError(f"{folder} could not be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            shutil.rmtree(stage, ignore_errors=True)
