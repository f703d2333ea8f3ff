"""Tasks and files of a data set in a folder: choosing a task, and finding files in any spelling."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

from skillviewer.core.errors import DatasetError
from skillviewer.data.tables.rows import plain


def chosen_task(requested: str | None, offered: Sequence[str], default: str | None, path: Path) -> str:
    """Return the task that was requested, in any spelling, or ``default`` if none was.

    ``default`` is None if there are several. ``path`` is where the tasks are; it is used only in messages.

    Raises:
        DatasetError: There is no such task, or there are several and none was requested.
    """
    if requested is not None:
        matches = [task for task in offered if plain(task) == plain(requested)]
        if requested in matches:
            return requested
        if len(matches) == 1:
            return matches[0]
        raise DatasetError(f"{path} holds no task “{requested}”. It holds: {', '.join(offered)}.")
    if default is None:
        raise DatasetError(f"{path} holds several tasks. Say which one: {', '.join(offered)}.")
    return default


def unique_task_paths(entries: Iterable[tuple[str, Path]], path: Path) -> dict[str, Path]:
    """Return the paths of tasks by name; the searched ``path`` is used only in messages.

    Raises:
        DatasetError: A task was found twice.
    """
    task_paths: dict[str, Path] = {}
    for name, task_path in entries:
        if name in task_paths and task_paths[name] != task_path:
            raise DatasetError(
                f"{path} holds {name} more than once ({task_paths[name]}, {task_path}): open one of these folders."
            )
        task_paths[name] = task_path
    return task_paths


def file_in(folder: Path, name: str) -> Path:
    """Return the path of a file in a folder, with the spelling of an existing file that differs only in case."""
    path = folder / name
    if path.exists() or not folder.is_dir():
        return path
    return next((other for other in sorted(folder.iterdir()) if other.name.casefold() == name.casefold()), path)


def matches_of_first_pattern(path: Path, patterns: Sequence[str]) -> tuple[Path, ...]:
    """Return the matches of the first pattern with any match below a folder, sorted; for a file, the file itself.

    Patterns are those of ``Path.glob`` and are tried in their order. The last part of a pattern is compared with file
    names without regard to case.
    """

    def fits(file: Path, pattern: str) -> bool:
        return fnmatchcase(file.name.casefold(), PurePath(pattern).name.casefold())

    if path.is_file():
        return (path,) if any(fits(path, pattern) for pattern in patterns) else ()
    if not path.is_dir():
        return ()
    for pattern in patterns:
        folders = PurePath(pattern).parent
        files = tuple(sorted(file for file in path.glob(str(folders / "*")) if fits(file, pattern)))
        if files:
            return files
    return ()
