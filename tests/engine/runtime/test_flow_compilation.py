"""The flow kernels are compiled by another process, which keeps them for this one."""

import json
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from skillviewer.core.errors import Cancelled
from skillviewer.core.progress import CancelToken
from skillviewer.engine.runtime.flow_compilation import compile_flow
from tests.facts import missing

SCRIPT = """
import json, logging, sys
import numpy as np
from skillviewer.core.progress import CancelToken
from skillviewer.engine.runtime import flow_compilation as flow_process
from skillviewer.media.flow import flow

if sys.argv[1] == "dies":
    flow_process._compile = None  # nothing that a process could call
logging.basicConfig(level=logging.WARNING)
from numba.core import event
here, said = [], []

class Seen(event.Listener):
    def on_start(self, event): here.append(event.kind)
    def on_end(self, event): pass

with event.install_listener("numba:run_pass", Seen()):
    flow.warm_up(said.append, lambda folder: flow_process.compile_flow(folder, CancelToken()))
    ramp = np.add.outer(np.arange(64), np.arange(64) ** 2 // 16).astype("uint8")
    found = flow.tvl1(ramp, np.roll(ramp, 1, axis=1))
print(json.dumps([len(here), said, float(np.abs(found).max())]))
"""


def warmed(home: Path, way: str = "works") -> tuple[dict[str, Any], str]:
    """Make flow ready in a new process; return what it compiled itself, what it said and whether it works; its log."""
    scratch = home.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    environment = {**os.environ, "SKILLVIEWER_HOME": str(home), "TMPDIR": str(scratch)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, way], env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert not list(scratch.iterdir()), "what was handed over is gone"
    compiled, said, moved = json.loads(done.stdout)
    return {"compiled here": compiled, "said": said, "works": moved > 0}, done.stderr


@pytest.mark.slow
def test_the_window_only_loads_what_another_process_compiled(tmp_path: Path) -> None:
    first, log = warmed(tmp_path / "home")
    assert first["compiled here"] == 0
    assert len(first["said"]) == 1
    assert "once" in first["said"][0]
    assert first["works"]
    assert "WARNING" not in log
    assert len([*(tmp_path / "home" / "cache" / "kernels").rglob("*.nb[ic]")]) >= 4
    again, _ = warmed(tmp_path / "home")
    assert again == {"compiled here": 0, "said": [], "works": True}


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_told_and_costs_no_compilation_here(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "cache").write_text("a file where a folder should be: even root cannot write below it")
    for _ in range(2):
        found, log = warmed(home)
        assert found["compiled here"] == 0, "copies are handed over in a folder that goes again"
        assert found["works"]
        assert str(home / "cache" / "kernels") in found["said"][-1]
        assert "every start" in found["said"][-1]
        assert f"cannot be kept in {home / 'cache' / 'kernels'}" in log


@pytest.mark.slow
def test_where_no_other_process_can_do_it_this_one_does_and_says_so_in_the_log(tmp_path: Path) -> None:
    found, log = warmed(tmp_path / "home", "dies")
    assert found["compiled here"] >= 2
    assert found["works"]
    assert not missing(log, "compiled")
    assert not missing(log, "flow kernels")


def test_a_stopped_compilation_leaves_no_process_and_nothing_half_written(tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    (tmp_path / "media_0").mkdir()
    (tmp_path / "media_0" / "flow_kernels.iterate-1.py311.nbi.tmp.0123456789abcdef").write_bytes(b"half")
    with pytest.raises(Cancelled):
        compile_flow(tmp_path, token)
    assert multiprocessing.active_children() == []
    assert not list(tmp_path.rglob("*.tmp.*"))  # what it had finished before it heard of it may stay
