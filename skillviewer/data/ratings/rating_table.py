"""A table of ratings as read, from a text file or a sheet of a workbook: titles and rows, without interpretation.

Every non-empty row is kept: rows above the titles and unreadable ones have a fault.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path

from skillviewer.core.errors import DatasetError
from skillviewer.data.tables.rows import MAX_COLUMNS, plain

MAX_CELLS = 5_000_000
"""Most cells, with the empty ones of short rows."""
_SEARCHED = 20
"""Rows that may have the titles."""
_NUMBER = re.compile(r"[+−-]?\d+([.,]\d+)?")

IsVideo = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class RatingRow:
    """One row."""

    first_line: int  # its first line in the file, or its number in the sheet, from 1
    last_line: int  # its last line; greater if a cell has line breaks
    cells: tuple[str, ...]  # its cells without surrounding blanks, as many as there are titles
    merged: frozenset[int] = frozenset()  # indices of cells with the value of a merged cell that begins elsewhere
    formulas: Mapping[int, str] = field(default_factory=dict)  # formulas without a stored value, by index
    hidden: bool = False  # whether the spreadsheet hides it
    fault: str = ""  # reason why it is unreadable, or ""
    short: bool = False  # whether the fault is a lack of fields, as in the rest of a broken line


@dataclass(frozen=True, slots=True)
class RawTable:
    """A table."""

    path: Path
    # unique names of the columns: a repeated title gets a number, an empty one its place ("column C")
    titles: tuple[str, ...]
    rows: tuple[RatingRow, ...]  # all non-empty rows but the titles
    titles_row: int  # line of the file, or row of the sheet, with the titles, as people count; 0 without
    sheet: str = ""  # the sheet of a workbook, else ""
    sheets: tuple[str, ...] = ()  # all sheets of the workbook
    unit: str = "line"  # word for a row in messages: "line" of a text file, "row" of a sheet, "entry" of JSON
    decimal_comma: bool = False  # whether 1,234 is a number with three decimals
    notices: tuple[str, ...] = ()  # notices about the table as a whole, one sentence each
    places: Mapping[str, int] = field(init=False, repr=False, compare=False)  # index of each title

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", {title: place for place, title in enumerate(self.titles)})

    @property
    def location(self) -> str:
        """The table, for a message."""
        return f"{self.path.name}, sheet “{self.sheet}”," if len(self.sheets) > 1 else self.path.name

    def describe_row(self, row: RatingRow) -> str:
        """Return the place of a row, for a message."""
        if row.first_line == row.last_line:
            return f"{self.unit} {row.last_line}"
        return f"{self.unit}s {row.first_line} to {row.last_line}"

    def column(self, title: str) -> int | None:
        """Return the index of a column, or None."""
        return self.places.get(title)


def found_titles(rows: Sequence[RatingRow], titles_row: int | None, is_video: IsVideo | None, path: Path) -> int | None:
    """Return the index of the row with the titles, or None without one; see ``read_table``.

    Raises:
        DatasetError: There is no row, or none with that number.
    """
    if not rows:
        raise DatasetError(f"{path} holds no rows.")
    if titles_row == 0:
        return None
    if titles_row is not None:
        place = next((n for n, row in enumerate(rows) if row.first_line <= titles_row <= row.last_line), None)
        if place is None:
            last = rows[-1].last_line
            reason = "it is empty" if titles_row <= last else f"the last one is row {last}"
            raise DatasetError(
                f"{path.name} has no titles in row {titles_row}: {reason}. Give the row with the titles."
            )
        return place

    def names_video(row: RatingRow) -> bool:
        return is_video is not None and any(is_video(cell) and plain(cell) not in _TITLES for cell in row.cells)

    rows_with_titles: list[int] = []
    for place, row in enumerate(rows[:_SEARCHED]):
        filled = _filled(row)
        if len(filled) < 2 or row.fault:
            continue
        if names_video(row):  # the widest of the rows above has the titles; without one, there are none
            return max(rows_with_titles, key=lambda candidate: _width(rows, candidate)) if rows_with_titles else None
        upper = _is_upper(rows, place) and not names_video(rows[place + 1])
        if sum(_NUMBER.fullmatch(cell) is not None for cell in filled) * 2 <= len(filled) and not upper:
            rows_with_titles.append(place)
    return rows_with_titles[0] if rows_with_titles else 0


_TITLES = frozenset({"video", "videos", "clip", "name", "file", "filename", "trial", "attempt"})


def _filled(row: RatingRow) -> list[str]:
    return [cell for cell in row.cells if cell]


def _width(rows: Sequence[RatingRow], place: int) -> int:
    """Return the number of titles in a row and, if it is the lower of two with titles, in the one above."""
    above = len(_filled(rows[place - 1])) if place and _is_upper(rows, place - 1) else 0
    return max(len(_filled(rows[place])), above)


def _is_upper(rows: Sequence[RatingRow], place: int) -> bool:
    """Return True if a row is the upper of two with titles: words below, and merged cells or gaps in both rows."""
    if place + 1 >= len(rows):
        return False
    upper, below = rows[place], rows[place + 1]
    if len(_filled(below)) < 2 or any(_NUMBER.fullmatch(cell) for cell in _filled(below)):
        return False
    pairs = list(zip_longest(upper.cells, below.cells, fillvalue=""))
    gaps = any(upper_cell and not lower_cell for upper_cell, lower_cell in pairs) and any(
        lower_cell and not upper_cell for upper_cell, lower_cell in pairs
    )
    return bool(upper.merged) or (gaps and len(_filled(upper)) >= 2)


def assembled(
    path: Path,
    rows: Sequence[RatingRow],
    title_place: int | None,
    sheet: str = "",
    sheets: tuple[str, ...] = (),
    unit: str = "line",
    decimal_comma: bool = False,
    notices: Sequence[str] = (),
) -> RawTable:
    """Return the table of some rows, with the titles at an index; other arguments as in ``RawTable``.

    Raises:
        DatasetError: There is no row below the titles.
    """
    body = [row for place, row in enumerate(rows) if place != title_place]
    if not body:
        raise DatasetError(f"{path.name} has titles and no rows below them.")
    above = {row.first_line for row in rows[:title_place]} if title_place is not None else set()
    n = max(
        [1 if title_place is None else len(rows[title_place].cells), *(len(row.cells) for row in body if not row.fault)]
    )
    if n > MAX_COLUMNS or n * len(body) > MAX_CELLS:
        raise DatasetError(
            f"{path.name} has {n:,} columns and {len(body):,} rows. A table of ratings may have {MAX_COLUMNS:,} "
            f"columns and {MAX_CELLS:,} cells: delete what holds no ratings."
        )
    heads = [] if title_place is None else [rows[title_place].cells]
    if title_place and _is_upper(rows, title_place - 1):
        upper = [*rows[title_place - 1].cells]
        if not rows[title_place - 1].merged:  # an upper title counts to the right, to the next one
            upper = [*upper, *[""] * (n - len(upper))]
            for place in range(1, len(upper)):
                upper[place] = upper[place] or upper[place - 1]
        heads.insert(0, tuple(upper))

    def title(place: int) -> str:
        cells = (" ".join(cells[place].split()) for cells in heads if place < len(cells))
        return " ".join(filter(None, cells)) or f"column {letters(place)}"

    def whole(row: RatingRow) -> RatingRow:
        fault = "it stands above the header row" if row.first_line in above else row.fault
        return replace(row, cells=(*row.cells, *[""] * (n - len(row.cells)))[:n], fault=fault)

    titles = _unique([title(place) for place in range(n)])
    whole_rows = tuple(map(whole, body))
    # the names in a JSON file have no line of their own: they become the first row of its copy
    number = 0 if title_place is None else max(rows[title_place].first_line, 1)
    return RawTable(path, titles, whole_rows, number, sheet, sheets, unit, decimal_comma, tuple(notices))


def _unique(titles: Sequence[str]) -> tuple[str, ...]:
    unique_titles: dict[str, None] = {}
    numbers = Counter[str]()
    for title in titles:
        unique_title = title
        while unique_title in unique_titles:
            numbers[title] += 1
            unique_title = f"{title} ({numbers[title] + 1})"
        unique_titles[unique_title] = None
    return tuple(unique_titles)


def letters(place: int) -> str:
    """Return a spreadsheet's name of the column with an index: A, B, ... Z, AA."""
    text = ""
    place += 1
    while place:
        place, digit = divmod(place - 1, 26)
        text = chr(65 + digit) + text
    return text
