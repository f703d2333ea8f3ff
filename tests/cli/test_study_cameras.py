"""``skillviewer study cameras``: offsets by sound or by hand, and files that give none."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.sound_offsets import recorded, scene
from skillviewer.cli.main import run
from skillviewer.data.study import NewVideo, Study
from tests.sounds import write_clicks
from tests.videos import write_barcode_video

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write an attempt of 12 s, a camera that starts 2 s later in it, and one of another room."""
    folder, random = tmp_path_factory.mktemp("cameras"), np.random.default_rng(4)
    room, elsewhere = scene(random, 14.0), scene(random, 14.0)
    for name, sound, start_s in (("front", room, 0.0), ("side", room, 2.0), ("other", elsewhere, 0.0)):
        heard = recorded(random, sound, start_s, 12.0)
        options = {"rate_hz": 8000, "codec": "pcm_s16le", "length_s": 12.0, "sound_stop_s": 12.0, "frame_rate_hz": 10}
        write_clicks(folder / f"{name}.mkv", samples=0.5 * heard / np.abs(heard).max(), **options)  # type: ignore[arg-type]
    write_barcode_video(folder / "silent.mp4", 10)
    return folder


@pytest.fixture
def study(files: Path, tmp_path: Path) -> str:
    with Study.create(tmp_path / "knots") as opened:
        opened.videos.add([NewVideo(files / "front.mkv")])
        return str(opened.path)


def listed(study: str, capsys: Capture) -> dict[str, Any]:
    capsys.readouterr()
    assert run(["study", "cameras", "list", study, "--json"]) == 0
    records = map(json.loads, capsys.readouterr().out.splitlines())
    return {record["camera"]: (record["offset_s"], record["confidence"]) for record in records}


def test_an_offset_is_found_by_sound_or_said_to_be_unknown(study: str, files: Path, capsys: Capture) -> None:
    assert run(["study", "cameras", "add", study, "front", str(files / "side.mkv")]) == 0
    assert "confidence" in capsys.readouterr().out
    assert run(["study", "cameras", "add", study, "front", str(files / "other.mkv"), "--name", "far"]) == 1
    assert "--offset FRAMES" in capsys.readouterr().err
    found = listed(study, capsys)
    offset_s, confidence = found["side"]
    assert offset_s == pytest.approx(-2.0, abs=0.02)
    assert confidence is not None
    assert found["far"] == (None, None)
    assert run(["study", "cameras", "align", study, "front", "far", "--offset", "-5"]) == 0
    assert "by hand" in capsys.readouterr().out
    assert listed(study, capsys)["far"] == (pytest.approx(-0.5), None)
    assert run(["study", "cameras", "align", study, "front"]) == 1
    assert listed(study, capsys)["far"] == (pytest.approx(-0.5), None)  # what is not found leaves what is kept
    assert run(["study", "cameras", "remove", study, "far"]) == 0
    assert set(listed(study, capsys)) == {"side"}


def test_files_without_sound_need_an_offset_by_hand(study: str, files: Path, capsys: Capture) -> None:
    assert run(["study", "cameras", "add", study, "front", str(files / "silent.mp4"), "--offset", "3"]) == 0
    assert listed(study, capsys) == {"silent": (pytest.approx(0.3), None)}
    assert run(["study", "cameras", "align", study, "front", "silent"]) == 1
    assert "has no sound" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "status"),
    [(["align", "STUDY", "front"], 1), (["align", "STUDY", "front", "--offset", "3"], 2), (["remove", "STUDY", "x"], 1),
     (["list", "STUDY", "nothing"], 1), (["add", "STUDY", "front", "STUDY"], 1)],
)  # fmt: skip
def test_what_is_not_there_is_one_sentence(asked: list[str], status: int, study: str, capsys: Capture) -> None:
    assert run(["study", "cameras", *(study if word == "STUDY" else word for word in asked)]) == status
    assert "Traceback" not in capsys.readouterr().err
