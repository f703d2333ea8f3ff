"""Choice of a task of a data set, and search for files in any spelling."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

from skillviewer.core.errors import DatasetError
from skillviewer.data.tables.name_spelling import simplify_name


def choose_task(requested: str | None, offered: Sequence[str], default: str | None, path: Path) -> str:
    """Return the offered task that is requested in any spelling, or the default.

    Args:
        requested: The requested task, or None for the default.
        offered: Names of all tasks.
        default: The default, or None if a task must be requested.
        path: Folder or file of the data set, for messages.

    Raises:
        DatasetError: There is no such task, or no task was requested and there is no default.
    """
    if requested is not None:
        matches = [task for task in offered if simplify_name(task) == simplify_name(requested)]
        if requested in matches:
            return requested
        if len(matches) == 1:
            return matches[0]
        raise DatasetError(f"{path} holds no task “{requested}”. It holds: {', '.join(offered)}.")
    if default is None:
        raise DatasetError(f"{path} holds several tasks. Say which one: {', '.join(offered)}.")
    return default


def videos_folder(stated_folder: Path | None, path: Path) -> Path:
    """Return the folder to look for videos in: the stated folder, or else that of the data set."""
    if stated_folder is not None:
        return stated_folder
    return path if path.is_dir() else path.parent


def unique_task_paths(entries: Iterable[tuple[str, Path]], path: Path) -> dict[str, Path]:
    """Return the paths of tasks by name; the searched ``path`` is for messages.

    Raises:
        DatasetError: A task has two paths.
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
    """Return the path of a file in a folder, spelled like an existing file if that differs only in case."""
    path = folder / name
    if path.exists() or not folder.is_dir():
        return path
    return next((other for other in sorted(folder.iterdir()) if other.name.casefold() == name.casefold()), path)


def first_matching_files(path: Path, patterns: Sequence[str]) -> tuple[Path, ...]:
    """Return the sorted files below a folder that match the first pattern with any match.

    Patterns are those of ``Path.glob``; their last part ignores case. If the path is a file, it is returned itself if
    its name matches a pattern.
    """

    def has_name(file: Path, pattern: str) -> bool:
        return fnmatchcase(file.name.casefold(), PurePath(pattern).name.casefold())

    if path.is_file():
        return (path,) if any(has_name(path, pattern) for pattern in patterns) else ()
    if not path.is_dir():
        return ()
    for pattern in patterns:
        any_file = PurePath(pattern).with_name("*")
        files = [file for file in path.glob(str(any_file)) if has_name(file, pattern)]
        if files:
            return tuple(sorted(files))
    return ()
