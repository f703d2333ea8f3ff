"""Every engine gives the same results, and the death of a worker costs its unit alone."""

import re
import signal
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.errors import (
    CheckpointError,
    DatasetError,
    DeviceError,
    ExportError,
    NameTakenError,
    SettingsError,
    VideoError,
)
from skillviewer.core.progress import CancelToken, Progress
from skillviewer.engine.runtime import cluster
from skillviewer.engine.runtime import workers as engine_workers
from skillviewer.engine.runtime.processes import JobResult, Processes, work_in_processes, work_in_this_process
from skillviewer.engine.runtime.workers import Workers, map_on_workers
from skillviewer.engine.scoring.units import ResultFolder, Scoring, ScoringUnit, open_engine, score_unit
from tests.checkpoints import tiny_checkpoint
from tests.engine.scoring.made_units import MadeUnit, make
from tests.videos import write_barcode_video

pytest.importorskip("distributed", reason="needs the extra cluster")

ROOT = Path(__file__).resolve().parents[3]


def nothing(_index: int, _progress: Progress) -> None:
    pass


def test_results_of_every_engine_are_the_same_bytes(tmp_path: Path) -> None:
    checkpoint = tiny_checkpoint(tmp_path / "tiny")
    units = [ScoringUnit(write_barcode_video(tmp_path / f"{n}.mp4", n).path) for n in (12, 14)]
    files: dict[str, dict[str, bytes]] = {}

    def settings(name: str) -> Scoring:
        return Scoring(checkpoint.folder, checkpoint.digest, passes=2, device="cpu", folder=tmp_path / name)

    def finished(_index: int, outcome: JobResult[Path | Analysis]) -> None:
        assert outcome.result is not None, outcome.error

    token = CancelToken()
    try:
        work_in_this_process(partial(score_unit, settings("here")), units, token, nothing, finished)
    finally:
        open_engine.cache_clear()
    work_in_processes(partial(score_unit, settings("process")), units, Processes(1), token, nothing, finished)
    map_on_workers(
        partial(score_unit, settings("cluster")), units, Workers(1, cluster="local"), token, nothing, finished
    )
    for name in ("here", "process", "cluster"):
        files[name] = {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
    assert len(files["here"]) == 2
    assert files["here"] == files["process"] == files["cluster"]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [Workers(2), Workers(2, cluster="local")])
def test_death_of_a_worker_costs_its_unit_which_is_tried_twice_more(workers: Workers, tmp_path: Path) -> None:
    deaths = {3: 1, 5: engine_workers.TRIES - 1, 7: engine_workers.TRIES}
    numbers = [1, 3, 5, 7, 9, 13, 17]
    units = [MadeUnit(number, tmp_path, deaths.get(number, 0)) for number in numbers]
    outcomes: dict[int, JobResult[int]] = {}
    map_on_workers(
        make,
        units,
        workers,
        CancelToken(),
        nothing,
        lambda index, outcome: outcomes.__setitem__(numbers[index], outcome),
    )
    assert {number: outcome.result for number, outcome in outcomes.items() if outcome.result} == {
        number: number**2 for number in (1, 3, 5, 9)
    }
    assert isinstance(outcomes[7].error, DeviceError)
    assert isinstance(outcomes[13].error, DatasetError)
    assert isinstance(outcomes[17].error, NameTakenError)
    assert str(outcomes[17].error) == str(NameTakenError(tmp_path))
    attempts = {number: (tmp_path / f"{number}.attempts").stat().st_size for number in numbers}
    assert attempts[7] == engine_workers.TRIES
    if not workers.cluster:  # whose workers may take a result with them before it is fetched: it is found again
        assert attempts == {1: 1, 3: 2, 5: 3, 7: 3, 9: 1, 13: 1, 17: 1}
    assert sorted(path.name for path in tmp_path.glob("*.result")) == ["1.result", "3.result", "5.result", "9.result"]


def test_a_worker_has_no_more_pieces_than_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    assignments, there = cluster._Assignments(), {"a": 1, "b": 2}
    assert assignments.free_workers(there, anywhere=True) == ["a", "b", "b"]
    first, second = Waiting(), Waiting()
    assignments.add(first, "a")
    assignments.add(second, "b")
    assert assignments.free_workers(there, anywhere=False) == ["b"]
    assert assignments.free_workers({"c": 1}, anywhere=False) == ["c"]
    assert (assignments.free_workers({}, anywhere=False), assignments.free_workers({}, anywhere=True)) == ([], [""])
    assert assignments.lost([first, second], {"b": 2}) == []
    now_s = cluster._LOST_S + 1
    assert assignments.lost([first, second], {"b": 2}) == [first]
    assert assignments.lost([first, second], there) == []  # it came back
    assignments.remove(second)
    assert assignments.free_workers(there, anywhere=False) == ["b", "b"]


