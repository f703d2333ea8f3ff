"""``skillviewer study ranking`` as a person or a script meets it."""

import csv
import json
from itertools import combinations
from pathlib import Path

import pytest

from skillviewer.cli.main import run
from skillviewer.core.dataset.pairs import Verdict
from skillviewer.data.study import Study, Vote
from skillviewer.data.study.exchange.csv_export import PAIR_FORMS
from skillviewer.data.study.ranking_report import shown_pairs, study_ranking_report
from tests.data.studies import make_study
from tests.facts import missing

Capture = pytest.CaptureFixture[str]


def vote(study: Study, rater: str, left: str, right: str, verdict: int | None, purpose: str = "chain") -> Vote:
    said = None if verdict is None else Verdict(verdict)
    return study.votes.cast(Vote(left, right, said, rater, taken_s=7.0, watched=0.8, purpose=purpose))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = make_study(tmp_path, "a", "b", "c", "d")
    with Study.open(path) as study:
        vote(study, "Ann", "a", "b", 1)
        vote(study, "Ann", "b", "c", 1)
        vote(study, "Ann", "a", "c", -1, "test")
        vote(study, "Ann", "c", "d", None)
        vote(study, "Bob", "b", "a", -1)
        study.votes.withdraw(vote(study, "Bob", "c", "d", 1).id)
    return path


def test_what_was_asked_comes_from_the_votes_that_stand(path: Path) -> None:
    with Study.open(path, read_only=True) as study:
        found = shown_pairs(study)
        assert [(a.rater, a.left, a.right, a.verdict, a.reason) for a in found] == [
            ("Ann", "a", "b", Verdict.LEFT, "chain"),
            ("Ann", "b", "c", Verdict.LEFT, "chain"),
            ("Ann", "a", "c", Verdict.RIGHT, "test"),
            ("Ann", "c", "d", None, "chain"),
            ("Bob", "b", "a", Verdict.RIGHT, "chain"),
        ]
        assert (found[0].taken_s, found[0].watched) == (7.0, 0.8)
        assert study_ranking_report(study).reasons == (("chain", 3), ("test", 1))


def test_it_is_told_in_words(path: Path, capsys: Capture) -> None:
    assert run(["study", "ranking", str(path)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("4 votes, 1 skipped pairs\n")
    assert "No vote on d yet." in out
    assert not missing(out, "1 pair")
    assert not missing(out, "Again")
    assert not missing(out, "3 votes")
    rows = [line.split() for line in out.splitlines() if line[:6].strip().isdigit()]
    assert [row[0] for row in rows] == ["1", "2", "3"]


def test_it_is_told_to_programs(path: Path, tmp_path: Path, capsys: Capture) -> None:
    assert run(["study", "ranking", str(path), "--json", "-o", str(tmp_path / "strengths.csv")]) == 0
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert {row["name"]: (row["won"], row["lost"]) for row in found["strengths"]} == {
        "a": (2, 1),
        "b": (1, 2),
        "c": (1, 1),
    }
    assert found["agreement"]["nominal"]["low"] is None
    assert found["raters"][0]["left"] == pytest.approx(
        {"part": 2, "n": 3, "value": 2 / 3, "low": 0.2077, "high": 0.9385}, abs=1e-4
    )
    assert found["cycles"][0]["weakest"] == ["b", "c"]
    assert found["parts"] == {"": [["a", "b", "c"], ["d"]]}
    assert found["split_half"] is None
    with (tmp_path / "strengths.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["video"] for row in rows] == [row["name"] for row in found["strengths"]]
    assert [float(row["strength"]) for row in rows] == [row["strength"] for row in found["strengths"]]
    assert run(["study", "ranking", str(path), "-o", str(tmp_path / "strengths.csv")]) == 1
    assert "there already" in capsys.readouterr().err


def test_a_study_without_votes_says_so(tmp_path: Path, capsys: Capture) -> None:
    path = make_study(tmp_path, "a", "b")
    assert run(["study", "ranking", str(path)]) == 0
    out = capsys.readouterr().out
    assert "0 votes" in out
    assert "agreement is not known" in out


def test_two_tasks_have_tables_of_their_own(path: Path, tmp_path: Path, capsys: Capture) -> None:
    with Study.open(path) as study:
        for name in "cd":
            study.videos.change(name, task="sew")
        vote(study, "Ann", "d", "c", 1)
    table = tmp_path / "strengths.csv"
    assert run(["study", "ranking", str(path), "--json", "-o", str(table)]) == 0
    found = json.loads(capsys.readouterr().out)
    with table.open(newline="") as file:
        written = [(r["video"], r["task"], float(r["standard_error"])) for r in csv.DictReader(file)]
    assert written == [(row["name"], row["task"], row["error"]) for row in found["strengths"]]
    assert [(row["name"], row["task"], row["rank"]) for row in found["strengths"]] == [
        ("a", "", 1),
        ("b", "", 2),
        ("d", "sew", 1),
        ("c", "sew", 2),
    ]
    assert found["judged"] == 3, "what compares two tasks is passed over"
    assert sum(row["strength"] for row in found["strengths"][:2]) == pytest.approx(0)
    assert run(["study", "ranking", str(path)]) == 0
    heads = [line for line in capsys.readouterr().out.splitlines() if line.startswith("rank")]
    assert [head.rsplit("  ", 1)[-1] for head in heads] == ["no difference of no task", "no difference of sew"]


@pytest.mark.parametrize("form", [form.name for form in PAIR_FORMS])
def test_every_form_of_votes_and_pairs_goes_out_and_comes_back(
    path: Path, tmp_path: Path, form: str, capsys: Capture
) -> None:
    """What another study makes of an exported table is what this one makes of its votes."""
    out = tmp_path / "out" / ("grasp_gt.csv" if form == "epic-skills" else "pairs.csv")
    out.parent.mkdir()
    assert run(["study", "export", str(path), str(out), "--format", form]) == 0
    (tmp_path / "copy").mkdir()
    copy = make_study(tmp_path / "copy", "a", "b", "c", "d")
    source = out if form == "every-vote" else out.parent
    options = [] if form == "every-vote" else ["--videos", str(path.parent / "videos")]
    assert run(["study", "import", str(copy), str(source), *options]) == 0
    capsys.readouterr()
    with Study.open(path, read_only=True) as here, Study.open(copy, read_only=True) as there:
        assert set(there.dataset().pairs) == set(here.dataset().pairs)
        if form in {"every-vote", "judgements"}:
            assert [s.strength for s in study_ranking_report(there).ranked_videos] == [
                s.strength for s in study_ranking_report(here).ranked_videos
            ]


def test_only_the_weakest_of_many_cycles_are_told_in_words(tmp_path: Path, capsys: Capture) -> None:
    """Nine videos that beat each other round and round: 30 cycles of three, the most that there can be."""
    names = "abcdefghi"
    path = make_study(tmp_path, *names)
    with Study.open(path) as study:
        for i, j in combinations(range(9), 2):
            vote(study, "Ann", names[i], names[j], -1 if (j - i) % 2 else 1)
    assert run(["study", "ranking", str(path), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["cycles"]) == 30
    assert run(["study", "ranking", str(path)]) == 0
    out = capsys.readouterr().out
    assert out.count("Again: ") == 20
    assert "and 10 more" in out
