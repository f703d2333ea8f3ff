"""Kernels compiled by numba once per computer, and cached in the program's folder.

Importing a module of kernels compiles them or loads their copies; modules that use kernels import them late, so that a
program without flow never waits for numba.
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

_decorating = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Where:
    """Folder of cached kernels, and permission to compile missing ones."""

    folder: Path | None = None
    compiles: bool = True


_USUAL = _Where()
_where: ContextVar[_Where] = ContextVar("where kernels come from", default=_USUAL)  # of the importing thread alone


class NotCompiledError(ImportError):
    """A kernel has no cached copy, and may not be compiled here."""


@contextlib.contextmanager
def coming_from(folder: Path | None = None, *, compiled: bool = True) -> Iterator[None]:
    """Set the source of the kernels that this thread imports inside the ``with`` block.

    Args:
        folder: Folder of the copies, or None for ``kernels_dir()``.
        compiled: Whether to compile a kernel without a copy; else its import raises ``NotCompiledError``.
    """
    before = _where.set(_Where(folder, compiled))
    try:
        yield
    finally:
        _where.reset(before)


class _DistinctArrays(CompilerBase):  # type: ignore[misc]  # numba is untyped
    """The usual pipeline with the guarantee that array arguments share no memory, which long loops need for SIMD."""

    def define_pipelines(self) -> list[Any]:
        self.state.flags.noalias = True
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


@contextlib.contextmanager
def _kept_in(folder: Path) -> Iterator[None]:
    """Let numba cache copies in a folder: it reads the setting when a function is decorated."""
    with _decorating:
        before = numba.config.CACHE_DIR
        numba.config.CACHE_DIR = str(folder)
        try:
            yield
        finally:
            numba.config.CACHE_DIR = before


def kernel(signature: str) -> Callable[[KernelT], KernelT]:
    """Compile a function for one signature, or load its cached copy.

    Copies are stored under ``kernels_dir()``, so that the program may be read-only; if that folder cannot be written,
    numba tries ``__pycache__`` and a folder of its own. If none can be written, or the copy is damaged, the function is
    compiled for this process alone. See ``coming_from`` for other ways.

    The function runs without the GIL and with relaxed floating point (reordering and contraction; no NaN or infinity).
    Its array arguments must not share memory.

    Args:
        signature: Numba signature, ``"float32(float32[::1], uint64)"``, say.

    Raises:
        NotCompiledError: It must be compiled, and ``coming_from`` forbids it.
    """
    options = {"nogil": True, "fastmath": True, "error_model": "numpy", "pipeline_class": _DistinctArrays}

    def decorate(function: KernelT) -> KernelT:
        source = _where.get()
        try:
            with _kept_in(source.folder or kernels_dir()):
                dispatcher: Any = numba.njit(cache=True, **options)(function)
        except (RuntimeError, OSError):  # numba has no folder for a copy
            dispatcher = numba.njit(**options)(function)
        with contextlib.nullcontext() if source.compiles else _refusing():
            try:
                dispatcher.compile(signature)
            except NotCompiledError:
                raise
            except Exception:  # noqa: BLE001 - a damaged copy or a full disk raises anything; a wrong kernel does again
                _forget(dispatcher.stats.cache_path, function.__qualname__)
                dispatcher = numba.njit(**options)(function)
                dispatcher.compile(signature)
        dispatcher.disable_compile()  # other argument types are a mistake, not a reason to compile again
        compiled: KernelT = dispatcher
        return compiled

    return decorate


def _forget(folder: str | None, name: str) -> None:
    """Remove the index of a function's cached copies, so that the next start compiles it again."""
    if folder is None:
        return
    with contextlib.suppress(OSError):
        for index in Path(folder).glob(f"*.{name}-*.nbi"):
            index.unlink()


class _Starts(event.Listener):  # type: ignore[misc]  # numba is untyped
    """Calls a function when this thread begins to compile."""

    def __init__(self, announce: Callable[[], None]) -> None:
        self._started = announce
        self._thread = threading.get_ident()

    def on_start(self, event: Any) -> None:  # noqa: ANN401, ARG002
        if threading.get_ident() == self._thread:
            self._started()

    def on_end(self, event: Any) -> None:  # noqa: ANN401
        """Nothing to say."""


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    """Forbid compilation: numba notifies its listeners right before it compiles."""

    def refuse() -> None:
        raise NotCompiledError("there is no compiled copy of a kernel")

    with event.install_listener("numba:compile", _Starts(refuse)):
        yield


@contextlib.contextmanager
def announcing(announce: Callable[[], None]) -> Iterator[None]:
    """Call ``announce`` once if this thread compiles, rather than loads, a kernel inside the ``with`` block."""
    announced = False

    def say() -> None:
        nonlocal announced
        if not announced:
            announced = True
            announce()

    with event.install_listener("numba:compile", _Starts(say)):
        yield
