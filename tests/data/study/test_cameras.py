"""Cameras of a study: kept by content, found again, packed, blurred, forgotten, and seen by nothing else."""

import shutil
from pathlib import Path

import pytest

from skillviewer.cli.main import run
from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import StudyError
from skillviewer.core.paths import HOME_VARIABLE
from skillviewer.core.video.cameras import Camera
from skillviewer.core.video.clips import FrameRange
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.study import NewVideo, Study, Vote
from skillviewer.data.study.archive.archive import pack
from skillviewer.data.study.archive.archive_format import ArchiveOptions
from skillviewer.data.study.archive.unpack import unpack
from skillviewer.media.reading.reader import VideoReader
from tests.videos import write_barcode_video


@pytest.fixture
def study(tmp_path: Path) -> Study:
    opened = Study.create(tmp_path / "peg")
    videos = [write_barcode_video(tmp_path / f"{name}.mp4", n).path for name, n in (("knot", 20), ("loop", 21))]
    for name, n in (("left", 22), ("top", 23), ("far", 24), ("near", 25)):
        write_barcode_video(tmp_path / f"{name}.mp4", n)
    opened.videos.add([NewVideo(path, participant="Ann") for path in videos])
    return opened


def info(path: Path) -> VideoInfo:
    with VideoReader(path) as reader:
        return reader.info


def test_cameras_are_kept_and_no_list_of_videos_has_them(study: Study, tmp_path: Path) -> None:
    left = study.cameras.add("knot", tmp_path / "left.mp4", offset_s=0.5, confidence=0.8)
    top = study.cameras.add("knot", tmp_path / "top.mp4", name="from above")
    assert (left.offset_s, left.confidence, top.offset_s, top.name) == (0.5, 0.8, None, "from above")
    assert study.cameras.set_offset("left", -0.25) == (0.5, 0.8)
    study.close()
    with Study.open(study.path) as again:
        found = again.cameras.of("knot")
        assert [(c.name, c.offset_s, c.confidence) for c in found] == [
            ("left", -0.25, None),
            ("from above", None, None),
        ]
        assert again.cameras.of("loop") == ()
        assert [video.name for video in again.videos.all()] == ["knot", "loop"]
        assert set(again.videos.tasks()) == {"knot", "loop"}
        assert {video.name for video in again.dataset().videos} == {"knot", "loop"}
        assert [row.what for row in again.log()].count("camera added") == 2
        with pytest.raises(StudyError, match="left"):
            again.videos.get("left")


def test_what_cannot_be_a_camera_is_refused(study: Study, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="video of the study already, “loop”"):
        study.cameras.add("knot", tmp_path / "loop.mp4")
    for name in ("left", "top", "far"):
        study.cameras.add("knot", tmp_path / f"{name}.mp4")
    with pytest.raises(StudyError, match="3 cameras already"):
        study.cameras.add("knot", tmp_path / "near.mp4")
    with pytest.raises(StudyError, match="camera of the study already"):
        study.cameras.add("loop", tmp_path / "left.mp4")
    added = study.videos.add([NewVideo(tmp_path / "left.mp4")])
    assert added.names == (None,)
    assert "is a camera of another video" in added.problems[0]
    for offset_s in (1e9, float("nan")):
        with pytest.raises(StudyError, match="out of bounds"):
            study.cameras.set_offset("left", offset_s)
    with pytest.raises(StudyError, match="no camera “nothing”"):
        study.cameras.remove("nothing")


def test_a_removed_camera_comes_back_and_may_become_a_video(study: Study, tmp_path: Path) -> None:
    study.cameras.add("knot", tmp_path / "left.mp4", offset_s=1.0)
    study.cameras.remove("left")
    assert study.cameras.of("knot") == ()
    study.cameras.restore("left")
    assert study.cameras.of("knot")[0].offset_s == 1.0
    study.cameras.remove("left")
    assert study.cameras.add("loop", tmp_path / "left.mp4").offset_s is None
    study.cameras.remove("left")
    assert study.videos.add([NewVideo(tmp_path / "left.mp4")]).names == ("left",)
    assert study.cameras.of("loop") == ()
    study.votes.cast(Vote("knot", "left", Verdict.LEFT, "Ann"))
    assert len(study.votes.judgements()) == 1


