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

LOCKED_OFFSET = 1 << 30
"""Offset of the locked byte on Windows, beyond the content of any file."""

_SCHED_ATTR_LAYOUT = "IIQiIQQQ"
"""Layout of ``struct sched_attr``: size, policy, flags, nice, priority, runtime (the slice), deadline and period."""

_NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL}
_NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "glusterfs", "lustre", "fuse.sshfs", "fuse.rclone")


def means_no_locks(error: OSError) -> bool:
    """Return True if the error of a lock means that the file system has no locks."""
    return error.errno in _NO_LOCKS


def try_lock(fd: int) -> bool:
    """Lock the open file with a descriptor; return False if another process holds it.

    Raises:
        OSError: The file system has no locks (see ``means_no_locks``).
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(fd, LOCKED_OFFSET, os.SEEK_SET)
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if means_no_locks(error):
            raise
        if isinstance(error, BlockingIOError | PermissionError) or error.errno == errno.EDEADLK:
            return False
        raise
    return True


def can_remove_open_files() -> bool:
    """Return True if the system allows an open file to be removed."""
    return sys.platform != "win32"


def request_short_time_slices() -> bool:
    """Request short time slices for the calling thread and the threads that it starts from now on.

    The scheduler then runs them sooner after they wake, which shortens waits next to busy programs. No thread gets less
    processor time in all.

    Returns:
        True if the system grants the request: Linux from 6.12 on, with glibc from 2.41 on.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "sched_setattr"):
        return False
    if os.sched_getscheduler(0) != os.SCHED_OTHER:
        return False
    size = struct.calcsize(_SCHED_ATTR_LAYOUT)
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    attributes = struct.pack(_SCHED_ATTR_LAYOUT, size, os.SCHED_OTHER, 0, nice, 0, SLICE_NS, 0, 0)
    if libc.sched_setattr(0, attributes, 0) != 0:
        return False
    buffer = ctypes.create_string_buffer(size)
    if libc.sched_getattr(0, buffer, size, 0) != 0:
        return False
    _size, _policy, _flags, _nice, _priority, granted_slice_ns, *_ = struct.unpack(_SCHED_ATTR_LAYOUT, buffer.raw)
    return bool(granted_slice_ns == SLICE_NS)  # older systems accept the call and ignore the value


def on_network_drive(folder: Path) -> bool:
    """Return True if a folder lies on a network drive, as far as the system can tell."""
    folder = folder.resolve()
    if sys.platform == "win32":
        drive_remote = 4  # DRIVE_REMOTE of the Windows API
        return folder.drive.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(folder.anchor) == drive_remote
    if sys.platform == "darwin":
        # this includes external disks; to treat them as network drives is safe and hardly slower
        return folder.is_relative_to("/Volumes")
    file_system = ""
    longest_length = 0
    with suppress(OSError):
        for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            mount_fields, _, file_system_fields = line.partition(" - ")
            _id, _parent_id, _device, _root, escaped_mount_point, *_ = mount_fields.split()
            mount_point = Path(escaped_mount_point.replace(r"\040", " "))  # spaces are written in octal
            if folder.is_relative_to(mount_point) and len(str(mount_point)) >= longest_length:
                file_system = file_system_fields.split()[0]
                longest_length = len(str(mount_point))
    return file_system.startswith(_NETWORK_FILE_SYSTEMS)
