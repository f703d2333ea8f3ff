"""``skillviewer study`` as a person or a script meets it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from skillviewer.cli.main import run
from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.video.clips import FrameRange
from skillviewer.data.study import NewVideo, Study, Vote
from tests.data.studies import make_study, write_file
from tests.export.analyses import analysis, info
from tests.facts import missing

Capture = pytest.CaptureFixture[str]


def test_from_nothing_to_a_table(tmp_path: Path, capsys: Capture) -> None:
    for name in ("P1_x", "P2_y"):
        write_file(tmp_path / "videos" / f"{name}.mp4")
    study = tmp_path / "my.skillstudy"
    assert run(["study", "create", str(tmp_path / "my"), "--task", "peg"]) == 0
    assert capsys.readouterr().out.strip() == str(study)
    assert run(["study", "create", str(study)]) == 1
    assert "there already" in capsys.readouterr().err
    assert run(["study", "add", str(study), str(tmp_path / "videos"), "--participant-pattern", "^P[0-9]+"]) == 0
    assert "2 videos added" in capsys.readouterr().err
    assert run(["study", "add", str(study), str(tmp_path / "videos"), str(tmp_path / "none.mp4")]) == 1
    err = capsys.readouterr().err
    assert "0 videos added" in err
    assert "none.mp4" in err
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("left,right,label,rater\nP1_x,P2_y,1,Ann\n")
    assert run(["study", "import", str(study), str(pairs)]) == 0
    assert "1 votes" in capsys.readouterr().out
    out = tmp_path / "out.csv"
    assert run(["study", "export", str(study), str(out), "--format", "labels"]) == 0
    assert out.read_text() == "left,right,label\nP1_x,P2_y,1\n"
    assert run(["study", "export", str(study), str(out), "--format", "labels"]) == 1
    assert run(["study", "export", str(study), str(out), "--participants", "--force"]) == 0
    assert out.read_text() == "video,participant\nP1_x,P1\nP2_y,P2\n"
    assert run(["study", "add", str(study), str(tmp_path / "videos/P1_x.mp4"), "--occasion", "pre"]) == 0
    assert run(["study", "add", str(study), str(tmp_path / "videos"), "--occasion", "post"]) == 1
    assert not missing(capsys.readouterr().err, "“P1_x”")
    assert run(["study", "list", str(study), "--json"]) == 0
    assert [json.loads(line)["occasion"] for line in capsys.readouterr().out.splitlines()] == ["pre", "post"]
    later = tmp_path / "later.skillstudy"
    assert run(["study", "create", str(later), str(tmp_path / "videos")]) == 0
    assert run(["study", "import", str(later), str(out)]) == 0
    assert not missing(capsys.readouterr().out, "0 videos", "0 votes", "0 pairs", "2 known")
    assert run(["study", "add", str(later), str(tmp_path / "videos"), "--participant", "P3"]) == 1
    assert not missing(capsys.readouterr().err, "“P1_x”", "P3")
    (tmp_path / "there.csv").write_text("x")
    assert run(["study", "export", str(study), str(tmp_path / "there.csv")]) == 1
    assert not missing(capsys.readouterr().err, "there.csv", "force")
    assert run(["study", "export", str(study), str(tmp_path / "x.csv"), "--format", "odd"]) == 1
    assert "every-vote" in capsys.readouterr().err


def test_a_study_is_made_whole_or_not_at_all(tmp_path: Path, capsys: Capture) -> None:
    for name in ("P1_x", "P2_y", "who"):
        write_file(tmp_path / "videos" / f"{name}.mp4")
    command = ["study", "create", str(tmp_path / "my"), str(tmp_path / "videos")]
    assert run([*command, str(tmp_path / "none.mp4")]) == 1
    assert capsys.readouterr().err == f"skillviewer: There is no {tmp_path / 'none.mp4'}.\n"
    assert run([*command, "--participant-pattern", "(P"]) == 1
    assert "(P" in capsys.readouterr().err
    assert not (tmp_path / "my.skillstudy").exists()
    assert run([*command, "--participant-pattern", "^P[0-9]+"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == str(tmp_path / "my.skillstudy"), "what a script goes on with comes last"
    assert "“^P[0-9]+” finds no participant in 1 of 3 names." in err


def test_what_is_no_video_is_not_taken_into_a_study(tmp_path: Path, capsys: Capture) -> None:
    study = make_study(tmp_path, "a")
    notes, empty = tmp_path / "notes.txt", tmp_path / "empty"
    notes.write_text("of the visit")
    empty.mkdir()
    write_file(tmp_path / "b.mp4")
    assert run(["study", "add", str(study), str(notes), str(empty), str(tmp_path / "b.mp4")]) == 1
    err = capsys.readouterr().err
    assert not missing(err, "notes.txt", "video")
    assert f"There is no video in {empty}." in err
    with Study.open(study, read_only=True) as opened:
        assert [video.name for video in opened.videos.all()] == ["a", "b"]
    for nothing in (notes, empty):
        assert run(["study", "create", str(tmp_path / "new"), str(nothing)]) == 1
    assert not (tmp_path / "new.skillstudy").exists()
    assert run(["study", "add", str(study), str(tmp_path / "b.mp4"), "--task", "suturing"]) == 1
    assert not missing(capsys.readouterr().err, "“b”", "“suturing”")
    both = ["--participant", "P1", "--participant-pattern", "^P"]
    assert run(["study", "add", str(study), str(tmp_path / "b.mp4"), *both]) == 2


def test_list_names_every_video_with_its_state(tmp_path: Path, capsys: Capture) -> None:
    study = make_study(tmp_path, "a", "b", "c", "d")
    (tmp_path / "videos" / "b.mp4").unlink()
    write_file(tmp_path / "videos" / "c.mp4", "another and longer one")
    (tmp_path / "videos" / "d.mp4").rename(tmp_path / "d.mp4")
    assert run(["study", "list", str(study), "--json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(r["name"], r["state"]) for r in records] == [
        ("a", "present"),
        ("b", "missing"),
        ("c", "replaced"),
        ("d", "moved"),
    ]
    assert records[1]["path"] is None
    assert records[1]["recorded_path"] == str(tmp_path / "videos" / "b.mp4")
    assert run(["study", "relink", str(study)]) == 1
    out, err = capsys.readouterr()
    assert out.split() == ["missing", "b", "replaced", "c"]
    assert "1 found again, 2 not" in err
    assert run(["study", "list", str(study), "--check"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "present",
        "missing",
        "replaced",
        "present",
    ]


def test_list_tells_parts_of_files_and_the_scores_of_the_model_that_scored_most(
    tmp_path: Path, capsys: Capture
) -> None:
    study = make_study(tmp_path, "long")
    with Study.open(study) as opened:
        video = opened.videos.get("long")
        assert video.path is not None
        opened.videos.add([NewVideo(video.path, "try 1", clip_range=FrameRange(0, 5))])
        for model, shift in (("old", 1.0), ("new", 2.0)):
            said = analysis(info(60), model=model, shift=shift)
            said = replace(said, provenance=replace(said.provenance, model_digest=model), clip_range=FrameRange(0, 5))
            opened.models.add(model, model, tmp_path)
            said = said.with_video(replace(said.video, digest=video.digest))
            opened.models.save_analysis(said)
            if model == "old":
                opened.models.save_analysis(replace(said, clip_range=None))
    assert run(["study", "list", str(study), "--json"]) == 0
    whole, part = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (whole["extent"], whole["score"], whole["model"]) == (None, 1.5, "old")
    assert (part["extent"], part["score"]) == ("frame 0 5", 1.5)
    assert run(["study", "list", str(study)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:2] == ["present", "+1.5000"]
    assert lines[1].endswith("[frame 0 5]")


def test_study_that_is_open_elsewhere_is_listed_and_not_written(tmp_path: Path, capsys: Capture) -> None:
    path = make_study(tmp_path, "a", "b")
    with Study.open(path) as study:
        study.votes.cast(Vote("a", "b", Verdict.LEFT, "Ann"))
        assert run(["study", "list", str(path)]) == 0
        assert run(["study", "export", str(path), str(tmp_path / "out.csv")]) == 0
        assert run(["study", "add", str(path), str(write_file(tmp_path / "more.mp4"))]) == 1
        err = capsys.readouterr().err
        assert "another window" in err
        assert "Traceback" not in err
        assert len(study.videos.all()) == 2


@pytest.mark.parametrize("command", [["list"], ["relink"], ["export", "out.csv"]])
def test_what_is_no_study_is_told(tmp_path: Path, command: list[str], capsys: Capture) -> None:
    assert run(["study", command[0], str(tmp_path / "none.skillstudy"), *command[1:]]) == 1
    assert "There is no study" in capsys.readouterr().err


def test_a_table_of_people_has_no_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = tmp_path / "s.skillstudy"
    assert run(["study", "create", str(study)]) == 0
    out = tmp_path / "out.csv"
    assert run(["study", "export", str(study), str(out), "--participants", "--format", "labels"]) == 2
    assert "leave one of them out" in capsys.readouterr().err
    assert not out.exists()
