"""The study file: opened, locked, migrated, and written in transactions.

SQLite runs with a write-ahead log and ``synchronous = FULL``, so a finished transaction is on the disk. The log is then
moved into the study's own file, since users copy, send and move that file alone. On network drives, where a write-ahead
log is unsafe, a rollback journal is used.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from skillviewer.core.closeable import Closeable
from skillviewer.core.errors import StudyError
from skillviewer.core.os_differences import on_network_drive
from skillviewer.core.study_log import log_author
from skillviewer.data.study.backups import new_migration_backup_path
from skillviewer.data.study.database import (
    check_path_length,
    checked_version,
    connect,
    copy_database,
    new_study_path,
    translate_errors,
)
from skillviewer.data.study.lock import WriteLock
from skillviewer.data.study.schema import VERSION, migrate
from skillviewer.data.study.values import now

ItemT = TypeVar("ItemT")


class StudyFile(Closeable):
    """An open study file. One process at a time may write; threads may share it.

    Raises:
        StudyError: The file is missing, no study, newer than the program, damaged or unreadable.

    Attributes:
        read_only: True if the study is open for reading only.
        notices: Notices for the user about the opening, one sentence each.
        older_version: Version of the file's schema if it was older than the program's, else None.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path.absolute()
        self.notices: tuple[str, ...] = ()
        self.older_version: int | None = None
        self.criterion = ""
        """Selected criterion, which has priority over that of the settings, or ""."""
        self.user = ""
        """Name that signs changed settings and exports in the log, or "" for the name of the account."""
        self._lock: WriteLock | None = None
        self._thread_lock = threading.RLock()
        self._in_transaction = False
        self._opened_file: tuple[int, int] | None = None
        check_path_length(self.path)
        if not self.path.is_file():
            raise StudyError(f"There is no study at {self.path}.")
        with translate_errors(self.path):
            self._connection = connect(self.path)
        try:
            with translate_errors(self.path):
                version = checked_version(self._connection, self.path)
                self.older_version = version if version < VERSION else None
                self.read_only = read_only or not self._lock_for_writing(version)
                if not self.read_only:
                    self._prepare_for_writing(version)
                elif version < VERSION:
                    self._migrate_in_memory()
                else:
                    self._connection.execute("PRAGMA query_only = ON")
        except BaseException:
            self.close()
            raise

    @classmethod
    def create(cls, path: Path) -> Path:
        """Create an empty study, and return its path, which gets the suffix of studies.

        Raises:
            StudyError: The file exists already, or it cannot be written.
        """
        path = new_study_path(path)
        source = sqlite3.connect(":memory:", isolation_level=None)
        try:
            with translate_errors(path):
                migrate(source)
                copy_database(source, path)
        finally:
            source.close()
        return path

    def _lock_for_writing(self, version: int) -> bool:
        """Lock the file and test that it can be written; else add a notice and return False."""
        try:
            self._lock = WriteLock(self.path)
        except OSError as error:
            if WriteLock.locks_supported(error):
                self.add_notice(
                    f"The folder of {self.path.name} cannot be written: the study is open for reading only."
                )
                return False
            self.add_notice(
                f"The drive of {self.path.name} has no locks, so the study may be open elsewhere too. Take care that "
                "one person at a time works with it."
            )
        else:
            if not self._lock.is_held:
                self.add_notice(
                    f"{self.path.name} is open in another window, so here it is open for reading only: close it there "
                    "to change it."
                )
                return False
        self._connection.execute("BEGIN IMMEDIATE")  # succeeds on a write-protected file as well
        try:
            self._connection.execute(f"PRAGMA user_version = {version}")
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_READONLY"):
                raise
            self.add_notice(f"{self.path.name} is write-protected: the study is open for reading only.")
            self._release()
            return False
        finally:
            self._connection.execute("ROLLBACK")
        return True

    def _prepare_for_writing(self, version: int) -> None:
        journal_mode = "delete" if on_network_drive(self.path.parent) else "wal"
        (mode,) = self._connection.execute(f"PRAGMA journal_mode = {journal_mode}").fetchone()
        if mode != "wal":
            self.add_notice(
                f"{self.path.name} lies on a drive without a safe write-ahead log (a network drive?): a rollback "
                "journal is used, which is as safe and somewhat slower."
            )
        if version < VERSION:
            copy_database(self._connection, new_migration_backup_path(self.path, version))
            migrate(self._connection)
        if mode == "wal":  # inode numbers on network drives may change by themselves
            self._opened_file = _file_identity(self.path)

    def _migrate_in_memory(self) -> None:
        memory = self._copy_to_memory()
        self._connection.close()
        self._connection = memory
        migrate(memory)
        memory.execute("PRAGMA query_only = ON")

    def add_notice(self, text: str) -> None:
        """Add a notice for the user."""
        self.notices = (*self.notices, text)

    def query(self, statement: str, values: tuple[Any, ...] = ()) -> list[sqlite3.Row]:
        """Return all rows of a query."""
        with self._thread_lock, translate_errors(self.path):
            return self._connection.execute(statement, values).fetchall()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read by several queries that belong together.

        Yields:
            The connection for reading.

        Raises:
            StudyError: The study cannot be read.
        """
        with self._thread_lock, translate_errors(self.path):
            yield self._connection

    def convert_rows(self, statement: str, convert: Callable[[sqlite3.Row], ItemT]) -> list[ItemT]:
        """Return ``convert`` of every row of a query, without holding all rows at once."""
        with self._thread_lock, translate_errors(self.path):
            return [convert(row) for row in self._connection.execute(statement)]

    def scalar(self, statement: str, values: tuple[Any, ...] = ()) -> Any:  # noqa: ANN401 - whatever was stored
        """Return the first value of the first row of a query, or None if there is no row."""
        rows = self.query(statement, values)
        return rows[0][0] if rows else None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write in one transaction: everything is on the disk afterwards or, after an error, nothing.

        A transaction inside another is part of the outer one.

        Yields:
            The connection for writing.

        Raises:
            StudyError: The study is open for reading only, cannot be written, or its file is no longer at its path.
        """
        with self._thread_lock, translate_errors(self.path):
            if self.read_only:
                raise StudyError(f"{self.path} is open for reading only: nothing was changed.")
            if self._in_transaction:
                yield self._connection
                return
            self._check_file_in_place()
            self._connection.execute("BEGIN IMMEDIATE")
            self._in_transaction = True
            try:
                yield self._connection
                self._connection.execute("COMMIT")
                self._checkpoint_log()
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._in_transaction = False

    def log(self, action: str, subject: str, detail: str) -> None:
        """Add an event to the log, or raise a StudyError."""
        row = (now(), log_author(self.user), action, subject, detail)
        with self.transaction() as db:
            db.execute("INSERT INTO event (done_at, who, what, subject, detail) VALUES (?, ?, ?, ?, ?)", row)

    def _check_file_in_place(self) -> None:
        """Raise an error if the file was moved, renamed, deleted or replaced: a write would be lost."""
        is_in_place = self.path.is_file()
        if is_in_place and self._opened_file is not None:
            is_in_place = _file_identity(self.path) == self._opened_file
        if not is_in_place:
            raise StudyError(
                f"{self.path} was moved, renamed, deleted or replaced by another program while it was open: nothing "
                "was changed. What was in it is still here: save the study under another name, or put the file back."
            )

    def _checkpoint_log(self) -> None:
        """Move the write-ahead log into the file; if a reader blocks that, it is left to the next transaction."""
        if self._opened_file is not None:
            with suppress(sqlite3.Error):  # the transaction is safe in the log
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def copy_to(self, path: Path) -> None:
        """Copy the study into a file, or raise a StudyError; an existing file is replaced."""
        with self._thread_lock, translate_errors(path):
            copy_database(self._connection, path)

    def copy_to_memory(self) -> sqlite3.Connection:
        """Return an in-memory copy of the study, or raise a StudyError; the caller closes the copy."""
        with self._thread_lock, translate_errors(self.path):
            return self._copy_to_memory()

    def _copy_to_memory(self) -> sqlite3.Connection:
        memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        memory.row_factory = sqlite3.Row
        try:
            self._connection.backup(memory)
        except BaseException:
            memory.close()
            raise
        return memory

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()

    def close(self) -> None:
        """Close the file and release the lock; a second call does nothing."""
        with self._thread_lock:
            self._connection.close()
            self._release()


def _file_identity(path: Path) -> tuple[int, int]:
    """Return device and inode of a file, which differ if another file has taken its name."""
    stat = path.stat()
    return stat.st_dev, stat.st_ino
