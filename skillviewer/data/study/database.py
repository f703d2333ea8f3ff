"""SQLite databases of studies: opening, copying, and translated errors; independent of the tables."""

import os
import sqlite3
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from skillviewer.core.errors import StudyError
from skillviewer.data.study.schema import APPLICATION_ID, SUFFIX, VERSION

_BUSY_S = 5.0
_LONGEST_PATH_BYTES = 500  # SQLite's own limit is 512, with the names of its side files
_NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "glusterfs", "lustre", "fuse.sshfs", "fuse.rclone")
_FULL = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_TRUNCATE", "SQLITE_IOERR_SHMSIZE")


def on_network_drive(folder: Path) -> bool:
    """Return True if a folder lies on a drive shared with other computers, as far as the system can tell."""
    folder = folder.resolve()
    if sys.platform == "win32":
        import ctypes

        remote = 4  # DRIVE_REMOTE
        return folder.drive.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(folder.anchor) == remote
    if sys.platform == "darwin":
        return folder.is_relative_to("/Volumes")  # includes plain external disks: safe, and hardly slower
    kind, longest = "", 0
    with suppress(OSError):
        for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            before, _, after = line.partition(" - ")
            mount = Path(before.split()[4].replace(r"\040", " "))
            if folder.is_relative_to(mount) and len(str(mount)) >= longest:
                kind, longest = after.split()[0], len(str(mount))
    return kind.startswith(_NETWORK_FILE_SYSTEMS)


def _open(path: Path, mode: str) -> sqlite3.Connection:
    posix = path.absolute().as_posix()
    uri = f"file://{'' if posix.startswith('/') else '/'}{quote(posix)}?{mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_S, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # macOS: through the disk's own cache; elsewhere without effect
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def side_files(path: Path) -> list[Path]:
    """Return SQLite's own files next to a study: their content belongs to it."""
    return [side for end in ("-wal", "-journal", "-shm") if (side := path.with_name(path.name + end)).exists()]


def connect(path: Path) -> sqlite3.Connection:
    """Open an existing database; in a read-only folder as immutable.

    Raises:
        StudyError: Its log must be replayed, and its folder cannot be written.
        sqlite3.Error: It is no database, or it cannot be read.
    """
    try:
        return _open(path, "mode=rw")
    except sqlite3.OperationalError as error:
        full = [side for side in side_files(path) if side.stat().st_size]
        if full and error.sqlite_errorname.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")):
            raise StudyError(
                f"{path} was not closed in order, and its folder cannot be written to put what is in {full[0].name} in "
                "its place. Copy both files to a folder that can be written, and open the study there."
            ) from error
        if full:
            raise
        # a read-only folder without a log to be replayed: nobody can be writing
        return _open(path, "immutable=1")


def checked_version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of a study's schema.

    Raises:
        StudyError: The file is no study, is newer than the program, or is damaged.
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
    (sound,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if sound != "ok":
        raise StudyError(f"{path} is damaged ({sound.splitlines()[-1]}). Open one of its backups.")
    return int(version)


@contextmanager
def translate_errors(path: Path) -> Iterator[None]:
    """Translate errors of SQLite and of the system about a study into one sentence."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(_FULL):
            message = f"There is no room left on the disk of {path}: nothing was changed. Make room and try again."
        elif name.startswith("SQLITE_READONLY") or "query_only" in str(error):
            message = f"{path} is open for reading only: nothing was changed."
        elif name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            message = f"{path} is being written by another program: nothing was changed. Try again in a moment."
        elif name == "SQLITE_NOTADB":
            message = f"{path} is not a study."
        elif name.startswith("SQLITE_CORRUPT"):
            message = f"{path} is damaged ({error}). Open one of its backups."
        elif name.startswith("SQLITE_CANTOPEN"):
            message = f"{path} cannot be opened: check that it is there and that you may read its folder."
        else:
            message = f"{path} could not be used ({error}): nothing was changed."
        raise StudyError(message) from error
    except OSError as error:
        raise StudyError(f"{path} could not be used: {error.strerror or error}.") from error
    except UnicodeEncodeError as error:
        shown = error.object.encode(errors="surrogateescape").decode(errors="backslashreplace")
        raise StudyError(f"“{shown}” is not UTF-8 and cannot be written into a study: rename it.") from error


def check_path(path: Path) -> None:
    """Check that SQLite can hold a path.

    Raises:
        StudyError: The path is too long.
    """
    length = len(os.fsencode(path.absolute()))
    if length > _LONGEST_PATH_BYTES:
        raise StudyError(
            f"The path of the study is too long ({length} bytes; {_LONGEST_PATH_BYTES} are possible): {path}. Choose a "
            "folder nearer to the top. Its videos may lie as deep as you like."
        )


def copy_database(source: sqlite3.Connection, path: Path) -> None:
    """Copy a database into a new single file atomically, also while others write.

    Args:
        source: The database.
        path: Path of the copy; an existing file is replaced.

    Raises:
        sqlite3.Error: It cannot be read or written.
        OSError: It cannot be written.
    """
    aside = path.with_name(f"{uuid.uuid4().hex}.part")
    try:
        aside.touch(exist_ok=False)
        target = sqlite3.connect(aside, isolation_level=None)
        try:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")  # no side files that could be lost
        finally:
            target.close()
        aside.replace(path)
    finally:
        for left in (aside, *side_files(aside)):
            left.unlink(missing_ok=True)


def new_path(path: Path) -> Path:
    """Return the path for a new study: with the suffix, unused, and short enough.

    Raises:
        StudyError: The path is in use, its folder does not exist, or it is too long.
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
