"""Atomic writes: a temporary file in the same folder is renamed at the end.

Existing files are only overwritten on request. Folders of temporary and cached files are cleared here too.
"""

import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from skillviewer.core.errors import ExportError, NameTakenError, SkillViewerError, os_error_as
from skillviewer.core.text import format_size

TEMPORARY_SUFFIX = ".part"
"""Part of the names of temporary files."""

_TEMPORARY_NAME = re.compile(r"(\.(.+\.)?[a-z0-9_]{8,12}\.part(\.\w+)*|[0-9a-f]{32}\.part)(-\w+)?")
"""Names of temporary files, folders and copies of databases, and of SQLite's side files of such a copy."""

_LEFTOVER_AGE_S = 86_400.0
"""Age after which a temporary file is a leftover."""

_CACHE_LEFTOVER_AGE_S = 3600.0
"""Age after which a temporary file in a cache is a leftover."""


def check_free(path: Path, *, overwrite: bool) -> None:
    """Refuse a path that must not be written to.

    Raises:
        NameTakenError: The file exists already.
        ExportError: The path is a folder, or a name that no file can have.
    """
    with os_error_as(ExportError, f"{path} could not be written"):  # for example, the name is too long
        is_folder = path.is_dir()
        exists = path.exists()
    if is_folder:
        raise ExportError(f"{path} is a folder: choose the name of a file.")
    if exists and not overwrite:
        raise NameTakenError(path)


def check_room(
    folder: Path, n_bytes: int, sentence_start: str, error_type: type[SkillViewerError] = ExportError
) -> None:
    """Refuse work that needs more space than is free on the disk of a folder, before anything is written.

    Args:
        folder: The folder; it need not exist yet.
        n_bytes: Space that the work needs.
        sentence_start: Start of the error message, such as "Unpacking x needs".
        error_type: Class of the error.

    Raises:
        SkillViewerError: The space is too small or cannot be read.
    """
    existing_folder = next(candidate for candidate in (folder, *folder.absolute().parents) if candidate.exists())
    with os_error_as(error_type, f"{existing_folder} cannot be looked at"):
        free_bytes = shutil.disk_usage(existing_folder).free
    if free_bytes < n_bytes:
        raise error_type(
            f"{sentence_start} {format_size(n_bytes)}, and the disk of {existing_folder} has "
            f"{format_size(free_bytes)} left. Make room, or choose another place; nothing has been begun."
        )


def path_exists(path: Path) -> bool:
    """Return True if a file or folder exists, and False if that cannot be known before the write."""
    return os.path.exists(path)  # noqa: PTH110 - a name that is too long, a folder that may not be read


def is_one_of(path: Path, others: Iterable[Path]) -> bool:
    """Return True if a path is the same file as one of the other paths, such as a link; False for a missing file."""
    for other in others:
        with suppress(OSError):
            if path.samefile(other):
                return True
    return False


def check_not_source(path: Path, originals: Iterable[Path]) -> None:
    """Raise an ExportError if an export would overwrite a file that it reads, under any name."""
    if is_one_of(path, originals):
        raise ExportError(
            f"{path} is never replaced: it is a video, or this export is made of it. Choose another name or folder."
        )


def clear_leftovers(folder: Path) -> None:
    """Remove temporary files that a killed program left in a folder, once per folder and process.

    Files that cannot be read or removed stay.
    """
    _clear_once(str(folder.absolute()))


@cache
def _clear_once(folder: str) -> None:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink() or not _TEMPORARY_NAME.fullmatch(entry.name):
                continue
            leftover = Path(entry.path)
            paths = [leftover]
            if entry.is_dir():
                paths += leftover.rglob("*")
            last_change_s = max(path.lstat().st_mtime for path in paths)
            if time.time() - last_change_s <= _LEFTOVER_AGE_S:
                continue
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink(missing_ok=True)


@contextmanager
def atomic_path(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Provide a temporary path with the same folder and suffix, and rename it to ``path`` at the end.

    An existing file is replaced. The folder is created. On errors the temporary file is removed. If ``durable``, the
    file is flushed to disk before the rename, for data that cannot be computed again after a power failure.

    Raises:
        OSError: The file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    clear_leftovers(path.parent)
    temporary = path.with_name(f".{secrets.token_hex(6)}{TEMPORARY_SUFFIX}{path.suffix}")
    try:
        yield temporary
        if durable:
            with temporary.open("r+b") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Provide a temporary folder next to ``folder``, and rename it to ``folder`` at the end.

    ``folder`` has to be empty or missing. On errors the temporary folder is removed.

    Raises:
        OSError: The folder cannot be written, or is not empty.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    clear_leftovers(folder.parent)
    temp_folder = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".", suffix=TEMPORARY_SUFFIX))
    try:
        yield temp_folder
        temp_folder.chmod(0o755)
        if folder.is_dir():
            folder.rmdir()
        temp_folder.rename(folder)
    finally:
        shutil.rmtree(temp_folder, ignore_errors=True)


@contextmanager
def atomic_export(path: Path, *, overwrite: bool, durable: bool = True) -> Iterator[Path]:
    """Provide a temporary path, as ``atomic_path`` does, for a file that leaves the program.

    ``overwrite`` allows an existing file to be replaced; this is checked before and after the write.

    Raises:
        ExportError: The path is refused (see ``check_free``), or the write failed, for example on a full disk.
    """
    check_free(path, overwrite=overwrite)
    with os_error_as(ExportError, f"{path} could not be written"), atomic_path(path, durable=durable) as temporary:
        yield temporary
        check_free(path, overwrite=overwrite)


def _files_below(folder: Path) -> Iterator[Path]:
    for directory, _, names in os.walk(folder):  # skips folders that another process removes meanwhile
        yield from (Path(directory, name) for name in names)


def cached_files(folder: Path, suffix: str) -> list[tuple[Path, int, float]]:
    """Return path, size in bytes and last use of every complete file with a suffix below a folder, oldest use first."""
    files = []
    for path in _files_below(folder):
        if path.suffix == suffix and not path.name.startswith("."):
            with suppress(OSError):  # another process may have removed it
                stat = path.stat()
                files.append((path, stat.st_size, stat.st_mtime))
    return sorted(files, key=lambda entry: entry[2])


def make_room(folder: Path, suffix: str, n_bytes: int, max_bytes: int) -> int:
    """Remove leftovers of killed processes, then the longest unused files until ``n_bytes`` more fit.

    Returns:
        Bytes of the remaining files.
    """
    for path in _files_below(folder):
        with suppress(OSError):
            if TEMPORARY_SUFFIX in path.name and time.time() - path.stat().st_mtime > _CACHE_LEFTOVER_AGE_S:
                path.unlink()
    entries = cached_files(folder, suffix)
    total_bytes = sum(size for _, size, _ in entries)
    for path, size, _ in entries:
        if total_bytes + n_bytes <= max_bytes:
            break
        with suppress(OSError):
            path.unlink()
        total_bytes -= size
    return total_bytes
