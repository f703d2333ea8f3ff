"""EPIC-Skills 2018, in files as irregular as the released ones."""

from pathlib import Path

import pytest

from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.errors import DatasetError
from skillviewer.core.video.clips import FrameRange
from skillviewer.data.formats import epic_skills
from skillviewer.data.formats.choices import Choices
from tests.data.files import touch, write
from tests.facts import missing

FOLDER = "annotations/Chopstick_Using"


@pytest.fixture
def chopsticks(tmp_path: Path) -> Path:
    """Four videos of two people, CRLF, trailing commas, a pair three times, and two folds."""
    folder = tmp_path / FOLDER
    rows = ["Vid1,Vid2,Best", "A1,B1,A1", "B2,A1,A1,", "A2,B1,A2", "B1,B2,B1", "A1,B1,A1", "B1,A1,A1,,", "A1,A2,A1"]
    write(folder / "chopstick_using_gt.csv", "\r\n".join(rows) + "\r\n")
    write(folder / "splits/chopstick_using_train_1.csv", "Better,Worse,\nB1,B2,\n")
    write(folder / "splits/chopstick_using_val_1.csv", "Better,Worse\nA1,B1,\nA1,B2,\nA2,B1\nA1,A2\nA1,B1,\n")
    write(folder / "splits/chopstick_using_train_2.csv", "Better,Worse,\nA1,A2,")
    write(folder / "splits/chopstick_using_val_2.csv", "Better,Worse,\nA1,B1,\nA1,B2,\nA2,B1,\nB1,B2,")
    return folder


def test_pairs_folds_and_people(chopsticks: Path) -> None:
    data = epic_skills.load(chopsticks)
    assert (data.form, data.task, data.published) == ("epic-skills", "chopstick_using", "chopsticks")
    assert data.pairs == (Pair("A1", "B1"), Pair("A1", "B2"), Pair("A2", "B1"), Pair("B1", "B2"), Pair("A1", "A2"))
    assert data.participants == {"A1": "A", "A2": "A", "B1": "B", "B2": "B"}
    assert data.problems == ("chopstick_using_gt.csv repeats pairs, each counted once: A1–B1 3 times.",)
    assert data.released is not None
    first, second = data.released
    assert (first.held_out_videos, second.held_out_videos) == (("A1", "A2"), ("B1", "B2"))
    assert (len(first.train_pairs), len(first.test_pairs), len(first.both_held_out)) == (1, 4, 1)
    assert second.both_held_out == (Pair("B1", "B2"),)


@pytest.mark.parametrize("at", ["", "annotations", FOLDER, f"{FOLDER}/chopstick_using_gt.csv"])
def test_it_opens_from_the_root_down(chopsticks: Path, tmp_path: Path, at: str) -> None:
    assert epic_skills.tasks(tmp_path / at)
    assert epic_skills.tasks(tmp_path / at) == ("chopstick_using",)
    assert len(epic_skills.load(tmp_path / at).pairs) == 5
    assert chopsticks.is_dir()


def test_videos_are_found_by_their_stem(chopsticks: Path, tmp_path: Path) -> None:
    root = tmp_path / "videos"
    names = ["Stationary/A1.MP4", "Headmounted/A1.MP4", "Stationary/A2-S.mp4", "Stationary/B1.avi", "Stationary/B1.mp4"]
    touch(root, [f"ChopstickUsing/{name}" for name in names] + ["HandDrawing/Stationary/B2.MP4"])
    data = epic_skills.load(chopsticks, root)
    paths = {video.name: video.path for video in data.videos}
    assert paths["A1"] == root / "ChopstickUsing/Stationary/A1.MP4"
    assert paths["A2"] == root / "ChopstickUsing/Stationary/A2-S.mp4"
    assert paths["B1"] is None  # two files: listed, none taken
    assert paths["B2"] is None  # that one is of another task
    assert "“B1” could be any of 2 files" in data.problems[-1]


