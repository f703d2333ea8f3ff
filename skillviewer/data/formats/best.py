"""BEST: clips of long videos, ``BEST.csv`` and ``splits/<task>/{train,test}.txt`` with their lists of videos.

Source: Doughty, Mayol-Cuevas and Damen, CVPR 2019. There is one released fold; no video is both in training and test,
and every test pair has both videos held out.
"""

from collections.abc import Sequence
from pathlib import Path

from skillviewer.core.dataset.dataset import Dataset, DatasetVideo
from skillviewer.core.dataset.pairs import Pair, videos_of
from skillviewer.core.errors import DatasetError
from skillviewer.core.video.clips import TimeRange
from skillviewer.data.formats.choices import USUAL_CHOICES, Choices
from skillviewer.data.formats.released_folds import fold_from_pairs, known_pairs, read_pair_lines
from skillviewer.data.formats.task_files import chosen_task, file_in, matches_of_first_pattern, unique_task_paths
from skillviewer.data.tables.claims import Claim, sort_out
from skillviewer.data.tables.find_videos import VideoFolder
from skillviewer.data.tables.participants import participants_of
from skillviewer.data.tables.rows import looks_like, plain, read_sheet, read_word_rows

_LIST = "train_vid_list.txt"
_VIDEO = ("vidid", "video", "id")
_START = ("startseconds", "start")
_STOP = ("endseconds", "end", "stop")


def _folders(path: Path) -> dict[str, Path]:
    list_files = matches_of_first_pattern(path, ["*/" * depth + _LIST for depth in range(5)])
    needed = ("train.txt", "test.txt", "test_vid_list.txt")
    whole = (file.parent for file in list_files if all(file_in(file.parent, name).is_file() for name in needed))
    return unique_task_paths(((folder.name, folder) for folder in whole), path)


def tasks(path: Path) -> tuple[str, ...]:
    """Return the names of the tasks: one per folder with lists."""
    return tuple(_folders(path))


def load(path: Path, videos_dir: Path | None = None, choices: Choices = USUAL_CHOICES) -> Dataset:
    """Read a task with its released fold. Videos may be whole or cut; the data set does not name participants."""
    folders = _folders(path)
    if not folders:
        raise DatasetError(f"{path} holds no lists of videos ({_LIST} with train.txt and test.txt next to it).")
    task = chosen_task(choices.task, tuple(folders), next(iter(folders)) if len(folders) == 1 else None, path)
    folder = folders[task]
    problems: list[str] = []
    sides, claims = _claims(folder, problems)
    claimed = sort_out(claims, task, problems)
    names, held_out = _videos(folder, claimed.pairs, problems)
    train, test = (known_pairs(pairs, claimed.pairs, f"{side}.txt", []) for side, pairs in sides.items())
    fold = fold_from_pairs("released", names, train, test, problems, held_out)
    clip_ranges, unread = _clip_ranges(folder, task, problems)
    without_range = [name for name in names if name not in clip_ranges and name not in unread]
    if without_range:
        problems.append(f"{len(without_range)} videos have no start and end ({without_range[0]}); they are used whole.")
    participant_files = [file_in(folder, "participants.csv")]
    participants = participants_of(names, participant_files, choices.participant_pattern, problems)
    files = VideoFolder(videos_dir or path)
    return Dataset(
        name=f"BEST, {task.replace('_', ' ')}",
        form="best",
        task=task,
        videos=tuple(
            DatasetVideo(
                name,
                None if name in unread else files.find(name, (name,), prefer=plain(task)),
                participants.get(name),
                "",
                clip_ranges.get(name),
            )
            for name in names
        ),
        pairs=claimed.pairs,
        released=(fold,),
        problems=(*problems, *files.problems),
    )


def _claims(folder: Path, problems: list[str]) -> tuple[dict[str, list[Pair]], list[Claim]]:
    """Return the pairs of each side, and the claims of all rows."""
    sides: dict[str, list[Pair]] = {}
    claims: list[Claim] = []
    for side in ("train", "test"):
        rows = read_pair_lines(file_in(folder, f"{side}.txt"), problems)
        sides[side] = [pair for _, pair in rows]
        claims += [Claim(pair, f"{side}.txt line {row.line}") for row, pair in rows]
    return sides, claims


def _videos(folder: Path, pairs: Sequence[Pair], problems: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the names of all videos, and those listed for test."""
    train = [row.cells[0] for row in read_word_rows(file_in(folder, "train_vid_list.txt"))]
    test = [row.cells[0] for row in read_word_rows(file_in(folder, "test_vid_list.txt"))]
    both = sorted(set(train) & set(test))
    if both:
        problems.append(f"{len(both)} videos are listed for training and for test ({both[0]}); they are held out.")
    unlisted = sorted(set(videos_of(pairs)).difference(train, test))
    if unlisted:
        problems.append(f"{len(unlisted)} videos of the pairs are in no list ({unlisted[0]}); they count as training.")
    return tuple(dict.fromkeys([*train, *test, *unlisted])), test


def _clip_ranges(folder: Path, task: str, problems: list[str]) -> tuple[dict[str, TimeRange], set[str]]:
    """Return the time ranges of the videos, and the videos with an unreadable range."""
    tables = (file_in(above, "BEST.csv") for above in (folder, *folder.parents)[:4])
    path = next((table for table in tables if looks_like(table, ("task",), _VIDEO, _START, _STOP)), None)
    if path is None:
        problems.append("There is no BEST.csv above the lists: where an attempt starts and ends is not known.")
        return {}, set()
    sheet = read_sheet(path)
    task_column = sheet.column("task")
    video = sheet.column(*_VIDEO)
    start, stop = sheet.column(*_START), sheet.column(*_STOP)
    ranges: dict[str, TimeRange] = {}
    strange: dict[str, str] = {}
    for row in sheet.rows:
        if plain(row.cell(task_column)) != plain(task):
            continue
        name = row.cell(video)
        start_s, stop_s = sheet.number(row.cell(start)), sheet.number(row.cell(stop))
        if start_s is None or stop_s is None:
            strange.setdefault(name, f"{sheet.place(row)} does not say from when to when {name} is")
        elif not 0 <= start_s < stop_s:
            strange.setdefault(name, f"{sheet.place(row)} has {name} end before it starts")
        elif ranges.setdefault(name, TimeRange(start_s, stop_s)) != TimeRange(start_s, stop_s):
            problems.append(f"{sheet.place(row)} gives {name} another start or end; the first row of it counts.")
    for name, problem in strange.items():
        problems.append(f"{problem}; {'another row of it counts' if name in ranges else 'the video is left out'}.")
    return ranges, set(strange) - set(ranges)
