"""The rights of root over files, which tests of unreadable files give up for a moment."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_VERSION = 0x20080522  # of the structures of capget(2), from linux/capability.h
_READS_ALL = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH


@contextmanager
def bound_by_permissions() -> Iterator[None]:
    """Let the permissions of files bind this thread, also where root runs the tests (Linux)."""
    if sys.platform != "linux" or os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_VERSION, 0)
    powers = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable of 32 rights, then of the others
    assert libc.capget(header, powers) == 0, os.strerror(ctypes.get_errno())
    before = powers[0]
    powers[0] &= ~_READS_ALL
    assert libc.capset(header, powers) == 0, os.strerror(ctypes.get_errno())
    try:
        yield
    finally:
        powers[0] = before
        assert libc.capset(header, powers) == 0, os.strerror(ctypes.get_errno())
