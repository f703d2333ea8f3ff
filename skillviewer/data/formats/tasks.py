"""Choices of the user when a data set is opened: the task, where a folder has several, and others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

from skillviewer.core.dataset.label_source import LabelSource
from skillviewer.core.errors import DatasetError
from skillviewer.core.ranking.consensus import Rule
from skillviewer.core.ratings.rating_rule import RatingRule
from skillviewer.data.tables.rows import plain


@dataclass(frozen=True, slots=True)
class Choices:
    """Choices that apply to some data formats; the others ignore them."""

    task: str | None = None  # name of one of several data sets in a folder, or None for the only one
    rule: Rule | None = None  # rule that turns raw votes into pairs, or None for the study's own, or else the default
    smallest_difference: float = 0.0  # smallest difference of ratings that makes a pair; equal ratings never do
    # regular expression that finds the participant in the name of a video (its first group, or the whole match without
    # groups), or None for the data set's own participants
    participant_pattern: str | None = None
    criterion: str | None = None  # rated item to use, or None for the first
    # rule that turns ratings into pairs; used only if ``smallest_difference`` is 0. None: the study's own, or else the
    # default
    rating_rule: RatingRule | None = None
    labels: LabelSource = LabelSource.BOTH  # which labels of a study become pairs: votes, ratings or both


USUAL_CHOICES = Choices()
"""Choices of a user who made none."""


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
