"""Finding videos by stem."""

import sys
from pathlib import Path

import pytest

from skillviewer.core.errors import DatasetError
from skillviewer.data.tables.find_videos import VideoFolder, strip_extension
from skillviewer.media.files import videos_below
from tests.data.files import touch
from tests.facts import missing


def test_anywhere_below_and_in_any_extension(tmp_path: Path) -> None:
    touch(tmp_path, ["a.mp4", "deep/er/b.AVI", "c.mkv", "c.txt", "d.csv", ".hidden/e.mp4", ".f.mp4"])
    files = VideoFolder(tmp_path)
    assert files.find("a", ["a"]) == tmp_path / "a.mp4"
    assert files.find("b", ["b"]) == tmp_path / "deep/er/b.AVI"
    assert files.find("c", ["c"]) == tmp_path / "c.mkv"
    assert [files.find(name, [name]) for name in "def"] == [None] * 3
    assert files.stems == {"a", "b", "c"}
    assert files.problems == []


def test_the_likeliest_stem_first_and_case_only_when_needed(tmp_path: Path) -> None:
    touch(tmp_path, ["A1.mp4", "A1-S.mp4", "x/YouTubeId.mp4", "y/youtubeid.mp4", "B2.mp4"])
    files = VideoFolder(tmp_path)
    assert files.find("A1", ["A1", "A1-S"]) == tmp_path / "A1.mp4"
    assert files.find("A1", ["A9", "A1-S"]) == tmp_path / "A1-S.mp4"
    assert files.find("id", ["youtubeid"]) == tmp_path / "y/youtubeid.mp4"
    assert files.find("b2", ["b2"]) == tmp_path / "B2.mp4"
    assert files.find("id", ["YOUTUBEID"]) is None
    assert len(files.problems) == 1


def test_several_that_could_be_meant_are_listed_and_none_is_taken(tmp_path: Path) -> None:
    touch(tmp_path, ["one/a.mp4", "two/a.avi"])
    files = VideoFolder(tmp_path)
    assert files.find("a", ["a"]) is None
    assert not missing(files.problems[0], "“a”", "2 files", "one/a.mp4", "two/a.avi")


def test_folders_narrow_and_prefer_decides(tmp_path: Path) -> None:
    touch(tmp_path, ["Hand_Drawing/Stationary/A1.mp4", "Hand_Drawing/Headmounted/A1.mp4", "Sonic/Stationary/A1.mp4"])
    files = VideoFolder(tmp_path)
    assert files.find("A1", ["A1"], ["handdrawing"], "stationary") == tmp_path / "Hand_Drawing/Stationary/A1.mp4"
    assert files.find("A1", ["A1"], ["sonic", "sonicdrawing"]) == tmp_path / "Sonic/Stationary/A1.mp4"
    assert files.find("A1", ["A1"], ["suturing"]) is None
    assert files.problems == []
    assert files.find("A1", ["A1"], ["handdrawing"]) is None
    assert len(files.problems) == 1


def test_folders_of_other_tasks_are_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, ["A1.mp4", "Sonic_Drawing/A1.mp4"])
    assert VideoFolder(tmp_path, ["sonicdrawing"]).find("A1", ["A1"]) == tmp_path / "A1.mp4"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no folder"):
        VideoFolder(tmp_path / "nowhere")


def test_bare_names() -> None:
    assert [strip_extension(name) for name in ("000.mp4", "a.b.AVI", "a.b", "x.csv")] == ["000", "a.b", "a.b", "x.csv"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_links_to_folders_are_followed_once(tmp_path: Path) -> None:
    touch(tmp_path / "elsewhere", ["a.mp4", "deep/b.MTS", ".hidden.mp4"])
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "videos").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tmp_path / "elsewhere" / "round").symlink_to(folder, target_is_directory=True)
    files = VideoFolder(folder)
    assert files.stems == {"a", "b"}
    assert files.find("a", ["a"]) == folder / "videos" / "a.mp4"
    assert videos_below(folder) == [folder / "videos/a.mp4", folder / "videos/deep/b.MTS"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_folder_that_is_also_linked_to_keeps_its_own_name_and_no_link_leads_out_and_back(tmp_path: Path) -> None:
    touch(tmp_path / "study", ["Hand/stationary/A1.mp4"])
    touch(tmp_path, ["sibling.mp4"])
    folder = tmp_path / "study"
    (folder / "All").symlink_to(folder / "Hand" / "stationary", target_is_directory=True)
    (folder / "up").symlink_to(tmp_path, target_is_directory=True)
    (folder / "loop").symlink_to(folder / "loop")
    assert videos_below(folder) == [folder / "Hand/stationary/A1.mp4"]
    assert VideoFolder(folder).find("A1", ["A1"], ("hand",)) == folder / "Hand/stationary/A1.mp4"


def test_a_recorders_file_beside_the_common_one_is_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, ["x.mp4", "x.ts", "y.m2ts"])
    files = VideoFolder(tmp_path)
    assert files.find("x", ["x"]) == tmp_path / "x.mp4"
    assert files.find("y", ["y"]) == tmp_path / "y.m2ts"
    assert files.problems == []
