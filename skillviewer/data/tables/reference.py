"""Reference paths as CSV: ``reference.csv``.

Each row is a corner, with columns ``x`` and ``y`` in pixels; (0, 0) is the centre of the top left pixel. A single row
is a target, and several rows are a line. A column ``video`` names the video of the corner. Rows without a video make a
path for all videos that have no path of their own.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from skillviewer.core.errors import DatasetError
from skillviewer.core.tracks.reference_path import ReferencePath
from skillviewer.data.tables.csv_tables import read_csv_table
from skillviewer.data.tables.participants import VIDEO_COLUMNS
from skillviewer.data.tables.video_names import VideoNames


def read_references(path: Path, names: Sequence[str]) -> Mapping[str, ReferencePath]:
    """Return the reference path of every video that has one, in pixels.

    Raises:
        DatasetError: The file cannot be read, or a row has no two numbers.
    """
    table = read_csv_table(path)
    video_column = table.column(*VIDEO_COLUMNS)
    x_column = table.column("x")
    y_column = table.column("y")
    if x_column is None or y_column is None:
        raise DatasetError(f"{path} needs the columns x and y, and video if the line is not the same for all.")
    video_names = VideoNames(names)
    corners: dict[str, list[tuple[float, float]]] = {}
    for row in table.rows:
        x = table.number(row.cell(x_column))
        y = table.number(row.cell(y_column))
        if x is None or y is None:
            raise DatasetError(f"{table.describe_row(row)} has no two numbers x and y.")
        cell = row.cell(video_column)
        name = ""
        if cell:
            name = video_names.resolve(cell)
        corners.setdefault(name, []).append((x, y))
    paths = {name: ReferencePath(np.array(points)) for name, points in corners.items()}
    common_path = paths.get("")
    path_by_name = {}
    for name in names:
        reference_path = paths.get(name, common_path)
        if reference_path is not None:
            path_by_name[name] = reference_path
    return path_by_name
