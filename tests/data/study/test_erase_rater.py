"""Erasure of a rater: no table, backup or log has the name afterwards, and what others gave stays and counts."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from skillviewer.cli.main import run
from skillviewer.core.dataset.pairs import Pair, Verdict
from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import StudyError
from skillviewer.core.paths import HOME_VARIABLE
from skillviewer.core.ranking.rater_names import match_key
from skillviewer.core.ranking.report import RankingReport, ranking_report
from skillviewer.core.ratings.rating_order import FormPurpose
from skillviewer.core.ratings.rubric import Rubric, RubricItem
from skillviewer.core.study_log import LoggedExport
from skillviewer.data.ratings.guessing import guess_mapping
from skillviewer.data.ratings.table_files import read_table
from skillviewer.data.ratings.table_mapping import RatingColumn
from skillviewer.data.study import NewVideo, Study, StudySettings, Vote
from skillviewer.data.study.exchange.rating_import import add_ratings, open_study_table
from skillviewer.data.study.ranking_report import shown_pairs
from skillviewer.data.study.rating_forms import RatingForm
from tests.facts import missing

NAME = "Jürg Vögeli"
OTHER_SPELLING = "JÜRG  vögeli"
VIDEOS = ("one", "two", "three", "four")
RUBRIC = Rubric("two", (RubricItem("flow", 1, 5), RubricItem("care", 1, 5)))
SCALE = RatingScale("skill", 1, 9, stated=True)
PACK = {"raters": {"A": NAME, "B": "Ben"}, "videos": {}, "pairs": {"A": [["x", "y", ""]], "B": [["y", "x", ""]]}}


def _vote_all(study: Study, rater: str, *verdicts: Verdict | None) -> None:
    pairs = [(left, right) for left in VIDEOS for right in VIDEOS if left < right]
    for (left, right), verdict in zip(pairs, verdicts, strict=False):
        study.votes.cast(Vote(left, right, verdict, rater, reason=f"reason of {rater}"))


def _make(path: Path, *raters: str) -> Path:
    """Write a study in which raters gave everything that a rater can give."""
    with Study.create(path, StudySettings(title="Peg")) as study:
        study.videos.add([NewVideo(None, name) for name in VIDEOS])
        study.forms.set_plan(RUBRIC, 0.25, seed=5)
        for rater in raters:
            turned = rater == NAME
            verdicts = [Verdict.LEFT if turned else Verdict.RIGHT, Verdict.NEITHER, None, Verdict.LEFT, Verdict.RIGHT]
            _vote_all(study, rater, *verdicts)
            study.votes.withdraw(study.votes.cast(Vote("one", "two", Verdict.LEFT, rater)).id, "of " + rater)
            study.forms.submit(RatingForm("one", rater, {"flow": 2 + turned, "care": 4}, remark=f"of {rater}"))
            study.forms.submit(RatingForm("one", rater, {"flow": 3}, FormPurpose.REPEAT))
            study.forms.withdraw(study.forms.submit(RatingForm("two", rater, {"flow": 5})).id)
            for value in (4, 5):  # the second replaces the first
                rating = VideoRating("three", rater, "skill", value + turned)
                study.ratings.add(RatingSet((rating,), (SCALE,)), f"{rater}.csv")
            moment = study.annotations.save_moment("one", 0.5, 1.5, author=rater, label="dropped")
            study.annotations.write_note("a remark", author=rater, moment=moment)
            study.annotations.remove("note", study.annotations.write_note("gone", author=rater, video="two"))
            study.pairs.add([Pair("one", "four")], rater)
            study.set_log_user(rater)
            study.log_export(LoggedExport(study.path, f"votes of {rater == NAME}.csv", "votes"))
    return path.with_suffix(".skillstudy")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def path(tmp_path: Path, home: Path) -> Path:  # noqa: ARG001 - the folders of the program
    """A study of two raters, with backups of it and of the time before the one."""
    path = _make(tmp_path / "peg", "Ben")
    Study.open(path).close()  # makes a backup
    _make(tmp_path / "both", "Ben", NAME)
    (tmp_path / "both.skillstudy").rename(path)
    with Study.open(path) as study:
        study.annotations.write_note("kept note", author="Ben", moment=_moment_of(study, NAME))
        study.save_json("judging_pack:" + "a" * 32, json.dumps(PACK))
        study.save_json("judging_pack:" + "b" * 32, json.dumps(PACK | {"raters": {"A": OTHER_SPELLING}}))
        study.models.add("e" * 64, "m", tmp_path / "m", facts={"raters": ["Ben", NAME], "rule": "default"})
        study.votes.cast(Vote("one", "four", Verdict.LEFT, OTHER_SPELLING))
        study.back_up()
        assert len(study.backups()) == 3
    return path


def _moment_of(study: Study, author: str) -> int:
    return next(moment.id for moment in study.annotations.moments() if moment.author == author)


def _texts(path: Path) -> list[str]:
    """Return all texts of a study."""
    with closing(sqlite3.connect(path)) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        rows = [row for table in tables for row in db.execute(f"SELECT * FROM {table}")]
    return [cell for row in rows for cell in row if isinstance(cell, str)]


def _naming(path: Path) -> list[str]:
    """Return the texts of a study that contain the rater's name, also escaped."""
    texts = [text.encode().decode("unicode_escape") if "\\u" in text else text for text in _texts(path)]
    return [text for text in texts if match_key(NAME) in match_key(text)]


