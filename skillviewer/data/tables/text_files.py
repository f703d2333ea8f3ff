"""Text files in any common encoding: UTF-8, UTF-16, UTF-32 and Windows-1252, with or without a byte order mark."""

from contextlib import suppress
from pathlib import Path

from skillviewer.core.errors import DatasetError, os_error_as
from skillviewer.core.text import shorten
from skillviewer.data.tables.name_spelling import compose_accents

_N_EXAMINED_BYTES = 4096


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
        raise DatasetError(
            f"{path} is no text but a workbook or an archive: rename it to its original extension, such as .xlsx."
        )
    text = _decode_as(path, content, encoding) if encoding else _decode(path, content, guess=guess)
    return compose_accents(text.replace("\r\n", "\n").replace("\r", "\n"))


def is_binary(path: Path) -> bool:
    """Return True if a file has null bytes that are not part of UTF-16 or UTF-32, or if it cannot be read."""
    try:
        with path.open("rb") as file:
            start = file.read(_N_EXAMINED_BYTES)
    except OSError:
        return True
    return b"\x00" in start and _wide_encoding(start) is None


def _decode(path: Path, content: bytes, *, guess: bool) -> str:
    """Return the text of a content whose encoding is recognised; see ``read_text``."""
    wide_encoding = _wide_encoding(content)
    if wide_encoding is not None:
        return content.decode(wide_encoding, errors="replace")
    with suppress(UnicodeDecodeError):
        return content.decode("utf-8-sig")
    if not guess:
        raise DatasetError(
            f"{path} is not in UTF-8, and its encoding cannot be recognised: name the encoding with --encoding "
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
        raise DatasetError(
            f"There is no encoding “{shorten(encoding)}”: try gb18030, windows-1252 or utf-16."
        ) from None
    except ValueError as error:
        raise DatasetError(f"{path} is no text in the encoding {encoding}: name another one.") from error


def _wide_encoding(content: bytes) -> str | None:
    """Return UTF-16 or UTF-32, recognised by the byte order mark or by the positions of zero bytes, or None."""
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
