"""Cores that a process may use: its affinity, and the quota of its control groups."""

import os
from pathlib import Path

import pytest

from skillviewer.core.cores import usable_cores


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(16)), raising=False)
    return tmp_path / "own"


def test_affinity_counts_where_there_is_no_quota(own: Path, tmp_path: Path) -> None:
    assert usable_cores(own, tmp_path) == 16
    own.write_text("0::/\n")
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert usable_cores(own, tmp_path) == 16


@pytest.mark.parametrize(("quota", "cores"), [("250000 100000", 2), ("50000 100000", 1), ("9900000 100000", 16)])
def test_the_smallest_quota_above_counts(quota: str, cores: int, own: Path, tmp_path: Path) -> None:
    own.write_text("0::/slurm/job\n")
    (tmp_path / "slurm" / "job").mkdir(parents=True)
    (tmp_path / "slurm" / "cpu.max").write_text(quota)
    (tmp_path / "slurm" / "job" / "cpu.max").write_text("max 100000")
    assert usable_cores(own, tmp_path) == cores


def test_the_first_version_of_control_groups_counts_too(own: Path, tmp_path: Path) -> None:
    own.write_text("3:memory:/a\n2:cpu,cpuacct:/box\n")
    folder = tmp_path / "cpu" / "box"
    folder.mkdir(parents=True)
    (folder / "cpu.cfs_quota_us").write_text("300000\n")
    (folder / "cpu.cfs_period_us").write_text("100000\n")
    assert usable_cores(own, tmp_path) == 3
    (folder / "cpu.cfs_quota_us").write_text("-1\n")
    assert usable_cores(own, tmp_path) == 16
