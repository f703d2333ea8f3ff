"""Opening a data set of any form; every form answers alike."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skillviewer.core.errors import DatasetError
from skillviewer.data.formats.choices import Choices
from skillviewer.data.formats.formats import (
    DATASET_FORMATS,
    DatasetFormat,
    check_dataset,
    open_dataset,
    recognised_form,
)
from skillviewer_testing import check_dataset_form
from tests.data.files import touch, write
from tests.facts import missing

U = "bee9-ac78"
EXAMPLES: dict[str, dict[str, str]] = {
    "pair-folder": {"pairs.csv": "left,right,label\nA1,B1,1\nB1,C1,1\n"},
    "ratings": {"ratings.csv": "video,rater,Flow\nA1,x,3\nB1,x,2\nA1,y,3\nB1,y,1\nC1,x,1\n"},
    "epic-skills": {"x_gt.csv": "Vid1,Vid2,Best\nA1,B1,A1\nB1,C1,B1\n"},
    "rank-aware": {"train_split1.txt": "A1 B1\n", "test_split1.txt": "B1 C1\n"},
    "best": {
        "train.txt": "A1 B1\nB1 D1\n",
        "test.txt": "C1 E1\n",
        "train_vid_list.txt": "A1\nB1\nD1\n",
        "test_vid_list.txt": "C1\nE1\n",
    },
    "jigsaws": {"meta_file_Suturing.txt": "Suturing_B001 N 12\nSuturing_C001 N 15\n"},
    "egoexolearn": {"skill_train.txt": f"18_{U}_0_9 18_{U}_10_19\n"},
}


def make(folder: Path, form: str) -> Path:
    for name, text in EXAMPLES[form].items():
        write(folder / form / name, text)
    return folder / form


def test_every_form_has_an_example() -> None:
    assert set(EXAMPLES) == {form.name for form in DATASET_FORMATS}


@pytest.mark.parametrize("form", DATASET_FORMATS, ids=lambda form: form.name)
def test_only_its_own_form_recognises_it(tmp_path: Path, form: DatasetFormat) -> None:
    folder = make(tmp_path, form.name)
    assert recognised_form(folder) is form
    assert [other.name for other in DATASET_FORMATS if other.recognise(folder)] == [form.name]


@pytest.mark.parametrize("form", DATASET_FORMATS, ids=lambda form: form.name)
def test_it_opens_with_or_without_the_name_of_its_form(tmp_path: Path, form: DatasetFormat) -> None:
    folder = make(tmp_path, form.name)
    data = open_dataset(folder)
    assert data == open_dataset(folder, form=form.name)
    assert data.form == form.name
    assert data.task in form.tasks(folder)
    assert data.pairs
    assert any("None of the" in problem for problem in data.problems)


@pytest.mark.parametrize("form", DATASET_FORMATS, ids=lambda form: form.name)
def test_it_keeps_what_the_table_promises(tmp_path: Path, form: DatasetFormat) -> None:
    touch(tmp_path / "rest", ["clip.mp4", "notes.txt", "empty.csv", "pairs.csv", "train_split1.txt", "meta_file_x.txt"])
    touch(tmp_path / "rest", ["skill_train.txt", "x_gt.csv", "train_vid_list.txt"])
    assert not form.recognise(tmp_path / "rest" / "clip.mp4")
    check_dataset_form(form, make(tmp_path, form.name), tmp_path / "rest")


def test_what_is_nothing_known_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no file or folder"):
        open_dataset(tmp_path / "missing")
    with pytest.raises(DatasetError, match="none of the known forms"):
        open_dataset(tmp_path)
    with pytest.raises(DatasetError, match="no data-set form “excel”"):
        open_dataset(tmp_path, form="excel")


def test_two_forms_in_one_folder_have_to_be_chosen_from(tmp_path: Path) -> None:
    make(tmp_path / "x", "epic-skills")
    make(tmp_path / "x", "jigsaws")
    with pytest.raises(DatasetError, match="could be epic-skills, jigsaws"):
        open_dataset(tmp_path / "x")
    assert open_dataset(tmp_path / "x", form="jigsaws").form == "jigsaws"


def test_cycles_islands_and_missing_files_are_told(tmp_path: Path) -> None:
    rows = ["better,worse", "a,b", "b,c", "c,a", "x,y"]
    write(tmp_path / "pairs.csv", "\n".join(rows))
    touch(tmp_path / "videos", ["a.mp4", "b.mp4", "x.mp4"])
    data = open_dataset(tmp_path)
    assert data.problems == (
        (
            "The pairs form a cycle: a better than b better than c better than a. a above b by pairs.csv line 2; "
            "b above c by pairs.csv line 3; c above a by pairs.csv line 4."
        ),
        "The videos fall into 2 sets that are never compared with each other (a, x): scores say nothing between them.",
        "2 of 5 videos have no file: c, y.",
    )
    assert len(data.pairs) == 4


def test_a_cycle_of_votes_names_their_rows_and_those_of_a_study_their_raters(tmp_path: Path) -> None:
    rows = ["left,right,label,rater", "a,b,1,Ann", "c,b,-1,Ann", "c,a,1,Bo", "a,b,1,Bo"]
    write(tmp_path / "pairs.csv", "\n".join(rows))
    (cycle, *_) = open_dataset(tmp_path).problems
    assert not missing(cycle, "a above b by pairs.csv line 2, pairs.csv line 5", "b above c by pairs.csv line 3")
    dataset = replace(open_dataset(tmp_path), rows_by_pair={}, problems=())
    (cycle, *_) = check_dataset(dataset).problems
    assert not missing(cycle, "a above b by 2 votes (Ann, Bo)", "c above a by 1 vote (Bo)")


def test_many_cycles_are_summed_up(tmp_path: Path) -> None:
    rows = [f"{c}{a},{c}{b}" for c in "pqrst" for a, b in ((1, 2), (2, 3), (3, 1))]
    write(tmp_path / "pairs.csv", "better,worse\n" + "\n".join(rows))
    told = [problem for problem in open_dataset(tmp_path).problems if "cycle" in problem]
    assert len(told) == 4
    assert not missing(told[-1], "form cycles")


def test_a_data_set_without_a_pair_is_told(tmp_path: Path) -> None:
    write(tmp_path / "pairs.csv", "left,right,label\na,b,0\na,c,?\n")
    with pytest.raises(DatasetError, match=r"holds no pair .* line 3 has a label"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("form", DATASET_FORMATS, ids=lambda form: form.name)
@settings(max_examples=40)
@given(data=st.data())
def test_spoilt_files_load_or_are_told_of(form: DatasetFormat, data: st.DataObject) -> None:
    """Bytes put in, taken out or repeated anywhere: never a traceback, never a pair that the file does not name."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in EXAMPLES[form.name].items():
            content = bytearray(text.encode())
            for _ in range(data.draw(st.integers(0, 4))):
                at = data.draw(st.integers(0, len(content)))
                removed = data.draw(st.integers(0, 3))
                content[at : at + removed] = data.draw(
                    st.binary(max_size=4) | st.sampled_from([b",", b"\r", b'"', b"\n"])
                )
            (Path(folder) / name).write_bytes(bytes(content))
        try:
            opened = open_dataset(Path(folder), form=form.name)
        except DatasetError:
            return
        assert opened.pairs
        assert all(pair.within(opened.names) and pair.better != pair.worse for pair in opened.pairs)


