"""Tracks as a file states them, before they are placed on a video."""

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skillviewer.core.arrays import FloatArray, ReadOnly
from skillviewer.data.tables.rows import read_text
from skillviewer.data.tracks_file import MAX_FRAMES, MAX_POINTS, MAX_TRACKS, MAX_VALUES

_NUMBER = re.compile(r"\d+")
_MAX_DIGITS = 15


@dataclass(frozen=True, slots=True, repr=False)
class RawTrack(ReadOnly):
    """One object of a file.

    Attributes:
        name: Its name in the file.
        points: P names.
        at: (m,) float64, frame numbers, or seconds if the file has times.
        xy: (m, P, 2) float64 positions; NaN where the file has none.
        confidence: (m, P) float64, 0 to 1; NaN where the file states none.
        states: (m,) uint8 ``FrameState`` of every row, or None for found or absent by its positions.
    """

    name: str
    points: tuple[str, ...]
    index: FloatArray
    xy: FloatArray
    confidence: FloatArray
    states: NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True)
class RawTracks:
    """Content of a file of tracks."""

    tracks: tuple[RawTrack, ...]
    by_time: bool = False  # True if rows state seconds, not frames
    in_pixels: bool = True  # False for units or axes that only the user knows
    from_corner: bool = False  # True if (0, 0) is the corner of the top left pixel, not its centre
    complete: bool = False  # True if a frame without a row was searched in vain
    size_px: tuple[int, int] | None = None  # width and height of the picture, if stated
    left_out: tuple[tuple[str, int], ...] = ()  # reason, and number of positions that the reader did not take


def raw_track(name: str, points: Sequence[str], index: Sequence[float], values: Sequence[Sequence[float]]) -> RawTrack:
    """Return a track from rows of x, y and confidence of every point; (m,) frames or seconds, and m rows of 3 P.

    Raises:
        ValueError: There are too many points or rows, or rows of unequal length.
    """
    check_limits(1, len(points), len(index))
    table = np.array(values, dtype=np.float64).reshape(len(index), len(points), 3)
    return RawTrack(name, tuple(points), np.array(index, dtype=np.float64), table[..., :2], table[..., 2])


def check_limits(n_tracks: int, n_points: int, n_rows: int) -> None:
    """Raise a ValueError for more tracks, points or frames than the program takes."""
    if (
        n_tracks > MAX_TRACKS
        or n_points > MAX_POINTS
        or n_rows > MAX_FRAMES
        or n_tracks * n_points * n_rows > MAX_VALUES
    ):
        raise ValueError(
            f"it has {n_tracks:,} tracks of {n_points:,} points in {n_rows:,} frames, more than can be imported"
        )


def number(text: str) -> float:
    """Return a number, or NaN for an empty cell, "nan" or infinity.

    Raises:
        ValueError: It is no number.
    """
    text = text.strip()
    value = float(text) if text else math.nan
    return value if math.isfinite(value) else math.nan


def frame_in(name: str) -> int:
    """Return the last number in the name of a picture's file: its frame.

    Raises:
        ValueError: There is none.
    """
    numbers = _NUMBER.findall(Path(name.replace("\\", "/")).stem)
    if not numbers or len(numbers[-1]) > _MAX_DIGITS:
        raise ValueError(f"the name “{name[:80]}” has no number of a frame")
    return int(numbers[-1])


def csv_rows(path: Path, delimiter: str = ",") -> Iterator[list[str]]:
    """Yield the non-empty rows of a CSV file.

    Raises:
        DatasetError: The file cannot be read.
        ValueError: It is no table.
    """
    try:
        for row in csv.reader(io.StringIO(read_text(path)), delimiter=delimiter):
            if any(cell.strip() for cell in row):
                yield row
    except csv.Error as error:
        raise ValueError(f"it is no table: {error}") from error


def header_and_rows(path: Path, delimiter: str = ",") -> tuple[list[str], Iterator[list[str]]]:
    """Return the first row of a CSV file, and the others; each has as many cells as the first.

    Raises:
        ValueError: It has no rows; later, that a row has more cells than the header.
    """
    rows = csv_rows(path, delimiter)
    header = [cell.strip() for cell in next(rows, [])]
    if not header:
        raise ValueError("it is empty")

    def filled() -> Iterator[list[str]]:
        for place, row in enumerate(rows, start=2):
            if len(row) > len(header):
                raise ValueError(f"row {place} has {len(row)} cells under {len(header)} titles")
            yield row + [""] * (len(header) - len(row))

    return header, filled()
