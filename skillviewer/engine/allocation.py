"""How memory that was freed is kept for the next tensors, on Linux."""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
"""Parameters of ``mallopt`` (malloc.h of the GNU C library)."""


def keep_freed_memory() -> bool:
    """Keep freed memory in this process instead of giving it back to the system after every tensor.

    The GNU C library asks the system for every large block and returns it at once, so that each tensor is given to the
    process page by page anew: on the CPU a tenth of the time of scoring a video, and more than a third of training a
    backbone (``benchmarks.backbone --train``). For processes that compute and end: what they held at most they hold
    until then, which the window must not.

    Returns:
        Whether this is a C library that was told so.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is None:
        return False
    return bool(mallopt(_MMAP_MAX, 0)) and bool(mallopt(_TRIM_THRESHOLD, -1))
