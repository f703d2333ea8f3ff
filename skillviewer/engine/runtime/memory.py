"""Reuse of freed memory for the next tensors, on Linux."""

import ctypes
import sys
from typing import Any

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
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


def give_back() -> None:
    """Give all that was freed back to the system: one piece of work is done, and the next has blocks of other sizes."""
    trim = _function("malloc_trim")
    if trim is not None:
        trim(0)


def _function(name: str) -> Any:  # noqa: ANN401 - of the C library; None where it has no such function (musl has none)
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
