"""Backups of a study: whole copies in a folder next to it, the latest ones and one per day."""

from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from skillviewer.core.errors import StudyError
from skillviewer.data.study.database import checked_version, connect, copy_database, side_files, translate_errors
from skillviewer.data.study.lock import WriteLock
from skillviewer.data.study.schema import SUFFIX

LAST, DAYS = 10, 14
"""Numbers of backups kept: the latest ten, and the last of each of fourteen days."""

_STAMP = "%Y-%m-%d %H-%M-%S-%f"


def backups_dir(study: Path) -> Path:
    """Return the folder of a study's backups."""
    return study.with_name(f"{study.name}-backups")


def backups(study: Path) -> tuple[Path, ...]:
    """Return the rotating backups of a study, the newest first."""
    return tuple(sorted(backups_dir(study).glob(f"????-??-?? ??-??-??-??????{SUFFIX}"), reverse=True))


def before_migration(study: Path, version: int) -> Path:
    """Return the path of the permanent copy made before a study is migrated."""
    folder = backups_dir(study)
    folder.mkdir(exist_ok=True)
    return folder / f"version {version}, {_now()}{SUFFIX}"


def _now() -> str:
    return datetime.now().astimezone().strftime(_STAMP)


def back_up(study: Path, copy_to: Callable[[Path], None]) -> Path:
    """Make a backup of an open study, remove outdated ones, and return its path.

    Raises:
        StudyError: The backup cannot be written.
    """
    folder = backups_dir(study)
    with translate_errors(folder):
        folder.mkdir(exist_ok=True)
    path = folder / f"{_now()}{SUFFIX}"
    copy_to(path)
    everything = backups(study)
    last_of_day = {old.name[:10]: old for old in reversed(everything)}
    retained = {*everything[:LAST], *sorted(last_of_day.values(), reverse=True)[:DAYS]}
    with translate_errors(folder):
        for old in set(everything) - retained:
            old.unlink()
    return path


def restore(backup: Path, study: Path) -> None:
    """Replace a study by a backup; the replaced file is moved into the folder of backups and kept.

    Raises:
        StudyError: The backup is no study, the study is open, or it cannot be written.
    """
    study = study.absolute()
    with translate_errors(backup):
        source = connect(backup)
    with translate_errors(study), closing(source):
        checked_version(source, backup)
        lock = WriteLock(study)
        try:
            if not lock.is_held:
                raise StudyError(f"{study} is open in another window. Close it there first.")
            temp_path = study.with_name(f"{study.name}.restored")
            copy_database(source, temp_path)
            if study.exists():
                folder = backups_dir(study)
                folder.mkdir(exist_ok=True)
                replaced_study = folder / f"replaced {_now()}{SUFFIX}"
                for side in side_files(study):
                    side.rename(replaced_study.with_name(replaced_study.name + side.name.removeprefix(study.name)))
                study.rename(replaced_study)
            temp_path.rename(study)
        finally:
            lock.release()
