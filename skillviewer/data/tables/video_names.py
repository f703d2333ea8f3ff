"""Names of videos in tables, and the videos and files that they refer to.

A cell may be a name with an extension, with the folder ``videos/``, with folders below it and either kind of slash, or
a whole path. It may differ in case, and a spreadsheet program may have removed the leading zeros of a number.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from skillviewer.core.text import join_names
from skillviewer.data.tables.find_videos import VideoFolder, number_without_zeros, strip_extension
from skillviewer.data.tables.name_spelling import compose_accents
from skillviewer.media.files import VIDEO_SUFFIXES


def video_name(cell: str) -> str:
    """Return the name of a video in a cell, without an extension and without the folder of all videos."""
    return strip_extension(_path_in_folder(cell))


def _path_in_folder(cell: str) -> str:
    """Return a cell with forward slashes, without the folder of all videos."""
    return cell.replace("\\", "/").removeprefix("./").removeprefix("videos/")


def _video_suffix(cell: str) -> str:
    suffix = PurePosixPath(_path_in_folder(cell)).suffix.lower()
    return suffix if suffix in VIDEO_SUFFIXES else ""


def leaves_folder(text: str) -> bool:
    """Return True if a path with forward slashes is absolute or leads out of its folder."""
    return text.startswith(("/", "..")) or (len(text) > 2 and text[1:3] == ":/")


class VideoNames:
    """Names of videos, for look-up by cells of tables."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = dict.fromkeys(names)
        self._name_by_casefold = _unique_names(self._names, str.casefold)
        self._name_by_number = _unique_names(self._names, number_without_zeros)
        self._name_found_by_number: dict[str, str] = {}  # name of the video, by cell

    def find(self, cell: str) -> str | None:
        """Return the name that a cell refers to, or None if there is none or more than one.

        A name in the same spelling comes first, then one in another case, then a number with other leading zeros, and
        last the end of a whole path.
        """
        path = _path_in_folder(cell)
        stem = strip_extension(path)
        for text in (cell, path, stem):
            if text in self._names:
                return text
        for text in (path, stem):
            name = self._name_by_casefold.get(text.casefold())
            if name is not None:
                return name
        number = number_without_zeros(stem)
        numbered_name = self._name_by_number.get(number) if number else None
        if numbered_name is not None:
            self._name_found_by_number.setdefault(stem, numbered_name)
            return numbered_name
        if leaves_folder(path):
            ends = [name for name in self._names if f"/{stem}".endswith(f"/{name}")]
            return max(ends, key=len, default=None)
        return None

    def resolve(self, cell: str) -> str:
        """Return the name that a cell refers to or, if there is none, the name in the cell itself."""
        return self.find(cell) or video_name(cell)

    def number_match_notices(self, source: str) -> list[str]:
        """Return a sentence about names that were found by their number alone, or an empty list."""
        if not self._name_found_by_number:
            return []
        matches = [f"{cell} with {name}" for cell, name in self._name_found_by_number.items()]
        return [f"Some numbers in {source} have other leading zeros. Matched by their value: {join_names(matches)}."]


def _unique_names(names: Iterable[str], key_of: Callable[[str], str]) -> dict[str, str]:
    """Return names by key, without names that share a key and names with the key ""."""
    names_by_key: dict[str, list[str]] = {}
    for name in names:
        names_by_key.setdefault(key_of(name), []).append(name)
    return {key: names[0] for key, names in names_by_key.items() if key and len(names) == 1}


class TableVideos:
    """Videos and files that the cells of a table refer to.

    A path in a cell, absolute or relative to the folder of the table or of the videos, refers to that file. Names of
    videos have no extensions, unless the table distinguishes files by their extensions alone.

    Args:
        cells: All cells with the name of a video.
        folder: The folder of the table.
        files: The video files.
        stated: Whether the user chose the folder of the videos. If so, paths count only for videos that it lacks.
    """

    def __init__(self, cells: Iterable[str], folder: Path, files: VideoFolder, *, folder_is_stated: bool) -> None:
        self._files = files
        self._folder_is_stated = folder_is_stated
        file_by_cell = {cell: _file_of_path(cell, (folder, files.folder)) for cell in dict.fromkeys(cells) if cell}
        files_by_stem: dict[str, set[Path]] = {}
        for path in file_by_cell.values():
            if path is not None:
                files_by_stem.setdefault(path.stem, set()).add(path)
        self._names = {cell: self._base_name(cell, path, files_by_stem) for cell, path in file_by_cell.items()}
        self._suffixes: dict[str, set[str]] = {}  # suffixes that the table states, by name
        for cell, name in self._names.items():
            self._suffixes.setdefault(name, set()).add(_video_suffix(cell))
        ambiguous = {name for name, suffixes in self._suffixes.items() if self._differ_by_suffix(name, suffixes - {""})}
        self._base_names: dict[str, str] = {}  # names without suffix, by name with suffix
        for cell, base_name in self._names.items():
            suffix = _video_suffix(cell)
            if base_name in ambiguous and suffix:
                name = f"{base_name}{suffix}"
                self._names[cell] = name
                self._base_names[name] = base_name
                self._suffixes[name] = {suffix}
        self._stated_files: dict[str, Path] = {}  # files of paths, by name
        for cell, path in file_by_cell.items():
            if path is not None:
                self._stated_files.setdefault(self._names[cell], path)

    def name(self, cell: str) -> str:
        """Return the name of the video that a cell refers to; "" for an empty cell."""
        return self._names.get(cell, "")

    def file(self, name: str) -> Path | None:
        """Return the file of a video, or None."""
        stated_file = self._stated_files.get(name)
        if stated_file is not None and not self._folder_is_stated:
            return stated_file
        *folders, stem = self._base_names.get(name, name).split("/")
        suffixes = self._suffixes.get(name, set()) - {""}
        suffix = next(iter(suffixes)) if len(suffixes) == 1 else ""
        return self._files.find(name, (stem,), inside=folders, suffix=suffix) or stated_file

    def _base_name(self, cell: str, path: Path | None, files_by_stem: dict[str, set[Path]]) -> str:
        """Return the name of a video without extension; a path is shortened as far as the name stays unique."""
        text = cell.replace("\\", "/")
        if path is None or not leaves_folder(text):
            return video_name(cell)
        folder = self._files.folder.absolute()
        if path.is_relative_to(folder):
            name_in_folder = path.relative_to(folder).as_posix()
            return compose_accents(strip_extension(name_in_folder))
        return compose_accents(path.stem) if len(files_by_stem[path.stem]) == 1 else strip_extension(text)

    def _differ_by_suffix(self, name: str, suffixes: set[str]) -> bool:
        """Return True if the folder has files of a name with several of the suffixes."""
        if len(suffixes) < 2:
            return False
        stem = name.rpartition("/")[2]
        return len(suffixes & self._files.suffixes(stem)) > 1


def _file_of_path(cell: str, folders: Iterable[Path]) -> Path | None:
    """Return the file with the path in a cell, absolute or relative to one of several folders, or None."""
    if not _video_suffix(cell):
        return None
    for folder in folders:
        path = Path(os.path.normpath(folder.absolute() / cell.replace("\\", "/")))
        try:
            if path.is_file():
                return path
        except (OSError, ValueError):  # too long, or with an invalid character
            continue
    return None
