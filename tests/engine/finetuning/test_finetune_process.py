"""Fine-tuning in a process of its own, as the window does it: the same result, and quick to end."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest
import torch

from skillviewer.core.errors import Cancelled, CheckpointError, DatasetError, SettingsError
from skillviewer.core.finetuning.split import StudyPairs
from skillviewer.core.finetuning.tuning_report import BatchRow, TuningRow
from skillviewer.core.paths import training_folder
from skillviewer.core.progress import CancelToken, Progress, silent
from skillviewer.data.study import Study
from skillviewer.data.study.versions import next_folder
from skillviewer.engine.finetuning import process as process_module
from skillviewer.engine.finetuning.finetune import finetune
from skillviewer.engine.finetuning.process import StopFile, StopFolder, Tuner
from skillviewer.engine.runtime.exclusive import training_lock
from skillviewer.engine.runtime.processes import work_in_child_process
from skillviewer.nets.checkpoint import load_checkpoint
from tests.engine.tuned import job


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


@pytest.mark.slow
def test_the_same_as_in_this_process_then_stopped_and_cancelled(
    study: StudyPairs, parent: Path, tmp_path: Path
) -> None:
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
    assert sorted(path.name for path in out.iterdir() if not path.name.startswith("work-")) == [
        "away",
        "here",
        "stopped",
    ]

    with pytest.raises(CheckpointError, match="already"):
        tuner.finetune(job(study, parent, out / "away"), StopFolder(), CancelToken(), silent)
    with pytest.raises(DatasetError, match="no ratings, votes"):  # an error of the other process is one sentence here
        tuner.finetune(job(study.restricted(["a1"]), parent, out / "new"), StopFolder(), CancelToken(), silent)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["it begins to write", "the folder is there", "all is written"])
def test_cancelled_while_the_version_is_saved_nothing_is_left(
    study: StudyPairs, parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    before = {path: path.read_bytes() for path in parent.iterdir()}
    out, token, over = tmp_path / "out", CancelToken(), threading.Event()
    out.mkdir()
    asked = job(study, parent, out / "saved [1]", epochs=1)

    def report(progress: Progress) -> None:
        if moment == "it begins to write" and progress.stage == "writing the checkpoint":
            token.cancel()

    def watch() -> None:
        while not asked.folder.exists():
            if over.wait(0.0005):
                return
        token.cancel()

    if moment == "all is written":  # after the last look at the token of the loop that waits for that process

        def work_then_cancel(*arguments: Any, **options: Any) -> object:
            result: object = work_in_child_process(*arguments, **options)
            assert (asked.folder / "weights.safetensors").exists()
            token.cancel()
            return result

        monkeypatch.setattr(process_module, "work_in_child_process", work_then_cancel)
    watching = threading.Thread(target=watch)
    if moment == "the folder is there":
        watching.start()
    try:
        with pytest.raises(Cancelled):
            Tuner().finetune(asked, StopFolder(), token, report)
    finally:
        over.set()
        if watching.ident is not None:
            watching.join()
    assert [path.name for path in out.iterdir()] in ([], [asked.work_folder().name])
    assert {path: path.read_bytes() for path in parent.iterdir()} == before
    if moment != "it begins to write":
        return
    again = Tuner().finetune(asked, StopFolder(), CancelToken(), silent)
    assert load_checkpoint(again.folder).digest == again.digest
    assert [path.name for path in out.iterdir()] == ["saved [1]"], "its state is not needed any more"


def test_two_trainings_at_once_make_two_checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two windows train what their studies call alike: what one cancels must not be what the other has made."""
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path / "home"))
    with Study.create(tmp_path / "one.skillstudy") as one:
        folder = next_folder(one, "graspers")
        with training_lock(folder):
            other = next_folder(one, "graspers")
            with pytest.raises(SettingsError, match=r"training makes.*graspers-v1"):
                Tuner().finetune(job(StudyPairs(one.dataset()), None, folder), StopFolder(), CancelToken(), silent)
        assert [folder.name, other.name] == ["graspers-v1", "graspers-v2"]
        assert next_folder(one, "graspers") == folder
        training_folder(folder).mkdir(parents=True)  # of a killed skillviewer train, which will go on
        assert next_folder(one, "graspers") == other
