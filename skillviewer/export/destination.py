"""Checks of the destination of an export, and atomic writing to it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from skillviewer.core.atomic_write import atomic_export, check_free
from skillviewer.core.errors import ExportError, os_error_as


def check_destination(path: Path, suffixes: Sequence[str], *, overwrite: bool) -> None:
    """Check that a file can be written to a path, before any work is done.

    ``suffixes`` are the allowed suffixes, in lower case and with the dot.

    Raises:
        ExportError: The suffix is not allowed, the path is a folder or an existing file, or the name is invalid.
    """
    check_suffix(path, suffixes)
    check_free(path, overwrite=overwrite)


def check_suffix(path: Path, suffixes: Sequence[str]) -> None:
    """Raise an ExportError if the suffix of a path is none of ``suffixes``, which are in lower case with the dot."""
    if path.suffix.lower() not in suffixes:
        raise ExportError(f"{path} cannot be written: choose a name that ends in {' or '.join(suffixes)}.")


def make_folder(path: Path) -> None:
    """Make the parent folder of a file, or raise an ExportError."""
    with os_error_as(ExportError, f"{path} could not be written"):
        path.parent.mkdir(parents=True, exist_ok=True)


@contextmanager
def atomic_output(path: str | Path, suffixes: Sequence[str], *, overwrite: bool) -> Iterator[Path]:
    """Write a file atomically: yield a temporary path, and rename it to ``path`` at the end.

    The folder is made. After an error the temporary file is removed.

    Yields:
        A free path in the same folder, with the same suffix.

    Raises:
        ExportError: The path is refused (see ``check_destination``), or writing failed, on a full disk for example.
    """
    path = Path(path)
    check_suffix(path, suffixes)
    with atomic_export(path, overwrite=overwrite) as temp_path:
        yield temp_path
