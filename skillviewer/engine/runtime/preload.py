"""Loading large libraries without holding up the window.

``import torch`` maps a library of some 400 MB, and numba one of 160 MB, while they hold Python's global lock: the
window's thread stood still for a fifth of a second. The loader of the system, called as a foreign function, does the
same work without the lock; the import then finds the library in place.
"""

import ctypes
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

RTLD_NOW = 2
"""Resolve all symbols at once: the work is done here, not at first use."""
LIBRARIES = ("libtorch_cpu", "libtorch_python")
SUFFIXES = {"linux": ".so", "darwin": ".dylib"}


def preload_torch() -> bool:
    """Load torch's libraries before torch is imported; call it in the thread that will import torch.

    Returns:
        Whether anything was loaded: False if torch is there already, or where this system has no such loader. The
        import then does all by itself.
    """
    return _preload("torch", "lib", LIBRARIES)


def preload_llvm() -> bool:
    """Load LLVM, which the flow kernels need, before numba is imported; otherwise as ``preload_torch``."""
    return _preload("llvmlite", "binding", ("libllvmlite",))


def _preload(package: str, part: str, libraries: Sequence[str]) -> bool:
    suffix = SUFFIXES.get(sys.platform)
    if suffix is None or package in sys.modules:
        return False
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return False
    load = ctypes.CDLL(None).dlopen
    load.argtypes = [ctypes.c_char_p, ctypes.c_int]
    load.restype = ctypes.c_void_p
    folder = Path(spec.submodule_search_locations[0]) / part
    loaded = [load(str(folder / f"{name}{suffix}").encode(), RTLD_NOW) is not None for name in libraries]
    return all(loaded)
