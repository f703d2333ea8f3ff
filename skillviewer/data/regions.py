"""Regions in which skill shows, frame by frame, as CSV.

Columns ``video`` and ``frame`` (from 0), and either points, as pairs of columns ``<name>_x`` and ``<name>_y``, or a box
``left``, ``top``, ``right``, ``bottom`` with an optional ``name`` and an optional ``stop_frame`` (half open) for a box
that stays. All in pixels of the picture as shown: a point (0, 0) is the centre of the top left pixel, and a box from 0
to 1 is that pixel. Several rows may speak of one frame.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.errors import DatasetError
from skillviewer.core.localisation import Region
from skillviewer.data.participants import VIDEO_COLUMNS
from skillviewer.data.rows import Row, Sheet, looks_like, read_sheet
from skillviewer.data.video_files import bare

_BOX = ("left", "top", "right", "bottom")
_LONGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Regions:
    """Regions by video and frame.

    Attributes:
        by_video: Regions by name of video, then by frame index.
        problems: Rows that could not be read, one sentence each.
    """

    by_video: Mapping[str, Mapping[int, tuple[Region, ...]]]
    problems: tuple[str, ...]

    def of(self, video: str) -> Mapping[int, tuple[Region, ...]]:
        """Return the regions of a video by frame index; empty where it has none."""
        return self.by_video.get(video, {})


def read_regions(path: Path) -> Regions:
    """Read regions.

    Raises:
        DatasetError: The file cannot be read or has neither points nor boxes.
    """
    sheet = read_sheet(path)
    video, frame = sheet.column(*VIDEO_COLUMNS), sheet.column("frame", "startframe")
    points = _point_columns(sheet)
    boxes = [sheet.column(side) for side in _BOX]
    has_boxes = None not in boxes
    if video is None or frame is None or not (points or has_boxes):
        raise DatasetError(
            f"{path} needs the columns video and frame, and points (<name>_x, <name>_y) or boxes ({', '.join(_BOX)})."
        )
    found: dict[str, dict[int, list[Region]]] = {}
    problems = []
    for row in sheet.rows:
        name = bare(row.cell(video))
        frames = _frames(row.cell(frame), row.cell(sheet.column("stopframe")))
        regions = [
            Region.point(at[0] + 0.5, at[1] + 0.5, what)
            for what, x, y in points
            if (at := _numbers(row, (x, y))) is not None
        ]
        if has_boxes and (sides := _numbers(row, boxes)) is not None:
            left, top, right, bottom = sides
            if left <= right and top <= bottom:
                regions.append(Region(left, top, right, bottom, row.cell(sheet.column("name", "region"))))
        if not name or frames is None or not regions:
            problems.append(f"{sheet.place(row)} is no region in a frame of a video; it is left out.")
            continue
        for index in frames:
            found.setdefault(name, {}).setdefault(index, []).extend(regions)
    return Regions(
        {name: {index: tuple(rs) for index, rs in frames.items()} for name, frames in found.items()}, tuple(problems)
    )


def has_regions(path: Path) -> bool:
    """Return whether a file names videos and frames, as a file of regions does."""
    return looks_like(path, VIDEO_COLUMNS, ("frame", "startframe"))


def _point_columns(sheet: Sheet) -> list[tuple[str, int, int]]:
    places = {title.casefold(): i for i, title in enumerate(sheet.titles)}
    return [
        (title[:-2], i, places[f"{title[:-2]}_y"])
        for title, i in places.items()
        if title.endswith("_x") and f"{title[:-2]}_y" in places
    ]


def _frames(start: str, stop: str) -> range | None:
    try:
        first = int(start)
        last = int(stop) if stop else first + 1
    except ValueError:
        return None
    return range(first, last) if 0 <= first < last <= first + _LONGEST else None


def _numbers(row: Row, columns: tuple[int, ...] | list[int | None]) -> tuple[float, ...] | None:
    try:
        numbers = tuple(float(row.cell(column)) for column in columns)
    except ValueError:
        return None
    return numbers if all(math.isfinite(number) for number in numbers) else None