def test_rows_that_cannot_be_read_are_listed_and_the_rest_loads(tmp_path: Path) -> None:
    rows = ["Vid1,Vid2,Better", "A1,B1,A1", "A1,B2,C9", "A1,,A1", "A2,A2,A2", "", "B1,A1,B1", "B2,A2,A2"]
    data = epic_skills.load(write(tmp_path / "my_task_gt.csv", "\n".join(rows)))
    assert data.pairs == (Pair("A2", "B2"),)
    assert data.problems == (
        "my_task_gt.csv line 3 does not say which of A1 and B2 is better.",
        "my_task_gt.csv line 4 does not name two videos; it is left out.",
        "my_task_gt.csv line 5 compares A2 with itself; it is left out.",
        (
            "my_task_gt.csv line 2 says A1 better than B1, my_task_gt.csv line 7 says B1 better than A1: "
            "the pair is left out."
        ),
    )
    assert data.released is None
    assert (data.name, data.published) == ("my task", None)


def test_a_study_of_ones_own_in_this_form(tmp_path: Path) -> None:
    write(tmp_path / "knots_gt.csv", "Vid1,Vid2,Best\n001,002,002\n003,002,003\n")
    write(tmp_path / "participants.csv", "video,participant\n001,Ann\n002,Bob\n003,Ann\n")
    touch(tmp_path / "videos", ["001.mp4", "002.mp4", "003.mp4"])
    data = epic_skills.load(tmp_path)
    assert data.participants == {"001": "Ann", "002": "Bob", "003": "Ann"}
    assert data.videos[0].path == tmp_path / "videos/001.mp4"
    by_rule = epic_skills.load(tmp_path, choices=Choices(participant_pattern=r"^(\d)"))
    assert set(by_rule.participants.values()) == {"0"}


def test_split_rows_that_the_truth_does_not_have(chopsticks: Path) -> None:
    write(chopsticks / "splits/chopstick_using_train_1.csv", "Better,Worse,\nB1,B2,\nB2,A2,\nB1\n")
    write(chopsticks / "splits/chopstick_using_train_3.csv", "Better,Worse,\nB1,B2,\n")
    data = epic_skills.load(chopsticks)
    assert data.problems[1:] == (
        "chopstick_using_train_1.csv line 4 is not two videos; it is left out.",
        (
            "chopstick_using_train_1.csv has 1 pairs that the ground truth does not have in this order (B2–A2); "
            "they are left out."
        ),
        "chopstick_using_train_3.csv has no chopstick_using_val_3.csv next to it; the fold is left out.",
    )
    assert data.released is not None
    assert len(data.released) == 2


def test_test_pairs_of_two_training_videos_are_left_out(chopsticks: Path) -> None:
    write(chopsticks / "splits/chopstick_using_train_2.csv", "Better,Worse,\nA1,A2,\nA1,B1\n")
    data = epic_skills.load(chopsticks)
    assert data.released is not None
    fold = data.released[1]
    assert fold.held_out_videos == ("B2",)
    assert all("B2" in (p.better, p.worse) for p in fold.test_pairs)
    assert any(not missing(problem, "Fold 2", "2 test") for problem in data.problems)


def test_what_a_split_does_not_list_is_told_and_takes_no_part(chopsticks: Path) -> None:
    write(chopsticks / "splits/chopstick_using_train_2.csv", "Better,Worse,\nA1,A2,\n")
    write(chopsticks / "splits/chopstick_using_val_2.csv", "Better,Worse,\nA1,B1\n")
    data = epic_skills.load(chopsticks)
    assert data.released is not None
    fold = data.released[1]
    assert (fold.train_videos, fold.held_out_videos) == (("A1", "A2"), ("B1",))
    assert any(not missing(problem, "ground truth") for problem in data.problems)
    assert any(not missing(problem, "2 lists", "B2") for problem in data.problems)


