"""Video files by name, and the videos in a folder."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from skillviewer.core.errors import os_reason
from skillviewer.core.paths import is_folder
from skillviewer.core.progress import CancelToken

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".avi", ".ts", ".mts", ".m2ts", ".webm", ".gif", ".mpg", ".mpeg", ".wmv", ".3gp"}
)
"""Suffixes by which videos in folders are recognised. A file that the user names is opened with any suffix."""


CHECKS_BEFORE_OPENING: list[Callable[[Path, CancelToken], None]] = []
"""Functions that are called before this process opens a video; the window's tries unknown files in a helper process."""


def videos_below(folder: str | Path, skip_folder: Callable[[str], bool] = lambda _name: False) -> list[Path]:
    """Return the video files below a folder at any depth, sorted.

    Hidden files and folders are skipped. Links to folders are followed, but each folder is visited only once, and by a
    path without links if there is one.

    Args:
        folder: The folder.
        skip_folder: Returns True for the name of a folder to skip.
    """
    root = Path(folder)
    real_root = root.resolve()
    videos: list[Path] = []
    visited: set[Path] = set()
    folders_to_walk = [root]
    while folders_to_walk:
        links = []
        for directory, subfolder_names, file_names in os.walk(folders_to_walk.pop(0)):
            real_directory = Path(directory).resolve()
            if real_directory in visited:
                subfolder_names.clear()
                continue
            visited.add(real_directory)
            names = [name for name in sorted(subfolder_names) if not name.startswith(".") and not skip_folder(name)]
            subfolders = [Path(directory) / name for name in names]
            links += [path for path in subfolders if path.is_symlink()]
            subfolder_names[:] = [path.name for path in subfolders if not path.is_symlink()]  # walk descends into these
            files = [Path(directory) / name for name in file_names if not name.startswith(".")]
            videos += [file for file in files if file.suffix.lower() in VIDEO_SUFFIXES]
        # a link to a parent of the folder would lead back into it
        folders_to_walk += [link for link in links if not real_root.is_relative_to(link.resolve())]
    return sorted(videos)


def expand(paths: Iterable[Path]) -> list[Path]:
    """Return the files among paths, and the videos in the folders among them, each once and in the given order.

    The videos of a folder are sorted by name. Files are returned even if they are no videos.
    """
    files: dict[Path, None] = {}
    for path in paths:
        if is_folder(path):
            files.update(dict.fromkeys(file for file in videos_below(path) if file.is_file()))
        else:
            files[path] = None
    return list(files)


def folders_without_videos(paths: Iterable[Path]) -> list[tuple[Path, str]]:
    """Return the folders in which ``expand`` finds nothing, each with a sentence that gives the reason."""
    problems = []
    for path in filter(is_folder, paths):
        try:
            with os.scandir(path):
                pass  # raises an error if the folder cannot be read
        except OSError as error:
            problems.append((path, f"{path} cannot be read: {os_reason(error)}."))
            continue
        if not expand([path]):
            problems.append((path, f"There is no video in {path}."))
    return problems
