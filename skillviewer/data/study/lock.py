"""Who may write: a lock of the operating system on a file beside the study. A process that dies cannot hold it."""

import contextlib
import errno
import os
import sys
from pathlib import Path

_NOT_SUPPORTED = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL}
_LOCKED_BYTE = 1 << 30  # far behind anything that is written


def _lock(handle: int) -> bool:
    """Lock an open file for oneself; return False where another has it.

    Raises:
        OSError: The file system has no locks.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _NOT_SUPPORTED:
            raise
        if isinstance(error, BlockingIOError | PermissionError) or error.errno == errno.EDEADLK:
            return False
        raise
    return True


class WriteLock:
    """The right to write a study, or what else one program at a time may write, until ``release`` or the process ends.

    Args:
        path: The study file, say; the lock file lies beside it and goes when the lock is released.

    Raises:
        OSError: The lock file cannot be made (a read-only folder), or the file system has no locks
            (``supported`` tells which of an error).

    Attributes:
        held: Whether this is the one that may write.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}-lock")
        self._handle: int | None = None
        self.held = False
        while True:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                self.held = _lock(handle)
            except OSError:
                os.close(handle)
                raise
            if not self.held:
                os.close(handle)
                return
            if self._still_there(handle):
                self._handle = handle
                return
            os.close(handle)  # the last holder removed the file between our opening and locking it

    @staticmethod
    def supported(error: OSError) -> bool:
        """Return whether the file system knows locks at all, by an error of making one."""
        return error.errno not in _NOT_SUPPORTED

    def _still_there(self, handle: int) -> bool:
        try:
            return os.path.samestat(os.fstat(handle), self._path.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Give the lock back; a second call does nothing."""
        if self._handle is None:
            return
        if sys.platform != "win32":  # an open file cannot be removed there; it may stay
            with contextlib.suppress(OSError):
                self._path.unlink()
        os.close(self._handle)
        self._handle, self.held = None, False
