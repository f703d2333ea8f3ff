"""Workbooks (.xlsx, ECMA-376): one sheet as a table, with merged cells, hidden rows and formulas.

Values count, not formulas; formulas without a stored value are reported. A merged cell has its value in each of its
places.
"""

import warnings
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from xml.parsers import expat

from skillviewer.core.errors import DatasetError
from skillviewer.data.ratings.rating_table import IsVideo, RatingRow, RawTable, assembled, found_titles, letters
from skillviewer.data.tables.rows import abbreviated, composed

if TYPE_CHECKING:
    from openpyxl.cell import Cell, MergedCell
    from openpyxl.workbook.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

_MAX_BYTES = 200_000_000
"""Largest unpacked size: a few kilobytes can unpack to more than the memory."""

_MAX_CELLS = 500_000
"""Most elements of all sheets, cells in merged areas, and cells of a sheet up to its last row and column."""


MAX_FORMULA = 8192
"""Most characters of a formula, as in spreadsheets."""

MAX_COPIED = 4_000_000
"""Most characters of formulas that cells share; each copy is made anew, with other references."""

MAX_TEXT = 20_000_000
"""Most characters of the texts of a sheet: cells can share a long text, which counts in each."""


def read_workbook(path: Path, sheet: str, titles_row: int | None, is_video: IsVideo | None) -> RawTable:
    """Read a sheet of a workbook; arguments as in ``read_table``.

    Raises:
        DatasetError: The file cannot be read, has no such sheet, or no sheet with a table.
    """
    values, formulas = _loaded(path, values=True), _loaded(path, values=False)
    tables = {sheet_.title: sheet_ for sheet_ in values.worksheets}
    if sheet and sheet not in tables:
        raise DatasetError(f"{path.name} has no sheet “{sheet}”. Its sheets are: {', '.join(tables)}.")
    sheet_names = [sheet] if sheet else [name for name, sheet_ in tables.items() if sheet_.sheet_state == "visible"]
    read = {name: _rows(tables[name], formulas[name]) for name in sheet_names}
    with_table = [name for name, (rows, _) in read.items() if sum(len(_filled(row)) > 1 for row in rows) > 1]
    if not with_table:
        raise DatasetError(f"{path.name} has no table: no sheet has two rows with two cells.")

    def n_videos(name: str) -> int:
        return sum(any(map(is_video, _filled(row))) for row in read[name][0]) if is_video is not None else 0

    chosen_sheet = max(with_table, key=n_videos)  # the first of several
    rows, notices = read[chosen_sheet]
    others = [f"{name}{'' if sheet_.sheet_state == 'visible' else ' (hidden)'}" for name, sheet_ in tables.items()]
    others.pop(list(tables).index(chosen_sheet))
    if others:
        notices.insert(0, f"The sheet “{chosen_sheet}” is read; the others are not: {', '.join(others)}.")
    title_place = found_titles(rows, titles_row, is_video, path)
    return assembled(path, rows, title_place, chosen_sheet, tuple(tables), "row", notices=notices)


