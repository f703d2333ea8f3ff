"""Disks without room, and studies that may not be written: what is there is read, and nothing is left beside it."""

import subprocess
import sys
from pathlib import Path

import pytest

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.data.study import Study, Vote
from tests.data.studies import make_study
from tests.data.study.test_study import unprivileged

__all__ = ["unprivileged"]

VOTE = Vote("a", "b", Verdict.LEFT, "R")
NO_ROOM = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # nothing can be written to any file: as on a full disk
from pathlib import Path
from skillviewer.core.errors import StudyError
from skillviewer.core.dataset.pairs import Verdict
from skillviewer.data.study import Study, Vote
path = Path(sys.argv[1])
for read_only in (True, False):
    with Study.open(path, read_only=read_only) as study:
        print(*(video.name for video in study.videos.all()), len(study.votes.all()))
        try:
            study.votes.cast(Vote("a", "b", Verdict.LEFT, "R"))
        except StudyError as error:
            print(error)
"""


def _without_room(*command: str) -> str:
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on files")
def test_a_study_on_a_full_disk_is_listed_and_no_vote_is_lost_silently(tmp_path: Path) -> None:
    path = make_study(tmp_path / "full", "a", "b")
    with Study.open(path) as study:
        vote = study.votes.cast(VOTE)
    said = _without_room("-c", NO_ROOM, str(path)).splitlines()
    assert said[0] == said[2] == "a b 1"
    assert "reading only" in said[1]
    assert "no room left on the disk" in said[3] or "reading only" in said[3]
    with Study.open(path) as study:
        assert study.votes.all() == (vote,)
        study.votes.cast(VOTE)


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on files")
def test_a_study_that_was_not_closed_is_listed_on_a_full_disk_with_all_votes(tmp_path: Path) -> None:
    path = make_study(tmp_path / "full", "a", "b")
    code = (
        "import os, sys, pathlib\n"
        "from skillviewer.core.dataset.pairs import Verdict\n"
        "from skillviewer.data.study import Study, Vote\n"
        "study = Study.open(pathlib.Path(sys.argv[1]))\n"
        "study._file._checkpoint_log = lambda: None\n"
        "study.votes.cast(Vote('a', 'b', Verdict.LEFT, 'R'))\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, timeout=600)
    assert path.with_name(f"{path.name}-wal").stat().st_size > 0
    assert _without_room("-c", NO_ROOM, str(path)).splitlines()[0] == "a b 1"
    with Study.open(path) as study:
        assert len(study.votes.all()) == 1


def test_nothing_stays_beside_a_write_protected_study(unprivileged: Path) -> None:
    path = make_study(unprivileged, "a", "b")
    with Study.open(path) as study:
        vote = study.votes.cast(VOTE)
    path.chmod(0o444)
    before = sorted(unprivileged.iterdir())
    for read_only in (True, False):
        with Study.open(path, read_only=read_only) as study:
            assert study.read_only
            assert study.votes.all() == (vote,)
            assert read_only or "write-protected" in study.notices[0]
        assert sorted(unprivileged.iterdir()) == before
    path.chmod(0o644)
    with Study.open(path) as study:
        assert not study.read_only
        study.votes.cast(VOTE)
