"""Comparison of an exported file with the same export made again: the first place where the two differ."""

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

Piece: TypeAlias = "tuple[str, object]"
"""Place in a file, in words, and its value: a text, a number, or a picture."""

_MAX_SHOWN = 60
_MAX_BYTES = 1 << 30
_PIXEL_TOLERANCE = 40
"""Mean difference of 4 × 4 pixels beyond which two frames differ; encoders with other threads stay below."""


def pieces(path: Path) -> Iterator[Piece]:
    """Yield everything that a file says, in order.

    Raises:
        ExportError: It cannot be read, or is not what its name says.
    """
    readers = {
        ".csv": _cells, ".json": _values, ".npz": _arrays, ".pdf": _pages, ".html": _iter_words, ".svg": _iter_words,
        ".eaf": _iter_words, ".vtt": _iter_words, ".srt": _iter_words, ".textgrid": _iter_words, ".boris": _values,
        ".png": _rows, ".mp4": _frames, ".webm": _frames, ".gif": _frames,
    }  # fmt: skip
    if path.suffix.lower() not in readers:
        raise ExportError(f"{path} is no export that can be checked: its name ends in none of {', '.join(readers)}.")
    try:
        yield from readers[path.suffix.lower()](path)
    except Exception as error:  # readers of arrays, pictures and PDFs raise many kinds for damaged files
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ExportError(f"{path} cannot be read: {reason:.200}") from error


def _cells(path: Path) -> Iterator[Piece]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        head = next(rows, [])
        yield from ((f"column {column}", name) for column, name in enumerate(head, 1))
        for n, row in enumerate(rows, 1):
            yield from ((f"row {n}, {name}", cell) for name, cell in zip_longest(head, row))


def _values(path: Path) -> Iterator[Piece]:
    def inside(place: str, value: object) -> Iterator[Piece]:
        if isinstance(value, dict | list):
            for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
                yield from inside(f"{place}.{key}" if place else str(key), inner)
            yield f"{place}: entries", len(value)
        else:
            yield place, value

    # as texts: several texts are one number, and each digit counts
    return inside("", json.loads(path.read_text(encoding="utf-8"), parse_float=str))


def check_unpacked(path: Path) -> None:
    """Raise ValueError for a file of arrays that would unpack to more than any export."""
    with zipfile.ZipFile(path) as file:
        if sum(part.file_size for part in file.infolist()) > _MAX_BYTES:
            raise ValueError("it is larger than any export")


def _arrays(path: Path) -> Iterator[Piece]:
    check_unpacked(path)
    with np.load(path, allow_pickle=False) as arrays:
        for name in arrays.files:
            yield f"{name}: shape", arrays[name].shape
            yield from ((f"{name}{list(index)}", value.item()) for index, value in np.ndenumerate(arrays[name]))


def _pages(path: Path) -> Iterator[Piece]:
    from pypdf import PdfReader

    for n, page in enumerate(PdfReader(path).pages, 1):
        yield from ((f"page {n}, word {number}", word) for number, word in enumerate(page.extract_text().split(), 1))
        contents = page.get_contents()
        drawn = [contents.get_data() if contents is not None else b"", *(image.data for image in page.images)]
        yield f"page {n}, its drawing", hashlib.sha256(b"".join(drawn)).hexdigest()


def _iter_words(path: Path) -> Iterator[Piece]:
    for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        for word in re.findall(r"[^\s<>\"]+", line):
            yield f"line {n}", word


def _rows(path: Path) -> Iterator[Piece]:
    from PIL.PngImagePlugin import PngImageFile

    with PngImageFile(path) as picture:
        if picture.width * picture.height * 4 > _MAX_BYTES:
            raise ValueError("it is larger than any export")
        yield "the picture", np.asarray(picture.convert("RGB"))


def _frames(path: Path) -> Iterator[Piece]:
    with VideoReader(path, cache_bytes=0) as reader:
        for decoded in reader.stream(range(reader.n_frames)):
            yield f"frame {decoded.index}, its time", round(float(reader.info.times_s[decoded.index]), 6)
            yield f"frame {decoded.index}", decoded.rgb()


def first_difference(file: Path, new_file: Path, digits: int = 17, *, moved: bool = False) -> tuple[int, str]:
    """Compare a file with the same export of the same form made again.

    Numbers may differ behind ``digits`` significant digits. ``moved`` allows videos to lie in other folders than the
    file says.

    Returns:
        Number of compared pieces, and a sentence on the first that differs, or "".

    Raises:
        ExportError: One of them cannot be read.
    """
    n = 0
    for n, (expected, actual) in enumerate(zip_longest(pieces(file), pieces(new_file)), 1):
        place, value = expected or (f"nothing where there should be {actual and actual[0]}", None)
        other = actual[1] if actual is not None else None
        if isinstance(value, np.ndarray) and isinstance(other, np.ndarray):
            difference = _pixel(value, other, exact=file.suffix.lower() == ".png")
            if difference:
                return n, f"{place} differs {difference}."
        elif actual is not None and expected is not None and place != actual[0]:
            return n, f"{_short(place)} stands where {_short(actual[0])} belongs."
        elif not _same(place, value, other, digits, moved=moved):
            return n, f"{place} says {_short(value)}; made again it is {_short(other)}."
    return n, ""


def _short(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _same(place: str, value: object, other: object, digits: int, *, moved: bool) -> bool:
    if value == other:
        return True
    try:
        if place.endswith("path") and value and other:
            first, second = Path(str(value)), Path(str(other))
            return first.name == second.name if moved else first.absolute().resolve() == second.absolute().resolve()
        one_number, two_number = float(str(value)), float(str(other))
    except ValueError:  # no number, or a path with a null byte
        return False
    both_text = math.isnan(one_number) and math.isnan(two_number)
    return both_text or (digits < 17 and math.isclose(one_number, two_number, rel_tol=10.0**-digits))


def _pixel(value: np.ndarray, other: np.ndarray, *, exact: bool) -> str:
    """Return the position of the first difference of two pictures, or ""."""
    if value.shape != other.shape:
        return f"in size: {value.shape[1]} × {value.shape[0]} pixels for {other.shape[1]} × {other.shape[0]}"
    differences = np.abs(value.astype(np.int16) - other.astype(np.int16)).max(axis=-1)
    step = 1 if exact else 4
    h, w = differences.shape[0] // step * step, differences.shape[1] // step * step
    means = differences[:h, :w].reshape(h // step, step, w // step, step).mean(axis=(1, 3))
    if means.max(initial=0) <= (0 if exact else _PIXEL_TOLERANCE):
        return ""
    y, x = np.unravel_index(int(means.argmax()), means.shape)
    return f"most at {int(x) * step} pixels from the left, {int(y) * step} from the top"
