"""A whole session with sockets forbidden: assess, rank, fine-tune, assess again, export, pack and unpack.

It runs in a process of its own, under an audit hook: Python tells the hook of every socket that is made and every name
that is looked up, whoever asks, and what a hook refuses cannot be done. Processes that it starts have the hook, too.
"""

import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest

from skillviewer.core.paths import HOME_VARIABLE
from tests.checkpoints import tiny_checkpoint
from tests.engine.tuned import NAMES, write_study

GUARD = """
import os, socket, sys
LOG = os.environ["TRIED_SOCKETS"]
LOCAL = int(getattr(socket, "AF_UNIX", -99))  # how processes of one computer talk to each other
def guard(event, args):
    if event == "socket.__new__" and int(args[1]) == LOCAL:
        return
    if event in {"socket.__new__", "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname"}:
        if event != "socket.__new__" and args and getattr(args[0], "family", None) == LOCAL:
            return
        with open(LOG, "a") as file:
            file.write(f"{event} {args}\\n")
        raise OSError(f"no network here: {event}")
sys.addaudithook(guard)
"""

SESSION = """
import socket, sys
from pathlib import Path
from skillviewer.cli.main import run

folder, model = Path(sys.argv[1]), sys.argv[2]
study, out = str(folder / "grasping.skillstudy"), folder / "out"

def do(*words):
    code = run([str(word) for word in words])
    assert code == 0, f"{words} ended with {code}"

do("study", "create", study, "--task", "grasp")
do("study", "add", study, folder / "videos", "--participant-pattern", "^(.)")
do("export", "table", "scores", study, "-o", out / "before.csv", "--model", model, "--passes", "1", "--device", "cpu")
do("study", "import", study, folder / "votes.csv")
do("study", "ranking", study, "-o", out / "strengths.csv")
do("finetune", study, "--from", model, "-o", out / "graspers", "--epochs", "1", "--candidates", "1", "--accept",
   "--device", "cpu")
do("export", "table", "scores", study, "-o", out / "after.csv", "--passes", "1", "--device", "cpu")
for words in (["clip", "a1.mp4"], ["still", "a1.png"], ["report", "why", "a1.pdf"]):
    *what, name = words
    do("export", *what, study, "--video", "a1", "-o", out / name, "--blur-faces", "--device", "cpu")
do("export", "sheet", study, "-o", out / "sheet.pdf", "--n-frames", "3", "--device", "cpu")
do("export", "report", "cohort", study, "-o", out / "cohort.html")
do("export", "study", study, "-o", out / "all.skillarchive", "--pseudonyms")
do("study", "unpack", out / "all.skillarchive", folder / "elsewhere")

try:
    socket.create_connection(("127.0.0.1", 9))
except OSError as error:
    assert "no network here" in str(error)
else:
    raise AssertionError("the guard is asleep")
"""


@pytest.mark.timeout(900)  # ten commands, on a machine that may be busy
def test_a_whole_session_uses_no_network(tmp_path: Path) -> None:
    parent = tiny_checkpoint(tmp_path / "tiny").folder
    write_study(tmp_path / "videos")
    votes = [f"{better},{worse},1,{rater}" for worse, better in combinations(NAMES, 2) for rater in ("Ann", "Ben")]
    (tmp_path / "votes.csv").write_text("\n".join(["left,right,label,rater", *votes]) + "\n", encoding="utf-8")
    guard, log = tmp_path / "guard", tmp_path / "sockets.log"
    guard.mkdir()
    (guard / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    root = Path(__file__).parents[1]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(guard), str(root)]),
        "TRIED_SOCKETS": str(log),
        HOME_VARIABLE: str(tmp_path / "home"),
        "OMP_NUM_THREADS": "1",
        "PYTHONUTF8": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", SESSION, str(tmp_path), str(parent)],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    tried = log.read_text(encoding="utf-8").splitlines()
    assert len(tried) == 1, tried
    assert tried[0].startswith("socket."), "the one that the session makes at its end, to see that the guard is awake"
    made = {path.name for path in (tmp_path / "out").iterdir()}
    assert made == {
        "before.csv", "strengths.csv", "graspers", "after.csv", "a1.mp4", "a1.png", "a1.pdf", "sheet.pdf",
        "cohort.html", "all.skillarchive",
    }  # fmt: skip
    assert (tmp_path / "elsewhere" / "study.skillstudy").is_file()
    before, after = ((tmp_path / "out" / name).read_text() for name in ("before.csv", "after.csv"))
    assert before.count("\n") == after.count("\n") == 1 + len(NAMES)
    assert before != after, "the version that was fine-tuned is in use"
