"""The rank-aware form: ``{train,test}_split<k>.txt`` with "better worse" on every line.

Source: Doughty, Mayol-Cuevas and Damen, "The Pros and Cons: Rank-aware Temporal Attention for Skill Determination in
Long Videos", CVPR 2019. Pooled tasks have videos named ``<sub-task>/<file>``.
"""

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo, Fold
from skillviewer.core.dataset.pairs import Pair, videos_of
from skillviewer.core.errors import DatasetError
from skillviewer.data.formats.choices import USUAL_CHOICES, Choices
from skillviewer.data.formats.epic_tasks import epic_task
from skillviewer.data.formats.released_folds import fold_from_pairs, known_pairs, read_pair_lines, without_strangers
from skillviewer.data.formats.task_files import chosen_task, file_in, matches_of_first_pattern, unique_task_paths
from skillviewer.data.tables.claims import Claim, sort_out
from skillviewer.data.tables.find_videos import VideoFolder, strip_extension
from skillviewer.data.tables.participants import participants_of
from skillviewer.data.tables.rows import plain, read_word_rows

_FAMILIES = {
    # folder: key of the published numbers, pattern of the names of all its videos; the first group is the participant
    "chopstickusing": ("chopsticks", r"([A-Za-z])\d{1,3}(?:[-_]S)?"),
    "doughrolling": ("dough", r"([A-Za-z]\d+)(?:_\w+)?"),
    "drawing": ("drawing", r"(?:[^/]+/)?([A-Za-z])\d{1,3}(?:[-_]S)?"),
    "surgery": ("surgery", r"(?:[^/]+/)?\w*_([A-Za-z])\d{3}(?:_\w+)?"),
}
_NUMBER = re.compile(r"train_split(\d+)", re.IGNORECASE)
_PATTERNS = tuple("*/" * depth + "train_split*.txt" for depth in range(5))


def _folders(path: Path) -> dict[str, Path]:
    def is_split(file: Path) -> bool:
        rows = read_word_rows(file)
        return _NUMBER.fullmatch(file.stem) is not None and bool(rows) and len(rows[0].cells) == 2

    return unique_task_paths(
        ((file.parent.name, file.parent) for file in matches_of_first_pattern(path, _PATTERNS) if is_split(file)), path
    )


def tasks(path: Path) -> tuple[str, ...]:
    """Return the names of the tasks: one per folder with splits."""
    return tuple(_folders(path))


def load(path: Path, videos_dir: Path | None = None, choices: Choices = USUAL_CHOICES) -> Dataset:
    """Read a task with its released folds; its pairs are those of all folds combined."""
    folders = _folders(path)
    if not folders:
        raise DatasetError(f"{path} holds no splits (train_split1.txt with two videos on every line).")
    task = chosen_task(choices.task, tuple(folders), next(iter(folders)) if len(folders) == 1 else None, path)
    folder = folders[task]
    problems: list[str] = []
    splits, claims = _read_splits(folder, problems)
    claimed = sort_out(claims, folder.name, problems)
    names = tuple(videos_of(claimed.pairs))
    released = [_fold(number, names, sides, claimed.pairs, problems) for number, sides in splits.items()]
    family, pattern = _published(task, names)
    participant_files = [file_in(folder, "participants.csv")]
    participants = participants_of(names, participant_files, choices.participant_pattern, problems, pattern)
    files = VideoFolder(videos_dir or (path if path.is_dir() else path.parent))
    videos = tuple(_video(name, participants.get(name), files) for name in names)
    title = task.replace("_", " ")
    return Dataset(
        name=f"EPIC-Skills 2018, {title}" if family else title,
        form="rank-aware",
        task=task,
        videos=videos,
        pairs=claimed.pairs,
        released=tuple(released) or None,
        published=family,
        problems=(*problems, *files.problems),
    )


def _published(task: str, names: Sequence[str]) -> tuple[str | None, str | None]:
    """Return the key of the published numbers and the pattern of the participant; None, None for a user's own study."""
    family, pattern = _FAMILIES.get(plain(task), ("", ""))
    fits = bool(family) and all(re.fullmatch(pattern, name) for name in names)
    return (family, f"^{pattern}$") if fits else (None, None)


_Sides = dict[str, list[Pair]]
"""Pairs of a fold by side, "train" and "test"."""


def _read_splits(folder: Path, problems: list[str]) -> tuple[dict[str, _Sides], list[Claim]]:
    """Return the folds by number, and the claims of all rows."""
    numbers = sorted(
        int(match.group(1))
        for match in (_NUMBER.fullmatch(f.stem) for f in folder.iterdir() if f.suffix.lower() == ".txt")
        if match
    )
    splits: dict[str, _Sides] = {}
    claims: dict[tuple[Pair, int], Claim] = {}
    for number in numbers:
        if not file_in(folder, f"test_split{number}.txt").is_file():
            problems.append(f"train_split{number}.txt has no test_split{number}.txt next to it; the fold is left out.")
            continue
        sides = splits[str(number)] = {}
        times: dict[Pair, int] = {}
        for side in ("train", "test"):
            file = file_in(folder, f"{side}_split{number}.txt")
            rows = read_pair_lines(file, problems)
            sides[side] = [Pair(strip_extension(pair.better), strip_extension(pair.worse)) for _, pair in rows]
            for (row, _), pair in zip(rows, sides[side], strict=True):
                # folds repeat each other's pairs: only a repetition within one fold counts as one
                times[pair] = times.get(pair, 0) + 1
                claims.setdefault((pair, times[pair]), Claim(pair, f"{file.name} line {row.line}"))
    return splits, list(claims.values())


def _fold(number: str, names: Sequence[str], sides: _Sides, consensus: Sequence[Pair], problems: list[str]) -> Fold:
    train, test = (
        known_pairs(pairs, consensus, f"{side}_split{number}.txt", problems) for side, pairs in sides.items()
    )
    fold = fold_from_pairs(number, names, train, test, problems)
    return without_strangers(fold, [*train, *test], consensus, problems)


def _video(name: str, participant: str | None, files: VideoFolder) -> DatasetVideo:
    posix = PurePosixPath(name)
    subtask = posix.parent.name
    stem = posix.name
    task = epic_task(subtask) if subtask else None
    stems = [stem]
    if stem.casefold().endswith("-s"):  # "S" is the stationary camera; the names of the videos omit it
        stems.append(stem[:-2])
    folders = (plain(subtask), *(task.folders if task else ())) if subtask else ()
    path = files.find(name, stems, folders, prefer="stationary")
    return DatasetVideo(name, path, participant, subtask)
