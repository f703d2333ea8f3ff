"""Backups of a study: whole copies in a folder next to it, the latest ones and one per day."""

from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from skillviewer.core.errors import StudyError
from skillviewer.data.study.database import checked_version, connect, copy_database, side_files, translate_errors
from skillviewer.data.study.lock import WriteLock
from skillviewer.data.study.schema import SUFFIX

MAX_LATEST = 10
"""Number of latest backups that are kept."""
MAX_DAILY = 14
"""Number of days with a last backup that is kept."""

_TIME_FORMAT = "%Y-%m-%d %H-%M-%S-%f"
_DATE_LENGTH = len("2026-01-31")


def backups_dir(study: Path) -> Path:
    """Return the folder of a study's backups."""
    return study.with_name(f"{study.name}-backups")


def list_backups(study: Path) -> tuple[Path, ...]:
    """Return the rotating backups of a study, the newest first."""
    backups = backups_dir(study).glob(f"????-??-?? ??-??-??-??????{SUFFIX}")
    return tuple(sorted(backups, reverse=True))


def new_migration_backup_path(study: Path, version: int) -> Path:
    """Return a path for the copy of a study before its migration, which is never removed; its folder is created."""
    folder = backups_dir(study)
    folder.mkdir(exist_ok=True)
    return folder / f"version {version}, {_format_current_time()}{SUFFIX}"


def _format_current_time() -> str:
    return datetime.now().astimezone().strftime(_TIME_FORMAT)


def back_up(study: Path, copy_study_to: Callable[[Path], None]) -> Path:
    """Make a backup of an open study, remove outdated backups, and return the path of the new one.

    Raises:
        StudyError: The backup cannot be written.
    """
    folder = backups_dir(study)
    with translate_errors(folder):
        folder.mkdir(exist_ok=True)
    path = folder / f"{_format_current_time()}{SUFFIX}"
    copy_study_to(path)
    newest_first = list_backups(study)
    last_of_day: dict[str, Path] = {}
    for backup in newest_first:
        last_of_day.setdefault(backup.name[:_DATE_LENGTH], backup)
    daily = sorted(last_of_day.values(), reverse=True)
    retained = {*newest_first[:MAX_LATEST], *daily[:MAX_DAILY]}
    with translate_errors(folder):
        for outdated in set(newest_first) - retained:
            outdated.unlink()
    return path


def restore(backup: Path, study: Path) -> None:
    """Replace a study by a backup; the replaced file is kept in the folder of backups.

    Raises:
        StudyError: The backup is no study, the study is open, or the study cannot be written.
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
                replaced_study = folder / f"replaced {_format_current_time()}{SUFFIX}"
                for side_file in side_files(study):
                    end = side_file.name.removeprefix(study.name)
                    side_file.rename(replaced_study.with_name(replaced_study.name + end))
                study.rename(replaced_study)
            temp_path.rename(study)
        finally:
            lock.release()
