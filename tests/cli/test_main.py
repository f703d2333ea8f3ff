"""The command line as a person or a script meets it."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from skillviewer import __version__
from skillviewer.cli import main as entry
from skillviewer.cli.main import COMMANDS, LazyGroup, cli, run
from skillviewer.core.paths import HOME_VARIABLE, data_dir
from skillviewer.core.text import percent
from skillviewer.data.analysis_file import load_analysis
from skillviewer.media.reading.reader import VideoReader
from tests.checkpoints import tiny_checkpoint
from tests.facts import missing
from tests.privileges import bound_by_permissions
from tests.videos import write_barcode_video


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("models") / "tiny").folder


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_barcode_video(tmp_path_factory.mktemp("videos") / "ä b.mp4", 30).path


Capture = pytest.CaptureFixture[str]


def test_every_command_of_the_table_exists_and_has_help(capsys: Capture) -> None:
    assert isinstance(cli, LazyGroup)
    for name, _, _ in COMMANDS:
        assert run([name, "--help"]) == 0
        assert "Usage" in capsys.readouterr().out


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from skillviewer.cli.main import run; run(['--help']);"
        "print([m for m in ('torch', 'numpy', 'av', 'cv2', 'PySide6', 'numba') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.rstrip().endswith("[]")
    for name, _, _ in COMMANDS:
        assert name in result.stdout


def test_version(capsys: Capture) -> None:
    assert run(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


def test_score_prints_one_json_object_a_video(model: Path, video: Path, capsys: Capture) -> None:
    assert run(["score", str(video), "--model", str(model), "--passes", "2", "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    record = json.loads(line)
    assert record["path"] == str(video)
    assert len(record["score_curve"]) == len(record["sampled_frames"]) == len(record["times_s"]) == 5
    assert record["score"] == pytest.approx(record["score_curve"][-1])
    assert record["score"] == pytest.approx(np.mean([p["score"] for p in record["passes"]]))
    assert record["interval"][0] <= record["score"] <= record["interval"][1]
    assert record["model"] == "tiny"
    assert record["attention"]["kind"] == "distribution"


def test_broken_file_is_told_and_the_others_go_on(model: Path, video: Path, tmp_path: Path, capsys: Capture) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"not a video")
    assert run(["score", "--passes", "1", str(broken), str(video), "--model", str(model), "--json"]) == 1
    out, err = capsys.readouterr()
    first, second = (json.loads(line) for line in out.splitlines())
    assert "broken.mp4" in first["error"]
    assert np.isfinite(second["score"])
    assert "Traceback" not in err
    assert "broken.mp4" in err


def test_save_writes_the_whole_analysis(model: Path, video: Path, tmp_path: Path, capsys: Capture) -> None:
    assert run(["score", "--passes", "1", str(video), "--model", str(model), "--save", str(tmp_path / "out")]) == 0
    (path,) = (tmp_path / "out").iterdir()
    assert load_analysis(path).score == pytest.approx(float(capsys.readouterr().out.split()[0]), abs=1e-4)


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text there")
def test_a_video_whose_name_is_no_text_is_scored_and_its_analysis_not_kept(
    model: Path, video: Path, tmp_path: Path, capsys: Capture
) -> None:
    odd = tmp_path / os.fsdecode(b"odd\xff.mp4")
    odd.write_bytes(video.read_bytes())
    assert (
        run(
            [
                "score",
                "--passes",
                "1",
                str(odd),
                str(video),
                "--model",
                str(model),
                "--save",
                str(tmp_path / "kept"),
                "--json",
            ]
        )
        == 1
    )
    out, err = capsys.readouterr()
    failed, kept = map(json.loads, out.splitlines())
    assert "is not UTF-8" in failed["error"]
    assert kept["path"] == str(video)
    assert "Traceback" not in err


def test_a_console_that_lacks_letters_is_written_to(tmp_path: Path) -> None:
    folder = tmp_path / "手"
    folder.mkdir()
    (folder / "pairs.csv").write_text("better,worse\na,b\n")
    for encoding, more in (("latin-1", []), ("ascii", ["--json"])):
        ended = subprocess.run(
            [sys.executable, "-m", "skillviewer", "data", "inspect", str(folder), *more],
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": encoding},
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        assert b"\\u624b" in ended.stdout


@pytest.mark.slow
def test_a_stretch_is_scored_and_told(model: Path, video: Path, capsys: Capture) -> None:
    with VideoReader(video) as reader:
        times, end_s = reader.info.times_s, reader.info.duration_s
    half = float(times[len(times) // 2])
    for ends, (start, stop) in {
        ("--from", f"{half}"): (half, end_s),
        ("--to", f"{half}"): (0.0, half),
        ("--from", f"{half}", "--to", f"{half + end_s}"): (half, end_s),
    }.items():
        assert run(["score", "--passes", "1", str(video), "--model", str(model), *ends, "--json"]) == 0
        record = json.loads(capsys.readouterr().out)
        assert (record["start_s"], record["stop_s"]) == pytest.approx((start, stop), abs=1e-5)
        assert all(start - 1e-6 <= t < stop for t in record["times_s"])
    assert (
        run(
            [
                "score",
                "--passes",
                "1",
                str(video),
                "--model",
                str(model),
                "--from",
                f"{end_s + 1}",
                "--to",
                f"{2 * end_s + 1}",
            ]
        )
        == 1
    )
    assert "nothing of it is left" in capsys.readouterr().err


def test_a_damaged_file_is_told_beside_its_score(model: Path, tmp_path: Path, capsys: Capture) -> None:
    whole = write_barcode_video(tmp_path / "whole.mkv", 120, kind="mkv").path
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    assert run(["score", "--passes", "1", str(cut), "--model", str(model)]) == 0
    assert "damaged or cut off" in capsys.readouterr().err


def test_a_folder_without_videos_is_told(model: Path, tmp_path: Path, capsys: Capture) -> None:
    assert run(["score", "--passes", "1", str(tmp_path), "--model", str(model), "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out) == {"path": str(tmp_path), "error": f"There is no video in {tmp_path}."}
    assert f"There is no video in {tmp_path}." in err


def test_a_folder_without_videos_among_others_is_told_too(
    model: Path, video: Path, tmp_path: Path, capsys: Capture
) -> None:
    assert run(["score", "--passes", "1", str(tmp_path), str(video), "--model", str(model)]) == 1
    out, err = capsys.readouterr()
    assert str(video) in out
    assert f"There is no video in {tmp_path}." in err


def test_an_empty_name_of_a_model_is_not_the_usual_model(video: Path, capsys: Capture) -> None:
    assert run(["score", "--passes", "1", str(video), "--model", ""]) == 1
    assert not capsys.readouterr().out


def test_what_nobody_may_look_at_is_one_sentence_and_the_others_go_on(
    model: Path, video: Path, tmp_path: Path, capsys: Capture
) -> None:
    locked, unreadable = tmp_path / "locked", tmp_path / "no.mp4"
    locked.mkdir(mode=0)
    unreadable.write_bytes(b"x")
    unreadable.chmod(0)
    files = [str(path) for path in (locked, locked / "in.mp4", unreadable, video)]
    try:
        with bound_by_permissions():
            with pytest.raises(PermissionError):
                list(locked.iterdir())
            assert run(["score", "--passes", "1", *files, "--model", str(model)]) == 1
            out, err = capsys.readouterr()
            assert str(video) in out
            assert "Errno" not in err
            for path in files[:3]:
                assert any(path in line and "permission denied" in line.lower() for line in err.splitlines()), err
            assert run(["data", "inspect", str(locked / "in")]) == 1
            assert "Permission denied" in capsys.readouterr().err
    finally:
        locked.chmod(0o700)


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (PermissionError(13, "Permission denied", "/locked/x"), "skillviewer: /locked/x: Permission denied.\n"),
        (
            UnicodeEncodeError("utf-8", "odd\udcff", 3, 4, "surrogates not allowed"),
            "skillviewer: “odd\\udcff” is not UTF-8 and cannot be written: rename the file, or its folder.\n",
        ),
        (MemoryError(), "skillviewer: There is not enough memory for that.\n"),
    ],
)
def test_an_error_of_the_system_is_one_sentence(
    raised: Exception, said: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def failing() -> None:
        raise raised

    monkeypatch.setattr("skillviewer.nets.model_library.find_models", failing)
    assert run(["models"]) == 1
    assert capsys.readouterr().err == said


def test_folder_stands_for_its_videos(model: Path, video: Path, capsys: Capture) -> None:
    assert run(["score", "--passes", "1", str(video.parent), "--model", str(model)]) == 0
    assert str(video) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["score"], 2),
        (["score", "x.mp4", "--passes", "0"], 2),
        (["score", "x.mp4", "--model", "nobody"], 1),
        (["weights", "fetch", "vgg"], 1),
        (["train", "/nowhere", "-o", "/nowhere/else"], 1),
    ],
)
def test_exit_codes(args: list[str], code: int, capsys: Capture) -> None:
    assert run(args) == code
    err = capsys.readouterr().err
    assert err.strip()
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "args",
    [
        ["score", "x.mp4", "--from", "nan"],
        ["score", "x.mp4", "--to", "NaN"],
        ["score", "x.mp4", "--to", "0"],
        ["data", "inspect", "x", "--smallest-difference", "nan"],
        ["train", "x", "-o", "y", "--rate", "nan"],
        ["train", "x", "-o", "y", "--rate", "1e300"],
        ["train", "x", "-o", "y", "--learning-rate", "inf"],
        ["train", "x", "-o", "y", "--cache-gb", "1e300"],
        ["train", "x", "-o", "y", "--seed", "-1"],
        ["train", "x", "-o", "y", "--seed", "99999999999999999999"],
        ["finetune", "x", "--cache-gb", "nan"],
        ["finetune", "x", "--seed", "-1"],
        ["export", "clip", "x.mp4", "-o", "y.mp4", "--strength", "nan"],
    ],
)
def test_a_number_that_cannot_be_counted_with_is_wrong_usage(args: list[str], capsys: Capture) -> None:
    assert run(args) == 2
    assert f"Invalid value for '{args[-2]}'" in capsys.readouterr().err


def test_a_demo_that_cannot_be_written_says_so_first(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "file").write_text("x")
    assert run(["demo", "--no-window", "-o", str(tmp_path / "file")]) == 1
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith(f"skillviewer: {tmp_path / 'file'}")
    assert "could not be written" in err


@pytest.mark.parametrize(("device", "said"), [("cuda", "no device cuda: torch sees no CUDA GPU"), ("tpu", "“tpu”")])
def test_a_device_that_is_not_there_is_one_sentence(
    device: str, said: str, model: Path, video: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    assert run(["score", "--passes", "1", str(video), "--model", str(model), "--device", device]) == 1
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert line.startswith("skillviewer: ")
    assert said in line
    assert not out


def test_first_argument_that_is_no_command_is_a_file_to_open(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    import skillviewer.ui.app as app

    def remember(files: object, **_: object) -> int:
        opened.append(files)
        return 0

    monkeypatch.setattr(app, "run", remember)
    assert run(["a.mp4", "b.mp4"]) == 0
    assert run([]) == 0
    assert opened == [(Path("a.mp4"), Path("b.mp4")), ()]


@pytest.mark.parametrize(
    ("arguments", "keeps"), [(["score", "--help"], True), (["window", "--help"], False), (["-h"], False)]
)
def test_what_computes_and_ends_keeps_the_memory_that_it_frees_and_the_window_does_not(
    arguments: list[str], keeps: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []
    monkeypatch.setattr(entry, "keep_freed_memory", lambda: told.append(True))
    monkeypatch.setattr(sys, "argv", ["skillviewer", *arguments])
    with pytest.raises(SystemExit) as end:
        entry.main()
    assert end.value.code == 0
    assert bool(told) is keeps


def test_assessing_opens_no_socket(model: Path, video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert run(["score", "--passes", "1", str(video), "--model", str(model)]) == 0


def test_models_lists_the_counts_of_the_paper(capsys: Capture) -> None:
    assert run(["models", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    counts = {entry["name"]: entry["parameters"] for entry in listed["attention_models"]}
    assert counts["full"] == 8_879_329
    assert counts["none"] == 8_668_801
    assert counts["cbam"] == 8_801_030


def test_models_lists_checkpoints_with_their_intervals_in_columns(capsys: Capture) -> None:
    assert run(["models", "--json"]) == 0
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)["checkpoints"]}
    low, high = found["sample-sharp"]["interval"]
    assert low < found["sample-sharp"]["accuracy"] < high
    assert run(["models"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  sample-")]
    stated = percent(found["sample-sharp"]["accuracy"], " %")
    assert f"{stated} ({percent(low)} to {percent(high)}) of {found['sample-sharp']['n_pairs']}" in lines[0]
    assert len({line.index("peg-insert-side-v3") for line in lines}) == 1
    assert len({line.index(" % (") for line in lines}) == 1


def test_a_checkpoint_without_an_interval_tells_its_accuracy_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    for name, accuracy in (("alike", 1.0), ("new", None)):
        folder = tiny_checkpoint(data_dir() / "models" / name).folder
        if accuracy is not None:
            card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
            card["held_out"] = {"accuracy": 0.5, "low": None, "high": None, "n_pairs": 9, "rule": "one person"}
            card["held_out"]["both_new"] = {"accuracy": accuracy, "low": None, "high": None, "n_pairs": 3}
            (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    assert run(["models"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert not missing(lines["alike"], "100.0 % (no interval)", "3 pairs of new people")
    assert "not measured" in lines["new"]


@pytest.mark.skipif(sys.platform == "win32", reason="no such pipes and no such device")
def test_a_reader_that_goes_away_is_no_failure_and_a_full_disk_is(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("better,worse\na,b\n")
    command = [sys.executable, "-m", "skillviewer", "data", "inspect", str(tmp_path), "--json"]
    reader, writer = os.pipe()
    os.close(reader)
    gone = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (gone.returncode, gone.stderr) == (0, "")
    full = Path("/dev/full")
    if full.exists():
        with full.open("w") as nowhere:
            told = subprocess.run(command, stdout=nowhere, stderr=subprocess.PIPE, text=True, check=False)
        assert told.returncode == 1
        assert not missing(told.stderr, "space left")
        assert "Traceback" not in told.stderr


def test_a_misspelled_command_is_no_file_to_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    opened: list[object] = []

    def window(*files: object, **_more: object) -> int:
        opened.append(files)
        return 0

    monkeypatch.setattr("skillviewer.ui.app.run", window)
    monkeypatch.chdir(tmp_path)
    assert run(["docter"]) == 2
    assert not missing(capsys.readouterr().err, "“docter”")
    (tmp_path / "docter").mkdir()
    assert run(["docter"]) == run(["score.mp4"]) == run(["holidays"]) == 0
    assert len(opened) == 3


def test_doctor_does_not_take_a_file_for_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "file"))
    assert run(["doctor"]) == 1
    out = capsys.readouterr().out
    assert out.count("cannot be written; set SKILLVIEWER_HOME to a folder that can") == 4


def test_doctor_goes_on_where_something_cannot_be_looked_at(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def failing() -> None:
        raise PermissionError(13, "Permission denied", "/locked/models")

    monkeypatch.setattr("skillviewer.nets.model_library.find_models", failing)
    monkeypatch.setattr("skillviewer.cli.doctor._MIN_FREE_GB", 1e9)
    assert run(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "/locked/models: Permission denied" in out
    assert out.count("1000000000 GB are wanted; make room") == 4
    assert not missing(out.rstrip(), "Something")


def test_doctor_tells_what_is_there(capsys: Capture) -> None:
    run(["doctor"])
    out = capsys.readouterr().out
    for what in ("Python", "torch", "decoders", "cache folder", "window"):
        assert what in out
