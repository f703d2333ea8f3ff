"""Never over a file unasked, never half a file: what is written goes to a name beside its place, renamed at the end."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from skillviewer.core.errors import ExportError, NameTakenError

ASIDE = ".part"
"""What the names of files under way have in them."""


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


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Give a free name beside ``path``; rename it to ``path`` at the end, remove it when anything goes wrong.

    Args:
        path: Where the file is to lie; a file of that name is replaced, its folder is made.

    Yields:
        A name in the same folder with the same suffix.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{secrets.token_hex(6)}{ASIDE}{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def exported_aside(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a name beside ``path``, as ``written_aside`` does, for what leaves the program.

    Args:
        path: Where the file is to lie; its folder is made.
        overwrite: Whether a file of that name may be replaced; asked before and after the writing.

    Yields:
        A name in the same folder with the same suffix.

    Raises:
        ExportError: The name is refused (see ``check_free``), or writing failed: the disk is full, say.
    """
    check_free(path, overwrite=overwrite)
    try:
        with written_aside(path) as temporary:
            yield temporary
            check_free(path, overwrite=overwrite)
    except OSError as error:
        raise ExportError(f"{path} could not be written: {error.strerror or error}.") from error
