"""Reader of tables of annotations: CSV with the columns of the export, or similar ones."""

from pathlib import Path, PureWindowsPath

from skillviewer.core.text import shorten
from skillviewer.core.timelines.annotation import Annotation
from skillviewer.core.timelines.contents import TimelineContents
from skillviewer.data.tables.csv_tables import read_csv_table
from skillviewer.data.timelines.subtitles import parse_seconds

_COLUMNS = {
    "start": ("starts", "start", "starttime", "begin", "begintime", "onset", "times", "time"),
    "stop": ("stops", "stop", "stoptime", "end", "ends", "endtime", "offset"),
    "tier": ("tier", "behavior", "behaviour", "track", "kind"),
    "author": ("author", "rater", "coder", "observer", "subject"),
    "text": ("text", "label", "annotation", "comment", "commentstart", "note", "value"),
    "video": ("video", "file", "mediafile", "mediafilename", "medianame"),
}
"""Known titles of each column, in lower case and without blanks."""


def read_timed_table(path: Path, file_name: str) -> TimelineContents:
    """Return the rows of a CSV file for a video: rows that name this video, and rows that name no video.

    Rows without a time are rejected. Without a ``file_name`` all rows are read.

    Raises:
        DatasetError: The file cannot be read or is no table.
        ValueError: It has no column of times, or no row has a time.
    """
    table = read_csv_table(path)
    columns = {role: table.column(*titles) for role, titles in _COLUMNS.items()}
    if columns["start"] is None:
        raise ValueError(
            f"none of its columns ({shorten(', '.join(table.titles))}) is called start, begin, onset or time"
        )
    annotations: list[Annotation] = []
    rejected_rows: list[str] = []
    for row in table.rows:
        cells = {role: row.cell(column) for role, column in columns.items()}
        video_name = PureWindowsPath(cells["video"]).name
        if file_name and video_name not in {"", file_name, Path(file_name).stem}:
            continue
        try:
            start_s = parse_seconds(cells["start"])
            stop_s = parse_seconds(cells["stop"]) if cells["stop"] else start_s
        except ValueError:
            rejected_rows.append(f"Line {row.last_line} has no time such as 61.5 or 1:01.5.")
            continue
        tier = cells["tier"]
        if not tier:
            tier = "annotations"
        annotations.append(Annotation(tier, start_s, stop_s, text=cells["text"], author=cells["author"]))
    if rejected_rows and not annotations:
        raise ValueError(f"no row has a time such as 61.5 or 1:01.5, the first one in line {table.rows[0].last_line}")
    return TimelineContents(tuple(annotations), tuple(rejected_rows))
