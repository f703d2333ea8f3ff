"""Registry of data-set forms. A new form is one file and one line in DATASET_FORMATS."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.missing_pairs import explain_missing_pairs
from skillviewer.core.dataset.pair_graph import find_cycles, islands
from skillviewer.core.errors import DatasetError, PluginError
from skillviewer.core.plugins import report_problem
from skillviewer.core.registry import Registry, look_up
from skillviewer.data.formats import best, egoexolearn, epic_skills, jigsaws, pair_folder, rank_aware, rated_table
from skillviewer.data.formats.choices import USUAL_CHOICES, Choices
from skillviewer.data.formats.pair_folder import NO_PAIR
from skillviewer.data.formats.task_files import file_in
from skillviewer.data.tables.rows import abbreviated, composed

if TYPE_CHECKING:
    from skillviewer.core.video.clips import ClipRange


@dataclass(frozen=True, slots=True)
class DatasetFormat:
    """A form of a data set.

    Attributes:
        name: Name by which the form is requested.
        title: Name for the user.
        tasks: Returns the names of the data sets in a folder or file; none if its content is not in this form.
        load: Reads one from a path (the folder of a task or of several, or its file), a folder of videos or None for
            the form's own, and choices or None; raises a ``DatasetError`` if the path holds nothing in this form, or
            several tasks without a choice, or if a file cannot be read.
    """

    name: str
    title: str
    tasks: Callable[[Path], tuple[str, ...]]
    load: Callable[[Path, Path | None, Choices], Dataset]

    def recognise(self, path: str | Path) -> bool:
        """Return True if the content of a folder or file is in this form; a plug-in that fails recognises nothing."""
        path = Path(path)
        try:
            return bool(self.tasks(path))
        except PluginError as error:
            report_problem(error)
            return False


DATASET_FORMATS = Registry(
    DatasetFormat("pair-folder", "Folder with videos and pairs.csv", pair_folder.tasks, pair_folder.load),
    DatasetFormat("ratings", "Table of ratings", rated_table.tasks, rated_table.load),
    DatasetFormat("epic-skills", "EPIC-Skills 2018", epic_skills.tasks, epic_skills.load),
    DatasetFormat("rank-aware", "Rank-aware form", rank_aware.tasks, rank_aware.load),
    DatasetFormat("best", "BEST", best.tasks, best.load),
    DatasetFormat("jigsaws", "JIGSAWS", jigsaws.tasks, jigsaws.load),
    DatasetFormat("egoexolearn", "EgoExoLearn skill", egoexolearn.tasks, egoexolearn.load),
    group="dataset_formats",
)
"""Every form, in the order of menus."""


def recognised_form(path: Path, form: str | None = None) -> DatasetFormat:
    """Return the form of a data set.

    Raises:
        DatasetError: The path does not exist, no form or several match, or there is no form with this name.
    """
    if form is not None:
        return look_up(DATASET_FORMATS, form, "data-set form", DatasetError)
    if not path.exists():
        raise DatasetError(f"There is no file or folder {path}.")
    matches = [entry for entry in DATASET_FORMATS if entry.recognise(path)]
    if not matches:
        if file_in(path, pair_folder.FILE).is_file() or path.name.casefold() == pair_folder.FILE:
            pair_folder.load(path)  # its error names the missing columns
        forms = "; ".join(f"{entry.name} ({entry.title})" for entry in DATASET_FORMATS)
        raise DatasetError(f"{path} is in none of the known forms of a data set: {forms}. docs/data.md shows them.")
    if len(matches) > 1:
        names = ", ".join(entry.name for entry in matches)
        raise DatasetError(f"{path} could be {names}: say which form, or open one of the folders in it.")
    return matches[0]


def open_dataset(
    path: str | Path,
    videos_dir: str | Path | None = None,
    form: str | None = None,
    choices: Choices | None = None,
    *,
    without_pairs: bool = False,
) -> Dataset:
    """Open a data set; its ``problems`` list the missing or contradictory parts, and the rest loads.

    Without a form it is recognised by content; without ``videos_dir`` videos lie in the form's own folder.

    Raises:
        DatasetError: The form is unknown, several tasks exist without a choice, a file cannot be read, or there are no
            pairs and not ``without_pairs``.
    """
    path = Path(path)
    videos_dir = None if videos_dir is None else Path(videos_dir)
    loaded = recognised_form(path, form).load(path, videos_dir, choices or USUAL_CHOICES)
    return checked_dataset(loaded, without_pairs=without_pairs)


def checked_dataset(dataset: Dataset, *, without_pairs: bool = False) -> Dataset:
    """Return a data set in which a file stands for one video, with the problems of its pairs and files.

    Raises:
        DatasetError: There are no pairs and not ``without_pairs``.
    """
    if not dataset.pairs and not without_pairs:
        rows = [problem for problem in dataset.problems if not problem.startswith(NO_PAIR)]
        reason = rows[0] if rows and dataset.ratings is None else explain_missing_pairs(dataset)
        raise DatasetError(f"{dataset.name} holds no pair with a better video.{reason and ' '}{reason}")
    dataset, shared_files = _each_file_once(dataset)
    return replace(dataset, problems=(*dataset.problems, *shared_files, *_found_wanting(dataset)))


def _each_file_once(dataset: Dataset) -> tuple[Dataset, list[str]]:
    """Return the data set without files that stand for two videos, and problems.

    A file (or a part of one) with two names could be trained on under one and tested under the other. The video with
    the file's own spelling keeps it.
    """
    names: dict[tuple[Path, ClipRange | None], list[str]] = {}
    for video in dataset.videos:
        if video.path is not None:
            names.setdefault((video.path, video.clip_range), []).append(video.name)
    without_file: set[str] = set()
    problems = []
    for (path, _), several in names.items():
        if len(several) > 1:
            owner = [name for name in several if PurePosixPath(name).name == composed(path.stem)][:1]
            others = [name for name in several if name not in owner]
            without_file.update(others)
            owner_text = f"only “{owner[0]}” has it" if owner else "none has it"
            named = " and ".join(f"“{name}”" for name in several)
            problems.append(
                f"{path.name} would be the file of {named}: {owner_text}. Spell the name of a video in one way, "
                "or give each its own file."
            )
    videos = tuple(replace(video, path=None) if video.name in without_file else video for video in dataset.videos)
    return replace(dataset, videos=videos), problems


_MAX_SHOWN = 3


def _found_wanting(dataset: Dataset) -> list[str]:
    found_cycles = find_cycles(dataset.pairs)
    problems = [
        f"The pairs form a cycle: {' better than '.join((*cycle, cycle[0]))}." for cycle in found_cycles[:_MAX_SHOWN]
    ]
    if len(found_cycles) > _MAX_SHOWN:
        problems.append(f"There are {len(found_cycles) - _MAX_SHOWN} more sets of videos whose pairs form cycles.")
    by_subtask: dict[str, list[tuple[str, ...]]] = {}
    subtasks = dataset.subtasks
    for island in islands(dataset.pairs):
        by_subtask.setdefault(subtasks[island[0]], []).append(island)
    for subtask, parts in by_subtask.items():
        if len(parts) > 1:
            of_subtask = f" of {subtask}" if subtask else ""
            problems.append(
                f"The videos{of_subtask} fall into {len(parts)} sets that are never compared with each other "
                f"({parts[0][0]}, {parts[1][0]}): scores say nothing between them."
            )
    missing = [video.name for video in dataset.videos if video.path is None]
    if len(missing) == len(dataset.videos):
        problems.append(f"None of the {len(missing)} videos was found: say where they lie.")
    elif missing:
        problems.append(f"{len(missing)} of {len(dataset.videos)} videos have no file: {abbreviated(missing)}.")
    return problems
