"""Folders of numbered pictures as videos: one frame per picture, at a stated rate."""

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import ExportError, VideoError, os_error_as
from skillviewer.core.progress import CancelToken
from skillviewer.media.writing.writer import VideoWriter

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
_NUMBERED = re.compile(r"(.*?)(\d+)")
_MIN_FRAMES = 2
"""Fewest numbered pictures of a video."""
_MAX_SHOWN = 3


@dataclass(frozen=True, slots=True)
class FrameFolder:
    """A folder of numbered pictures: its path below the searched folder, its pictures by number, and other files."""

    name: str
    frames: tuple[tuple[int, Path], ...]
    left_out: tuple[str, ...]

    @property
    def gaps(self) -> int:
        """Number of missing numbers between the first and the last."""
        return self.frames[-1][0] - self.frames[0][0] + 1 - len(self.frames)


def frame_folders(folder: Path) -> tuple[list[FrameFolder], list[str]]:
    """Return the folders of numbered pictures in a folder, at any depth but not hidden, and problems with others.

    Raises:
        VideoError: There is no such folder.
    """
    if not folder.is_dir():
        raise VideoError(f"There is no folder {folder} to look for pictures in.")
    folders: list[FrameFolder] = []
    problems: list[str] = []
    for place in [folder, *sorted(path for path in folder.rglob("*") if path.is_dir())]:
        relative = place.relative_to(folder)
        if any(part.startswith(".") for part in relative.parts):
            continue
        try:
            frame_folder = _numbered(place, relative.as_posix() if relative.parts else folder.absolute().name)
            folders += [frame_folder] if frame_folder is not None else []
        except VideoError as error:
            problems.append(str(error))
    return folders, problems


def _numbered(place: Path, name: str) -> FrameFolder | None:
    """Return a folder's numbered pictures, None if too few; refuse several names, and two pictures of one number."""
    files = sorted(path for path in place.iterdir() if path.is_file() and not path.name.startswith("."))
    pictures = [path for path in files if path.suffix.lower() in PICTURE_SUFFIXES]
    matched = [(path, match) for path in pictures if (match := _NUMBERED.fullmatch(path.stem))]
    if len(matched) < _MIN_FRAMES:
        return None
    before = sorted({match[1] for _, match in matched})
    if len(before) > 1:
        names = ", ".join(f"“{word}…”" for word in before[:_MAX_SHOWN])
        raise VideoError(f"{name} holds numbered pictures of {len(before)} names ({names}): move them apart.")
    frames = sorted((int(match[2]), path) for path, match in matched)
    for (number, path), (following, other) in pairwise(frames):
        if number == following:
            raise VideoError(f"{name} holds two pictures of the number {number}: {path.name} and {other.name}.")
    frame_paths = {path for _, path in frames}
    return FrameFolder(name, tuple(frames), tuple(path.name for path in files if path not in frame_paths))


def write_frames(
    folder: FrameFolder, path: Path, rate_hz: float, token: CancelToken, *, overwrite: bool = False
) -> list[str]:
    """Write a folder of pictures as a video; at a missing number the previous picture is shown for longer.

    A picture is shown at (its number - the first number) / rate. A raised token leaves no file.

    Returns:
        Notices, one sentence each: missing numbers, unreadable pictures, other files.

    Raises:
        VideoError: Pictures have several sizes, or fewer than two are readable.
        ExportError: The video cannot be written, or exists.
    """
    unread: list[str] = []
    first = next((picture for _, file in folder.frames if (picture := _read(file)) is not None), None)
    if first is None:
        raise VideoError(f"None of the {len(folder.frames)} pictures of {folder.name} can be read.")
    height, width = first.shape[:2]
    with os_error_as(ExportError, f"{path.parent} could not be made"):
        path.parent.mkdir(parents=True, exist_ok=True)
    n_written = 0
    with VideoWriter(path, width, height, rate_hz=rate_hz, quality="best", overwrite=overwrite) as writer:
        for number, file in folder.frames:
            token.check()
            picture = _read(file)
            if picture is None:
                unread.append(file.name)
                continue
            if picture.shape != first.shape:
                raise VideoError(
                    f"{folder.name}: {file.name} is {picture.shape[1]} x {picture.shape[0]} pixels, the first picture "
                    f"{width} x {height}: bring them to one size."
                )
            writer.write(picture, (number - folder.frames[0][0]) / rate_hz)
            n_written += 1
        if n_written < _MIN_FRAMES:
            raise VideoError(f"{n_written} of the {len(folder.frames)} pictures of {folder.name} can be read: too few.")
    notices = [
        (folder.gaps, "numbers are missing; the previous picture is shown for longer", ""),
        (len(unread), "pictures cannot be read", ", ".join(unread[:_MAX_SHOWN])),
        (len(folder.left_out), "files are no numbered pictures", ", ".join(folder.left_out[:_MAX_SHOWN])),
    ]
    return [f"{folder.name}: {n} {text}{f' ({names})' if names else ''}." for n, text, names in notices if n]


def _read(file: Path) -> RGBImage | None:
    try:
        data = np.frombuffer(file.read_bytes(), np.uint8)
    except OSError:
        return None
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if len(data) else None
    return None if picture is None else np.ascontiguousarray(picture)
