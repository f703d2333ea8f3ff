"""Search for the file of a video by its stem, anywhere below a folder."""

from collections.abc import Sequence
from pathlib import Path

from skillviewer.core.errors import DatasetError
from skillviewer.data.tables.rows import abbreviated, composed, plain
from skillviewer.media.files import VIDEO_SUFFIXES, videos_below

_OF_RECORDERS = frozenset({".ts", ".m2ts", ".3gp"})


def strip_extension(name: str) -> str:
    """Return a name without the extension of a video file, which a pair may carry."""
    return name[: -len(Path(name).suffix)] if Path(name).suffix.lower() in VIDEO_SUFFIXES else name


def number_of(name: str) -> str:
    """Return a numeric name without leading zeros, as a spreadsheet writes it; "" if it is no number.

    Folders before it are kept, in lower case.
    """
    folders, slash, last = name.rpartition("/")
    return f"{folders.casefold()}{slash}{int(last)}" if last.isascii() and last.isdecimal() and len(last) < 40 else ""


class VideoFolder:
    """Video files below a folder.

    Args:
        folder: The folder to search; hidden folders are skipped.
        foreign: Plain names (see ``rows.plain``) of folders in which other tasks keep videos with the same names.

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
        for path in videos_below(folder, lambda name: plain(name) in foreign):
            self._by_stem.setdefault(composed(path.stem), []).append(path)
        self._folded: dict[str, list[str]] = {}
        self._numbers: dict[str, list[str]] = {}
        for stem in self._by_stem:
            self._folded.setdefault(stem.casefold(), []).append(stem)
            self._numbers.setdefault(number_of(stem), []).append(stem)

    @property
    def problems(self) -> list[str]:
        """Return sentences about ambiguous names and about files found by number alone."""
        if not self._renumbered:
            return [*self._problems]
        renumbered = [f"{name} for {file}" for name, file in self._renumbered.items()]
        return [
            *self._problems,
            f"Numbers are written with other zeros than those of files; taken are {abbreviated(renumbered)}.",
        ]

    @property
    def stems(self) -> frozenset[str]:
        """Stems of all files, in composed letters."""
        return frozenset(self._by_stem)

    def suffixes(self, stem: str) -> frozenset[str]:
        """Return the extensions, in lower case, of the files with a stem in any case."""
        spelled = self._folded.get(composed(stem).casefold(), ())
        return frozenset(path.suffix.lower() for spelling in spelled for path in self._by_stem[spelling])

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
            stems: Possible stems, the likeliest first; an exact match comes before one in another case.
            folders: Plain names of folders; one must contain it, at any depth. Empty for no condition.
            prefer: Plain name of a folder that decides between several files.
            inside: Names of the folders that contain it, innermost last, or empty.
            suffix: Extension, in lower case, that decides between several files, or "".

        Returns:
            The file; None if there is none, or if several match, which is reported in ``problems``.
        """
        above = tuple(plain(folder) for folder in inside)
        for stem in map(composed, stems):
            paths = self._spelled(stem)
            if folders:
                paths = [path for path in paths if set(folders) & self._above(path)]
            if above:
                paths = [path for path in paths if self._parts(path)[-len(above) :] == above]
            if len(paths) > 1:
                paths = self._narrowed(paths, prefer, suffix)
            if len(paths) == 1:
                if composed(paths[0].stem).casefold() != stem.casefold():
                    self._renumbered[name] = paths[0].name
                return paths[0]
            if paths:
                listed_paths = ", ".join(str(path.relative_to(self.folder)) for path in paths[:4])
                self._problems.append(
                    f"“{name}” could be any of {len(paths)} files ({listed_paths}); none is taken. Keep one, or "
                    "choose a "
                    "folder that holds one."
                )
                return None
        return None

    def _spelled(self, stem: str) -> list[Path]:
        """Return the files with a stem: in the exact case, else in any, else with the same number."""
        number = number_of(stem)
        spelled = [stem] if stem in self._by_stem else self._folded.get(stem.casefold(), [])
        spelled = spelled or (self._numbers.get(number, []) if number else [])
        return [path for spelling in spelled for path in self._by_stem[spelling]]

    def _narrowed(self, paths: list[Path], prefer: str, suffix: str) -> list[Path]:
        """Return the more likely ones of several files."""
        if suffix:
            paths = [path for path in paths if path.suffix.lower() == suffix] or paths
        if prefer:
            paths = [path for path in paths if prefer in self._above(path)] or paths
        # a recorder's own file next to the one for users
        return [path for path in paths if path.suffix.lower() not in _OF_RECORDERS] or paths

    def _above(self, path: Path) -> set[str]:
        """Return the plain names of the folders between the searched folder and a file."""
        return set(self._parts(path))

    def _parts(self, path: Path) -> tuple[str, ...]:
        return (plain(self.folder.name), *(plain(part) for part in path.relative_to(self.folder).parts[:-1]))