def _report(study: Study) -> RankingReport:
    return ranking_report(study.videos.tasks(), shown_pairs(study))


def _bytes_of(path: Path) -> bytes:
    files = [path, *path.with_name(f"{path.name}-backups").iterdir()]
    return b"\n".join(file.read_bytes() for file in files)


def test_no_row_and_no_backup_has_the_name_of_an_erased_rater(path: Path) -> None:
    assert len(_naming(path)) >= 20
    with Study.open(path) as study:
        erased = study.erase_rater("  jürg vögeli ")
        assert erased.name == NAME
        assert set(erased.spellings) == {NAME, OTHER_SPELLING}
        # the first form makes two ratings, the undone one and each table one
        assert (erased.n_votes, erased.n_forms, erased.n_ratings) == (7, 3, 5)
        assert (erased.n_annotations, erased.n_pairs) == (3, 1)
        assert "7 votes" in erased.text
        assert len(study.backups()) == 2, "that of the time before the rater, and a new one"
        assert study.raters.find_mentions(NAME) == ()
    assert _naming(path) == []
    for word in (NAME, OTHER_SPELLING, "reason of J"):
        assert word.encode() not in _bytes_of(path)


def test_what_others_gave_stays_and_counts_as_if_the_rater_had_never_judged(path: Path, tmp_path: Path) -> None:
    with Study.open(path) as study, Study.open(_make(tmp_path / "ben alone", "Ben")) as alone:
        before = _report(study)
        assert before.nominal_alpha is not None
        study.erase_rater(NAME)
        report, expected = _report(study), _report(alone)
        assert before.judged > report.judged == expected.judged
        assert report.nominal_alpha is expected.nominal_alpha is None, "one rater is left"
        assert report.ranked_videos == expected.ranked_videos
        assert [rater.name for rater in report.raters] == ["Ben"]
        assert study.ratings.all() == alone.ratings.all()
        assert [form.answers for form in study.forms.all()] == [form.answers for form in alone.forms.all()]
        assert study.votes.raters() == study.forms.raters() == ("Ben",)
        assert [moment.author for moment in study.annotations.moments()] == ["Ben"]
        notes = study.annotations.notes()
        assert [note.author for note in notes] == ["Ben", "Ben"]
        kept = next(note for note in notes if note.text == "kept note")
        assert (kept.video, kept.time_s, kept.moment) == ("one", 0.5, None), "a note of Ben on a moment of the other"
        assert study.pairs.all() == (Pair("one", "four"),)
        assert study.models.get("e" * 64).facts == {"raters": ["Ben", ""], "rule": "default"}
        pack = json.loads(study.load_json("judging_pack:" + "a" * 32))
        assert (pack["raters"], pack["pairs"]) == ({"B": "Ben"}, {"B": PACK["pairs"]["B"]})  # type: ignore[index]
        assert study.load_json("judging_pack:" + "b" * 32) == ""
        exports = [(row.who, row.subject) for row in study.log() if row.what == "export"]
        assert exports == [("Ben", "votes of False.csv"), ("", "votes of True.csv")], "what was exported stays known"
    with Study.open(path) as study:  # its schema is whole
        with pytest.raises(Exception, match="append-only"), study._file.transaction() as db:
            db.execute("DELETE FROM judgement")
        assert study.votes.cast(Vote("one", "two", Verdict.LEFT, NAME)).rater == NAME, "a rater may come back"


def test_the_column_of_a_rater_in_a_table_is_forgotten(tmp_path: Path, home: Path) -> None:  # noqa: ARG001
    table = tmp_path / f"by {NAME}.csv"
    table.write_text(f"video,Ben,{NAME}\none,3,1\ntwo,4,2\n", encoding="utf-8")
    with Study.create(tmp_path / "peg") as study:
        study.videos.add([NewVideo(None, name) for name in VIDEOS])
        mapping = guess_mapping(read_table(table))[0]
        columns = tuple(RatingColumn(title=rater, rater=rater) for rater in ("Ben", NAME))
        item = replace(mapping.items[0], name="Flow", columns=columns)
        add_ratings(study, open_study_table(study, table, replace(mapping, items=(item,))))
        assert study.ratings.all().raters == ("Ben", NAME)
        assert study.erase_rater(NAME).n_ratings == 2
        assert [(r.rater, r.value) for r in study.ratings.all().ratings] == [("Ben", 3), ("Ben", 4)]
        (row,) = study._file.query("SELECT mapping FROM rating_table")
        (mapped_item,) = json.loads(row["mapping"])["items"]
        assert [column["title"] for column in mapped_item["columns"]] == ["Ben"]
    assert _naming(tmp_path / "peg.skillstudy") == []


