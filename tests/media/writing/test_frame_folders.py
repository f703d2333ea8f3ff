"""Folders of numbered pictures as videos."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from skillviewer.cli.main import run
from skillviewer.core.errors import VideoError
from skillviewer.core.progress import CancelToken
from skillviewer.media.reading.reader import VideoReader
from skillviewer.media.writing.frame_folders import frame_folders, write_frames
from tests.facts import missing


def picture(path: Path, grey: int, size: tuple[int, int] = (32, 48)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((*size, 3), grey, np.uint8))


def test_every_picture_is_a_frame_at_its_time(tmp_path: Path) -> None:
    for number, grey in ((7, 20), (8, 90), (10, 160), (11, 230)):  # 9 is missing
        picture(tmp_path / f"in/ev/3/{number:05}.png", grey)
    (tmp_path / "in/ev/3/notes.txt").write_text("x")
    (one,), problems = frame_folders(tmp_path / "in")
    assert (one.name, one.n_missing, one.other_files, problems) == ("ev/3", 1, ("notes.txt",), [])
    told = write_frames(one, tmp_path / "out/ev/3.mp4", 10, CancelToken())
    assert [sentence.split(":")[1][:22] for sentence in told] == [" 1 numbers are missing", " 1 files are no number"]
    with VideoReader(tmp_path / "out/ev/3.mp4") as video:
        assert video.info.times_s.tolist() == pytest.approx([0, 0.1, 0.3, 0.4], abs=1e-3)
        greys = [float(video.frame(i).mean()) for i in range(4)]
    assert greys == pytest.approx([20, 90, 160, 230], abs=4)


def test_pictures_of_several_names_or_sizes_or_numbers_are_refused(tmp_path: Path) -> None:
    picture(tmp_path / "a/img_1.jpg", 1)
    picture(tmp_path / "a/flow_1.jpg", 1)
    picture(tmp_path / "b/1.jpg", 1)
    picture(tmp_path / "b/01.jpg", 1)
    picture(tmp_path / "c/1.jpg", 1)
    picture(tmp_path / "c/2.jpg", 1, (16, 16))
    picture(tmp_path / "d/1.jpg", 1)
    for number in (1, 2):
        (tmp_path / "e").mkdir(exist_ok=True)
        (tmp_path / f"e/{number}.jpg").write_bytes(b"no picture")
    found, problems = frame_folders(tmp_path)
    assert [one.name for one in found] == ["c", "e"]
    assert "a holds numbered pictures of 2 names" in problems[0]
    assert not missing(problems[1], "number 1", "01.jpg")
    with pytest.raises(VideoError, match=r"c: 2\.jpg is 16 x 16 pixels, the first picture 48 x 32"):
        write_frames(found[0], tmp_path / "c.mp4", 10, CancelToken())
    with pytest.raises(VideoError, match="None of the 2 pictures of e can be read"):
        write_frames(found[1], tmp_path / "e.mp4", 10, CancelToken())
    assert not list(tmp_path.glob("*.mp4"))
    assert not list(tmp_path.glob(".*"))


def test_the_command_writes_all_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("x", "y"):
        for number in range(3):
            picture(tmp_path / f"in/{name}/{number}.jpg", 50 * number)
    command = ["data", "frames", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--rate", "25"]
    assert run(command) == 0
    assert "2 videos written, 0 were there" in capsys.readouterr().out
    assert run(command) == 0
    assert "0 videos written, 2 were there" in capsys.readouterr().out
    assert run(["data", "frames", str(tmp_path / "out"), "-o", str(tmp_path / "o"), "--rate", "25"]) == 1
    assert "holds two numbered pictures" in capsys.readouterr().err
    assert run(["data", "frames", str(tmp_path / "in"), "-o", str(tmp_path / "o")]) == 2
    assert run(["data", "frames", str(tmp_path / "no"), "-o", str(tmp_path / "o"), "--rate", "25"]) == 1