@pytest.fixture
def drawing(tmp_path: Path) -> Path:
    for task, letters in (("Hand_Drawing", "AE"), ("Sonic_Drawing", "AC")):
        folder, low = tmp_path / task, task.casefold()
        a, b = letters[0], letters[1]
        write(folder / f"{low}_gt.csv", f"Vid1,Vid2,Best\n{a}1,{b}1,{a}1,\n{a}1,{b}2,{b}2\n{b}2,{b}1,{b}2\n")
        write(folder / f"splits/{low}_train_1.csv", f"Better,Worse\n{b}2,{b}1\n")
        write(folder / f"splits/{low}_val_1.csv", f"Better,Worse\n{a}1,{b}1\n{b}2,{a}1\n")
    return tmp_path


def test_two_drawing_tasks_are_pooled(drawing: Path) -> None:
    assert epic_skills.tasks(drawing) == ("hand_drawing", "sonic_drawing", "drawing")
    data = epic_skills.load(drawing)
    assert (data.task, data.published) == ("drawing", "drawing")
    assert data.names[:3] == ("hand_drawing/A1", "hand_drawing/E1", "hand_drawing/E2")
    assert data.participants["hand_drawing/A1"] == data.participants["sonic_drawing/A1"] == "A"
    assert set(data.subtasks.values()) == {"hand_drawing", "sonic_drawing"}
    assert data.released is not None
    assert data.released[0].held_out_videos == ("hand_drawing/A1", "sonic_drawing/A1")
    assert len(data.released[0].test_pairs) == 4
    single = epic_skills.load(drawing, choices=Choices(task="Sonic Drawing"))
    assert (single.names, single.published) == (("A1", "C1", "C2"), None)


def test_pooled_tasks_find_their_own_videos(drawing: Path) -> None:
    touch(drawing / "v", ["HandDrawing/Stationary/A1.MP4", "SonicDrawing/Stationary/A1.MP4", "E1.mp4"])
    paths = {v.name: v.path for v in epic_skills.load(drawing, drawing / "v").videos}
    assert paths["hand_drawing/A1"] == drawing / "v/HandDrawing/Stationary/A1.MP4"
    assert paths["sonic_drawing/A1"] == drawing / "v/SonicDrawing/Stationary/A1.MP4"
    assert paths["hand_drawing/E1"] is None  # nothing says that it is of this sub-task


def test_subtasks_with_other_folds_have_none_together(drawing: Path) -> None:
    (drawing / "Sonic_Drawing/splits/sonic_drawing_train_1.csv").unlink()
    data = epic_skills.load(drawing)
    assert data.released is None
    assert "do not have the same released folds" in data.problems[-1]


def test_several_tasks_have_to_be_chosen_from(drawing: Path, chopsticks: Path) -> None:
    assert chopsticks.is_relative_to(drawing)
    write(drawing / "Chopstick_Using/chopstick_using_gt.csv", "Vid1,Vid2,Best\nA1,B1,A1\n")
    with pytest.raises(DatasetError, match=r"chopstick_using.*hand_drawing.*sonic_drawing"):
        epic_skills.load(drawing)
    assert epic_skills.load(drawing, choices=Choices(task="chopsticks")).task == "chopstick_using"
    assert epic_skills.load(drawing, choices=Choices(task="drawing")).task == "drawing"
    with pytest.raises(DatasetError, match="holds no task “origami”"):
        epic_skills.load(drawing, choices=Choices(task="origami"))


def test_surgery_uses_the_right_camera(tmp_path: Path) -> None:
    write(tmp_path / "Suturing/suturing_gt.csv", "Vid1,Vid2,Better,\nE002,I003,E002,\nB001,E002,B001,\n")
    touch(tmp_path / "v", ["Suturing_E002_capture1.avi", "Suturing_E002_capture2.avi", "Suturing/I003.mp4"])
    data = epic_skills.load(tmp_path, tmp_path / "v")
    paths = {video.name: video.path for video in data.videos}
    assert paths["E002"] == tmp_path / "v/Suturing_E002_capture2.avi"
    assert paths["I003"] == tmp_path / "v/Suturing/I003.mp4"
    assert paths["B001"] is None
    assert data.participants == {"B001": "B", "E002": "E", "I003": "I"}


