"""Rubric, practice, packs and ratings of single videos on the command line."""

import csv
import json
from pathlib import Path

import pytest

from skillviewer.cli.main import run
from skillviewer.core.ratings.rubric_templates import OSATS
from skillviewer.data.study import Study
from skillviewer.data.study.rating_forms import RatingForm
from tests.data.studies import make_study as make_empty_study
from tests.data.study.judging.packs import NAMES, codes_of, make_study
from tests.facts import missing

Capture = pytest.CaptureFixture[str]


def test_a_rubric_is_set_shown_written_changed_and_refused(tmp_path: Path, capsys: Capture) -> None:
    path, file = make_empty_study(tmp_path, "a", "b"), tmp_path / "rubric.json"
    assert run(["study", "rubric", str(path)]) == 2
    assert not missing(capsys.readouterr().err, "--template", "osats")
    assert run(["study", "rubric", str(path), "--template", "osats", "-o", str(file), "--repeat-share", "0.25"]) == 0
    assert not missing(capsys.readouterr().out, "time and motion", "OSATS total", "25 %", "1997")
    content = json.loads(file.read_text(encoding="utf-8"))
    assert [item["name"] for item in content["items"]] == [item.name for item in OSATS.items]
    content["items"][0]["high"] = 3
    file.write_text(json.dumps(content))
    assert run(["study", "rubric", str(path), "--from", str(file)]) == 1
    assert not missing(capsys.readouterr().err, "anchors at 1, 3, 5", "rubric.json")
    content["items"][0] |= {"high": 5, "anchors": []}
    file.write_text(json.dumps(content))
    assert run(["study", "rubric", str(path), "--from", str(file)]) == 0
    assert run(["study", "rubric", str(path), "-o", str(file)]) == 1, "a file that is there stays"
    with Study.open(path) as study:
        study.forms.submit(RatingForm("a", "Ann", {"time and motion": 4}))
    capsys.readouterr()
    assert run(["study", "rubric", str(path), "--template", "gears"]) == 1
    assert not missing(capsys.readouterr().err, "OSATS")


def test_practice_is_set_from_tables_and_cleared(tmp_path: Path, capsys: Capture) -> None:
    path, table = make_empty_study(tmp_path, "a", "b"), tmp_path / "practice.csv"
    table.write_text("better,worse,note\na,b,slip\n")
    assert run(["study", "practice", str(path), str(table)]) == 0
    assert not missing(capsys.readouterr().out, "a is better than b", "slip", "1 practice pair,")
    table.write_text("video,item,rating\na,flow,2\n")
    assert run(["study", "practice", str(path), str(table)]) == 1
    assert not missing(capsys.readouterr().err, "rubric")
    assert run(["study", "practice", str(path), "--clear"]) == 0
    with Study.open(path, read_only=True) as study:
        assert study.practice.names == frozenset()


def test_a_rating_pack_is_written_and_the_ratings_are_summarised(tmp_path: Path, capsys: Capture) -> None:
    path = make_study(tmp_path / "s")
    assert run(["study", "pack-rating", str(path), "-o", str(tmp_path / "pack"), "--rater", "Ann"]) == 1
    assert not missing(capsys.readouterr().err, "no rubric")
    assert not (tmp_path / "pack").exists()
    assert run(["study", "rated", str(path)]) == 0
    assert run(["study", "rubric", str(path), "--template", "overall", "--repeat-share", "0.5"]) == 0
    pack = ["study", "pack-rating", str(path), "-o", str(tmp_path / "pack"), "--rater", "Ann", "--rater", "Ben"]
    capsys.readouterr()
    assert run([*pack, "--videos", "2"]) == 0
    ann, ben = codes_of(path)
    said = capsys.readouterr().out
    assert not missing(said, "Ann: 2 ratings", ann, ben)
    page = (tmp_path / "pack" / "index.html").read_text(encoding="utf-8")
    assert missing(page, ann, ben, "Ann", *NAMES) == [ann, ben, "Ann", *NAMES]
    with Study.open(path) as study:
        for name, value in zip(NAMES, (1, 2, 3, 4), strict=True):
            study.forms.submit(RatingForm(name, "Ann", {"overall skill": value}))
    table = tmp_path / "rated.csv"
    assert run(["study", "rated", str(path), "-o", str(table)]) == 0
    assert not missing(capsys.readouterr().out, "Ann: 4 of 6 rated")
    with table.open(encoding="utf-8") as file:
        assert [row["rating"] for row in csv.DictReader(file)] == ["1.0", "2.0", "3.0", "4.0"]
    assert run(["study", "rated", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["raters"], found["agreement"]) == ({"Ann": {"rated": 4, "of": 6}}, [])
