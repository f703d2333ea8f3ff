"""Search for the files of videos by their stems, anywhere below a folder."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from skillviewer.core.errors import DatasetError
from skillviewer.core.text import join_names
from skillviewer.data.tables.name_spelling import compose_accents, simplify_name
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
        skipped_folders: Simplified names (see ``simplify_name``) of folders to skip, such as the folders of other
            tasks, which may hold videos of the same names.

    Raises:
        DatasetError: The folder does not exist.
    """

    def __init__(self, folder: Path, skipped_folders: Sequence[str] = ()) -> None:
        if not folder.is_dir():
            raise DatasetError(f"There is no folder {folder} to look for videos in.")
        self.folder = folder
        self._problems: list[str] = []
        self._file_found_by_number: dict[str, str] = {}  # name of the file, by name of the video
        self._paths_by_stem: dict[str, list[Path]] = {}
        for path in videos_below(folder, lambda name: simplify_name(name) in skipped_folders):
            self._paths_by_stem.setdefault(compose_accents(path.stem), []).append(path)
        self._stems_by_casefold: dict[str, list[str]] = {}
        self._stems_by_number: dict[str, list[str]] = {}
        for stem in self._paths_by_stem:
            self._stems_by_casefold.setdefault(stem.casefold(), []).append(stem)
            self._stems_by_number.setdefault(number_without_zeros(stem), []).append(stem)

    @property
    def problems(self) -> list[str]:
        """Sentences about ambiguous names, and about files that were found by their number alone."""
        problems = list(self._problems)
        if self._file_found_by_number:
            matches = [f"{name} with {file}" for name, file in self._file_found_by_number.items()]
            problems.append(
                f"Some numbers have other leading zeros than the files. Matched by their value: {join_names(matches)}."
            )
        return problems

    @property
    def stems(self) -> frozenset[str]:
        """Stems of all files, in composed letters."""
        return frozenset(self._paths_by_stem)

    def suffixes(self, stem: str) -> frozenset[str]:
        """Return the extensions, in lower case, of the files with a stem in any case."""
        spellings = self._stems_by_casefold.get(compose_accents(stem).casefold(), ())
        return frozenset(path.suffix.lower() for spelling in spellings for path in self._paths_by_stem[spelling])

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
            folders: Simplified names of folders. The file must lie in one of them, at any depth; empty for any folder.
            prefer: Simplified name of a folder. Of several files, those in this folder are taken; or "".
            inside: Names of the folders that directly contain the file, innermost last; empty for any folder.
            suffix: Extension in lower case. Of several files, those with this extension are taken; or "".

        Returns:
            The file, or None if there is none, or if several match, which is reported in ``problems``.
        """
        parents = tuple(simplify_name(folder) for folder in inside)
        for stem in map(compose_accents, stems):
            paths = self._paths_by_spelling(stem)
            if folders:
                paths = [path for path in paths if self._is_in_any_folder(path, folders)]
            if parents:
                paths = [path for path in paths if self._simplified_folders(path)[-len(parents) :] == parents]
            if len(paths) > 1:
                paths = self._likelier_paths(paths, prefer, suffix)
            if len(paths) == 1:
                if compose_accents(paths[0].stem).casefold() != stem.casefold():
                    self._file_found_by_number[name] = paths[0].name
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
        if stem in self._paths_by_stem:
            return self._paths_by_stem[stem]
        spellings = self._stems_by_casefold.get(stem.casefold(), [])
        number = number_without_zeros(stem)
        if not spellings and number:
            spellings = self._stems_by_number.get(number, [])
        return [path for spelling in spellings for path in self._paths_by_stem[spelling]]

    def _likelier_paths(self, paths: list[Path], prefer: str, suffix: str) -> list[Path]:
        """Narrow files down by each criterion that at least one of them meets."""
        if suffix:
            paths = _passing_or_all(paths, lambda path: path.suffix.lower() == suffix)
        if prefer:
            paths = _passing_or_all(paths, lambda path: prefer in self._simplified_folders(path))
        # a recorder may leave its raw file next to the exported file
        return _passing_or_all(paths, lambda path: path.suffix.lower() not in _RECORDER_SUFFIXES)

    def _is_in_any_folder(self, path: Path, simplified_names: Iterable[str]) -> bool:
        folders = self._simplified_folders(path)
        return any(name in folders for name in simplified_names)

    def _simplified_folders(self, path: Path) -> tuple[str, ...]:
        """Return the simplified names of the folders that contain a file, from the searched folder downwards."""
        subfolders = path.relative_to(self.folder).parts[:-1]
        return (simplify_name(self.folder.name), *map(simplify_name, subfolders))
