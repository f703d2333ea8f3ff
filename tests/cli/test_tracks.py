"""``skillviewer tracks``: tracks are imported, kept with the video, exported and measured."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from skillviewer.cli.main import run
from tests.videos import write_barcode_video

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tracks") / "clip.mp4"
    write_barcode_video(path, 60)
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    x = 20 + 80 * np.sin(np.arange(60) / 10) ** 2
    rows = ["scorer,S,S,S", "bodyparts,tip,tip,tip", "coords,x,y,likelihood"]
    rows += [f"{frame},{value:.2f},40,0.9" for frame, value in enumerate(x)]
    (tmp_path / "dlc.csv").write_text("\n".join(rows))
    return tmp_path / "dlc.csv"


def test_tracks_are_imported_exported_and_measured(tmp_path: Path, video: Path, table: Path, capsys: Capture) -> None:
    assert run(["tracks", "import", str(table), "--video", str(video), "-o", str(tmp_path / "own.csv"), "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert (counts["read"], counts["used"], counts["rejected"]) == (60, 60, {})
    assert (tmp_path / "own.csv").read_text().startswith("frame,time_s,width_px")
    assert run(["tracks", "export", str(video), "-o", str(tmp_path / "out.csv"), "--format", "deeplabcut"]) == 0
    assert run(["tracks", "export", str(video), "-o", str(tmp_path / "out.csv")]) == 1  # is there already
    assert run(["tracks", "export", str(video), "-o", str(tmp_path / "x.csv"), "--track", "gone"]) == 1
    capsys.readouterr()
    assert run(["tracks", "measure", str(video), "--json", "--known-length", "0", "0", "10", "0", "5"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    measured = json.loads(line)
    (motion,) = measured["motions"]
    values = {one["name"]: one for one in motion["measures"]}
    assert (measured["unit"], values["path"]["unit"], motion["point"]) == ("mm", "mm", "tip")
    x = np.sin(np.arange(60) / 10) ** 2
    assert values["path"]["value"] == pytest.approx(40 * np.abs(np.diff(x)).sum(), rel=0.03)
    assert values["path"]["error"] > 0
    assert values["tremor"]["value"] is None
    assert "left out" in values["tremor"]["note"]
    reference = ["--reference", "0,50 200,50"]
    assert run(["tracks", "measure", str(video), *reference, "-o", str(tmp_path / "table.csv")]) == 0
    with (tmp_path / "table.csv").open(encoding="utf-8") as file:
        rows = {row["measure"]: row for row in csv.DictReader(file)}
    assert float(rows["mean_distance"]["value"]) > 0
    assert rows["tremor"]["value"] == ""
    assert "farthest from the reference" in capsys.readouterr().out


def test_a_video_without_tracks_and_a_wrong_statement_are_reported(
    tmp_path: Path, video: Path, table: Path, capsys: Capture
) -> None:
    other = tmp_path / "other.mp4"
    write_barcode_video(other, 30)
    assert run(["tracks", "measure", str(other)]) == 1
    assert "has no tracks" in capsys.readouterr().err
    assert run(["tracks", "import", str(table), "--video", str(other)]) == 1
    assert "another video" in capsys.readouterr().err
    assert run(["tracks", "measure", str(video), "--reference", "1 2"]) == 2
    assert run(["tracks", "measure", str(video), "--mm-per-px", "1", "--known-length", "0", "0", "1", "0", "5"]) == 2
    assert run(["tracks", "export", str(video), "-o", str(tmp_path / "a.csv"), "--format", "cvat"]) == 1


def test_an_object_is_followed_from_a_click_and_kept(video: Path, capsys: Capture) -> None:
    click = ["--click", "0", "20", "20"]
    assert run(["tracks", "follow", str(video), *click, "--name", "mark", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["measured"] >= 1
    assert run(["tracks", "export", str(video), "-o", str(video.parent / "mark.csv"), "--track", "mark"]) == 0
    assert "mark:point_x" in (video.parent / "mark.csv").read_text().splitlines()[0]
    for wrong in (["0", "2000", "20"], ["60", "20", "20"], ["0.5", "20", "20"]):
        assert run(["tracks", "follow", str(video), "--click", *wrong]) == 2
    assert run(["tracks", "follow", str(video), *click, *click]) == 2
