"""The table of timeline forms that can be read. To add one: a module with a function, and an entry here."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.etree.ElementTree import ParseError

from skillviewer.core.errors import DatasetError
from skillviewer.core.timelines.annotation import Annotation
from skillviewer.data.timelines.boris import read_boris
from skillviewer.data.timelines.eaf import read_eaf
from skillviewer.data.timelines.subtitles import read_subtitles
from skillviewer.data.timelines.textgrid import read_textgrid
from skillviewer.data.timelines.timed_table import read_timed_table

MOST_BYTES = 64 << 20
"""Larger files are refused."""

_READERS: Mapping[str, Callable[[Path, str], list[Annotation]]] = {
    ".eaf": read_eaf,
    ".boris": read_boris,
    ".textgrid": read_textgrid,
    ".vtt": read_subtitles,
    ".srt": read_subtitles,
    ".csv": read_timed_table,
    ".tsv": read_timed_table,
}
ONLY_TIMELINES = frozenset(_READERS) - {".csv", ".tsv"}
"""Suffixes of files that are nothing but timelines, in lower case."""


def read_timeline(path: Path, file_name: str = "") -> list[Annotation]:
    """Return the annotations of a timeline, by time; the file's suffix tells the form.

    ``file_name`` is that of the video's file, which chooses among the videos of the timeline.

    Raises:
        DatasetError: The file cannot be read, is too large, is not of its form, or has impossible times.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DatasetError(f"{path} is no timeline: choose a file that ends in {', '.join(_READERS)}.")
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise DatasetError(f"{path} has {size >> 20} MB; timelines may have {MOST_BYTES >> 20} MB.")
        found = reader(path, file_name)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, ParseError, LookupError, OverflowError, RecursionError, StopIteration) as error:
        about = "it ends too early" if isinstance(error, StopIteration) else str(error).rstrip(".")
        raise DatasetError(f"{path} is no timeline that can be read: {about}.") from error
    for one in found:
        if not (0 <= one.start_s <= one.stop_s and math.isfinite(one.stop_s)):
            times = f"from {one.start_s:g} s to {one.stop_s:g} s"
            raise DatasetError(f"{path} has an annotation {times} in the tier “{one.tier}”: correct it there.")
    return sorted(found, key=lambda one: (one.start_s, one.stop_s))
