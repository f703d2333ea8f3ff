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
        True if all libraries were loaded. False if one could not be, if torch is imported already or not installed, or
        if this is not Linux or macOS; the import then loads what is missing.
    """
    return _preload("torch", "lib", LIBRARIES)


def preload_llvm() -> bool:
    """Load LLVM, which the flow kernels need, before numba is imported; otherwise as ``preload_torch``."""
    return _preload("llvmlite", "binding", ("libllvmlite",))


def _preload(package: str, subfolder: str, libraries: Sequence[str]) -> bool:
    suffix = SUFFIXES.get(sys.platform)
    if suffix is None or package in sys.modules:
        return False
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return False
    # CDLL(path) would hold the lock while it loads; a foreign function is called without it
    load = ctypes.CDLL(None).dlopen
    load.argtypes = [ctypes.c_char_p, ctypes.c_int]
    load.restype = ctypes.c_void_p
    folder = Path(spec.submodule_search_locations[0]) / subfolder
    all_loaded = True
    for name in libraries:
        handle = load(str(folder / f"{name}{suffix}").encode(), RTLD_NOW)
        all_loaded = all_loaded and handle is not None
    return all_loaded
