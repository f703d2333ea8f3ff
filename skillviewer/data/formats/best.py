"""BEST: clips of long videos in ``BEST.csv``, and lists of pairs and videos in ``splits/<task>/``.

Source: Doughty, Mayol-Cuevas and Damen, CVPR 2019. There is a single released fold, in which all videos of the test
pairs are held out.
"""

from collections.abc import Sequence
from pathlib import Path

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo
from skillviewer.core.dataset.pairs import Pair, videos_of
from skillviewer.core.errors import DatasetError
from skillviewer.core.video.clips import TimeRange
from skillviewer.data.formats.choices import DEFAULT_CHOICES, Choices
from skillviewer.data.formats.released_folds import fold_from_pairs, known_pairs, read_pair_lines
from skillviewer.data.formats.task_files import choose_task, file_in, first_matching_files, unique_task_paths
from skillviewer.data.tables.claims import Claim, resolve_claims
from skillviewer.data.tables.csv_tables import is_csv_with_columns, read_csv_table, read_word_rows
from skillviewer.data.tables.find_videos import VideoFolder
from skillviewer.data.tables.name_spelling import simplify_name
from skillviewer.data.tables.participants import participants_of

_VIDEO_LIST = "train_vid_list.txt"
_OTHER_FILES = ("train.txt", "test.txt", "test_vid_list.txt")
_VIDEO_COLUMNS = ("vidid", "video", "id")
_START_COLUMNS = ("startseconds", "start")
_STOP_COLUMNS = ("endseconds", "end", "stop")


def _folder_by_task(path: Path) -> dict[str, Path]:
    entries = []
    for file in first_matching_files(path, ["*/" * depth + _VIDEO_LIST for depth in range(5)]):
        folder = file.parent
        if all(file_in(folder, name).is_file() for name in _OTHER_FILES):
            entries.append((folder.name, folder))
    return unique_task_paths(entries, path)


def tasks(path: Path) -> tuple[str, ...]:
    """Return the names of the tasks, one per folder with lists."""
    return tuple(_folder_by_task(path))


def load(path: Path, videos_dir: Path | None = None, choices: Choices = DEFAULT_CHOICES) -> Dataset:
    """Read a task with its released fold. Videos may be whole or cut; the data set does not name participants."""
    folders = _folder_by_task(path)
    if not folders:
        raise DatasetError(f"{path} holds no lists of videos ({_VIDEO_LIST} with train.txt and test.txt next to it).")
    only_task = next(iter(folders)) if len(folders) == 1 else None
    task = choose_task(choices.task, tuple(folders), only_task, path)
    folder = folders[task]
    problems: list[str] = []
    train_pairs, train_claims = _read_pairs(folder, "train.txt", problems)
    test_pairs, test_claims = _read_pairs(folder, "test.txt", problems)
    consensus = resolve_claims([*train_claims, *test_claims], task, problems)
    names, held_out = _videos(folder, consensus.pairs, problems)
    train = known_pairs(train_pairs, consensus.pairs, "train.txt", [])
    test = known_pairs(test_pairs, consensus.pairs, "test.txt", [])
    fold = fold_from_pairs("released", names, train, test, problems, held_out)
    clip_ranges, unreadable = _clip_ranges(folder, task, problems)
    without_range = [name for name in names if name not in clip_ranges and name not in unreadable]
    if without_range:
        problems.append(f"{len(without_range)} videos have no start and end ({without_range[0]}); they are used whole.")
    participant_files = [file_in(folder, "participants.csv")]
    participants = participants_of(names, participant_files, choices.participant_pattern, problems)
    video_folder = path if videos_dir is None else videos_dir
    files = VideoFolder(video_folder)
    videos = []
    for name in names:
        video_path = None if name in unreadable else files.find(name, (name,), prefer=simplify_name(task))
        videos.append(
            DatasetVideo(name, video_path, participants.get(name), subtask="", clip_range=clip_ranges.get(name))
        )
    return Dataset(
        name=f"BEST, {task.replace('_', ' ')}",
        form="best",
        task=task,
        videos=tuple(videos),
        pairs=consensus.pairs,
        released=(fold,),
        problems=(*problems, *files.problems),
    )


def _read_pairs(folder: Path, file_name: str, problems: list[str]) -> tuple[list[Pair], list[Claim]]:
    """Return the pairs in a list, and the claims of its rows."""
    rows_and_pairs = read_pair_lines(file_in(folder, file_name), problems)
    pairs = [pair for _, pair in rows_and_pairs]
    claims = [Claim(pair, f"{file_name} line {row.last_line}") for row, pair in rows_and_pairs]
    return pairs, claims


def _videos(folder: Path, pairs: Sequence[Pair], problems: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the names of all videos, and the names of the held-out videos."""
    train = [row.cells[0] for row in read_word_rows(file_in(folder, "train_vid_list.txt"))]
    test = [row.cells[0] for row in read_word_rows(file_in(folder, "test_vid_list.txt"))]
    names_in_both = sorted(set(train) & set(test))
    if names_in_both:
        problems.append(
            f"{len(names_in_both)} videos are listed for training and for test ({names_in_both[0]}); they are held out."
        )
    paired_videos = set(videos_of(pairs))
    unlisted = sorted(paired_videos.difference(train, test))
    if unlisted:
        problems.append(f"{len(unlisted)} videos of the pairs are in no list ({unlisted[0]}); they count as training.")
    return tuple(dict.fromkeys([*train, *test, *unlisted])), test


def _clip_ranges(folder: Path, task: str, problems: list[str]) -> tuple[dict[str, TimeRange], set[str]]:
    """Return the time ranges of the videos, and the names of the videos whose range cannot be read."""
    searched_folders = [folder, *folder.parents[:3]]
    tables = (file_in(searched_folder, "BEST.csv") for searched_folder in searched_folders)
    columns = (("task",), _VIDEO_COLUMNS, _START_COLUMNS, _STOP_COLUMNS)
    path = next((table for table in tables if is_csv_with_columns(table, *columns)), None)
    if path is None:
        problems.append("There is no BEST.csv above the lists: where an attempt starts and ends is not known.")
        return {}, set()
    table = read_csv_table(path)
    task_column, video_column, start_column, stop_column = (table.column(*names) for names in columns)
    ranges: dict[str, TimeRange] = {}
    problem_by_name: dict[str, str] = {}
    for row in table.rows:
        if simplify_name(row.cell(task_column)) != simplify_name(task):
            continue
        name = row.cell(video_column)
        place = table.describe_row(row)
        start_s = table.number(row.cell(start_column))
        stop_s = table.number(row.cell(stop_column))
        if start_s is None or stop_s is None:
            problem_by_name.setdefault(name, f"{place} does not say from when to when {name} is")
        elif not 0 <= start_s < stop_s:
            problem_by_name.setdefault(name, f"{place} has {name} end before it starts")
        elif ranges.setdefault(name, TimeRange(start_s, stop_s)) != TimeRange(start_s, stop_s):
            problems.append(f"{place} gives {name} another start or end; the first row of it counts.")
    for name, problem in problem_by_name.items():
        consequence = "another row of it counts" if name in ranges else "the video is left out"
        problems.append(f"{problem}; {consequence}.")
    return ranges, set(problem_by_name) - set(ranges)
