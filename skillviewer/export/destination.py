"""Destination of an export: no file is replaced unasked, and none is left half written."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from skillviewer.core.atomic_write import atomic_export, check_free
from skillviewer.core.errors import ExportError, os_error_as


def check(path: Path, suffixes: Sequence[str], *, overwrite: bool) -> None:
    """Refuse a name that cannot be written to before any work is done. Suffixes are in lower case, with the dot.

    Raises:
        ExportError: Another suffix, a folder, a file that is there already, or a name that no file can have.
    """
    check_suffix(path, suffixes)
    check_free(path, overwrite=overwrite)


def check_suffix(path: Path, suffixes: Sequence[str]) -> None:
    """Raise an ExportError for a name whose suffix, in lower case and with the dot, is none of the given ones."""
    if path.suffix.lower() not in suffixes:
        raise ExportError(f"{path} cannot be written: choose a name that ends in {' or '.join(suffixes)}.")


def make_folder(path: Path) -> None:
    """Make the folder that a file is to lie in, or raise an ExportError."""
    with os_error_as(ExportError, f"{path} could not be written"):
        path.parent.mkdir(parents=True, exist_ok=True)


@contextmanager
def atomic_output(path: str | Path, suffixes: Sequence[str], *, overwrite: bool) -> Iterator[Path]:
    """Yield a temporary name in the folder of ``path``; rename it to ``path`` at the end, remove it on an error.

    Its folder is made.

    Yields:
        A free name in the same folder, with the same suffix.

    Raises:
        ExportError: The name is refused (see ``check``), or writing failed: the disk is full, say.
    """
    path = Path(path)
    check_suffix(path, suffixes)
    with atomic_export(path, overwrite=overwrite) as temporary:
        yield temporary
