"""EPIC-Skills 2018: ``<task>_gt.csv`` with Vid1, Vid2, Best (or Better), and ``splits/<task>_{train,val}_<k>.csv``.

Source: Doughty, Damen and Mayol-Cuevas, CVPR 2018. Any study with this layout is read, whatever its task is called;
known facts of the seven published tasks (epic_tasks.py) are added to these.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo, Fold
from skillviewer.core.dataset.pairs import Pair, videos_of
from skillviewer.core.errors import DatasetError
from skillviewer.core.video.clips import FrameRange
from skillviewer.data.formats.choices import USUAL_CHOICES, Choices
from skillviewer.data.formats.epic_tasks import FAMILY_SIZE, EpicTask, epic_task, foreign_folders
from skillviewer.data.formats.released_folds import (
    fold_from_pairs,
    known_pairs,
    pairs_of_sheet,
    pooled_folds,
    renamed,
    without_strangers,
)
from skillviewer.data.formats.task_files import chosen_task, file_in, matches_of_first_pattern
from skillviewer.data.tables.claims import Claim, order_claim, parted, sort_out
from skillviewer.data.tables.find_videos import VideoFolder, strip_extension
from skillviewer.data.tables.participants import participants_of
from skillviewer.data.tables.rows import looks_like, read_sheet

_FIRST = ("vid1", "video1")
_SECOND = ("vid2", "video2")
_BEST = ("best", "better")
_SUFFIX = "_gt"


def _truth_files(path: Path) -> tuple[Path, ...]:
    truth_files = matches_of_first_pattern(path, ("*_gt.csv", "*/*_gt.csv", "*/*/*_gt.csv"))
    return tuple(file for file in truth_files if looks_like(file, _FIRST, _SECOND, _BEST))


def _task_name(truth: Path) -> str:
    return truth.stem[: -len(_SUFFIX)] if truth.stem.casefold().endswith(_SUFFIX) else truth.stem


def _by_task(path: Path) -> dict[str, tuple[Path, ...]]:
    """Return the ground-truth files of each data set: single tasks, and families of tasks."""
    files = _truth_files(path)
    names = [_task_name(file) for file in files]
    twice = next((file for file in files if names.count(_task_name(file)) > 1), None)
    if twice is not None:
        raise DatasetError(f"{path} holds {twice.name} more than once: open the folder of one of them.")
    offered: dict[str, tuple[Path, ...]] = {_task_name(file): (file,) for file in files}
    families: dict[str, list[Path]] = {}
    for file in files:
        task = epic_task(_task_name(file))
        if task is not None:
            families.setdefault(task.family, []).append(file)
    offered.update({family: tuple(members) for family, members in families.items() if len(members) > 1})
    return offered


def _published(truth: Path) -> EpicTask | None:
    """Return the published task of a ground-truth file; None for a user's own study, whatever its name."""
    task = epic_task(_task_name(truth))
    sheet = read_sheet(truth)
    columns = [sheet.column(*names) for names in (_FIRST, _SECOND)]
    names = {strip_extension(row.cell(column)) for row in sheet.rows for column in columns} - {""}
    fits = task is not None and all(re.fullmatch(task.names, name) for name in names)
    return task if fits else None


def _spelled(requested: str | None, offered: dict[str, tuple[Path, ...]]) -> str | None:
    """Return the offered task for a name in any spelling ("chopsticks")."""
    if requested is None or requested in offered:
        return requested
    task = epic_task(requested)
    return next((name for name in offered if task is not None and epic_task(name) is task), requested)


def tasks(path: Path) -> tuple[str, ...]:
    """Return the names of the data sets: single tasks, and pooled ones ("drawing", "surgery")."""
    return tuple(_by_task(path))


