"""Threads of all libraries: their number, and their waiting without spinning. Imports torch late.

Threads that spin while they wait take the processor from the thread they wait for as soon as more wants to run than
there are cores (``benchmarks/contention.py``).
"""

import ctypes
import os
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from typing import Any

from skillviewer.core.cores import usable_cores

WAITING = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "GOMP_SPINCOUNT": "0",
    "KMP_BLOCKTIME": "0",
    "OPENBLAS_THREAD_TIMEOUT": "4",
    "OPENCV_THREAD_POOL_ACTIVE_WAIT_WORKER": "0",
    "OPENCV_THREAD_POOL_ACTIVE_WAIT_MAIN": "0",
}
"""Variables by which OpenMP (of GNU and of Intel), OpenBLAS and OpenCV let waiting threads sleep."""

COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM", "NUMBA_NUM_THREADS")
"""Variables with the number of threads of each library."""


def configure_threads(environment: MutableMapping[str, str] = os.environ, processes: int = 1) -> None:
    """Choose number and waiting of threads; call it before torch, OpenCV, numba or NumPy is imported.

    What is set in ``environment`` already, that of this process or of one to be started, stays. ``processes`` share the
    cores.
    """
    for name, value in WAITING.items():
        environment.setdefault(name, value)
    setting = environment.get(COUNTS[0], "")
    n = int(setting) if setting.isdigit() else usable_cores()
    for name in COUNTS:
        if processes > 1:
            environment[name] = str(max(1, n // processes))
        else:
            environment.setdefault(name, str(n))


def _others() -> int:
    """Return the number of other threads that want to run now or did in the last minute."""
    try:
        with open("/proc/loadavg", encoding="ascii") as file:  # noqa: PTH123 - no file of the user
            minute, _, _, running, _ = file.read().split()
        return max(0, min(round(float(minute)), int(running.split("/")[0]) - 1))
    except (OSError, ValueError):
        return 0


def fit_threads() -> None:
    """Let torch use the cores that are free now, at least one and at most those that the process may use."""
    import torch

    with suppress(RuntimeError):  # work between operators has begun already
        torch.set_num_interop_threads(1)
    setting = os.environ.get(COUNTS[0], "")
    limit = int(setting) if setting.isdigit() else usable_cores()
    torch.set_num_threads(max(1, min(limit, (os.cpu_count() or 1) - _others())))


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread: a recurrence and other small parts, in which threads would mostly wait.

    Sums do not depend then on the number of threads.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8
"""Parameters of ``mallopt`` (malloc.h of the GNU C library)."""


def keep_freed_memory() -> bool:
    """Keep freed memory in this process instead of giving it back to the system after every tensor.

    The GNU C library asks the system for every large block and returns it at once, so that each tensor is given to the
    process page by page anew: on the CPU a tenth of the time of scoring a video, and more than a third of training a
    backbone (``benchmarks.backbone --train``). For processes that compute and end: what they held at most they hold
    until then, or until ``give_back``, which the window must not.
    """
    mallopt = _function("mallopt")
    return mallopt is not None and bool(mallopt(_MMAP_MAX, 0)) and bool(mallopt(_TRIM_THRESHOLD, -1))


def share_memory() -> bool:
    """Let all threads share two heaps: with one each, what encoders and decoders free lies scattered over many.

    For the window, which makes and ends threads for as long as it is open (``benchmarks.soak``).
    """
    mallopt = _function("mallopt")
    return mallopt is not None and bool(mallopt(_ARENA_MAX, 2))


def give_back() -> None:
    """Give all that was freed back to the system: one piece of work is done, and the next has blocks of other sizes."""
    trim = _function("malloc_trim")
    if trim is not None:
        trim(0)


def _function(name: str) -> Any:  # noqa: ANN401 - of the C library; None if it has no such function (musl has none)
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