def test_dough_is_cut_from_long_recordings(tmp_path: Path) -> None:
    folder = tmp_path / "annotations/Dough_Rolling"
    write(folder / "dough_rolling_gt.csv", "Vid1,Vid2,Best,\r\nS08,S33,S33,\r\nS07,S08,S07,\r\n")
    segments = (
        "Video,StartFrame,EndFrame,\nS07_Pizza_7150991,1275,2551,\nS08_Pizza_7150991,1324,4238,\nS33_Pizza,x,1,\n"
    )
    write(tmp_path / "dough_rolling_segments.csv", segments)
    touch(tmp_path / "v", ["S07_Pizza_7150991.avi", "S08_roll_dough.mp4"])
    data = epic_skills.load(folder, tmp_path / "v")
    by_name = {video.name: video for video in data.videos}
    assert by_name["S07"].path == tmp_path / "v/S07_Pizza_7150991.avi"
    assert by_name["S07"].clip_range == FrameRange(1275, 2552)  # the last frame belongs to it
    assert by_name["S08"].path == tmp_path / "v/S08_roll_dough.mp4"
    assert by_name["S08"].clip_range is None  # cut already
    assert data.participants == {"S07": "S07", "S08": "S08", "S33": "S33"}
    assert data.problems == (
        "dough_rolling_segments.csv line 4 does not name a recording and two frames; it is left out.",
    )


def test_it_is_recognised_by_content(tmp_path: Path) -> None:
    write(tmp_path / "x_gt.csv", "name,points\nA,3\n")
    assert not epic_skills.tasks(tmp_path)
    assert not epic_skills.tasks(tmp_path / "missing")
    with pytest.raises(DatasetError, match="no ground truth"):
        epic_skills.load(tmp_path)


def test_a_task_found_twice_is_told(tmp_path: Path) -> None:
    for copy in ("one", "two"):
        write(tmp_path / copy / "x_gt.csv", "Vid1,Vid2,Best\na,b,a\n")
    with pytest.raises(DatasetError, match="more than once"):
        epic_skills.load(tmp_path)


def test_a_study_of_ones_own_under_a_published_name(tmp_path: Path) -> None:
    write(tmp_path / "suturing_gt.csv", "Vid1,Vid2,Best\nP01_1,P02_1,P01_1\nP02_2,P01_1,P02_2\n")
    touch(tmp_path / "videos", ["P01_1.mp4", "P02_1.mp4", "P02_2.mp4"])
    data = epic_skills.load(tmp_path, choices=Choices(participant_pattern=r"^(P\d+)"))
    assert (data.name, data.published) == ("suturing", None)
    assert all(video.path is not None for video in data.videos)
    assert set(data.participants.values()) == {"P01", "P02"}
    assert epic_skills.load(tmp_path).participants == {}


def test_names_of_files_in_another_case(tmp_path: Path) -> None:
    write(tmp_path / "Pouring_GT.CSV", "Vid1,Vid2,Best\nA1,B1,A1\nA1,A2,A1\n")
    write(tmp_path / "Splits/pouring_TRAIN_1.CSV", "Better,Worse\nA1,A2\n")
    write(tmp_path / "Splits/Pouring_VAL_1.csv", "Better,Worse\nA1,B1\n")
    write(tmp_path / "Participants.csv", "video,participant\nA1.mp4,Ann\na2,Ann\nB1,Bob\n")
    data = epic_skills.load(tmp_path)
    assert data.task == "Pouring"
    assert data.participants == {"A1": "Ann", "A2": "Ann", "B1": "Bob"}
    assert data.released is not None
    assert data.released[0].held_out_videos == ("B1",)
