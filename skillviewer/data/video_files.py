"""Finding the file of a video by its stem, anywhere below a folder."""

from collections.abc import Sequence
from pathlib import Path

from skillviewer.core.errors import DatasetError
from skillviewer.data.rows import composed, plain
from skillviewer.media.files import VIDEO_SUFFIXES, videos_below

_OF_RECORDERS = frozenset({".ts", ".m2ts", ".3gp"})


def bare(name: str) -> str:
    """Return a name without the extension of a video file, as a pair may carry one."""
    return name[: -len(Path(name).suffix)] if Path(name).suffix.lower() in VIDEO_SUFFIXES else name


class VideoFiles:
    """The video files below a folder.

    Args:
        folder: Where to look; hidden folders are passed over.
        foreign: Folder names (plain, see ``rows.plain``) under which other tasks keep videos of the same names.

    Raises:
        DatasetError: The folder is not there.
    """

    def __init__(self, folder: Path, foreign: Sequence[str] = ()) -> None:
        if not folder.is_dir():
            raise DatasetError(f"There is no folder {folder} to look for videos in.")
        self.folder = folder
        self.problems: list[str] = []
        self._by_stem: dict[str, list[Path]] = {}
        for path in videos_below(folder, lambda name: plain(name) in foreign):
            self._by_stem.setdefault(composed(path.stem), []).append(path)
        self._folded: dict[str, list[str]] = {}
        for stem in self._by_stem:
            self._folded.setdefault(stem.casefold(), []).append(stem)

    @property
    def stems(self) -> frozenset[str]:
        """Stems of all files found, composed."""
        return frozenset(self._by_stem)

    def find(
        self,
        name: str,
        stems: Sequence[str],
        folders: Sequence[str] = (),
        prefer: str = "",
        inside: Sequence[str] = (),
    ) -> Path | None:
        """Return the file of a video.

        Args:
            name: Name of the video, for messages.
            stems: Stems that it may have, the likeliest first; in this case first, then in any.
            folders: Plain names of folders, one of which must hold it (at any height), or nothing.
            prefer: Plain name of a folder that decides between several files.
            inside: Plain names of the folders that hold it, the last one itself, or nothing.

        Returns:
            The file; None where there is none, or where several could be meant, which is listed in ``problems``.
        """
        for stem in map(composed, stems):
            spelled = [stem] if stem in self._by_stem else self._folded.get(stem.casefold(), [])
            paths = [path for spelling in spelled for path in self._by_stem[spelling]]
            if folders:
                paths = [path for path in paths if set(folders) & self._above(path)]
            if inside:
                paths = [path for path in paths if self._parts(path)[-len(inside) :] == tuple(inside)]
            if len(paths) > 1 and prefer:
                paths = [path for path in paths if prefer in self._above(path)] or paths
            if len(paths) > 1:  # a recorder's own file beside the one that people use
                paths = [path for path in paths if path.suffix.lower() not in _OF_RECORDERS] or paths
            if len(paths) == 1:
                return paths[0]
            if paths:
                shown = ", ".join(str(path.relative_to(self.folder)) for path in paths[:4])
                self.problems.append(
                    f"“{name}” could be any of {len(paths)} files ({shown}); none is taken. Keep one, or choose a "
                    "folder that holds one."
                )
                return None
        return None

    def _above(self, path: Path) -> set[str]:
        """Return the plain names of the folders that hold a file, down from the folder that was searched."""
        return set(self._parts(path))

    def _parts(self, path: Path) -> tuple[str, ...]:
        return (plain(self.folder.name), *(plain(part) for part in path.relative_to(self.folder).parts[:-1]))