class _SizeCheck:
    """Count of what a workbook makes of its XML: what is small in the file can be large in the memory, or take minutes.

    Each method is a handler of the XML parser.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._n_cells = 0
        self._n_copied = 0  # characters of formulas that are copied from cell to cell
        self._shared: dict[str, int] = {}  # length of each shared formula in a sheet
        self._formula: str | None = None  # the shared formula that is being read
        self._length = 0

    def read(self, part: IO[bytes]) -> None:
        """Count a part of a workbook."""
        self._shared = {}
        self._formula = None
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        with suppress(expat.ExpatError):  # a picture, say
            parser.ParseFile(part)

    def _begin(self, name: str, attributes: Mapping[str, str]) -> None:
        from openpyxl.utils.cell import range_boundaries

        element = name.rpartition(":")[2]
        self._n_cells += 1
        if element in {"mergeCell", "hyperlink"} and ":" in attributes.get("ref", ""):
            left, top, right, bottom = (bound or 0 for bound in range_boundaries(attributes["ref"]))
            self._n_cells += (right - left + 1) * (bottom - top + 1)
        if self._n_cells > _MAX_CELLS:
            raise DatasetError(f"{self._path} has more than {_MAX_CELLS:,} cells, too many: save its sheet as .csv.")
        if element == "f":
            self._formula = attributes.get("si", "") if attributes.get("t") == "shared" else None
            self._length = 0

    def _text(self, text: str) -> None:
        self._length += len(text)

    def _end(self, name: str) -> None:
        if name.rpartition(":")[2] != "f":
            return
        if self._length > MAX_FORMULA:
            raise DatasetError(
                f"{self._path} has a formula of {self._length:,} characters; {MAX_FORMULA:,} are possible. Save its "
                "sheet as .csv."
            )
        if self._formula is not None:
            self._n_copied += self._shared.setdefault(self._formula, self._length)
        self._formula = None
        if self._n_copied > MAX_COPIED:
            raise DatasetError(
                f"{self._path} repeats formulas of more than {MAX_COPIED:,} characters in all: save its sheet as .csv."
            )


def _check_size(path: Path) -> None:
    """Refuse a workbook that would take minutes or gigabytes."""
    with zipfile.ZipFile(path) as archive:
        size = sum(part.file_size for part in archive.infolist())
        if size > _MAX_BYTES:
            raise DatasetError(f"{path} would unpack to {size / 1e6:.0f} MB, too much: save its sheet as .csv.")
        check = _SizeCheck(path)
        for part in archive.infolist():
            with archive.open(part) as content:
                check.read(content)


def _loaded(path: Path, *, values: bool) -> "Workbook":
    import openpyxl

    try:
        _check_size(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles, validation and the like
            return openpyxl.load_workbook(path, data_only=values, keep_links=False)
    except DatasetError:
        raise
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # openpyxl raises anything on a damaged file
        raise DatasetError(
            f"{path} is no workbook that can be read (is it damaged, or protected by a password?): save it as .xlsx "
            "without a password, or as .csv."
        ) from error


def _filled(row: RatingRow) -> list[str]:
    return [cell for cell in row.cells if cell]


def _rows(sheet: "Worksheet", with_formulas: "Worksheet") -> tuple[list[RatingRow], list[str]]:
    """Return the non-empty rows of a sheet, and notices."""
    if sheet.max_row * sheet.max_column > _MAX_CELLS:
        last = f"{letters(sheet.max_column - 1)}{sheet.max_row}"
        raise DatasetError(
            f"The sheet “{sheet.title}” reaches to cell {last}: delete its empty rows and columns, or save it as .csv."
        )
    n_characters = sum(
        len(value) for row in sheet.iter_rows(values_only=True) for value in row if isinstance(value, str)
    )
    if n_characters > MAX_TEXT:
        raise DatasetError(
            f"The sheet “{sheet.title}” has {n_characters:,} characters; a table of ratings may have {MAX_TEXT:,}. "
            "Delete what holds no ratings, or save it as .csv."
        )
    areas = list(sheet.merged_cells.ranges)
    origin = {
        (row, column): (area.min_row, area.min_col)
        for area in areas
        for row in range(area.min_row, area.max_row + 1)
        for column in range(area.min_col, area.max_col + 1)
    }
    formulas = {
        (cell.row, cell.column): str(getattr(cell.value, "text", cell.value))
        for row in with_formulas.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }
    read = [_row(sheet, number, cells, formulas, origin) for number, cells in enumerate(sheet.iter_rows(), start=1)]
    rows = [row for row in read if row.cells]
    return rows, _told(sheet, rows, [area.coord for area in areas], len(formulas))


def _row(
    sheet: "Worksheet",
    number: int,
    row: "tuple[Cell | MergedCell, ...]",
    behind: Mapping[tuple[int | None, int | None], str],
    origin: Mapping[tuple[int, int], tuple[int, int]],
) -> RatingRow:
    """Return a row of a sheet; an empty row has no cells."""
    cells: list[str] = []
    formulas: dict[int, str] = {}
    merged: set[int] = set()
    for place, cell in enumerate(row):
        position = (number, place + 1)
        source_position = origin.get(position, position)
        text = _text(cell if source_position == position else sheet.cell(*source_position))
        if not text and source_position in behind:
            formulas[place] = behind[source_position]
        if source_position != position and (text or place in formulas):
            merged.add(place)
        cells.append(text)
    while cells and not cells[-1] and len(cells) - 1 not in formulas:
        cells.pop()
    hidden = bool(sheet.row_dimensions[number].hidden)
    return RatingRow(number, number, tuple(cells), frozenset(merged), formulas, hidden)


def _told(sheet: "Worksheet", rows: Sequence[RatingRow], ranges: Sequence[str], n_formulas: int) -> list[str]:
    notices = []
    if ranges:
        notices.append(f"Merged cells have their value in each of their rows: {abbreviated(sorted(ranges))}.")
    hidden = [str(row.last_line) for row in rows if row.hidden]
    if hidden:
        notices.append(f"Rows are hidden in the spreadsheet: {abbreviated(hidden)}.")
    columns = [
        letters(place)
        for place in range(sheet.max_column)
        if letters(place) in sheet.column_dimensions and sheet.column_dimensions[letters(place)].hidden
    ]
    if columns:
        notices.append(f"Columns are hidden in the spreadsheet, and read all the same: {abbreviated(columns)}.")
    lacking = sum(len(row.formulas) for row in rows)
    if n_formulas:
        empty_text = f"; {lacking} have none, and count as empty" if lacking else ""
        notices.append(f"{n_formulas} cells hold formulas: their stored values count{empty_text}.")
    return notices


def _text(cell: "Cell | MergedCell") -> str:
    """Return the value of a cell as in a text file; percentages as they are seen, 70 % and not 0.7."""
    value: Any = "" if cell.value is None else cell.value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float) and "%" in cell.number_format:
        return f"{100 * value:.10g} %"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return composed(str(value).replace("\r\n", "\n").strip())
