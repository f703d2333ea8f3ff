"""``skillviewer tracks hands``: hands are found, kept and written; what is done is not done again."""

import json
from pathlib import Path

import pytest

from skillviewer.cli.main import run
from skillviewer.engine.tracking import hand_units
from tests.engine.tracking.fake_networks import FakeNetworks
from tests.videos import write_barcode_video

Capture = pytest.CaptureFixture[str]
N = 12


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> FakeNetworks:
    fake = FakeNetworks(range(3, 6))
    monkeypatch.setattr(hand_units, "open_networks", lambda _model, _device: fake)
    return fake


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path / "home"))
    videos = tmp_path / "videos"
    (videos / "more").mkdir(parents=True)
    write_barcode_video(videos / "a.mp4", N)
    write_barcode_video(videos / "more" / "a.mp4", N + 1)
    return videos


def test_hands_are_written_one_row_a_frame(
    folder: Path, tmp_path: Path, networks: FakeNetworks, capsys: Capture
) -> None:
    out = tmp_path / "a.csv"
    assert run(["tracks", "hands", str(folder / "a.mp4"), "-o", str(out), "--json"]) == 0
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert (told["n_searched"], told["warning"]) == (N, None)
    assert {one["side"]: one["share_seen"] for one in told["hands"]} == {"left": 0, "right": 0.75}
    assert "12 frames take" in printed.err
    header, *rows = out.read_text().splitlines()
    assert len(rows) == N
    place = header.split(",").index("right hand:middle_finger_mcp_x")
    assert [bool(row.split(",")[place]) for row in rows] == [k not in range(3, 6) for k in range(N)]
    assert run(["tracks", "hands", str(folder / "a.mp4"), "-o", str(out)]) == 1  # is there already
    looked = len(networks.landmark_frames)
    assert run(["tracks", "hands", str(folder / "a.mp4")]) == 0
    assert "right hand in 75 % of 12 frames" in capsys.readouterr().out
    assert len(networks.landmark_frames) == looked  # nothing is searched again


def test_videos_of_a_folder_get_a_file_each(
    folder: Path, tmp_path: Path, networks: FakeNetworks, capsys: Capture
) -> None:
    (folder / "broken.mp4").write_bytes(b"no video")
    assert run(["tracks", "hands", str(folder), "-o", str(tmp_path / "out"), "--every", "2"]) == 1
    printed = capsys.readouterr()
    assert "broken.mp4" in printed.err
    assert len(printed.out.splitlines()) == 2
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a (2).csv", "a.csv"]
    assert set(networks.palm_frames) == set(range(0, N + 1, 2))
    assert run(["tracks", "hands", str(folder), "-o", str(tmp_path / "one.csv")]) == 2


def test_a_video_without_hands_says_so(folder: Path, networks: FakeNetworks, capsys: Capture) -> None:
    networks.absent = range(N)
    assert run(["tracks", "hands", str(folder / "a.mp4")]) == 0
    assert "No hand was found" in capsys.readouterr().out
    assert run(["tracks", "measure", str(folder / "a.mp4")]) == 1


@pytest.mark.usefixtures("networks")
def test_the_cost_alone_searches_nothing(folder: Path, capsys: Capture) -> None:
    assert run(["tracks", "hands", str(folder / "a.mp4"), "--cost"]) == 0
    assert "ms each" in capsys.readouterr().err
    assert run(["tracks", "hands", str(folder / "a.mp4"), "--every", "2", "--sampled-by", "sample-full"]) == 2
    assert run(["tracks", "hands", str(folder / "a.mp4"), "--from", "3", "--to", "2"]) == 2


@pytest.mark.usefixtures("networks")
def test_sides_are_exchanged_where_the_user_says(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    video = str(folder / "a.mp4")
    assert run(["tracks", "swap", video]) == 1
    assert "find them first" in capsys.readouterr().err
    assert run(["tracks", "hands", video]) == 0
    assert run(["tracks", "swap", video, "--from", "0.2"]) == 0  # from frame 6 on
    assert run(["tracks", "export", video, "-o", str(tmp_path / "a.csv")]) == 0
    header, *rows = (line.split(",") for line in (tmp_path / "a.csv").read_text().splitlines())
    left, right = (header.index(f"{side} hand:state") for side in ("left", "right"))
    assert [row[right] for row in rows] == ["found"] * 3 + ["absent"] * (N - 3)
    assert [row[left] for row in rows] == ["absent"] * 6 + ["found"] * (N - 6)
