"""Workbooks (.xlsx, ECMA-376): one sheet as a table, with merged cells, hidden rows and formulas.

The stored value of a formula counts; formulas without a stored value are reported. A merged cell counts as several
cells with the same value.
"""

import warnings
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from xml.parsers import expat

from skillviewer.core.errors import DatasetError, os_reason
from skillviewer.core.text import join_names
from skillviewer.data.ratings.rating_table import (
    IsVideo,
    RatingRow,
    RawTable,
    assemble_table,
    column_letters,
    find_title_row,
)
from skillviewer.data.tables.name_spelling import compose_accents

if TYPE_CHECKING:
    from openpyxl.cell import Cell, MergedCell
    from openpyxl.workbook.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

_MAX_UNPACKED_BYTES = 200_000_000
"""Greatest unpacked size, since a few kilobytes can unpack to more than the memory."""

_MAX_CELLS = 500_000
"""Greatest number of elements of all sheets with cells in merged areas, and of cells in the used area of a sheet."""

MAX_FORMULA = 8192
"""Greatest length of a formula, as in spreadsheet programs."""

MAX_COPIED = 4_000_000
"""Greatest total length of shared formulas, since every cell gets a copy with its own references."""

MAX_TEXT = 20_000_000
"""Greatest total length of the texts of a sheet; a text that several cells share counts in each cell."""


def read_workbook(path: Path, sheet: str, titles_row: int | None, is_video: IsVideo | None) -> RawTable:
    """Read a sheet of a workbook; arguments as in ``read_table``.

    Raises:
        DatasetError: The file cannot be read, has no such sheet, or no sheet with a table.
    """
    values = _load_workbook(path, values_only=True)
    formulas = _load_workbook(path, values_only=False)
    worksheets = {worksheet.title: worksheet for worksheet in values.worksheets}
    if sheet and sheet not in worksheets:
        raise DatasetError(f"{path.name} has no sheet “{sheet}”. Its sheets are: {', '.join(worksheets)}.")
    visible_names = [name for name, worksheet in worksheets.items() if worksheet.sheet_state == "visible"]
    sheet_names = [sheet] if sheet else visible_names
    rows_and_notices = {name: _rows(worksheets[name], formulas[name]) for name in sheet_names}
    names_with_table = [name for name, (rows, _) in rows_and_notices.items() if _has_table(rows)]
    if not names_with_table:
        raise DatasetError(f"{path.name} has no table: no sheet has two rows with two cells.")

    def n_rows_with_video(name: str) -> int:
        if is_video is None:
            return 0
        rows, _ = rows_and_notices[name]
        rows_with_video = [row for row in rows if any(map(is_video, _filled_cells(row)))]
        return len(rows_with_video)

    chosen_name = max(names_with_table, key=n_rows_with_video)  # the first of several
    rows, notices = rows_and_notices[chosen_name]
    other_names = [name for name in worksheets if name != chosen_name]
    other_sheets = []
    for name in other_names:
        hidden_text = "" if name in visible_names else " (hidden)"
        other_sheets.append(name + hidden_text)
    if other_sheets:
        notices.insert(0, f"The sheet “{chosen_name}” is read; the others are not: {', '.join(other_sheets)}.")
    title_index = find_title_row(rows, titles_row, is_video, path)
    return assemble_table(
        path, rows, title_index, sheet=chosen_name, sheets=tuple(worksheets), unit="row", notices=notices
    )


def _has_table(rows: Sequence[RatingRow]) -> bool:
    """Return True if at least two rows have two cells or more."""
    return sum(len(_filled_cells(row)) > 1 for row in rows) > 1


