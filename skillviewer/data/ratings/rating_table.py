"""Tables of ratings as they are in a file: titles and rows, before the meaning of the columns is known.

Every non-empty row is kept. Rows above the titles and rows that cannot be read have a fault.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path

from skillviewer.core.errors import DatasetError
from skillviewer.data.tables.csv_tables import MAX_COLUMNS
from skillviewer.data.tables.name_spelling import simplify_name

MAX_CELLS = 5_000_000
"""Greatest number of cells, with the missing cells of short rows."""
_N_SEARCHED_ROWS = 20
"""Number of rows among which the titles are searched."""
_NUMBER = re.compile(r"[+−-]?\d+([.,]\d+)?")

IsVideo = Callable[[str], bool]
"""Test whether a cell names a video."""


@dataclass(frozen=True, slots=True)
class RatingRow:
    """One row of a table."""

    first_line: int  # first line in the file, or number of the row in the sheet, from 1
    last_line: int  # last line; greater than the first if a cell has line breaks
    cells: tuple[str, ...]  # cells without surrounding blanks, as many as there are titles
    merged_columns: frozenset[int] = (
        frozenset()
    )  # indices of cells with the value of a merged cell that begins elsewhere
    formulas: Mapping[int, str] = field(default_factory=dict)  # formulas without a stored value, by index of the cell
    is_hidden: bool = False  # whether the spreadsheet hides the row
    fault: str = ""  # reason why the row cannot be read, or ""
    is_short: bool = False  # whether the fault is that fields are missing, such as in the second part of a broken line


@dataclass(frozen=True, slots=True)
class RawTable:
    """A table without a meaning of its columns."""

    path: Path
    # unique titles of the columns: a repeated title gets a number, and an empty title is "column C" by its position
    titles: tuple[str, ...]
    rows: tuple[RatingRow, ...]  # all non-empty rows except the titles
    titles_row: int  # number of the line or row with the titles, from 1; 0 without titles
    sheet: str = ""  # name of the sheet of a workbook, or ""
    sheets: tuple[str, ...] = ()  # names of all sheets of the workbook
    unit: str = "line"  # word for a row in messages: "line" of a text file, "row" of a sheet, "entry" of JSON
    decimal_comma: bool = False  # whether 1,234 is a number with three decimals
    notices: tuple[str, ...] = ()  # notices about the whole table, one sentence each
    index_by_title: Mapping[str, int] = field(init=False, repr=False, compare=False)  # index of the column

    def __post_init__(self) -> None:
        object.__setattr__(self, "index_by_title", {title: index for index, title in enumerate(self.titles)})

    @property
    def location(self) -> str:
        """Name of the file, and of the sheet if there are several, for messages."""
        return f"{self.path.name}, sheet “{self.sheet}”," if len(self.sheets) > 1 else self.path.name

    def describe_row(self, row: RatingRow) -> str:
        """Return the lines of a row, for messages."""
        if row.first_line == row.last_line:
            return f"{self.unit} {row.last_line}"
        return f"{self.unit}s {row.first_line} to {row.last_line}"

    def column(self, title: str) -> int | None:
        """Return the index of a column, or None if the table has no such column."""
        return self.index_by_title.get(title)


def find_title_row(
    rows: Sequence[RatingRow], titles_row: int | None, is_video: IsVideo | None, path: Path
) -> int | None:
    """Return the index of the row with the titles, or None if there is none; see ``read_table``.

    Raises:
        DatasetError: There are no rows, or no row with the stated number.
    """
    if not rows:
        raise DatasetError(f"{path} holds no rows.")
    if titles_row == 0:
        return None
    if titles_row is not None:
        return _index_of_row(rows, titles_row, path)

    def names_video(row: RatingRow) -> bool:
        return is_video is not None and any(
            is_video(cell) and simplify_name(cell) not in _VIDEO_TITLES for cell in row.cells
        )

    candidates: list[int] = []
    for index, row in enumerate(rows[:_N_SEARCHED_ROWS]):
        filled = _filled_cells(row)
        if len(filled) < 2 or row.fault:
            continue
        if names_video(row):  # one of the rows above has the titles, or there are none
            return max(candidates, key=lambda candidate: _n_titles(rows, candidate)) if candidates else None
        is_upper = _is_upper_title_row(rows, index) and not names_video(rows[index + 1])
        n_numbers = sum(_NUMBER.fullmatch(cell) is not None for cell in filled)
        if 2 * n_numbers <= len(filled) and not is_upper:
            candidates.append(index)
    return candidates[0] if candidates else 0


def _index_of_row(rows: Sequence[RatingRow], number: int, path: Path) -> int:
    """Return the index of the row with a number, or raise a DatasetError."""
    for index, row in enumerate(rows):
        if row.first_line <= number <= row.last_line:
            return index
    last = rows[-1].last_line
    reason = "it is empty" if number <= last else f"the last one is row {last}"
    raise DatasetError(f"{path.name} has no titles in row {number}: {reason}. Give the row with the titles.")


_VIDEO_TITLES = frozenset({"video", "videos", "clip", "name", "file", "filename", "trial", "attempt"})
"""Titles of columns that may be names of videos too."""


def _filled_cells(row: RatingRow) -> list[str]:
    return [cell for cell in row.cells if cell]


def _n_titles(rows: Sequence[RatingRow], index: int) -> int:
    """Return the number of titles in a row, or in the row above if both have titles and the upper has more."""
    n_above = 0
    if index and _is_upper_title_row(rows, index - 1):
        n_above = len(_filled_cells(rows[index - 1]))
    return max(len(_filled_cells(rows[index])), n_above)


def _is_upper_title_row(rows: Sequence[RatingRow], index: int) -> bool:
    """Return True if a row is the upper of two rows with titles.

    The lower row has words only, and the upper has merged cells, or both have gaps where the other has titles.
    """
    if index + 1 >= len(rows):
        return False
    upper = rows[index]
    lower = rows[index + 1]
    lower_filled = _filled_cells(lower)
    if len(lower_filled) < 2 or any(_NUMBER.fullmatch(cell) for cell in lower_filled):
        return False
    if upper.merged_columns:
        return True
    pairs = list(zip_longest(upper.cells, lower.cells, fillvalue=""))
    lower_has_gap = any(upper_cell and not lower_cell for upper_cell, lower_cell in pairs)
    upper_has_gap = any(lower_cell and not upper_cell for upper_cell, lower_cell in pairs)
    return lower_has_gap and upper_has_gap and len(_filled_cells(upper)) >= 2


def assemble_table(
    path: Path,
    rows: Sequence[RatingRow],
    title_index: int | None,
    sheet: str = "",
    sheets: tuple[str, ...] = (),
    unit: str = "line",
    decimal_comma: bool = False,
    notices: Sequence[str] = (),
) -> RawTable:
    """Return a table, given its rows with the titles at an index; the other arguments are as in ``RawTable``.

    Raises:
        DatasetError: There is no row below the titles, or the table is too large.
    """
    body = [row for index, row in enumerate(rows) if index != title_index]
    if not body:
        raise DatasetError(f"{path.name} has titles and no rows below them.")
    if title_index is None:
        rows_above_titles: Sequence[RatingRow] = ()
        title_rows: list[Sequence[str]] = []
        n_titles = 1
        # the names in a JSON file have no line of their own: they become the first line of its copy
        titles_row = 0
    else:
        rows_above_titles = rows[:title_index]
        title_rows = _title_rows(rows, title_index)
        n_titles = len(rows[title_index].cells)
        titles_row = max(rows[title_index].first_line, 1)
    lines_above_titles = {row.first_line for row in rows_above_titles}
    n_columns = max([n_titles, *(len(row.cells) for row in body if not row.fault)])
    if n_columns > MAX_COLUMNS or n_columns * len(body) > MAX_CELLS:
        raise DatasetError(
            f"{path.name} has {n_columns:,} columns and {len(body):,} rows. A table of ratings may have "
            f"{MAX_COLUMNS:,} columns and {MAX_CELLS:,} cells: delete what holds no ratings."
        )
    complete_rows = []
    for row in body:
        cells = (*row.cells, *[""] * (n_columns - len(row.cells)))[:n_columns]
        fault = "it stands above the header row" if row.first_line in lines_above_titles else row.fault
        complete_rows.append(replace(row, cells=cells, fault=fault))
    return RawTable(
        path=path,
        titles=_unique([_column_title(title_rows, index) for index in range(n_columns)]),
        rows=tuple(complete_rows),
        titles_row=titles_row,
        sheet=sheet,
        sheets=sheets,
        unit=unit,
        decimal_comma=decimal_comma,
        notices=tuple(notices),
    )


def _title_rows(rows: Sequence[RatingRow], title_index: int) -> list[Sequence[str]]:
    """Return the cells of the row with the titles, after those of an upper row with titles if there is one."""
    titles = rows[title_index].cells
    if not title_index or not _is_upper_title_row(rows, title_index - 1):
        return [titles]
    upper_row = rows[title_index - 1]
    upper_titles = list(upper_row.cells)
    if not upper_row.merged_columns:  # an upper title belongs to all columns as far as the next upper title
        n_columns = max(len(row.cells) for row in rows)
        upper_titles += [""] * (n_columns - len(upper_titles))
        for index in range(1, len(upper_titles)):
            if not upper_titles[index]:
                upper_titles[index] = upper_titles[index - 1]
    return [upper_titles, titles]


def _column_title(title_rows: Sequence[Sequence[str]], index: int) -> str:
    cells = [" ".join(cells[index].split()) for cells in title_rows if index < len(cells)]
    return " ".join(filter(None, cells)) or f"column {column_letters(index)}"


def _unique(titles: Sequence[str]) -> tuple[str, ...]:
    """Return titles in which repeated ones have a number."""
    unique_titles: dict[str, None] = {}
    n_repeats = Counter[str]()
    for title in titles:
        unique_title = title
        while unique_title in unique_titles:
            n_repeats[title] += 1
            unique_title = f"{title} ({n_repeats[title] + 1})"
        unique_titles[unique_title] = None
    return tuple(unique_titles)


def column_letters(index: int) -> str:
    """Return the letters of a spreadsheet's column: A, B, ... Z, AA."""
    letters = ""
    number = index + 1
    while number:
        number, digit = divmod(number - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters
