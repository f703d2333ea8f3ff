"""What is known of a video of a study, and what became of adding or looking for some."""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PureWindowsPath

from skillviewer.core.video.extents import ClipRange, range_cells, range_from
from skillviewer.data.study.identity import Identity


class FileState(StrEnum):
    """Where the file of a video is."""

    PRESENT = "present"  # where it was
    MOVED = "moved"  # not where it was, but one of its name and size lies beside the study or the other videos
    MISSING = "missing"  # nowhere
    REPLACED = "replaced"  # another file is in its place


@dataclass(frozen=True, slots=True)
class StudyVideo:
    """A video of a study.

    Attributes:
        id: Its number, for good.
        name: Its name; unique in the study.
        path: The file as it can be opened now (also where it moved to, and what replaced it), or None.
        recorded_path: Where it was when it was added or last found.
        state: Where the file is, told by name, size and time stamp.
        unsure: Whether the file is as large as it was and has another time stamp: ``check`` reads it and tells.
        size_bytes: Size.
        digest: SHA-256 of the file, or "" while it was never seen.
        extent: The part of the file that is the attempt, or None for the whole.
        participant: The person in it, or None where nobody says.
        task: What is done in it; videos of two tasks are never compared.
        notes: What people noted of it.
        context: Circumstances (camera, tool, assistance).
        sync_s: The time that meets another video's when a pair plays, or None.
    """

    id: int
    name: str
    path: Path | None
    recorded_path: str
    state: FileState
    unsure: bool
    size_bytes: int
    digest: str
    extent: ClipRange | None
    participant: str | None
    task: str
    notes: str
    context: str
    sync_s: float | None

    @property
    def subject(self) -> tuple[str, ClipRange | None]:
        """What analyses of it are of, wherever the file lies (``Analysis.subject``)."""
        return self.digest, self.extent

    @property
    def recorded(self) -> Path:
        """Where the file was, also where it was on another system."""
        text = self.recorded_path
        return Path(PureWindowsPath(text).as_posix() if "\\" in text and "/" not in text else text)


@dataclass(frozen=True, slots=True)
class NewVideo:
    """A video that is to be added.

    Attributes:
        path: The file, or None where it was not found.
        name: Its name, or "" for the stem of the file.
        participant: The person in it, or None.
        task: What is done in it.
        extent: The part of the file that is the attempt, or None for the whole.
        identity: What is known of the file, which is then not read, or None.
    """

    path: Path | None
    name: str = ""
    participant: str | None = None
    task: str = ""
    extent: ClipRange | None = None
    identity: Identity | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """What became of videos that were to be added.

    Attributes:
        names: Names in the study, one for every video in the order given; None where it could not be added.
        known: Names of those that the study had already (the same bytes).
        problems: What could not be added, one sentence each.
    """

    names: tuple[str | None, ...]
    known: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Relinked:
    """What a search for moved videos came to.

    Attributes:
        found: Names of videos that were found again.
        missing: Names of those that still miss.
        replaced: Names of those in whose place another file is.
        problems: Files that seemed to be theirs and cannot be read, one sentence each.
    """

    found: tuple[str, ...]
    missing: tuple[str, ...]
    replaced: tuple[str, ...]
    problems: tuple[str, ...] = ()


def extent_text(extent: ClipRange | None) -> str:
    """Return an extent as a word, "" for the whole file."""
    if extent is None:
        return ""
    unit, start, stop = range_cells(extent)
    return f"{unit} {_number(start)} {_number(stop)}"


def _number(value: float) -> str:
    """Return a number in all its digits; it tells parts of long files apart."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def extent_of(row: sqlite3.Row) -> ClipRange | None:
    """Return the extent in a row of the table of videos."""
    return range_from(row["extent_unit"], row["extent_start"], row["extent_stop"])
