"""Regions in which skill shows, frame by frame, as CSV.

The columns are ``video``, ``frame`` (from 0), and points or boxes. Points have pairs of columns ``<name>_x`` and
``<name>_y``. A box has the columns ``left``, ``top``, ``right`` and ``bottom``, an optional ``name``, and an optional
``stop_frame`` (exclusive) if it stays for several frames. Several rows may refer to one frame.

Coordinates are pixels of the displayed picture: a point (0, 0) is the centre of the top left pixel, and a box from 0 to
1 is that pixel.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.errors import DatasetError
from skillviewer.core.evaluation.localisation import Region
from skillviewer.data.tables.csv_tables import CsvTable, TableRow, read_csv_table
from skillviewer.data.tables.participants import VIDEO_COLUMNS
from skillviewer.data.tables.video_names import VideoNames

_BOX_COLUMNS = ("left", "top", "right", "bottom")
_MAX_FRAMES = 1_000_000


@dataclass(frozen=True, slots=True)
class Regions:
    """Regions by video and frame."""

    by_video: Mapping[str, Mapping[int, tuple[Region, ...]]]  # regions by name of the video, then by index of the frame
    problems: tuple[str, ...]  # rows that cannot be read, one sentence each

    def of(self, video: str) -> Mapping[int, tuple[Region, ...]]:
        """Return the regions of a video by index of the frame; empty if the video has none."""
        return self.by_video.get(video, {})


def read_regions(path: Path, names: Sequence[str] = ()) -> Regions:
    """Read regions; names of videos that are not in ``names`` are taken as written.

    Raises:
        DatasetError: The file cannot be read, or has neither points nor boxes.
    """
    table = read_csv_table(path)
    video_column = table.column(*VIDEO_COLUMNS)
    frame_column = table.column("frame", "startframe")
    point_columns = _point_columns(table)
    box_columns = [table.column(side) for side in _BOX_COLUMNS]
    has_boxes = None not in box_columns
    if video_column is None or frame_column is None or not (point_columns or has_boxes):
        raise DatasetError(
            f"{path} needs the columns video and frame, and points (<name>_x, <name>_y) or boxes "
            f"({', '.join(_BOX_COLUMNS)})."
        )
    by_video: dict[str, dict[int, list[Region]]] = {}
    problems = []
    video_names = VideoNames(names)
    for row in table.rows:
        cell = row.cell(video_column)
        name = video_names.resolve(cell)
        frames = _frames(table, row.cell(frame_column), row.cell(table.column("stopframe")))
        regions, unreadable_point = _points(table, row, point_columns)
        sides = _numbers(table, row, box_columns) if has_boxes else None
        if sides is not None:
            left, top, right, bottom = sides
            if left <= right and top <= bottom:
                region_name = row.cell(table.column("name", "region"))
                regions.append(Region(left, top, right_px=right, bottom_px=bottom, name=region_name))
        place = table.describe_row(row)
        if not name or frames is None or not regions:
            problems.append(f"{place} is no region in a frame of a video; it is left out.")
            continue
        if unreadable_point:
            problems.append(f"{place} has no two numbers for {unreadable_point}; the rest of the line counts.")
        for index in frames:
            by_video.setdefault(name, {}).setdefault(index, []).extend(regions)
    return Regions(
        {name: {index: tuple(regions) for index, regions in by_frame.items()} for name, by_frame in by_video.items()},
        (*problems, *video_names.number_match_notices(path.name)),
    )


def _point_columns(table: CsvTable) -> list[tuple[str, int, int]]:
    """Return name, column of x and column of y of every point."""
    index_by_title = {title.casefold(): index for index, title in enumerate(table.titles)}
    columns = []
    for title, x_column in index_by_title.items():
        name = title.removesuffix("_x")
        y_column = index_by_title.get(f"{name}_y")
        if name != title and y_column is not None:
            columns.append((name, x_column, y_column))
    return columns


def _points(table: CsvTable, row: TableRow, point_columns: list[tuple[str, int, int]]) -> tuple[list[Region], str]:
    """Return the points of a row, and the name of a point that cannot be read, or ""."""
    regions = []
    unreadable_point = ""
    for name, x_column, y_column in point_columns:
        position = _numbers(table, row, (x_column, y_column))
        if position is not None:
            x, y = position
            regions.append(Region.point(x + 0.5, y + 0.5, name))
        elif row.cell(x_column) or row.cell(y_column):
            unreadable_point = name
    return regions, unreadable_point


def _frames(table: CsvTable, start_text: str, stop_text: str) -> range | None:
    """Return the frames of a row, one frame without a stop; None if the numbers are no frames."""
    start = table.number(start_text)
    if start is None:
        return None
    stop = table.number(stop_text) if stop_text else start + 1
    if stop is None or not start.is_integer() or not stop.is_integer():
        return None
    return range(int(start), int(stop)) if 0 <= start < stop <= start + _MAX_FRAMES else None


def _numbers(table: CsvTable, row: TableRow, columns: Sequence[int | None]) -> tuple[float, ...] | None:
    """Return the numbers in some columns of a row, or None if a cell holds no number."""
    numbers = []
    for column in columns:
        number = table.number(row.cell(column))
        if number is None:
            return None
        numbers.append(number)
    return tuple(numbers)
