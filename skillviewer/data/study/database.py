"""SQLite under a study: opening, copying, and its errors in words. Knows nothing of what the tables mean."""

import os
import sqlite3
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from skillviewer.core.atomic_write import ASIDE, clear_leftovers
from skillviewer.core.errors import Cancelled, StudyError
from skillviewer.core.progress import stop_asked
from skillviewer.data.study.schema import APPLICATION_ID, SUFFIX, VERSION, contents, contents_of
from skillviewer.data.study.values import strange_value

_BUSY_S = 5.0
_STEPS = 100_000  # of SQLite's machine, about a millisecond, after which it is asked whether to go on
_LONGEST_PATH_BYTES = 500  # SQLite's own limit is 512, with the names of its side files
_NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "glusterfs", "lustre", "fuse.sshfs", "fuse.rclone")
_FULL = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_TRUNCATE", "SQLITE_IOERR_SHMSIZE")


def on_network_drive(folder: Path) -> bool:
    """Return whether a folder lies on a drive that other computers may share, as far as the system tells."""
    folder = folder.resolve()
    if sys.platform == "win32":
        import ctypes

        remote = 4  # DRIVE_REMOTE
        return folder.drive.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(folder.anchor) == remote
    if sys.platform == "darwin":
        return folder.is_relative_to("/Volumes")  # also plain external disks: safe, and hardly slower
    kind, longest = "", 0
    with suppress(OSError):
        for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            before, _, after = line.partition(" - ")
            mount = Path(before.split()[4].replace(r"\040", " "))
            if folder.is_relative_to(mount) and len(str(mount)) >= longest:
                kind, longest = after.split()[0], len(str(mount))
    return kind.startswith(_NETWORK_FILE_SYSTEMS)


def _open(path: Path, mode: str, *, alone: bool = False) -> sqlite3.Connection:
    posix = path.absolute().as_posix()
    uri = f"file://{'' if posix.startswith('/') else '/'}{quote(posix)}?{mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_S, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        connection.set_progress_handler(stop_asked, _STEPS)
        connection.execute("PRAGMA trusted_schema = OFF")
        if alone:  # the index of the log is in memory then, and needs no room on the disk
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
    """Return SQLite's own files beside a study that are there: what is in them belongs to it."""
    return [side for end in ("-wal", "-journal", "-shm") if (side := path.with_name(path.name + end)).exists()]


def _protected(path: Path) -> bool:
    """Return whether a file may be written by nobody, us included."""
    effective = os.access in os.supports_effective_ids
    return not path.stat().st_mode & 0o222 and not os.access(path, os.W_OK, effective_ids=effective)


def connect(path: Path) -> sqlite3.Connection:
    """Open a database that is there; in a read-only folder, or write-protected, as one that nobody changes.

    On a full disk it is opened for this program alone, so that it can be read.

    Raises:
        StudyError: Its log has to be played back, and its folder cannot be written.
        sqlite3.Error: It is no database, or it cannot be read.
    """
    if _protected(path) and not side_files(path):
        return _open(path, "mode=ro&immutable=1")  # SQLite's own files would stay beside it, for it may not remove them
    try:
        return _open(path, "mode=rw")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname.startswith(_FULL):
            return _open(path, "mode=rw", alone=True)
        full = [side for side in side_files(path) if side.stat().st_size]
        if full and error.sqlite_errorname.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")):
            raise StudyError(
                f"{path} was not closed in order, and its folder cannot be written to put what is in {full[0].name} in "
                "its place. Copy both files to a folder that can be written, and open the study there."
            ) from error
        if full:
            raise
        # a read-only folder without a log to be played back: nobody can be writing
        return _open(path, "immutable=1")


