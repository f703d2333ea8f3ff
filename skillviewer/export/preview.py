"""Preview of an export: a picture, or the first rows of a table."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any

from skillviewer.core.arrays import RGBImage

MAX_ROWS = 20
"""Rows of a table that are shown."""
MAX_CELL_CHARACTERS = 40
"""Signs of a cell that are shown; digests and paths are longer."""


@dataclass(frozen=True, slots=True)
class Preview:
    """Preview of an export."""

    picture: RGBImage | None = None  # the first page, or a frame, (H, W, 3) uint8 RGB; None for a table
    # the frame of the (first) video that the picture shows, from 0, where the options do not name it
    frame: int | None = None
    n_frames: int = 0
    header: tuple[str, ...] = ()  # names of the columns of a table
    rows: tuple[tuple[str, ...], ...] = ()  # its first rows, as they are written, long cells cut short
    n_rows: int = 0  # number of all rows


def table_preview(kind: type[Any], rows: Sequence[Any]) -> Preview:
    """Return the preview of a table."""
    cells = tuple(tuple(_cell(value) for value in astuple(row)) for row in rows[:MAX_ROWS])
    return Preview(header=tuple(field_.name for field_ in fields(kind)), rows=cells, n_rows=len(rows))


def _cell(value: object) -> str:
    """Return a value as it stands in a CSV file; an ellipsis stands for what is left out."""
    text = "" if value is None else str(value)
    return text if len(text) <= MAX_CELL_CHARACTERS else f"{text[:MAX_CELL_CHARACTERS]}…"
