"""Compiling the flow kernels in a process of its own, so that a window goes on meanwhile. Free of torch."""

import logging
from contextlib import suppress
from pathlib import Path

from skillviewer.core.errors import Cancelled, SkillViewerError
from skillviewer.core.paths import kernels_dir
from skillviewer.core.progress import CancelToken, Report, silent
from skillviewer.engine.runtime.processes import work_in_child_process

log = logging.getLogger(__name__)

PATIENCE_S = 0.2
"""A compilation that is to stop is ended after so long: copies are written aside by numba."""


def compile_flow(folder: Path | None, token: CancelToken) -> bool:
    """Compile TV-L1 in another process, which keeps copies for this one; return if it went well, or log why not.

    Compiling them here holds Python's lock for up to 57 ms at a time, and loading a copy for less than 12
    (``benchmarks/compiling.py``).
    """
    try:
        return work_in_child_process(_compile, (folder,), token, silent, PATIENCE_S)
    except Cancelled:
        for left in (folder or kernels_dir()).rglob("*.tmp.*"):  # it may have been ended while it wrote
            with suppress(OSError):
                left.unlink()
        raise
    except (SkillViewerError, RuntimeError, OSError) as error:  # it died, it failed, or none could be started
        log.warning("the flow kernels could not be compiled in another process: %s", error)
        return False


def _compile(item: tuple[Path | None], _token: CancelToken, _report: Report) -> bool:
    from skillviewer.media.flow.flow import compile_kernels  # late: imports OpenCV

    compile_kernels(*item)
    return True
