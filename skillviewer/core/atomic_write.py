"""Never over a file unasked, never half a file: what is written goes to a name beside its place, renamed at the end."""

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from skillviewer.core.errors import ExportError, NameTakenError

ASIDE = ".part"
"""What the names of files under way have in them."""

_LEFT = re.compile(rf"(\.(.+\.)?[a-z0-9_]{{8,12}}{re.escape(ASIDE)}(\.\w+)*|[0-9a-f]{{32}}{re.escape(ASIDE)})(-\w+)?")
"""Names of files, folders and copies of databases while they are written, with SQLite's own files beside them."""

_OLD_S = 86_400.0
"""What was not written to for so long is no longer under way."""


def check_free(path: Path, *, overwrite: bool) -> None:
    """Refuse a name that nothing may be written to.

    Args:
        path: Where the file is to lie.
        overwrite: Whether a file of that name may be replaced.

    Raises:
        NameTakenError: A file is there already.
        ExportError: A folder, or a name that no file can have.
    """
    try:
        folder, there = path.is_dir(), path.exists()
    except OSError as error:  # a name that is too long, say
        raise ExportError(f"{path} could not be written: {error.strerror or error}.") from error
    if folder:
        raise ExportError(f"{path} is a folder: choose the name of a file.")
    if there and not overwrite:
        raise NameTakenError(path)


def is_there(path: Path) -> bool:
    """Return whether there is a file or folder; False where that cannot be told: it is, when something is written."""
    try:
        return path.exists()
    except OSError:  # a name that is too long, a folder that may not be read
        return False


def is_one_of(path: Path, others: Iterable[Path]) -> bool:
    """Return whether a file is one of some others, by whatever name; one that is not there is none."""
    for other in others:
        with suppress(OSError):
            if path.samefile(other):
                return True
    return False


def check_apart(path: Path, originals: Iterable[Path]) -> None:
    """Refuse to write over what nobody could bring back, whoever asks for it.

    Args:
        path: Where the file is to lie.
        originals: Videos, studies and other files that are read.

    Raises:
        ExportError: ``path`` is one of them, under whatever name.
    """
    if is_one_of(path, originals):
        raise ExportError(
            f"{path} is never replaced: it is a video, or this export is made of it. Choose another name or folder."
        )


def clear_leftovers(folder: Path) -> None:
    """Remove what was under way in a folder when the program, or the computer, was stopped; once a folder and run.

    Args:
        folder: Where something is to be written; what cannot be looked at or removed stays.
    """
    _clear(str(folder.absolute()))


@cache
def _clear(folder: str) -> None:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _LEFT.fullmatch(entry.name) and not entry.is_symlink():
                path = Path(entry.path)
                inside = [path, *(path.rglob("*") if entry.is_dir() else ())]
                if time.time() - max(one.lstat().st_mtime for one in inside) > _OLD_S:
                    _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def written_aside(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Give a free name beside ``path``; rename it to ``path`` at the end, remove it when anything goes wrong.

    Args:
        path: Where the file is to lie; a file of that name is replaced, its folder is made.
        durable: Whether it is on the disk, and not on its way there, when it gets its name: for what cannot be computed
            again, should the power fail.

    Yields:
        A name in the same folder with the same suffix.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    clear_leftovers(path.parent)
    temporary = path.with_name(f".{secrets.token_hex(6)}{ASIDE}{path.suffix}")
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
def exported_aside(path: Path, *, overwrite: bool, durable: bool = True) -> Iterator[Path]:
    """Give a name beside ``path``, as ``written_aside`` does, for what leaves the program.

    Args:
        path: Where the file is to lie; its folder is made.
        overwrite: Whether a file of that name may be replaced; asked before and after the writing.
        durable: See ``written_aside``.

    Yields:
        A name in the same folder with the same suffix.

    Raises:
        ExportError: The name is refused (see ``check_free``), or writing failed: the disk is full, say.
    """
    check_free(path, overwrite=overwrite)
    try:
        with written_aside(path, durable=durable) as temporary:
            yield temporary
            check_free(path, overwrite=overwrite)
    except OSError as error:
        raise ExportError(f"{path} could not be written: {error.strerror or error}.") from error
