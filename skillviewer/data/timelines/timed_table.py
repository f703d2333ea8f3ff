"""Reader of tables of annotations: CSV with the columns of the export, or similar ones."""

from pathlib import Path, PureWindowsPath

from skillviewer.core.text import short
from skillviewer.core.timelines.annotation import Annotation
from skillviewer.core.timelines.contents import TimelineContents
from skillviewer.data.tables.rows import read_sheet
from skillviewer.data.timelines.subtitles import seconds

_COLUMNS = {
    "start": ("starts", "start", "starttime", "begin", "begintime", "onset", "times", "time"),
    "stop": ("stops", "stop", "stoptime", "end", "ends", "endtime", "offset"),
    "tier": ("tier", "behavior", "behaviour", "track", "kind"),
    "author": ("author", "rater", "coder", "observer", "subject"),
    "text": ("text", "label", "annotation", "comment", "commentstart", "note", "value"),
    "video": ("video", "file", "mediafile", "mediafilename", "medianame"),
}
"""Names of columns, in lower case and without blanks."""


def read_timed_table(path: Path, file_name: str) -> TimelineContents:
    """Return the rows of a CSV file that are of a video: all, if it names no videos. Rows without a time are rejected.

    Raises:
        DatasetError: It cannot be read or is no table.
        ValueError: It has no column of times, or no row has a time.
    """
    sheet = read_sheet(path)
    places = {role: sheet.column(*names) for role, names in _COLUMNS.items()}
    if places["start"] is None:
        raise ValueError(
            f"none of its columns ({short(', '.join(sheet.titles))}) is called start, begin, onset or time"
        )
    annotations: list[Annotation] = []
    rejected: list[str] = []
    for row in sheet.rows:
        cells = {role: row.cell(column) for role, column in places.items()}
        if PureWindowsPath(cells["video"]).name in {"", file_name, Path(file_name).stem} or not file_name:
            try:
                start_s, stop_s = seconds(cells["start"]), seconds(cells["stop"] or cells["start"])
            except ValueError:
                rejected.append(f"Line {row.line} has no time such as 61.5 or 1:01.5.")
                continue
            annotations.append(
                Annotation(cells["tier"] or "annotations", start_s, stop_s, cells["text"], cells["author"])
            )
    if rejected and not annotations:
        raise ValueError(f"no row has a time such as 61.5 or 1:01.5, the first one in line {sheet.rows[0].line}")
    return TimelineContents(tuple(annotations), tuple(rejected))
