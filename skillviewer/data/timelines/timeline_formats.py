"""Formats of timeline files. To add a format, write a reader and add an entry to the table."""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from xml.etree.ElementTree import ParseError

from skillviewer.core.errors import DatasetError, os_reason
from skillviewer.core.timelines.annotation import Annotation
from skillviewer.core.timelines.contents import TimelineContents
from skillviewer.data.timelines.boris import read_boris
from skillviewer.data.timelines.eaf import read_eaf
from skillviewer.data.timelines.subtitles import read_subtitles
from skillviewer.data.timelines.textgrid import read_textgrid
from skillviewer.data.timelines.timed_table import read_timed_table

MAX_BYTES = 64 << 20
"""Larger files are refused."""

_READERS: Mapping[str, Callable[[Path, str], TimelineContents]] = {
    ".eaf": read_eaf,
    ".boris": read_boris,
    ".textgrid": read_textgrid,
    ".vtt": read_subtitles,
    ".srt": read_subtitles,
    ".csv": read_timed_table,
    ".tsv": read_timed_table,
}
ONLY_TIMELINES = frozenset(_READERS) - {".csv", ".tsv"}
"""Suffixes, in lower case, of files that can only be timelines."""


def read_timeline(
    path: Path, file_name: str = "", observations: Collection[str] = (), encoding: str = ""
) -> TimelineContents:
    """Return the annotations of a timeline in order of time. The suffix of the file states the format.

    Annotations with impossible times are rejected.

    Args:
        path: The file.
        file_name: Name of the file of the video, which chooses among the videos of the timeline.
        observations: Names of the observations to read, for BORIS projects.
        encoding: Name of the encoding of subtitles that are not in Unicode, or "".

    Raises:
        DatasetError: The file cannot be read, is too large or damaged, or has no such observation.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DatasetError(f"{path} is no timeline: choose a file that ends in {', '.join(_READERS)}.")
    if observations and path.suffix.lower() != ".boris":
        raise DatasetError(f"{path} has no observations to choose from: only BORIS projects have.")
    if encoding and reader is not read_subtitles:
        raise DatasetError(f"{path} takes no encoding: subtitles alone come in several.")
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise DatasetError(f"{path} has {size >> 20} MB; timelines may have {MAX_BYTES >> 20} MB.")
        if encoding:
            contents = read_subtitles(path, file_name, encoding)
        elif observations:
            contents = read_boris(path, file_name, observations)
        else:
            contents = reader(path, file_name)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {os_reason(error)}.") from error
    except (ValueError, ParseError, LookupError, OverflowError, RecursionError, StopIteration) as error:
        reason = "it ends too early" if isinstance(error, StopIteration) else str(error).rstrip(".")
        raise DatasetError(f"{path} is no timeline that can be read: {reason}.") from error
    return _with_possible_times(contents)


def _with_possible_times(contents: TimelineContents) -> TimelineContents:
    """Return contents in order of time, with impossible annotations rejected."""
    possible = []
    rejected_annotations = []
    for annotation in contents.annotations:
        if _is_possible(annotation):
            possible.append(annotation)
        else:
            rejected_annotations.append(
                f"An annotation of the tier “{annotation.tier}” lasts from {annotation.start_s:g} s to "
                f"{annotation.stop_s:g} s, which cannot be."
            )
    in_order = sorted(possible, key=attrgetter("start_s", "stop_s"))
    return replace(contents, annotations=tuple(in_order), rejected=(*contents.rejected, *rejected_annotations))


def _is_possible(annotation: Annotation) -> bool:
    return 0 <= annotation.start_s <= annotation.stop_s and math.isfinite(annotation.stop_s)
