"""Tables that people write: CSV and lines of words, with all their irregularities.

Byte order marks, CRLF, trailing commas, semicolons or tabs in place of commas, a first line ``sep=;`` and spare blanks
are read past. Nothing here decides what a row means.
"""

import csv
import io
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.csv_safety import plain_text
from skillviewer.core.errors import DatasetError

_SEPARATOR = re.compile(r'"?sep=([,;\t|])"?[,; \t]*', re.IGNORECASE)
"""The line in which a spreadsheet says what parts the columns."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of a file.

    Attributes:
        line: Its number, from 1.
        cells: Its fields without surrounding blanks; empty fields at the end are left away.
        width: Number of its fields, those empty ones counted.
        first: Number of the first of its lines, where quotation marks make one row of several; else 0.
    """

    line: int
    cells: tuple[str, ...]
    width: int = 0
    first: int = 0

    def cell(self, column: int | None) -> str:
        """Return a field, or "" where the row is too short or there is no such column."""
        return self.cells[column] if column is not None and column < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A CSV file with a header.

    Attributes:
        path: The file.
        header: Names of the columns, in lower case and without anything but letters and digits.
        titles: Names of the columns as they stand.
        rows: The rows that are not empty.
        decimal_comma: Whether 3,5 may be a number: where commas do not part the columns.
    """

    path: Path
    header: tuple[str, ...]
    titles: tuple[str, ...]
    rows: tuple[TableRow, ...]
    decimal_comma: bool = False

    def column(self, *names: str) -> int | None:
        """Return the place of the first column that has one of the names, or None."""
        for name in names:
            if name in self.header:
                return self.header.index(name)
        return None

    def number(self, text: str) -> float | None:
        """Return a finite number as this file writes them, or None."""
        try:
            number = float(text.replace(",", ".") if self.decimal_comma else text)
        except ValueError:
            return None
        return number if math.isfinite(number) else None

    def place(self, row: TableRow) -> str:
        """Return where a row stands, for a message."""
        if row.first:
            return f"{self.path.name} lines {row.first} to {row.line} (a quotation mark makes one row of them)"
        return f"{self.path.name} line {row.line}"


def plain(text: str) -> str:
    """Return lower case letters and digits alone, of any script, to compare names that people spell in several ways."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())


def composed(text: str) -> str:
    """Return a text in which letter and accent are one sign (NFC): some systems take them apart in names of files."""
    return unicodedata.normalize("NFC", text)


def some(names: Sequence[str]) -> str:
    """Return the first five of many names, and how many more there are."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _wide(content: bytes) -> str | None:
    """Return the name of an encoding of two bytes a letter, by the file's mark or by where its zeros are, or None."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    start = content[:4096]
    first, second = start[::2].count(0), start[1::2].count(0)
    if max(first, second) < len(start) / 4 or min(first, second) > 0:
        return None  # no zeros to speak of, or such as no text has
    return "utf-16-le" if second else "utf-16-be"


def read_text(path: Path) -> str:
    """Return the text of a file, with plain line ends, composed and without a byte order mark.

    UTF-8 or UTF-16 where the file says or shows so, with a mark or without; else Windows-1252, which old spreadsheets
    write.

    Raises:
        DatasetError: The file cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}.") from error
    wide = _wide(content)
    if wide is not None:
        text = content.decode(wide, errors="replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", errors="replace")
    return composed(text.replace("\r\n", "\n").replace("\r", "\n"))


def read_words(path: Path) -> tuple[TableRow, ...]:
    """Return the lines of a file as words between blanks and tabs; empty lines are left out.

    Raises:
        DatasetError: The file cannot be read.
    """
    lines = enumerate(read_text(path).split("\n"), start=1)
    return tuple(TableRow(number, tuple(line.split())) for number, line in lines if line.strip())


def read_grid(path: Path) -> tuple[tuple[TableRow, ...], str]:
    """Return the rows of a CSV file that are not empty, its titles among them, and what parts its columns.

    Raises:
        DatasetError: The file cannot be read or is no table.
    """
    text = read_text(path)
    first, _, rest = text.partition("\n")
    stated = _SEPARATOR.fullmatch(first)
    skipped = 1 if stated else 0
    text = rest if stated else text
    first = text.lstrip("\n").partition("\n")[0]
    delimiter = stated.group(1) if stated else max(",;\t", key=first.count)
    rows: list[TableRow] = []
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    begun = 0
    try:
        for cells in reader:
            first_line, begun = begun + 1 + skipped, reader.line_num
            stripped = [plain_text(cell.strip()) for cell in cells]
            while stripped and not stripped[-1]:
                stripped.pop()
            if stripped:
                first_line = first_line if first_line < reader.line_num + skipped else 0
                rows.append(TableRow(reader.line_num + skipped, tuple(stripped), len(cells), first_line))
    except csv.Error as error:
        first_line, last_line = begun + 1 + skipped, reader.line_num + skipped
        quoted = " (is a quotation mark not closed there?)" if last_line > first_line else ""
        raise DatasetError(f"{path} is not a table: line {first_line}, {error}{quoted}.") from error
    return tuple(rows), delimiter


def read_sheet(path: Path) -> CsvTable:
    """Return a CSV file with a header; an empty file has no columns and no rows.

    Raises:
        DatasetError: The file cannot be read or is no table.
    """
    rows, delimiter = read_grid(path)
    titles = rows[0].cells if rows else ()
    return CsvTable(path, tuple(plain(title) for title in titles), titles, rows[1:], delimiter != ",")


def looks_like(path: Path, *columns: Iterable[str]) -> bool:
    """Return whether a file is a CSV file whose header has one of each set of columns; never raises.

    Args:
        path: The file.
        columns: Sets of names of which the header must have at least one each.
    """
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError:
        return False
    if b"\x00" in start and _wide(start) is None:
        return False
    try:
        sheet = read_sheet(path)
    except DatasetError:
        return False
    return all(sheet.column(*names) is not None for names in columns)
