"""Files with a table of ratings: text files, workbooks and JSON."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from skillviewer.core.errors import DatasetError
from skillviewer.data.ratings.json_tables import read_json_table
from skillviewer.data.ratings.rating_table import IsVideo, RatingRow, RawTable, assemble_table, find_title_row
from skillviewer.data.tables.csv_tables import TableRow, read_csv_rows

TEXT_SUFFIXES = frozenset({".csv", ".tsv", ".txt"})
WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm"})
JSON_SUFFIX = ".json"


def is_rating_file(path: Path) -> bool:
    """Return True if a file has the suffix of a text file or a workbook."""
    return path.suffix.lower() in TEXT_SUFFIXES | WORKBOOK_SUFFIXES


def read_table(path: Path, sheet: str = "", titles_row: int | None = None, is_video: IsVideo | None = None) -> RawTable:
    """Read a table.

    Args:
        path: A text file (.csv, .tsv, .txt), a workbook (.xlsx), or JSON in a published form (.json).
        sheet: The sheet of a workbook, or "" for the sheet that names the most videos, or else the first with a table.
        titles_row: Number of the row with the titles, 0 if there is none, None to find the row.
        is_video: Tests whether a cell names a video, to find the sheet and a table without titles.

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
    lines, delimiter = read_csv_rows(path)
    rows = [_text_row(line, delimiter) for line in lines]
    n_rows_by_width = Counter(line.width for line in lines)
    title_index = find_title_row(rows, titles_row, is_video, path)
    if title_index is None:
        n_columns, _ = n_rows_by_width.most_common(1)[0]
    else:
        n_columns = lines[title_index].width
        n_rows_by_width[n_columns] -= 1
    is_uniform = len(+n_rows_by_width) == 1  # all rows below the titles have the same number of fields
    checked_rows = []
    for row, line in zip(rows, lines, strict=True):
        # if all rows are equally wide and their surplus fields are empty, no field was shifted
        is_harmless = is_uniform and len(row.cells) <= n_columns
        if row.fault or line.width == n_columns or is_harmless:
            checked_rows.append(row)
        else:
            checked_rows.append(_with_width_fault(row, line.width, n_columns, delimiter))
    return assemble_table(path, checked_rows, title_index, decimal_comma=delimiter != ",")


def _text_row(row: TableRow, delimiter: str) -> RatingRow:
    """Return a row of a text file, with a fault if an open quotation mark swallowed the following rows."""
    first_line = row.first_line or row.last_line
    n_delimiters = max(row.width - 2, 1)
    fault = ""
    if any(line.count(delimiter) >= n_delimiters for cell in row.cells for line in cell.split("\n")[1:]):
        fault = f"a quotation mark makes one row of the lines {first_line} to {row.last_line}: close it, or remove it"
    return RatingRow(first_line, row.last_line, row.cells, fault=fault)


def _with_width_fault(row: RatingRow, width: int, n_columns: int, delimiter: str) -> RatingRow:
    """Return a row with the fault that it has more or fewer fields than there are columns.

    A surplus or missing field may shift all fields after it, and a number would count for another item.
    """
    fault = f"it has {width} fields and the table {n_columns} columns"
    if delimiter == "," and width > n_columns:
        fault += " (a decimal comma, or a comma in a text, without quotation marks?)"
    return replace(row, fault=fault, is_short=width < n_columns)
