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
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.csv_safety import unescape_cell
from skillviewer.core.errors import DatasetError, os_error_as
from skillviewer.core.text import short

MAX_COLUMNS = 16_384
"""Greatest number of columns of a table, as in spreadsheet programs."""

_N_EXAMINED_BYTES = 4096
_N_SEARCHED_CHARACTERS = 20_000
_N_SEARCHED_LINES = 30
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|])"?[,; \t]*', re.IGNORECASE)
"""First line in which a spreadsheet program declares the separator of columns."""
_MAX_SHOWN = 5


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of a file."""

    line: int  # number of the line, from 1
    cells: tuple[str, ...]  # fields without surrounding blanks and without empty fields at the end
    width: int = 0  # number of fields, with the empty ones
    first_line: int = 0  # number of the first line if quotation marks join several lines, else 0

    def cell(self, column: int | None) -> str:
        """Return a field, or "" if the row is too short or there is no such column."""
        if column is None or column >= len(self.cells):
            return ""
        return self.cells[column]


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A CSV file with a header."""

    path: Path
    header: tuple[str, ...]  # titles of the columns in simplified form (see ``simplify_name``)
    titles: tuple[str, ...]  # titles of the columns as written
    rows: tuple[TableRow, ...]  # the non-empty rows below the header
    decimal_comma: bool = False  # whether 3,5 may be a number, since commas do not separate the columns

    def column(self, *names: str) -> int | None:
        """Return the index of the column with one of some names in simplified form, the first name first, or None."""
        for name in names:
            if name in self.header:
                return self.header.index(name)
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
            return f"{self.path.name} lines {row.first_line} to {row.line} (a quotation mark makes one row of them)"
        return f"{self.path.name} line {row.line}"


