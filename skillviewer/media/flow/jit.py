"""Compilation of kernels by numba, once per computer, and their cache in the program's folder.

The import of a module of kernels compiles them or loads their cached copies. Modules that use kernels import them when
they are needed, so that a process that computes no flow never waits for numba.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core import event
from numba.core.compiler import CompilerBase, DefaultPassBuilder

from skillviewer.core.paths import kernels_dir

KernelT = TypeVar("KernelT", bound=Callable[..., Any])

_numba_config_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class _KernelSource:
    """Source of the kernels that are imported."""

    folder: Path | None = None  # folder of the cached copies, or None for ``kernels_dir()``
    may_compile: bool = True  # whether a kernel without a copy is compiled


_DEFAULT_SOURCE = _KernelSource()
_kernel_source: ContextVar[_KernelSource] = ContextVar("kernel source", default=_DEFAULT_SOURCE)
"""Source of the kernels that the present thread imports."""


class NotCompiledError(ImportError):
    """A kernel has no cached copy, and compilation is not allowed."""


@contextlib.contextmanager
def kernels_from(folder: Path | None = None, *, may_compile: bool = True) -> Iterator[None]:
    """Set the source of the kernels that this thread imports inside the ``with`` block.

    Args:
        folder: Folder of the cached copies, or None for ``kernels_dir()``.
        may_compile: Whether to compile a kernel without a copy; if not, its import raises ``NotCompiledError``.
    """
    token = _kernel_source.set(_KernelSource(folder, may_compile))
    try:
        yield
    finally:
        _kernel_source.reset(token)


class _NoAliasCompiler(CompilerBase):  # type: ignore[misc]  # numba is untyped
    """Compiler that assumes that array arguments share no memory: long loops need this for SIMD instructions."""

    def define_pipelines(self) -> list[Any]:
        self.state.flags.noalias = True
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


@contextlib.contextmanager
def _numba_cache(folder: Path) -> Iterator[None]:
    """Set the folder of numba's cache; numba reads this setting when a function is decorated."""
    with _numba_config_lock:
        previous_folder = numba.config.CACHE_DIR
        numba.config.CACHE_DIR = str(folder)
        try:
            yield
        finally:
            numba.config.CACHE_DIR = previous_folder


def kernel(signature: str) -> Callable[[KernelT], KernelT]:
    """Compile a function for one signature, or load its cached copy.

    Copies are cached under ``kernels_dir()``, so that the program's own folder may be read-only. If that folder cannot
    be written, numba tries ``__pycache__`` and a folder of its own. If none can be written, or the copy is damaged, the
    function is compiled for this process alone. ``kernels_from`` sets another folder, or forbids compilation.

    The function runs without the GIL and with relaxed floating point (reordering and contraction; no NaN or infinity).
    Its array arguments must not share memory.

    Args:
        signature: Numba signature, such as ``"float32(float32[::1], uint64)"``.

    Raises:
        NotCompiledError: The function must be compiled, and ``kernels_from`` forbids it.
    """
    options = {"nogil": True, "fastmath": True, "error_model": "numpy", "pipeline_class": _NoAliasCompiler}

    def decorate(function: KernelT) -> KernelT:
        source = _kernel_source.get()
        folder = kernels_dir() if source.folder is None else source.folder
        try:
            with _numba_cache(folder):
                dispatcher: Any = numba.njit(cache=True, **options)(function)
        except (RuntimeError, OSError):  # numba has no folder for a copy
            dispatcher = numba.njit(**options)(function)
        compilation = contextlib.nullcontext() if source.may_compile else _compilation_forbidden()
        with compilation:
            try:
                dispatcher.compile(signature)
            except NotCompiledError:
                raise
            except Exception:  # noqa: BLE001 - a damaged copy or a full disk raises anything; a wrong kernel does again
                _remove_index(dispatcher.stats.cache_path, function.__qualname__)
                dispatcher = numba.njit(**options)(function)
                dispatcher.compile(signature)
        dispatcher.disable_compile()  # other argument types are a mistake, not a reason to compile again
        compiled_function: KernelT = dispatcher
        return compiled_function

    return decorate


def _remove_index(folder: str | None, function_name: str) -> None:
    """Remove the index of a function's cached copies, so that the next start compiles the function again."""
    if folder is None:
        return
    with contextlib.suppress(OSError):
        for index in Path(folder).glob(f"*.{function_name}-*.nbi"):
            index.unlink()


class _CompileListener(event.Listener):  # type: ignore[misc]  # numba is untyped
    """Calls a function right before this thread compiles."""

    def __init__(self, before_compiling: Callable[[], None]) -> None:
        self._before_compiling = before_compiling
        self._thread = threading.get_ident()

    def on_start(self, event: Any) -> None:  # noqa: ANN401, ARG002
        if threading.get_ident() == self._thread:
            self._before_compiling()

    def on_end(self, event: Any) -> None:  # noqa: ANN401
        """Do nothing."""


@contextlib.contextmanager
def _compilation_forbidden() -> Iterator[None]:
    """Raise ``NotCompiledError`` when this thread compiles inside the ``with`` block."""

    def refuse() -> None:
        raise NotCompiledError("there is no compiled copy of a kernel")

    with event.install_listener("numba:compile", _CompileListener(refuse)):
        yield


@contextlib.contextmanager
def announce_compilation(announce: Callable[[], None]) -> Iterator[None]:
    """Call ``announce`` once if this thread compiles, rather than loads, a kernel inside the ``with`` block."""
    is_announced = False

    def announce_once() -> None:
        nonlocal is_announced
        if not is_announced:
            is_announced = True
            announce()

    with event.install_listener("numba:compile", _CompileListener(announce_once)):
        yield
