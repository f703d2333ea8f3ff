"""Matching of the cells of a table of ratings with videos: files below a folder, or videos of a study.

A cell is matched only if it can refer to a single video. Similar names are reported, and never matched.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from skillviewer.data.tables.find_videos import VideoFolder, number_without_zeros, strip_extension
from skillviewer.data.tables.name_spelling import compose_accents
from skillviewer.data.tables.video_names import TableVideos, VideoNames, leaves_folder, video_name

_MIN_SIMILARITY = 0.75
"""Similarity, 0 to 1, from which on a name is suggested."""
_MAX_SUGGESTED = 100
"""Greatest number of names for which similar names are searched, since each is compared with all videos."""


@dataclass(frozen=True, slots=True)
class VideoMatch:
    """Result of matching a cell with the videos."""

    name: str | None  # name of the video, or None if the cell cannot be matched
    reason: str = ""  # reason why the cell cannot be matched, as the end of a sentence
    note: str = ""  # note about the match, or ""
    similar_names: tuple[str, ...] = ()  # similar names of videos, the most similar first


_NO_NAME = VideoMatch(None, "it names no video")


class _SimilarNames:
    """Search for names of videos that are similar to a cell without a match."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {name.casefold(): name for name in names}
        self._similar_by_cell: dict[str, tuple[str, ...]] = {}

    def no_match(self, cell: str, problem: str) -> VideoMatch:
        """Return the result for a cell without a match, with the similar names."""
        if cell not in self._similar_by_cell and len(self._similar_by_cell) < _MAX_SUGGESTED:
            close = get_close_matches(video_name(cell).casefold(), self._names, n=2, cutoff=_MIN_SIMILARITY)
            self._similar_by_cell[cell] = tuple(self._names[name] for name in close)
        similar_names = self._similar_by_cell.get(cell, ())
        reason = f"{problem} “{cell}”"
        if similar_names:
            reason += f"; a similar name is {' or '.join(f'“{name}”' for name in similar_names)}"
        return VideoMatch(None, reason, similar_names=similar_names)


