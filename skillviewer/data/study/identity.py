"""Which file is a video of a study: told by size and digest, wherever it lies and whatever it is called."""

import os
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.errors import VideoError
from skillviewer.core.hashing import CONFIG, sha256_of
from skillviewer.core.progress import CancelToken
from skillviewer.media.files import VIDEO_SUFFIXES, videos_below


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells one file from another.

    Attributes:
        size_bytes: Size.
        modified_ns: Time of the last change; only a hint that the digest need not be computed again.
        digest: Hexadecimal SHA-256 of its bytes.
    """

    size_bytes: int
    modified_ns: int
    digest: str


def digest_of(path: Path, token: CancelToken | None = None) -> str:
    """Return the hexadecimal SHA-256 of a file's bytes.

    Raises:
        VideoError: It cannot be read.
        Cancelled: The person asked to stop.
    """
    try:
        return sha256_of(path, token)
    except OSError as error:
        raise VideoError(f"{path} cannot be read: {error.strerror or error}.") from error


def identify(path: Path, token: CancelToken | None = None) -> Identity:
    """Return the identity of a file.

    Raises:
        VideoError: It is not there, is no file, is empty or cannot be read.
        Cancelled: The person asked to stop.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise VideoError(f"{path} cannot be read: {error.strerror or error}.") from error
    if not path.is_file():
        raise VideoError(f"{path} is not a file.")
    if found.st_size == 0:
        raise VideoError(f"{path} is empty.")
    return Identity(found.st_size, found.st_mtime_ns, digest_of(path, token))


def stat_of(path: Path) -> os.stat_result | None:
    """Return size and times of a file, or None where there is none that can be reached."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found if path.is_file() else None


def is_folder(path: Path) -> bool:
    """Return whether there is a folder that can be reached; a name that no folder can have is none."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def relative(path: Path, folder: Path) -> str:
    """Return a path from a folder, with forward slashes; "" where there is none (another drive)."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return ""


def joined(folder: Path, relative_path: str) -> Path:
    """Undo ``relative``."""
    return Path(os.path.normpath(folder / relative_path))


def places_of(folder: Path, row: sqlite3.Row) -> list[Path]:
    """Return where a row of videos or models says that its file or folder lies, the likeliest first.

    Args:
        folder: That of the study.
        row: With ``relative_path`` and ``absolute_path``; one that is not absolute, or is another system's, names none.
    """
    places = [joined(folder, row["relative_path"])] if row["relative_path"] else []
    absolute = Path(row["absolute_path"])
    return [*places, absolute] if absolute.is_absolute() else places


def strange_places(videos: Iterable[sqlite3.Row], models: Iterable[sqlite3.Row], folder: Path) -> list[Path]:
    """Return what a study names outside its folder that is there, and is not called as a video is or no checkpoint.

    Args:
        videos: Its rows of videos.
        models: Its rows of models.
        folder: Its folder.
    """
    files = (place for row in videos for place in places_of(folder, row) if place.suffix.lower() not in VIDEO_SUFFIXES)
    folders = (place for row in models for place in places_of(folder, row) if stat_of(place / CONFIG) is None)
    there = [*(file for file in files if stat_of(file) is not None), *filter(is_folder, folders)]
    return [place for place in there if not place.is_relative_to(folder)]


def stay_inside(db: sqlite3.Connection, folder: Path) -> None:
    """Forget every place outside a study's folder, for one that came from elsewhere: it knows nothing of this computer.

    Args:
        db: The study, within an act.
        folder: Its folder.
    """
    for table, key in (("video", "id"), ("model", "digest")):
        for row in db.execute(f"SELECT {key}, relative_path, absolute_path FROM {table}").fetchall():  # noqa: S608 - ours
            if not all(place.is_relative_to(folder) for place in places_of(folder, row)):
                inside = row["relative_path"] and joined(folder, row["relative_path"]).is_relative_to(folder)
                db.execute(
                    f"UPDATE {table} SET relative_path = ?, absolute_path = '' WHERE {key} = ?",  # noqa: S608 - ours
                    (row["relative_path"] if inside else "", row[key]),
                )


class Shelf:
    """Files that a search has found, to be matched with the videos of a study.

    Args:
        paths: The files.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._by_size: dict[int, list[Path]] = {}
        self._by_stem: dict[str, list[Path]] = {}
        self._digests: dict[Path, str] = {}
        for path in paths:
            found = stat_of(path)
            if found is not None:
                self._by_size.setdefault(found.st_size, []).append(path)
                self._by_stem.setdefault(path.stem.casefold(), []).append(path)

    @classmethod
    def of_tree(cls, folder: Path) -> "Shelf":
        """Return the video files anywhere below a folder; hidden folders are passed over."""
        return cls(videos_below(folder))

    @classmethod
    def of_folders(cls, folders: Iterable[Path]) -> "Shelf":
        """Return the files directly in some folders."""
        found = []
        for folder in dict.fromkeys(folders):
            if is_folder(folder):
                found += [path for path in folder.iterdir() if path.suffix.lower() in VIDEO_SUFFIXES]
        return cls(sorted(found))

    def likely(self, old: Path, size_bytes: int) -> Path | None:
        """Return the one file of the same name and size, unread, or None."""
        named = [path for path in self._by_size.get(size_bytes, []) if path.name == old.name]
        return named[0] if len(named) == 1 else None

    def find(self, old: Path, size_bytes: int, digest: str, token: CancelToken | None = None) -> Path | None:
        """Return the file that has a digest; where several have, the one whose path ends most like the old one.

        Raises:
            Cancelled: The person asked to stop.
        """
        candidates = sorted(self._by_size.get(size_bytes, []), key=lambda path: -_common_end(path, old))
        for path in candidates:
            if path not in self._digests:
                try:
                    self._digests[path] = digest_of(path, token)
                except VideoError:
                    self._digests[path] = ""
            if self._digests[path] == digest:
                return path
        return None

    def named(self, stem: str) -> Path | None:
        """Return the one file of a stem, in any case, or None."""
        found = self._by_stem.get(stem.casefold(), [])
        return found[0] if len(found) == 1 else None


def _common_end(one: Path, other: Path) -> int:
    """Return how many parts two paths have in common, counted from their end."""
    parts = list(zip(reversed(one.parts), reversed(other.parts), strict=False))
    return next((i for i, (a, b) in enumerate(parts) if a.casefold() != b.casefold()), len(parts))


def free_name(wanted: str, taken: Mapping[str, object]) -> str:
    """Return a name that is not taken yet (in lower case): the wanted one, or that with a number."""
    name, number = wanted, 2
    while name.casefold() in taken:
        name, number = f"{wanted} ({number})", number + 1
    return name
