"""``skillviewer data import``: columns stated by options, the report printed, and what bad input gets."""

import json
from pathlib import Path

import pytest

from skillviewer.cli.main import run
from tests.data.files import touch, write
from tests.facts import missing

Capture = pytest.CaptureFixture[str]
TABLE = "Clip,Judge,Who,Global,Flow,Level\nA1,x,Ann,3,1,apt\nA2,x,Ann,5,2,deft\nB1,x,Bea,9,3,inept\nC1,x,Cid,4,1,apt\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    touch(tmp_path / "videos", ["A1.mp4", "A2.mp4", "B1.mp4", "B2.mp4"])
    return write(tmp_path / "scores.csv", TABLE)


def test_levels_and_a_scale_without_a_name_are_of_the_items_that_they_fit(
    table: Path, tmp_path: Path, capsys: Capture
) -> None:
    given = ["data", "import", str(table), "--videos", str(tmp_path / "videos"), "--video-column", "clip"]
    assert run([*given, "--items", "Global,Flow,Level", "--levels", "inept,apt,deft", "--scale", "0:9"]) == 0
    out = capsys.readouterr().out
    assert [line.split(maxsplit=1)[1] for line in out.splitlines() if line.startswith("  rating")] == [
        "Global: 0 to 9",
        "Flow: 0 to 9",
        "Level: inept < apt < deft",
    ]


