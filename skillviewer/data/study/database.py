"""SQLite databases of studies: opening, copying, and translated errors; independent of the tables."""

import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from skillviewer.core.atomic_write import TEMPORARY_SUFFIX, clear_leftovers
from skillviewer.core.errors import Cancelled, StudyError, os_reason
from skillviewer.core.progress import cancel_requested
from skillviewer.data.study.schema import APPLICATION_ID, FIRST_VERSION, SUFFIX, VERSION, expected_schema, schema_of
from skillviewer.data.study.values import invalid_column

_BUSY_TIMEOUT_S = 5.0
_BUSY_ERRORS = ("SQLITE_BUSY", "SQLITE_LOCKED")
_FULL_DISK_ERRORS = (
    "SQLITE_FULL",
    "SQLITE_IOERR_WRITE",
    "SQLITE_IOERR_FSYNC",
    "SQLITE_IOERR_TRUNCATE",
    "SQLITE_IOERR_SHMSIZE",
)
_CANCEL_CHECK_INSTRUCTIONS = 100_000  # SQLite instructions between checks for cancellation: about a millisecond
_MAX_PATH_BYTES = 500  # SQLite's own limit is 512, with the names of its side files
_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")


def _open(path: Path, uri_query: str, *, exclusive: bool = False) -> sqlite3.Connection:
    posix_path = path.absolute().as_posix()
    if not posix_path.startswith("/"):  # a drive letter of Windows
        posix_path = f"/{posix_path}"
    uri = f"file://{quote(posix_path)}?{uri_query}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_TIMEOUT_S, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        connection.set_progress_handler(cancel_requested, _CANCEL_CHECK_INSTRUCTIONS)
        connection.execute("PRAGMA trusted_schema = OFF")
        if exclusive:  # keeps the index of the write-ahead log in memory
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # macOS: through the disk's own cache; elsewhere without effect
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def side_files(path: Path) -> list[Path]:
    """Return the files that SQLite keeps next to a study (log, journal, index): parts of the study, if they exist."""
    candidates = [path.with_name(path.name + end) for end in ("-wal", "-journal", "-shm")]
    return [file for file in candidates if file.is_symlink() or file.exists()]


def _check_side_files(path: Path) -> None:
    """Refuse side files that would make SQLite write or delete other files.

    SQLite would write to the target of a link, and delete the file that a rollback journal names as its master
    journal. Only transactions over several databases have a master journal, and a study is a single database.
    """
    for side_file in side_files(path.resolve()):
        if side_file.is_symlink():
            raise StudyError(f"{side_file} is a link to another file, which would be written to: remove the link.")
        try:
            last_bytes = _last_bytes(side_file, len(_JOURNAL_MAGIC))
        except OSError:  # another process may remove the file meanwhile
            continue
        if side_file.name.endswith("-journal") and last_bytes == _JOURNAL_MAGIC:
            raise StudyError(
                f"{side_file} names a file that would be deleted: remove this journal, and then open the study."
            )


def _last_bytes(path: Path, n_bytes: int) -> bytes:
    """Return the last bytes of a file, or all bytes of a shorter one."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - n_bytes))
        return file.read()


def _is_write_protected(path: Path) -> bool:
    """Return True if no user may write to a file."""
    has_write_permission = path.stat().st_mode & 0o222
    if has_write_permission:
        return False
    use_effective_ids = os.access in os.supports_effective_ids
    can_write = os.access(path, os.W_OK, effective_ids=use_effective_ids)  # the superuser can
    return not can_write


def connect(path: Path) -> sqlite3.Connection:
    """Open an existing database: as immutable if the file is write-protected or its folder is read-only.

    On a full disk the database is opened for this process alone, so that it can still be read.

    Raises:
        StudyError: The write-ahead log must be replayed and the folder cannot be written, or a side file would make
            SQLite change other files.
        sqlite3.Error: The file is no database, or it cannot be read.
    """
    _check_side_files(path)
    if _is_write_protected(path) and not side_files(path):
        # without "immutable" SQLite would make side files that it could not remove
        return _open(path, "mode=ro&immutable=1")
    try:
        return _open(path, "mode=rw")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname.startswith(_FULL_DISK_ERRORS):
            return _open(path, "mode=rw", exclusive=True)
        unreplayed = [file for file in side_files(path) if file.stat().st_size]
        if unreplayed and error.sqlite_errorname.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")):
            raise StudyError(
                f"{path} was not closed properly, and its folder cannot be written, so the changes in "
                f"{unreplayed[0].name} cannot be completed. Copy both files to a folder that can be written, and open "
                "the study there."
            ) from error
        if unreplayed:
            raise
        # a read-only folder and no log to be replayed: no process can be writing; "ro" makes no new file
        return _open(path, "mode=ro&immutable=1")


def checked_version(connection: sqlite3.Connection, path: Path) -> int:
    """Check a study file, and return the version of its schema.

    Raises:
        StudyError: The file is no study, is newer than the program or too old for it, or is damaged.
        sqlite3.Error: The file cannot be read.
    """
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application_id != APPLICATION_ID:
        raise StudyError(f"{path} is not a study.")
    if version > VERSION:
        raise StudyError(
            f"{path} was made by a newer SkillViewer (version {version} of the study's form; this one knows "
            f"{VERSION}). Nothing was changed. Open it with the newer program."
        )
    if version < FIRST_VERSION:
        raise StudyError(
            f"{path} was made by a development version of SkillViewer (version {version} of the study's form; this "
            f"one knows {FIRST_VERSION} to {VERSION}). Nothing was changed. Open it with the program that made it."
        )
    _check_schema(connection, version, path)
    (integrity,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if integrity != "ok":
        raise StudyError(f"{path} is damaged ({integrity.splitlines()[-1]}). Open one of its backups.")
    invalid = invalid_column(connection)
    if invalid:
        raise StudyError(f"{path} is damaged ({invalid} holds an invalid value). Open one of its backups.")
    return int(version)


def _check_schema(connection: sqlite3.Connection, version: int, path: Path) -> None:
    """Refuse a study whose tables, views, indexes or triggers differ from the program's own: they could run any SQL."""
    try:
        schema = schema_of(connection)
        expected_entries = expected_schema(version)
    except (TypeError, ValueError, AttributeError) as error:  # a name that is no text
        raise StudyError(f"{path} is not a study.") from error
    if schema != expected_entries:
        unexpected_entries = schema - expected_entries
        missing_entries = expected_entries - schema
        first_difference = min(unexpected_entries) if unexpected_entries else min(missing_entries)
        kind, name = first_difference[:2]
        raise StudyError(
            f"{path} is not built like a study: its {kind} {name[:100]!r} is foreign, changed or missing. Such a file "
            "can drop or change votes; nothing was changed. Ask the sender, or open a backup."
        )


