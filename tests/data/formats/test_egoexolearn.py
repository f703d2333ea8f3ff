"""EgoExoLearn's ranges of frames."""

from pathlib import Path

import pytest

from skillviewer.core.dataset.folds import FoldUnit, make_folds
from skillviewer.core.dataset.pairs import Pair
from skillviewer.core.errors import DatasetError
from skillviewer.core.video.clips import FrameRange
from skillviewer.data.formats import egoexolearn
from skillviewer.data.formats.choices import Choices
from tests.data.files import touch, write
from tests.facts import missing

A, B, C, D = (f"bee9{letter}-ac78-11ee-819f-80615f12b59e" for letter in "abcd")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    train = [f"18_{A}_7242_7427 18_{B}_290_455", f"18_{B}_290_455 18_{C}_10_20", f"15_{A}_1_99 15_{B}_5_50"]
    val = [f"18_{A}_7242_7427 18_{D}_0_5", f"18_{D}_0_5 18_{A}_9_3", f"18_{A}_1_2 15_{B}_5_50", "18_x 18_y", "one"]
    write(tmp_path / "annotations/skill_train.txt", "\n".join(train) + "\n")
    write(tmp_path / "annotations/skill_val.txt", "\n".join(val) + "\n")
    return tmp_path


def test_one_action(root: Path) -> None:
    touch(root / "v", [f"{A}.mp4", f"{B}.mp4"])
    data = egoexolearn.load(root, root / "v", Choices(task="egg-cracking"))
    first = f"18_{A}_7242_7427"
    assert data.pairs == (
        Pair(first, f"18_{B}_290_455"),
        Pair(f"18_{B}_290_455", f"18_{C}_10_20"),
        Pair(first, f"18_{D}_0_5"),
    )
    by_name = {video.name: video for video in data.videos}
    assert by_name[first].clip_range == FrameRange(7242, 7428)
    assert by_name[first].path == root / f"v/{A}.mp4"
    assert by_name[f"18_{C}_10_20"].path is None
    told = "\n".join(data.problems)
    assert not missing(told, "skill_val.txt", "line 2")
    assert not missing(told, "skill_val.txt", "3 compares")
    assert not missing(told, "skill_val.txt", "line 4")
    assert "skill_val.txt line 5 is not two videos" in told
    assert "divide pairs, not videos: 2 videos" in told


def test_whole_recordings_are_held_out(root: Path) -> None:
    data = egoexolearn.load(root, choices=Choices(task="egg-cracking"))
    assert data.released is None
    made = make_folds(data, 2)
    assert made.fold_unit is FoldUnit.PARTICIPANT
    assert set(data.participants.values()) == {A, B, C, D}
    assert any(not missing(problem, "recordings instead") for problem in data.problems)


def test_all_actions_are_subtasks_of_one(root: Path) -> None:
    assert egoexolearn.tasks(root) == ("chopping-into-pieces", "egg-cracking", "all")
    data = egoexolearn.load(root)
    assert data.task == "all"
    assert len(data.pairs) == 4
    assert set(data.subtasks.values()) == {"chopping-into-pieces", "egg-cracking"}


def test_one_list_alone_and_people_by_a_file(root: Path) -> None:
    alone = write(root / "own/my_skill_train.txt", f"06_{A}_0_9 06_{B}_0_9\n")
    write(root / "own/participants.csv", f"video,participant\n06_{A}_0_9,Ann\n06_{B}_0_9,Bob\n")
    data = egoexolearn.load(alone)
    assert data.task == "peeling"
    assert set(data.participants.values()) == {"Ann", "Bob"}
    assert data.problems == ()


def test_it_is_recognised_by_content(tmp_path: Path) -> None:
    write(tmp_path / "skill_train.txt", "a b\n")
    assert not egoexolearn.tasks(tmp_path)
    with pytest.raises(DatasetError, match="no skill pairs"):
        egoexolearn.load(tmp_path)


def test_people_may_be_named_by_recording(root: Path) -> None:
    write(root / "annotations/participants.csv", f"video,participant\n{A},Ann\n{B},Bob\n{C},Ann\n{D},Bob\n")
    data = egoexolearn.load(root, choices=Choices(task="egg-cracking"))
    assert {data.participants[name] for name in data.names if A in name or C in name} == {"Ann"}
    assert {data.participants[name] for name in data.names if B in name or D in name} == {"Bob"}
    assert not any("participant" in problem or "are unknown" in problem for problem in data.problems)


def test_a_recording_stands_in_for_a_person_who_is_not_named(root: Path) -> None:
    clip = f"18_{A}_7242_7427"
    write(root / "annotations/participants.csv", f"video,participant\n{A},Ann\n{B},Bob\n{C},Ann\n")
    data = egoexolearn.load(root, choices=Choices(task="egg-cracking"))
    assert set(data.participants.values()) == {"Ann", "Bob", D}
    assert any(not missing(p, "4 clips") for p in data.problems)
    made = make_folds(data)
    assert made.fold_unit is FoldUnit.PARTICIPANT
    assert not missing(made.warning, "known participant")
    write(root / "annotations/participants.csv", f"video,participant\n{clip},Ann\n")
    whole = egoexolearn.load(root)
    assert {whole.participants[name] for name in whole.names if A in name} == {"Ann"}, "one wears the camera"
