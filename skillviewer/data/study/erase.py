"""Erasure of videos from a study: the one way in which rows leave it, for people who want their data deleted.

Votes on an erased video go with it, and so do backups that hold it. SQLite overwrites what it deletes.
"""

import json
import sqlite3
from collections.abc import Collection
from contextlib import closing, suppress

from skillviewer.core.errors import StudyError
from skillviewer.data.study.backups import backups_dir
from skillviewer.data.study.database import connect, side_files, translate_errors
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.schema import SUFFIX

_VOTES = "SELECT id FROM judgement WHERE left_video IN ids OR right_video IN ids"
_DELETE = (
    f"DELETE FROM withdrawal WHERE judgement IN ({_VOTES})",  # noqa: S608 - our own words
    "DELETE FROM judgement WHERE left_video IN ids OR right_video IN ids",
    "DELETE FROM agreed_pair WHERE first_video IN ids OR second_video IN ids",
    "DELETE FROM again WHERE first_video IN ids OR second_video IN ids",
    "DELETE FROM note WHERE video IN ids OR moment IN (SELECT id FROM moment WHERE video IN ids)",
    "DELETE FROM moment WHERE video IN ids",
    "DELETE FROM rating_withdrawal WHERE rating IN (SELECT id FROM rating WHERE video IN ids)",
    "DELETE FROM rating WHERE video IN ids",
    "DELETE FROM score WHERE video_digest IN (SELECT digest FROM video WHERE id IN ids)",
    "DELETE FROM video WHERE id IN ids",
)


def erase_videos(file: StudyFile, digests: Collection[str]) -> tuple[str, ...]:
    """Erase all videos of some files, removed ones and parts of a file included, and backups that hold them.

    Args:
        file: The open study.
        digests: SHA-256 of the files.

    Returns:
        Names of the erased videos.

    Raises:
        StudyError: The study or a backup cannot be written.
    """
    marks = ",".join("?" * len(digests))
    with file.transaction() as db:
        rows = db.execute(f"SELECT id, name FROM video WHERE digest IN ({marks})", tuple(digests)).fetchall()  # noqa: S608
        names = tuple(row["name"] for row in rows)
        db.execute("PRAGMA secure_delete = ON")
        db.execute("CREATE TEMP TABLE IF NOT EXISTS ids (id INTEGER PRIMARY KEY)")
        db.execute("DELETE FROM ids")
        db.executemany("INSERT INTO ids VALUES (?)", [(row["id"],) for row in rows])
        triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for trigger in triggers:  # they refuse every deletion; in this transaction alone they are not there
            db.execute(f"DROP TRIGGER {trigger['name']}")
        for statement in _DELETE:
            db.execute(statement)
        _leave_out_of_facts(db, names)
        for trigger in triggers:
            db.execute(trigger["sql"])
        db.execute("DROP TABLE ids")
    with translate_errors(file.path):
        file.query("VACUUM")
        file.query("PRAGMA wal_checkpoint(TRUNCATE)")
    _delete_backups(file, digests)
    return names


def _leave_out_of_facts(db: sqlite3.Connection, names: Collection[str]) -> None:
    """Empty the names of erased videos in what models say of their training."""
    for digest, facts in db.execute("SELECT digest, facts FROM model").fetchall():
        for name in names:
            for written in (json.dumps(name), json.dumps(name, ensure_ascii=False)):
                facts = facts.replace(written, '""')  # noqa: PLW2901 - in steps
        db.execute("UPDATE model SET facts = ? WHERE digest = ?", (facts, digest))


def _delete_backups(file: StudyFile, digests: Collection[str]) -> None:
    for path in backups_dir(file.path).glob(f"*{SUFFIX}"):
        held = True  # one that cannot be read may hold them
        with suppress(StudyError, sqlite3.Error), closing(connect(path)) as db:
            known = {row[0] for row in db.execute("SELECT digest FROM video UNION SELECT video_digest FROM score")}
            held = not known.isdisjoint(digests)
        if held:
            with translate_errors(path):
                for each in (path, *side_files(path)):
                    each.unlink(missing_ok=True)
