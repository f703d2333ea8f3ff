"""Names of videos in tables: the video and the file that a cell refers to.

A cell may have an extension, the folder ``videos/``, folders below it with either kind of slash, or a whole path; its
case may differ, and a spreadsheet may have removed the leading zeros of a number.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from skillviewer.data.tables.find_videos import VideoFolder, number_of, strip_extension
from skillviewer.data.tables.rows import abbreviated, composed
from skillviewer.media.files import VIDEO_SUFFIXES


def video_name(cell: str) -> str:
    """Return the name of a video in a cell: without an extension, or the folder of all videos."""
    return strip_extension(_slashed(cell))


def _slashed(cell: str) -> str:
    return cell.replace("\\", "/").removeprefix("./").removeprefix("videos/")


def _suffix(cell: str) -> str:
    suffix = PurePosixPath(_slashed(cell)).suffix.lower()
    return suffix if suffix in VIDEO_SUFFIXES else ""


def leads_away(text: str) -> bool:
    """Return True if a cell is an absolute path, or one that leads out of its folder."""
    return text.startswith(("/", "..")) or (len(text) > 2 and text[1:3] == ":/")


class VideoNames:
    """Names of videos, for look-up by cells of tables."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = dict.fromkeys(names)
        self._folded = _alone(self._names, str.casefold)
        self._numbers = _alone(self._names, number_of)
        self._renumbered: dict[str, str] = {}

    def find(self, cell: str) -> str | None:
        """Return the name that a cell refers to, or None.

        An exact match comes before another case, and that before a number without leading zeros; ambiguous cells have
        no match.
        """
        whole = _slashed(cell)
        for text in dict.fromkeys((cell, whole, strip_extension(whole))):
            if text in self._names:
                return text
        for text in (whole, strip_extension(whole)):
            name = self._folded.get(text.casefold())
            if name is not None:
                return name
        number = number_of(strip_extension(whole))
        numbered = self._numbers.get(number) if number else None
        if numbered is not None:
            self._renumbered.setdefault(strip_extension(whole), numbered)
            return numbered
        if leads_away(whole):
            inside = [name for name in self._names if f"/{strip_extension(whole)}".endswith(f"/{name}")]
            return max(inside, key=len, default=None)
        return None

    def renumbered(self, source: str) -> list[str]:
        """Return a sentence about names found by their number alone; empty if there are none."""
        if not self._renumbered:
            return []
        pairs = [f"{cell} for {name}" for cell, name in self._renumbered.items()]
        return [f"{source} writes numbers with other zeros in front; taken are {abbreviated(pairs)}."]


def _alone(names: Iterable[str], key: Callable[[str], str]) -> dict[str, str]:
    """Return names by a unique key; "" is no key."""
    by_key: dict[str, list[str]] = {}
    for name in names:
        by_key.setdefault(key(name), []).append(name)
    return {value: several[0] for value, several in by_key.items() if value and len(several) == 1}


class TableVideos:
    """Videos and files that the cells of a table of pairs refer to.

    A cell with the path of a file means that file: absolute, or relative to the table's folder or that of the videos.
    Names have no extensions, except for files that differ in nothing else, if the table distinguishes them by it.

    Args:
        cells: All cells with the name of a video.
        folder: The folder of the table.
        files: The video files.
        stated: Whether the user chose the folder of the videos: then a path counts only for a video that is not there.
    """

    def __init__(self, cells: Iterable[str], folder: Path, files: VideoFolder, *, stated: bool) -> None:
        self._files = files
        self._stated = stated
        stated_files = {cell: _named_file(cell, (folder, files.folder)) for cell in dict.fromkeys(cells) if cell}
        by_stem: dict[str, set[Path]] = {}
        for path in stated_files.values():
            if path is not None:
                by_stem.setdefault(path.stem, set()).add(path)
        self._names = {cell: self._base(cell, path, by_stem) for cell, path in stated_files.items()}
        self._suffixes: dict[str, set[str]] = {}
        for cell, name in self._names.items():
            self._suffixes.setdefault(name, set()).add(_suffix(cell))
        by_suffix = {name for name, suffixes in self._suffixes.items() if self._apart(name, suffixes - {""})}
        self._plain: dict[str, str] = {}
        for cell, name in self._names.items():
            if name in by_suffix and _suffix(cell):
                self._names[cell] = f"{name}{_suffix(cell)}"
                self._plain[self._names[cell]] = name
                self._suffixes[self._names[cell]] = {_suffix(cell)}
        self._stated_files: dict[str, Path] = {}
        for cell, path in stated_files.items():
            if path is not None:
                self._stated_files.setdefault(self._names[cell], path)

    def name(self, cell: str) -> str:
        """Return the name of the video that a cell refers to; "" for an empty cell."""
        return self._names.get(cell, "")

    def file(self, name: str) -> Path | None:
        """Return the file of a video, or None."""
        stated_file = self._stated_files.get(name)
        if stated_file is not None and not self._stated:
            return stated_file
        plain = self._plain.get(name, name)
        suffixes = self._suffixes.get(name, set()) - {""}
        *folders, stem = plain.split("/")
        suffix = next(iter(suffixes)) if len(suffixes) == 1 else ""
        return self._files.find(name, (stem,), inside=folders, suffix=suffix) or stated_file

    def _base(self, cell: str, path: Path | None, by_stem: dict[str, set[Path]]) -> str:
        text = cell.replace("\\", "/")
        if path is None or not leads_away(text):
            return video_name(cell)
        if path.is_relative_to(self._files.folder.absolute()):
            return composed(strip_extension(path.relative_to(self._files.folder.absolute()).as_posix()))
        return composed(path.stem) if len(by_stem[path.stem]) == 1 else strip_extension(text)

    def _apart(self, name: str, suffixes: set[str]) -> bool:
        return len(suffixes) > 1 and len(suffixes & self._files.suffixes(name.rpartition("/")[2])) > 1


def _named_file(cell: str, folders: Iterable[Path]) -> Path | None:
    """Return the file with the path in a cell, absolute or relative to one of several folders, or None."""
    if not _suffix(cell):
        return None
    for folder in folders:
        path = Path(os.path.normpath(folder.absolute() / cell.replace("\\", "/")))
        try:
            if path.is_file():
                return path
        except (OSError, ValueError):  # too long, or with an invalid character
            continue
    return None
