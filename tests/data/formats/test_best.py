"""BEST: intervals of long videos, one released split."""

from pathlib import Path

import pytest

from skillviewer.core.dataset.folds import FoldUnit, make_folds
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.errors import DatasetError
from skillviewer.core.video.clips import TimeRange
from skillviewer.data.formats import best
from skillviewer.data.formats.choices import Choices
from tests.data.files import touch, write
from tests.facts import missing


@pytest.fixture
def root(tmp_path: Path) -> Path:
    table = [
        "task,vid_id,start_seconds,end_seconds",
        "tie_tie,-a1,25.05,144.3",
        "tie_tie,b2,1,9",
        "tie_tie,c3,30,20",
        "tie_tie,d4,x,20",
        "origami,e5,3,8",
    ]
    write(tmp_path / "BEST.csv", "\r\n".join(table) + "\r\n")
    folder = tmp_path / "splits/tie_tie"
    write(folder / "train.txt", "-a1 b2\nb2 c3\n")
    write(folder / "test.txt", "d4 f6\n")
    write(folder / "train_vid_list.txt", "-a1\nb2\nc3\n")
    write(folder / "test_vid_list.txt", "d4\nf6\n")
    return tmp_path


def test_pairs_ranges_and_the_released_split(root: Path) -> None:
    touch(root / "v", ["tie_tie/-a1.mp4", "origami/b2.mp4", "tie_tie/b2.mp4", "d4.webm"])
    data = best.load(root, root / "v")
    assert data.pairs == (Pair("-a1", "b2"), Pair("b2", "c3"), Pair("d4", "f6"))
    by_name = {video.name: video for video in data.videos}
    assert by_name["-a1"].clip_range == TimeRange(25.05, 144.3)
    assert by_name["c3"].clip_range is None
    assert by_name["b2"].path == root / "v/tie_tie/b2.mp4"
    assert by_name["d4"].path is None, "which clip of it is meant is not known"
    assert data.problems == (
        "BEST.csv line 4 has c3 end before it starts; the video is left out.",
        "BEST.csv line 5 does not say from when to when d4 is; the video is left out.",
        "1 videos have no start and end (f6); they are used whole.",
    )
    made = make_folds(data)
    assert made.fold_unit is FoldUnit.RELEASED
    assert made.folds[0].held_out_videos == ("d4", "f6")
    assert made.folds[0].both_held_out == (Pair("d4", "f6"),)


def test_lists_that_contradict_the_pairs_are_told(root: Path) -> None:
    folder = root / "splits/tie_tie"
    write(folder / "train.txt", "-a1 b2\nb2 d4\n-a1 z9\n")
    write(folder / "test.txt", "d4 f6\n-a1 b2\n")
    write(folder / "test_vid_list.txt", "d4\nf6\nc3\n")
    data = best.load(folder)
    told = "\n".join(data.problems)
    assert not missing(told, "1 videos", "c3")
    assert not missing(told, "1 videos", "z9")
    assert not missing(told, "1 training", "b2–d4")
    assert not missing(told, "1 test", "-a1–b2")
    assert not missing(told, "tie_tie", "-a1–b2", "2 times")
    assert data.released is not None
    assert data.released[0].train_videos == ("-a1", "b2", "z9")
    assert data.released[0].test_pairs == (Pair("d4", "f6"),)


def test_without_a_table_videos_are_whole(root: Path) -> None:
    (root / "BEST.csv").unlink()
    data = best.load(root)
    assert {video.clip_range for video in data.videos} == {None}
    assert "There is no BEST.csv" in data.problems[0]


def test_several_tasks_have_to_be_chosen_from(root: Path) -> None:
    for name in ("train.txt", "test.txt", "train_vid_list.txt", "test_vid_list.txt"):
        write(root / "splits/origami" / name, "e5 g7\n" if "list" not in name else "e5\n")
    assert best.tasks(root) == ("origami", "tie_tie")
    with pytest.raises(DatasetError, match="Say which one: origami, tie_tie"):
        best.load(root)
    assert best.load(root, choices=Choices(task="tie tie")).task == "tie_tie"


def test_it_is_recognised_by_content(root: Path, tmp_path: Path) -> None:
    assert best.tasks(root)
    (root / "splits/tie_tie/test.txt").unlink()
    assert not best.tasks(tmp_path)
    with pytest.raises(DatasetError, match="no lists"):
        best.load(root)


def test_rows_that_come_again_and_decimal_commas(root: Path) -> None:
    rows = [
        "task;vid_id;start_seconds;end_seconds",
        "tie_tie;-a1;25,05;144,3",
        "tie_tie;b2;1;9",
        "tie_tie;b2;1,0;9,0",
        "tie_tie;b2;20;29",
        "tie_tie;c3;x;9",
        "tie_tie;c3;2;9",
        "tie_tie;d4;3;4",
        "tie_tie;f6;3;4",
    ]
    write(root / "BEST.csv", "\n".join(rows))
    data = best.load(root)
    clip_ranges = {video.name: video.clip_range for video in data.videos}
    assert clip_ranges["-a1"] == TimeRange(25.05, 144.3)
    assert clip_ranges["b2"] == TimeRange(1, 9)
    assert clip_ranges["c3"] == TimeRange(2, 9)
    assert data.problems == (
        "BEST.csv line 5 gives b2 another start or end; the first row of it counts.",
        "BEST.csv line 6 does not say from when to when c3 is; another row of it counts.",
    )


def test_names_of_files_in_another_case(root: Path) -> None:
    (root / "BEST.csv").rename(root / "best.CSV")
    folder = root / "splits/tie_tie"
    for name in ("train.txt", "test_vid_list.txt", "train_vid_list.txt"):
        (folder / name).rename(folder / name.capitalize())
    data = best.load(root)
    assert len(data.pairs) == 3
    assert {video.name: video.clip_range for video in data.videos}["b2"] == TimeRange(1, 9)
