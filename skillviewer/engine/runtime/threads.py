"""Number and waiting of the threads of all libraries, and settings of the memory allocator.

Threads wait without spinning. With more threads than cores, a thread that spins takes the processor from the thread
that it waits for (``benchmarks/contention.py``). The module imports torch only in functions.
"""

import ctypes
import os
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from typing import Any

from skillviewer.core.cores import usable_cores

PASSIVE_WAITING = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "GOMP_SPINCOUNT": "0",
    "KMP_BLOCKTIME": "0",
    "OPENBLAS_THREAD_TIMEOUT": "4",
    "OPENCV_THREAD_POOL_ACTIVE_WAIT_WORKER": "0",
    "OPENCV_THREAD_POOL_ACTIVE_WAIT_MAIN": "0",
}
"""Variables by which OpenMP (of GNU and of Intel), OpenBLAS and OpenCV let waiting threads sleep."""

COUNT_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM", "NUMBA_NUM_THREADS")
"""Variables with the number of threads of each library."""


def configure_threads(environment: MutableMapping[str, str] = os.environ, processes: int = 1) -> None:
    """Set number and waiting of threads; to be called before torch, OpenCV, numba or NumPy is imported.

    Args:
        environment: Environment of this process, or of one that is started. Numbers that are set already stay, unless
            several processes share them.
        processes: Number of processes that share the cores.
    """
    for name, value in PASSIVE_WAITING.items():
        environment.setdefault(name, value)
    setting = environment.get(COUNT_VARIABLES[0], "")
    n_threads = int(setting) if setting.isdigit() else usable_cores()
    for name in COUNT_VARIABLES:
        if processes > 1:
            environment[name] = str(max(1, n_threads // processes))
        else:
            environment.setdefault(name, str(n_threads))


def _count_other_threads() -> int:
    """Return the number of threads of other programs that use the processors, 0 if the system does not tell.

    It is the smaller of the number now and the mean of the last minute.
    """
    try:
        with open("/proc/loadavg", encoding="ascii") as file:  # noqa: PTH123 - no file of the user
            minute_mean, _, _, running_and_all, _ = file.read().split()
        n_running = int(running_and_all.split("/")[0]) - 1
        n_in_last_minute = round(float(minute_mean))
        return max(0, min(n_in_last_minute, n_running))
    except (OSError, ValueError):
        return 0


def use_free_cores() -> None:
    """Let torch use the cores that are free now: at least one core, at most all cores that the process may use."""
    import torch

    with suppress(RuntimeError):  # it can be set only before the first parallel work
        torch.set_num_interop_threads(1)
    setting = os.environ.get(COUNT_VARIABLES[0], "")
    n_usable = int(setting) if setting.isdigit() else usable_cores()
    n_cores = os.cpu_count()
    if n_cores is None:
        n_cores = 1
    n_free = n_cores - _count_other_threads()
    torch.set_num_threads(max(1, min(n_usable, n_free)))


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute with one thread, for a recurrence and other small work in which threads would mostly wait.

    Sums then do not depend on the number of threads.
    """
    import torch

    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


# parameters of ``mallopt`` (malloc.h of the GNU C library)
_TRIM_THRESHOLD = -1
_MMAP_MAX = -4
_ARENA_MAX = -8


def keep_freed_memory() -> bool:
    """Keep freed memory in this process instead of returning it to the system after every tensor.

    By default the GNU C library gets every large block from the system, page by page, and returns it when it is freed.
    On the CPU that takes a tenth of the time of scoring a video, and more than a third of training a backbone
    (``benchmarks.backbone --train``). The process then holds its greatest use of memory until it ends or calls
    ``release_freed_memory``, so this is not for the window.

    Returns:
        True if the C library has these settings.
    """
    mallopt = _c_function("mallopt")
    return mallopt is not None and bool(mallopt(_MMAP_MAX, 0)) and bool(mallopt(_TRIM_THRESHOLD, -1))


def limit_heaps() -> bool:
    """Let all threads share two heaps, so that memory freed by encoders and decoders is not scattered over many heaps.

    It is for the window, which starts and ends threads as long as it is open (``benchmarks.soak``).

    Returns:
        True if the C library has this setting.
    """
    mallopt = _c_function("mallopt")
    return mallopt is not None and bool(mallopt(_ARENA_MAX, 2))


def release_freed_memory() -> None:
    """Return freed memory to the system, after work whose blocks the next work cannot use."""
    trim = _c_function("malloc_trim")
    if trim is not None:
        trim(0)


def _c_function(name: str) -> Any:  # noqa: ANN401 - a function of the C library
    """Return a function of the C library, or None if the library has no such function, as musl."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
