"""Loading of large libraries without blocking the window.

``import torch`` loads a library of some 400 MB, and ``import numba`` one of 160 MB, while it holds Python's global
lock, which blocks the window for a fifth of a second. The loader of the system, called as a foreign function, loads the
library without the lock. The import then finds it loaded.
"""

import ctypes
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

RTLD_NOW = 2
"""Flag of ``dlopen``: resolve all symbols now instead of at their first use."""
LIBRARIES = ("libtorch_cpu", "libtorch_python")
SUFFIXES = {"linux": ".so", "darwin": ".dylib"}


def preload_torch() -> bool:
    """Load torch's libraries before torch is imported; call it in the thread that will import torch.

    Returns:
        True if all libraries were loaded; False if loading failed, torch is imported already or not installed, or the
        system is not Linux or macOS. Then the import loads them.
    """
    return _preload("torch", "lib", LIBRARIES)


def preload_llvm() -> bool:
    """Load LLVM, which the flow kernels need, before numba is imported. The result is that of ``preload_torch``."""
    return _preload("llvmlite", "binding", ("libllvmlite",))


def _preload(package: str, subfolder: str, libraries: Sequence[str]) -> bool:
    suffix = SUFFIXES.get(sys.platform)
    if suffix is None or package in sys.modules:
        return False
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return False
    # ctypes.CDLL(path) would hold the lock while it loads the library; a foreign function is called without the lock
    load = ctypes.CDLL(None).dlopen
    load.argtypes = [ctypes.c_char_p, ctypes.c_int]
    load.restype = ctypes.c_void_p
    folder = Path(spec.submodule_search_locations[0]) / subfolder
    all_loaded = True
    for name in libraries:
        handle = load(str(folder / f"{name}{suffix}").encode(), RTLD_NOW)
        all_loaded = all_loaded and handle is not None
    return all_loaded
