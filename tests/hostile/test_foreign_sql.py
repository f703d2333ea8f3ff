"""Studies that hold SQL of others: nothing of it acts, and nothing runs for ever."""

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import Cancelled, StudyError
from skillviewer.core.progress import CancelToken, cancellable
from skillviewer.data.study import NewVideo, Study, Vote
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.schema import MIGRATIONS, VERSION
from tests.data.studies import write_file


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study with two videos and a vote."""
    with Study.create(tmp_path / "peg") as made:
        made.videos.add([NewVideo(write_file(tmp_path / f"{name}.mp4")) for name in "ab"])
        made.votes.cast(Vote("a", "b", Verdict.LEFT, "R"))
        return made.path


def _tamper(study: Path, *statements: str) -> None:
    with closing(sqlite3.connect(study, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"
ACTS = {
    "swallows": ("CREATE TRIGGER s BEFORE INSERT ON judgement BEGIN SELECT RAISE(IGNORE); END",),
    "turns": (
        "DROP TRIGGER judgement_no_update",
        """CREATE TRIGGER judgement_no_update AFTER INSERT ON judgement
        BEGIN UPDATE judgement SET verdict = -NEW.verdict WHERE id = NEW.id; END""",
    ),
    "view": ("ALTER TABLE video RENAME TO other", f"CREATE VIEW video AS {ENDLESS} *, i AS removed_at FROM n, other"),
    "table": ("CREATE TABLE more (x)",),
    "index": ("CREATE INDEX heavy ON judgement (length(hex(zeroblob(length(reason) + 9))))",),
    "lacks": ("DROP TRIGGER withdrawal_no_delete",),
    "virtual": ("CREATE VIRTUAL TABLE words USING fts5(x)",),
    "check": ("DROP TABLE again", "CREATE TABLE again (id INTEGER PRIMARY KEY CHECK (length(hex(zeroblob(9))) > 0))"),
}


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("act", ACTS)
def test_a_study_with_sql_of_others_is_not_opened(study: Path, act: str, *, read_only: bool) -> None:
    _tamper(study, *ACTS[act])
    with pytest.raises(StudyError, match="is not built like a study"):
        Study.open(study, read_only=read_only)
    backup = study.with_name("backup.skillstudy")
    study.rename(backup)
    with pytest.raises(StudyError, match="is not built like a study"):
        Study.restore(backup, study)
    assert not study.exists()


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_studies_of_all_versions_open(tmp_path: Path, version: int) -> None:
    path = tmp_path / "old.skillstudy"
    statements = [statement for step in MIGRATIONS[:version] for statement in step]
    _tamper(path, *statements, "PRAGMA application_id = 1399542644", f"PRAGMA user_version = {version}", "ANALYZE")
    with Study.open(path, read_only=True) as opened:
        assert opened.votes.all() == ()
    with Study.open(path) as opened:
        assert opened._file.was_version == (version if version < VERSION else None)
        opened.videos.add([NewVideo(write_file(tmp_path / "a.mp4"))])
    with Study.open(path) as opened:
        assert len(opened.videos.all()) == 1


def test_a_vote_that_is_not_kept_as_it_was_given_is_told(study: Path) -> None:
    with Study.open(study) as opened:
        db = opened._file._connection
        db.execute("CREATE TEMP TRIGGER s BEFORE INSERT ON main.judgement BEGIN SELECT RAISE(IGNORE); END")
        with pytest.raises(StudyError, match="was not stored correctly"):
            opened.votes.cast(Vote("a", "b", Verdict.RIGHT, "R"))
        db.execute("DROP TRIGGER s")
        db.execute("CREATE TEMP TRIGGER s BEFORE INSERT ON main.withdrawal BEGIN SELECT RAISE(IGNORE); END")
        (vote,) = opened.votes.all()
        with pytest.raises(StudyError, match="was not stored"):
            opened.votes.withdraw(vote.id)
        db.execute("DROP TRIGGER s")
        assert opened.votes.withdraw(vote.id).withdrawn_at is not None


def test_what_runs_for_ever_stops_with_its_job(study: Path) -> None:
    token = CancelToken()
    threading.Timer(0.2, token.cancel).start()
    with StudyFile(study) as file:
        begun = time.monotonic()
        with cancellable(token), pytest.raises(Cancelled):
            file.query(f"{ENDLESS} count(*) FROM n")
        assert time.monotonic() - begun < 60
        assert file.scalar("SELECT count(*) FROM judgement") == 1, "the next job is not stopped"
