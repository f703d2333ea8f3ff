"""Erasure: rows and backups of a study are deleted for good, and no trace of them is left in the file."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from skillviewer.core.errors import StudyError
from skillviewer.data.study.backups import backups_dir
from skillviewer.data.study.database import connect, side_files, translate_errors, without_triggers
from skillviewer.data.study.file import StudyFile
from skillviewer.data.study.schema import SUFFIX

PACKS = "SELECT name, value FROM setting WHERE name GLOB 'judging_pack:*'"
"""Query of the keys to packs."""

Holds = Callable[[sqlite3.Connection], bool]
"""Function that returns True if a study holds the erased data."""


@contextmanager
def erasing(file: StudyFile) -> Iterator[sqlite3.Connection]:
    """Delete rows of append-only tables in one transaction; afterwards the file is written again.

    Yields:
        The connection for deleting.

    Raises:
        StudyError: The study is open for reading only, or cannot be written.
    """
    with file.transaction() as db:
        db.execute("PRAGMA secure_delete = ON")
        with without_triggers(db):
            yield db
    with translate_errors(file.path):
        file.query("VACUUM")
        file.query("PRAGMA wal_checkpoint(TRUNCATE)")


def backups_with(study: Path, holds: Holds) -> tuple[Path, ...]:
    """Return the backups that hold the erased data, and the backups that cannot be read and may hold the data."""
    backups = sorted(backups_dir(study).glob(f"*{SUFFIX}"))
    return tuple(path for path in backups if _backup_holds(path, holds))


def _backup_holds(path: Path, holds: Holds) -> bool:
    with suppress(StudyError, sqlite3.Error), closing(connect(path)) as db:
        return holds(db)
    return True


def delete_backups(study: Path, holds: Holds) -> None:
    """Delete the backups that hold the erased data, and the backups that cannot be read.

    Raises:
        StudyError: A backup cannot be deleted.
    """
    for path in backups_with(study, holds):
        with translate_errors(path):
            for file in (path, *side_files(path)):
                file.unlink(missing_ok=True)
