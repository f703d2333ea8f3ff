"""Limits under which what others send is opened."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType


@contextmanager
def memory_limit(more_bytes: int) -> Iterator[None]:
    """Let this process take so much memory more than it has, and no more: ``MemoryError`` else."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


class TooMuchWorkError(Exception):
    """More processor time than allowed."""


@contextmanager
def processor_limit(seconds: float) -> Iterator[None]:
    """Let this process compute for so long, and no longer: ``TooMuchWorkError`` else."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TooMuchWorkError(f"more than {seconds:g} s of the processor")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)
