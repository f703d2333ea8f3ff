"""Records of the videos of a study, and the results of adding videos and of relinking them."""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PureWindowsPath

from skillviewer.core.video.clips import ClipRange, range_cells, range_from_cells
from skillviewer.data.study.identity import Identity


class FileState(StrEnum):
    """State of a video's file."""

    PRESENT = "present"  # in its recorded place
    MOVED = "moved"  # not in its place, but a file with its name and size lies next to the study or the other videos
    MISSING = "missing"  # not found
    REPLACED = "replaced"  # another file is in its place


@dataclass(frozen=True, slots=True)
class StudyVideo:
    """A video of a study."""

    id: int  # permanent number
    name: str  # unique in the study
    path: Path | None  # path that can be opened now (after a move or a replacement too), or None
    recorded_path: str  # path when the video was added or last found
    state: FileState  # state of the file, by name, size and time stamp
    must_check: bool  # whether ``check`` must read the file, since it has the same size but another time stamp
    size_bytes: int
    digest: str  # SHA-256 of the file, or "" if it was never seen
    clip_range: ClipRange | None  # part of the file that shows the attempt, or None for the whole
    participant: str | None  # the person in the video, or None if unknown
    task: str  # the task shown; videos of different tasks are never compared
    occasion: str  # time of the attempt ("pre", "post", a date), or "" if unknown
    notes: str  # notes of the users
    context: str  # circumstances (camera, tool, assistance)
    sync_s: float | None  # time that is aligned with the other video's when a pair plays, or None
    camera_of: int | None = None  # of a camera: number of the assessed video; None for an assessed video
    offset_s: float | None = None  # of a camera: time in its file minus time in the assessed file, or None if unknown
    offset_confidence: float | None = None  # 0 to 1 if the offset was found by sound, or None if it was set by hand

    @property
    def clip_id(self) -> tuple[str, ClipRange | None]:
        """Identity of the clip, whatever the path of its file (see ``Analysis.clip_id``)."""
        return self.digest, self.clip_range

    @property
    def recorded_file(self) -> Path:
        """Recorded path with forward slashes, even if it was recorded on Windows."""
        text = self.recorded_path
        if "\\" in text and "/" not in text:
            text = PureWindowsPath(text).as_posix()
        return Path(text)


@dataclass(frozen=True, slots=True)
class NewVideo:
    """A video to add."""

    path: Path | None  # the file, or None if it was not found
    name: str = ""  # name of the video, or "" for the stem of the file
    participant: str | None = None  # the person in the video, or None
    task: str = ""  # the task shown
    clip_range: ClipRange | None = None  # part of the file that shows the attempt, or None for the whole
    identity: Identity | None = None  # identity of the file, or None to read the file for it
    occasion: str = ""  # time of the attempt, or ""


@dataclass(frozen=True, slots=True)
class AddedVideos:
    """Result of adding videos."""

    # name in the study of each given video, or None if the video could not be added
    names: tuple[str | None, ...]
    known_names: tuple[str, ...]  # names of videos that the study had already
    problems: tuple[str, ...]  # failures, one sentence each


@dataclass(frozen=True, slots=True)
class RelinkResult:
    """Result of a search for moved videos."""

    located: tuple[str, ...]  # names of the videos found again
    missing: tuple[str, ...]  # names of the videos still missing
    replaced: tuple[str, ...]  # names of the videos with another file in their place
    problems: tuple[str, ...] = ()  # candidate files that cannot be read, one sentence each


def format_clip_range(clip_range: ClipRange | None) -> str:
    """Return a range as stored text, such as "frame 100 200"; "" for the whole file."""
    if clip_range is None:
        return ""
    unit, start, stop = range_cells(clip_range)
    return f"{unit} {_format_exactly(start)} {_format_exactly(stop)}"


def _format_exactly(value: float) -> str:
    """Return a number with all its digits, so that parts of long files differ."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def clip_range_from_row(row: sqlite3.Row) -> ClipRange | None:
    """Return the range in a row of the table of videos."""
    return range_from_cells(row["extent_unit"], row["extent_start"], row["extent_stop"])
