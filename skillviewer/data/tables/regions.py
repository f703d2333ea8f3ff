"""Regions that show skill, frame by frame, as CSV.

Columns ``video`` and ``frame`` (from 0), and either points, as pairs of columns ``<name>_x`` and ``<name>_y``, or a box
``left``, ``top``, ``right``, ``bottom`` with an optional ``name`` and an optional ``stop_frame`` (exclusive) for a box
that stays. Coordinates are pixels of the displayed picture: a point (0, 0) is the centre of the top left pixel, and a
box from 0 to 1 is that pixel. Several rows may refer to one frame.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.errors import DatasetError
from skillviewer.core.evaluation.localisation import Region
from skillviewer.data.tables.participants import VIDEO_COLUMNS
from skillviewer.data.tables.rows import CsvTable, TableRow, read_sheet
from skillviewer.data.tables.video_names import VideoNames, video_name

_BOX = ("left", "top", "right", "bottom")
_LONGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Regions:
    """Regions by video and frame."""

    by_video: Mapping[str, Mapping[int, tuple[Region, ...]]]  # regions by video name, then by frame index
    problems: tuple[str, ...]  # unreadable rows, one sentence each

    def of(self, video: str) -> Mapping[int, tuple[Region, ...]]:
        """Return the regions of a video by frame index; empty if it has none."""
        return self.by_video.get(video, {})


def read_regions(path: Path, names: Sequence[str] = ()) -> Regions:
    """Read regions. Names that are none of the videos' are kept as written.

    Raises:
        DatasetError: The file cannot be read or has neither points nor boxes.
    """
    sheet = read_sheet(path)
    video = sheet.column(*VIDEO_COLUMNS)
    frame = sheet.column("frame", "startframe")
    points = _point_columns(sheet)
    boxes = [sheet.column(side) for side in _BOX]
    has_boxes = None not in boxes
    if video is None or frame is None or not (points or has_boxes):
        raise DatasetError(
            f"{path} needs the columns video and frame, and points (<name>_x, <name>_y) or boxes ({', '.join(_BOX)})."
        )
    by_video: dict[str, dict[int, list[Region]]] = {}
    problems = []
    video_names = VideoNames(names)
    for row in sheet.rows:
        name = video_names.find(row.cell(video)) or video_name(row.cell(video))
        frames = _frames(sheet, row.cell(frame), row.cell(sheet.column("stopframe")))
        regions, strange = _points(sheet, row, points)
        if has_boxes and (sides := _numbers(sheet, row, boxes)) is not None:
            left, top, right, bottom = sides
            if left <= right and top <= bottom:
                regions.append(Region(left, top, right, bottom, row.cell(sheet.column("name", "region"))))
        if not name or frames is None or not regions:
            problems.append(f"{sheet.place(row)} is no region in a frame of a video; it is left out.")
            continue
        if strange:
            problems.append(f"{sheet.place(row)} has no two numbers for {strange}; the rest of the line counts.")
        for index in frames:
            by_video.setdefault(name, {}).setdefault(index, []).extend(regions)
    return Regions(
        {name: {index: tuple(rs) for index, rs in frames.items()} for name, frames in by_video.items()},
        (*problems, *video_names.renumbered(path.name)),
    )


def _point_columns(sheet: CsvTable) -> list[tuple[str, int, int]]:
    places = {title.casefold(): i for i, title in enumerate(sheet.titles)}
    return [
        (title[:-2], i, places[f"{title[:-2]}_y"])
        for title, i in places.items()
        if title.endswith("_x") and f"{title[:-2]}_y" in places
    ]


def _points(sheet: CsvTable, row: TableRow, points: list[tuple[str, int, int]]) -> tuple[list[Region], str]:
    """Return the points of a row, and the name of an unreadable one, or ""."""
    regions = []
    strange = ""
    for point_name, x, y in points:
        point = _numbers(sheet, row, (x, y))
        if point is not None:
            regions.append(Region.point(point[0] + 0.5, point[1] + 0.5, point_name))
        elif row.cell(x) or row.cell(y):
            strange = point_name
    return regions, strange


def _frames(sheet: CsvTable, start: str, stop: str) -> range | None:
    first = sheet.number(start)
    if first is None:
        return None
    last = sheet.number(stop) if stop else first + 1
    if last is None or not first.is_integer() or not last.is_integer():
        return None
    return range(int(first), int(last)) if 0 <= first < last <= first + _LONGEST else None


def _numbers(sheet: CsvTable, row: TableRow, columns: tuple[int, ...] | list[int | None]) -> tuple[float, ...] | None:
    numbers = tuple(number for column in columns if (number := sheet.number(row.cell(column))) is not None)
    return numbers if len(numbers) == len(columns) else None
