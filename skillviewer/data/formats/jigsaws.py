"""JIGSAWS: ``meta_file_<Task>.txt`` with a rating of every trial; pairs follow from the order of the ratings.

Source: Gao et al., "JHU-ISI Gesture and Skill Assessment Working Set (JIGSAWS)", M2CAI 2014. The files have no header,
and fields are separated by tabs or blanks: trial (such as ``Suturing_B001``, where B is the surgeon), self-proclaimed
level, global rating (6 to 30), and the six items (1 to 5) whose sum is the global rating.
"""

import math
import re
from itertools import combinations
from pathlib import Path

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo, Fold, Measure
from skillviewer.core.dataset.folds import fold_of
from skillviewer.core.dataset.pairs import Pair, SimilarPair
from skillviewer.core.errors import DatasetError
from skillviewer.data.formats.choices import DEFAULT_CHOICES, Choices
from skillviewer.data.formats.task_files import (
    choose_task,
    file_in,
    first_matching_files,
    unique_task_paths,
    videos_folder,
)
from skillviewer.data.tables.csv_tables import TableRow, read_word_rows
from skillviewer.data.tables.find_videos import VideoFolder
from skillviewer.data.tables.name_spelling import simplify_name
from skillviewer.data.tables.participants import participants_of

POOLED = "surgery"
_HELD_OUT_SURGEONS = ("BC", "DE", "FG", "HI")
"""Letters of the held-out surgeons in the four folds of Doughty et al. (CVPR 2018)."""
_META_FILE = re.compile(r"meta_file_(.+)\.txt", re.IGNORECASE)
_ITEM_RATING = re.compile(r"[0-9]{1,9}")
_TRIAL = re.compile(r".*_([A-Za-z])\d{3}")


def _global_rating(row: TableRow) -> float | None:
    if len(row.cells) < 3 or not _TRIAL.fullmatch(row.cells[0]):
        return None
    try:
        rating = float(row.cells[2])
    except ValueError:
        return None
    return rating if math.isfinite(rating) else None


def _meta_files(path: Path) -> dict[str, Path]:
    """Return the files with ratings by task."""
    entries = []
    for file in first_matching_files(path, ("meta_file_*.txt", "*/meta_file_*.txt", "*/*/meta_file_*.txt")):
        match = _META_FILE.fullmatch(file.name)
        if match is not None and any(_global_rating(row) is not None for row in read_word_rows(file)):
            entries.append((match.group(1), file))
    return unique_task_paths(entries, path)


def tasks(path: Path) -> tuple[str, ...]:
    """Return the names of the data sets: single tasks, and "surgery" for all tasks together."""
    single_tasks = tuple(_meta_files(path))
    return (*single_tasks, POOLED) if len(single_tasks) > 1 else single_tasks


