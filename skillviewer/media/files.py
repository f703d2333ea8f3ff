"""Video files by name, and the videos in a folder."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from skillviewer.core.paths import is_folder
from skillviewer.core.progress import CancelToken

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".avi", ".ts", ".mts", ".m2ts", ".webm", ".gif", ".mpg", ".mpeg", ".wmv", ".3gp"}
)
"""Suffixes of video files in folders. A file named by the user is tried with any suffix."""


BEFORE_OPENING: list[Callable[[Path, CancelToken], None]] = []
"""Calls before a video is opened in this process; the window looks at unknown files in a helper process first."""


def videos_below(folder: str | Path, passed_over: Callable[[str], bool] = lambda _name: False) -> list[Path]:
    """Return the video files below a folder at any depth, sorted; hidden files and folders are skipped.

    Links to folders elsewhere are followed; each folder is visited once, by its own path here if it has one. Folders
    whose name is ``passed_over`` are skipped, too.
    """
    folder = Path(folder)
    videos: list[Path] = []
    start = folder.resolve()
    visited: set[Path] = set()
    tops = [folder]
    while tops:
        links = []
        for directory, folders, names in os.walk(tops.pop(0)):
            real_directory = Path(directory).resolve()
            if real_directory in visited:
                folders.clear()
                continue
            visited.add(real_directory)
            inside = [Path(directory) / n for n in sorted(folders) if not n.startswith(".") and not passed_over(n)]
            links += [path for path in inside if path.is_symlink()]
            folders[:] = [path.name for path in inside if not path.is_symlink()]
            paths = (Path(directory) / name for name in names if not name.startswith("."))
            videos += [path for path in paths if path.suffix.lower() in VIDEO_SUFFIXES]
        tops += [link for link in links if not start.is_relative_to(link.resolve())]  # no link leads out and back
    return sorted(videos)


def expand(paths: Iterable[Path]) -> list[Path]:
    """Return files unchanged and, for a folder, its videos sorted by name; each once, in the given order."""
    files: dict[Path, None] = {}
    for path in paths:
        if is_folder(path):
            files.update(dict.fromkeys(file for file in videos_below(path) if file.is_file()))
        else:
            files[path] = None
    return list(files)


def without_videos(paths: Iterable[Path]) -> list[tuple[Path, str]]:
    """Return the folders in which ``expand`` finds nothing, each with a sentence that gives the reason."""
    problems = []
    for path in filter(is_folder, paths):
        try:
            with os.scandir(path):
                pass
        except OSError as error:
            problems.append((path, f"{path} cannot be looked into: {error.strerror or error}."))
            continue
        if not expand([path]):
            problems.append((path, f"There is no video in {path}."))
    return problems
