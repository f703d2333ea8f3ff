"""Import of scipy under a lock.

Threads that import different parts of scipy at the same time can deadlock. Python resolves the deadlock with a
partially initialised module, and the import fails.
"""

import threading

_LOCK = threading.Lock()


def import_scipy() -> None:
    """Import the parts of scipy that the program uses; other threads wait. The first call takes a second."""
    with _LOCK:
        import scipy.fft
        import scipy.ndimage
        import scipy.optimize
        import scipy.signal
        import scipy.sparse
        import scipy.spatial
        import scipy.special
        import scipy.stats  # noqa: F401 - imported for later
