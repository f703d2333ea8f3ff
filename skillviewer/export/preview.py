"""Preview of an export: a picture, or the first rows of a table."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any

from skillviewer.core.arrays import RGBImage

MAX_ROWS = 20
"""Greatest number of rows that a preview shows."""
MAX_CELL_CHARACTERS = 40
"""Characters of a cell that a preview shows; digests and paths are longer."""


@dataclass(frozen=True, slots=True)
class Preview:
    """Preview of an export: a picture, or the first rows of a table."""

    picture: RGBImage | None = None  # the first page, or a frame, (H, W, 3) uint8 RGB; None for a table
    frame: int | None = None  # frame of the first video in the picture, from 0; None if the options name the frame
    n_frames: int = 0  # number of frames of that video
    header: tuple[str, ...] = ()  # names of the columns of a table
    rows: tuple[tuple[str, ...], ...] = ()  # first rows as written to a CSV file, long cells shortened
    n_rows: int = 0  # number of all rows of the table


def preview_rows(row_class: type[Any], rows: Sequence[Any]) -> Preview:
    """Return the preview of a table with these rows, which are dataclasses of one kind."""
    header = tuple(field_.name for field_ in fields(row_class))
    cells = tuple(tuple(_format_cell(value) for value in astuple(row)) for row in rows[:MAX_ROWS])
    return Preview(header=header, rows=cells, n_rows=len(rows))


def _format_cell(value: object) -> str:
    """Return a value as in a CSV file; an ellipsis replaces the end of a long one."""
    text = "" if value is None else str(value)
    return text if len(text) <= MAX_CELL_CHARACTERS else f"{text[:MAX_CELL_CHARACTERS]}…"
