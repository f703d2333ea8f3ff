"""Exclusive locks on folders of evaluations and states of trainings, which one command at a time may write."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from skillviewer.core.errors import ExportError, SettingsError, os_error_as
from skillviewer.core.paths import training_folder
from skillviewer.data.study.lock import WriteLock


@contextmanager
def exclusive_lock(path: Path, refusal: str) -> Iterator[None]:
    """Hold an exclusive lock on a path.

    The lock is a file next to the path. A read-only folder is thus found before hours of work. The parent of the path
    is made, and removed again if it stays empty. On a drive without locks, none is held.

    Args:
        path: The path, which need not exist.
        refusal: Message of the error if another command holds the lock.

    Raises:
        ExportError: The parent of the path cannot be written.
        SettingsError: Another command holds the lock.
    """
    lock = None
    makes_parent = not path.parent.exists()
    with os_error_as(ExportError, f"Nothing can be written into {path.parent}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock = WriteLock(path)
        except OSError as error:
            if WriteLock.locks_supported(error):
                raise
    if lock is None:
        yield
        return
    if not lock.is_held:
        raise SettingsError(refusal)
    try:
        yield
    finally:
        lock.release()
        if makes_parent:
            with suppress(OSError):  # it is not empty
                path.parent.rmdir()


def training_lock(checkpoint: Path) -> AbstractContextManager[None]:
    """Return a context that holds an exclusive lock on the training of a checkpoint; errors as ``exclusive_lock``."""
    folder = checkpoint.absolute()
    refusal = f"Another training makes {folder}: wait until it has ended, or choose another name."
    return exclusive_lock(training_folder(folder), refusal)
