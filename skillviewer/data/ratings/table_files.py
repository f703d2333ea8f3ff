"""Files with a table of ratings: text files, workbooks and JSON."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from skillviewer.core.errors import DatasetError
from skillviewer.data.ratings.json_tables import read_json_table
from skillviewer.data.ratings.rating_table import IsVideo, RatingRow, RawTable, assembled, found_titles
from skillviewer.data.tables.rows import TableRow, read_grid

TEXT_SUFFIXES = frozenset({".csv", ".tsv", ".txt"})
WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm"})
JSON_SUFFIX = ".json"


def is_rating_file(path: Path) -> bool:
    """Return True if a file has the extension of a text file or a workbook."""
    return path.suffix.lower() in TEXT_SUFFIXES | WORKBOOK_SUFFIXES


def read_table(path: Path, sheet: str = "", titles_row: int | None = None, is_video: IsVideo | None = None) -> RawTable:
    """Read a table.

    Args:
        path: A text file (.csv, .tsv, .txt), a workbook (.xlsx), or JSON in a published form (.json).
        sheet: The sheet of a workbook, or "" for the one that names the most videos, else the first with a table.
        titles_row: Number of the row with the titles, 0 without one, None to find it.
        is_video: True for a cell that names a video; finds the sheet, and a table without titles.

    Raises:
        DatasetError: The file cannot be read, is of another kind, has no such sheet, or no row.
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
        return read_json_table(path)
    if suffix not in TEXT_SUFFIXES:
        ending = f"of the kind {suffix}" if suffix else "without an extension"
        raise DatasetError(f"{path} is a file {ending}, and no readable table: save it as .xlsx or .csv (.tsv).")
    read, delimiter = read_grid(path)
    rows = [_text_row(row, delimiter) for row in read]
    widths = Counter(row.width for row in read)
    title_place = found_titles(rows, titles_row, is_video, path)
    width = read[title_place].width if title_place is not None else widths.most_common(1)[0][0]
    if title_place is not None:
        widths[width] -= 1
    uniform = len(+widths) == 1
    rows = [
        _checked(row_cells, row.width, width, uniform, delimiter) for row_cells, row in zip(rows, read, strict=True)
    ]
    return assembled(path, rows, title_place, decimal_comma=delimiter != ",")


def _text_row(row: TableRow, delimiter: str) -> RatingRow:
    """Return a row of a text file; a quotation mark that swallowed other rows is a fault."""
    first = row.first or row.line
    columns = row.width - 1
    fault = ""
    if any(line.count(delimiter) >= max(columns - 1, 1) for cell in row.cells for line in cell.split("\n")[1:]):
        fault = f"a quotation mark makes one row of the lines {first} to {row.line}: close it, or remove it"
    return RatingRow(first, row.line, row.cells, fault=fault)


def _checked(row: RatingRow, width: int, titles: int, uniform: bool, delimiter: str) -> RatingRow:
    """Return a row, with a fault if it has more or fewer fields than there are columns.

    A surplus or missing field may shift all fields after it, and a number would count for another item. If all rows
    have the same number of fields, and the surplus ones are empty, nothing was shifted.
    """
    if row.fault or width == titles or (uniform and len(row.cells) <= titles):
        return row
    comma = " (a decimal comma, or a comma in a text, without quotation marks?)"
    comma = comma if delimiter == "," and width > titles else ""
    return replace(row, fault=f"it has {width} fields and the table {titles} columns{comma}", short=width < titles)
