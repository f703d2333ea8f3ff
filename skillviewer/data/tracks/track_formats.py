"""Formats of track files, and the import of a file. A new format is one reader and one line in TRACK_FORMATS."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from xml.etree.ElementTree import ParseError

from skillviewer.core.errors import DatasetError, first_line, os_error_as
from skillviewer.core.registry import look_up, table
from skillviewer.core.tracks.tracks import TrackSet
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.tracks.cvat import read_cvat
from skillviewer.data.tracks.deeplabcut import read_deeplabcut, write_deeplabcut
from skillviewer.data.tracks.keypoint_json import read_coco, read_openpose, read_xanylabeling
from skillviewer.data.tracks.motion_analysis import read_kinovea_csv, read_kinovea_text, read_kva, read_tracker
from skillviewer.data.tracks.placing import PIXELS, Placement, TrackImport, place_tracks
from skillviewer.data.tracks.raw_tracks import RawTracks
from skillviewer.data.tracks.region_points import read_region_points, write_region_points
from skillviewer.data.tracks.skillviewer_csv import read_skillviewer_csv, write_skillviewer_csv
from skillviewer.data.tracks.sleap import read_sleap_csv, read_sleap_hdf5

MAX_BYTES = 256 << 20
"""Larger files are refused."""

_HEAD_BYTES = 65_536


class TrackWriter(Protocol):
    """A function that writes tracks to a file."""

    def __call__(self, tracks: TrackSet, path: Path, *, overwrite: bool) -> None:
        """Write the file."""


@dataclass(frozen=True, slots=True)
class TrackFormat:
    """A format of track files.

    Attributes:
        name: Name by which it is requested.
        title: Name for the user.
        recognise: Returns True if a path, with the beginning of its text, has this format. The text of a folder is that
            of its first file.
        read: Reads a path, or raises a ValueError or a DatasetError.
        write: Writes tracks; None if the program cannot write the format.
    """

    name: str
    title: str
    recognise: Callable[[Path, str], bool]
    read: Callable[[Path], RawTracks]
    write: TrackWriter | None = None


def _starts_with(*words: str) -> Callable[[Path, str], bool]:
    return lambda _path, head: head.lstrip('"').startswith(words)


def _contains(*words: str) -> Callable[[Path, str], bool]:
    return lambda _path, head: all(word in head for word in words)


def _first_line_contains(*words: str) -> Callable[[Path, str], bool]:
    return lambda _path, head: all(word in head.partition("\n")[0] for word in words)


def _is_tracker(_path: Path, head: str) -> bool:
    lines = head.split("\n")[:4]
    return head.startswith("#multi:") or any(line.replace(" ", "").startswith(("t\tx\ty", "t;x;y")) for line in lines)


TRACK_FORMATS = table(
    TrackFormat(
        "csv",
        "SkillViewer CSV",
        recognise=_starts_with("frame,time_s,width_px,height_px"),
        read=read_skillviewer_csv,
        write=write_skillviewer_csv,
    ),
    TrackFormat(
        "deeplabcut", "DeepLabCut CSV", recognise=_starts_with("scorer,"), read=read_deeplabcut, write=write_deeplabcut
    ),
    TrackFormat("sleap", "SLEAP analysis HDF5", _starts_with("\x89HDF"), read_sleap_hdf5),
    TrackFormat("sleap-csv", "SLEAP CSV", _first_line_contains("frame_idx", ".x"), read_sleap_csv),
    TrackFormat("openpose", "OpenPose JSON", _contains('"people"'), read_openpose),
    TrackFormat("coco", "COCO key points", _contains('"categories"'), read_coco),
    TrackFormat("x-anylabeling", "X-AnyLabeling JSON", _contains('"shapes"'), read_xanylabeling),
    TrackFormat("kinovea-csv", "Kinovea CSV", _first_line_contains("Time", "/X"), read_kinovea_csv),
    TrackFormat("kinovea-text", "Kinovea text", _starts_with("#Kinovea"), read_kinovea_text),
    TrackFormat("kva", "Kinovea KVA", _contains("<KinoveaVideoAnalysis"), read_kva),
    TrackFormat("tracker", "Tracker text", _is_tracker, read_tracker),
    TrackFormat("cvat", "CVAT XML 1.1", _contains("<annotations"), read_cvat),
    TrackFormat(
        "regions",
        "regions.csv",
        recognise=_first_line_contains("video", "frame"),
        read=read_region_points,
        write=write_region_points,
    ),
)
"""Every format, in the order in which files are tried."""


def recognised_track_format(path: Path, name: str | None = None) -> TrackFormat:
    """Return the format with a name, or else the format of a file or folder by its content.

    Raises:
        DatasetError: The path cannot be read or has no known format, or there is no format with the name.
    """
    if name is not None:
        return look_up(TRACK_FORMATS, name, "format of tracks", DatasetError)
    head = _head(path)
    for entry in TRACK_FORMATS:
        if entry.recognise(path, head):
            return entry
    titles = ", ".join(entry.title for entry in TRACK_FORMATS)
    raise DatasetError(f"{path} is in none of the known formats of tracks: {titles}.")


_SUFFIXES = {".csv", ".txt", ".json", ".h5", ".hdf5", ".xml", ".kva"}
_REQUIRED_TEXT = {
    "openpose": '"people"',
    "coco": '"keypoints"',
    "x-anylabeling": '"shape_type"',
    "deeplabcut": "bodyparts",
}
"""Text that the beginning of a file must contain to count as tracks, by format."""


def is_track_file(path: Path) -> bool:
    """Return True if the content of a file, or of a folder of JSON files, is tracks.

    Tables of regions are excluded, because any table may have their two columns.
    """
    if path.is_dir():
        files = [file for file in path.iterdir() if file.is_file() and not file.name.startswith(".")]
        if not files or any(file.suffix.casefold() != ".json" for file in files):
            return False
    elif path.suffix.casefold() not in _SUFFIXES:
        return False
    try:
        name = recognised_track_format(path).name
        head = _head(path)
    except DatasetError:
        return False
    return name != "regions" and _REQUIRED_TEXT.get(name, "") in head


def read_tracks(
    path: Path, video: VideoInfo, placement: Placement = PIXELS, format_name: str | None = None
) -> TrackImport:
    """Read a file or folder of tracks, and place them on a video.

    Raises:
        DatasetError: The path cannot be read, does not belong to the video, or needs a statement of its units.
    """
    entry = recognised_track_format(path, format_name)
    if not path.is_dir():
        with os_error_as(DatasetError, f"{path} cannot be read"):
            size = path.stat().st_size
        if size > MAX_BYTES:
            raise DatasetError(f"{path} has {size >> 20} MB; files of tracks may have {MAX_BYTES >> 20} MB.")
    try:
        raw_tracks = read_region_points(path, video.path.stem) if entry.name == "regions" else entry.read(path)
        return place_tracks(raw_tracks, video, placement, source=path.name, tool=entry.title)
    except (ValueError, TypeError, LookupError, ArithmeticError, RuntimeError, ParseError) as error:
        raise DatasetError(f"{path} is no {entry.title} that can be read: {first_line(error)}.") from error
    except OSError as error:
        reason = error.strerror
        if not reason:
            reason = first_line(error)
        raise DatasetError(f"{path} cannot be read: {reason}.") from error


def _head(path: Path) -> str:
    with os_error_as(DatasetError, f"{path} cannot be read"):
        file_path = path
        if path.is_dir():
            json_paths = sorted(file for file in path.iterdir() if file.suffix.casefold() == ".json")
            if not json_paths:
                raise DatasetError(f"The folder {path} holds no JSON files of tracks.")
            file_path = json_paths[0]
        with file_path.open("rb") as file:
            start = file.read(_HEAD_BYTES)
    is_utf16 = start[:2] in {b"\xff\xfe", b"\xfe\xff"}
    encoding = "utf-16" if is_utf16 else "latin-1"
    return start.decode(encoding).removeprefix("\xef\xbb\xbf")
