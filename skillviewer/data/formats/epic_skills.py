"""EPIC-Skills 2018: ``<task>_gt.csv`` with Vid1, Vid2, Best (or Better), and ``splits/<task>_{train,val}_<k>.csv``.

Source: Doughty, Damen and Mayol-Cuevas, CVPR 2018. Data sets of other tasks in this form are read too. Known facts are
added to the seven published tasks (epic_tasks.py).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo, Fold
from skillviewer.core.dataset.pairs import Pair, videos_of
from skillviewer.core.errors import DatasetError
from skillviewer.core.video.clips import FrameRange
from skillviewer.data.formats.choices import DEFAULT_CHOICES, Choices
from skillviewer.data.formats.epic_tasks import FAMILY_SIZE, EpicTask, epic_task, folders_of_other_tasks
from skillviewer.data.formats.released_folds import (
    fold_from_pairs,
    known_pairs,
    pooled_folds,
    read_pair_columns,
    with_prefix,
    without_unlisted_videos,
)
from skillviewer.data.formats.task_files import choose_task, file_in, first_matching_files, videos_folder
from skillviewer.data.tables.claims import Claim, claim_or_problem, resolve_claims, separate_problems
from skillviewer.data.tables.csv_tables import is_csv_with_columns, read_csv_table
from skillviewer.data.tables.find_videos import VideoFolder, strip_extension
from skillviewer.data.tables.participants import participants_of

_FIRST = ("vid1", "video1")
_SECOND = ("vid2", "video2")
_BEST = ("best", "better")
_SUFFIX = "_gt"


def _truth_files(path: Path) -> tuple[Path, ...]:
    truth_files = first_matching_files(path, ("*_gt.csv", "*/*_gt.csv", "*/*/*_gt.csv"))
    return tuple(file for file in truth_files if is_csv_with_columns(file, _FIRST, _SECOND, _BEST))


def _task_name(truth: Path) -> str:
    return truth.stem[: -len(_SUFFIX)] if truth.stem.casefold().endswith(_SUFFIX) else truth.stem


def _truth_files_by_task(path: Path) -> dict[str, tuple[Path, ...]]:
    """Return the ground-truth files of each data set: single tasks, and families of tasks."""
    files = _truth_files(path)
    names = [_task_name(file) for file in files]
    for file in files:
        if names.count(_task_name(file)) > 1:
            raise DatasetError(f"{path} holds {file.name} more than once: open the folder of one of them.")
    files_by_task: dict[str, tuple[Path, ...]] = {_task_name(file): (file,) for file in files}
    files_by_family: dict[str, list[Path]] = {}
    for file in files:
        task = epic_task(_task_name(file))
        if task is not None:
            files_by_family.setdefault(task.family, []).append(file)
    for family, files_of_family in files_by_family.items():
        if len(files_of_family) > 1:
            files_by_task[family] = tuple(files_of_family)
    return files_by_task


def _published_task(truth: Path) -> EpicTask | None:
    """Return the published task of a ground-truth file, or None for other data, even if it has the same name."""
    task = epic_task(_task_name(truth))
    if task is None:
        return None
    table = read_csv_table(truth)
    columns = [table.column(*names) for names in (_FIRST, _SECOND)]
    names = {strip_extension(row.cell(column)) for row in table.rows for column in columns} - {""}
    return task if all(re.fullmatch(task.names, name) for name in names) else None


def _offered_name(requested: str | None, offered: Iterable[str]) -> str | None:
    """Return the offered name of the task that is requested in any spelling, such as "chopsticks"."""
    if requested is None or requested in offered:
        return requested
    task = epic_task(requested)
    if task is not None:
        for name in offered:
            if epic_task(name) is task:
                return name
    return requested


def tasks(path: Path) -> tuple[str, ...]:
    """Return the names of the data sets: single tasks, and families of tasks ("drawing", "surgery")."""
    return tuple(_truth_files_by_task(path))


def load(path: Path, videos_dir: Path | None = None, choices: Choices = DEFAULT_CHOICES) -> Dataset:
    """Read a task, or a family of tasks as one data set with videos named ``<task>/<name>``."""
    files_by_task = _truth_files_by_task(path)
    if not files_by_task:
        raise DatasetError(f"{path} holds no ground truth (<task>_gt.csv with the columns Vid1, Vid2 and Best).")
    offered = tuple(files_by_task)
    n_files = len(_truth_files(path))
    default = None
    for name, files in files_by_task.items():
        if len(files) == n_files:  # the last name is that of the family
            default = name
    task = choose_task(_offered_name(choices.task, offered), offered, default, path)
    truths = files_by_task[task]
    published = [_published_task(truth) for truth in truths]
    published_tasks = [epic for epic in published if epic is not None]
    skipped_folders = folders_of_other_tasks(published_tasks) if published_tasks else ()
    video_files = VideoFolder(videos_folder(videos_dir, path), skipped_folders)
    subtasks = [
        _read_task(truth, epic, video_files, choices, is_pooled=len(truths) > 1)
        for truth, epic in zip(truths, published, strict=True)
    ]
    problems = [problem for subtask in subtasks for problem in subtask.problems] + video_files.problems
    released_folds = _pooled_folds([subtask.folds for subtask in subtasks], problems)
    title = task.replace("_", " ")
    if published_tasks:
        title = f"EPIC-Skills 2018, {title}"
    return Dataset(
        name=title,
        form="epic-skills",
        task=task,
        videos=tuple(video for subtask in subtasks for video in subtask.videos),
        pairs=tuple(pair for subtask in subtasks for pair in subtask.pairs),
        released=released_folds,
        published=_complete_family(published_tasks),
        problems=tuple(problems),
    )


def _complete_family(tasks: Sequence[EpicTask]) -> str | None:
    """Return the family of some tasks, or None unless these are all tasks of one family."""
    families = {task.family for task in tasks}
    if len(families) != 1:
        return None
    (family,) = families
    return family if len(tasks) == FAMILY_SIZE[family] else None


@dataclass(frozen=True, slots=True)
class _Subtask:
    videos: tuple[DatasetVideo, ...]
    pairs: tuple[Pair, ...]
    folds: tuple[Fold, ...]
    problems: tuple[str, ...]


def _pooled_folds(folds_by_subtask: Sequence[tuple[Fold, ...]], problems: list[str]) -> tuple[Fold, ...] | None:
    if not any(folds_by_subtask):
        return None
    folds = pooled_folds(folds_by_subtask)
    if folds is None:
        problems.append("The sub-tasks do not have the same released folds; none is used.")
    return folds


def _read_task(
    truth: Path, task: EpicTask | None, files: VideoFolder, choices: Choices, *, is_pooled: bool
) -> _Subtask:
    name = _task_name(truth)
    claims, problems = separate_problems(_claims_and_problems(truth))
    consensus = resolve_claims(claims, truth.name, problems)
    names = tuple(videos_of(consensus.pairs))
    folds = _read_splits(truth, name, names, consensus=consensus.pairs, problems=problems)
    participant_files = [file_in(truth.parent, "participants.csv")]
    participant_pattern = task.participant if task else None
    participants = participants_of(
        names,
        participant_files,
        stated_pattern=choices.participant_pattern,
        problems=problems,
        pattern=participant_pattern,
    )
    clip_ranges: dict[str, tuple[str, FrameRange]] = {}
    if task is not None and task.family == "dough":
        clip_ranges = _clip_ranges(truth, problems)
    prefix = f"{name}/" if is_pooled else ""
    videos = []
    for video in names:
        video_path, clip_range = _locate(video, task, files, clip_ranges, is_pooled=is_pooled)
        subtask = name if is_pooled else ""
        videos.append(
            DatasetVideo(
                prefix + video, video_path, participant=participants.get(video), subtask=subtask, clip_range=clip_range
            )
        )
    return _Subtask(
        tuple(videos),
        tuple(Pair(prefix + pair.better, prefix + pair.worse) for pair in consensus.pairs),
        tuple(with_prefix(fold, prefix) for fold in folds),
        tuple(problems),
    )


def _claims_and_problems(truth: Path) -> Iterator[Claim | str]:
    """Yield the claim of each row of a ground-truth file, or a sentence about its problem."""
    table = read_csv_table(truth)
    columns = [table.column(*names) for names in (_FIRST, _SECOND, _BEST)]
    for row in table.rows:
        first, second, best = (strip_extension(row.cell(column)) for column in columns)
        place = table.describe_row(row)
        if best not in (first, second):
            first_text = first or "?"
            second_text = second or "?"
            yield f"{place} does not say which of {first_text} and {second_text} is better."
        else:
            worse = second if best == first else first
            yield claim_or_problem(best, worse, place)


def _read_splits(
    truth: Path, name: str, names: Sequence[str], consensus: Sequence[Pair], problems: list[str]
) -> list[Fold]:
    """Return the released folds of a task."""
    folder = file_in(truth.parent, "splits")
    train_name = re.compile(rf"{re.escape(name)}_train_(\d+)\.csv", re.IGNORECASE)
    train_files: list[tuple[int, str, Path]] = []  # number of the fold, the same as written, and file
    for file in sorted(folder.glob("*")):
        match = train_name.fullmatch(file.name)
        if match is not None:
            train_files.append((int(match.group(1)), match.group(1), file))
    folds: list[Fold] = []
    for _, fold_name, train_file in sorted(train_files, key=lambda numbered: numbered[0]):
        test_file = file_in(folder, re.sub("_train_", "_val_", train_file.name, flags=re.IGNORECASE))
        if not test_file.is_file():
            problems.append(f"{train_file.name} has no {test_file.name} next to it; the fold is left out.")
            continue
        train = known_pairs(_read_listed_pairs(train_file, problems), consensus, train_file.name, problems)
        test = known_pairs(_read_listed_pairs(test_file, problems), consensus, test_file.name, problems)
        fold = fold_from_pairs(fold_name, names, train, test, problems)
        folds.append(without_unlisted_videos(fold, [*train, *test], consensus, problems))
    return folds


def _read_listed_pairs(file: Path, problems: list[str]) -> list[Pair]:
    pairs = read_pair_columns(file, problems)
    return [Pair(strip_extension(pair.better), strip_extension(pair.worse)) for pair in pairs]


def _clip_ranges(truth: Path, problems: list[str]) -> dict[str, tuple[str, FrameRange]]:
    """Return the stem of the recording and the frames of the attempt, by name of a video of rolling dough."""
    parents = (truth.parent, *truth.parent.parents)[:4]
    files = [file_in(folder, "dough_rolling_segments.csv") for folder in parents]
    path = next((file for file in files if file.is_file()), None)
    if path is None:
        return {}
    table = read_csv_table(path)
    video_column = table.column("video")
    start_column = table.column("startframe")
    last_column = table.column("endframe")
    ranges: dict[str, tuple[str, FrameRange]] = {}
    for row in table.rows:
        try:
            # "the final frame of our segmentation" is included
            clip_range = FrameRange(int(row.cell(start_column)), int(row.cell(last_column)) + 1)
        except ValueError:
            problems.append(f"{table.describe_row(row)} does not name a recording and two frames; it is left out.")
            continue
        stem = strip_extension(row.cell(video_column))
        ranges[stem.partition("_")[0]] = (stem, clip_range)
    return ranges


def _locate(
    video: str,
    task: EpicTask | None,
    files: VideoFolder,
    clip_ranges: dict[str, tuple[str, FrameRange]],
    *,
    is_pooled: bool,
) -> tuple[Path | None, FrameRange | None]:
    """Return the file of a video, and the frames of the attempt if it is a part of the file."""
    if task is None:
        return files.find(video, (video,)), None
    stems = tuple(template.format(video) for template in task.stems)
    has_shared_names = is_pooled and task.family == "drawing"
    folders = task.folders if has_shared_names else ()
    path = files.find(video, stems, folders, prefer="stationary")
    if path is None and task.family == "surgery":
        path = files.find(video, (video,), task.folders)
    if path is None and video in clip_ranges:
        stem, clip_range = clip_ranges[video]
        return files.find(video, (stem,)), clip_range
    return path, None
