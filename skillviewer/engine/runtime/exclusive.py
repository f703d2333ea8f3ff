"""Locks on the folder of an evaluation and the state of a training: one command at a time writes them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from skillviewer.core.errors import ExportError, SettingsError, os_error_as
from skillviewer.core.paths import training_folder
from skillviewer.data.study.lock import WriteLock


@contextmanager
def exclusive_lock(path: Path, refusal: str) -> Iterator[None]:
    """Hold an exclusive lock on a path.

    The lock is a file next to the path, so that a folder that cannot be written is refused before hours of features,
    too. Another command gets the refusal. The parent of the path is made, and removed again if it stays empty.

    Raises:
        ExportError: Nothing can be written there.
        SettingsError: Another command is at it.
    """
    lock = None
    new = not path.parent.exists()
    with os_error_as(ExportError, f"Nothing can be written into {path.parent}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock = WriteLock(path)
        except OSError as error:
            if WriteLock.supported(error):
                raise
    if lock is None:  # a drive without locks cannot tell of others
        yield
        return
    if not lock.is_held:
        raise SettingsError(refusal)
    try:
        yield
    finally:
        lock.release()
        with suppress(OSError):  # something is in it: it stays
            if new:
                path.parent.rmdir()


def training_lock(checkpoint: Path) -> AbstractContextManager[None]:
    """Let no other training write the same checkpoint meanwhile; see ``exclusive_lock`` for what it raises."""
    folder = checkpoint.absolute()
    refusal = f"Another training makes {folder}: wait until it has ended, or choose another name."
    return exclusive_lock(training_folder(folder), refusal)
