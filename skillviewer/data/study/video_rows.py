"""Records of a study's videos, and results of adding or searching for them."""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PureWindowsPath

from skillviewer.core.video.clips import ClipRange, range_cells, range_from_cells
from skillviewer.data.study.identity import Identity


class FileState(StrEnum):
    """State of a video's file."""

    PRESENT = "present"  # in its recorded place
    MOVED = "moved"  # not there, but a file with its name and size lies next to the study or the other videos
    MISSING = "missing"  # not found
    REPLACED = "replaced"  # another file is in its place


@dataclass(frozen=True, slots=True)
class StudyVideo:
    """A video of a study."""

    id: int  # its permanent number
    name: str  # its name; unique in the study
    path: Path | None  # path that can be opened now (after a move or a replacement too), or None
    recorded_path: str  # path when it was added or last found
    state: FileState  # state of the file, by name, size and time stamp
    unsure: bool  # whether the file has the same size but another time stamp, so that ``check`` must read it
    size_bytes: int
    digest: str  # SHA-256 of the file, or "" if it was never seen
    clip_range: ClipRange | None  # part of the file that shows the attempt, or None for the whole
    participant: str | None  # the person in the video, or None if unknown
    task: str  # the task shown; videos of different tasks are never compared
    occasion: str  # time of the attempt ("pre", "post", a date), or "" if unknown
    notes: str  # notes of the users
    context: str  # circumstances (camera, tool, assistance)
    sync_s: float | None  # time that is aligned with the other video's when a pair plays, or None
    camera_of: int | None = None  # number of the assessed video of the same attempt, or None if this is one
    offset_s: float | None = None  # of a camera: time in its file minus time in the assessed file, or None if unknown
    offset_confidence: float | None = None  # 0 to 1 if sound gave the offset, or None if it was set by hand

    @property
    def clip_id(self) -> tuple[str, ClipRange | None]:
        """Identity of the clip wherever the file lies (``Analysis.clip_id``)."""
        return self.digest, self.clip_range

    @property
    def recorded(self) -> Path:
        """Recorded path, also one from another system."""
        text = self.recorded_path
        return Path(PureWindowsPath(text).as_posix() if "\\" in text and "/" not in text else text)


@dataclass(frozen=True, slots=True)
class NewVideo:
    """A video to add."""

    path: Path | None  # the file, or None if it was not found
    name: str = ""  # its name, or "" for the stem of the file
    participant: str | None = None  # the person in the video, or None
    task: str = ""  # the task shown
    clip_range: ClipRange | None = None  # part of the file that shows the attempt, or None for the whole
    identity: Identity | None = None  # identity of the file, which is then not read, or None
    occasion: str = ""  # time of the attempt, or ""


@dataclass(frozen=True, slots=True)
class Added:
    """Result of adding videos."""

    # names in the study, one per video in the given order; None for a video that could not be added
    names: tuple[str | None, ...]
    known_names: tuple[str, ...]  # names of videos that the study had already (equal bytes)
    problems: tuple[str, ...]  # failures, one sentence each


@dataclass(frozen=True, slots=True)
class Relinked:
    """Result of a search for moved videos."""

    located: tuple[str, ...]  # names of the videos found again
    missing: tuple[str, ...]  # names of the videos still missing
    replaced: tuple[str, ...]  # names of the videos with another file in their place
    problems: tuple[str, ...] = ()  # candidate files that cannot be read, one sentence each


def format_clip_range(clip_range: ClipRange | None) -> str:
    """Return a range as a word, "" for the whole file."""
    if clip_range is None:
        return ""
    unit, start, stop = range_cells(clip_range)
    return f"{unit} {_number(start)} {_number(stop)}"


def _number(value: float) -> str:
    """Return a number in all its digits, to distinguish parts of long files."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def clip_range_from_row(row: sqlite3.Row) -> ClipRange | None:
    """Return the range in a row of the table of videos."""
    return range_from_cells(row["extent_unit"], row["extent_start"], row["extent_stop"])