class _SizeCheck:
    """Check of the XML of a workbook for small parts that openpyxl would expand to gigabytes, or read for minutes.

    Raises:
        DatasetError: A limit is exceeded.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._n_cells = 0
        self._n_copied = 0  # characters of shared formulas over all cells
        self._shared_lengths: dict[str, int] = {}  # length of each shared formula of a sheet, by its index
        self._shared_index: str | None = None  # index of the shared formula that is being read
        self._formula_length = 0

    def check(self, part: IO[bytes]) -> None:
        """Check one part of a workbook."""
        self._shared_lengths = {}
        self._shared_index = None
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._on_start
        parser.EndElementHandler = self._on_end
        parser.CharacterDataHandler = self._on_text
        with suppress(expat.ExpatError):  # not XML, such as a picture
            parser.ParseFile(part)

    def _on_start(self, name: str, attributes: Mapping[str, str]) -> None:
        from openpyxl.utils.cell import range_boundaries

        element = name.rpartition(":")[2]
        self._n_cells += 1
        if element in {"mergeCell", "hyperlink"} and ":" in attributes.get("ref", ""):
            bounds = range_boundaries(attributes["ref"])
            left, top, right, bottom = (0 if bound is None else bound for bound in bounds)
            self._n_cells += (right - left + 1) * (bottom - top + 1)
        if self._n_cells > _MAX_CELLS:
            raise DatasetError(f"{self._path} has more than {_MAX_CELLS:,} cells, too many: save its sheet as .csv.")
        if element == "f":
            is_shared = attributes.get("t") == "shared"
            self._shared_index = attributes.get("si", "") if is_shared else None
            self._formula_length = 0

    def _on_text(self, text: str) -> None:
        self._formula_length += len(text)

    def _on_end(self, name: str) -> None:
        if name.rpartition(":")[2] != "f":
            return
        if self._formula_length > MAX_FORMULA:
            raise DatasetError(
                f"{self._path} has a formula of {self._formula_length:,} characters; {MAX_FORMULA:,} are possible. "
                "Save its sheet as .csv."
            )
        if self._shared_index is not None:  # the first cell has the text, and the others only its index
            self._n_copied += self._shared_lengths.setdefault(self._shared_index, self._formula_length)
        self._shared_index = None
        if self._n_copied > MAX_COPIED:
            raise DatasetError(
                f"{self._path} repeats formulas of more than {MAX_COPIED:,} characters in all: save its sheet as .csv."
            )


def _check_size(path: Path) -> None:
    """Refuse a workbook that would take minutes or gigabytes."""
    with zipfile.ZipFile(path) as archive:
        n_bytes = sum(part.file_size for part in archive.infolist())
        if n_bytes > _MAX_UNPACKED_BYTES:
            raise DatasetError(f"{path} would unpack to {n_bytes / 1e6:.0f} MB, too much: save its sheet as .csv.")
        size_check = _SizeCheck(path)
        for part in archive.infolist():
            with archive.open(part) as content:
                size_check.check(content)


def _load_workbook(path: Path, *, values_only: bool) -> "Workbook":
    import openpyxl

    try:
        _check_size(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles, validation and the like
            return openpyxl.load_workbook(path, data_only=values_only, keep_links=False)
    except DatasetError:
        raise
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {os_reason(error)}.") from error
    except Exception as error:  # openpyxl raises anything on a damaged file
        raise DatasetError(
            f"{path} is no workbook that can be read (is it damaged, or protected by a password?): save it as .xlsx "
            "without a password, or as .csv."
        ) from error


def _filled_cells(row: RatingRow) -> list[str]:
    return [cell for cell in row.cells if cell]


def _rows(sheet: "Worksheet", with_formulas: "Worksheet") -> tuple[list[RatingRow], list[str]]:
    """Return the non-empty rows of a sheet, and notices."""
    if sheet.max_row * sheet.max_column > _MAX_CELLS:
        last = f"{column_letters(sheet.max_column - 1)}{sheet.max_row}"
        raise DatasetError(
            f"The sheet “{sheet.title}” reaches to cell {last}: delete its empty rows and columns, or save it as .csv."
        )
    n_characters = 0
    for values in sheet.iter_rows(values_only=True):
        n_characters += sum(len(value) for value in values if isinstance(value, str))
    if n_characters > MAX_TEXT:
        raise DatasetError(
            f"The sheet “{sheet.title}” has {n_characters:,} characters; a table of ratings may have {MAX_TEXT:,}. "
            "Delete what holds no ratings, or save it as .csv."
        )
    merged_areas = list(sheet.merged_cells.ranges)
    merged_sources = {
        (row, column): (area.min_row, area.min_col)
        for area in merged_areas
        for row in range(area.min_row, area.max_row + 1)
        for column in range(area.min_col, area.max_col + 1)
    }
    formulas = {
        (cell.row, cell.column): str(getattr(cell.value, "text", cell.value))
        for row in with_formulas.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }
    rows = []
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        row = _row(sheet, number, cells, formulas, merged_sources)
        if row.cells:
            rows.append(row)
    return rows, _notices(sheet, rows, [area.coord for area in merged_areas], len(formulas))


def _row(
    sheet: "Worksheet",
    number: int,
    sheet_cells: "tuple[Cell | MergedCell, ...]",
    sheet_formulas: Mapping[tuple[int | None, int | None], str],
    merged_sources: Mapping[tuple[int, int], tuple[int, int]],
) -> RatingRow:
    """Return a row of a sheet; an empty row has no cells.

    ``sheet_formulas`` are the formulas by row and column. ``merged_sources`` are the positions of the cells that hold
    the values of merged areas, by each position in such an area.
    """
    cells: list[str] = []
    formulas: dict[int, str] = {}
    merged_columns: set[int] = set()
    for index, cell in enumerate(sheet_cells):
        position = (number, index + 1)
        source = merged_sources.get(position, position)
        source_cell = cell if source == position else sheet.cell(*source)
        text = _cell_text(source_cell)
        if not text and source in sheet_formulas:
            formulas[index] = sheet_formulas[source]
        if source != position and (text or index in formulas):
            merged_columns.add(index)
        cells.append(text)
    while cells and not cells[-1] and len(cells) - 1 not in formulas:
        cells.pop()
    is_hidden = bool(sheet.row_dimensions[number].hidden)
    return RatingRow(
        number,
        number,
        cells=tuple(cells),
        merged_columns=frozenset(merged_columns),
        formulas=formulas,
        is_hidden=is_hidden,
    )


def _notices(sheet: "Worksheet", rows: Sequence[RatingRow], merged_areas: Sequence[str], n_formulas: int) -> list[str]:
    notices = []
    if merged_areas:
        notices.append(f"Merged cells have their value in each of their rows: {join_names(sorted(merged_areas))}.")
    hidden_rows = [str(row.last_line) for row in rows if row.is_hidden]
    if hidden_rows:
        notices.append(f"Rows are hidden in the spreadsheet: {join_names(hidden_rows)}.")
    hidden_columns = []
    for index in range(sheet.max_column):
        letters = column_letters(index)
        if letters in sheet.column_dimensions and sheet.column_dimensions[letters].hidden:
            hidden_columns.append(letters)
    if hidden_columns:
        notices.append(f"Columns are hidden in the spreadsheet, and read all the same: {join_names(hidden_columns)}.")
    n_without_value = sum(len(row.formulas) for row in rows)
    if n_formulas:
        empty_text = f"; {n_without_value} have none, and count as empty" if n_without_value else ""
        notices.append(f"{n_formulas} cells hold formulas: their stored values count{empty_text}.")
    return notices


def _cell_text(cell: "Cell | MergedCell") -> str:
    """Return the value of a cell as it would be in a text file; percentages as shown, such as 70 % instead of 0.7."""
    value: Any = "" if cell.value is None else cell.value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float) and "%" in cell.number_format:
        return f"{100 * value:.10g} %"
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        return repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    text = str(value).replace("\r\n", "\n")
    return compose_accents(text.strip())
