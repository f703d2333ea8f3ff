"""The study as a file: it loses nothing, refuses politely, and no code path changes a vote."""

import errno
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.study import VoteDriver, losses
from skillviewer.core import os_differences
from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import SettingsError, StudyError
from skillviewer.data.study import Study, StudySettings, Vote, database, file
from skillviewer.data.study.backups import MAX_DAILY, MAX_LATEST, backups_dir
from skillviewer.data.study.lock import WriteLock
from skillviewer.data.study.schema import APPLICATION_ID, FIRST_VERSION, VERSION, schema_statements
from tests.data.studies import make_study

VOTE = Vote("a", "b", Verdict.LEFT, "Ann")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_study(tmp_path, "a", "b")


def raw(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def test_what_is_written_is_there_again(path: Path) -> None:
    with Study.open(path) as study:
        assert str(study._file.scalar("PRAGMA journal_mode")) == "wal"
        assert study._file.scalar("PRAGMA synchronous") == 2
        assert not study.read_only
        assert study.notices == ()
        cast = study.votes.cast(VOTE)
        study.settings = StudySettings(title="Grasping", speed=0.5)
    with Study.open(path) as study:
        assert study.votes.all() == (cast,)
        assert study.settings.title == study.title == "Grasping"
        assert study.settings.speed == 0.5
    assert sorted(p.name for p in path.parent.iterdir()) == ["study.skillstudy", "study.skillstudy-backups", "videos"]


def test_the_file_alone_holds_every_vote(path: Path, tmp_path: Path) -> None:
    """People send and copy the file that they see, not the log beside it."""
    with Study.open(path) as study:
        cast = [study.votes.cast(VOTE) for _ in range(5)]
        copy = Path(shutil.copy(path, tmp_path / "sent.skillstudy"))
        with Study.open(copy) as sent:
            assert sent.votes.all() == tuple(cast)


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be moved there")
@pytest.mark.parametrize("what", ["renamed", "deleted", "replaced"])
def test_nothing_is_written_into_a_file_that_is_no_longer_there(path: Path, tmp_path: Path, what: str) -> None:
    with Study.open(path) as study:
        kept = study.votes.cast(VOTE)
        if what == "replaced":
            shutil.copy(path, tmp_path / "newer")
            (tmp_path / "newer").replace(path)
        elif what == "renamed":
            path.rename(tmp_path / "new name.skillstudy")
        else:
            path.unlink()
        with pytest.raises(StudyError, match="renamed"):
            study.votes.cast(VOTE)
        assert study.votes.all() == (kept,), "what was in it is still here"
        saved = study.save_as(tmp_path / "saved")
    with Study.open(saved) as study:
        assert study.votes.all() == (kept,)
        study.votes.cast(VOTE)
    if what == "renamed":
        with Study.open(tmp_path / "new name.skillstudy") as study:
            assert study.votes.all() == (kept,)


def test_killed_while_votes_are_cast_loses_none(path: Path) -> None:
    told: list[str] = []
    chance = random.Random(1)
    with VoteDriver(path) as driver:
        kills = 0
        while kills < 12 or len(told) <= 12:  # a busy computer casts few votes before it is killed
            told += driver.kill_after(chance.uniform(0, 0.15))
            kills += 1
            assert losses(path, told) == []
    with Study.open(path) as study:
        assert study._file.scalar("PRAGMA integrity_check") == "ok"
        assert len(study.votes.all()) > 12
    assert losses(path, ["0" * 32]) == [f"vote {'0' * 32} is lost"]  # the check can fail


def test_second_window_reads_and_does_not_write(path: Path) -> None:
    with Study.open(path) as first:
        with Study.open(path) as second:
            assert second.read_only
            assert "another window" in second.notices[0]
            vote = first.votes.cast(VOTE)
            assert second.votes.all() == (vote,)  # sees what the first does
            with pytest.raises(StudyError, match="reading only"):
                second.votes.cast(VOTE)
        code = (
            "import sys; from pathlib import Path; from skillviewer.data.study import Study;"
            "study = Study.open(Path(sys.argv[1])); print(study.read_only, len(study.votes.all()))"
        )
        other = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
        assert other.stdout.split() == ["True", "1"]
    with Study.open(path) as study:
        assert not study.read_only


def test_read_only_on_request_leaves_nothing_behind(path: Path) -> None:
    before = sorted(path.parent.iterdir())
    with Study.open(path, read_only=True) as study:
        assert study.read_only
        with pytest.raises(StudyError, match="reading only"):
            study.settings = StudySettings(title="x")
    assert sorted(path.parent.iterdir()) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE judgement SET verdict = -1",
        "UPDATE OR REPLACE judgement SET id = 7",
        "DELETE FROM judgement",
        "INSERT OR REPLACE INTO judgement SELECT * FROM judgement",
        "INSERT INTO judgement SELECT * FROM judgement WHERE true ON CONFLICT (id) DO UPDATE SET verdict = -1",
        "DELETE FROM withdrawal",
        "UPDATE withdrawal SET judgement = 1",
        "INSERT OR REPLACE INTO withdrawal SELECT judgement, 'never', reason FROM withdrawal",
        "DELETE FROM video",
        "UPDATE video SET id = id + 10",
        "DELETE FROM rater",
    ],
)
def test_votes_are_append_only_on_every_code_path(path: Path, statement: str) -> None:
    with Study.open(path) as study:
        study.votes.cast(VOTE)
        study.votes.withdraw(study.votes.cast(VOTE).id)
        before = study.votes.all()
    connection = raw(path)  # not even with foreign keys off, as they are by default
    with pytest.raises(sqlite3.IntegrityError, match=r"append-only|votes may name"):
        connection.execute(statement)
    connection.close()
    with Study.open(path) as study:
        assert study.votes.all() == before


