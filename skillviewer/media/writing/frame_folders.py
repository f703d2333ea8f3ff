"""Writing of folders of numbered pictures as videos, with one frame per picture, at a stated rate."""

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
_NUMBERED = re.compile(r"(?P<prefix>.*?)(?P<number>\d+)")
_MIN_PICTURES = 2
"""Smallest number of pictures that make a video."""
_MAX_LISTED_NAMES = 3


@dataclass(frozen=True, slots=True)
class FrameFolder:
    """A folder of numbered pictures."""

    name: str  # path below the searched folder
    pictures: tuple[tuple[int, Path], ...]  # number and path, ascending
    other_files: tuple[str, ...]  # names of files that are no numbered pictures

    @property
    def n_missing(self) -> int:
        """Number of missing numbers between the first and the last."""
        first_number, _ = self.pictures[0]
        last_number, _ = self.pictures[-1]
        return last_number - first_number + 1 - len(self.pictures)


def frame_folders(folder: Path) -> tuple[list[FrameFolder], list[str]]:
    """Return the folders of numbered pictures in a folder, at any depth but not hidden, and problems with others.

    Raises:
        VideoError: There is no such folder.
    """
    if not folder.is_dir():
        raise VideoError(f"There is no folder {folder} to look for pictures in.")
    frame_folders_found: list[FrameFolder] = []
    problems: list[str] = []
    for path in [folder, *sorted(path for path in folder.rglob("*") if path.is_dir())]:
        relative = path.relative_to(folder)
        if any(part.startswith(".") for part in relative.parts):
            continue
        name = relative.as_posix() if relative.parts else folder.absolute().name
        try:
            frame_folder = _frame_folder(path, name)
        except VideoError as error:
            problems.append(str(error))
            continue
        if frame_folder is not None:
            frame_folders_found.append(frame_folder)
    return frame_folders_found, problems


def _frame_folder(folder: Path, name: str) -> FrameFolder | None:
    """Return the numbered pictures of a folder, or None if there are too few.

    Raises:
        VideoError: The pictures have several names before the number, or two have one number.
    """
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    pictures: list[tuple[int, Path]] = []
    prefixes: set[str] = set()
    for file in files:
        match = _NUMBERED.fullmatch(file.stem)
        if match is not None and file.suffix.lower() in PICTURE_SUFFIXES:
            pictures.append((int(match["number"]), file))
            prefixes.add(match["prefix"])
    if len(pictures) < _MIN_PICTURES:
        return None
    if len(prefixes) > 1:
        names = ", ".join(f"“{prefix}…”" for prefix in sorted(prefixes)[:_MAX_LISTED_NAMES])
        raise VideoError(f"{name} holds numbered pictures of {len(prefixes)} names ({names}): move them apart.")
    pictures.sort()
    for (number, path), (next_number, next_path) in pairwise(pictures):
        if number == next_number:
            raise VideoError(f"{name} holds two pictures of the number {number}: {path.name} and {next_path.name}.")
    picture_paths = {path for _, path in pictures}
    other_files = tuple(file.name for file in files if file not in picture_paths)
    return FrameFolder(name, tuple(pictures), other_files)


def write_frames(
    folder: FrameFolder, path: Path, rate_hz: float, token: CancelToken, *, overwrite: bool = False
) -> list[str]:
    """Write a folder of pictures as a video; if a number is missing, the previous picture is shown for longer.

    The picture of number n is shown at (n - first number) / rate. A raised token leaves no file.

    Args:
        folder: The pictures.
        path: Path of the video.
        rate_hz: Number of pictures per second.
        token: Checked at every picture.
        overwrite: Whether an existing video may be replaced.

    Returns:
        Notices, one sentence each: missing numbers, unreadable pictures, other files.

    Raises:
        VideoError: Pictures have several sizes, or fewer than two are readable.
        ExportError: The video cannot be written, or exists.
    """
    n_pictures = len(folder.pictures)
    first_number, _ = folder.pictures[0]
    pictures = (_read(file) for _, file in folder.pictures)
    first = next((picture for picture in pictures if picture is not None), None)
    if first is None:
        raise VideoError(f"None of the {n_pictures} pictures of {folder.name} can be read.")
    height, width = first.shape[:2]
    with os_error_as(ExportError, f"{path.parent} could not be made"):
        path.parent.mkdir(parents=True, exist_ok=True)
    unreadable: list[str] = []
    with VideoWriter(path, width, height, rate_hz=rate_hz, quality="best", overwrite=overwrite) as writer:
        for number, file in folder.pictures:
            token.check()
            picture = _read(file)
            if picture is None:
                unreadable.append(file.name)
                continue
            if picture.shape != first.shape:
                raise VideoError(
                    f"{folder.name}: {file.name} is {picture.shape[1]} x {picture.shape[0]} pixels, the first picture "
                    f"{width} x {height}: bring them to one size."
                )
            writer.write(picture, (number - first_number) / rate_hz)
        n_written = n_pictures - len(unreadable)
        if n_written < _MIN_PICTURES:
            raise VideoError(f"{n_written} of the {n_pictures} pictures of {folder.name} can be read: too few.")
    return _notices(folder, unreadable)


def _notices(folder: FrameFolder, unreadable: list[str]) -> list[str]:
    notices = []
    if folder.n_missing:
        notices.append(
            f"{folder.name}: {folder.n_missing} numbers are missing; the previous picture is shown for longer."
        )
    if unreadable:
        names = ", ".join(unreadable[:_MAX_LISTED_NAMES])
        notices.append(f"{folder.name}: {len(unreadable)} pictures cannot be read ({names}).")
    if folder.other_files:
        names = ", ".join(folder.other_files[:_MAX_LISTED_NAMES])
        notices.append(f"{folder.name}: {len(folder.other_files)} files are no numbered pictures ({names}).")
    return notices


def _read(file: Path) -> RGBImage | None:
    try:
        data = np.frombuffer(file.read_bytes(), np.uint8)
    except OSError:
        return None
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if len(data) else None
    return None if picture is None else np.ascontiguousarray(picture)
