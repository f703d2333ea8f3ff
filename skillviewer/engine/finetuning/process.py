"""Fine-tuning in a child process, so that the window stays responsive. Imports torch only in the child."""

import glob
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Self

from skillviewer.core.cores import usable_cores
from skillviewer.core.errors import Cancelled, CheckpointError
from skillviewer.core.progress import CancelToken, Report
from skillviewer.engine.finetuning.job import TuningCost, TuningJob, TuningResult
from skillviewer.engine.runtime.exclusive import training_lock
from skillviewer.engine.runtime.processes import work_elsewhere

PATIENCE_S = 0.5
"""Seconds after which a process that was asked to stop is ended; its files are written atomically."""


class StopFile(CancelToken):
    """A flag that two processes see: a file that is there or not.

    Args:
        path: The file; its folder is there.
    """

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def cancel(self) -> None:
        """Ask the job to stop at its next check."""
        with suppress(OSError):
            self._path.touch()

    @property
    def cancelled(self) -> bool:
        """True once a stop was requested."""
        return self._path.exists()


class StopFolder:
    """Temporary folder of the stop flag of one training. A context manager."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="skillviewer-"))
        self.path = self._folder / "stop"

    def stop(self) -> None:
        """Ask the training to stop soon and keep its best."""
        StopFile(self.path).cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


class Tuner:
    """Fine-tunes in another process, one job at a time."""

    def cost(self, job: TuningJob, token: CancelToken, report: Report) -> TuningCost:
        """Measure what a job costs; see ``finetuning.cost.cost_of``."""
        return work_elsewhere(_cost, job, token, report, PATIENCE_S)

    def finetune(self, job: TuningJob, stop: StopFolder, token: CancelToken, report: Report) -> TuningResult:
        """Fine-tune; see ``finetuning.finetune.finetune``.

        When the token is raised it ends within half a second and keeps nothing.
        """
        with stop, training_lock(job.folder):  # when it is cancelled, what lies there is its own
            if job.folder.exists():
                raise CheckpointError(f"There is something at {job.folder} already. Choose another name.")
            work = job.work_folder()  # the model that it is named after may be gone when it ends
            try:
                result = work_elsewhere(_finetune, (job, stop.path), token, report, PATIENCE_S)
                token.check()  # requested while the last file was written: nothing is kept
            except Cancelled:
                # the process may have been ended in the middle of anything
                leftovers = job.folder.parent.glob(f".{glob.escape(job.folder.name)}.*")
                for left in (work, job.folder, *leftovers):
                    shutil.rmtree(left, ignore_errors=True)
                raise
        return result

    def close(self) -> None:
        """Hold nothing between jobs."""


def _use_threads() -> None:
    import torch

    torch.set_num_threads(max(usable_cores() - 1, 1))


def _finetune(item: tuple[TuningJob, Path], token: CancelToken, report: Report) -> TuningResult:
    from skillviewer.engine.finetuning.finetune import finetune

    _use_threads()
    job, stop_path = item
    return finetune(job, token, report, StopFile(stop_path))


def _cost(job: TuningJob, token: CancelToken, report: Report) -> TuningCost:
    from skillviewer.engine.finetuning.cost import cost_of

    _use_threads()
    return cost_of(job, token, report)
