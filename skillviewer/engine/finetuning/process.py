"""Training on a study in a child process, so that the window stays responsive. Imports torch there, or when asked."""

import glob
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self, TypeVar

from skillviewer.core.cores import usable_cores
from skillviewer.core.errors import Cancelled, CheckpointError
from skillviewer.core.evaluation.training_forecast import TrainingForecast
from skillviewer.core.progress import CancelToken, Report, with_time_left
from skillviewer.engine.finetuning.job import ChoiceJob, ChoiceResult, TrainingJob, TuningJob, TuningResult
from skillviewer.engine.runtime.exclusive import training_lock
from skillviewer.engine.runtime.processes import work_elsewhere

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

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
    """Trains on a study in another process, one job at a time."""

    def forecast(self, job: TrainingJob) -> TrainingForecast:
        """Return the forecast of a training; see ``finetuning.job_forecast``. Imports torch."""
        from skillviewer.engine.runtime.preload import preload_torch

        preload_torch()
        from skillviewer.engine.finetuning.job_forecast import forecast_job

        return forecast_job(job)

    def finetune(self, job: TuningJob, stop: StopFolder, token: CancelToken, report: Report) -> TuningResult:
        """Fine-tune; see ``finetuning.finetune.finetune``.

        When the token is raised it ends within half a second; the same job continues from its state.
        """
        with stop, training_lock(job.folder):  # when it is cancelled, what lies there is its own
            return _made_elsewhere(_finetune, (job, stop.path), job, token, report)

    def choose(self, job: ChoiceJob, token: CancelToken, report: Report) -> ChoiceResult:
        """Choose a model and train it; see ``finetuning.automatic_choice``.

        When the token is raised it ends within half a second; the same job continues from the finished trainings.
        """
        # the last training locks the folder itself, in the other process
        with training_lock(job.folder.with_name(f"{job.folder.name}.version")):
            return _made_elsewhere(_choose, job, job, token, report)

    def close(self) -> None:
        """Hold nothing between jobs."""


def _made_elsewhere(
    work: Callable[[ItemT, CancelToken, Report], ResultT],
    item: ItemT,
    job: TrainingJob,
    token: CancelToken,
    report: Report,
) -> ResultT:
    """Run a job in another process; without a result no checkpoint is left, nor a part of one."""
    if job.folder.exists():
        raise CheckpointError(f"There is something at {job.folder} already. Choose another name.")
    try:
        result = work_elsewhere(work, item, token, with_time_left(report), PATIENCE_S)
        token.check()  # requested while the last file was written: there is no checkpoint
    except Cancelled:
        # the process may have been ended in the middle of anything
        leftovers = job.folder.parent.glob(f".{glob.escape(job.folder.name)}.*")
        for left in (job.folder, *leftovers):
            shutil.rmtree(left, ignore_errors=True)
        raise
    return result


def _use_threads() -> None:
    import torch

    torch.set_num_threads(max(usable_cores() - 1, 1))


def _finetune(item: tuple[TuningJob, Path], token: CancelToken, report: Report) -> TuningResult:
    from skillviewer.engine.finetuning.finetune import finetune

    _use_threads()
    job, stop_path = item
    return finetune(job, token, report, StopFile(stop_path))


def _choose(job: ChoiceJob, token: CancelToken, report: Report) -> ChoiceResult:
    from skillviewer.engine.finetuning.automatic_choice import train_automatically

    _use_threads()
    return train_automatically(job, token, report)
