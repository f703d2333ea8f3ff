"""JIGSAWS: ratings to pairs."""

from itertools import combinations
from pathlib import Path

import pytest

from skillviewer.core.dataset.folds import FoldUnit, make_folds
from skillviewer.core.dataset.pairs import Pair, SimilarPair
from skillviewer.core.errors import DatasetError
from skillviewer.data.formats import jigsaws
from skillviewer.data.formats.choices import Choices
from tests.data.files import touch, write


@pytest.fixture
def suturing(tmp_path: Path) -> Path:
    """No header, runs of tabs and blanks, no last line end."""
    lines = [
        "Suturing_B001 \t\tN\t\t 19 \t3\t3\t4\t3\t3\t3",
        "Suturing_B002\tN\t 15 3 2 3 2 3 2",
        "Suturing_C001  E 15  3 2 3 2 3 2",
        "",
        "Suturing_D003\tI\t24\t4\t4\t4\t4\t4\t4",
    ]
    write(tmp_path / "Suturing/meta_file_Suturing.txt", "\n".join(lines))
    return tmp_path


def test_ratings_become_pairs_and_ties_do_not(suturing: Path) -> None:
    data = jigsaws.load(suturing)
    d, b1, b2, c = "Suturing_D003", "Suturing_B001", "Suturing_B002", "Suturing_C001"
    assert set(data.pairs) == {Pair(d, b1), Pair(d, b2), Pair(d, c), Pair(b1, b2), Pair(b1, c)}
    assert data.similar == (SimilarPair(b2, c),)
    assert data.scores is not None
    assert data.scores.by_video() == {b1: 19, b2: 15, c: 15, d: 24}
    assert data.participants == {b1: "B", b2: "B", c: "C", d: "D"}
    assert data.problems == ()
    assert "equal ratings are no disparity" in data.rule
    assert (data.published, data.released) == (None, None)


def test_smallest_difference(suturing: Path) -> None:
    data = jigsaws.load(suturing, choices=Choices(smallest_difference=5))
    d, b1 = "Suturing_D003", "Suturing_B001"
    assert set(data.pairs) == {Pair(d, b1), Pair(d, "Suturing_B002"), Pair(d, "Suturing_C001")}
    assert len(data.similar) == 3
    assert "less than 5" in data.rule


def test_lines_that_cannot_be_read_are_listed(suturing: Path) -> None:
    meta = suturing / "Suturing/meta_file_Suturing.txt"
    text = meta.read_text() + "\nSuturing_E001 N\nSuturing_B001 N 19\nSuturing_B002 N 16\nSuturing_F001 N ten\n"
    write(meta, text + "Suturing_G001 N 20 3 3 3 3 3 3\n")
    data = jigsaws.load(meta)
    assert data.problems == (
        "meta_file_Suturing.txt line 6 does not name a trial, a level and a rating; it is left out.",
        "meta_file_Suturing.txt line 7 rates Suturing_B001 again; the first line counts.",
        "meta_file_Suturing.txt line 8 rates Suturing_B002 again and differently; the first line counts.",
        "meta_file_Suturing.txt line 9 does not name a trial, a level and a rating; it is left out.",
        "meta_file_Suturing.txt line 10: the items of Suturing_G001 sum to 18, not to 20.",
    )
    assert data.scores is not None
    assert data.scores.by_video()["Suturing_G001"] == 20


def test_videos_of_the_right_camera(suturing: Path) -> None:
    touch(
        suturing / "Suturing/video", ["Suturing_B001_capture1.avi", "Suturing_B001_capture2.avi", "Suturing_C001.mp4"]
    )
    touch(suturing / "Suturing/video", ["Suturing_B002_capture1.avi"])
    paths = {video.name: video.path for video in jigsaws.load(suturing).videos}
    assert paths["Suturing_B001"] == suturing / "Suturing/video/Suturing_B001_capture2.avi"
    assert paths["Suturing_C001"] == suturing / "Suturing/video/Suturing_C001.mp4"
    assert paths["Suturing_B002"] is None


def test_all_tasks_together_with_the_published_folds(tmp_path: Path) -> None:
    for task in ("Suturing", "Needle_Passing", "Knot_Tying"):
        lines = [f"{task}_{letter}00{i}\tN\t{10 + i + ord(letter) % 7}" for letter in "BCDEFGHI" for i in (1, 2)]
        write(tmp_path / task / f"meta_file_{task}.txt", "\n".join(lines) + "\n")
    assert jigsaws.tasks(tmp_path) == ("Knot_Tying", "Needle_Passing", "Suturing", "surgery")
    data = jigsaws.load(tmp_path)
    assert (data.task, data.published, len(data.videos)) == ("surgery", "surgery", 48)
    subtasks = data.subtasks
    assert all(subtasks[p.better] == subtasks[p.worse] for p in data.pairs)
    assert len(data.pairs) + len(data.similar) == 3 * len(list(combinations(range(16), 2)))
    made = make_folds(data)
    assert made.fold_unit is FoldUnit.RELEASED
    held_out = [{data.participants[v] for v in fold.held_out_videos} for fold in made.folds]
    assert held_out == [{"B", "C"}, {"D", "E"}, {"F", "G"}, {"H", "I"}]
    assert jigsaws.load(tmp_path, choices=Choices(task="needle passing")).task == "Needle_Passing"


def test_it_is_recognised_by_content(tmp_path: Path) -> None:
    write(tmp_path / "meta_file_Suturing.txt", "no ratings here\n")
    assert not jigsaws.tasks(tmp_path)
    with pytest.raises(DatasetError, match="no ratings"):
        jigsaws.load(tmp_path)


def test_two_lists_of_the_same_trials_have_to_be_chosen_from(tmp_path: Path) -> None:
    for task in ("Suturing", "Suturing_old"):
        write(tmp_path / f"meta_file_{task}.txt", "Suturing_B001\tN\t10\nSuturing_C001\tN\t12\n")
    with pytest.raises(DatasetError, match="Suturing_B001"):
        jigsaws.load(tmp_path)
    assert len(jigsaws.load(tmp_path, choices=Choices(task="Suturing_old")).pairs) == 1


def test_names_of_files_in_another_case(tmp_path: Path) -> None:
    write(tmp_path / "META_FILE_suturing.TXT", "Suturing_B001\tN\t10\nSuturing_C001\tN\t12\n")
    write(tmp_path / "Participants.csv", "video,participant\nSuturing_B001,Ann\nsuturing_c001,Bob\n")
    data = jigsaws.load(tmp_path)
    assert data.task == "suturing"
    assert data.participants == {"Suturing_B001": "Ann", "Suturing_C001": "Bob"}
