"""The first import of scipy, by one thread at a time.

Worker threads that import different parts of scipy at the same moment can meet in a deadlock, from which Python frees
them with half a module: the import fails.
"""

import threading

_LOCK = threading.Lock()


def import_scipy() -> None:
    """Import what the program uses of scipy; other threads wait. It takes a second, once."""
    with _LOCK:
        import scipy.fft
        import scipy.ndimage
        import scipy.optimize
        import scipy.signal
        import scipy.sparse
        import scipy.spatial
        import scipy.special
        import scipy.stats  # noqa: F401 - all are imported for later
