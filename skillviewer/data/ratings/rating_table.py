"""A table of ratings as it lies there, a text file or a sheet of a workbook: titles and rows, and nothing yet decided.

Nothing is lost: every row that is not empty is a row here, those above the titles and those that cannot be read too,
with the reason.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from skillviewer.core.errors import DatasetError
from skillviewer.data.tables.rows import TableRow, plain, read_grid

TEXT_SUFFIXES = frozenset({".csv", ".tsv", ".txt"})
WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm"})
JSON_SUFFIX = ".json"
_SEARCHED = 20
"""Rows among which the titles are looked for."""
_NUMBER = re.compile(r"[+−-]?\d+([.,]\d+)?")

IsVideo = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class RatingRow:
    """One row.

    Attributes:
        first_line: Its first line in the file, or its number in the sheet, from 1.
        last_line: Its last line; greater where a cell holds line ends.
        cells: Its cells without surrounding blanks, as many as there are titles.
        merged: Places of cells whose value is that of a merged cell which begins elsewhere.
        formulas: Formulas by place, where no computed value was kept.
        hidden: Whether the spreadsheet hides it.
        fault: Why it cannot be read at all, or "".
        short: Whether the fault is that it has fewer fields than the table, as the rest of a broken line has.
    """

    first_line: int
    last_line: int
    cells: tuple[str, ...]
    merged: frozenset[int] = frozenset()
    formulas: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    hidden: bool = False
    fault: str = ""
    short: bool = False


@dataclass(frozen=True, slots=True)
class RatingTable:
    """A table.

    Attributes:
        path: The file.
        titles: Names of the columns, none twice: a repeated title has a number behind it, an empty one is called after
            its place ("column C").
        rows: All rows that are not empty, but for the titles.
        titles_row: Number of the row with the titles among those that are not empty, from 1; 0 without.
        sheet: The sheet of a workbook, else "".
        sheets: All sheets of the workbook.
        unit: What a row is called in messages: "line" of a text file, "row" of a sheet, "entry" of JSON.
        decimal_comma: Whether 3,5 may be a number with any count of digits behind the comma.
        notices: What is to be told of the table as a whole, one sentence each.
    """

    path: Path
    titles: tuple[str, ...]
    rows: tuple[RatingRow, ...]
    titles_row: int
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    unit: str = "line"
    decimal_comma: bool = False
    notices: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """The table, for a message."""
        return f"{self.path.name}, sheet “{self.sheet}”," if len(self.sheets) > 1 else self.path.name

    def place(self, row: RatingRow) -> str:
        """Return where a row stands, for a message."""
        if row.first_line == row.last_line:
            return f"{self.unit} {row.last_line}"
        return f"{self.unit}s {row.first_line} to {row.last_line}"

    def column(self, title: str) -> int | None:
        """Return the place of a column, or None for "" and for one that is not there."""
        return self.titles.index(title) if title in self.titles else None


def is_rating_file(path: Path) -> bool:
    """Return whether a file has the extension of a table that can be read here."""
    return path.suffix.lower() in TEXT_SUFFIXES | WORKBOOK_SUFFIXES


def read_table(
    path: Path, sheet: str = "", titles_row: int | None = None, is_video: IsVideo | None = None
) -> RatingTable:
    """Read a table. The file is never written to.

    Args:
        path: A text file (.csv, .tsv, .txt), a workbook (.xlsx), or JSON in a published form (.json).
        sheet: The sheet of a workbook, or "" for the one that names the most videos, else the first with a table.
        titles_row: Number of the row with the titles, 0 where there is none, None to find it.
        is_video: Tells whether a cell names a video; finds the sheet, and a table without titles.

    Raises:
        DatasetError: It cannot be read, is of another kind, has no such sheet, or holds no row.
    """
    suffix = path.suffix.lower()
    if not path.is_file():
        raise DatasetError(f"There is no file {path}.")
    if suffix in WORKBOOK_SUFFIXES:
        from skillviewer.data.ratings.workbook import read_workbook

        return read_workbook(path, sheet, titles_row, is_video)
    if sheet:
        raise DatasetError(f"{path.name} is no workbook and has no sheet “{sheet}”: leave the sheet out.")
    if suffix == JSON_SUFFIX:
        from skillviewer.data.ratings.json_tables import read_json_table

        return read_json_table(path)
    if suffix not in TEXT_SUFFIXES:
        ending = f"of the kind {suffix}" if suffix else "without an extension"
        raise DatasetError(
            f"{path} is a file {ending}, and no table that can be read here. Save it as .xlsx or .csv (.tsv), and open "
            "that."
        )
    rows, delimiter = read_grid(path)
    raw = [_text_row(row, delimiter) for row in rows]
    widths = Counter(row.width for row in rows)
    at = found_titles(raw, titles_row, is_video, path)
    width = rows[at].width if at is not None else widths.most_common(1)[0][0]
    body = [
        _checked(one, row.width, width, widths if at is None else _without(widths, rows[at].width), delimiter)
        for i, (one, row) in enumerate(zip(raw, rows, strict=True))
        if i != at
    ]
    return assembled(path, raw, at, body, decimal_comma=delimiter != ",")


def _without(widths: Counter[int], one: int) -> Counter[int]:
    fewer = widths.copy()
    fewer[one] -= 1
    return +fewer


def _text_row(row: TableRow, delimiter: str) -> RatingRow:
    """Return a row of a text file; a quotation mark that swallowed other rows is a fault."""
    first = row.first or row.line
    columns = row.width - 1
    swallowed = any(line.count(delimiter) >= max(columns - 1, 1) for cell in row.cells for line in cell.split("\n")[1:])
    fault = ""
    if swallowed:
        fault = (
            f"a quotation mark makes one row of the lines {first} to {row.line}, which look like several: close it, or "
            "remove it"
        )
    return RatingRow(first, row.line, row.cells, fault=fault)


def _checked(one: RatingRow, width: int, titles: int, widths: Counter[int], delimiter: str) -> RatingRow:
    """Return a row, with a fault where it has more or fewer fields than there are columns.

    A field too many or too few may have moved all that stand behind it: a number would count for another item. Where
    all rows have as many, and the spare ones are empty, nothing was moved.
    """
    if one.fault or width == titles or (len(widths) == 1 and len(one.cells) <= titles):
        return one
    comma = (
        " (a decimal comma, or a comma in a text, without quotation marks?)"
        if delimiter == "," and width > titles
        else ""
    )
    fault = f"it has {width} fields and the table {titles} columns{comma}"
    return replace(one, fault=fault, short=width < titles)


def found_titles(rows: Sequence[RatingRow], titles_row: int | None, is_video: IsVideo | None, path: Path) -> int | None:
    """Return the place of the row with the titles among some rows, or None where there is none.

    Args:
        rows: The rows, in order.
        titles_row: Its number among them, from 1; 0 where there is none, None to find it.
        is_video: Tells whether a cell names a video.
        path: The file, for messages.

    Raises:
        DatasetError: There is no row, or none of that number.
    """
    if not rows:
        raise DatasetError(f"{path} holds no rows.")
    if titles_row == 0:
        return None
    if titles_row is not None:
        if titles_row > len(rows):
            raise DatasetError(f"{path.name} has {len(rows)} rows: there is no row {titles_row} with titles.")
        return titles_row - 1
    for at, row in enumerate(rows[:_SEARCHED]):
        filled = [cell for cell in row.cells if cell]
        if len(filled) < 2 or row.fault:
            continue
        if is_video is not None and any(is_video(cell) and plain(cell) not in _TITLES for cell in filled):
            return None  # the first videos stand where titles would
        if sum(_NUMBER.fullmatch(cell) is not None for cell in filled) * 2 <= len(filled) and not _is_upper(rows, at):
            return at
    return 0


_TITLES = frozenset({"video", "videos", "clip", "name", "file", "filename", "trial", "attempt"})


def _is_upper(rows: Sequence[RatingRow], at: int) -> bool:
    """Return whether a row is the upper of two with titles: merged cells over several columns, words below them."""
    if not rows[at].merged or at + 1 >= len(rows):
        return False
    below = [cell for cell in rows[at + 1].cells if cell]
    return len(below) >= 2 and not any(_NUMBER.fullmatch(cell) for cell in below)


def assembled(
    path: Path,
    rows: Sequence[RatingRow],
    at: int | None,
    body: Sequence[RatingRow],
    *,
    sheet: str = "",
    sheets: tuple[str, ...] = (),
    unit: str = "line",
    decimal_comma: bool = False,
    notices: Sequence[str] = (),
) -> RatingTable:
    """Return the table of some rows.

    Args:
        path: The file.
        rows: All rows.
        at: The place of the titles among them, or None.
        body: The rows but for that.
        sheet: See ``RatingTable``.
        sheets: See ``RatingTable``.
        unit: See ``RatingTable``.
        decimal_comma: See ``RatingTable``.
        notices: See ``RatingTable``.

    Raises:
        DatasetError: There is no row below the titles.
    """
    if not body:
        raise DatasetError(f"{path.name} holds titles and no rows below them.")
    n = max([1 if at is None else len(rows[at].cells), *(len(row.cells) for row in body if not row.fault)])
    upper = rows[at - 1] if at is not None and at > 0 and _is_upper(rows, at - 1) else None
    titles = _unique([_title(rows, at, upper, place) for place in range(n)])
    above = {row.first_line for row in rows[:at]} if at is not None else set()

    def whole(row: RatingRow) -> RatingRow:
        fault = row.fault or ("it stands above the titles" if row.first_line in above else "")
        cells = (*row.cells, *[""] * (n - len(row.cells)))[:n]
        return replace(row, cells=cells, fault=fault)

    return RatingTable(
        path=path,
        titles=titles,
        rows=tuple(whole(row) for row in body),
        titles_row=0 if at is None else at + 1,
        sheet=sheet,
        sheets=sheets,
        unit=unit,
        decimal_comma=decimal_comma,
        notices=tuple(notices),
    )


def _title(rows: Sequence[RatingRow], at: int | None, upper: RatingRow | None, place: int) -> str:
    def cell(row: RatingRow | None) -> str:
        return " ".join(row.cells[place].split()) if row is not None and place < len(row.cells) else ""

    return (
        " ".join(filter(None, (cell(upper), cell(rows[at] if at is not None else None)))) or f"column {letters(place)}"
    )


def _unique(titles: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for title in titles:
        number, one = 1, title
        while one in found:
            number += 1
            one = f"{title} ({number})"
        found.append(one)
    return tuple(found)


def letters(place: int) -> str:
    """Return the letters by which a spreadsheet calls a column, from its place: A, B, ... Z, AA."""
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(65 + rest) + text
    return text
