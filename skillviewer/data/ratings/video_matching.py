"""The video that a cell of a table of ratings refers to: a file below a folder, or a video of a study.

A cell is joined only if it can refer to one video alone. Similar names are reported, and never joined.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from skillviewer.data.tables.find_videos import VideoFolder, number_of, strip_extension
from skillviewer.data.tables.rows import composed
from skillviewer.data.tables.video_names import TableVideos, VideoNames, leads_away, video_name

_NEAR = 0.75
"""Similarity, 0 to 1, from which a name is suggested."""
_MAX_SUGGESTED = 100
"""Most names with suggestions: each is compared with all others."""


@dataclass(frozen=True, slots=True)
class VideoMatch:
    """The video of a cell, or None with the reason as the end of a sentence; a note about the match, or "".

    ``near`` are similar names, the most similar first.
    """

    name: str | None
    reason: str = ""
    note: str = ""
    near: tuple[str, ...] = ()


_NO_NAME = VideoMatch(None, "it names no video")


class _Near:
    """Suggestions of similar names."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {name.casefold(): name for name in names}
        self._suggestions: dict[str, tuple[str, ...]] = {}

    def lacking(self, cell: str, problem: str) -> VideoMatch:
        """Return that there is no video of a cell, with the names similar to it."""
        if cell not in self._suggestions and len(self._suggestions) < _MAX_SUGGESTED:
            close = get_close_matches(video_name(cell).casefold(), self._names, n=2, cutoff=_NEAR)
            self._suggestions[cell] = tuple(self._names[near_name] for near_name in close)
        near = self._suggestions.get(cell, ())
        nearly = " or ".join(f"“{name}”" for name in near)
        return VideoMatch(None, f"{problem} “{cell}”" + (f"; a similar name is {nearly}" if near else ""), near=near)


class FileMatcher:
    """The video files below a folder, as the cells of one table name them.

    Without any file, every name is that of a video without a file.

    Args:
        cells: All cells of the column that names the video.
        folder: The folder of the table: cells may be paths relative to it.
        files: The files.
        stated: Whether the user chose the folder of the files, see ``TableVideos``.
    """

    def __init__(self, cells: Iterable[str], folder: Path, files: VideoFolder, *, stated: bool) -> None:
        distinct = [cell for cell in dict.fromkeys(cells) if cell]
        self._files = files
        self._table = TableVideos(distinct, folder, files, stated=stated)
        self._near = _Near(files.stems)
        self._folded = {stem.casefold() for stem in files.stems}
        self._numbers = {number_of(stem) for stem in files.stems} - {""}
        self.paths: dict[str, Path] = {}
        self._matches: dict[str, VideoMatch] = {}
        by_path: dict[Path, list[str]] = {}
        spelled: dict[str, str] = {}
        stems = Counter(video_name(cell).rpartition("/")[2] for cell in distinct)
        self._names: dict[str, str] = {}
        for cell in distinct:
            name = self._table.name(cell)
            path = self._table.file(name)
            stem = video_name(cell).rpartition("/")[2]
            if path is None and leads_away(cell.replace("\\", "/")) and stems[stem] == 1:  # a path of another computer
                path = files.find(stem, (stem,))
                name = stem
            self._names[cell] = name
            if not files.stems:
                self._matches[cell] = VideoMatch(spelled.setdefault(name.casefold(), name)) if name else _NO_NAME
            elif path is None:
                self._matches[cell] = self._lacking(cell)
            else:
                by_path.setdefault(path, []).append(cell)
        for path, several in by_path.items():
            self._take(path, several)

    def _take(self, path: Path, cells: list[str]) -> None:
        """Join the cells that lead to a file; a number with other zeros only if no other cell leads there."""
        stem = composed(path.stem)
        likes = {cell: _likeness(self._names[cell].rpartition("/")[2], stem) for cell in cells}
        best = max(cells, key=lambda cell: likes[cell])
        name = self._names[best]
        self.paths[name] = path
        for cell in cells:
            if likes[cell] == 0 and likes[best] > 0:
                problem = f"“{cell}” would be {path.name} by its number alone, which other rows call “{name}”"
                self._matches[cell] = VideoMatch(None, problem)
            else:
                note = "" if likes[cell] == _EXACT else f"“{cell}” is taken for {path.name}"
                self._matches[cell] = VideoMatch(name, note=note)

    def _lacking(self, cell: str) -> VideoMatch:
        last = self._table.name(cell).rpartition("/")[2]
        if last.casefold() in self._folded or number_of(last) in self._numbers:
            return VideoMatch(
                None, f"“{cell}” could be any of several files, or is in another folder than the table says"
            )
        return self._near.lacking(cell, "there is no video")

    def find(self, cell: str) -> VideoMatch:
        """Return the video that a cell refers to."""
        return self._matches.get(cell, _NO_NAME)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all videos, sorted; joined ones as the table calls them."""
        joined = {composed(path.stem) for path in self.paths.values()}
        return tuple(sorted({*self.paths, *(self._files.stems - joined)}))


_EXACT = 2


def _likeness(name: str, stem: str) -> int:
    """Return 2 for the same spelling, 1 for another case, 0 for a number with other zeros."""
    if stem in (name, strip_extension(name)):
        return _EXACT
    return int(stem.casefold() in (name.casefold(), strip_extension(name).casefold()))


class StudyVideoMatcher:
    """The videos of a study, by name."""

    def __init__(self, files: Mapping[str, Path | None]) -> None:
        self.paths = {name: path for name, path in files.items() if path is not None}
        self._name_by_key = {composed(name).strip(): name for name in files}
        self._all = VideoNames(self._name_by_key)
        times = Counter(map(strip_extension, self._name_by_key))
        self._by_stem = {strip_extension(name): name for name in self._name_by_key if times[strip_extension(name)] == 1}
        self._bare = VideoNames(self._by_stem)
        self._near = _Near(self._name_by_key)

    def find(self, cell: str) -> VideoMatch:
        """Return the video that a cell refers to."""
        if not cell:
            return _NO_NAME
        match = self._all.find(cell)
        if match is None and (short := self._bare.find(cell)) is not None:
            match = self._by_stem[short]
        if match is None:
            return self._near.lacking(cell, "the study has no video")
        exact = match in (cell, video_name(cell)) or strip_extension(match) == video_name(cell)
        return VideoMatch(self._name_by_key[match], note="" if exact else f"“{cell}” is taken for “{match}”")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all videos of the study, sorted."""
        return tuple(sorted(self._name_by_key.values()))


Join = FileMatcher | StudyVideoMatcher
"""Videos that the cells of a table may refer to, and the files of the joined ones."""