def test_columns_that_are_not_used_are_listed(table: Path, tmp_path: Path, capsys: Capture) -> None:
    given = ["data", "import", str(table), "--videos", str(tmp_path / "videos")]
    assert run([*given, "--video-column", "clip", "--participant-column", "Who", "--items", "Flow"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "not used" in line]
    assert line.split() == ["not", "used", "Global,", "Level"]


def test_options_say_what_the_columns_mean(table: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "out"
    options = [
        "--video-column",
        "clip",
        "--participant-column",
        "Who",
        "--rater-column",
        "Judge",
        "--items",
        "Flow,Level",
    ]
    options += ["--levels", "Level=inept,apt,deft", "--scale", "Flow=1:5", "--lower-is-better", "Flow"]
    assert run(["data", "import", str(table), "--videos", str(tmp_path / "videos"), *options, "-o", str(out)]) == 0
    told = capsys.readouterr()
    assert "Level: inept < apt < deft" in told.out
    assert "Flow: 1 to 5, lower is better" in told.out
    assert not missing(told.out, "4 rows", "3 used", "1 rejected", "6 ratings", "3 videos")
    assert "line 5 is rejected: there is no video “C1”" in told.err
    assert "Videos without a row: B2" in told.err
    assert run(["data", "inspect", str(out), "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["datasets"]
    assert (one["videos"], one["participants"], one["pairs"], one["rating"]) == (3, 2, 3, "Flow")
    assert run(["data", "inspect", str(out), "--criterion", "level", "--rating-rule", "steps:2", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["datasets"]
    assert (one["pairs"], one["rating"]) == (1, "Level")
    assert "at least 2 steps (2 points)" in one["rule"]
    again = ["data", "import", str(table), "--videos", str(tmp_path / "videos"), "--mapping", str(out / "mapping.json")]
    assert run([*again, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["used"], said["rejected"], len(said["rows"])) == (3, 1, 4)
    assert [item["name"] for item in said["mapping"]["items"]] == ["Flow", "Level"]
    assert run([*again, "-o", str(out)]) == 1
    assert "give --force to replace it" in capsys.readouterr().err
    assert run([*again, "-o", str(out), "--force"]) == 0
    assert table.read_text(encoding="utf-8") == TABLE


def test_a_column_a_rater_is_stated(table: Path, tmp_path: Path, capsys: Capture) -> None:
    command = ["data", "import", str(table), "--videos", str(tmp_path / "videos"), "--rater-column", "none"]
    assert run([*command, "--items", "skill=Global|Flow", "--json"]) == 0
    (item,) = json.loads(capsys.readouterr().out)["mapping"]["items"]
    assert item["columns"] == [{"title": "Global", "rater": "Global"}, {"title": "Flow", "rater": "Flow"}]


@pytest.mark.parametrize(
    ("options", "code", "why"),
    [
        (["--scale", "1-5"], 2, "is not two numbers with a colon"),
        (["--scale", "Grip=1:5"], 2, "names the item “Grip”, and the items are: Global, Flow"),
        (["--items", ","], 2, "names no column"),
        (["--items", "Grip"], 1, "has no column “Grip”"),
        (["--items", "Level"], 1, "their order is not known"),
        (["--scale", "5:1"], 1, "would run from 5 to 1"),
        (["--scale", "20:30"], 1, "No row of scores.csv could be used: Global 3 is outside the scale from 20 to 30"),
        (["--video-column", "Judge"], 1, "could be used: there is no video “x”"),
        (["--participants", "("], 1, "is not a regular expression"),
        (["--mapping", "none.json"], 1, "none.json cannot be read"),
        (["--header-row", "9"], 1, "no titles in row 9"),
        (["--videos", "nowhere"], 1, "There is no folder nowhere"),
    ],
)
def test_bad_input_gets_a_sentence(
    table: Path, tmp_path: Path, options: list[str], code: int, why: str, capsys: Capture
) -> None:
    command = ["data", "import", str(table), "--videos", str(tmp_path / "videos"), "-o", str(tmp_path / "out")]
    assert run([*command, *options]) == code
    assert why in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_without_videos_is_told(table: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "empty").mkdir()
    assert run(["data", "import", str(table), "--videos", str(tmp_path / "empty")]) == 1
    assert "There is no video in" in capsys.readouterr().err


def test_a_table_comes_into_a_study(table: Path, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "s.skillstudy"
    assert run(["study", "create", str(path)]) == 0
    command = [
        "study",
        "import-ratings",
        str(path),
        str(table),
        "--participant-column",
        "Who",
        "--items",
        "Global,Flow",
    ]
    for number, name in enumerate(("A1", "A2", "B1", "B2")):  # the study knows a video by its bytes
        write(tmp_path / "videos" / f"{name}.mp4", f"film {number}")
    assert run([*command, "--videos", str(tmp_path / "videos"), "--criterion", "Flow"]) == 0
    told = capsys.readouterr()
    assert "new: 3 videos, 6 ratings" in told.out
    assert "line 5 is rejected" in told.err
    assert run(command) == 0
    assert "new: 0 videos, 0 ratings" in capsys.readouterr().out
    assert run(["study", "export", str(path), str(tmp_path / "p.csv"), "--format", "better-worse"]) == 0
    assert (tmp_path / "p.csv").read_text(encoding="utf-8").split() == ["better,worse", "A2,A1", "B1,A1", "B1,A2"]
    assert run([*command, "--criterion", "Grip"]) == 1
    assert "There is no criterion “Grip”" in capsys.readouterr().err
    assert run([*command, "--rating-rule", "often"]) == 1


def test_a_name_that_fits_no_video_is_stated(table: Path, capsys: Capture) -> None:
    folder = ["--videos", str(table.parent / "videos")]
    assert run(["data", "import", str(table), *folder, "--name", "C1=B2"]) == 0
    told = capsys.readouterr()
    assert "4 rows: 4 used, 0 rejected" in told.out
    assert "“C1” is taken for “B2”, as stated" in told.err
    assert run(["data", "import", str(table), *folder, "--name", "C1"]) == 2
    assert "--name C1 is not a name and its video" in capsys.readouterr().err


def test_earlier_ratings_that_a_corrected_table_leaves_are_listed_and_withdrawn_on_request(
    tmp_path: Path, capsys: Capture
) -> None:
    path = tmp_path / "s.skillstudy"
    assert run(["study", "create", str(path)]) == 0
    for number, name in enumerate(("A1", "A2", "B1", "B2")):
        write(tmp_path / "videos" / f"{name}.mp4", f"film {number}")
    scores = write(tmp_path / "scores.csv", "Clip,Judge,Flow (1-5)\nA1,J1,3\nA2,J1,2\nB1,J1,5\n")
    command = ["study", "import-ratings", str(path), str(scores), "--videos", str(tmp_path / "videos")]
    assert run(command) == 0
    assert "earlier" not in capsys.readouterr().err
    write(scores, "Clip,Judge,Flow (1-5)\nA1,J1,4\nA2,J1,\nB1,J1,9\n")
    assert run(command) == 0
    assert not missing(capsys.readouterr().err, "2 earlier ratings", "A2 by J1", "B1 by J1", "--withdraw-missing")
    assert run([*command, "--withdraw-missing"]) == 0
    assert "2 earlier ratings withdrawn" in capsys.readouterr().out
