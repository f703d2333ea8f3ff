"""Real SLURM: a job that is cancelled in the middle costs nothing that was finished.

``make slurm`` sets SLURM up on this computer and runs this file; the usual gate leaves it out.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.checkpoints import tiny_checkpoint
from tests.cli.studies import write_study
from tests.videos import write_barcode_video

ROOT = Path(__file__).resolve().parents[3]

pytestmark = [
    pytest.mark.timeout(2000),
    pytest.mark.skipif(
        "SKILLVIEWER_TEST_SLURM" not in os.environ or shutil.which("sbatch") is None,
        reason="runs by make slurm, which sets SLURM up",
    ),
]


def squeue() -> list[str]:
    found = subprocess.run(["squeue", "-h", "-t", "R", "-o", "%A"], capture_output=True, text=True, check=True)
    return found.stdout.split()


def contents(folder: Path, pattern: str = "*.npz") -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob(pattern)}


def cancel_all() -> None:
    subprocess.run(["scancel", *squeue()], check=True)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Variables of a user of the cluster: the settings of the jobs are a file, as in docs/cluster.md."""
    (tmp_path / "dask").mkdir()
    prologue = f'["export PYTHONPATH={ROOT}", "export SKILLVIEWER_HOME={tmp_path / "home"}"]'
    (tmp_path / "dask" / "jobqueue.yaml").write_text(
        "jobqueue:\n  slurm:\n    cores: 1\n    processes: 1\n    memory: 1GB\n    walltime: '00:10:00'\n"
        f"    python: {sys.executable}\n    log-directory: {tmp_path / 'logs'}\n    job-script-prologue: {prologue}\n"
    )
    own = {"DASK_CONFIG": str(tmp_path / "dask"), "SKILLVIEWER_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"}
    return {**os.environ, "PYTHONPATH": str(ROOT), **own}


def test_a_cancelled_job_is_resumed_and_the_results_are_those_of_one_process(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    model = tiny_checkpoint(tmp_path / "tiny").folder
    (tmp_path / "videos").mkdir()
    for n in range(12, 36):
        write_barcode_video(tmp_path / "videos" / f"{n}.mp4", n)
    command = [sys.executable, "-m", "skillviewer", "score", str(tmp_path / "videos"), "--model", str(model)]

    def start(out: str, *options: str) -> "subprocess.Popen[str]":
        arguments = [*command, "--out", str(tmp_path / out), *options]
        return subprocess.Popen(arguments, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    first = start("cluster", "--cluster", "slurm", "--jobs", "1")
    while len(contents(tmp_path / "cluster")) < 3:
        assert first.poll() is None, first.communicate()
        time.sleep(0.02)
    cancel_all()
    _, err = first.communicate(timeout=600)
    done = contents(tmp_path / "cluster")
    assert first.returncode == 1
    assert "All jobs on the cluster have ended" in err
    assert 3 <= len(done) < 24
    second = start("cluster", "--cluster", "slurm", "--jobs", "2")
    out, err = second.communicate(timeout=600)
    assert second.returncode == 0, err
    assert len(out.splitlines()) == 24
    found = contents(tmp_path / "cluster")
    assert {name: found[name] for name in done} == done
    serial = start("here")
    serial.communicate(timeout=600)
    assert found == contents(tmp_path / "here")
    assert squeue() == []


def test_an_evaluation_whose_job_is_cancelled_is_resumed_and_its_runs_are_those_of_one_process(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    study = write_study(tmp_path / "tiny")
    command = [sys.executable, "-m", "skillviewer", "evaluate", str(study), "--model", "none", "--folds", "2"]
    command += ["--segments", "7", "--input-px", "96", "--flow", "dis", "--candidates", "2", "--epochs", "20"]
    command += ["--device", "cpu", "--no-controls"]

    def start(out: str, *options: str, home: Path = tmp_path / "home") -> "subprocess.Popen[str]":
        arguments = [*command, "-o", str(tmp_path / out), *options]
        own = {**environment, "SKILLVIEWER_HOME": str(home)}
        return subprocess.Popen(arguments, env=own, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    first = start("cluster", "--cluster", "slurm", "--jobs", "1")
    while not list((tmp_path / "cluster").rglob("state-*.safetensors")):
        assert first.poll() is None, first.communicate()
        time.sleep(0.02)
    cancel_all()
    _, err = first.communicate(timeout=600)
    assert first.returncode == 1
    assert "All jobs on the cluster have ended" in err
    second = start("cluster", "--cluster", "slurm", "--jobs", "2")
    _, err = second.communicate(timeout=600)
    assert second.returncode == 0, err
    serial = start("here", home=tmp_path / "other")  # with features of its own
    serial.communicate(timeout=600)
    for pattern in ("scores.csv", "score_curves.npz"):
        found = contents(tmp_path / "cluster", pattern)
        assert found == contents(tmp_path / "here", pattern)
        assert len(found) == 2