def load(path: Path, videos_dir: Path | None = None, choices: Choices = USUAL_CHOICES) -> Dataset:
    """Read a task, or a family of tasks as one data set with videos named ``<task>/<name>``."""
    offered = _by_task(path)
    if not offered:
        raise DatasetError(f"{path} holds no ground truth (<task>_gt.csv with the columns Vid1, Vid2 and Best).")
    whole = [task for task, files in offered.items() if len(files) == len(_truth_files(path))]
    task = chosen_task(_spelled(choices.task, offered), tuple(offered), whole[-1] if whole else None, path)
    files = offered[task]
    published = [_published(file) for file in files]
    known_tasks = [task for task in published if task is not None]
    folder = videos_dir or (path if path.is_dir() else path.parent)
    found_files = VideoFolder(folder, foreign_folders(known_tasks) if known_tasks else ())
    parts = [
        _read_task(file, published_name, found_files, choices, pooled=len(files) > 1)
        for file, published_name in zip(files, published, strict=True)
    ]
    problems = [problem for part in parts for problem in part.problems] + found_files.problems
    released = _released([part.folds for part in parts], problems)
    complete = (
        bool(known_tasks)
        and len(known_tasks) == FAMILY_SIZE[known_tasks[0].family]
        and len({k.family for k in known_tasks}) == 1
    )
    title = task.replace("_", " ")
    return Dataset(
        name=f"EPIC-Skills 2018, {title}" if known_tasks else title,
        form="epic-skills",
        task=task,
        videos=tuple(video for part in parts for video in part.videos),
        pairs=tuple(pair for part in parts for pair in part.pairs),
        released=released,
        published=known_tasks[0].family if complete else None,
        problems=tuple(problems),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    videos: tuple[DatasetVideo, ...]
    pairs: tuple[Pair, ...]
    folds: tuple[Fold, ...]
    problems: tuple[str, ...]


def _released(parts: Sequence[tuple[Fold, ...]], problems: list[str]) -> tuple[Fold, ...] | None:
    if not any(parts):
        return None
    folds = pooled_folds(parts)
    if folds is None:
        problems.append("The sub-tasks do not have the same released folds; none is used.")
    return folds


def _read_task(truth: Path, task: EpicTask | None, files: VideoFolder, choices: Choices, *, pooled: bool) -> _Part:
    name = _task_name(truth)
    sheet = read_sheet(truth)
    columns = [sheet.column(*names) for names in (_FIRST, _SECOND, _BEST)]
    rows: list[Claim | str] = []
    for row in sheet.rows:
        first, second, best = (strip_extension(row.cell(column)) for column in columns)
        if best not in (first, second):
            rows.append(f"{sheet.place(row)} does not say which of {first or '?'} and {second or '?'} is better.")
        else:
            rows.append(order_claim(best, second if best == first else first, sheet.place(row)))
    claims, problems = parted(rows)
    claimed = sort_out(claims, truth.name, problems)
    names = tuple(videos_of(claimed.pairs))
    folds = _read_splits(truth, name, names, claimed.pairs, problems)
    participant_files = [file_in(truth.parent, "participants.csv")]
    participant_pattern = task.participant if task else None
    participants = participants_of(names, participant_files, choices.participant_pattern, problems, participant_pattern)
    clip_ranges = _clip_ranges(truth, problems) if task is not None and task.family == "dough" else {}
    prefix = f"{name}/" if pooled else ""
    videos = []
    for video in names:
        video_path, clip_range = _locate(video, task, files, clip_ranges, pooled)
        videos.append(
            DatasetVideo(prefix + video, video_path, participants.get(video), name if pooled else "", clip_range)
        )
    return _Part(
        tuple(videos),
        tuple(Pair(prefix + pair.better, prefix + pair.worse) for pair in claimed.pairs),
        tuple(renamed(fold, prefix) for fold in folds),
        tuple(problems),
    )


def _read_splits(
    truth: Path, name: str, names: Sequence[str], consensus: Sequence[Pair], problems: list[str]
) -> list[Fold]:
    folder = file_in(truth.parent, "splits")
    numbered = re.compile(rf"{re.escape(name)}_train_(\d+)\.csv", re.IGNORECASE)
    matches = [m for m in (numbered.fullmatch(file.name) for file in sorted(folder.glob("*"))) if m is not None]
    folds: list[Fold] = []
    for match in sorted(matches, key=lambda m: int(m.group(1))):
        train_file = folder / match.group(0)
        test_file = file_in(folder, re.sub("_train_", "_val_", match.group(0), flags=re.IGNORECASE))
        if not test_file.is_file():
            problems.append(f"{train_file.name} has no {test_file.name} next to it; the fold is left out.")
            continue
        sides = []
        for file in (train_file, test_file):
            listed = [Pair(strip_extension(p.better), strip_extension(p.worse)) for p in pairs_of_sheet(file, problems)]
            sides.append(known_pairs(listed, consensus, file.name, problems))
        fold = fold_from_pairs(match.group(1), names, sides[0], sides[1], problems)
        folds.append(without_strangers(fold, [*sides[0], *sides[1]], consensus, problems))
    return folds


def _clip_ranges(truth: Path, problems: list[str]) -> dict[str, tuple[str, FrameRange]]:
    """Return, by name of a dough video, the stem of its recording and the frames of the attempt."""
    above = (truth.parent, *truth.parent.parents)[:4]
    path = next((p for p in (file_in(folder, "dough_rolling_segments.csv") for folder in above) if p.is_file()), None)
    if path is None:
        return {}
    sheet = read_sheet(path)
    video = sheet.column("video")
    start = sheet.column("startframe")
    stop = sheet.column("endframe")
    ranges: dict[str, tuple[str, FrameRange]] = {}
    for row in sheet.rows:
        try:
            # "the final frame of our segmentation" is included
            clip_range = FrameRange(int(row.cell(start)), int(row.cell(stop)) + 1)
        except ValueError:
            problems.append(f"{sheet.place(row)} does not name a recording and two frames; it is left out.")
            continue
        stem = strip_extension(row.cell(video))
        ranges[stem.partition("_")[0]] = (stem, clip_range)
    return ranges


def _locate(
    video: str, task: EpicTask | None, files: VideoFolder, clip_ranges: dict[str, tuple[str, FrameRange]], pooled: bool
) -> tuple[Path | None, FrameRange | None]:
    if task is None:
        return files.find(video, (video,)), None
    stems = tuple(template.format(video) for template in task.stems)
    shared_names = pooled and task.family == "drawing"
    path = files.find(video, stems, task.folders if shared_names else (), prefer="stationary")
    if path is None and task.family == "surgery":
        path = files.find(video, (video,), task.folders)
    if path is None and video in clip_ranges:
        stem, clip_range = clip_ranges[video]
        return files.find(video, (stem,)), clip_range
    return path, None
