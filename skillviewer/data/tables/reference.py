"""Targets and lines to follow, as CSV: ``reference.csv``.

Columns ``x`` and ``y``, in pixels ((0, 0) is the centre of the top left pixel), one corner a row; one row is a target.
A column ``video`` gives a line for each video; without it, or where it is empty, the line holds for all.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from skillviewer.core.errors import DatasetError
from skillviewer.core.tracks.reference_path import ReferencePath
from skillviewer.data.tables.participants import VIDEO_COLUMNS
from skillviewer.data.tables.rows import read_sheet
from skillviewer.data.tables.video_names import VideoNames, video_name


def read_references(path: Path, names: Sequence[str]) -> Mapping[str, ReferencePath]:
    """Return the reference path of every video that has one, in pixels.

    Raises:
        DatasetError: The file cannot be read, or a row has no two numbers.
    """
    sheet = read_sheet(path)
    video = sheet.column(*VIDEO_COLUMNS)
    columns = [sheet.column("x"), sheet.column("y")]
    if None in columns:
        raise DatasetError(f"{path} needs the columns x and y, and video if the line is not the same for all.")
    video_names = VideoNames(names)
    corners: dict[str, list[list[float]]] = {}
    for row in sheet.rows:
        numbers = [sheet.number(row.cell(column)) for column in columns]
        if None in numbers:
            raise DatasetError(f"{sheet.place(row)} has no two numbers x and y.")
        cell = row.cell(video)
        name = (video_names.find(cell) or video_name(cell)) if cell else ""
        corners.setdefault(name, []).append([number for number in numbers if number is not None])
    paths = {name: ReferencePath(np.array(points)) for name, points in corners.items()}
    common = paths.get("")
    path_by_name = {name: paths.get(name, common) for name in names}
    return {name: points for name, points in path_by_name.items() if points is not None}
