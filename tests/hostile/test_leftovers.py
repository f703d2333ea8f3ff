"""What a killed program leaves half written goes when something is written there again; all else stays."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from skillviewer.core.atomic_write import atomic_path, clear_leftovers
from skillviewer.data.study import Study
from skillviewer.data.study.backups import backups_dir

LEFT = (
    ".0123456789ab.part",
    ".0123456789ab.part.mp4",
    "0123456789abcdef0123456789abcdef.part",
    "0123456789abcdef0123456789abcdef.part-journal",
    "0123456789abcdef0123456789abcdef.part-wal",
    ".ab_cd012.part/study.skillstudy",
    ".model.ab_cd012.part/model/config.json",
)
OTHERS = ("thesis.part", ".part", "film.part.mp4", "a.part1.rar", "0123.part", ".hidden", "folder.part/x", ".Part")


def _lay(folder: Path, names: tuple[str, ...], age_s: float) -> None:
    then = time.time() - age_s
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        for one in (path, *(part for part in path.parents if part.is_relative_to(folder))):
            os.utime(one, (then, then))


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_leftovers_go_and_all_else_stays(tmp_path: Path) -> None:
    _lay(tmp_path, (*LEFT, *OTHERS), 2 * 86_400)
    (tmp_path / "elsewhere").mkdir()
    _lay(tmp_path / "elsewhere", ("mine",), 2 * 86_400)
    (tmp_path / ".0123456789ac.part").symlink_to(tmp_path / "elsewhere")
    with atomic_path(tmp_path / "new.csv") as temp_path:
        temp_path.write_text("x")
    assert _names(tmp_path) == {*OTHERS, "new.csv", "elsewhere/mine"}


def test_what_is_under_way_stays(tmp_path: Path) -> None:
    _lay(tmp_path, LEFT, 3600)
    clear_leftovers(tmp_path)
    assert _names(tmp_path) == set(LEFT)


def test_leftovers_beside_a_study_and_its_backups_go(tmp_path: Path) -> None:
    with Study.create(tmp_path / "peg") as made:
        path = made.path
    folder = backups_dir(path)
    folder.mkdir()
    _lay(folder, LEFT, 2 * 86_400)
    with Study.open(path):
        pass
    assert len(_names(folder)) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_what_a_killed_process_leaves_is_of_those_names(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, tempfile, time\n"
        "from skillviewer.core.atomic_write import atomic_path\n"
        "with atomic_path(pathlib.Path(sys.argv[1]) / 'table.csv') as temp_path:\n"
        "    temp_path.write_text('half'); print('begun', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(signal.SIGKILL)
    (left,) = tmp_path.iterdir()
    then = time.time() - 2 * 86_400
    os.utime(left, (then, then))
    with atomic_path(tmp_path / "table.csv") as temp_path:
        temp_path.write_text("whole")
    assert _names(tmp_path) == {"table.csv"}
