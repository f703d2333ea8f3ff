"""Tables written by users: CSV and lines of words, with all their irregularities.

Trailing commas, semicolons or tabs instead of commas, a first line ``sep=;`` and surplus blanks are accepted. This
module does not interpret the rows.
"""

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.csv_safety import unescape_cell
from skillviewer.core.errors import DatasetError
from skillviewer.data.tables.name_spelling import simplify_name
from skillviewer.data.tables.text_files import is_binary, read_text

MAX_COLUMNS = 16_384
"""Greatest number of columns of a table, as in spreadsheet programs."""

_DELIMITER_SAMPLE_CHARACTERS = 20_000
_DELIMITER_SAMPLE_LINES = 30
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|])"?[,; \t]*', re.IGNORECASE)
"""First line in which a spreadsheet program declares the separator of columns."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a file, usually one line."""

    last_line: int  # number of the line, from 1; the last one if quotation marks join several lines
    cells: tuple[str, ...]  # fields without surrounding blanks and without empty fields at the end
    width: int = 0  # number of fields, with the empty ones
    first_line: int = 0  # number of the first of several joined lines; 0 for a row of one line

    def cell(self, column: int | None) -> str:
        """Return a field, or "" if the row is too short or there is no such column."""
        if column is None or column >= len(self.cells):
            return ""
        return self.cells[column]


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A CSV file with a header."""

    path: Path
    simplified_titles: tuple[str, ...]  # titles of the columns in the form of ``simplify_name``
    titles: tuple[str, ...]  # titles of the columns as written
    rows: tuple[TableRow, ...]  # the non-empty rows below the header
    decimal_comma: bool = False  # True if commas do not separate the columns; 3,5 is then a number

    def column(self, *names: str) -> int | None:
        """Return the index of the column with the first of these simplified names that the table has, or None."""
        for name in names:
            if name in self.simplified_titles:
                return self.simplified_titles.index(name)
        return None

    def number(self, text: str) -> float | None:
        """Return the finite number in a text, in the notation of this file, or None."""
        try:
            if self.decimal_comma:
                text = text.replace(",", ".")
            number = float(text)
        except ValueError:
            return None
        return number if math.isfinite(number) else None

    def describe_row(self, row: TableRow) -> str:
        """Return the file and the lines of a row, for messages."""
        if row.first_line:
            return (
                f"{self.path.name} lines {row.first_line} to {row.last_line} (a quotation mark makes one row of them)"
            )
        return f"{self.path.name} line {row.last_line}"


def read_word_rows(path: Path) -> tuple[TableRow, ...]:
    """Return the words of each non-empty line of a file, between blanks and tabs, or raise a DatasetError."""
    lines = enumerate(read_text(path).split("\n"), start=1)
    words_by_line = [(number, tuple(line.split())) for number, line in lines]
    return tuple(TableRow(number, words) for number, words in words_by_line if words)


def _guess_delimiter(text: str) -> str:
    """Return the delimiter whose count per line is the same in most of the first lines.

    If several delimiters are the same in equally many lines, the most frequent of them is returned.
    """
    sample = text[:_DELIMITER_SAMPLE_CHARACTERS]
    lines = [line for line in sample.split("\n") if line.strip()]
    del lines[_DELIMITER_SAMPLE_LINES:]
    unquoted_lines = [re.sub(r'"[^"]*"', "", line) for line in lines]

    def regularity(delimiter: str) -> tuple[int, int]:
        """Return the greatest number of lines with the same count of a delimiter, and this count."""
        counts = [line.count(delimiter) for line in unquoted_lines]
        n_lines_by_count = Counter(count for count in counts if count)
        n_lines_and_counts = [(n_lines, count) for count, n_lines in n_lines_by_count.items()]
        return max(n_lines_and_counts, default=(0, 0))

    delimiters = ",\t;|" if len(lines) < 2 else "\t;,|"  # on a tie, the first one wins
    return max(delimiters, key=regularity)


def read_csv_rows(path: Path) -> tuple[tuple[TableRow, ...], str]:
    """Return the non-empty rows of a CSV file, the header included, and the delimiter.

    Raises:
        DatasetError: The file cannot be read or is no table.
    """
    text = read_text(path)
    separator_line, _, text_below = text.partition("\n")
    match = _SEPARATOR_LINE.fullmatch(separator_line)
    if match:
        text = text_below
    n_skipped = 1 if match else 0
    delimiter = match.group(1) if match else _guess_delimiter(text)
    rows: list[TableRow] = []
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    first_line = 1 + n_skipped  # of the next row
    try:
        for cells in reader:
            last_line = reader.line_num + n_skipped
            if len(cells) > MAX_COLUMNS:
                raise DatasetError(
                    f"{path} has {len(cells):,} columns in line {last_line}; a table may have {MAX_COLUMNS:,}."
                )
            stripped = [unescape_cell(cell.strip()) for cell in cells]
            while stripped and not stripped[-1]:
                stripped.pop()
            if stripped:
                first_joined_line = first_line if first_line < last_line else 0
                rows.append(TableRow(last_line, tuple(stripped), len(cells), first_joined_line))
            first_line = last_line + 1
    except csv.Error as error:
        is_open_quotation = reader.line_num + n_skipped > first_line
        hint = " (is a quotation mark not closed there?)" if is_open_quotation else ""
        raise DatasetError(f"{path} is not a table: line {first_line}, {error}{hint}.") from error
    return tuple(rows), delimiter


def read_csv_table(path: Path) -> CsvTable:
    """Return a CSV file with a header; an empty file has no columns and no rows.

    Raises:
        DatasetError: The file cannot be read or is no table.
    """
    rows, delimiter = read_csv_rows(path)
    titles = rows[0].cells if rows else ()
    simplified_titles = tuple(simplify_name(title) for title in titles)
    return CsvTable(path, simplified_titles, titles, rows=rows[1:], decimal_comma=delimiter != ",")


def is_csv_with_columns(path: Path, *names_of_columns: Iterable[str]) -> bool:
    """Return True if a file can be read as CSV and its header has, for each set of names, a column of one of them."""
    if not path.is_file() or is_binary(path):
        return False
    try:
        csv_table = read_csv_table(path)
    except DatasetError:
        return False
    return all(csv_table.column(*names) is not None for names in names_of_columns)
