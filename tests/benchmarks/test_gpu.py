"""The benchmark of a GPU, on a CPU with small inputs."""

import json
from pathlib import Path

import pytest
import torch

from benchmarks.gpu import TOLERANCE, main
from tests.facts import missing


@pytest.mark.slow
def test_all_of_it_runs_and_a_device_equals_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "gpu.json"
    assert main(["--device", "cpu", "--tiny", "--seconds", "0", "--out", str(out)]) == 0
    record = json.loads(out.read_text())
    assert record["device"] == "cpu"
    assert record["wrong"] == []
    assert all(0 <= value <= TOLERANCE for what, value in record["differences"].items() if "share" not in what)
    assert len(record["figures"]) == 7
    assert all(value > 0 for value in record["figures"].values())
    printed = capsys.readouterr().out
    assert all(f"| {what} |" in printed for what in (*record["figures"], *record["differences"]))


def test_without_a_gpu_it_says_so_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    out = tmp_path / "gpu.json"
    assert main(["--out", str(out)]) == 1
    assert not missing(capsys.readouterr().err, "torch sees")
    assert not out.exists()
