"""``skillviewer export`` as a person or a script meets it: every command, batches, several models, failures."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pandas as pd
import pytest
from pypdf import PdfReader

from skillviewer.cli.export import export
from skillviewer.cli.main import run
from skillviewer.core.dataset.pairs import Verdict
from skillviewer.data.analysis_file import save_analysis
from skillviewer.data.study import FileState, NewVideo, Study, Vote
from skillviewer.engine.exporting.study_exporters import STUDY_EXPORTERS, StudyExporter
from skillviewer.export.exporters import EXPORTERS, Exporter
from skillviewer.media.reading.reader import VideoReader
from tests.checkpoints import tiny_checkpoint
from tests.export.analyses import analysis
from tests.facts import missing
from tests.videos import write_barcode_video

Capture = pytest.CaptureFixture[str]
NAMES = ("one", "zwei ü 手", "thr#ee")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("models")
    return tiny_checkpoint(folder / "tiny").folder, tiny_checkpoint(folder / "other", seed=1).folder


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_study(tmp_path_factory.mktemp("study"))


def make_study(folder: Path) -> Path:
    """Write a study of three videos; the model in use is one of which only what it said is left."""
    with Study.create(folder / "peg") as made:
        for i, name in enumerate(NAMES):
            file = write_barcode_video(folder / f"{name}.mp4", 30 + i).path
            made.videos.add([NewVideo(file, participant=f"P{i}")])
            with VideoReader(file) as reader:
                said = analysis(reader.info, passes=2, shift=float(i))
            made.models.save_analysis(said)
        made.models.add("e" * 64, "gone", folder / "gone")
        made.use_model("e" * 64)
        made.votes.cast(Vote(NAMES[0], NAMES[1], Verdict.LEFT, "Ann"))
        made.votes.cast(Vote(NAMES[2], NAMES[1], Verdict.RIGHT, "Ann"))
        return made.path


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """An analysis that was saved beside its video."""
    (tmp_path / "in").mkdir()
    file = write_barcode_video(tmp_path / "in" / "ä b.mp4", 30).path
    with VideoReader(file) as reader:
        path = tmp_path / "in" / "ä b.analysis.npz"
        save_analysis(analysis(reader.info, passes=2), path)
    return path


OF_ALL_CRITERIA = {("study",)} | {("table", name) for name in ("log", "rated-items", "labels", "label-agreement")}
"""Exports that are the same whatever criterion the study looks at."""


def _commands() -> list[tuple[str, ...]]:
    every: list[Exporter | StudyExporter] = [*EXPORTERS, *STUDY_EXPORTERS]
    return [tuple(word for word in (made.group, made.name) if word) for made in every]


def test_every_exporter_is_a_command_with_every_option(capsys: Capture) -> None:
    for words in _commands():
        assert run(["export", *words, "--help"]) == 0
        out = capsys.readouterr().out
        assert "--output" in out
        assert "--force" in out
        assert "--json" in out
        assert ("--criterion" in out) != (words in OF_ALL_CRITERIA)
    for words in _commands():
        command: click.Command | None = export
        for word in words:
            assert isinstance(command, click.Group)
            command = command.get_command(click.Context(command), word)
        assert command is not None
        names = [parameter.name for parameter in command.params]
        assert len(names) == len(set(names)), words


def test_what_one_model_said_is_not_exported_as_another_s(saved: Path, tmp_path: Path, capsys: Capture) -> None:
    other = tiny_checkpoint(tmp_path / "models" / "other").folder
    command = ["export", "table", "scores", str(saved), "-o", str(tmp_path / "scores.csv")]
    assert run([*command, "--model", str(other)]) == 1
    assert not missing(capsys.readouterr().err, "b.analysis.npz", "leave")
    assert not (tmp_path / "scores.csv").exists()
    assert run(command) == 0


@pytest.mark.parametrize(
    ("words", "name", "options"),
    [
        (["clip"], "a.mp4", ["--start", "5", "--stop", "12", "--overlay", "dimmed-surroundings", "--size", "320x240"]),
        (["still"], "a.png", ["--frame", "7", "--theme", "dark", "--no-curve"]),
        (["sheet"], "a.pdf", ["--frames", "3,7 12", "--dpi", "72"]),
        (["curve"], "a.svg", ["--share-of-duration"]),
        (["table", "curves"], "a.json", []),
        (["table", "maps"], "a.npz", []),
    ],
)
def test_from_a_saved_analysis_without_any_model(
    saved: Path, tmp_path: Path, capsys: Capture, words: list[str], name: str, options: list[str]
) -> None:
    out = tmp_path / "out" / name
    command = ["export", *words, str(saved), "-o", str(out), *options, "--json"]
    assert run(command) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["path"] == str(out)
    assert record["export"] == words[-1]
    assert record["videos"] == ["ä b"]
    assert record["found"]
    assert [p.name for p in out.parent.iterdir()] == [name]
    if name == "a.mp4":
        with VideoReader(out) as reader:
            assert reader.n_frames == 7
    assert run(command) == 1
    refused = json.loads(capsys.readouterr().out)["error"]
    assert not missing(refused, "force")
    assert run([*command, "--force"]) == 0


@pytest.mark.slow
def test_a_study_in_one_file_or_one_file_a_video(study: Path, tmp_path: Path, capsys: Capture) -> None:
    assert run(["export", "table", "scores", str(study), "-o", str(tmp_path / "s.csv")]) == 0
    table = pd.read_csv(tmp_path / "s.csv")
    assert sorted(table["video"]) == sorted(f"{name}.mp4" for name in NAMES)
    assert sorted(table["score"].round(6)) == sorted(round(0.5625 + i, 6) for i in range(3))
    capsys.readouterr()
    folder = tmp_path / "stills"
    assert run(["export", "still", str(study), "-o", str(folder), "--json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(p.name for p in folder.iterdir()) == sorted(f"{name}.png" for name in NAMES)
    assert {Path(r["path"]).name for r in records} == {p.name for p in folder.iterdir()}
    assert run(["export", "clip", str(study), "-o", str(folder), "--video", NAMES[0], "--format", ".gif"]) == 0
    assert (folder / f"{NAMES[0]}.gif").is_file()
    assert run(["export", "clip", str(study), "-o", str(folder), "--video", "nobody"]) == 1
    assert "no video “nobody”" in capsys.readouterr().err


def test_a_study_is_exported_by_the_model_that_scored_it(tmp_path: Path, capsys: Capture) -> None:
    study = make_study(tmp_path)
    with Study.open(study) as opened:
        opened.settings = replace(opened.settings, model="")  # as the window leaves it, whatever model was open there
    assert run(["export", "table", "scores", str(study), "-o", str(tmp_path / "s.csv")]) == 0
    assert run(["study", "list", str(study), "--json"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    table = pd.read_csv(tmp_path / "s.csv")
    assert set(table["model_digest"]) == {"e" * 64} == {video["model"] for video in listed}
    assert sorted(table["score"]) == sorted(video["score"] for video in listed)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [["clip"], ["table", "curves"], ["timeline"]])
def test_two_processes_write_the_files_of_one_and_leave_what_is_done(
    kind: list[str], study: Path, tmp_path: Path, capsys: Capture
) -> None:
    assert run(["export", *kind, str(study), "-o", str(tmp_path / "serial")]) == 0
    assert run(["export", *kind, str(study), "-o", str(tmp_path / "two"), "--jobs", "2"]) == 0
    written = {path.name: path.read_bytes() for path in (tmp_path / "serial").iterdir()}
    assert len(written) == 3
    assert {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()} == written
    next(path for path in (tmp_path / "two").iterdir() if path.stem == "one").unlink()
    capsys.readouterr()
    assert run(["export", *kind, str(study), "-o", str(tmp_path / "two"), "--resume"]) == 0
    out, err = capsys.readouterr()
    assert "2 of 3 files are there already" in err
    assert len(out.splitlines()) == 1
    assert {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()} == written


def test_the_jobs_of_an_array_share_the_files(study: Path, tmp_path: Path, capsys: Capture) -> None:
    for shard, names in (("1/2", {"one.csv", "zwei ü 手.csv"}), ("2/2", {"one.csv", "thr#ee.csv", "zwei ü 手.csv"})):
        assert run(["export", "table", "scores", str(study), "-o", str(tmp_path / "out"), "--shard", shard]) == 0
        assert {path.name for path in (tmp_path / "out").iterdir()} == names
    assert run(["export", "table", "scores", str(study), "-o", str(tmp_path / "a.csv"), "--shard", "1/2"]) == 2
    assert "give a folder" in capsys.readouterr().err


def test_into_one_file_goes_all_or_nothing(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "in").mkdir()
    study = make_study(tmp_path / "in")
    study.with_name(f"{NAMES[1]}.mp4").unlink()
    assert run(["export", "table", "scores", str(study), "-o", str(tmp_path / "s.csv")]) == 1
    err = capsys.readouterr().err
    assert f"{NAMES[1]} is not where it was" in err
    assert not missing(err, f"{tmp_path / 's.csv'}")
    assert not (tmp_path / "s.csv").exists()
    assert run(["export", "table", "scores", str(study), "-o", str(tmp_path / "each")]) == 1
    assert len(list((tmp_path / "each").iterdir())) == 2


def test_a_video_whose_name_has_a_dash_is_found_by_it(tmp_path: Path, capsys: Capture) -> None:
    name = "peg – left hand"
    with Study.create(tmp_path / "peg") as made:
        file = write_barcode_video(tmp_path / f"{name}.mp4", 30).path
        made.videos.add([NewVideo(file)])
        with VideoReader(file) as reader:
            made.models.save_analysis(analysis(reader.info, passes=2))
        made.models.add("e" * 64, "gone", tmp_path / "gone")
        made.use_model("e" * 64)
        path = made.path
    out = tmp_path / "s.csv"
    assert run(["export", "table", "scores", str(path), "--video", name, "-o", str(out)]) == 0, capsys.readouterr().err
    assert list(pd.read_csv(out)["video"]) == [f"{name}.mp4"]


def test_what_fails_before_anything_is_exported_is_told_to_programs_too(tmp_path: Path, capsys: Capture) -> None:
    command = ["export", "still", str(tmp_path / "no.skillstudy"), "-o", str(tmp_path / "a.png")]
    assert run([*command, "--json"]) == 1
    assert "no.skillstudy" in json.loads(capsys.readouterr().out)["error"]
    assert run(command) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "no.skillstudy" in err


def test_videos_come_in_the_order_in_which_they_were_asked_for(study: Path, tmp_path: Path, capsys: Capture) -> None:
    command = ["export", "table", "scores", str(study), "-o", str(tmp_path / "s.csv")]
    assert run([*command, *(word for name in NAMES[::-1] for word in ("--video", name))]) == 0
    assert list(pd.read_csv(tmp_path / "s.csv")["video"]) == [f"{name}.mp4" for name in NAMES[::-1]]
    assert run([*command, "--force", "--format", ".json"]) == 2
    assert not missing(capsys.readouterr().err, "format")


def test_one_that_fails_is_told_and_the_others_go_on(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "in").mkdir()
    study = make_study(tmp_path / "in")
    video = study.with_name(f"{NAMES[1]}.mp4")
    video.write_bytes(video.read_bytes()[:-5])
    assert run(["export", "still", str(study), "-o", str(tmp_path / "out"), "--json"]) == 1
    out, err = capsys.readouterr()
    failed = [r for r in map(json.loads, out.splitlines()) if "error" in r]
    assert len(failed) == 1
    assert NAMES[1] in failed[0]["error"]
    assert "Traceback" not in err
    assert len(list((tmp_path / "out").iterdir())) == 2


@pytest.mark.slow
def test_models_are_asked_what_is_not_kept_and_stand_side_by_side(
    models: tuple[Path, Path], study: Path, tmp_path: Path
) -> None:
    command = ["export", "table", "comparison", str(study), "--video", NAMES[0], "--passes", "1"]
    both = ["--model", str(models[0]), "--model", str(models[1])]
    assert run([*command, *both, "-o", str(tmp_path / "c.csv")]) == 0
    row = pd.read_csv(tmp_path / "c.csv").iloc[0]
    assert {row["first_model"], row["second_model"]} == {"tiny", "other"}
    pair = ["export", "still", str(study), "--video", NAMES[0], *both, "-o", str(tmp_path / "pair.png")]
    assert run(pair) == 0
    pair[-1] = str(tmp_path / "both in one")
    assert run(pair) == 0
    assert [p.name for p in (tmp_path / "both in one").iterdir()] == [f"{NAMES[0]}.png"], "called after the video"
    each = ["export", "table", "maps", str(study), "--video", NAMES[0], *both, "-o", str(tmp_path / "one each")]
    assert run(each) == 0, "a file holds one model, and a folder has room for two files"
    made = {p.name: json.loads(str(np.load(p)["about"])) for p in (tmp_path / "one each").iterdir()}
    assert {name: about["provenance"]["model"] for name, about in made.items()} == {
        f"{NAMES[0]} – {model}.npz": model for model in ("tiny", "other")
    }
    assert run(["export", "table", "evidence", str(study), "--video", NAMES[0], "--model", str(models[0]), "-o",
                str(tmp_path / "e.csv")]) == 0  # fmt: skip
    evidence = pd.read_csv(tmp_path / "e.csv")
    assert np.isfinite(evidence["contribution"]).all()


def test_a_saved_analysis_finds_its_video_from_another_folder_and_beside_itself(
    models: tuple[Path, Path], study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = tmp_path / "in" / "v.mp4"
    video.parent.mkdir()
    shutil.copy(study.with_name(f"{NAMES[0]}.mp4"), video)
    monkeypatch.chdir(video.parent)
    assert run(["score", "v.mp4", "--model", str(models[0]), "--passes", "1", "--save", "kept"]) == 0
    monkeypatch.chdir(tmp_path)
    saved = next((video.parent / "kept").iterdir())
    assert run(["export", "still", str(saved), "-o", str(tmp_path / "a.png")]) == 0
    (tmp_path / "moved").mkdir()
    shutil.move(video, tmp_path / "moved" / "v.mp4")
    moved = shutil.move(saved, tmp_path / "moved")
    assert run(["export", "still", str(moved), "-o", str(tmp_path / "b.png")]) == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_saved_analysis_is_explained_by_its_own_model_and_no_other(
    models: tuple[Path, Path], study: Path, tmp_path: Path, capsys: Capture
) -> None:
    kept = tmp_path / "kept"
    video = study.with_name(f"{NAMES[0]}.mp4")
    assert run(["score", str(video), "--model", str(models[0]), "--passes", "1", "--save", str(kept)]) == 0
    saved = next(kept.iterdir())
    command = ["export", "table", "evidence", str(saved), "-o", str(tmp_path / "e.csv")]
    assert run([*command, "--model", str(models[1])]) == 1
    assert "an analysis by tiny, not by" in capsys.readouterr().err
    assert run([*command, "--model", str(models[0])]) == 0
    assert np.isfinite(pd.read_csv(tmp_path / "e.csv")["contribution"]).all()


def test_what_the_study_s_model_cannot_be_asked_any_more_is_said(study: Path, tmp_path: Path, capsys: Capture) -> None:
    command = ["export", "still", str(study), "--video", NAMES[0], "--passes", "3", "-o", str(tmp_path / "a.png")]
    assert run(command) == 1
    assert "choose a model" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_whole_study_and_its_votes(study: Path, tmp_path: Path, capsys: Capture) -> None:
    assert run(["export", "table", "judgements", str(study), "-o", str(tmp_path / "j.csv")]) == 0
    assert len(pd.read_csv(tmp_path / "j.csv")) == 2
    assert run(["export", "table", "strengths", str(study), "-o", str(tmp_path / "s.csv")]) == 0
    capsys.readouterr()
    archive = tmp_path / "all.skillarchive"
    key = tmp_path / "key.csv"
    command = ["export", "study", str(study), "-o", str(archive), "--no-videos", "--pseudonyms", "--key", str(key)]
    assert run([*command, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["path"] == str(archive)
    assert any("keep it apart" in warning for warning in record["remarks"])
    assert key.is_file()
    assert run(command) == 1
    capsys.readouterr()
    for name in ("all", "all (2)"):
        assert run(["study", "unpack", str(archive)]) == 0
        unpacked = Path(capsys.readouterr().out.strip())
        assert unpacked.parent == tmp_path / name
        with Study.open(unpacked, read_only=True) as opened:
            assert len(opened.votes.all()) == 2


def test_what_an_export_is_made_of_is_never_written_over(tmp_path: Path, saved: Path, capsys: Capture) -> None:
    study = make_study(tmp_path)
    videos = sorted(tmp_path.glob("*.mp4"))
    before = {path: path.read_bytes() for path in (*videos, study, saved)}
    linked = tmp_path / "linked.mp4"
    linked.symlink_to(videos[1])
    for command in (
        ["export", "clip", str(study), "-o", str(tmp_path)],
        ["export", "clip", str(videos[0]), str(videos[1]), "-o", str(videos[1])],
        ["export", "clip", str(study), "-o", str(linked)],
        ["export", "table", "maps", str(saved), "-o", str(saved)],
        ["study", "export", str(study), str(study)],
        ["study", "export", str(study), str(videos[0])],
        ["study", "export", str(study), str(study), "--participants"],
    ):
        assert run([*command, "--force"]) == 1
        assert not missing(capsys.readouterr().err, "never replaced")
    assert {path: path.read_bytes() for path in before} == before
    assert linked.is_symlink()


def test_the_key_to_the_names_is_not_lost_in_the_archive(study: Path, tmp_path: Path, capsys: Capture) -> None:
    both = str(tmp_path / "all.zip")
    assert run(["export", "study", str(study), "--no-videos", "--pseudonyms", "-o", both, "--key", both]) == 1
    assert "choose another name for the key" in capsys.readouterr().err
    assert not (tmp_path / "all.zip").exists()


@pytest.mark.slow
def test_whole_study_with_blurred_faces(study: Path, tmp_path: Path, capsys: Capture) -> None:
    archive = tmp_path / "blurred.skillarchive"
    assert run(["export", "study", str(study), "-o", str(archive), "--blur-faces", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["remarks"][0].startswith("In the archive: 3 videos, ")
    assert not missing(record["remarks"][1], "3 videos")
    assert record["remarks"][1].endswith("; 0 frames are doubtful.")
    assert any("look through what was made" in warning for warning in record["remarks"])
    assert run(["study", "unpack", str(archive)]) == 0
    told = capsys.readouterr()
    assert "no guarantee" in told.err
    unpacked = Path(told.out.strip())
    report = tmp_path / "why.html"
    assert run(["export", "report", "why", str(unpacked), "--video", NAMES[0], "-o", str(report)]) == 0
    assert not missing(report.read_text(encoding="utf-8"), "blurred")
    for name in ("cohort.html", "cohort.pdf"):  # they open what was written, and search it for what has to be said
        report = tmp_path / name
        assert run(["export", "report", "cohort", str(unpacked), "-o", str(report)]) == 0
    told_in_pdf = " ".join(" ".join(page.extract_text() for page in PdfReader(report).pages).split())
    for said in (told_in_pdf, report.with_suffix(".html").read_text(encoding="utf-8")):
        assert not missing(said, "3 scores")
    with Study.open(unpacked, read_only=True) as opened:
        assert {video.state for video in opened.videos.check()} == {FileState.PRESENT}


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["clip", "x.mp4", "-o", "x.avi"], "“Annotated clip” cannot be written to x.avi: give a name that ends"),
        (["clip", "x.mp4", "-o", "x.mp4", "--size", "big"], "is no size"),
        (["sheet", "x.mp4", "-o", "x.png", "--frames", "a"], "are no frames"),
        (["clip", "x.mp4", "-o", "x.mp4", "--speed", "0"], "speed"),
        (["film", "x.mp4"], "film"),
    ],
)
def test_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, args: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["export", *args]) == 2
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
