"""Write lock: an operating-system lock on a file next to the study, which the system releases if the process ends."""

import contextlib
import os
from pathlib import Path

from skillviewer.core.os_differences import can_remove_open_files, means_no_locks, try_lock


class WriteLock:
    """Exclusive right to write a study (or another file), until ``release`` or the end of the process.

    The lock file lies next to the study and is removed on release.

    Raises:
        OSError: The lock file cannot be created (a read-only folder), or the file system has no locks;
            ``locks_supported`` distinguishes the two.

    Attributes:
        is_held: True if this process holds the lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}-lock")
        self._handle: int | None = None
        self.is_held = False
        while True:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                self.is_held = try_lock(handle)
            except OSError:
                os.close(handle)
                raise
            if not self.is_held:
                os.close(handle)
                return
            if self._is_lock_file(handle):
                self._handle = handle
                return
            os.close(handle)  # the last holder removed the file between opening and locking

    @staticmethod
    def locks_supported(error: OSError) -> bool:
        """Return True if the file system supports locks, given the error of creating one."""
        return not means_no_locks(error)

    def _is_lock_file(self, handle: int) -> bool:
        """Return True if an open file is the one that now has the name of the lock file."""
        try:
            return os.path.samestat(os.fstat(handle), self._path.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Release the lock; a second call does nothing."""
        if self._handle is None:
            return
        if can_remove_open_files():  # other systems cannot remove an open file, and the lock file may stay
            with contextlib.suppress(OSError):
                self._path.unlink()
        os.close(self._handle)
        self._handle = None
        self.is_held = False