@contextmanager
def translate_errors(path: Path) -> Iterator[None]:
    """Convert errors of SQLite and of the system to a StudyError of one sentence."""
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":  # by cancel_requested, or by Ctrl-C
            raise Cancelled from error
        raise StudyError(_message(error, path)) from error
    except OSError as error:
        raise StudyError(f"{path} could not be used: {os_reason(error)}.") from error
    except UnicodeDecodeError as error:  # SQLite's message quotes damaged text
        raise StudyError(f"{path} is damaged. Open one of its backups.") from error
    except UnicodeEncodeError as error:
        name_bytes = error.object.encode(errors="surrogateescape")
        readable_name = name_bytes.decode(errors="backslashreplace")
        raise StudyError(f"“{readable_name}” is not UTF-8 and cannot be written into a study: rename it.") from error


_MESSAGES = (  # prefixes of SQLite's error names, and the message
    (_FULL_DISK_ERRORS, "There is no room left on the disk of {path}: nothing was changed. Make room and try again."),
    (("SQLITE_READONLY",), "{path} is open for reading only: nothing was changed."),
    (_BUSY_ERRORS, "{path} is being written by another program: nothing was changed. Try again in a moment."),
    (("SQLITE_NOTADB",), "{path} is not a study."),
    (("SQLITE_CORRUPT",), "{path} is damaged ({error}). Open one of its backups."),
    (("SQLITE_CANTOPEN",), "{path} cannot be opened: check that it is there and that you may read its folder."),
    (("",), "{path} could not be used ({error}): nothing was changed."),
)


def _message(error: sqlite3.Error, path: Path) -> str:
    name = getattr(error, "sqlite_errorname", "")
    if "query_only" in str(error):
        name = "SQLITE_READONLY"
    message = next(text for prefixes, text in _MESSAGES if name.startswith(prefixes))
    one_line = " ".join(str(error).split())
    return message.format(path=path, error=one_line[:200])  # SQLite may quote a whole table


@contextmanager
def without_triggers(db: sqlite3.Connection) -> Iterator[None]:
    """Drop the triggers that protect append-only tables, and create them again at the end."""
    triggers = [tuple(row) for row in db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")]
    for name, _ in triggers:
        db.execute(f'DROP TRIGGER "{name}"')
    yield
    for _, sql in triggers:
        db.execute(sql)


def check_path_length(path: Path) -> None:
    """Raise a StudyError if a path is too long for SQLite."""
    n_bytes = len(os.fsencode(path.absolute()))
    if n_bytes > _MAX_PATH_BYTES:
        raise StudyError(
            f"The path of the study is too long ({n_bytes} bytes; {_MAX_PATH_BYTES} are possible): {path}. Choose a "
            "folder nearer to the top. Its videos may lie as deep as you like."
        )


def copy_database(source: sqlite3.Connection, path: Path) -> None:
    """Copy a database into a single file atomically; an existing file is replaced.

    Other processes may write the source meanwhile.

    Raises:
        sqlite3.Error: The source cannot be read, or the copy cannot be written.
        OSError: The copy cannot be written.
    """
    clear_leftovers(path.parent)
    temp_path = path.with_name(f"{uuid.uuid4().hex}{TEMPORARY_SUFFIX}")
    try:
        temp_path.touch(exist_ok=False)
        target = sqlite3.connect(temp_path, isolation_level=None)
        try:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")  # no side files that could be lost
        finally:
            target.close()
        temp_path.replace(path)
    finally:
        for leftover in (temp_path, *side_files(temp_path)):
            leftover.unlink(missing_ok=True)


def new_study_path(path: Path) -> Path:
    """Return the absolute path for a new study, with the suffix of studies.

    Raises:
        StudyError: The path is in use, its folder does not exist, or it is too long.
    """
    path = path.absolute()
    if path.suffix != SUFFIX:
        path = path.with_name(path.name + SUFFIX)
    check_path_length(path)
    if not path.parent.is_dir():
        raise StudyError(f"There is no folder {path.parent} to put the study in.")
    if path.exists():
        raise StudyError(f"{path} is there already. Open it, or choose another name.")
    leftovers = side_files(path)
    if leftovers:
        raise StudyError(f"{leftovers[0]} is left of a study that was deleted. Move it away, or choose another name.")
    return path
