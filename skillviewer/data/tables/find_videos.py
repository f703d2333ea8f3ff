"""Search for the files of videos by their stems, anywhere below a folder."""

from collections.abc import Callable, Sequence
from pathlib import Path

from skillviewer.core.errors import DatasetError
from skillviewer.data.tables.rows import abbreviated, composed, simplify_name
from skillviewer.media.files import VIDEO_SUFFIXES, videos_below

_RECORDER_SUFFIXES = frozenset({".ts", ".m2ts", ".3gp"})
_MAX_NUMBER_LENGTH = 39


def strip_extension(name: str) -> str:
    """Return a name without the extension of a video file, if it has one."""
    suffix = Path(name).suffix
    return name[: -len(suffix)] if suffix.lower() in VIDEO_SUFFIXES else name


def number_without_zeros(name: str) -> str:
    """Return a numeric name without leading zeros, as a spreadsheet writes it; "" if the name is no number.

    Folders before the number are kept, in lower case.
    """
    folders, slash, number = name.rpartition("/")
    if not number.isascii() or not number.isdecimal() or len(number) > _MAX_NUMBER_LENGTH:
        return ""
    return f"{folders.casefold()}{slash}{int(number)}"


def _passing_or_all(paths: list[Path], passes: Callable[[Path], bool]) -> list[Path]:
    """Return the paths that pass a criterion, or all if none passes it."""
    passing = [path for path in paths if passes(path)]
    return passing or paths


class VideoFolder:
    """Video files below a folder.

    Args:
        folder: The folder to search; hidden folders are skipped.
        foreign: Names of folders to skip, in which other tasks have videos of equal names (see ``rows.simplify_name``).

    Raises:
        DatasetError: The folder does not exist.
    """

    def __init__(self, folder: Path, foreign: Sequence[str] = ()) -> None:
        if not folder.is_dir():
            raise DatasetError(f"There is no folder {folder} to look for videos in.")
        self.folder = folder
        self._problems: list[str] = []
        self._renumbered: dict[str, str] = {}
        self._by_stem: dict[str, list[Path]] = {}
        for path in videos_below(folder, lambda name: simplify_name(name) in foreign):
            self._by_stem.setdefault(composed(path.stem), []).append(path)
        self._stems_by_casefold: dict[str, list[str]] = {}
        self._stems_by_number: dict[str, list[str]] = {}
        for stem in self._by_stem:
            self._stems_by_casefold.setdefault(stem.casefold(), []).append(stem)
            self._stems_by_number.setdefault(number_without_zeros(stem), []).append(stem)

    @property
    def problems(self) -> list[str]:
        """Sentences about ambiguous names, and about files that were found by their number alone."""
        problems = list(self._problems)
        if self._renumbered:
            renumbered = [f"{name} for {file}" for name, file in self._renumbered.items()]
            problems.append(
                f"Numbers are written with other zeros than those of files; taken are {abbreviated(renumbered)}."
            )
        return problems

    @property
    def stems(self) -> frozenset[str]:
        """Stems of all files, in composed letters."""
        return frozenset(self._by_stem)

    def suffixes(self, stem: str) -> frozenset[str]:
        """Return the extensions, in lower case, of the files with a stem in any case."""
        spellings = self._stems_by_casefold.get(composed(stem).casefold(), ())
        return frozenset(path.suffix.lower() for spelling in spellings for path in self._by_stem[spelling])

    def find(
        self,
        name: str,
        stems: Sequence[str],
        folders: Sequence[str] = (),
        prefer: str = "",
        inside: Sequence[str] = (),
        suffix: str = "",
    ) -> Path | None:
        """Return the file of a video.

        Args:
            name: Name of the video, for messages.
            stems: Possible stems, the likeliest first; an exact match comes before a match in another case.
            folders: Plain names of folders; one must contain the file at any depth; empty for any folder.
            prefer: Plain name of a folder that decides between several files, or "".
            inside: Names of the folders that directly contain the file, innermost last; empty for any folder.
            suffix: Extension, in lower case, that decides between several files, or "".

        Returns:
            The file, or None if there is none, or if several match, which is reported in ``problems``.
        """
        parents = tuple(simplify_name(folder) for folder in inside)
        for stem in map(composed, stems):
            paths = self._paths_by_spelling(stem)
            if folders:
                paths = [path for path in paths if not set(folders).isdisjoint(self._plain_folders(path))]
            if parents:
                paths = [path for path in paths if self._plain_folders(path)[-len(parents) :] == parents]
            if len(paths) > 1:
                paths = self._likelier_paths(paths, prefer, suffix)
            if len(paths) == 1:
                if composed(paths[0].stem).casefold() != stem.casefold():
                    self._renumbered[name] = paths[0].name
                return paths[0]
            if paths:
                paths_text = ", ".join(str(path.relative_to(self.folder)) for path in paths[:4])
                self._problems.append(
                    f"“{name}” could be any of {len(paths)} files ({paths_text}); none is taken. Keep one, or choose a "
                    "folder that holds one."
                )
                return None
        return None

    def _paths_by_spelling(self, stem: str) -> list[Path]:
        """Return the files with a stem in the same case, or else in any case, or else with the same number."""
        if stem in self._by_stem:
            return self._by_stem[stem]
        spellings = self._stems_by_casefold.get(stem.casefold(), [])
        number = number_without_zeros(stem)
        if not spellings and number:
            spellings = self._stems_by_number.get(number, [])
        return [path for spelling in spellings for path in self._by_stem[spelling]]

    def _likelier_paths(self, paths: list[Path], prefer: str, suffix: str) -> list[Path]:
        """Return the files that pass each criterion, unless no file passes it."""
        if suffix:
            paths = _passing_or_all(paths, lambda path: path.suffix.lower() == suffix)
        if prefer:
            paths = _passing_or_all(paths, lambda path: prefer in self._plain_folders(path))
        # recorders write a file of their own next to the file for users
        return _passing_or_all(paths, lambda path: path.suffix.lower() not in _RECORDER_SUFFIXES)

    def _plain_folders(self, path: Path) -> tuple[str, ...]:
        """Return the plain names of the folders from the searched folder to a file, the searched folder included."""
        return (
            simplify_name(self.folder.name),
            *(simplify_name(part) for part in path.relative_to(self.folder).parts[:-1]),
        )