def load(path: Path, videos_dir: Path | None = None, choices: Choices = DEFAULT_CHOICES) -> Dataset:
    """Read a task, or all tasks as one data set.

    The videos are those of the right camera: ``<trial>_capture2.avi``.
    """
    meta_files = _meta_files(path)
    if not meta_files:
        raise DatasetError(f"{path} holds no ratings (meta_file_<Task>.txt).")
    has_several_tasks = len(meta_files) > 1
    default_task = POOLED if has_several_tasks else next(iter(meta_files))
    task = choose_task(choices.task, tasks(path), default_task, path)
    is_pooled = task == POOLED and has_several_tasks
    chosen_files = meta_files if is_pooled else {task: meta_files[task]}
    problems: list[str] = []
    files = VideoFolder(videos_folder(videos_dir, path))
    videos: list[DatasetVideo] = []
    pairs: list[Pair] = []
    similar_pairs: list[SimilarPair] = []
    ratings: dict[str, float] = {}
    for task_name, meta_file in chosen_files.items():
        task_ratings = _read_ratings(meta_file, problems)
        participant_files = [file_in(meta_file.parent, "participants.csv")]
        participant_pattern = r"_([A-Za-z])\d{3}$"
        participants = participants_of(
            tuple(task_ratings),
            participant_files,
            stated_pattern=choices.participant_pattern,
            problems=problems,
            pattern=participant_pattern,
        )
        subtask = task_name if len(chosen_files) > 1 else ""
        for trial in sorted(task_ratings):
            if trial in ratings:
                raise DatasetError(
                    f"{meta_file} rates {trial}, which another task rates too: choose one of {', '.join(meta_files)}."
                )
            video_path = files.find(trial, (f"{trial}_capture2", trial))
            videos.append(DatasetVideo(trial, video_path, participants.get(trial), subtask))
        task_pairs, task_similar = _compare(task_ratings, choices.smallest_difference)
        pairs += task_pairs
        similar_pairs += task_similar
        ratings.update(task_ratings)
    names = [video.name for video in videos]
    # no numbers were published for other tasks, and for pairs by a smallest difference
    is_complete = {simplify_name(name) for name in chosen_files} == {"suturing", "knottying", "needlepassing"}
    is_published = is_complete and not choices.smallest_difference
    published = "surgery" if is_published else None
    scores = Measure("global rating", tuple(ratings.items()))
    return Dataset(
        name=f"JIGSAWS, {task.replace('_', ' ')}",
        form="jigsaws",
        task=task,
        videos=tuple(videos),
        pairs=tuple(pairs),
        similar=tuple(similar_pairs),
        rule=_rule(choices.smallest_difference),
        released=_published_folds(names, pairs),
        scores=scores,
        published=published,
        problems=(*problems, *files.problems),
    )


def _rule(smallest_difference: float) -> str:
    """Return a description of the rule that turns ratings into pairs."""
    if smallest_difference > 0:
        return (
            f"better is the higher global rating; ratings that differ by less than {smallest_difference:g} are no "
            "disparity"
        )
    return "better is the higher global rating; equal ratings are no disparity"


def _read_ratings(meta_file: Path, problems: list[str]) -> dict[str, float]:
    """Return the global ratings by trial."""
    ratings: dict[str, float] = {}
    for row in read_word_rows(meta_file):
        source = f"{meta_file.name} line {row.last_line}"
        rating = _global_rating(row)
        trial = row.cells[0]
        if rating is None:
            problems.append(f"{source} does not name a trial, a level and a rating; it is left out.")
        elif trial in ratings:
            difference_text = "" if ratings[trial] == rating else " and differently"
            problems.append(f"{source} rates {trial} again{difference_text}; the first line counts.")
        else:
            ratings[trial] = rating
            items = row.cells[3:9]
            if len(items) == 6 and all(map(_ITEM_RATING.fullmatch, items)):
                total = sum(map(int, items))
                if total != rating:
                    problems.append(f"{source}: the items of {trial} sum to {total}, not to {rating:g}.")
    return ratings


def _compare(ratings: dict[str, float], smallest_difference: float) -> tuple[list[Pair], list[SimilarPair]]:
    pairs = []
    similar_pairs = []
    for first, second in combinations(sorted(ratings), 2):
        difference = ratings[first] - ratings[second]
        if difference == 0 or abs(difference) < smallest_difference:
            similar_pairs.append(SimilarPair(first, second))
        elif difference > 0:
            pairs.append(Pair(first, second))
        else:
            pairs.append(Pair(second, first))
    return pairs, similar_pairs


def _published_folds(names: list[str], pairs: list[Pair]) -> tuple[Fold, ...] | None:
    """Return the published folds, or None if the surgeons are not those of the data set."""
    surgeons = {}
    for name in names:
        match = _TRIAL.fullmatch(name)
        if match is not None:
            surgeons[name] = match.group(1).upper()
    held_out = [[name for name in names if surgeons.get(name, "?") in letters] for letters in _HELD_OUT_SURGEONS]
    if sum(map(len, held_out)) != len(names) or not all(held_out):
        return None
    return tuple(
        fold_of(str(number), names, held_out_names, pairs) for number, held_out_names in enumerate(held_out, start=1)
    )
