"""The video that a cell of a table of ratings means: a file below a folder, or a video of a study.

A cell is joined only where one video alone can be meant. Names that nearly fit are told, and never joined.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Protocol

from skillviewer.data.tables.find_videos import VideoFolder, bare, number_of
from skillviewer.data.tables.rows import composed
from skillviewer.data.tables.video_names import TableVideos, VideoNames, video_name

_NEAR = 0.75
"""Likeness, 0 to 1, from which a name is told as one that nearly fits."""
_MOST_SUGGESTED = 100
"""Names for which others that nearly fit are looked for: each is compared with all."""


@dataclass(frozen=True, slots=True)
class Joined:
    """The video of a cell, or why it has none.

    Attributes:
        name: The video, or None where no one video is meant.
        reason: Why none is, as the end of a sentence; "" where one is.
        note: What is to be told of the way it was found, or "".
    """

    name: str | None
    reason: str = ""
    note: str = ""


class Join(Protocol):
    """Videos that the cells of a table may mean."""

    def find(self, cell: str) -> Joined:
        """Return the video that a cell means."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all videos that could be meant, sorted: a file without its extension."""
        ...


class _Near:
    """Names that nearly fit."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {name.casefold(): name for name in names}
        self._asked: dict[str, str] = {}

    def words(self, cell: str) -> str:
        """Return what is said of the names that are nearly a cell's, or "" where none is."""
        if cell not in self._asked:
            if len(self._asked) >= _MOST_SUGGESTED:
                return ""
            close = get_close_matches(video_name(cell).casefold(), self._names, n=2, cutoff=_NEAR)
            nearly = " or ".join(f"“{self._names[one]}”" for one in close)
            self._asked[cell] = f"; nearly so called is {nearly}" if close else ""
        return self._asked[cell]


class FileJoin:
    """The video files below a folder, as the cells of one table name them.

    Where there is no video at all, every name is that of a video without a file.

    Args:
        cells: All cells of the column that names the video.
        folder: The folder of the table: a cell may be a path from there.
        files: The files.
        stated: Whether the folder of the files was stated, see ``TableVideos``.
    """

    def __init__(self, cells: Iterable[str], folder: Path, files: VideoFolder, *, stated: bool) -> None:
        self._cells = [cell for cell in dict.fromkeys(cells) if cell]
        self._files = files
        self._table = TableVideos(self._cells, folder, files, stated=stated)
        self._near = _Near(files.stems)
        self.paths: dict[str, Path] = {}
        self._found: dict[str, Joined] = {}
        if not files.stems:  # the table alone: every name is a video without a file
            spelled: dict[str, str] = {}
            for cell in self._cells:
                name = spelled.setdefault(self._table.name(cell).casefold(), self._table.name(cell))
                self._found[cell] = Joined(name or None, "" if name else "it names no video")
        by_path: dict[Path, list[str]] = {}
        for cell in self._cells if files.stems else ():
            path = self._table.file(self._table.name(cell))
            if path is None:
                self._found[cell] = Joined(None, self._lacking(cell))
            else:
                by_path.setdefault(path, []).append(cell)
        for path, several in by_path.items():
            self._take(path, several)

    def _take(self, path: Path, cells: list[str]) -> None:
        """Join the cells that lead to a file; a number with other zeros only where nothing else leads there."""
        stem = composed(path.stem)
        spelled = {cell: self._table.name(cell) for cell in cells}
        likes = {cell: _likeness(name.rpartition("/")[2], stem) for cell, name in spelled.items()}
        best = max(likes.values())
        name = spelled[max(cells, key=lambda cell: likes[cell])]
        self.paths[name] = path
        for cell in cells:
            if likes[cell] == 0 and best > 0:
                self._found[cell] = Joined(
                    None, f"“{cell}” would be {path.name} by its number alone, which other rows call “{name}”"
                )
            else:
                note = "" if likes[cell] == _EXACT else f"“{cell}” is taken for {path.name}"
                self._found[cell] = Joined(name, note=note)

    def _lacking(self, cell: str) -> str:
        last = self._table.name(cell).rpartition("/")[2]
        number = number_of(last)
        like = [s for s in self._files.stems if s.casefold() == last.casefold() or (number and number_of(s) == number)]
        if like:
            return f"“{cell}” could be any of several files, or is in another folder than the table says"
        return f"there is no video “{cell}”{self._near.words(cell)}"

    def find(self, cell: str) -> Joined:
        """Return the video that a cell means."""
        return self._found.get(cell) or Joined(None, "it names no video")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all videos that could be meant, sorted: joined ones as the table calls them."""
        joined = {composed(path.stem) for path in self.paths.values()}
        return tuple(sorted({*self.paths, *(stem for stem in self._files.stems if stem not in joined)}))


_EXACT = 2


def _likeness(name: str, stem: str) -> int:
    """Return 2 for the same spelling, 1 for another case, 0 for a number with other zeros."""
    if bare(name) == stem or name == stem:
        return _EXACT
    return int(bare(name).casefold() == stem.casefold() or name.casefold() == stem.casefold())


class StudyJoin:
    """The videos of a study, by name.

    Args:
        names: Their names.
    """

    def __init__(self, names: Iterable[str]) -> None:
        own = {composed(name).strip(): name for name in names}
        self._own: Mapping[str, str] = own
        self._all = VideoNames(own)
        self._bare = VideoNames(_once(own))
        self._by_bare = {bare(name): name for name in own}
        self._near = _Near(own)

    def find(self, cell: str) -> Joined:
        """Return the video that a cell means."""
        if not cell:
            return Joined(None, "it names no video")
        found = self._all.find(cell)
        if found is None and (short := self._bare.find(cell)) is not None:
            found = self._by_bare[short]
        if found is None:
            return Joined(None, f"the study has no video “{cell}”{self._near.words(cell)}")
        exact = found in (cell, video_name(cell)) or bare(found) == video_name(cell)
        return Joined(self._own[found], note="" if exact else f"“{cell}” is taken for “{found}”")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all videos of the study, sorted."""
        return tuple(sorted(self._own.values()))


def _once(names: Iterable[str]) -> list[str]:
    """Return names without extensions, where no other is called alike."""
    found: dict[str, int] = {}
    for name in names:
        found[bare(name)] = found.get(bare(name), 0) + 1
    return [name for name, times in found.items() if times == 1]
