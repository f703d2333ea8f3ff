"""Tables written by users: CSV and lines of words, with all their irregularities.

Byte order marks, CRLF, trailing commas, semicolons or tabs instead of commas, a first line ``sep=;`` and surplus
blanks are accepted. This module does not interpret the rows.
"""

import csv
import io
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.csv_safety import unescape_cell
from skillviewer.core.errors import DatasetError, os_error_as
from skillviewer.core.text import short

MAX_COLUMNS = 16_384
"""Most columns of a table, as in spreadsheets."""

_SEARCHED = 20_000
_SEPARATOR = re.compile(r'"?sep=([,;\t|])"?[,; \t]*', re.IGNORECASE)
"""Line in which a spreadsheet declares the separator of columns."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of a file."""

    line: int  # its number, from 1
    cells: tuple[str, ...]  # its fields without surrounding blanks; empty fields at the end are dropped
    width: int = 0  # number of its fields, with the empty ones
    first: int = 0  # number of its first line, if quotation marks join several lines; else 0

    def cell(self, column: int | None) -> str:
        """Return a field, or "" if the row is too short or there is no such column."""
        return self.cells[column] if column is not None and column < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A CSV file with a header."""

    path: Path  # the file
    header: tuple[str, ...]  # names of the columns, in lower case and reduced to letters and digits
    titles: tuple[str, ...]  # names of the columns as written
    rows: tuple[TableRow, ...]  # the non-empty rows
    decimal_comma: bool = False  # whether 3,5 may be a number: if commas do not separate the columns

    def column(self, *names: str) -> int | None:
        """Return the index of the first column with one of the names, or None."""
        for name in names:
            if name in self.header:
                return self.header.index(name)
        return None

    def number(self, text: str) -> float | None:
        """Return a finite number in the notation of this file, or None."""
        try:
            number = float(text.replace(",", ".") if self.decimal_comma else text)
        except ValueError:
            return None
        return number if math.isfinite(number) else None

    def place(self, row: TableRow) -> str:
        """Return the place of a row, for a message."""
        if row.first:
            return f"{self.path.name} lines {row.first} to {row.line} (a quotation mark makes one row of them)"
        return f"{self.path.name} line {row.line}"


def plain(text: str) -> str:
    """Return the letters and digits of a text, of any script, in lower case, to compare names in any spelling."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())


def composed(text: str) -> str:
    """Return a text in composed letters (NFC): some systems decompose accents in file names."""
    return unicodedata.normalize("NFC", text)


def abbreviated(names: Sequence[str]) -> str:
    """Return the first five of many names, and the number of the others."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _wide(content: bytes) -> str | None:
    """Return the name of an encoding of two or four bytes, by its mark or by the positions of zeros, or None."""
    quarters = [content[place:4096:4].count(0) for place in range(4)]
    n_characters = len(content[:4096]) // 4
    if content.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "utf-32"
    if n_characters and quarters[3] == n_characters and quarters[2] > n_characters / 2 and len(content) % 4 == 0:
        return "utf-32-le"
    if n_characters and quarters[0] == n_characters and quarters[1] > n_characters / 2 and len(content) % 4 == 0:
        return "utf-32-be"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    start = content[:4096]
    first = start[::2].count(0)
    second = start[1::2].count(0)
    if max(first, second) < len(start) / 4 or min(first, second) > 0:
        return None  # hardly any zeros, or zeros as in no text
    return "utf-16-le" if second else "utf-16-be"


def read_text(path: Path, encoding: str = "", *, guess: bool = True) -> str:
    """Return the text of a file, with plain line ends, in composed letters and without a byte order mark.

    UTF-8, UTF-16 or UTF-32 if the content indicates it, with a mark or without; else Windows-1252, which old
    spreadsheets write.

    Args:
        path: The file.
        encoding: Name of its encoding, or "" to find it out.
        guess: Whether a text in none of the Unicode encodings is taken as Windows-1252; else it is refused.

    Raises:
        DatasetError: The file cannot be read, or is not text in the encoding.
    """
    with os_error_as(DatasetError, f"{path} cannot be read"):
        content = path.read_bytes()
    if content.startswith(b"PK\3\4"):
        raise DatasetError(f"{path} is no text but a workbook or an archive: give it the ending that it had, as .xlsx.")
    wide = _wide(content) if not encoding else None
    if encoding:
        text = _decoded(path, content, encoding)
    elif wide is not None:
        text = content.decode(wide, errors="replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            if not guess:
                raise DatasetError(
                    f"{path} is not in UTF-8, and nothing in it says in which encoding it is: name that with "
                    "--encoding (gb18030, windows-1252, ...), or save the file as UTF-8."
                ) from None
            try:
                text = content.decode("cp1252")
            except UnicodeDecodeError as error:
                raise DatasetError(f"{path} is text in an unknown encoding: save it as UTF-8.") from error
    return composed(text.replace("\r\n", "\n").replace("\r", "\n"))


def _decoded(path: Path, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except LookupError:
        raise DatasetError(f"There is no encoding “{short(encoding)}”: try gb18030, windows-1252 or utf-16.") from None
    except ValueError as error:
        raise DatasetError(f"{path} is no text in the encoding {encoding}: name another one.") from error


def read_word_rows(path: Path) -> tuple[TableRow, ...]:
    """Return the words, between blanks and tabs, of the lines of a file that are not empty, or raise a DatasetError."""
    lines = enumerate(read_text(path).split("\n"), start=1)
    return tuple(TableRow(number, tuple(line.split())) for number, line in lines if line.strip())


def _delimiter(text: str) -> str:
    """Return the sign whose number per line is the same in most of the first lines; the most frequent of several."""
    lines = [line for line in text[:_SEARCHED].split("\n") if line.strip()][:30]

    def common(sign: str) -> tuple[int, int]:
        n_lines_by_count = Counter(n for line in lines if (n := re.sub(r'"[^"]*"', "", line).count(sign)))
        number, n_lines = max(n_lines_by_count.items(), key=lambda item: item[::-1], default=(0, 0))
        return n_lines, number

    return max(",\t;|" if len(lines) < 2 else "\t;,|", key=common)


def read_grid(path: Path) -> tuple[tuple[TableRow, ...], str]:
    """Return the non-empty rows of a CSV file, the header included, and the delimiter.

    Raises:
        DatasetError: The file cannot be read or is no table.
    """
    text = read_text(path)
    first, _, remainder = text.partition("\n")
    stated = _SEPARATOR.fullmatch(first)
    skipped = 1 if stated else 0
    text = remainder if stated else text
    delimiter = stated.group(1) if stated else _delimiter(text)
    rows: list[TableRow] = []
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    last_read = 0
    try:
        for cells in reader:
            if len(cells) > MAX_COLUMNS:
                raise DatasetError(
                    f"{path} has {len(cells):,} columns in line {reader.line_num + skipped}; a table may have "
                    f"{MAX_COLUMNS:,}."
                )
            first_line = last_read + 1 + skipped
            last_read = reader.line_num
            stripped = [unescape_cell(cell.strip()) for cell in cells]
            while stripped and not stripped[-1]:
                stripped.pop()
            if stripped:
                first_line = first_line if first_line < reader.line_num + skipped else 0
                rows.append(TableRow(reader.line_num + skipped, tuple(stripped), len(cells), first_line))
    except csv.Error as error:
        first_line, last_line = last_read + 1 + skipped, reader.line_num + skipped
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
    """Return True if a file is a CSV file whose header has one of each set of columns; never raises."""
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
