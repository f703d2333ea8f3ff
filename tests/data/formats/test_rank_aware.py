"""The rank-aware form."""

from pathlib import Path

import pytest

from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.errors import DatasetError
from skillviewer.data.formats import rank_aware
from skillviewer.data.formats.choices import Choices
from tests.data.files import touch, write
from tests.facts import missing


@pytest.fixture
def surgery(tmp_path: Path) -> Path:
    """Two sub-tasks, two folds; a trailing blank and a pair twice in each fold."""
    k, n = "Knot_Tying/Knot_Tying_{}_capture2", "Needle_Passing/Needle_Passing_{}_capture2"
    folder = tmp_path / "data/EPIC-Skills/splits/surgery"
    inside = f"{k.format('C001')} {k.format('C002')}"
    across = f"{k.format('B001')} {k.format('C001')}"
    other = f"{n.format('C001')} {n.format('B001')}"
    write(folder / "train_split1.txt", f"{inside} \n")
    write(folder / "test_split1.txt", f"{across}\n{other}\n{across}\n")
    write(folder / "train_split2.txt", "")
    write(folder / "test_split2.txt", f"{inside}\r\n{across}\r\n{other}\r\n{across}")
    return tmp_path


def test_pairs_of_all_folds_people_and_subtasks(surgery: Path) -> None:
    data = rank_aware.load(surgery)
    assert (data.task, data.published, len(data.pairs)) == ("surgery", "surgery", 3)
    assert data.participants["Knot_Tying/Knot_Tying_C001_capture2"] == "C"
    assert data.participants["Needle_Passing/Needle_Passing_C001_capture2"] == "C"
    assert set(data.subtasks.values()) == {"Knot_Tying", "Needle_Passing"}
    assert data.problems == (
        (
            "surgery repeats pairs, each counted once: "
            "Knot_Tying/Knot_Tying_B001_capture2–Knot_Tying/Knot_Tying_C001_capture2 2 times."
        ),
    )
    assert data.released is not None
    assert [len(fold.held_out_videos) for fold in data.released] == [3, 5]
    assert [len(fold.test_pairs) for fold in data.released] == [2, 3]


def test_videos(surgery: Path) -> None:
    touch(surgery / "v", ["Knot_Tying/video/Knot_Tying_C001_capture2.avi", "Knot_Tying_C002_capture2.avi"])
    paths = {video.name: video.path for video in rank_aware.load(surgery, surgery / "v").videos}
    assert paths["Knot_Tying/Knot_Tying_C001_capture2"] == surgery / "v/Knot_Tying/video/Knot_Tying_C001_capture2.avi"
    assert paths["Knot_Tying/Knot_Tying_C002_capture2"] is None  # not below a folder of the sub-task


def test_stationary_videos_are_called_with_and_without_s(tmp_path: Path) -> None:
    write(tmp_path / "drawing/train_split1.txt", "Sonic/D5-S Sonic/B1-S\n")
    write(tmp_path / "drawing/test_split1.txt", "Hand/A1-S Hand/B1-S\nSonic/A2-S Sonic/B1-S\n")
    touch(tmp_path / "v", ["SonicDrawing/Stationary/D5.MP4", "Sonic/B1-S.mp4", "Hand/A1-S.mp4", "Hand/A2-S.mp4"])
    data = rank_aware.load(tmp_path / "drawing", tmp_path / "v")
    paths = {video.name: video.path for video in data.videos}
    assert paths["Sonic/D5-S"] == tmp_path / "v/SonicDrawing/Stationary/D5.MP4"
    assert paths["Sonic/B1-S"] == tmp_path / "v/Sonic/B1-S.mp4"
    assert paths["Sonic/A2-S"] is None
    assert data.participants["Sonic/D5-S"] == "D"


