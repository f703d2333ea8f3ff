"""JIGSAWS: ``meta_file_<Task>.txt`` with a rating of every trial; pairs follow from the order of the ratings.

Source: Gao et al., "JHU-ISI Gesture and Skill Assessment Working Set (JIGSAWS)", M2CAI 2014. No header; fields
separated by tabs or blanks: trial (``Suturing_B001``), self-proclaimed level, global rating (6 to 30), and the six
items (1 to 5) that sum to it. The letter is the surgeon.
"""

import math
import re
from itertools import combinations
from pathlib import Path

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo, Fold, Measure
from skillviewer.core.dataset.folds import fold_of
from skillviewer.core.dataset.pairs import Pair, SimilarPair
from skillviewer.core.errors import DatasetError
from skillviewer.data.formats.choices import USUAL_CHOICES, Choices
from skillviewer.data.formats.task_files import chosen_task, file_in, matches_of_first_pattern, unique_task_paths
from skillviewer.data.tables.find_videos import VideoFolder
from skillviewer.data.tables.participants import participants_of
from skillviewer.data.tables.rows import TableRow, plain, read_word_rows

POOLED = "surgery"
_SURGEONS_HELD_OUT = ("BC", "DE", "FG", "HI")
"""The four folds of Doughty et al. (CVPR 2018)."""
_META = re.compile(r"meta_file_(.+)\.txt", re.IGNORECASE)
_ITEM = re.compile(r"[0-9]{1,9}")
_TRIAL = re.compile(r".*_([A-Za-z])\d{3}")


def _rating(row: TableRow) -> float | None:
    if len(row.cells) < 3 or not _TRIAL.fullmatch(row.cells[0]):
        return None
    try:
        rating = float(row.cells[2])
    except ValueError:
        return None
    return rating if math.isfinite(rating) else None


def _meta_files(path: Path) -> dict[str, Path]:
    files = matches_of_first_pattern(path, ("meta_file_*.txt", "*/meta_file_*.txt", "*/*/meta_file_*.txt"))
    files_by_task = ((match.group(1), file) for file in files if (match := _META.fullmatch(file.name)))
    rated = (
        (task, file) for task, file in files_by_task if any(_rating(row) is not None for row in read_word_rows(file))
    )
    return unique_task_paths(rated, path)


def tasks(path: Path) -> tuple[str, ...]:
    """Return the names of the data sets: single tasks, and "surgery" for all of them."""
    single = tuple(_meta_files(path))
    return (*single, POOLED) if len(single) > 1 else single


def load(path: Path, videos_dir: Path | None = None, choices: Choices = USUAL_CHOICES) -> Dataset:
    """Read a task, or all of them as one data set.

    The videos are the ``<trial>_capture2.avi`` files, of the right camera.
    """
    metas = _meta_files(path)
    if not metas:
        raise DatasetError(f"{path} holds no ratings (meta_file_<Task>.txt).")
    task = chosen_task(choices.task, tasks(path), POOLED if len(metas) > 1 else next(iter(metas)), path)
    chosen_metas = metas if task == POOLED and len(metas) > 1 else {task: metas[task]}
    problems: list[str] = []
    files = VideoFolder(videos_dir or (path if path.is_dir() else path.parent))
    videos: list[DatasetVideo] = []
    pairs: list[Pair] = []
    similar: list[SimilarPair] = []
    ratings: dict[str, float] = {}
    for subtask, meta in chosen_metas.items():
        rated = _read(meta, problems)
        participant_files = [file_in(meta.parent, "participants.csv")]
        participant_pattern = r"_([A-Za-z])\d{3}$"
        participants = participants_of(
            tuple(rated), participant_files, choices.participant_pattern, problems, participant_pattern
        )
        repeated = next((trial for trial in sorted(rated) if trial in ratings), None)
        if repeated is not None:
            raise DatasetError(
                f"{meta} rates {repeated}, which another task rates too: choose one of {', '.join(metas)}."
            )
        for trial in sorted(rated):
            source = files.find(trial, (f"{trial}_capture2", trial))
            videos.append(
                DatasetVideo(trial, source, participants.get(trial), subtask if len(chosen_metas) > 1 else "")
            )
        ordered, alike = _compare(rated, choices.smallest_difference)
        pairs += ordered
        similar += alike
        ratings.update(rated)
    names = [video.name for video in videos]
    every = {plain(name) for name in chosen_metas} == {"suturing", "knottying", "needlepassing"}
    return Dataset(
        name=f"JIGSAWS, {task.replace('_', ' ')}",
        form="jigsaws",
        task=task,
        videos=tuple(videos),
        pairs=tuple(pairs),
        similar=tuple(similar),
        rule=_rule(choices.smallest_difference),
        released=_published_folds(names, pairs),
        scores=Measure("global rating", tuple(ratings.items())),
        published="surgery" if every and not choices.smallest_difference else None,  # other pairs were not published
        problems=(*problems, *files.problems),
    )


def _rule(smallest: float) -> str:
    if smallest > 0:
        return f"better is the higher global rating; ratings that differ by less than {smallest:g} are no disparity"
    return "better is the higher global rating; equal ratings are no disparity"


def _read(meta: Path, problems: list[str]) -> dict[str, float]:
    """Return the ratings by trial."""
    ratings: dict[str, float] = {}
    for row in read_word_rows(meta):
        source = f"{meta.name} line {row.line}"
        rating = _rating(row)
        trial = row.cells[0]
        if rating is None:
            problems.append(f"{source} does not name a trial, a level and a rating; it is left out.")
        elif trial in ratings:
            same = ratings[trial] == rating
            problems.append(f"{source} rates {trial} again{'' if same else ' and differently'}; the first line counts.")
        else:
            ratings[trial] = rating
            items = row.cells[3:9]
            counted = len(items) == 6 and all(map(_ITEM.fullmatch, items))
            if counted and sum(map(int, items)) != rating:
                problems.append(f"{source}: the items of {trial} sum to {sum(map(int, items))}, not to {rating:g}.")
    return ratings


def _compare(ratings: dict[str, float], smallest: float) -> tuple[list[Pair], list[SimilarPair]]:
    pairs, similar = [], []
    for a, b in combinations(sorted(ratings), 2):
        difference = ratings[a] - ratings[b]
        if difference == 0 or abs(difference) < smallest:
            similar.append(SimilarPair(a, b))
        else:
            pairs.append(Pair(a, b) if difference > 0 else Pair(b, a))
    return pairs, similar


def _published_folds(names: list[str], pairs: list[Pair]) -> tuple[Fold, ...] | None:
    letters = {name: match.group(1).upper() for name in names if (match := _TRIAL.fullmatch(name))}
    held_out = [[name for name in names if letters.get(name, "?") in out] for out in _SURGEONS_HELD_OUT]
    if sum(map(len, held_out)) != len(names) or not all(held_out):
        return None
    return tuple(fold_of(str(i + 1), names, out, pairs) for i, out in enumerate(held_out))