def test_texts_about_the_rater_are_listed_and_stay(path: Path) -> None:
    with Study.open(path) as study:
        note = study.annotations.write_note(f"{NAME.upper()} was away", author="Ben", video="two")
        study.annotations.write_note(f"{NAME}s are others", author="Ben", video="two")
        study.settings = StudySettings(title=f"Study of {NAME}")
        study.pairs.add([Pair("two", "four")], f"stated by {NAME}")
        study.erase_rater(NAME)
        listed = study.raters.find_mentions(NAME)
        assert f"a note ({note})" in listed
        kinds = {entry.rpartition(" (")[0] for entry in listed}
        assert kinds == {"a note", "a setting", "the source of a stated pair", "the log"}
        assert len(listed) == 4


def test_a_short_name_takes_nothing_of_others(tmp_path: Path) -> None:
    with Study.open(_make(tmp_path / "peg", "Ann", "A")) as study:
        study.pairs.add([Pair("two", "three")], "Study A")
        assert study.erase_rater("a").n_votes == 6
        assert study.votes.raters() == ("Ann",)
        assert Pair("two", "three") in study.pairs.all()
        assert len([row for row in study.votes.all() if row.rater == "Ann"]) == 6
        assert {row.who for row in study.log() if row.what == "vote"} == {"Ann"}


def test_an_unknown_rater_is_refused_with_those_there_are(path: Path) -> None:
    with Study.open(path) as study:
        for name in ("Zoe", "", "  "):
            with pytest.raises(StudyError) as refusal:
                study.erase_rater(name)
            assert not missing(str(refusal.value), NAME, "Ben")
        assert [entries.name for entries in study.raters.all()] == ["Ben", NAME]


def test_a_rater_whom_only_a_backup_holds_is_erased_there(path: Path) -> None:
    """An erasure that was ended before it came to the backups is finished by a second one."""
    with Study.open(path) as study:
        study.raters.erase(NAME)
        backup = study.back_up()
    _make(path.with_name("again"), NAME)
    path.with_name("again.skillstudy").rename(backup)
    with Study.open(path) as study:
        assert study.erase_rater(NAME).n_votes == 0
        assert not backup.exists()
        with pytest.raises(StudyError, match="no rater"):
            study.erase_rater(NAME)
    assert NAME.encode() not in _bytes_of(path)


def test_a_study_that_cannot_be_written_keeps_its_rater(path: Path) -> None:
    before = _bytes_of(path)
    with Study.open(path, read_only=True) as study:
        assert study.raters.get(NAME).n_votes == 7
        with pytest.raises(StudyError, match="reading only"):
            study.erase_rater(NAME)
    assert _bytes_of(path) == before


def test_the_command_asks_once_and_erases(
    path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    questions: list[str] = []

    def confirm(text: str, **_more: object) -> None:
        questions.append(text)
        raise KeyboardInterrupt

    monkeypatch.setattr("click.confirm", confirm)
    arguments = ["forget", "--rater", OTHER_SPELLING, "--study", str(path)]
    assert run(arguments) == 130
    (question,) = questions
    assert not missing(question, NAME, "7 votes", "5 ratings", "3 moments and notes")
    assert _naming(path), "nothing is deleted without an answer"
    with Study.open(path) as study:
        study.annotations.write_note(f"as {NAME} says", author="Ben", video="two")
    (home / "log").mkdir(parents=True)
    (home / "log" / "skillviewer.log").write_text(f"failed: {NAME} has rated\nwindow opened\n", encoding="utf-8")
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / "window.ini").write_text(f"[person]\nname={NAME.lower()}\n", encoding="utf-8")
    assert run([*arguments, "--yes"]) == 0
    assert not missing(capsys.readouterr().err, "7 votes", "a note (", "window.ini")
    assert _naming(path) == [f"as {NAME} says"]
    assert (home / "log" / "skillviewer.log").read_text(encoding="utf-8") == "window opened\n"
    assert run([*arguments, "--yes"]) == 1
    assert not missing(capsys.readouterr().err, "There is no rater", "Ben")


@pytest.mark.parametrize(
    "arguments", [[], ["--rater", NAME], ["one", "--rater", NAME, "--study", "STUDY"], ["--study", "STUDY"]]
)
def test_the_command_is_told_what_to_forget(path: Path, arguments: list[str]) -> None:
    given = [str(path) if argument == "STUDY" else argument for argument in arguments]
    assert run(["forget", *given, "--yes"]) == 2
    assert _naming(path)