def test_several_tasks_have_to_be_chosen_from(surgery: Path) -> None:
    other = surgery / "data/EPIC-Skills/splits/chopstick_using"
    write(other / "train_split1.txt", "A1 B2\n")
    write(other / "test_split1.txt", "A1 C1\nC1 A1\nB1\n")
    with pytest.raises(DatasetError, match=r"chopstick_using.*surgery"):
        rank_aware.load(surgery)
    data = rank_aware.load(surgery, choices=Choices(task="Chopstick Using"))
    assert data.pairs == (Pair("A1", "B2"),)
    assert not missing(data.problems[0], "test_split1.txt", "line 3")
    assert not missing(data.problems[1], "test_split1.txt", "line 1", "A1", "C1")
    assert data.participants == {"A1": "A", "B2": "B"}


def test_a_fold_without_its_test_is_left_out(surgery: Path) -> None:
    folder = surgery / "data/EPIC-Skills/splits/surgery"
    (folder / "test_split2.txt").unlink()
    data = rank_aware.load(folder)
    assert data.released is not None
    assert [fold.name for fold in data.released] == ["1"]
    assert "no test_split2.txt" in data.problems[0]


def test_it_is_recognised_by_content(tmp_path: Path) -> None:
    write(tmp_path / "train_split1.txt", "one two three\n")
    assert not rank_aware.tasks(tmp_path)
    with pytest.raises(DatasetError, match="no splits"):
        rank_aware.load(tmp_path)
    write(tmp_path / "train_split1.txt", "one two\n")
    assert rank_aware.tasks(tmp_path)
    assert rank_aware.tasks(tmp_path / "train_split1.txt")


@pytest.mark.parametrize("task", ["drawing", "surgery", "chopstick_using", "dough_rolling"])
def test_a_study_of_ones_own_under_a_published_name_is_not_taken_for_it(task: str, tmp_path: Path) -> None:
    folder = tmp_path / task
    write(folder / "train_split1.txt", "anna_first bert_second\n")
    write(folder / "test_split1.txt", "anna_first carl_third\n")
    data = rank_aware.load(folder)
    assert (data.published, data.participants) == (None, {})
    assert "EPIC" not in data.name


@pytest.mark.parametrize(
    ("task", "pair", "who"),
    [
        ("drawing", "Sonic/D5-S Sonic/B1-S", {"D", "B"}),
        ("chopstick_using", "D1 C1", {"D", "C"}),
        ("dough_rolling", "S28_roll_dough S49_roll_dough", {"S28", "S49"}),
    ],
)
def test_published_names_are_known(task: str, pair: str, who: set[str], tmp_path: Path) -> None:
    write(tmp_path / task / "train_split1.txt", f"{pair}\n")
    write(tmp_path / task / "test_split1.txt", f"{pair}\n")
    data = rank_aware.load(tmp_path / task)
    assert data.published == task.partition("_")[0].replace("chopstick", "chopsticks")
    assert set(data.participants.values()) == who


def test_a_header_is_no_pair_and_tells_the_order(tmp_path: Path) -> None:
    write(tmp_path / "x/train_split1.txt", "better worse\na1 b1\nb1 c1\n")
    write(tmp_path / "x/test_split1.txt", "Worse\tBetter\nd1 c1\n")
    data = rank_aware.load(tmp_path)
    assert data.pairs == (Pair("a1", "b1"), Pair("b1", "c1"), Pair("c1", "d1"))
    assert data.problems == ()


def test_what_a_fold_leaves_out_is_told(tmp_path: Path) -> None:
    write(tmp_path / "x/train_split1.txt", "a1 b1\n")
    write(tmp_path / "x/test_split1.txt", "b1 c1\n")
    write(tmp_path / "x/Train_Split2.txt", "b1 c1\n")
    write(tmp_path / "x/TEST_split2.txt", "a1 b1\nc1 d1\n")
    data = rank_aware.load(tmp_path)
    assert data.released is not None
    assert "d1" not in {*data.released[0].train_videos, *data.released[0].held_out_videos}
    told = "\n".join(data.problems)
    assert not missing(told, "1 lists", "1 pairs", "c1–d1")
    assert not missing(told, "1 lists", "d1")
    assert "Fold 2" not in told