def checked_version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of a study's schema.

    Raises:
        StudyError: It is not a study, newer than the program, or damaged.
        sqlite3.Error: It cannot be read.
    """
    (identity,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if identity != APPLICATION_ID:
        raise StudyError(f"{path} is not a study.")
    if version > VERSION:
        raise StudyError(
            f"{path} was made by a newer SkillViewer (version {version} of the study's form; this one knows "
            f"{VERSION}). Nothing was changed. Open it with the newer program."
        )
    _check_contents(connection, version, path)
    (sound,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if sound != "ok":
        raise StudyError(f"{path} is damaged ({sound.splitlines()[-1]}). Open one of its backups.")
    strange = strange_value(connection)
    if strange:
        raise StudyError(f"{path} is damaged ({strange} holds what it cannot hold). Open one of its backups.")
    return int(version)


def _check_contents(connection: sqlite3.Connection, version: int, path: Path) -> None:
    """Refuse a study with tables, views or triggers that are not the program's own: they act when it is used.

    Raises:
        StudyError: It has some, or lacks some.
    """
    try:
        found, own = contents(connection), contents_of(version)
    except (TypeError, ValueError, AttributeError) as error:  # no text where a name stands
        raise StudyError(f"{path} is not a study.") from error
    if found == own:
        return
    kind, name, *_ = min(found - own, default=min(own - found, default=("", "", "", "")))
    raise StudyError(
        f"{path} is not built as a study is: its {kind} {name[:100]!r} is another one than the program's, or one too "
        "many or too few. Such a file can swallow or change votes; nothing was changed. Ask who sent it, or open "
        "a backup."
    )


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system say of a study into one sentence."""
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":  # see stop_asked, or by Ctrl-C
            raise Cancelled from error
        raise StudyError(_said(error, path)) from error
    except OSError as error:
        raise StudyError(f"{path} could not be used: {error.strerror or error}.") from error
    except UnicodeEncodeError as error:
        shown = error.object.encode(errors="surrogateescape").decode(errors="backslashreplace")
        raise StudyError(f"“{shown}” is not UTF-8 and cannot be written into a study: rename it.") from error


_SAID = (  # beginnings of SQLite's names of errors, and what they mean; {path} and {error} are put in
    (_FULL, "There is no room left on the disk of {path}: nothing was changed. Make room and try again."),
    (("SQLITE_READONLY",), "{path} is open for reading only: nothing was changed."),
    (
        ("SQLITE_BUSY", "SQLITE_LOCKED"),
        "{path} is being written by another program: nothing was changed. Try again in a moment.",
    ),
    (("SQLITE_NOTADB",), "{path} is not a study."),
    (("SQLITE_CORRUPT",), "{path} is damaged ({error}). Open one of its backups."),
    (("SQLITE_CANTOPEN",), "{path} cannot be opened: check that it is there and that you may read its folder."),
    (("",), "{path} could not be used ({error}): nothing was changed."),
)


def _said(error: sqlite3.Error, path: Path) -> str:
    name = "SQLITE_READONLY" if "query_only" in str(error) else getattr(error, "sqlite_errorname", "")
    said = next(words for beginnings, words in _SAID if name.startswith(beginnings))
    return said.format(path=path, error=error)


def check_path(path: Path) -> None:
    """Check that SQLite can hold a path.

    Raises:
        StudyError: It is too long.
    """
    length = len(os.fsencode(path.absolute()))
    if length > _LONGEST_PATH_BYTES:
        raise StudyError(
            f"The path of the study is too long ({length} bytes; {_LONGEST_PATH_BYTES} are possible): {path}. Choose a "
            "folder nearer to the top. Its videos may lie as deep as you like."
        )


def copy_database(source: sqlite3.Connection, path: Path) -> None:
    """Copy a database into a new single file, whole or not at all, also while others write.

    Args:
        source: What to copy.
        path: Where to; a file there is replaced.

    Raises:
        sqlite3.Error: It cannot be read or written.
        OSError: It cannot be written.
    """
    clear_leftovers(path.parent)
    aside = path.with_name(f"{uuid.uuid4().hex}{ASIDE}")
    try:
        aside.touch(exist_ok=False)
        target = sqlite3.connect(aside, isolation_level=None)
        try:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")  # nothing beside it that could be lost
        finally:
            target.close()
        aside.replace(path)
    finally:
        for left in (aside, *side_files(aside)):
            left.unlink(missing_ok=True)


def new_path(path: Path) -> Path:
    """Return the path of a study that is to be made: with the suffix, free, short enough.

    Raises:
        StudyError: Something is there already, there is no such folder, or the path is too long.
    """
    path = path.absolute()
    if path.suffix != SUFFIX:
        path = path.with_name(path.name + SUFFIX)
    check_path(path)
    if not path.parent.is_dir():
        raise StudyError(f"There is no folder {path.parent} to put the study in.")
    if path.exists():
        raise StudyError(f"{path} is there already. Open it, or choose another name.")
    remains = side_files(path)
    if remains:
        raise StudyError(f"{remains[0]} is left of a study that was deleted. Move it away, or choose another name.")
    return path
