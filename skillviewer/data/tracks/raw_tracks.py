"""Tracks as a file states them, before they are placed on a video, and helpers of the readers."""

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
from skillviewer.data.tables.text_files import read_text
from skillviewer.data.tracks_file import MAX_FRAMES, MAX_POINTS, MAX_TRACKS, MAX_VALUES

_NUMBER = re.compile(r"\d+")
_MAX_DIGITS = 15


@dataclass(frozen=True, slots=True, repr=False)
class RawTrack(ReadOnly):
    """One object of a file.

    Attributes:
        name: Name in the file.
        points: Names of the P points.
        index: (m,) float64, frame numbers, or seconds if the file has times.
        xy: (m, P, 2) float64 positions; NaN if the file has none.
        confidence: (m, P) float64, 0 to 1; NaN if the file states none.
        states: (m,) uint8 ``FrameState`` of every row; None if rows with positions are found and all others absent.
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
    by_time: bool = False  # whether rows state seconds instead of frames
    in_pixels: bool = True  # whether positions are pixels; else only the user knows units and axes
    origin_at_corner: bool = False  # whether (0, 0) is the corner of the top left pixel instead of its centre
    every_frame_searched: bool = False  # whether frames without a row were searched, without success
    size_px: tuple[int, int] | None = None  # width and height of the picture, if stated
    left_out_positions: tuple[tuple[str, int], ...] = ()  # (reason, number of positions that the reader left out)


def make_raw_track(
    name: str, points: Sequence[str], index: Sequence[float], values: Sequence[Sequence[float]]
) -> RawTrack:
    """Return a track from rows of numbers.

    Args:
        name: Name of the track.
        points: Names of the P points.
        index: Frame or second of each of the m rows.
        values: m rows of 3 P numbers: x, y and confidence of every point.

    Raises:
        ValueError: There are too many points or rows, or rows of unequal length.
    """
    check_limits(1, len(points), len(index))
    table = np.array(values, dtype=np.float64).reshape(len(index), len(points), 3)
    return RawTrack(
        name, tuple(points), index=np.array(index, dtype=np.float64), xy=table[..., :2], confidence=table[..., 2]
    )


def check_limits(n_tracks: int, n_points: int, n_rows: int) -> None:
    """Raise a ValueError for more tracks, points or frames than the program takes."""
    n_values = n_tracks * n_points * n_rows
    if n_tracks > MAX_TRACKS or n_points > MAX_POINTS or n_rows > MAX_FRAMES or n_values > MAX_VALUES:
        raise ValueError(
            f"it has {n_tracks:,} tracks of {n_points:,} points in {n_rows:,} frames, more than can be imported"
        )


def parse_number(text: str) -> float:
    """Return a number, or NaN for an empty cell, "nan" or infinity.

    Raises:
        ValueError: The text is no number.
    """
    text = text.strip()
    value = float(text) if text else math.nan
    return value if math.isfinite(value) else math.nan


def frame_number_in(name: str) -> int:
    """Return the last number in the name of a file of a picture, which is its frame.

    Raises:
        ValueError: There is no number.
    """
    numbers = _NUMBER.findall(Path(name.replace("\\", "/")).stem)
    if not numbers or len(numbers[-1]) > _MAX_DIGITS:
        raise ValueError(f"the name “{name[:80]}” has no number of a frame")
    return int(numbers[-1])


def csv_rows(path: Path, delimiter: str = ",") -> Iterator[list[str]]:
    """Yield the non-empty rows of a CSV file.

    Raises:
        DatasetError: The file cannot be read.
        ValueError: The file is no table.
    """
    try:
        for row in csv.reader(io.StringIO(read_text(path)), delimiter=delimiter):
            if any(cell.strip() for cell in row):
                yield row
    except csv.Error as error:
        raise ValueError(f"it is no table: {error}") from error


def header_and_rows(path: Path, delimiter: str = ",") -> tuple[list[str], Iterator[list[str]]]:
    """Return the header of a CSV file and its rows, which are filled up to the length of the header.

    Raises:
        ValueError: The file has no rows. The rows raise it if one is longer than the header.
    """
    rows = csv_rows(path, delimiter)
    header = [cell.strip() for cell in next(rows, [])]
    if not header:
        raise ValueError("it is empty")

    def filled_rows() -> Iterator[list[str]]:
        for row_number, row in enumerate(rows, start=2):
            if len(row) > len(header):
                raise ValueError(f"row {row_number} has {len(row)} cells under {len(header)} titles")
            yield row + [""] * (len(header) - len(row))

    return header, filled_rows()
