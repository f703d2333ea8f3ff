"""The rank-aware form: ``{train,test}_split<k>.txt`` with "better worse" on every line.

Source: Doughty, Mayol-Cuevas and Damen, "The Pros and Cons: Rank-aware Temporal Attention for Skill Determination in
Long Videos", CVPR 2019. In a task that consists of several sub-tasks, videos are named ``<sub-task>/<file>``.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo, Fold
from skillviewer.core.dataset.pairs import Pair, videos_of
from skillviewer.core.errors import DatasetError
from skillviewer.data.formats.choices import DEFAULT_CHOICES, Choices
from skillviewer.data.formats.epic_tasks import epic_task
from skillviewer.data.formats.released_folds import (
    fold_from_pairs,
    known_pairs,
    read_pair_lines,
    without_unlisted_videos,
)
from skillviewer.data.formats.task_files import (
    choose_task,
    file_in,
    first_matching_files,
    unique_task_paths,
    videos_folder,
)
from skillviewer.data.tables.claims import Claim, resolve_claims
from skillviewer.data.tables.csv_tables import read_word_rows
from skillviewer.data.tables.find_videos import VideoFolder, strip_extension
from skillviewer.data.tables.name_spelling import simplify_name
from skillviewer.data.tables.participants import participants_of


class _PublishedTask(NamedTuple):
    """A task of EPIC-Skills 2018."""

    key: str  # key of the published numbers
    video_pattern: str  # regular expression that all names of videos match; its first group is the participant


_PUBLISHED_TASKS = {  # by the simplified name of the folder
    "chopstickusing": _PublishedTask("chopsticks", r"([A-Za-z])\d{1,3}(?:[-_]S)?"),
    "doughrolling": _PublishedTask("dough", r"([A-Za-z]\d+)(?:_\w+)?"),
    "drawing": _PublishedTask("drawing", r"(?:[^/]+/)?([A-Za-z])\d{1,3}(?:[-_]S)?"),
    "surgery": _PublishedTask("surgery", r"(?:[^/]+/)?\w*_([A-Za-z])\d{3}(?:_\w+)?"),
}
_TRAIN_STEM = re.compile(r"train_split(\d+)", re.IGNORECASE)
_TRAIN_PATTERNS = tuple("*/" * depth + "train_split*.txt" for depth in range(5))


def _folder_by_task(path: Path) -> dict[str, Path]:
    files = first_matching_files(path, _TRAIN_PATTERNS)
    folders = [file.parent for file in files if _is_train_list(file)]
    return unique_task_paths([(folder.name, folder) for folder in folders], path)


def _is_train_list(file: Path) -> bool:
    rows = read_word_rows(file)
    return _TRAIN_STEM.fullmatch(file.stem) is not None and bool(rows) and len(rows[0].cells) == 2


def tasks(path: Path) -> tuple[str, ...]:
    """Return the names of the tasks, one per folder with splits."""
    return tuple(_folder_by_task(path))


def load(path: Path, videos_dir: Path | None = None, choices: Choices = DEFAULT_CHOICES) -> Dataset:
    """Read a task with its released folds. The task has the pairs of all folds."""
    folders = _folder_by_task(path)
    if not folders:
        raise DatasetError(f"{path} holds no splits (train_split1.txt with two videos on every line).")
    only_task = next(iter(folders)) if len(folders) == 1 else None
    task = choose_task(choices.task, tuple(folders), only_task, path)
    folder = folders[task]
    problems: list[str] = []
    splits, claims = _read_splits(folder, problems)
    pairs = resolve_claims(claims, folder.name, problems).pairs
    names = tuple(videos_of(pairs))
    released_folds = [_fold(split, names, pairs, problems) for split in splits]
    published_task = _published_task(task, names)
    published_key = None
    pattern = None
    if published_task is not None:
        published_key = published_task.key
        pattern = f"^{published_task.video_pattern}$"
    participant_files = [file_in(folder, "participants.csv")]
    participants = participants_of(
        names, participant_files, stated_pattern=choices.participant_pattern, problems=problems, pattern=pattern
    )
    files = VideoFolder(videos_folder(videos_dir, path))
    videos = tuple(_video(name, participants.get(name), files) for name in names)
    title = task.replace("_", " ")
    if published_task is not None:
        title = f"EPIC-Skills 2018, {title}"
    return Dataset(
        name=title,
        form="rank-aware",
        task=task,
        videos=videos,
        pairs=pairs,
        released=tuple(released_folds) or None,
        published=published_key,
        problems=(*problems, *files.problems),
    )


def _published_task(task: str, names: Sequence[str]) -> _PublishedTask | None:
    """Return the published task with this name and these names of videos, or None for other data."""
    published_task = _PUBLISHED_TASKS.get(simplify_name(task))
    if published_task is None:
        return None
    if not all(re.fullmatch(published_task.video_pattern, name) for name in names):
        return None
    return published_task


@dataclass(slots=True)
class _Split:
    """Listed pairs of a fold."""

    number: int
    train: list[Pair] = field(default_factory=list)
    test: list[Pair] = field(default_factory=list)


def _read_splits(folder: Path, problems: list[str]) -> tuple[list[_Split], list[Claim]]:
    """Return the splits in the order of their numbers, and the claims of all rows."""
    numbers = []
    for file in folder.iterdir():
        match = _TRAIN_STEM.fullmatch(file.stem)
        if match is not None and file.suffix.lower() == ".txt":
            numbers.append(int(match.group(1)))
    splits: dict[int, _Split] = {}
    # by pair and by how often the fold has listed it so far: two folds that list a pair make one claim, and a fold that
    # lists it twice makes two
    claims: dict[tuple[Pair, int], Claim] = {}
    for number in sorted(numbers):
        if not file_in(folder, f"test_split{number}.txt").is_file():
            problems.append(f"train_split{number}.txt has no test_split{number}.txt next to it; the fold is left out.")
            continue
        split = _Split(number)
        splits[number] = split
        n_occurrences = Counter[Pair]()
        for side, listed_pairs in (("train", split.train), ("test", split.test)):
            file = file_in(folder, f"{side}_split{number}.txt")
            for row, row_pair in read_pair_lines(file, problems):
                pair = Pair(strip_extension(row_pair.better), strip_extension(row_pair.worse))
                listed_pairs.append(pair)
                n_occurrences[pair] += 1
                occurrence = (pair, n_occurrences[pair])
                if occurrence not in claims:
                    claims[occurrence] = Claim(pair, f"{file.name} line {row.last_line}")
    return list(splits.values()), list(claims.values())


def _fold(split: _Split, names: Sequence[str], agreed_pairs: Sequence[Pair], problems: list[str]) -> Fold:
    train_pairs = known_pairs(split.train, agreed_pairs, f"train_split{split.number}.txt", problems)
    test_pairs = known_pairs(split.test, agreed_pairs, f"test_split{split.number}.txt", problems)
    fold = fold_from_pairs(str(split.number), names, train_pairs, test_pairs, problems)
    return without_unlisted_videos(fold, [*train_pairs, *test_pairs], agreed_pairs, problems)


def _video(name: str, participant: str | None, files: VideoFolder) -> DatasetVideo:
    """Return a video with its file, given its name ``<sub-task>/<file>`` or ``<file>``."""
    path_in_task = PurePosixPath(name)
    subtask = path_in_task.parent.name
    stem = path_in_task.name
    stems = [stem]
    if stem.casefold().endswith("-s"):  # "S" is the stationary camera, which names of files may omit
        stems.append(stem[:-2])
    folders: list[str] = []
    if subtask:
        folders.append(simplify_name(subtask))
        task = epic_task(subtask)
        if task is not None:
            folders += task.folders
    video_path = files.find(name, stems, folders, prefer="stationary")
    return DatasetVideo(name, video_path, participant, subtask)
