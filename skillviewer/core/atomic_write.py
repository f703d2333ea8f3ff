"""Atomic writes: to a temporary file in the same folder, renamed at the end. Files are never overwritten unasked."""

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

TEMPORARY = ".part"
"""Part of the names of temporary files."""

_TEMPORARY_NAME = re.compile(r"(\.(.+\.)?[a-z0-9_]{8,12}\.part(\.\w+)*|[0-9a-f]{32}\.part)(-\w+)?")
"""Names of temporary files, folders and copies of databases, and of SQLite's side files of such a copy."""

_OLD_S = 86_400.0
"""Age after which a temporary file is a leftover."""

_ABANDONED_S = 3600.0
"""The same among files that can be computed again."""


def check_free(path: Path, *, overwrite: bool) -> None:
    """Refuse a path that must not be written to.

    Raises:
        NameTakenError: The file exists already.
        ExportError: The path is a folder, or a name that no file can have.
    """
    with os_error_as(ExportError, f"{path} could not be written"):  # a name that is too long, say
        folder = path.is_dir()
        exists = path.exists()
    if folder:
        raise ExportError(f"{path} is a folder: choose the name of a file.")
    if exists and not overwrite:
        raise NameTakenError(path)


def check_room(folder: Path, n_bytes: int, needs: str, kind: type[SkillViewerError] = ExportError) -> None:
    """Refuse work that needs more room than is left on the disk of a folder, before anything is written.

    ``needs`` is the start of the sentence: "Unpacking x needs". The folder need not exist yet.

    Raises:
        SkillViewerError: There is less room, or the disk cannot be looked at; of class ``kind``.
    """
    existing_folder = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    with os_error_as(kind, f"{existing_folder} cannot be looked at"):
        free = shutil.disk_usage(existing_folder).free
    if free < n_bytes:
        raise kind(
            f"{needs} {format_size(n_bytes)}, and the disk of {existing_folder} has {format_size(free)} left. "
            "Make room, or choose another place; nothing has been begun."
        )


def path_exists(path: Path) -> bool:
    """Return True if a file or folder exists; False if that is unknown: the write itself finds out."""
    return os.path.exists(path)  # noqa: PTH110 - a name that is too long, a folder that may not be read


def is_one_of(path: Path, others: Iterable[Path]) -> bool:
    """Return True if a path is the same file as one of some others, under any name; False if it does not exist."""
    for other in others:
        with suppress(OSError):
            if path.samefile(other):
                return True
    return False


def check_not_source(path: Path, originals: Iterable[Path]) -> None:
    """Refuse by an ExportError to overwrite a file that an export reads, under any name: it could not be restored."""
    if is_one_of(path, originals):
        raise ExportError(
            f"{path} is never replaced: it is a video, or this export is made of it. Choose another name or folder."
        )


def clear_leftovers(folder: Path) -> None:
    """Remove temporary files that a killed program or computer left in a folder; once per folder and run.

    Files that cannot be read or removed stay.
    """
    _clear_once(str(folder.absolute()))


@cache
def _clear_once(folder: str) -> None:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _TEMPORARY_NAME.fullmatch(entry.name) and not entry.is_symlink():
                path = Path(entry.path)
                inside = [path, *(path.rglob("*") if entry.is_dir() else ())]
                if time.time() - max(path.lstat().st_mtime for path in inside) <= _OLD_S:
                    continue
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)


@contextmanager
def atomic_path(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Give a temporary path next to ``path``, of its suffix; rename it to ``path`` at the end, or remove it on errors.

    An existing file is replaced; the folder is created. If ``durable``, the file is flushed to disk before it is
    renamed, for data that cannot be computed again after a power failure.

    Raises:
        OSError: The file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    clear_leftovers(path.parent)
    temporary = path.with_name(f".{secrets.token_hex(6)}{TEMPORARY}{path.suffix}")
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
    """Give a temporary folder next to ``folder``; rename it to ``folder`` at the end, or remove it on an error.

    The folder must not exist, or be empty.

    Raises:
        OSError: The folder cannot be written, or is not empty.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    clear_leftovers(folder.parent)
    temp_folder = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".", suffix=TEMPORARY))
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
    """Give a temporary path, as ``atomic_path`` does, for a file that leaves the program.

    ``overwrite`` allows an existing file to be replaced; this is checked before and after the write.

    Raises:
        ExportError: The path is refused (see ``check_free``), or the write failed: the disk is full, say.
    """
    check_free(path, overwrite=overwrite)
    with os_error_as(ExportError, f"{path} could not be written"), atomic_path(path, durable=durable) as temporary:
        yield temporary
        check_free(path, overwrite=overwrite)


def _files_below(folder: Path) -> Iterator[Path]:
    for directory, _, names in os.walk(folder):  # folders that another process removes meanwhile are skipped
        yield from (Path(directory, name) for name in names)


def cached_files(folder: Path, suffix: str) -> list[tuple[Path, int, float]]:
    """Return (path, bytes, last use) of every whole file with a suffix below a folder, the longest unused first."""
    files = []
    for path in _files_below(folder):
        if path.suffix == suffix and not path.name.startswith("."):
            with suppress(OSError):  # another process may have removed it
                stat = path.stat()
                files.append((path, stat.st_size, stat.st_mtime))
    return sorted(files, key=lambda entry: entry[2])


def make_room(folder: Path, suffix: str, n_bytes: int, max_bytes: int) -> int:
    """Remove what a killed process left half written, then the longest unused files until ``n_bytes`` more fit.

    Returns:
        Bytes of the files that stay.
    """
    for path in _files_below(folder):
        with suppress(OSError):
            if TEMPORARY in path.name and time.time() - path.stat().st_mtime > _ABANDONED_S:
                path.unlink()
    entries = cached_files(folder, suffix)
    total = sum(size for _, size, _ in entries)
    for path, size, _ in entries:
        if total + n_bytes <= max_bytes:
            break
        with suppress(OSError):
            path.unlink()
        total -= size
    return total
