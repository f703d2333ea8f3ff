"""The folder that an evaluation writes into: made if need be, and written by one evaluation at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from skillviewer.core.errors import ExportError, SettingsError
from skillviewer.data.study.lock import WriteLock


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Make a folder, and let nobody else evaluate into it meanwhile.

    Two would make the same runs, and remove each other's files. The lock is a file, so that a folder that nothing can
    be written into is refused before hours of features, too.

    Raises:
        ExportError: Nothing can be written into it.
        SettingsError: Another evaluation writes into it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refusal(folder, error) from error
    try:
        lock = WriteLock(folder / "evaluation")
    except OSError as error:
        if WriteLock.supported(error):
            raise _refusal(folder, error) from error
        yield  # a drive without locks cannot tell of others
        return
    if not lock.held:
        raise SettingsError(
            f"Another evaluation writes into {folder}: wait until it has ended, or give another folder."
        )
    try:
        yield
    finally:
        lock.release()


def _refusal(folder: Path, error: OSError) -> ExportError:
    return ExportError(f"Nothing can be written into {folder}: {error.strerror or error}.")