def simplify_name(text: str) -> str:
    """Return the letters and digits of a text in lower case, to compare names in any spelling and any script."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())


def composed(text: str) -> str:
    """Return a text in composed letters (NFC), since some systems decompose accents in file names."""
    return unicodedata.normalize("NFC", text)


def abbreviated(names: Sequence[str]) -> str:
    """Return names as a list; of many names the first, and the number of the others."""
    text = ", ".join(names[:_MAX_SHOWN])
    if len(names) > _MAX_SHOWN:
        text += f" and {len(names) - _MAX_SHOWN} more"
    return text


def _wide_encoding(content: bytes) -> str | None:
    """Return an encoding with two or four bytes per character, by its mark or by the positions of zeros, or None."""
    return _utf_32_encoding(content) or _utf_16_encoding(content)


def _utf_32_encoding(content: bytes) -> str | None:
    if content.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "utf-32"
    start = content[:_N_EXAMINED_BYTES]
    n_characters = len(start) // 4
    if n_characters == 0 or len(content) % 4:
        return None
    n_zeros = [start[position::4].count(0) for position in range(4)]  # by position in groups of four bytes
    if n_zeros[3] == n_characters and n_zeros[2] > n_characters / 2:
        return "utf-32-le"
    if n_zeros[0] == n_characters and n_zeros[1] > n_characters / 2:
        return "utf-32-be"
    return None


def _utf_16_encoding(content: bytes) -> str | None:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    start = content[:_N_EXAMINED_BYTES]
    n_first_zeros = start[::2].count(0)
    n_second_zeros = start[1::2].count(0)
    has_few_zeros = max(n_first_zeros, n_second_zeros) < len(start) / 4
    has_zeros_in_both_places = min(n_first_zeros, n_second_zeros) > 0
    if has_few_zeros or has_zeros_in_both_places:
        return None
    return "utf-16-le" if n_second_zeros else "utf-16-be"


def read_text(path: Path, encoding: str = "", *, guess: bool = True) -> str:
    """Return the text of a file with newlines as line ends, in composed letters, and without a byte order mark.

    Without ``encoding``, UTF-8, UTF-16 and UTF-32 are recognised by their content. Any other text is read as
    Windows-1252, which old spreadsheet programs write.

    Args:
        path: The file.
        encoding: Name of the encoding, or "" to recognise it.
        guess: Whether to read other texts as Windows-1252; otherwise they are refused.

    Raises:
        DatasetError: The file cannot be read, or is not text in the encoding.
    """
    with os_error_as(DatasetError, f"{path} cannot be read"):
        content = path.read_bytes()
    if content.startswith(b"PK\3\4"):
        raise DatasetError(f"{path} is no text but a workbook or an archive: give it the ending that it had, as .xlsx.")
    text = _decode_as(path, content, encoding) if encoding else _decode(path, content, guess=guess)
    return composed(text.replace("\r\n", "\n").replace("\r", "\n"))


def _decode(path: Path, content: bytes, *, guess: bool) -> str:
    """Return the text of a content whose encoding is recognised; see ``read_text``."""
    wide_encoding = _wide_encoding(content)
    if wide_encoding is not None:
        return content.decode(wide_encoding, errors="replace")
    with suppress(UnicodeDecodeError):
        return content.decode("utf-8-sig")
    if not guess:
        raise DatasetError(
            f"{path} is not in UTF-8, and nothing in it says in which encoding it is: name that with --encoding "
            "(gb18030, windows-1252, ...), or save the file as UTF-8."
        )
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is text in an unknown encoding: save it as UTF-8.") from error


def _decode_as(path: Path, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except LookupError:
        raise DatasetError(f"There is no encoding “{short(encoding)}”: try gb18030, windows-1252 or utf-16.") from None
    except ValueError as error:
        raise DatasetError(f"{path} is no text in the encoding {encoding}: name another one.") from error


def read_word_rows(path: Path) -> tuple[TableRow, ...]:
    """Return the words of each non-empty line of a file, between blanks and tabs, or raise a DatasetError."""
    lines = enumerate(read_text(path).split("\n"), start=1)
    words_by_line = [(number, tuple(line.split())) for number, line in lines]
    return tuple(TableRow(number, words) for number, words in words_by_line if words)


def _guess_delimiter(text: str) -> str:
    """Return the sign that occurs equally often in most of the first lines; of several, the most frequent sign."""
    lines = [line for line in text[:_N_SEARCHED_CHARACTERS].split("\n") if line.strip()][:_N_SEARCHED_LINES]
    unquoted_lines = [re.sub(r'"[^"]*"', "", line) for line in lines]

    def regularity(sign: str) -> tuple[int, int]:
        """Return the greatest number of lines with the same count of a sign, and that count."""
        counts = [line.count(sign) for line in unquoted_lines]
        n_lines_by_count = Counter(count for count in counts if count)
        return max(((n_lines, count) for count, n_lines in n_lines_by_count.items()), default=(0, 0))

    signs = ",\t;|" if len(lines) < 2 else "\t;,|"  # the first of equal signs counts
    return max(signs, key=regularity)


def read_grid(path: Path) -> tuple[tuple[TableRow, ...], str]:
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


def read_sheet(path: Path) -> CsvTable:
    """Return a CSV file with a header; an empty file has no columns and no rows.

    Raises:
        DatasetError: The file cannot be read or is no table.
    """
    rows, delimiter = read_grid(path)
    titles = rows[0].cells if rows else ()
    return CsvTable(
        path, tuple(simplify_name(title) for title in titles), titles, rows=rows[1:], decimal_comma=delimiter != ","
    )


def looks_like(path: Path, *columns: Iterable[str]) -> bool:
    """Return True if a file is a CSV file whose header has one of each set of columns; False if it cannot be read."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            start = file.read(_N_EXAMINED_BYTES)
    except OSError:
        return False
    if b"\x00" in start and _wide_encoding(start) is None:
        return False
    try:
        sheet = read_sheet(path)
    except DatasetError:
        return False
    return all(sheet.column(*names) is not None for names in columns)
