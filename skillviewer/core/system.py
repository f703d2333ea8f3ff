"""Differences between operating systems: locks of files, turns of the processor, drives of other computers.

Only the branches for Linux run where the program is made; tests run the others on stand-ins.
"""

import ctypes
import errno
import os
import struct
import sys
from contextlib import suppress
from pathlib import Path

SLICE_NS = 200_000
"""Time that the program's threads ask for at once; in its place Linux gives 3 ms."""

LOCKED_BYTE = 1 << 30
"""Place of the lock on Windows: far behind any content."""

_NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL}
_NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "glusterfs", "lustre", "fuse.sshfs", "fuse.rclone")


def has_no_locks(error: OSError) -> bool:
    """Return True if an error of locking says that the file system has no locks."""
    return error.errno in _NO_LOCKS


def try_lock(handle: int) -> bool:
    """Lock an open file; return False if another process holds it.

    Raises:
        OSError: The file system has no locks (see ``has_no_locks``).
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(handle, LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if has_no_locks(error):
            raise
        if isinstance(error, BlockingIOError | PermissionError) or error.errno == errno.EDEADLK:
            return False
        raise
    return True


def removes_open_files() -> bool:
    """Return True if an open file can be removed."""
    return sys.platform != "win32"


def take_short_turns() -> bool:
    """Let the calling thread and those that it starts from now on run soon after they wake, for a short time at once.

    Next to busy programs the window then waits less, and so does a thread that holds Python's lock. None gets less of
    the processor. Return whether the system can do that: Linux from 6.12 on, with glibc from 2.41 on.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if libc is None or not hasattr(libc, "sched_setattr") or os.sched_getscheduler(0) != os.SCHED_OTHER:
        return False
    form = "IIQiIQQQ"  # struct sched_attr: size, policy, flags, nice, priority, runtime, deadline, period
    size = struct.calcsize(form)
    attributes = struct.pack(form, size, os.SCHED_OTHER, 0, os.getpriority(os.PRIO_PROCESS, 0), 0, SLICE_NS, 0, 0)
    buffer = ctypes.create_string_buffer(size)
    is_set = libc.sched_setattr(0, attributes, 0) == 0 and libc.sched_getattr(0, buffer, size, 0) == 0
    return bool(is_set and struct.unpack(form, buffer.raw)[5] == SLICE_NS)  # older systems take it without a word


def on_network_drive(folder: Path) -> bool:
    """Return True if a folder lies on a drive shared with other computers, as far as the system can tell."""
    folder = folder.resolve()
    if sys.platform == "win32":
        remote = 4  # DRIVE_REMOTE
        return folder.drive.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(folder.anchor) == remote
    if sys.platform == "darwin":
        return folder.is_relative_to("/Volumes")  # includes plain external disks: safe, and hardly slower
    kind = ""
    longest = 0
    with suppress(OSError):
        for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            before, _, after = line.partition(" - ")
            mount = Path(before.split()[4].replace(r"\040", " "))
            if folder.is_relative_to(mount) and len(str(mount)) >= longest:
                kind = after.split()[0]
                longest = len(str(mount))
    return kind.startswith(_NETWORK_FILE_SYSTEMS)