class FileMatcher:
    """Matcher of the cells of a table with the video files below a folder.

    If the folder has no video files, every cell names a video without a file.

    Args:
        cells: All cells of the column that names the video.
        folder: Folder of the table; cells may be paths relative to it.
        files: The files.
        stated: Whether the user chose the folder of the files, see ``TableVideos``.

    Attributes:
        paths: Files of the matched videos, by name.
    """

    def __init__(self, cells: Iterable[str], folder: Path, files: VideoFolder, *, folder_is_stated: bool) -> None:
        distinct = [cell for cell in dict.fromkeys(cells) if cell]
        self._files = files
        self._table = TableVideos(distinct, folder, files, folder_is_stated=folder_is_stated)
        self._similar_names = _SimilarNames(files.stems)
        self._casefolded_stems = {stem.casefold() for stem in files.stems}
        self._numbers = {number_without_zeros(stem) for stem in files.stems} - {""}
        self.paths: dict[str, Path] = {}
        self._matches: dict[str, VideoMatch] = {}
        self._names: dict[str, str] = {}
        cells_by_path: dict[Path, list[str]] = {}
        spelling_by_name: dict[str, str] = {}
        n_cells_by_stem = Counter(_stem_of_cell(cell) for cell in distinct)
        for cell in distinct:
            name = self._table.name(cell)
            path = self._table.file(name)
            stem = _stem_of_cell(cell)
            is_foreign_path = leaves_folder(cell.replace("\\", "/"))
            if path is None and is_foreign_path and n_cells_by_stem[stem] == 1:  # a path of another computer
                path = files.find(stem, (stem,))
                name = stem
            self._names[cell] = name
            if not files.stems:
                spelling = spelling_by_name.setdefault(name.casefold(), name)
                self._matches[cell] = VideoMatch(spelling) if name else _NO_NAME
            elif path is None:
                self._matches[cell] = self._no_match(cell)
            else:
                cells_by_path.setdefault(path, []).append(cell)
        for path, cells_of_file in cells_by_path.items():
            self._match_file(path, cells_of_file)

    def _match_file(self, path: Path, cells: list[str]) -> None:
        """Match the cells that lead to a file.

        A cell that leads there only by its number, with other zeros, is rejected if another cell leads there by name.
        """
        stem = compose_accents(path.stem)
        likeness = {cell: _likeness(self._names[cell].rpartition("/")[2], stem) for cell in cells}
        best = max(cells, key=lambda cell: likeness[cell])
        name = self._names[best]
        self.paths[name] = path
        for cell in cells:
            if likeness[cell] == _SAME_NUMBER and likeness[best] > _SAME_NUMBER:
                problem = f"“{cell}” would be {path.name} by its number alone, which other rows call “{name}”"
                self._matches[cell] = VideoMatch(None, problem)
            else:
                note = "" if likeness[cell] == _SAME_SPELLING else f"“{cell}” is taken for {path.name}"
                self._matches[cell] = VideoMatch(name, note=note)

    def _no_match(self, cell: str) -> VideoMatch:
        stem = self._table.name(cell).rpartition("/")[2]
        if stem.casefold() in self._casefolded_stems or number_without_zeros(stem) in self._numbers:
            return VideoMatch(
                None, f"“{cell}” could be any of several files, or is in another folder than the table says"
            )
        return self._similar_names.no_match(cell, "there is no video")

    def find(self, cell: str) -> VideoMatch:
        """Return the video that a cell refers to."""
        return self._matches.get(cell, _NO_NAME)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all videos, sorted; matched videos have the names in the table."""
        matched_stems = {compose_accents(path.stem) for path in self.paths.values()}
        return tuple(sorted({*self.paths, *(self._files.stems - matched_stems)}))


def _stem_of_cell(cell: str) -> str:
    return video_name(cell).rpartition("/")[2]


_SAME_SPELLING = 2
_OTHER_CASE = 1
_SAME_NUMBER = 0


def _likeness(name: str, stem: str) -> int:
    """Return the kind of match of a name and a file stem: same spelling, other case, or number with other zeros."""
    if stem in (name, strip_extension(name)):
        return _SAME_SPELLING
    if stem.casefold() in (name.casefold(), strip_extension(name).casefold()):
        return _OTHER_CASE
    return _SAME_NUMBER


class StudyVideoMatcher:
    """Matcher of the cells of a table with the videos of a study.

    Attributes:
        paths: Files of the videos, by name.
    """

    def __init__(self, files: Mapping[str, Path | None]) -> None:
        self.paths = {name: path for name, path in files.items() if path is not None}
        self._name_by_key = {compose_accents(name).strip(): name for name in files}
        self._keys = VideoNames(self._name_by_key)
        n_keys_by_stem = Counter(map(strip_extension, self._name_by_key))
        self._key_by_stem = {
            strip_extension(key): key for key in self._name_by_key if n_keys_by_stem[strip_extension(key)] == 1
        }
        self._stems = VideoNames(self._key_by_stem)
        self._similar_names = _SimilarNames(self._name_by_key)

    def find(self, cell: str) -> VideoMatch:
        """Return the video that a cell refers to."""
        if not cell:
            return _NO_NAME
        key = self._keys.find(cell)
        if key is None:
            stem = self._stems.find(cell)
            if stem is None:
                return self._similar_names.no_match(cell, "the study has no video")
            key = self._key_by_stem[stem]
        is_exact = key in (cell, video_name(cell)) or strip_extension(key) == video_name(cell)
        note = "" if is_exact else f"“{cell}” is taken for “{key}”"
        return VideoMatch(self._name_by_key[key], note=note)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all videos of the study, sorted."""
        return tuple(sorted(self._name_by_key.values()))


VideoMatcher = FileMatcher | StudyVideoMatcher
"""Matcher of the cells of a table with videos."""
