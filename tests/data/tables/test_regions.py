"""Regions from CSV."""

from pathlib import Path

import pytest

from skillviewer.core.errors import DatasetError
from skillviewer.core.evaluation.localisation import Region
from skillviewer.data.tables.regions import read_regions
from tests.data.files import write


def test_points_by_pairs_of_columns(tmp_path: Path) -> None:
    header = "video,frame,gripper_x,gripper_y,object_x,object_y"
    rows = [header, "000,0,252.2,206.9,271.5,248.1", "000,1,252,208,,", "x,,1,1,1,1"]
    regions = read_regions(write(tmp_path / "regions.csv", "\n".join(rows)))
    assert regions.of("000")[0] == (Region.point(252.7, 207.4, "gripper"), Region.point(272.0, 248.6, "object"))
    assert regions.of("000")[1] == (Region.point(252.5, 208.5, "gripper"),)
    assert regions.of("001") == {}
    assert regions.problems == ("regions.csv line 4 is no region in a frame of a video; it is left out.",)


def test_boxes_that_stay(tmp_path: Path) -> None:
    rows = [
        "video,frame,stop_frame,left,top,right,bottom,name",
        "a.mp4,3,6,10,20,30,40,hand",
        "a,5,,1,2,3,4,",
        "a,6,6,1,2,3,4,",
        "a,7,,9,2,3,4,",
        "a,-1,,1,2,3,4,",
    ]
    regions = read_regions(write(tmp_path / "boxes.csv", "\n".join(rows)))
    hand = Region(10, 20, 30, 40, "hand")
    assert regions.of("a") == {3: (hand,), 4: (hand,), 5: (hand, Region(1, 2, 3, 4))}
    assert [problem.split(" is ")[0] for problem in regions.problems] == [
        "boxes.csv line 4",
        "boxes.csv line 5",
        "boxes.csv line 6",
    ]


@pytest.mark.parametrize("header", ["video,left,top,right,bottom", "video,frame", "frame,a_x,a_y", "video,frame,a_x"])
def test_columns_that_are_missing_are_told(tmp_path: Path, header: str) -> None:
    with pytest.raises(DatasetError, match="needs the columns"):
        read_regions(write(tmp_path / "regions.csv", header + "\n"))


def test_videos_are_found_however_the_file_calls_them(tmp_path: Path) -> None:
    rows = ["video,frame,hand_x,hand_y", "videos/001.mp4,0,1,2", "P1\\002.MP4,0,1,2", "A3,0,1,2", "videos/z,0,1,2"]
    path = write(tmp_path / "regions.csv", "\n".join(rows))
    regions = read_regions(path, ["001", "P1/002", "a3"])
    assert set(regions.by_video) == {"001", "P1/002", "a3", "z"}
