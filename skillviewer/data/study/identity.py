"""Identity of a study's video files: size and digest, whatever their path and name."""

import os
import sqlite3
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.errors import VideoError, os_error_as
from skillviewer.core.hashing import CONFIG, sha256_of
from skillviewer.core.paths import is_folder
from skillviewer.core.progress import NEVER, CancelToken
from skillviewer.media.files import VIDEO_SUFFIXES, videos_below


@dataclass(frozen=True, slots=True)
class Identity:
    """Identity of one file."""

    size_bytes: int
    modified_ns: int  # time of the last change; equal times mean that the digest need not be computed again
    digest: str  # hexadecimal SHA-256 of its bytes


def digest_of(path: Path, token: CancelToken = NEVER) -> str:
    """Return the hexadecimal SHA-256 of a file's bytes, or raise a VideoError."""
    with os_error_as(VideoError, f"{path} cannot be read"):
        return sha256_of(path, token)


def identify(path: Path, token: CancelToken = NEVER) -> Identity:
    """Return the identity of a file.

    Raises:
        VideoError: The path does not exist, is no file, or is an empty or unreadable one.
    """
    with os_error_as(VideoError, f"{path} cannot be read"):
        stat = path.stat()
    if not path.is_file():
        raise VideoError(f"{path} is not a file.")
    if stat.st_size == 0:
        raise VideoError(f"{path} is empty.")
    return Identity(stat.st_size, stat.st_mtime_ns, digest_of(path, token))


def stat_of(path: Path | str) -> os.stat_result | None:
    """Return size and times of a file, or None if it cannot be reached."""
    try:
        status = os.stat(path)  # noqa: PTH116 - also for thousands of texts, of which a Path takes longer
    except (OSError, ValueError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def relative(path: Path, folder: Path) -> str:
    """Return a path relative to a folder, with forward slashes; "" if there is none (another drive)."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return ""


def joined(folder: Path, relative_path: str) -> Path:
    """Undo ``relative``."""
    return Path(os.path.normpath(folder / relative_path))


def recorded_places(folder: str, row: sqlite3.Row) -> list[str]:
    """Return the recorded paths of a video's file or a model's folder as text, the most likely first.

    An absolute path of another system is left out.
    """
    near, absolute = row["relative_path"], row["absolute_path"]
    places = [os.path.normpath(os.path.join(folder, near))] if near else []  # noqa: PTH118 - see stat_of
    return [*dict.fromkeys([*places, absolute])] if os.path.isabs(absolute) else places  # noqa: PTH117


def recorded_paths(folder: Path, row: sqlite3.Row) -> list[Path]:
    """Return the same as paths."""
    return [Path(place) for place in recorded_places(str(folder), row)]


def suspicious_paths(videos: Iterable[sqlite3.Row], models: Iterable[sqlite3.Row], folder: Path) -> list[Path]:
    """Return the recorded paths outside the study's folder that exist and are no video or checkpoint."""
    files = (place for row in videos for place in recorded_places(str(folder), row))
    strange = (place for place in files if os.path.splitext(place)[1].lower() not in VIDEO_SUFFIXES)  # noqa: PTH122
    paths = [Path(place) for place in strange if stat_of(place) is not None]
    folders = (path for row in models for path in recorded_paths(folder, row))
    paths += [path for path in folders if stat_of(path / CONFIG) is None and is_folder(path)]
    return [path for path in paths if not path.is_relative_to(folder)]


def clear_outside_paths(db: sqlite3.Connection, folder: Path) -> None:
    """Clear every path outside the folder of a study from elsewhere, which cannot know paths of this computer."""
    for table, key in (("video", "id"), ("model", "digest")):
        for row in db.execute(f"SELECT {key}, relative_path, absolute_path FROM {table}").fetchall():  # noqa: S608 - ours
            if not all(path.is_relative_to(folder) for path in recorded_paths(folder, row)):
                inside = row["relative_path"] and joined(folder, row["relative_path"]).is_relative_to(folder)
                db.execute(
                    f"UPDATE {table} SET relative_path = ?, absolute_path = '' WHERE {key} = ?",  # noqa: S608 - ours
                    (row["relative_path"] if inside else "", row[key]),
                )


class FileIndex:
    """Index of the files found by a search, to be matched with the videos of a study."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._by_size: dict[int, list[Path]] = {}
        self._by_stem: dict[str, list[Path]] = {}
        self._digests: dict[Path, str] = {}
        for path in paths:
            stat = stat_of(path)
            if stat is not None:
                self._by_size.setdefault(stat.st_size, []).append(path)
                self._by_stem.setdefault(path.stem.casefold(), []).append(path)

    @classmethod
    def of_tree(cls, folder: Path) -> "FileIndex":
        """Return the index of all video files below a folder; hidden folders are skipped."""
        return cls(videos_below(folder))

    @classmethod
    def of_folders(cls, folders: Iterable[Path]) -> "FileIndex":
        """Return the index of the files directly in some folders."""
        files = []
        for folder in dict.fromkeys(folders):
            if is_folder(folder):
                files += [path for path in folder.iterdir() if path.suffix.lower() in VIDEO_SUFFIXES]
        return cls(sorted(files))

    def likely(self, old: Path, size_bytes: int) -> Path | None:
        """Return the only file with the same name and size, without reading it, or None."""
        same_name = [path for path in self._by_size.get(size_bytes, []) if path.name == old.name]
        return same_name[0] if len(same_name) == 1 else None

    def find(self, old: Path, size_bytes: int, digest: str, token: CancelToken = NEVER) -> Path | None:
        """Return the file with a digest; of several, the one whose path ends most like the old one."""
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
        """Return the only file with a stem, in any case, or None."""
        paths = self._by_stem.get(stem.casefold(), [])
        return paths[0] if len(paths) == 1 else None


def _common_end(first: Path, second: Path) -> int:
    """Return the number of common parts of two paths, counted from their end."""
    parts = list(zip(reversed(first.parts), reversed(second.parts), strict=False))
    return next((i for i, (a, b) in enumerate(parts) if a.casefold() != b.casefold()), len(parts))
