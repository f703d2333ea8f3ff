"""Published forms of ratings that are JSON: Ego-Exo4D's proficiency and VIA projects."""

import json
from pathlib import Path

import pytest

from skillviewer.core.dataset.pairs import UNNAMED, Pair
from skillviewer.core.errors import DatasetError
from skillviewer.data.formats.formats import open_dataset
from skillviewer.data.ratings.json_tables import read_json_table
from skillviewer.data.ratings.mapped_table import open_table, write_folder
from tests.data.files import touch, write
from tests.data.ratings.test_ratings import given, rejections
from tests.facts import missing

LEVELS = ("Novice", "Early Expert", "Intermediate Expert", "Late Expert")


def egoexo(tmp_path: Path) -> Path:
    touch(tmp_path / "takes", [f"cook_{i}/frame_aligned_videos/cam01.mp4" for i in range(4)])
    entries = [
        {
            "take_uid": f"uid-{i}",
            "scenario_name": "Cooking",
            "proficiency_score": level,
            "video_paths": {"exo1": f"takes/cook_{i}/frame_aligned_videos/cam01.mp4"},
        }
        for i, level in enumerate(LEVELS)
    ]
    write(tmp_path / "takes.json", json.dumps([{"take_uid": f"uid-{i}", "participant_uid": 7 + i} for i in range(4)]))
    text = json.dumps(
        {"year": 2024, "annotations": [*entries, "x", {"take_uid": "uid-9", "proficiency_score": "Novice"}]}
    )
    return write(tmp_path / "annotations/proficiency_demonstrator_train.json", text)


def test_ego_exo4d_is_a_table_of_takes(tmp_path: Path) -> None:
    opened = open_table(egoexo(tmp_path), tmp_path)
    rated, _ = opened.read()
    assert rated.mapping.video == "video_paths exo1"
    assert rated.mapping.participant == "participant_uid"
    assert rated.ratings.scale("proficiency_score").levels == LEVELS
    assert rated.ratings.table("proficiency_score").values[:, 0].tolist() == [0, 1, 2, 3]
    assert rejections(rated) == {"entry 5": "it is no entry with named values", "entry 6": "it names no video"}
    assert not missing(rated.import_report.notices, "people", "takes.json")
    write_folder(opened, rated, tmp_path / "out")
    data = open_dataset(tmp_path / "out")
    assert len(data.pairs) == 6
    assert sorted(set(data.participants.values())) == ["10", "7", "8", "9"]
    assert all(video.path is not None for video in data.videos)


def via(tmp_path: Path) -> Path:
    touch(tmp_path / "videos", ["a.mp4", "b.mp4"])
    project = {
        "project": {"data_format_version": "3.1.1"},
        "attribute": {
            "1": {"aname": "Flow", "type": 1, "options": {}},
            "2": {"aname": "Level", "type": 4, "options": {"0": "poor", "1": "good"}},
        },
        "file": {"1": {"fid": "1", "fname": "a.mp4"}, "2": {"fid": "2", "fname": "b.mp4"}},
        "view": {"1": {"fid_list": ["1"]}, "2": {"fid_list": ["2"]}, "3": {"fid_list": ["1", "2"]}},
        "metadata": {
            "1_a": {"vid": "1", "z": [], "xy": [], "av": {"1": "3", "2": "0"}},
            "2_b": {"vid": "2", "z": [1.5, 4], "xy": [], "av": {"1": "4", "2": "1"}},
            "2_c": {"vid": "2", "z": [4, 9.25], "xy": [], "av": {"1": "5", "2": "1"}},
            "2_d": {"vid": "2", "z": [2], "xy": [], "av": {"1": "5"}},
            "2_e": {"vid": "2", "z": [], "xy": [2, 0, 0, 4, 4], "av": {"1": "5"}},
            "3_f": {"vid": "3", "z": [], "xy": [], "av": {"1": "5"}},
        },
    }
    return write(tmp_path / "project.json", json.dumps(project))


def test_a_via_project_rates_files_and_parts_of_them(tmp_path: Path) -> None:
    opened = open_table(via(tmp_path), tmp_path / "videos")
    rated, _ = opened.read()
    assert given(rated) == {
        *(("a", UNNAMED, "Flow", 3.0), ("b 1.5-4 s", UNNAMED, "Flow", 4.0), ("b 4-9.25 s", UNNAMED, "Flow", 5.0)),
        *(("a", UNNAMED, "Level", 0.0), ("b 1.5-4 s", UNNAMED, "Level", 1.0), ("b 4-9.25 s", UNNAMED, "Level", 1.0)),
    }
    assert rejections(rated) == {
        "entry 4": "it is of a moment, and not of an interval",
        "entry 5": "it is of a region of the picture",
        "entry 6": "it is of 2 files together",
    }
    write_folder(opened, rated, tmp_path / "out")
    data = open_dataset(tmp_path / "out")
    assert Pair("b 4-9.25 s", "a") in data.pairs


def test_a_via_project_with_scores_on_regions_alone_says_so_of_every_row(tmp_path: Path) -> None:
    project = json.loads(via(tmp_path).read_text())
    project["metadata"] = {key: project["metadata"][key] for key in ("2_d", "2_e", "3_f")}
    project["metadata"]["2_g"] = project["metadata"]["2_e"]
    opened = open_table(write(tmp_path / "regions.json", json.dumps(project)), tmp_path / "videos")
    with pytest.raises(DatasetError) as told:
        opened.read()
    assert "it is of a region of the picture (2 rows)" in str(told.value)
    assert not missing(str(told.value), "1 row")
    assert "it is of 2 files together (1 row)" in str(told.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is not JSON"),
        ("3", "neither a VIA project nor a list of entries"),
        ('{"annotations": [1, 2]}', "neither a VIA project nor a list"),
        (
            '{"metadata": {"1": {"vid": "1", "av": {"9": "3"}}}, "attribute": {}, "file": {}}',
            "is no readable list of ratings",
        ),
        ('{"metadata": [], "attribute": {}, "file": {}}', "is no readable list of ratings"),
        ("[" * 100000, "is not JSON"),
        ('{"annotations": [{}, {"a": []}]}', "neither a VIA project nor a list"),
        ('{"metadata": {}, "attribute": {}, "file": {}}', "none of its entries has a value"),
        ("[" + '{"a": ' * 980 + "1" + "}" * 980 + "]", "is no readable list of ratings|is not JSON"),
        (json.dumps([{f"name {at}": at} for at in range(1500)]), "names 1,500 values in 1,500 entries"),
    ],
)
def test_other_json_is_refused_in_one_sentence(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(DatasetError, match=why):
        open_table(write(tmp_path / "x.json", text))


def test_a_number_of_any_length_is_read_as_it_stands(tmp_path: Path) -> None:
    path = write(tmp_path / "x.json", f'[{{"video": "a", "id": {"9" * 5000}}}, {{"video": "b", "id": 1{"0" * 400}}}]')
    assert [row.cells for row in read_json_table(path).rows] == [("a", "inf"), ("b", "inf")]


def test_a_list_of_takes_that_is_none_is_told(tmp_path: Path) -> None:
    path = egoexo(tmp_path)
    write(tmp_path / "takes.json", '{"a": 1}')
    with pytest.raises(DatasetError, match="is not a list of takes"):
        open_table(path, tmp_path)
