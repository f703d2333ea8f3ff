"""Reports of crashes: what they hold, and that they hold no name and no path of a video or a person."""

import ast
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

import skillviewer
from skillviewer.cli.main import run
from skillviewer.core.crash_report import (
    CRASH_FILE,
    LAST_CRASH_FILE,
    MAX_LINES,
    NamelessFormatter,
    crash_report,
    without_paths,
)
from skillviewer.core.errors import VideoError
from skillviewer.core.paths import HOME_VARIABLE

ROOT = Path(skillviewer.__file__).resolve().parent
NAME = "Anna Schmidt"
CRASHES = """
import ctypes, sys
from pathlib import Path
from skillviewer.core.crash_report import watch_crashes
with watch_crashes(Path(sys.argv[1])) as crashed:
    print(crashed)
    if sys.argv[2] == "crash":
        ctypes.string_at(0)
"""


def start(folder: Path, how: str) -> "subprocess.CompletedProcess[str]":
    """Run a process that watches itself, and crashes or ends."""
    script = folder.parent / f"{NAME}.py"
    script.write_text(CRASHES)
    command = [sys.executable, str(script), str(folder), how]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT.parent)}
    )


def test_a_crash_is_offered_once_at_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    assert start(folder, "end").stdout == "False\n"
    crashed = start(folder, "crash")
    assert crashed.returncode not in {0, 1}
    assert "Segmentation fault" in (folder / CRASH_FILE).read_text()
    assert start(folder, "end").stdout == "True\n"
    assert start(folder, "end").stdout == "False\n"
    assert "Segmentation fault" in (folder / LAST_CRASH_FILE).read_text()
    report = crash_report(folder)
    assert "Segmentation fault" in report
    assert 'File "lib/' in report
    assert str(tmp_path) not in report
    assert str(Path.home()) not in report


def test_a_folder_that_cannot_be_written_stops_no_start(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file in the way")
    assert start(tmp_path / "log", "end").stdout == "False\n"


def test_the_log_of_reports_has_no_values(tmp_path: Path) -> None:
    logger = logging.getLogger("of test_crash_report")
    logger.propagate = False
    handler = logging.FileHandler(tmp_path / "report.log", encoding="utf-8")
    handler.setFormatter(NamelessFormatter())
    logger.addHandler(handler)
    for _ in range(MAX_LINES + 50):
        logger.warning("job %s failed: %s", f"of {NAME}", f"/data/{NAME}/knot 7.mp4 is gone")
    logger.error("not caught", exc_info=VideoError(f"/data/{NAME}.mp4 cannot be read"))
    logger.removeHandler(handler)
    handler.close()
    report = crash_report(tmp_path)
    assert NAME not in report
    assert "job %s failed: %s" in report
    assert "VideoError" in report
    assert report.count("job %s failed") < MAX_LINES


def test_sentences_of_the_log_are_written_in_the_source() -> None:
    """What is passed as the sentence is never a value: a report shows it as it stands."""
    levels = {"debug", "info", "warning", "error", "exception", "critical"}
    found, values = 0, []
    for path in sorted(ROOT.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if "log." not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in levels):
                continue
            if isinstance(node.func.value, ast.Name) and node.func.value.id == "log":
                found += 1
                literal = isinstance(node.args[0], ast.Constant)
                values += [] if literal else [f"{path.name}:{node.lineno}"]
    assert found > 10
    assert not values


@pytest.mark.parametrize(
    ("path", "short"),
    [
        ("/home/anna/venv/lib/python3.11/site-packages/torch/a.py", "lib/python3.11/site-packages/torch/a.py"),
        (r"C:\Users\Anna\skillviewer\ui\app.py", "skillviewer/ui/app.py"),
        ("/data/anna/own.py", "own.py"),
    ],
)
def test_frames_keep_what_says_nothing_about_the_computer(path: str, short: str) -> None:
    assert without_paths(f'  File "{path}", line 3 in f') == f'  File "{short}", line 3 in f'


def test_doctor_writes_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / NAME))
    monkeypatch.setattr("skillviewer.cli.doctor._run_section", lambda _section: iter(()))
    target = tmp_path / "report.txt"
    assert run(["doctor", "--report", str(target)]) == 0
    text = target.read_text(encoding="utf-8")
    assert "SkillViewer" in text
    assert "torch" in text
    assert NAME not in text
    assert str(tmp_path) not in text
    capsys.readouterr()
    assert run(["doctor", "--report", str(target)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert run(["doctor", "--report", str(target), "--force"]) == 0