FIRST_STUDY = f"""
    PRAGMA application_id = {APPLICATION_ID};
    PRAGMA user_version = {FIRST_VERSION};
    {"; ".join(schema_statements(FIRST_VERSION))};
    INSERT INTO setting VALUES ('title', '"Old"'), ('speed', '0.5'), ('of another version', '[]');
    INSERT INTO video (id, name, relative_path, absolute_path, size_bytes, modified_ns, digest, added_at) VALUES
        (1, 'a', 'videos/a.mp4', '/gone/videos/a.mp4', 5, 1, 'aa', '2026-01-01T00:00:00.000000+00:00'),
        (2, 'b', 'videos/b.mp4', '/gone/videos/b.mp4', 6, 1, 'bb', '2026-01-01T00:00:00.000000+00:00');
    INSERT INTO rater VALUES (1, 'Ann', '2026-01-01T00:00:00.000000+00:00');
    INSERT INTO judgement (
        id, key, left_video, right_video, verdict, rater, judged_at, taken_s, watched, speed, reason, purpose, added_at
    ) VALUES (1, 'k', 1, 2, -1, 1, '2026-01-02T03:04:05.000000+00:00', 4.5, 0.9, 1.0, '', '',
        '2026-01-02T03:04:05.000000+00:00');
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.skillstudy"
    connection = raw(path)
    connection.executescript(FIRST_STUDY)
    connection.close()
    return path


def test_older_study_is_brought_up_to_date_after_a_copy(old: Path) -> None:
    with Study.open(old) as study:
        assert study._file.older_version == FIRST_VERSION
        assert study._file.scalar("PRAGMA user_version") == VERSION
        (vote,) = study.votes.all()
        assert (vote.left, vote.right, vote.verdict, vote.taken_s) == ("a", "b", Verdict.RIGHT, 4.5)
        assert (study.settings.title, study.settings.speed) == ("Old", 0.5)
        study.annotations.save_moment("a", 1, 2, author="Ann")  # what only the new form has
    copy = next(backups_dir(old).glob(f"version {FIRST_VERSION}, *"))
    connection = raw(copy)
    assert connection.execute("PRAGMA user_version").fetchone() == (FIRST_VERSION,)
    assert connection.execute("SELECT count(*) FROM judgement").fetchone() == (1,)
    connection.close()
    with Study.open(old) as study:
        assert study._file.older_version is None


def test_older_study_can_be_looked_at_without_touching_it(old: Path) -> None:
    before = old.read_bytes()
    with Study.open(old, read_only=True) as study:
        assert len(study.votes.all()) == 1
        assert study.annotations.moments() == ()
        with pytest.raises(StudyError, match="reading only"):
            study.votes.cast(VOTE)
    assert old.read_bytes() == before


def test_newer_study_is_refused_and_stays_as_it_is(path: Path) -> None:
    connection = raw(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StudyError, match="newer SkillViewer"):
        Study.open(path)
    assert path.read_bytes() == before


def test_study_of_a_development_version_is_refused_and_stays_as_it_is(path: Path) -> None:
    connection = raw(path)
    connection.execute(f"PRAGMA user_version = {FIRST_VERSION - 1}")
    connection.close()
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(StudyError, match="development version"):
            Study.open(path, read_only=read_only)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"not a study" * 100, None])
def test_other_files_are_not_studies(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "other.skillstudy"
    if content is None:
        connection = raw(path)
        connection.execute("CREATE TABLE t (x)")
        connection.close()
    else:
        path.write_bytes(content)
    with pytest.raises(StudyError, match="is not a study"):
        Study.open(path)
    with pytest.raises(StudyError, match="There is no study"):
        Study.open(tmp_path / "nothing.skillstudy")


def test_damaged_study_is_told_and_its_backup_restores(path: Path) -> None:
    with Study.open(path) as study:
        study.votes.cast(VOTE)
        kept = study.votes.all()
        backup = study.back_up()
        study.votes.cast(VOTE)
    content = bytearray(path.read_bytes())
    content[4096:12288] = b"\xff" * 8192
    path.write_bytes(content)
    with pytest.raises(StudyError, match=r"damaged.*backups"):
        Study.open(path)
    Study.restore(backup, path)
    with Study.open(path) as study:
        assert study.votes.all() == kept
        with pytest.raises(StudyError, match="another window"):
            Study.restore(backup, path)
    (replaced,) = backups_dir(path).glob("replaced *")
    assert replaced.read_bytes() == bytes(content)


def test_disk_full_changes_nothing_and_the_study_goes_on(path: Path) -> None:
    with Study.open(path) as study:
        vote = study.votes.cast(VOTE)
        pages = study._file.scalar("PRAGMA page_count")
        study._file._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StudyError, match=r"no room left.*nothing was changed"):
            study.annotations.write_note("long " * 20_000, author="Ann")
        assert study.annotations.notes() == ()
        study._file._connection.execute("PRAGMA max_page_count = 100000")
        study.annotations.write_note("short", author="Ann")
        assert study.votes.all() == (vote,)


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """Give a folder, and take the right to write everywhere away from whoever runs as root."""
    folder = Path(tempfile.mkdtemp())
    root = os.geteuid() == 0
    if root:
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o700)
        shutil.rmtree(folder)


def test_read_only_folder(unprivileged: Path) -> None:
    path = make_study(unprivileged, "a", "b")
    with Study.open(path) as study:
        vote = study.votes.cast(VOTE)
    unprivileged.chmod(0o555)
    with Study.open(path) as study:
        assert study.read_only
        assert "cannot be written" in study.notices[0]
        assert study.votes.all() == (vote,)
    with pytest.raises(StudyError, match="Permission denied"):
        Study.create(unprivileged / "new")
    unprivileged.chmod(0o777)
    path.chmod(0o444)
    with Study.open(path) as study:
        assert study.read_only
        assert "write-protected" in study.notices[0]
        assert study.votes.all() == (vote,)


def test_study_that_was_killed_and_copied_to_a_read_only_folder_is_not_read_in_part(
    path: Path, unprivileged: Path
) -> None:
    os.seteuid(os.getuid())
    with Study.open(path) as study:
        study.votes.cast(VOTE)
        for side in (path, path.with_name(f"{path.name}-wal")):
            shutil.copyfile(side, unprivileged / side.name)
            (unprivileged / side.name).chmod(0o444)
    unprivileged.chmod(0o555)
    if os.getuid() == 0:
        os.seteuid(65534)
    with pytest.raises(StudyError, match=r"not closed properly.*Copy both files"):
        Study.open(unprivileged / path.name)


def test_network_drive_gets_a_rollback_journal_and_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "on_network_drive", lambda _folder: True)
    with Study.open(path) as study:
        assert str(study._file.scalar("PRAGMA journal_mode")) == "delete"
        assert "rollback journal" in study.notices[0]
        vote = study.votes.cast(VOTE)
        assert study._file.scalar("PRAGMA synchronous") == 2
    monkeypatch.undo()
    with Study.open(path) as study:
        assert str(study._file.scalar("PRAGMA journal_mode")) == "wal"
        assert study.votes.all() == (vote,)


def test_kind_of_drive_is_read_from_the_mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = (
        f"1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 0:9 / {tmp_path}/far\\040away rw,x - nfs4 host:/x rw\n"
        f"3 2 8:2 / {tmp_path}/far\\040away/near rw - ext4 /dev/b rw\n"
    )
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: mounts)
    assert not os_differences.on_network_drive(tmp_path)
    assert os_differences.on_network_drive(tmp_path / "far away" / "studies")
    assert not os_differences.on_network_drive(tmp_path / "far away" / "near" / "studies")


def test_unicode_and_long_paths(tmp_path: Path) -> None:
    folder = tmp_path / "Ä b%20?#" / ("länger " * 12)
    path = make_study(folder, "ü & 手", "b")
    with Study.open(path) as study:
        study.votes.cast(Vote("ü & 手", "b", Verdict.NEITHER, "Zoë"))
    with Study.open(path) as study:
        assert study.votes.raters() == ("Zoë",)
    deep = tmp_path.joinpath(*["x" * 100] * 6)
    deep.mkdir(parents=True)
    with pytest.raises(StudyError, match="too long"):
        Study.create(deep / "study")


def test_create_does_not_write_over_anything(path: Path, tmp_path: Path) -> None:
    before = path.read_bytes()
    for name in ("study", "study.skillstudy"):
        with pytest.raises(StudyError, match="there already"):
            Study.create(tmp_path / name)
    assert path.read_bytes() == before
    with pytest.raises(StudyError, match="no folder"):
        Study.create(tmp_path / "nowhere" / "study")
    (tmp_path / "gone.skillstudy-wal").write_bytes(b"votes of a study that was deleted")
    with pytest.raises(StudyError, match="left of a study"):
        Study.create(tmp_path / "gone")


def test_backups_rotate_and_days_are_kept(path: Path) -> None:
    folder = backups_dir(path)
    with Study.open(path) as study:
        for day in range(1, 29):
            for hour in (8, 20):
                (folder / f"2026-01-{day:02} {hour:02}-00-00-000000.skillstudy").write_bytes(b"")
        (folder / "version 1, 2020.skillstudy").write_bytes(b"")
        newest = study.back_up()
        left = study.backups()
    assert left[0] == newest
    assert (folder / "version 1, 2020.skillstudy").exists()
    names = [p.name for p in left]
    assert (
        names[2:9] == [f"2026-01-{d} {h}-00-00-000000.skillstudy" for d in (28, 27, 26, 25) for h in ("20", "08")][:7]
    )
    assert len({name[:10] for name in names}) == MAX_DAILY
    assert len(names) < MAX_LATEST + MAX_DAILY


def test_backup_is_made_on_opening_only_after_changes(path: Path) -> None:
    with Study.open(path) as study:
        assert len(study.backups()) == 1
    with Study.open(path) as study:
        assert len(study.backups()) == 1
        study.votes.cast(VOTE)
    time.sleep(0.02)
    with Study.open(path) as study:
        assert len(study.backups()) == 2
        newest = study.backups()[0]
    with Study.open(newest, read_only=True) as backup:
        assert len(backup.votes.all()) == 1


def test_threads_share_a_study(path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with Study.open(path) as study, ThreadPoolExecutor(4) as pool:
        votes = list(pool.map(lambda _: study.votes.cast(VOTE), range(20)))
        assert {vote.key for vote in study.votes.all()} == {vote.key for vote in votes}


@pytest.mark.parametrize("wrong", [{"speed": 0.0}, {"random_share": 1.5}, {"rule": "loudest"}])
def test_settings_are_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        StudySettings(**wrong)  # type: ignore[arg-type]


def test_drive_without_locks_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    with Study.open(path) as study:
        assert not study.read_only
        assert "one person at a time" in study.notices[0]
        study.votes.cast(VOTE)


def test_lock_is_not_taken_on_a_file_that_its_holder_removed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = WriteLock(path)
    assert holder.is_held
    assert not WriteLock(path).is_held
    opened: list[int] = []
    really = os.open

    def slowly(name: Path, flags: int, mode: int = 0o777) -> int:
        opened.append(really(name, flags, mode))
        holder.release()  # between the opening and the locking of the next
        return opened[-1]

    monkeypatch.setattr(os, "open", slowly)
    lock = WriteLock(path)
    assert lock.is_held
    assert len(opened) == 2  # the first file was gone: its lock would have kept nobody out
    assert not WriteLock(path).is_held
    lock.release()


def test_example_of_the_documentation_runs(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (Path(__file__).parents[3] / "docs" / "study.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    exec(example, {"folder": tmp_path / "videos", "videos": path.parent / "videos"})
    assert capsys.readouterr().out.splitlines()[0] == f"a present {tmp_path / 'videos' / 'a.mp4'}"


def test_opening_a_study_that_is_deleted_meanwhile_makes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "gone.skillstudy"
    monkeypatch.setattr(database, "_is_write_protected", lambda _path: False)  # deleted just afterwards
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        database.connect(path)
    assert not path.exists()