def test_parts_of_a_file_have_its_cameras_also_without_the_whole(study: Study, tmp_path: Path) -> None:
    study.cameras.add("knot", tmp_path / "left.mp4", offset_s=0.5)
    part = study.videos.split("knot", FrameRange(2, 8))
    study.videos.remove("knot")
    assert [camera.name for camera in study.cameras.of(part)] == ["left"]
    assert [[camera.name for camera in found] for found in study.cameras.by_digest().values()] == [["left"]]
    study.videos.remove(part)
    assert study.videos.all_cameras() == ()


def test_moved_and_replaced_cameras(study: Study, tmp_path: Path) -> None:
    study.cameras.add("knot", tmp_path / "left.mp4")
    study.cameras.add("knot", tmp_path / "top.mp4")
    (tmp_path / "elsewhere").mkdir()
    shutil.move(tmp_path / "left.mp4", tmp_path / "elsewhere" / "other name.mp4")
    shutil.copy(tmp_path / "near.mp4", tmp_path / "top.mp4")
    left, top = study.cameras.of("knot")
    assert (left.path, top.path) == (None, None)
    assert "missing" in left.problem
    assert "Another file" in top.problem
    assert study.videos.relink(tmp_path / "elsewhere").located == ("left",)
    assert study.cameras.of("knot")[0].path == tmp_path / "elsewhere" / "other name.mp4"


@pytest.mark.parametrize("pseudonyms", [False, True])
def test_an_archive_has_the_cameras_with_their_offsets(study: Study, tmp_path: Path, *, pseudonyms: bool) -> None:
    study.cameras.add("knot", tmp_path / "left.mp4", offset_s=0.5, confidence=0.75)
    study.close()
    options = ArchiveOptions(pseudonyms=pseudonyms)
    assert pack(study.path, tmp_path / "all.zip", options).n_videos == 3
    with Study.open(unpack(tmp_path / "all.zip", tmp_path / "there"), read_only=True) as there:
        (cameras,) = there.cameras.by_digest().values()
        (camera,) = cameras
        assert (camera.offset_s, camera.confidence, camera.problem) == (0.5, 0.75, "")
        assert camera.path is not None
        assert (camera.name == "left") is not pseudonyms
        assert info(camera.path).n_frames == 22


def test_forgetting_a_video_forgets_its_cameras(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    digest = study.cameras.add("knot", tmp_path / "left.mp4", name="Secret side").digest
    study.back_up()
    study.close()
    assert run(["forget", "knot", "--study", str(study.path), "--yes"]) == 0
    assert "2 videos erased" in capsys.readouterr().err
    for file in (path for path in tmp_path.rglob("*skillstudy*") if path.is_file()):
        assert digest.encode() not in file.read_bytes()
        assert b"Secret side" not in file.read_bytes()


def test_forgetting_a_camera_alone_leaves_the_video(study: Study, tmp_path: Path) -> None:
    digest = study.cameras.add("knot", tmp_path / "left.mp4").digest
    assert study.erase([digest]) == ("left",)
    assert [video.name for video in study.videos.all()] == ["knot", "loop"]
    assert study.cameras.of("knot") == ()


def test_times_of_a_camera_and_what_it_does_not_show(tmp_path: Path) -> None:
    facts = info(write_barcode_video(tmp_path / "side.mp4", 30).path)  # 1 s
    camera = Camera("side", facts.path, facts.digest, offset_s=-0.5)
    assert [camera.frame_at(facts, at) for at in (0.4, 0.5, 0.7, 1.49, 1.5)] == [None, 0, 6, 29, None]
    text = camera.describe_missing(facts, 0.0, 3.0)
    assert "starts 0.5 s later" in text
    assert "ends 1.5 s earlier" in text
    assert camera.describe_missing(facts, 0.5, 1.5) == ""
    assert "beyond it" in Camera("side", facts.path, "", offset_s=5.0).describe_missing(facts, 0.0, 3.0)
    unknown = Camera("side", facts.path, "", offset_s=None)
    assert "not known" in unknown.describe_missing(facts, 0.0, 1.0)
    assert unknown.frame_at(facts, 0.1) == 3