def test_the_guide_names_every_form() -> None:
    guide = (Path(__file__).resolve().parents[3] / "docs" / "reference" / "names.md").read_text(encoding="utf-8")
    assert [form.name for form in DATASET_FORMATS if f"`{form.name}`" not in guide] == []
    assert [form.title for form in DATASET_FORMATS if f"| {form.title} |" not in guide] == []


def test_a_file_stands_for_one_video_alone(tmp_path: Path) -> None:
    write(tmp_path / "pairs.csv", "left,right,label\nB1,C1,1\nb1,D1,1\nC1,D1,1\nX,x,1\n")
    touch(tmp_path / "videos", ["B1.mp4", "C1.mp4", "d1.mp4", "ẋ.mp4"])
    data = open_dataset(tmp_path)
    paths = {video.name: video.path.name if video.path else None for video in data.videos}
    assert paths == {"B1": "B1.mp4", "C1": "C1.mp4", "D1": "d1.mp4", "b1": None, "X": None, "x": None}
    assert not missing(" ".join(data.problems), "B1.mp4", "“B1”", "“b1”")


def test_tasks_in_any_script_are_told_apart(tmp_path: Path) -> None:
    for task in ("缝合", "打结"):
        write(tmp_path / task / "train_split1.txt", f"{task}1 {task}2\n")
        write(tmp_path / task / "test_split1.txt", f"{task}3 {task}1\n")
    for task in ("缝合", "打结"):
        assert open_dataset(tmp_path, choices=Choices(task=task)).task == task
    with pytest.raises(DatasetError, match="holds no task “不存在”"):
        open_dataset(tmp_path, choices=Choices(task="不存在"))


@pytest.mark.parametrize(
    ("names", "lines"),
    [
        (("train_split1.txt", "test_split1.txt"), "a b\n"),
        (("train_vid_list.txt", "test_vid_list.txt", "train.txt", "test.txt"), "a b\n"),
        (("meta_file_Suturing.txt",), "Suturing_B001\tN\t10\n"),
    ],
)
def test_a_task_that_lies_there_twice_is_told(tmp_path: Path, names: tuple[str, ...], lines: str) -> None:
    for above in ("new", "old"):
        for name in names:
            write(tmp_path / above / "suturing" / name, lines)
    with pytest.raises(DatasetError, match=r"once.*folders"):
        open_dataset(tmp_path)
