"""Compilation of the flow kernels in a child process, so that a window stays responsive. It imports no torch."""

import logging
from contextlib import suppress
from pathlib import Path

from skillviewer.core.errors import Cancelled, SkillViewerError
from skillviewer.core.paths import kernels_dir
from skillviewer.core.progress import CancelToken, Report, silent
from skillviewer.engine.runtime.processes import work_in_child_process

log = logging.getLogger(__name__)

PATIENCE_S = 0.2
"""Seconds after which a cancelled compilation is killed; numba writes its copies under temporary names."""


def compile_flow(folder: Path | None, token: CancelToken) -> bool:
    """Compile TV-L1 in a child process, which saves copies for this one, and return whether that succeeded.

    A failure is logged. Compiling in this process would hold Python's lock for up to 57 ms at a time, and loading a
    copy holds it for less than 12 ms (``benchmarks/compiling.py``).
    """
    try:
        return work_in_child_process(_compile, (folder,), token, report=silent, patience_s=PATIENCE_S)
    except Cancelled:
        compiled_folder = kernels_dir() if folder is None else folder
        for path in compiled_folder.rglob("*.tmp.*"):  # the process may have been killed while it wrote
            with suppress(OSError):
                path.unlink()
        raise
    except (SkillViewerError, RuntimeError, OSError) as error:
        log.warning("the flow kernels could not be compiled in another process: %s", error)
        return False


def _compile(arguments: tuple[Path | None], _token: CancelToken, _report: Report) -> bool:
    from skillviewer.media.flow.flow import compile_kernels  # imports OpenCV

    compile_kernels(*arguments)
    return True
