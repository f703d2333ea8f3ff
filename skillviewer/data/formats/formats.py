"""Registry of data-set forms: a new form is one file and one line in DATASET_FORMATS."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from skillviewer.core.dataset.dataset import Dataset
from skillviewer.core.dataset.missing_pairs import explain_missing_pairs
from skillviewer.core.dataset.pair_graph import find_cycles, islands
from skillviewer.core.dataset.pairs import Pair, Verdict
from skillviewer.core.errors import DatasetError, PluginError
from skillviewer.core.plugins import report_problem
from skillviewer.core.registry import Registry, look_up
from skillviewer.core.text import counted, join_names
from skillviewer.data.formats import best, egoexolearn, epic_skills, jigsaws, pair_folder, rank_aware, rated_table
from skillviewer.data.formats.choices import DEFAULT_CHOICES, Choices
from skillviewer.data.formats.pair_folder import NO_PAIR
from skillviewer.data.formats.task_files import file_in
from skillviewer.data.tables.name_spelling import compose_accents

if TYPE_CHECKING:
    from skillviewer.core.video.clips import ClipRange


@dataclass(frozen=True, slots=True)
class DatasetFormat:
    """A form of a data set.

    Attributes:
        name: Name by which the form is requested.
        title: Name for the user.
        tasks: Returns the names of the data sets in a folder or file; none if the content is not in this form.
        load: Reads a data set. Its arguments are a folder or file, a folder of videos or None for the usual folder of
            the form, and choices. It raises a ``DatasetError`` if the content is not in this form, if there are several
            data sets and the choices name none, or if a file cannot be read.
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
    """Open a data set. Missing or contradictory parts are left out and listed in its ``problems``.

    Args:
        path: Folder or file of the data set.
        videos_dir: Folder of the videos, or None for the usual folder of the form.
        form: Name of the form, or None to recognise it by content.
        choices: Choices of the user, or None.
        without_pairs: Whether a data set without pairs is allowed.

    Raises:
        DatasetError: The form is unknown, there are several tasks and the choices name none, a file cannot be read, or
            there are no pairs and ``without_pairs`` is False.
    """
    path = Path(path)
    videos_dir = None if videos_dir is None else Path(videos_dir)
    if choices is None:
        choices = DEFAULT_CHOICES
    loaded = recognised_form(path, form).load(path, videos_dir, choices)
    return check_dataset(loaded, without_pairs=without_pairs)


def check_dataset(dataset: Dataset, *, without_pairs: bool = False) -> Dataset:
    """Return a data set in which every file is that of one video, with the problems of pairs and files added.

    Raises:
        DatasetError: There are no pairs and ``without_pairs`` is False.
    """
    if not dataset.pairs and not without_pairs:
        row_problems = [problem for problem in dataset.problems if not problem.startswith(NO_PAIR)]
        rows_explain_it = bool(row_problems) and dataset.ratings is None
        reason = row_problems[0] if rows_explain_it else explain_missing_pairs(dataset)
        raise DatasetError(f"{dataset.name} holds no pair with a better video. {reason}".rstrip())
    dataset, file_problems = _with_unique_files(dataset)
    return replace(dataset, problems=(*dataset.problems, *file_problems, *_pair_and_file_problems(dataset)))


def _with_unique_files(dataset: Dataset) -> tuple[Dataset, list[str]]:
    """Return a data set in which no two videos have the same file or part of a file, and problems.

    A file with two names could be trained on under one name and tested under the other. The video whose name is spelled
    like the file keeps it.
    """
    names_by_clip: dict[tuple[Path, ClipRange | None], list[str]] = {}
    for video in dataset.videos:
        if video.path is not None:
            names_by_clip.setdefault((video.path, video.clip_range), []).append(video.name)
    names_without_file: set[str] = set()
    problems = []
    for (path, _), names in names_by_clip.items():
        if len(names) < 2:
            continue
        owner = next((name for name in names if PurePosixPath(name).name == compose_accents(path.stem)), None)
        names_without_file.update(name for name in names if name != owner)
        owner_text = "none has it" if owner is None else f"only “{owner}” has it"
        names_text = " and ".join(f"“{name}”" for name in names)
        problems.append(
            f"{path.name} would be the file of {names_text}: {owner_text}. Spell the name of a video in one way, "
            "or give each its own file."
        )
    videos = []
    for video in dataset.videos:
        has_file = video.name not in names_without_file
        videos.append(video if has_file else replace(video, path=None))
    return replace(dataset, videos=tuple(videos)), problems


_MAX_SHOWN = 3
_MAX_CYCLE_PAIRS = 5


def _pair_and_file_problems(dataset: Dataset) -> list[str]:
    """Return sentences about cycles, sets of videos that are never compared, and missing files."""
    cycles = find_cycles(dataset.pairs)
    problems = [_describe_cycle(dataset, cycle) for cycle in cycles[:_MAX_SHOWN]]
    if len(cycles) > _MAX_SHOWN:
        problems.append(f"There are {len(cycles) - _MAX_SHOWN} more sets of videos whose pairs form cycles.")
    islands_by_subtask: dict[str, list[tuple[str, ...]]] = {}
    subtasks = dataset.subtasks
    for island in islands(dataset.pairs):
        islands_by_subtask.setdefault(subtasks[island[0]], []).append(island)
    for subtask, subtask_islands in islands_by_subtask.items():
        if len(subtask_islands) > 1:
            subtask_text = f" of {subtask}" if subtask else ""
            problems.append(
                f"The videos{subtask_text} fall into {len(subtask_islands)} sets that are never compared with each "
                f"other ({subtask_islands[0][0]}, {subtask_islands[1][0]}): scores say nothing between them."
            )
    missing = [video.name for video in dataset.videos if video.path is None]
    if len(missing) == len(dataset.videos):
        problems.append(f"None of the {len(missing)} videos was found: say where they lie.")
    elif missing:
        problems.append(f"{len(missing)} of {len(dataset.videos)} videos have no file: {join_names(missing)}.")
    return problems


def _describe_cycle(dataset: Dataset, cycle: Sequence[str]) -> str:
    """Return sentences on a cycle: the videos in it, and the rows or votes that state its pairs."""
    names = (*cycle, cycle[0])
    sentence = f"The pairs form a cycle: {' better than '.join(names)}."
    origins = []
    for better, worse in list(pairwise(names))[:_MAX_CYCLE_PAIRS]:
        origin = _origin(dataset, Pair(better, worse))
        if origin:
            origins.append(f"{better} above {worse} by {origin}")
    if not origins:
        return sentence
    more = ", ..." if len(cycle) > _MAX_CYCLE_PAIRS else ""
    return f"{sentence} {'; '.join(origins)}{more}."


def _origin(dataset: Dataset, pair: Pair) -> str:
    """Return the rows that state a pair, else the raters whose votes do, or ""."""
    rows = dataset.rows_by_pair.get(pair, ())
    if rows:
        return join_names(rows)
    verdict_by_sides = {(pair.better, pair.worse): Verdict.LEFT, (pair.worse, pair.better): Verdict.RIGHT}
    raters = [
        judgement.rater
        for judgement in dataset.judgements
        if judgement.verdict is verdict_by_sides.get((judgement.left, judgement.right))
    ]
    return f"{counted(len(raters), 'vote')} ({join_names(tuple(dict.fromkeys(raters)))})" if raters else ""
