"""Reader of tables of annotations: CSV with the columns of the export or similar ones, and the export's JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from skillviewer.core.timelines.annotation import Annotation
from skillviewer.data.tables.rows import plain, read_sheet
from skillviewer.data.timelines.times import seconds

_COLUMNS = {
    "start": (
        "starts",
        "start",
        "starttime",
        "begin",
        "begintime",
        "begintimesecondsmilliseconds",
        "onset",
        "times",
        "time",
    ),
    "stop": ("stops", "stop", "stoptime", "end", "ends", "endtime", "offset"),
    "duration": ("durations", "duration"),
    "tier": ("tier", "behavior", "behaviour", "track", "kind"),
    "author": ("author", "rater", "coder", "observer", "subject"),
    "text": ("text", "label", "annotation", "comment", "commentstart", "note", "value"),
    "video": ("video", "file", "mediafile", "mediafilename", "medianame"),
}
"""Names of columns, in lower case and without blanks."""


def read_timed_table(path: Path, file_name: str) -> list[Annotation]:
    """Return the rows of a CSV file that are of a video: all, if it names no videos.

    Raises:
        DatasetError: It cannot be read or is no table.
        ValueError: It has no column of times, or a time cannot be read.
    """
    sheet = read_sheet(path)
    places = {role: sheet.column(*names) for role, names in _COLUMNS.items()}
    if places["start"] is None:
        raise ValueError(f"none of its columns ({', '.join(sheet.titles)[:200]}) is called start, begin, onset or time")
    found = []
    for row in sheet.rows:
        try:
            found.append(_annotation({role: row.cell(at) for role, at in places.items()}, file_name))
        except ValueError as error:
            raise ValueError(f"{error} in line {row.line}") from error
    return [one for one in found if one is not None]


def read_rows(path: Path, file_name: str) -> list[Annotation]:
    """Return the rows of the export's JSON that are of a video.

    Raises:
        ValueError: It is no list of annotations.
    """
    rows = msgspec.json.decode(path.read_bytes(), type=list[dict[str, Any]])
    roles = {name: role for role, names in _COLUMNS.items() for name in names}
    cells = [
        {roles.get(plain(name), name): str(cell) for name, cell in row.items() if cell is not None} for row in rows
    ]
    return [one for row in cells if (one := _annotation({"text": row.pop("text", ""), **row}, file_name)) is not None]


def _annotation(cells: Mapping[str, str], file_name: str) -> Annotation | None:
    """Return one row, or None if it is of another video."""
    video = cells.get("video", "").replace("\\", "/").rsplit("/", 1)[-1]
    if video and file_name and video != file_name and video != file_name.rsplit(".", 1)[0]:
        return None
    start_s = seconds(cells.get("start", ""))
    stop_s = seconds(cells["stop"]) if cells.get("stop") else start_s
    if not cells.get("stop") and cells.get("duration"):
        stop_s = start_s + seconds(cells["duration"])
    tier = cells.get("tier") or "annotations"
    return Annotation(tier, start_s, stop_s, cells.get("text", ""), cells.get("author", ""))
