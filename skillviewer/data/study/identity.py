"""Identity of the video files of a study by size and digest, and the paths under which they are recorded."""

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
    modified_ns: int  # time of the last change; if it is the same, the digest is not computed again
    digest: str  # hexadecimal SHA-256 of its bytes


def digest_of(path: Path, token: CancelToken = NEVER) -> str:
    """Return the hexadecimal SHA-256 of a file's bytes, or raise a VideoError."""
    with os_error_as(VideoError, f"{path} cannot be read"):
        return sha256_of(path, token)


def identify(path: Path, token: CancelToken = NEVER) -> Identity:
    """Return the identity of a file.

    Raises:
        VideoError: The path does not exist or is no file, or the file is empty or unreadable.
    """
    with os_error_as(VideoError, f"{path} cannot be read"):
        stat = path.stat()
    if not path.is_file():
        raise VideoError(f"{path} is not a file.")
    if stat.st_size == 0:
        raise VideoError(f"{path} is empty.")
    return Identity(stat.st_size, stat.st_mtime_ns, digest_of(path, token))


def stat_of(path: Path | str) -> os.stat_result | None:
    """Return the status of a file (size, times), or None if there is no such file or it cannot be reached."""
    try:
        status = os.stat(path)  # noqa: PTH116 - quicker than Path.stat for thousands of paths as text
    except (OSError, ValueError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def path_relative_to(path: Path, folder: Path) -> str:
    """Return a path relative to a folder, with forward slashes; "" if the path is on another drive."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return ""


def resolve_relative(folder: Path, relative_path: str) -> Path:
    """Return the path that ``path_relative_to`` made relative to a folder."""
    return Path(os.path.normpath(folder / relative_path))


def recorded_path_texts(folder: str, row: sqlite3.Row) -> list[str]:
    """Return the recorded paths of a video's file or a model's folder as texts, the most likely first.

    An absolute path of another operating system is left out.
    """
    relative_path = row["relative_path"]
    absolute_path = row["absolute_path"]
    paths = [os.path.normpath(os.path.join(folder, relative_path))] if relative_path else []  # noqa: PTH118 - see stat_of
    if os.path.isabs(absolute_path) and absolute_path not in paths:  # noqa: PTH117 - see stat_of
        paths.append(absolute_path)
    return paths


def recorded_paths(folder: Path, row: sqlite3.Row) -> list[Path]:
    """Return ``recorded_path_texts`` as paths."""
    return [Path(text) for text in recorded_path_texts(str(folder), row)]


def suspicious_paths(videos: Iterable[sqlite3.Row], models: Iterable[sqlite3.Row], folder: Path) -> list[Path]:
    """Return the recorded paths outside the study's folder that exist and are no video or checkpoint."""
    texts = [text for row in videos for text in recorded_path_texts(str(folder), row)]
    suspects = [Path(text) for text in texts if not _has_video_suffix(text) and stat_of(text) is not None]
    paths = [path for row in models for path in recorded_paths(folder, row)]
    suspects += [path for path in paths if stat_of(path / CONFIG) is None and is_folder(path)]
    return [path for path in suspects if not path.is_relative_to(folder)]


def _has_video_suffix(path: str) -> bool:
    return os.path.splitext(path)[1].lower() in VIDEO_SUFFIXES  # noqa: PTH122 - see stat_of


def clear_outside_paths(db: sqlite3.Connection, folder: Path) -> None:
    """Clear every recorded path outside the folder of a study that comes from another computer."""
    for table, key in (("video", "id"), ("model", "digest")):
        for row in db.execute(f"SELECT {key}, relative_path, absolute_path FROM {table}").fetchall():  # noqa: S608 - ours
            if all(path.is_relative_to(folder) for path in recorded_paths(folder, row)):
                continue
            relative_path = row["relative_path"]
            if relative_path and not resolve_relative(folder, relative_path).is_relative_to(folder):
                relative_path = ""
            db.execute(
                f"UPDATE {table} SET relative_path = ?, absolute_path = '' WHERE {key} = ?",  # noqa: S608 - ours
                (relative_path, row[key]),
            )


class FileIndex:
    """Index of video files on disk, in which the files of a study's videos are searched."""

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
    def from_tree(cls, folder: Path) -> "FileIndex":
        """Return the index of all video files below a folder; hidden folders are skipped."""
        return cls(videos_below(folder))

    @classmethod
    def from_folders(cls, folders: Iterable[Path]) -> "FileIndex":
        """Return the index of the video files in some folders, without their subfolders."""
        files = []
        for folder in dict.fromkeys(folders):
            if is_folder(folder):
                files += [path for path in folder.iterdir() if path.suffix.lower() in VIDEO_SUFFIXES]
        return cls(sorted(files))

    def find_by_name(self, name: str, size_bytes: int) -> Path | None:
        """Return the only file with a name and a size, or None. No file is read."""
        same_name = [path for path in self._by_size.get(size_bytes, []) if path.name == name]
        return same_name[0] if len(same_name) == 1 else None

    def find_by_digest(self, old_path: Path, size_bytes: int, digest: str, token: CancelToken = NEVER) -> Path | None:
        """Return a file with a digest, or None.

        Of several files, it is the one whose path has most parts in common with the end of the old path.
        """
        candidates = sorted(self._by_size.get(size_bytes, []), key=lambda path: -_common_end_length(path, old_path))
        for path in candidates:
            if path not in self._digests:
                try:
                    self._digests[path] = digest_of(path, token)
                except VideoError:
                    self._digests[path] = ""
            if self._digests[path] == digest:
                return path
        return None

    def find_by_stem(self, stem: str) -> Path | None:
        """Return the file with a stem, ignoring case; None if there is none or more than one."""
        paths = self._by_stem.get(stem.casefold(), [])
        return paths[0] if len(paths) == 1 else None


def _common_end_length(first: Path, second: Path) -> int:
    """Return the number of common parts of two paths, counted from their end."""
    length = 0
    for part, other_part in zip(reversed(first.parts), reversed(second.parts), strict=False):
        if part.casefold() != other_part.casefold():
            break
        length += 1
    return length
