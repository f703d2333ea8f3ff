"""The study as a file: opened, locked, migrated, written one whole act at a time.

SQLite with a write-ahead log and ``synchronous = FULL``: an act that has returned is on the disk. It is in the study's
own file then, not only in the log beside it, for people copy, send and move that file alone. On network drives, where a
write-ahead log is not safe, a rollback journal takes its place.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from skillviewer.core.errors import StudyError
from skillviewer.data.study.backups import before_migration
from skillviewer.data.study.database import (
    check_path,
    checked_version,
    connect,
    copy_database,
    in_words,
    new_path,
    on_network_drive,
)
from skillviewer.data.study.lock import WriteLock
from skillviewer.data.study.schema import VERSION, migrate

MadeT = TypeVar("MadeT")


class StudyFile:
    """An open study file. One at a time may write; threads may share it.

    Args:
        path: The file.
        read_only: Do not write, whoever else does.

    Raises:
        StudyError: It is missing, not a study, newer than the program, damaged or not readable.

    Attributes:
        path: The file.
        read_only: Whether it can be looked at only.
        notices: What a person should know of how it was opened, one sentence each.
        was_version: The version of its schema before it was opened, if it is older; else None.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path.absolute()
        self.notices: tuple[str, ...] = ()
        self.was_version: int | None = None
        self._lock: WriteLock | None = None
        self._threads = threading.RLock()
        self._acting = False
        self._opened: tuple[int, int] | None = None
        check_path(self.path)
        if not self.path.is_file():
            raise StudyError(f"There is no study at {self.path}.")
        with in_words(self.path):
            self._connection = connect(self.path)
        try:
            with in_words(self.path):
                version = checked_version(self._connection, self.path)
                self.read_only = read_only or not self._may_write(version)
                if not self.read_only:
                    self._prepare(version)
                elif version < VERSION:
                    self._migrate_in_memory()
                else:
                    self._connection.execute("PRAGMA query_only = ON")
        except BaseException:
            self.close()
            raise

    @classmethod
    def make(cls, path: Path) -> Path:
        """Make an empty study; its path gets the suffix of studies if it has another.

        Returns:
            The path of the new file.

        Raises:
            StudyError: There is a file already, or it cannot be written.
        """
        path = new_path(path)
        source = sqlite3.connect(":memory:", isolation_level=None)
        try:
            with in_words(path):
                migrate(source)
                copy_database(source, path)
        finally:
            source.close()
        return path

    def _may_write(self, version: int) -> bool:
        """Take the lock and try the file; say why where it does not go."""
        try:
            self._lock = WriteLock(self.path)
        except OSError as error:
            if WriteLock.supported(error):
                self.notice(f"The folder of {self.path.name} cannot be written: the study is open for reading only.")
                return False
            self.notice(
                f"The drive of {self.path.name} cannot tell whether somebody else has the study open. Take care that "
                "one person at a time works with it."
            )
        else:
            if not self._lock.held:
                self.notice(
                    f"{self.path.name} is open in another window: here it is open for reading only, and votes and "
                    "notes cannot be given."
                )
                return False
        self._connection.execute("BEGIN IMMEDIATE")  # succeeds on a write-protected file as well
        try:
            self._connection.execute(f"PRAGMA user_version = {version}")
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_READONLY"):
                raise
            self.notice(f"{self.path.name} is write-protected: the study is open for reading only.")
            self._release()
            return False
        finally:
            self._connection.execute("ROLLBACK")
        return True

    def _prepare(self, version: int) -> None:
        wanted = "delete" if on_network_drive(self.path.parent) else "wal"
        (mode,) = self._connection.execute(f"PRAGMA journal_mode = {wanted}").fetchone()
        if mode != "wal":
            self.notice(
                f"{self.path.name} lies on a drive without a safe write-ahead log (a network drive?): a rollback "
                "journal is used, which is as safe and somewhat slower."
            )
        if version < VERSION:
            self.was_version = version
            copy_database(self._connection, before_migration(self.path, version))
            migrate(self._connection)
        if mode == "wal":  # the numbers of files on network drives may change by themselves
            self._opened = _number(self.path)

    def _migrate_in_memory(self) -> None:
        memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        memory.row_factory = sqlite3.Row
        self._connection.backup(memory)
        self._connection.close()
        self._connection = memory
        migrate(memory)
        memory.execute("PRAGMA query_only = ON")

    def notice(self, text: str) -> None:
        """Add something that a person should know."""
        self.notices = (*self.notices, text)

    @property
    def journal_mode(self) -> str:
        """``wal``, or ``delete`` where the drive cannot keep a write-ahead log."""
        return str(self.value("PRAGMA journal_mode"))

    def rows(self, query: str, values: tuple[Any, ...] = ()) -> list[sqlite3.Row]:
        """Return all rows of a query."""
        with self._threads, in_words(self.path):
            return self._connection.execute(query, values).fetchall()

    def each(self, query: str, make: Callable[[sqlite3.Row], MadeT], values: tuple[Any, ...] = ()) -> list[MadeT]:
        """Return what is made of every row of a query, without holding all rows at once."""
        with self._threads, in_words(self.path):
            return [make(row) for row in self._connection.execute(query, values)]

    def value(self, query: str, values: tuple[Any, ...] = ()) -> Any:  # noqa: ANN401 - whatever was stored
        """Return the first value of the first row of a query, or None without a row."""
        rows = self.rows(query, values)
        return rows[0][0] if rows else None

    @contextmanager
    def act(self) -> Iterator[sqlite3.Connection]:
        """Do something whole: all of it is on the disk afterwards, or, after an error, nothing.

        An act within an act is part of it.

        Yields:
            The connection to write with.

        Raises:
            StudyError: The study is open for reading only, it cannot be written, or its file is no longer where it was.
        """
        with self._threads, in_words(self.path):
            if self.read_only:
                raise StudyError(f"{self.path} is open for reading only: nothing was changed.")
            if self._acting:
                yield self._connection
                return
            self._check_there()
            self._connection.execute("BEGIN IMMEDIATE")
            self._acting = True
            try:
                yield self._connection
                self._connection.execute("COMMIT")
                self._into_file()
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._acting = False

    def _check_there(self) -> None:
        """Refuse to write what nobody would find: the file was moved, renamed, deleted or replaced meanwhile."""
        if not self.path.is_file() or (self._opened is not None and _number(self.path) != self._opened):
            raise StudyError(
                f"{self.path} was moved, renamed, deleted or replaced by another program while it was open: nothing "
                "was changed. What was in it is still here: save the study under another name, or put the file back."
            )

    def _into_file(self) -> None:
        """Bring what was written from the log into the file; where a reader is in the way, the next act does."""
        if self._opened is not None:
            with suppress(sqlite3.Error):  # it is in the log all the same
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def copy_to(self, path: Path) -> None:
        """Copy the study, as it stands, into a new file; a file of that name is replaced.

        Raises:
            StudyError: It cannot be written.
        """
        with self._threads, in_words(path):
            copy_database(self._connection, path)

    def in_memory(self) -> sqlite3.Connection:
        """Return a copy of the study, as it stands, that lies in memory alone; the caller closes it.

        Raises:
            StudyError: The study cannot be read.
        """
        memory = sqlite3.connect(":memory:", isolation_level=None)
        memory.row_factory = sqlite3.Row
        try:
            with self._threads, in_words(self.path):
                self._connection.backup(memory)
        except BaseException:
            memory.close()
            raise
        return memory

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()

    def close(self) -> None:
        """Close the file and give the right to write back; a second call does nothing."""
        with self._threads:
            self._connection.close()
            self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _number(path: Path) -> tuple[int, int]:
    """Return what tells a file from another one under its name."""
    found = path.stat()
    return found.st_dev, found.st_ino
