"""Studies that hold SQL of others: nothing of it acts, and nothing runs for ever."""

import hashlib
import json
import sqlite3
import struct
import threading
import time
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import Cancelled, StudyError
from skillviewer.core.progress import CancelToken, cancellable
from skillviewer.data.study import NewVideo, Study, Vote
from skillviewer.data.study.archive.archive import pack
from skillviewer.data.study.archive.archive_format import ArchiveOptions
from skillviewer.data.study.archive.unpack import unpack
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.schema import FIRST_VERSION, VERSION, schema_statements
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


@pytest.mark.parametrize("version", range(FIRST_VERSION, VERSION + 1))
def test_studies_of_all_versions_open(tmp_path: Path, version: int) -> None:
    path = tmp_path / "old.skillstudy"
    _tamper(
        path,
        *schema_statements(version),
        "PRAGMA application_id = 1399542644",
        f"PRAGMA user_version = {version}",
        "ANALYZE",
    )
    with Study.open(path, read_only=True) as opened:
        assert opened.votes.all() == ()
    with Study.open(path) as opened:
        assert opened._file.older_version == (version if version < VERSION else None)
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
        assert time.monotonic() - begun < 600
        assert file.scalar("SELECT count(*) FROM judgement") == 1, "the next job is not stopped"


def test_a_schema_that_is_no_text_is_refused_in_one_sentence(study: Path) -> None:
    content = study.read_bytes()
    at = content.index(b"name TEXT NOT NULL", content.index(b"CREATE TABLE rating_table"))
    study.write_bytes(content[:at] + b"\xff" + content[at + 1 :])
    with pytest.raises(StudyError) as refused:
        Study.open(study)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 500


def _journal_that_names(study: Path, other: Path) -> bytes:
    """Return a journal without pages, whose record at the end names another file as the journal of several databases.

    Source: "Database File Format", chapter 3, and ``readSuperJournal`` of SQLite's pager.c.
    """
    page_bytes = int.from_bytes(study.read_bytes()[16:18], "big")
    magic, name = bytes.fromhex("d9d505f920a163d7"), str(other).encode()
    head = magic + struct.pack(">5I", 0, 0, study.stat().st_size // page_bytes, 512, page_bytes)
    lock_page = struct.pack(">I", (1 << 30) // page_bytes + 1)
    return head.ljust(512, b"\0") + lock_page + name + struct.pack(">2I", len(name), sum(name)) + magic


@pytest.mark.parametrize("read_only", [False, True])
def test_a_journal_next_to_a_study_deletes_no_other_file(study: Path, tmp_path: Path, *, read_only: bool) -> None:
    other = tmp_path / "thesis.docx"
    other.write_bytes(b"the only copy\0")
    journal = study.with_name(f"{study.name}-journal")
    journal.write_bytes(_journal_that_names(study, other))
    link = tmp_path / "elsewhere" / study.name
    link.parent.mkdir()
    link.symlink_to(study)
    for path in (study, link):
        with pytest.raises(StudyError, match="names a file that would be deleted"):
            Study.open(path, read_only=read_only)
    assert other.exists()
    with closing(sqlite3.connect(study)) as unguarded:
        assert unguarded.execute("SELECT count(*) FROM video").fetchone() == (2,)
    assert not other.exists(), "the attack works where nothing refuses it"


@pytest.mark.parametrize("side", ["-wal", "-journal", "-shm"])
@pytest.mark.parametrize("there", [False, True])
def test_a_link_in_the_place_of_a_side_file_is_not_followed(
    study: Path, tmp_path: Path, side: str, *, there: bool
) -> None:
    other = tmp_path / "thesis.docx"
    if there:
        other.write_bytes(b"the only copy")
    study.with_name(f"{study.name}{side}").symlink_to(other)
    with pytest.raises(StudyError, match="is a link to another file"):
        Study.open(study)
    assert other.exists() == there
    assert not there or other.read_bytes() == b"the only copy"


def test_an_archive_with_a_journal_deletes_no_other_file(study: Path, tmp_path: Path) -> None:
    other = tmp_path / "thesis.docx"
    other.write_bytes(b"the only copy\0")
    archive = pack(study, tmp_path / "all.skillarchive", ArchiveOptions(videos=False)).path
    with zipfile.ZipFile(archive) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    manifest = json.loads(parts.pop("manifest.json"))
    name = f"{manifest['study']}-journal"
    parts[name] = _journal_that_names(study, other)
    digest = hashlib.sha256(parts[name]).hexdigest()
    manifest["files"].append({"name": name, "size_bytes": len(parts[name]), "sha256": digest})
    with zipfile.ZipFile(archive, "w") as file:
        for name, content in {**parts, "manifest.json": json.dumps(manifest).encode()}.items():
            file.writestr(name, content)
    with pytest.raises(StudyError, match="names a file that would be deleted"):
        unpack(archive, tmp_path / "out")
    assert other.exists()
    assert not (tmp_path / "out").exists()
