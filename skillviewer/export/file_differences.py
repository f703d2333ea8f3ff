"""Comparison of an exported file with the same export made again, up to the first difference."""

import csv
import hashlib
import json
import math
import re
import zipfile
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import TypeAlias

import numpy as np

from skillviewer.core.errors import ExportError
from skillviewer.media.reading.reader import VideoReader

Entry: TypeAlias = tuple[str, object]
"""One value of a file: a description of its place for the user, and the value (a text, a number or a picture)."""

_MAX_SHOWN_CHARACTERS = 60
_MAX_BYTES = 1 << 30
_PIXEL_TOLERANCE = 40
"""Mean difference of 4 × 4 pixels beyond which two frames differ; encoders with other threads stay below."""
_EXACT_DIGITS = 17


def iter_entries(path: Path) -> Iterator[Entry]:
    """Yield all values of an exported file, in order.

    Raises:
        ExportError: The file cannot be read, or does not have the format that its suffix names.
    """
    readers = {
        ".csv": _iter_cells,
        ".json": _iter_json_values,
        ".boris": _iter_json_values,
        ".npz": _iter_array_values,
        ".pdf": _iter_pdf_words,
        ".html": _iter_words,
        ".svg": _iter_words,
        ".eaf": _iter_words,
        ".vtt": _iter_words,
        ".srt": _iter_words,
        ".textgrid": _iter_words,
        ".png": _iter_picture,
        ".mp4": _iter_frames,
        ".webm": _iter_frames,
        ".gif": _iter_frames,
    }
    suffix = path.suffix.lower()
    if suffix not in readers:
        raise ExportError(f"{path} is no export that can be checked: its name ends in none of {', '.join(readers)}.")
    try:
        yield from readers[suffix](path)
    except Exception as error:  # readers of arrays, pictures and PDFs raise many kinds for damaged files
        reason = " ".join(str(error).split())
        if not reason:
            reason = type(error).__name__
        raise ExportError(f"{path} cannot be read: {reason:.200}") from error


def _iter_cells(path: Path) -> Iterator[Entry]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        for column, name in enumerate(header, 1):
            yield f"column {column}", name
        for number, row in enumerate(rows, 1):
            for name, cell in zip_longest(header, row):
                yield f"row {number}, {name}", cell


def _iter_json_values(path: Path) -> Iterator[Entry]:
    def walk(place: str, value: object) -> Iterator[Entry]:
        if not isinstance(value, dict | list):
            yield place, value
            return
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for key, member in members:
            member_place = f"{place}.{key}" if place else str(key)
            yield from walk(member_place, member)
        yield f"{place}: entries", len(value)

    # numbers stay texts, so that each digit is compared
    content = json.loads(path.read_text(encoding="utf-8"), parse_float=str)
    return walk("", content)


def check_unpacked_size(path: Path) -> None:
    """Raise ValueError if a file of arrays would unpack to more bytes than any export has."""
    with zipfile.ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > _MAX_BYTES:
            raise ValueError("it is larger than any export")


def _iter_array_values(path: Path) -> Iterator[Entry]:
    check_unpacked_size(path)
    with np.load(path, allow_pickle=False) as arrays:
        for name in arrays.files:
            yield f"{name}: shape", arrays[name].shape
            for index, value in np.ndenumerate(arrays[name]):
                yield f"{name}{list(index)}", value.item()


def _iter_pdf_words(path: Path) -> Iterator[Entry]:
    from pypdf import PdfReader

    for page_number, page in enumerate(PdfReader(path).pages, 1):
        for word_number, word in enumerate(page.extract_text().split(), 1):
            yield f"page {page_number}, word {word_number}", word
        contents = page.get_contents()
        operators = contents.get_data() if contents is not None else b""
        images = [image.data for image in page.images]
        digest = hashlib.sha256(b"".join([operators, *images])).hexdigest()
        yield f"page {page_number}, its drawing", digest


def _iter_words(path: Path) -> Iterator[Entry]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        for word in re.findall(r"[^\s<>\"]+", line):
            yield f"line {number}", word


def _iter_picture(path: Path) -> Iterator[Entry]:
    from PIL.PngImagePlugin import PngImageFile

    with PngImageFile(path) as picture:
        if picture.width * picture.height * 4 > _MAX_BYTES:
            raise ValueError("it is larger than any export")
        yield "the picture", np.asarray(picture.convert("RGB"))


