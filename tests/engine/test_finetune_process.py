"""Fine-tuning in a process of its own, as the window does it: the same result, and quick to end."""

import os
from pathlib import Path

import pytest
import torch

from skillviewer.core.errors import Cancelled, CheckpointError, DatasetError
from skillviewer.core.job import CancelToken, Progress, silent
from skillviewer.core.tuning_report import BatchRow, TuningRow
from skillviewer.engine.tuning_process import StopFile, StopFolder, Tuner
from skillviewer.engine.tuning_run import finetune
from tests.checkpoints import tiny_checkpoint
from tests.engine.tuned import job, write_study


def test_a_flag_that_two_processes_see(tmp_path: Path) -> None:
    one, other = StopFile(tmp_path / "stop"), StopFile(tmp_path / "stop")
    told = [other.cancelled]
    one.cancel()
    told.append(other.cancelled)
    assert told == [False, True]
    with StopFolder() as folder:
        assert not folder.path.exists()
        folder.stop()
        assert StopFile(folder.path).cancelled
    assert not folder.path.parent.exists()
    folder.stop()  # after the end nobody minds


def test_the_same_as_in_this_process_then_stopped_and_cancelled(tmp_path: Path) -> None:
    study, parent = write_study(tmp_path / "videos"), tiny_checkpoint(tmp_path / "parent").folder
    tuner, out = Tuner(), tmp_path / "out"
    out.mkdir()
    threads = torch.get_num_threads()
    torch.set_num_threads(max((os.cpu_count() or 2) - 1, 1))  # as that process has: sums depend on their order
    there = finetune(job(study, parent, out / "here"), CancelToken(), silent)
    torch.set_num_threads(threads)
    rows: list[object] = []
    away = tuner.finetune(
        job(study, parent, out / "away"), StopFolder(), CancelToken(), lambda progress: rows.append(progress.value)
    )
    assert away.digest == there.digest
    assert away.report.shifts == there.report.shifts
    assert any(isinstance(row, TuningRow) for row in rows)

    stop = StopFolder()

    def stop_soon(progress: Progress) -> None:
        if isinstance(progress.value, TuningRow) and progress.value.epoch == 1:
            stop.stop()

    stopped = tuner.finetune(job(study, parent, out / "stopped", epochs=2000), stop, CancelToken(), stop_soon)
    assert stopped.report.epoch < 2000
    assert (out / "stopped").is_dir()

    token = CancelToken()

    def cancel_soon(progress: Progress) -> None:
        if isinstance(progress.value, BatchRow):
            token.cancel()

    asked = job(study, parent, out / "cancelled", epochs=2000)
    with pytest.raises(Cancelled):
        tuner.finetune(asked, StopFolder(), token, cancel_soon)
    assert not asked.work_folder().exists()
    assert sorted(path.name for path in out.iterdir()) == ["away", "here", "stopped"]

    with pytest.raises(CheckpointError, match="already"):
        tuner.finetune(job(study, parent, out / "away"), StopFolder(), CancelToken(), silent)
    with pytest.raises(DatasetError, match="no votes"):  # an error of the other process is one sentence here
        tuner.cost(job(study.restricted(["a1"]), parent, out / "new"), CancelToken(), silent)
