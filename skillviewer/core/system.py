"""Differences between operating systems in file locks, scheduling and network drives.

Only the branches for Linux are tested on their system; tests run the others with stand-ins.
"""

import ctypes
import errno
import os
import struct
import sys
from contextlib import suppress
from pathlib import Path

SLICE_NS = 200_000
"""Time slice that the program's threads request from the scheduler; the default of Linux is 3 ms."""

LOCKED_BYTE = 1 << 30
"""Offset of the locked byte on Windows, beyond the content of any file."""

_NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL}
_NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "glusterfs", "lustre", "fuse.sshfs", "fuse.rclone")


def has_no_locks(error: OSError) -> bool:
    """Return True if the error of a lock means that the file system has no locks."""
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
    """Return True if the system allows an open file to be removed."""
    return sys.platform != "win32"


def request_short_time_slices() -> bool:
    """Request short time slices for the calling thread and the threads that it starts from now on.

    The scheduler then runs them sooner after they wake, which shortens waits next to busy programs. No thread gets less
    processor time in all.

    Returns:
        True if the system grants the request: Linux from 6.12 on, with glibc from 2.41 on.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if libc is None or not hasattr(libc, "sched_setattr") or os.sched_getscheduler(0) != os.SCHED_OTHER:
        return False
    layout = "IIQiIQQQ"  # struct sched_attr: size, policy, flags, nice, priority, runtime, deadline, period
    size = struct.calcsize(layout)
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    attributes = struct.pack(layout, size, os.SCHED_OTHER, 0, nice, 0, SLICE_NS, 0, 0)
    if libc.sched_setattr(0, attributes, 0) != 0:
        return False
    buffer = ctypes.create_string_buffer(size)
    if libc.sched_getattr(0, buffer, size, 0) != 0:
        return False
    granted_slice_ns: int = struct.unpack(layout, buffer.raw)[5]
    return granted_slice_ns == SLICE_NS  # older systems accept the call and ignore the value


def on_network_drive(folder: Path) -> bool:
    """Return True if a folder lies on a network drive, as far as the system can tell."""
    folder = folder.resolve()
    if sys.platform == "win32":
        drive_remote = 4  # DRIVE_REMOTE of the Windows API
        return folder.drive.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(folder.anchor) == drive_remote
    if sys.platform == "darwin":
        return folder.is_relative_to("/Volumes")  # includes external disks, for which this is safe and hardly slower
    file_system = ""
    longest = 0
    with suppress(OSError):
        for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            mount_fields, _, file_system_fields = line.partition(" - ")
            mount_point = Path(mount_fields.split()[4].replace(r"\040", " "))
            if folder.is_relative_to(mount_point) and len(str(mount_point)) >= longest:
                file_system = file_system_fields.split()[0]
                longest = len(str(mount_point))
    return file_system.startswith(_NETWORK_FILE_SYSTEMS)