def _iter_frames(path: Path) -> Iterator[Entry]:
    with VideoReader(path, cache_bytes=0) as reader:
        for decoded_frame in reader.stream(range(reader.n_frames)):
            time_s = round(float(reader.info.times_s[decoded_frame.index]), 6)
            yield f"frame {decoded_frame.index}, its time", time_s
            yield f"frame {decoded_frame.index}", decoded_frame.rgb()


def first_difference(
    file: Path, new_file: Path, digits: int = _EXACT_DIGITS, *, videos_moved: bool = False
) -> tuple[int, str]:
    """Compare an exported file with the same export made again.

    Args:
        file: The exported file.
        new_file: The same export, made again in the same format.
        digits: Significant digits in which numbers must agree.
        videos_moved: Whether to accept videos in other folders than those that the file names.

    Returns:
        Number of compared values, and a sentence on the first difference, or "".

    Raises:
        ExportError: One of the files cannot be read.
    """
    exact_pixels = file.suffix.lower() == ".png"
    n_compared = 0
    entry_pairs = zip_longest(iter_entries(file), iter_entries(new_file))
    for n_compared, (entry, new_entry) in enumerate(entry_pairs, start=1):
        difference = _describe_difference(
            entry, new_entry, digits, videos_moved=videos_moved, exact_pixels=exact_pixels
        )
        if difference:
            return n_compared, difference
    return n_compared, ""


def _describe_difference(
    entry: Entry | None, new_entry: Entry | None, digits: int, *, videos_moved: bool, exact_pixels: bool
) -> str:
    """Return a sentence on the difference of two values at the same position of two files, or "" if they agree.

    A value is None if its file has ended.
    """
    new_place, new_value = new_entry if new_entry is not None else ("", None)
    missing_entry = (f"nothing where there should be {new_place}", None)
    place, value = entry if entry is not None else missing_entry
    if isinstance(value, np.ndarray) and isinstance(new_value, np.ndarray):
        position = _picture_difference(value, new_value, exact=exact_pixels)
        return f"{place} differs {position}." if position else ""
    if entry is not None and new_entry is not None and place != new_place:
        return f"{_shortened(place)} stands where {_shortened(new_place)} belongs."
    if not _values_agree(place, value, new_value, digits, videos_moved=videos_moved):
        return f"{place} says {_shortened(value)}; made again it is {_shortened(new_value)}."
    return ""


def _shortened(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= _MAX_SHOWN_CHARACTERS else f"{text[:_MAX_SHOWN_CHARACTERS]}…"


def _values_agree(place: str, value: object, new_value: object, digits: int, *, videos_moved: bool) -> bool:
    if value == new_value:
        return True
    try:
        if place.endswith("path") and value and new_value:
            return _paths_agree(Path(str(value)), Path(str(new_value)), videos_moved=videos_moved)
        number = float(str(value))
        new_number = float(str(new_value))
    except ValueError:  # no number, or a path with a null byte
        return False
    if math.isnan(number) and math.isnan(new_number):
        return True
    return digits < _EXACT_DIGITS and math.isclose(number, new_number, rel_tol=10.0**-digits)


def _paths_agree(path: Path, new_path: Path, *, videos_moved: bool) -> bool:
    if videos_moved:
        return path.name == new_path.name
    return path.absolute().resolve() == new_path.absolute().resolve()


def _picture_difference(picture: np.ndarray, new_picture: np.ndarray, *, exact: bool) -> str:
    """Return the position of the greatest difference of two pictures as text, or ""."""
    if picture.shape != new_picture.shape:
        height, width = picture.shape[:2]
        new_height, new_width = new_picture.shape[:2]
        return f"in size: {width} × {height} pixels for {new_width} × {new_height}"
    differences = np.abs(picture.astype(np.int16) - new_picture.astype(np.int16)).max(axis=-1)
    side = 1 if exact else 4
    n_rows = differences.shape[0] // side
    n_columns = differences.shape[1] // side
    blocks = differences[: n_rows * side, : n_columns * side].reshape(n_rows, side, n_columns, side)
    means = blocks.mean(axis=(1, 3))
    tolerance = 0 if exact else _PIXEL_TOLERANCE
    if means.max(initial=0) <= tolerance:
        return ""
    row, column = np.unravel_index(int(means.argmax()), means.shape)
    return f"most at {int(column) * side} pixels from the left, {int(row) * side} from the top"
