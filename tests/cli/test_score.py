"""Scoring of many videos: it goes on where it was, lists what failed, and computes nothing twice."""

import json
import os
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from skillviewer.cli.main import run
from skillviewer.cli.progress import LINE_INTERVAL_S, BatchReport
from skillviewer.core.errors import ExportError, StudyError
from skillviewer.data.analysis_file import load_analysis
from skillviewer.data.result_file import read_header
from skillviewer.data.study import NewVideo, Study
from skillviewer.engine.inference import engine
from tests.checkpoints import tiny_checkpoint
from tests.facts import missing
from tests.videos import write_barcode_video

if TYPE_CHECKING:
    from skillviewer.core.progress import Progress

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("models") / "tiny").folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("videos")
    return [write_barcode_video(folder / f"{n}.mp4", n).path.read_bytes() for n in (12, 14, 16)]


@pytest.fixture
def videos(made: list[bytes], tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    for name, content in zip("abc", made, strict=True):
        (folder / f"{name}.mp4").write_bytes(content)
    return folder


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the videos that are assessed."""
    names: list[str] = []
    assess = engine.Engine.assess

    def counted(self: engine.Engine, path: Path, *args: object, **kwargs: object) -> object:
        names.append(Path(path).name)
        return assess(self, path, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(engine.Engine, "assess", counted)
    return names


def scored(capsys: Capture) -> dict[str, str]:
    """Return score by name of the video."""
    return {
        Path(path).name: score for score, path in (line.split("  ") for line in capsys.readouterr().out.splitlines())
    }


def test_the_same_command_goes_on_where_it_was(
    model: Path, videos: Path, tmp_path: Path, computed: list[str], capsys: Capture
) -> None:
    out = tmp_path / "out"
    command = ["score", "--passes", "1", str(videos), "--model", str(model), "--out", str(out)]
    assert run(["score", "--passes", "1", str(videos / "b.mp4"), *command[4:]]) == 0
    first = scored(capsys)
    assert run(command) == 0
    every = scored(capsys)
    assert every["b.mp4"] == first["b.mp4"]
    assert computed == ["b.mp4", "a.mp4", "c.mp4"]
    before = {path: path.read_bytes() for path in out.iterdir()}
    assert run(command) == 0
    assert scored(capsys) == every
    assert len(computed) == 3
    os.utime(videos / "a.mp4", ns=(1, 1))  # the same bytes: known by content, under a new key
    assert run(command) == 0
    assert len(computed) == 3
    changed = [path for path, content in before.items() if path.read_bytes() != content]
    assert [path.name[0] for path in changed] == ["a"]
    cut = next(path for path in before if path.name.startswith("c"))
    cut.write_bytes(before[cut][:-2000])
    capsys.readouterr()
    assert run([*command, "--json"]) == 0
    assert {Path(json.loads(line)["path"]).name for line in capsys.readouterr().out.splitlines()} == set(every)
    assert computed[3:] == ["c.mp4"]
    assert cut.read_bytes() == before[cut]
    assert run([*command, "--passes", "2"]) == 0  # another key: other files, and the first stay
    assert len(computed) == 7
    assert len(list(out.iterdir())) == 6
    assert run([*command, "--force"]) == 0
    assert len(computed) == 10


def test_a_failure_is_listed_at_the_end_and_tried_again_only_when_asked(
    model: Path, videos: Path, tmp_path: Path, capsys: Capture
) -> None:
    (videos / "b.mp4").write_bytes(b"no video")
    out, log = tmp_path / "out", tmp_path / "logs" / "log.jsonl"
    command = ["score", "--passes", "1", str(videos), "--model", str(model), "--out", str(out), "--log", str(log)]
    assert run(command) == 1
    err = capsys.readouterr().err
    table = err[err.index("1 failed:") :]
    assert str(videos / "b.mp4") in table
    assert "Traceback" not in err
    tried = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(Path(line["path"]).name, line["error"] is None) for line in tried] == [
        ("a.mp4", True),
        ("b.mp4", False),
        ("c.mp4", True),
    ]
    log.unlink()
    assert run(command) == 1
    out_text, err = capsys.readouterr()
    assert "(--retry-failed tries again)" in err
    assert str(videos / "b.mp4") in err[err.index("1 failed:") :]
    assert "b.mp4" not in out_text
    assert not log.exists()  # nothing was tried
    assert run([*command, "--retry-failed"]) == 1
    assert [Path(json.loads(line)["path"]).name for line in log.read_text().splitlines()] == ["b.mp4"]
    (videos / "b.mp4").write_bytes((videos / "a.mp4").read_bytes())  # another file: no failure is known of it
    assert run(command) == 0


def test_lists_studies_and_data_sets_are_scored_and_collected(
    model: Path, videos: Path, tmp_path: Path, computed: list[str], capsys: Capture
) -> None:
    out, study = tmp_path / "out", tmp_path / "some.skillstudy"
    with Study.create(study) as opened:
        opened.videos.add([NewVideo(videos / "a.mp4", "first")])
        study = opened.path
    listed = tmp_path / "list.txt"
    listed.write_text("# two\nvideos/b.mp4\n\nvideos/gone.mp4\n", encoding="utf-8")
    pairs = tmp_path / "set" / "pairs.csv"
    pairs.parent.mkdir()
    pairs.write_text("better,worse\nc,a\n", encoding="utf-8")
    options = ["--model", str(model), "--out", str(out), "--into", str(study), "--videos", str(videos)]
    assert run(["score", "--passes", "1", str(study), str(listed), str(pairs.parent), *options]) == 1
    text, err = capsys.readouterr()
    assert {Path(line.split("  ")[1]).name for line in text.splitlines()} == {"a.mp4", "b.mp4", "c.mp4"}
    assert "gone.mp4" in err
    assert "3 scores are new" in err
    with Study.open(study, read_only=True) as opened:
        (used,) = opened.models.all()
        scores = opened.models.scores(used.digest)
        files = {video.name: video.path for video in opened.videos.all()}
    assert set(scores) == set(files) == {"first", "b", "c"}
    by_file = {load_analysis(path).video.path: load_analysis(path).score for path in out.glob("*.npz")}
    assert {name: score.score for name, score in scores.items()} == {name: by_file[files[name]] for name in files}  # type: ignore[index]
    computed.clear()
    assert run(["score", "--passes", "1", str(study), *options]) == 0
    assert computed == []
    assert "0 scores are new" in capsys.readouterr().err


def test_an_empty_list_is_told(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "list.txt").write_text("# nothing\n")
    assert run(["score", "--passes", "1", str(tmp_path / "list.txt")]) == 1
    assert "There is no path in" in capsys.readouterr().err


def test_only_one_process_collects_into_a_study(model: Path, videos: Path, tmp_path: Path, capsys: Capture) -> None:
    command = ["score", "--passes", "1", str(videos), "--model", str(model), "--out", str(tmp_path / "out")]
    with Study.create(tmp_path / "some.skillstudy") as opened:
        assert run([*command, "--into", str(opened.path)]) == 1
        assert "is open elsewhere" in capsys.readouterr().err
        path = opened.path
    assert run([*command, "--into", str(path)]) == 0
    assert "3 scores are new" in capsys.readouterr().err


def test_shards_are_all_units_each_once(model: Path, videos: Path, tmp_path: Path, computed: list[str]) -> None:
    command = ["score", "--passes", "1", str(videos), "--model", str(model), "--out", str(tmp_path / "out")]
    assert run([*command, "--shard", "2/2"]) == 0
    assert computed == ["b.mp4"]
    assert run([*command, "--shard", "1/2"]) == 0
    assert sorted(computed) == ["a.mp4", "b.mp4", "c.mp4"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--shard", "3/2"], "3/2"),
        (["--shard", "one"], "3/8 is the third of eight"),
        (["--into", "x.skillstudy"], "--out"),
        (["--devices", "cuda:0", "--cluster", "local"], "--devices"),
        (["--jobs", "0"], "--jobs"),
        (["--out", "{tmp}", "--into", "{tmp}/none.skillstudy"], "study create"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_done(
    options: list[str], problem: str, tmp_path: Path, capsys: Capture
) -> None:
    assert run(["score", "--passes", "1", str(tmp_path), *(option.format(tmp=tmp_path) for option in options)]) == 2
    assert problem in capsys.readouterr().err


def test_a_log_is_never_written_into_a_video_or_a_study(
    model: Path, videos: Path, tmp_path: Path, capsys: Capture
) -> None:
    other = tmp_path / "study.skillstudy"
    Study.create(other).close()
    for path in (videos / "a.mp4", other):
        before = path.read_bytes()
        assert run(["score", "--passes", "1", str(videos / "b.mp4"), "--model", str(model), "--log", str(path)]) == 1
        assert not missing(capsys.readouterr().err, f"{path}")
        assert path.read_bytes() == before


def test_what_cannot_collect_is_told_before_anything_is_computed(
    model: Path, videos: Path, tmp_path: Path, computed: list[str], capsys: Capture
) -> None:
    study = tmp_path / "no.skillstudy"
    study.write_text("words")
    command = [
        "score",
        "--passes",
        "1",
        str(videos),
        "--model",
        str(model),
        "--out",
        str(tmp_path / "out"),
        "--into",
        str(study),
    ]
    assert run(command) == 1
    assert (computed, capsys.readouterr().err) == ([], f"skillviewer: {study} is not a study.\n")


def test_an_empty_name_is_not_the_folder_here(capsys: Capture) -> None:
    assert run(["score", ""]) == 2
    assert "The name is empty." in capsys.readouterr().err


def test_a_list_in_another_encoding_is_told_and_its_ending_may_be_large(
    model: Path, videos: Path, tmp_path: Path, capsys: Capture
) -> None:
    odd = tmp_path / "odd.txt"
    odd.write_bytes(b"\xff\xfea")
    assert run(["score", "--passes", "1", str(odd)]) == 1
    assert f"{odd} is not UTF-8 text: save it as UTF-8." in capsys.readouterr().err
    whole = tmp_path / "LIST.TXT"
    whole.write_text(str(videos / "a.mp4"))
    assert run(["score", "--passes", "1", str(whole), "--model", str(model)]) == 0
    assert list(scored(capsys)) == ["a.mp4"]


@pytest.mark.parametrize("device", ["cpu", "cuda:x", "gpu0"])
def test_what_is_no_gpu_is_told(device: str, model: Path, videos: Path, capsys: Capture) -> None:
    assert run(["score", "--passes", "1", str(videos), "--model", str(model), "--devices", device]) == 1
    assert f"“{device}” is not a GPU" in capsys.readouterr().err


def test_a_result_that_cannot_be_written_is_no_fault_of_the_video(
    model: Path, videos: Path, tmp_path: Path, computed: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    out = tmp_path / "out"
    out.write_text("a file in the way")
    command = ["score", "--passes", "1", str(videos), "--model", str(model), "--out", str(out / "below")]
    assert run(command) == 1
    assert f"{out / 'below'} cannot be written: Not a directory." in capsys.readouterr().err
    assert computed == [], "told before the first video"
    out.unlink()

    def full(*_args: object, **_kwargs: object) -> None:
        raise ExportError("No space is left.")

    with monkeypatch.context() as disk:
        disk.setattr("skillviewer.engine.scoring.units.save_result", full)
        assert run(command) == 1
    assert "3 failed" in capsys.readouterr().err
    assert run(command) == 0


def test_a_damaged_result_is_computed_again_with_a_line(
    model: Path, videos: Path, tmp_path: Path, computed: list[str], capsys: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "out"
    command = ["score", "--passes", "1", str(videos), "--model", str(model), "--out", str(out)]
    assert run(command) == 0
    every = scored(capsys)
    a, b, c = sorted(out.iterdir())
    whole = {path: path.read_bytes() for path in (a, b, c)}
    digit = whole[a].rindex(b'"score":') + len(b'"score":-')
    a.write_bytes(whole[a][:digit] + (b"7" if whole[a][digit : digit + 1] != b"7" else b"8") + whole[a][digit + 1 :])
    b.write_bytes(whole[c])  # under another video's name
    assert run(command) == 0
    assert scored(capsys) == every
    assert computed[3:] == ["a.mp4", "b.mp4"]
    assert [("checksum" in line, "another video" in line) for line in caplog.messages] == [(True, False), (False, True)]
    assert {path: path.read_bytes() for path in (a, b, c)} == whole


def test_no_altered_byte_of_a_result_passes(model: Path, videos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(["score", "--passes", "1", str(videos / "a.mp4"), "--model", str(model), "--out", str(out)]) == 0
    (path,) = out.iterdir()
    written, chance = path.read_bytes(), random.Random(7)
    assert read_header(path).score == load_analysis(path).score
    places = [*(chance.randrange(len(written)) for _ in range(200)), *range(len(written) - 400, len(written), 3)]
    for place in places:
        path.write_bytes(written[:place] + bytes([written[place] ^ (1 << chance.randrange(8))]) + written[place + 1 :])
        with pytest.raises(StudyError):
            read_header(path)


def test_a_cut_off_or_foreign_file_is_no_result(tmp_path: Path) -> None:
    for content in (b"", b"PK\5\6", b"PK\5\6" + bytes(18), bytes(3000), b'{"key":"a","sha256":""}', b'{"key":\xff'):
        path = tmp_path / "x.analysis.npz"
        path.write_bytes(content)
        with pytest.raises(StudyError):
            read_header(path)
    with pytest.raises(StudyError):
        read_header(tmp_path)


def test_pipes_and_links_among_the_results_are_passed_over_or_refused(
    model: Path, videos: Path, tmp_path: Path, capsys: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    out.mkdir()
    elsewhere.mkdir()
    os.mkfifo(out / f"a-{'0' * 16}.analysis.npz")
    (videos / "b.mp4").write_bytes(b"no video")
    (videos / "c.mp4").unlink()
    (out / "failed").symlink_to(elsewhere)
    command = ["score", "--passes", "1", str(videos), "--model", str(model), "--out", str(out)]
    assert run(command) == 1
    assert f"{out / 'failed'} is a link" in capsys.readouterr().err
    assert list(elsewhere.iterdir()) == []
    (out / "failed").unlink()
    assert run(command) == 1
    (failure,) = (out / "failed").iterdir()
    assert any("no file with a result" in line for line in caplog.messages)
    failure.unlink()
    os.mkfifo(failure)
    assert run(command) == 1
    assert "b.mp4" in capsys.readouterr().err


def test_lines_come_now_and_then_where_there_is_no_terminal(tmp_path: Path, capsys: Capture) -> None:
    now = [0.0]
    bar: list[Progress] = []
    told = BatchReport(10, bar.append, tmp_path / "log.jsonl", lambda: now[0])
    for step in range(10):
        now[0] += LINE_INTERVAL_S / 4
        told.count_item("x", "It failed." if step == 1 else "")
    told.close()
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines] == ["4 of 10 done", "8 of 10 done", "10 of 10 done"]
    assert (lines[0], lines[-1]) == ("4 of 10 done, 1 failed, about 45 s left", "10 of 10 done, 1 failed")
    assert [progress.done for progress in bar] == list(range(1, 11))
    with pytest.raises(ExportError, match="cannot be written"):
        BatchReport(1, bar.append, tmp_path)
