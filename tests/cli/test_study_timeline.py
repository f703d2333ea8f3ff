"""``skillviewer export timeline`` and ``study import-timeline`` as users meet them: the page on timelines, in order."""

import json
import re
import shlex
from pathlib import Path

import pytest

from skillviewer.cli.main import run
from skillviewer.core.video.clips import FrameRange
from skillviewer.data.study import NewVideo, Study
from skillviewer.data.study.exchange.study_timeline import study_annotations
from skillviewer.media.reading.reader import VideoReader
from tests.checkpoints import tiny_checkpoint
from tests.data.files import write
from tests.facts import missing
from tests.videos import write_barcode_video

PAGE = Path(__file__).resolve().parents[2] / "docs" / "timelines.md"
Capture = pytest.CaptureFixture[str]
STEPS = "start,stop,tier,text\n0.1,0.3,steps,reach\n0.3,0.5,steps,grasp\n0.25,,remarks,slips\n9,10,remarks,late\n"

BORIS = json.dumps(
    {
        "observations": {
            "Ann, first pass": {"file": {"1": ["000.mp4"]}, "events": [[0.1, "", "slip", "", ""]]},
            "Ann, second pass": {
                "file": {"1": ["000.mp4"]},
                "events": [[0.2, "", "slip", "", ""], [0.3, "", "hold", "", ""]],
            },
            "live": {"type": "LIVE", "file": [], "events": [[0.4, "", "slip", "", ""]]},
        },
        "behaviors_conf": {"0": {"type": "State event", "code": "hold"}, "1": {"type": "Point event", "code": "slip"}},
    }
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a study of one video, in which the commands of the page run."""
    monkeypatch.chdir(tmp_path)
    path = write_barcode_video(tmp_path / "000.mp4", 24).path
    with Study.create(tmp_path / "my-study") as study:
        study.videos.add([NewVideo(path, participant="P1", task="knot")])
        study.annotations.save_moment("000", 0.2, 0.5, author="Bea", label="reach")
        study.annotations.save_moment("000", 0.3, 0.4, author="Bea")
    write(tmp_path / "steps.csv", STEPS)
    write(tmp_path / "coded.boris", BORIS)
    return tmp_path


def test_the_commands_of_the_page_run(folder: Path, capsys: Capture) -> None:
    model = tiny_checkpoint(folder / "tiny").folder
    commands = re.findall(r"^    skillviewer (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(commands) == 8
    for command in commands[:5]:
        words = shlex.split(command)
        more = ["--model", str(model), "--passes", "1", "--device", "cpu"] if words[0] == "export" else []
        assert run([*words, *more]) == 0, command
    told = capsys.readouterr()
    assert "      2  moments\n" in told.out
    assert told.out.splitlines()[-3:] == [
        "New: 0 moments, 0 notes, 0 parts of the video. 2 known already, 0 after the end of the video.",
        "New: 0 moments, 1 note, 2 parts of the video. 0 known already, 1 after the end of the video.",
        "New: 1 moment, 0 notes, 0 parts of the video. 0 known already, 0 after the end of the video.",
    ]
    assert not missing(told.err, "“hold”", "0.3")
    assert "Ann, first pass" not in told.err
    with Study.open(folder / "my-study.skillstudy", read_only=True) as study:
        assert [(m.start_s, round(m.stop_s, 3), m.label, m.author, m.tier) for m in study.annotations.moments()] == [
            (0.2, 0.5, "reach", "Bea", ""),
            (0.2, 0.233, "slip", "", "slip"),
            (0.3, 0.4, "", "Bea", ""),
        ]
        assert [(n.text, n.time_s) for n in study.annotations.notes()] == [("slips", 0.25)]
        assert [(v.name, v.task, v.participant, v.clip_range) for v in study.videos.all()][1:] == [
            ("000 grasp", "grasp", "P1", FrameRange(9, 15)),
            ("000 reach", "reach", "P1", FrameRange(3, 9)),
        ]


def test_a_second_import_adds_nothing_and_attempts_keep_the_task(folder: Path, capsys: Capture) -> None:
    command = ["study", "import-timeline", "my-study.skillstudy", "steps.csv", "--video", "000"]
    meanings = [["--tier", "steps=attempts"], ["--tier", "remarks", "--author", "Ann"], ["--tier", "remarks=notes"]]
    for new in (
        ("0 moments, 0 notes, 2", "1 moment, 0 notes, 0", "0 moments, 1 note, 0"),
        ("0 moments, 0 notes, 0",) * 3,
    ):
        for more, words in zip(meanings, new, strict=True):
            assert run([*command, *more]) == 0
            assert words in capsys.readouterr().out
    with Study.open(folder / "my-study.skillstudy", read_only=True) as study:
        assert {v.task for v in study.videos.all()} == {"knot"}
        last = study.annotations.moments()[1]
        assert (round(last.stop_s - last.start_s, 3), last.author, last.label) == (0.017, "Ann", "slips")


def test_the_same_annotation_in_two_tiers_is_two_and_keeps_its_tiers(folder: Path, capsys: Capture) -> None:
    rows = ["start,stop,tier,text", *(f"0.1,0.2,{tier},go" for tier in ("words", "gloss", "gloss", "steps"))]
    write(folder / "a.csv", "\n".join(rows))
    command = ["study", "import-timeline", "my-study.skillstudy", "a.csv", "--video", "000"]
    with Study.open(folder / "my-study.skillstudy") as study:  # from before tiers were kept
        study.annotations.save_moment("000", 0.1, 0.2, author="", label="go")
    for n_new, n_known in ((2, 1), (0, 3)):
        assert run(command) == 0
        told = capsys.readouterr().out
        assert not missing(told, f"{n_new}", "0 notes", "0 parts", f"{n_known}", "1 repeated")
    with Study.open(folder / "my-study.skillstudy", read_only=True) as study:
        assert sorted(m.tier for m in study.annotations.moments() if m.label == "go") == ["", "gloss", "steps"]
        file = VideoReader(folder / "000.mp4", cache_bytes=0)
        with file as reader:
            tiers = [
                one.tier for one in study_annotations(study, {reader.info.digest: reader.info})[reader.info.digest]
            ]
    assert sorted(tiers) == ["gloss", "moments", "moments", "moments", "steps"]


def test_observations_are_listed_and_one_is_chosen_if_none_plays_the_video(folder: Path, capsys: Capture) -> None:
    command = ["study", "import-timeline", "my-study.skillstudy", "coded.boris", "--video", "000"]
    assert run([*command, "--list"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "      2  slip",
        *(f"observation: {name}" for name in ("Ann, first pass", "Ann, second pass", "live")),
    ]
    write(folder / "coded.boris", BORIS.replace("000.mp4", "other.mp4"))
    assert run(command) == 2
    assert not missing(" ".join(capsys.readouterr().err.split()), "observation")
    assert run([*command, "--observation", "live"]) == 0
    assert capsys.readouterr().out.startswith("New: 1 moment")
    assert run([*command, "--observation", "none"]) == 1
    assert "no observation “none”" in " ".join(capsys.readouterr().err.split())


def test_errors_are_one_sentence(folder: Path, capsys: Capture) -> None:
    command = ["study", "import-timeline", "my-study.skillstudy", "steps.csv", "--video"]
    cases = {
        ("none",): (1, "There is no video “none”"),
        ("000", "--tier", "other"): (2, "has no tier “other”: it has steps, remarks"),
        ("000", "--tier", "steps=words"): (2, "meanings are moments, notes, attempts, phases"),
    }
    for more, (code, words) in cases.items():
        assert run([*command, *more]) == code
        assert words in " ".join(capsys.readouterr().err.split())
    (folder / "000.mp4").unlink()
    assert run([*command, "000"]) == 1
    assert "is not where it was" in capsys.readouterr().err


def test_labels_are_set_shown_counted_and_compared(folder: Path, capsys: Capture) -> None:
    with Study.open(folder / "my-study.skillstudy") as study:
        study.annotations.save_moment("000", 0.25, 0.3, author="Ann", label="reach")
    commands = re.findall(r"^    skillviewer (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)[5:]
    assert [run(shlex.split(command)) for command in commands] == [0, 0, 0]
    assert run(["study", "labels", "my-study.skillstudy", "--set", "reach=r"]) == 0
    assert capsys.readouterr().out.endswith("r       2  reach\nreaction time: 200 ms\n")
    assert (folder / "counts.csv").read_text().splitlines()[1:] == [
        "000,Ann,reach,1,0.05",
        "000,Bea,,1,0.1",
        "000,Bea,reach,1,0.3",
    ]
    rows = (folder / "agreement.csv").read_text().splitlines()[1:]
    assert [row.split(",")[:3] for row in rows] == [["(any)", "Ann", "Bea"], ["reach", "Ann", "Bea"]]
    assert run(["study", "labels", "my-study.skillstudy", "--set", "reach"]) == 1
    assert "“reach” is no label" in capsys.readouterr().err
