"""Training on a study in a child process, so that the window stays responsive. Only the child imports torch."""

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
from skillviewer.engine.finetuning.job import AutoModelJob, ChoiceResult, TrainingJob, TuningJob, TuningResult
from skillviewer.engine.runtime.exclusive import training_lock
from skillviewer.engine.runtime.processes import work_in_child_process

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

PATIENCE_S = 0.5
"""Seconds after which a child process that was asked to stop is killed; its files are written atomically."""


class StopFile(CancelToken):
    """A cancel token for two processes: it is cancelled once a file exists.

    Args:
        path: The file; its folder exists.
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
    """Temporary folder of the ``StopFile`` of one training. A context manager that removes the folder."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="skillviewer-"))
        self.path = self._folder / "stop"

    def stop(self) -> None:
        """Ask the training to end soon with the best epoch so far."""
        StopFile(self.path).cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


class Tuner:
    """Trains on a study in a child process, one job at a time."""

    def forecast(self, job: TrainingJob) -> TrainingForecast:
        """Return the forecast of a training, made in this process; see ``finetuning.job_forecast``. Imports torch."""
        from skillviewer.engine.runtime.preload import preload_torch

        preload_torch()
        from skillviewer.engine.finetuning.job_forecast import forecast_job

        return forecast_job(job)

    def finetune(self, job: TuningJob, stop: StopFolder, token: CancelToken, report: Report) -> TuningResult:
        """Fine-tune; see ``finetuning.finetune.finetune``.

        If the token is cancelled, the training ends within half a second. The same job continues from its state.
        """
        with stop, training_lock(job.folder):  # so that only files of this job are removed if it is cancelled
            return _run_in_child_process(_finetune, (job, stop.path), job, token, report)

    def choose(self, job: AutoModelJob, token: CancelToken, report: Report) -> ChoiceResult:
        """Choose a model and train it; see ``finetuning.automatic_choice``.

        If the token is cancelled, the training ends within half a second. The same job continues from the finished
        trainings.
        """
        # another name than that of the lock that the last training takes in the child process
        with training_lock(job.folder.with_name(f"{job.folder.name}.version")):
            return _run_in_child_process(_choose, job, job, token, report)

    def close(self) -> None:
        """Do nothing: no process is kept between jobs."""


def _run_in_child_process(
    work: Callable[[ItemT, CancelToken, Report], ResultT],
    item: ItemT,
    job: TrainingJob,
    token: CancelToken,
    report: Report,
) -> ResultT:
    """Run a job in a child process. If the job is cancelled, remove its checkpoint and temporary folders."""
    if job.folder.exists():
        raise CheckpointError(f"There is something at {job.folder} already. Choose another name.")
    try:
        result = work_in_child_process(work, item, token, report=with_time_left(report), patience_s=PATIENCE_S)
        token.check()  # it may be cancelled while the last file is written
    except Cancelled:
        # the process may have been killed at any point
        temporary_folders = job.folder.parent.glob(f".{glob.escape(job.folder.name)}.*")
        for folder in (job.folder, *temporary_folders):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    return result


def _configure_threads() -> None:
    """Leave one core to the window."""
    import torch

    torch.set_num_threads(max(usable_cores() - 1, 1))


def _finetune(item: tuple[TuningJob, Path], token: CancelToken, report: Report) -> TuningResult:
    from skillviewer.engine.finetuning.finetune import finetune

    _configure_threads()
    job, stop_path = item
    return finetune(job, token, report, StopFile(stop_path))


def _choose(job: AutoModelJob, token: CancelToken, report: Report) -> ChoiceResult:
    from skillviewer.engine.finetuning.automatic_choice import train_automatically

    _configure_threads()
    return train_automatically(job, token, report)
