"""Video files by name: what counts as one, and what a folder holds."""

from collections.abc import Iterable, Sequence
from pathlib import Path

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".avi", ".ts", ".mts", ".m2ts", ".webm", ".gif", ".mpg", ".mpeg", ".wmv", ".3gp"}
)
"""Suffixes by which files of a folder are taken for videos. A file that is named itself is tried whatever its name."""


def expand(paths: Iterable[Path]) -> list[Path]:
    """Return files as they are and, for a folder, the videos in it, sorted by name; each once, in the order given."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = (p for p in path.rglob("*") if p.suffix.lower() in VIDEO_SUFFIXES and p.is_file())
            found.update(dict.fromkeys(sorted(inside)))
        else:
            found[path] = None
    return list(found)


def free_names(paths: Sequence[Path], suffix: str) -> list[str]:
    """Return one file name for each path, from its stem; equal stems get a number, so that none hides another."""
    taken: set[str] = set()
    names = []
    for path in paths:
        name, number = path.stem + suffix, 2
        while name.casefold() in taken:
            name, number = f"{path.stem} ({number}){suffix}", number + 1
        taken.add(name.casefold())
        names.append(name)
    return names