class Waiting:
    """A piece whose worker has not begun it."""

    def done(self) -> bool:
        return False


def test_only_faults_of_a_video_are_kept(tmp_path: Path) -> None:
    kept, unit = ResultFolder(Scoring(tmp_path, "", folder=tmp_path)), ScoringUnit(tmp_path / "a.mp4")
    for error in (DeviceError("no GPU"), CheckpointError("no model"), ExportError("no room")):
        kept.save_failure(unit, error)
        assert kept.saved_failure(unit) == ""
    kept.save_failure(unit, VideoError("no video"))
    assert kept.saved_failure(unit) == "no video"
    kept.save_failure(unit, None)
    assert kept.saved_failure(unit) == ""


def test_a_cluster_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"127\.0\.0\.1:9"):
        map_on_workers(
            make, [MadeUnit(1, tmp_path)], Workers(cluster="tcp://127.0.0.1:9"), CancelToken(), nothing, print
        )


COMMANDS = {
    "sbatch": """if mkdir "$FAKE/taken" 2> /dev/null; then
        cp "$1" "$FAKE/job.sh"
        setsid sh "$FAKE/job.sh" > "$FAKE/job.log" 2>&1 &
        echo $! > "$FAKE/pid"
        echo "Submitted batch job 1"
    else
        echo "sbatch: error: too many jobs" >&2
        exit 1
    fi""",
    "squeue": 'kill -0 "$(cat "$FAKE/pid")" && echo 1',
    "scancel": 'kill -- "-$(cat "$FAKE/pid")"',
}
"""In place of SLURM's: one job is taken and runs on this computer, and all others are refused."""


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Jobs with the settings of docs/cluster.md on a made SLURM, whose folder is returned."""
    import dask

    for name, lines in COMMANDS.items():
        (tmp_path / name).write_text(f"#!/bin/sh\nFAKE={tmp_path}\n{lines}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(dask.config, "PATH", str(tmp_path / "config"))
    for name in [name for name in sys.modules if name.startswith("dask_jobqueue")]:
        monkeypatch.delitem(sys.modules, name)  # what it does as it is loaded belongs to the test
    page = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    (tmp_path / "page.yaml").write_text(page.split("```yaml")[1].split("```")[0])
    settings = next(iter(dask.config.collect_yaml([str(tmp_path / "page.yaml")])))["jobqueue"]["slurm"]
    settings |= {"python": sys.executable, "log-directory": str(tmp_path), "memory": "1GB"}
    settings["job-script-prologue"] = [f"export PYTHONPATH={ROOT} OMP_NUM_THREADS=1"]
    with dask.config.set({f"jobqueue.slurm.{name}": value for name, value in settings.items()}):
        yield tmp_path


def test_jobs_that_slurm_refuses_cost_no_work_of_the_others(slurm: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = signal.getsignal(signal.SIGINT)
    outcomes: dict[int, JobResult[int]] = {}
    numbers = range(1, 5)
    map_on_workers(
        make,
        [MadeUnit(number, slurm) for number in numbers],
        Workers(3, cluster="slurm"),
        CancelToken(),
        nothing,
        outcomes.__setitem__,
    )
    assert [outcomes[index].result for index in range(4)] == [number**2 for number in numbers], (
        slurm / "job.log"
    ).read_text()
    assert signal.getsignal(signal.SIGINT) is before
    assert caplog.messages == ["SLURM refused a job: sbatch: error: too many jobs"]
    job = (slurm / "job.sh").read_text()
    address = re.search(r"tls://[\d.]+:\d+", job)
    assert address is not None
    assert "--no-dashboard" in job
    keys = [Path(found) for found in re.findall(r"--tls-(?:key|cert|ca-file) (\S+)", job)]
    assert len(keys) == 3
    assert not any(key.exists() or key.parent.exists() for key in keys)  # they end with the run


def test_the_reason_of_slurm_is_told_if_it_refuses_all_jobs(slurm: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (slurm / "taken").mkdir()
    with pytest.raises(DeviceError, match=r"SLURM refused: sbatch: error: too many jobs$"):
        map_on_workers(make, [MadeUnit(1, slurm)], Workers(2, cluster="slurm"), CancelToken(), nothing, print)
    assert "Traceback" not in capfd.readouterr().err
