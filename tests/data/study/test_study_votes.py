"""Votes, pairs, remarks, models and scores of a study, and how they come in and go out."""

import csv
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from skillviewer.core.analysis.analysis import Analysis, MapKind, MapRect, Provenance
from skillviewer.core.dataset.pairs import Judgement, Pair, SimilarPair, Verdict
from skillviewer.core.errors import ExportError, StudyError
from skillviewer.core.paths import resources_dir
from skillviewer.core.ranking.votes import VoteColumns
from skillviewer.core.video.clips import FrameRange
from skillviewer.core.video.info import VideoInfo
from skillviewer.data.formats.formats import open_dataset
from skillviewer.data.study import (
    ModelState,
    NewVideo,
    Opinion,
    Study,
    StudySettings,
    Vote,
    analysis_path,
    cached_analysis,
)
from skillviewer.data.study.exchange.csv_export import PAIR_FORMS, export_pairs, export_videos
from skillviewer.data.study.exchange.study_import import import_into_study
from tests.data.studies import make_study, write_file
from tests.facts import missing


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_study(tmp_path / "here", "a", "b", "c")


def vote(left: str, right: str, verdict: Verdict | None, rater: str = "Ann") -> Vote:
    return Vote(left, right, verdict, rater)


def test_undo_is_a_later_row(path: Path) -> None:
    judgement = Judgement("a", "b", Verdict.RIGHT, "Ann", datetime(2026, 1, 2, 3, 4, 5, 6, UTC), 4.5, 0.9, 0.5)
    with Study.open(path) as study:
        said = replace(
            Vote.from_judgement(judgement), reason="calmer", left_mark_s=2.5, right_mark_s=0.0, purpose="random"
        )
        first = study.votes.cast(said)
        assert first.judgement == judgement
        assert len(first.key) == 32
        assert replace(first, id=0, key="") == said
        skipped = study.votes.cast(vote("a", "c", None, "Bob"))
        assert skipped.judgement is None
        assert skipped.judged_at is not None
        assert study.votes.judgements() == (judgement,)
        gone = study.votes.withdraw(first.id)
        assert not gone.is_valid
        assert study.votes.judgements() == ()
        with pytest.raises(StudyError, match="already"):
            study.votes.withdraw(first.id)
        again = study.votes.cast(Vote.from_judgement(judgement))
        assert [v.id for v in study.votes.all()] == [first.id, again.id, skipped.id], "in the order of voting"
        assert study.votes.raters() == ("Ann", "Bob")


def test_votes_that_make_no_sense_change_nothing(path: Path) -> None:
    with Study.open(path) as study:
        for wrong in (vote("a", "a", Verdict.LEFT), vote("a", "x", Verdict.LEFT), vote("a", "b", Verdict.LEFT, " ")):
            with pytest.raises(StudyError):
                study.votes.cast(wrong)
        with pytest.raises(StudyError, match="no video"):
            study.votes.import_votes([vote("a", "b", Verdict.LEFT), vote("a", "x", Verdict.LEFT)])
        with pytest.raises(StudyError, match="no vote 9"):
            study.votes.withdraw(9)
        assert study.votes.all() == ()
        assert study.votes.raters() == ()


def test_dataset_of_a_study_prefers_votes_to_stated_pairs(path: Path) -> None:
    settings = StudySettings(title="T", task="grasp", rule="unanimous")
    with Study.open(path) as study:
        study.settings = settings
        study.videos.change("a", participant="P1", task="peg")
        stated: list[Pair | SimilarPair] = [Pair("a", "b"), Pair("b", "c"), SimilarPair("c", "a")]
        assert study.pairs.add(stated, "elsewhere") == 3
        assert study.pairs.add(stated, "elsewhere") == 0
        assert study.pairs.add([Pair("c", "b")], "another place") == 1  # contradicts
        study.votes.cast(vote("b", "a", Verdict.LEFT))
        dataset = study.dataset()
    assert dataset.pairs == (Pair("b", "a"),)
    assert dataset.similar == (SimilarPair("a", "c"),)
    assert (dataset.name, dataset.task, dataset.rule[:9]) == ("T", "grasp", "unanimous")
    assert dataset.participants == {"a": "P1"}
    assert dataset.subtasks["a"] == "peg"
    assert dataset.video("a").path == path.parent / "videos" / "a.mp4"


@pytest.mark.parametrize("form", [form.name for form in PAIR_FORMS])
def test_what_goes_out_is_read_back_alike(path: Path, tmp_path: Path, form: str) -> None:
    with Study.open(path) as study:
        study.votes.import_votes([vote("a", "b", Verdict.LEFT), vote("b", "a", Verdict.RIGHT, "Bob")])
        study.votes.import_votes([vote("c", "b", Verdict.LEFT), vote("a", "c", Verdict.NEITHER), vote("a", "c", None)])
        study.votes.withdraw(study.votes.cast(vote("c", "b", Verdict.RIGHT)).id)
        out = tmp_path / "out" / ("grasp_gt.csv" if form == "epic-skills" else "pairs.csv")
        out.parent.mkdir()
        assert export_pairs(study, out, form) > 0
        with pytest.raises(ExportError, match="there already"):
            export_pairs(study, out, form)
        export_pairs(study, out, form, overwrite=True)
        pairs, similar, votes = study.dataset().pairs, study.dataset().similar, study.votes.all()
    assert [p.name for p in out.parent.iterdir()] == [out.name]
    if form == "every-vote":
        with Study.open(make_study(tmp_path / "copy", "a", "b", "c")) as other:
            came = import_into_study(other, out)
            assert (came.n_videos, came.n_votes, came.problems) == (0, 6, ())
            assert [replace(v, id=0) for v in other.votes.all()] == [replace(v, id=0) for v in votes]
            assert import_into_study(other, out).n_votes == 0
        return
    dataset = open_dataset(out.parent, videos_dir=path.parent / "videos")
    assert dataset.pairs == pairs
    if form not in {"better-worse", "epic-skills"}:
        assert dataset.similar == similar
    if form == "judgements":
        assert [(j.rater, j.verdict) for j in dataset.judgements] == [
            ("Ann", Verdict.LEFT),
            ("Bob", Verdict.RIGHT),
            ("Ann", Verdict.LEFT),
            ("Ann", Verdict.NEITHER),
        ]


def test_what_a_spreadsheet_would_run_and_odd_line_ends_come_back_as_they_were(tmp_path: Path) -> None:
    names = ("=1+1", "-take 2", "plain")
    path, people = make_study(tmp_path / "here", *names), {"=1+1": "@Ann", "-take 2": "+Bob", "plain": "Çelik"}
    with Study.open(path) as study:
        for name, person in people.items():
            study.videos.change(name, participant=person)
        cast = replace(vote("=1+1", "-take 2", Verdict.RIGHT, "=cmd|'/C calc'!A0"), reason="-shakes\rand\r\nstops")
        study.votes.cast(cast)
        study.votes.cast(vote("plain", "-take 2", Verdict.LEFT, "-1"))
        export_pairs(study, tmp_path / "votes.csv", "every-vote")
        export_videos(study, tmp_path / "people.csv")
    for table in ("votes.csv", "people.csv"):
        with (tmp_path / table).open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
        assert all(len(row) == len(head) for row in rows), "no cell ends its row"
        cells = [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
        assert set(cells) <= {"-1"}, "a number, and the name of a rater that looks like one"
    with Study.open(make_study(tmp_path / "copy", *names)) as other:
        assert import_into_study(other, tmp_path / "votes.csv").problems == ()
        assert import_into_study(other, tmp_path / "people.csv").n_participants == 3
        first, second = other.votes.all()
        assert (first.left, first.right, first.rater) == ("=1+1", "-take 2", "=cmd|'/C calc'!A0")
        assert first.reason == "-shakes\nand\nstops"
        assert second.rater == "-1"
        assert {v.name: v.participant for v in other.videos.all()} == people


def test_table_of_votes_with_wrong_rows_tells_them_and_takes_the_rest(path: Path, tmp_path: Path) -> None:
    table = tmp_path / "votes.csv"
    columns = "left,right,rater,verdict,judged_at,key,withdrawn_at"
    rows = ("a,b,Ann,1,,k1,", "a,x,Ann,1,,k2,", "a,b,Ann,2,,k3,", "a,b,Ann,0,yesterday,k4,", "a,b,Ann,0,,k5,yesterday")
    table.write_text("\n".join((columns, *rows, "a,a,Ann,1,,k6,")))
    with Study.open(path) as study:
        came = import_into_study(study, table)
        assert [(v.verdict, v.judged_at, v.is_valid) for v in study.votes.all()] == [
            (Verdict.LEFT, None, True),
            (Verdict.NEITHER, None, True),
        ]
        *left_out, passed_over = came.problems
        assert [problem[:16] for problem in left_out] == [f"votes.csv line {n}" for n in (3, 4, 6, 7)]
        assert not missing(passed_over, "1 cell", "“yesterday”", "votes.csv", "line 5")


def test_a_table_of_votes_without_keys_keeps_their_criteria_and_comes_in_once(path: Path, tmp_path: Path) -> None:
    table = tmp_path / "votes.csv"
    table.write_text("left,right,rater,verdict,criterion\na,b,Ann,1,Flow\nb,a,Ann,1,Care\na,b,Ann,1,Flow\n")
    with Study.open(path) as study:
        assert import_into_study(study, table).n_votes == 3
        assert [vote.criterion for vote in study.votes.all()] == ["Flow", "Care", "Flow"]
        assert import_into_study(study, table).n_votes == 0
        came = import_into_study(study, table.rename(tmp_path / "other.csv"))
        assert (came.n_votes, len(study.votes.all())) == (0, 3)
        assert came.problems[0].startswith("The study has all 3 votes already")


def test_marks_of_a_table_are_times_in_each_video(path: Path, tmp_path: Path) -> None:
    table = tmp_path / "votes.csv"
    with Study.open(path) as study:
        columns = "left,right,rater,verdict,judged_at,left_mark_s,right_mark_s,key,withdrawn_at"
        table.write_text(f"{columns}\na,b,Ann,1,,3.75,2.25,k1,\nb,a,Ann,1,,,0.5,k2,\na,c,Ann,1,,3.75,-2.25,k3,\n")
        assert import_into_study(study, table).problems == (
            "1 cell holds no number or time that can be (“-2.25” in votes.csv line 4): the votes count without.",
        )
        marks = [(v.left_mark_s, v.right_mark_s) for v in study.votes.all()]
        assert marks == [(3.75, 2.25), (None, 0.5), (3.75, None)]


def test_a_table_that_a_spreadsheet_saved_with_decimal_commas_comes_back(path: Path, tmp_path: Path) -> None:
    with Study.open(path) as study:
        study.votes.cast(Vote("a", "b", Verdict.LEFT, "Ann", taken_s=3.5, watched=0.25, reason="1.5 s; then 2"))
        export_pairs(study, tmp_path / "votes.csv", "every-vote")
    with (tmp_path / "votes.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            [{"3.5": "3,5", "0.25": "0,25", "1.0": "1,0"}.get(cell, cell) for cell in row] for row in csv.reader(file)
        ]
    with (tmp_path / "saved.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    with Study.open(make_study(tmp_path / "there", "a", "b", "c")) as other:
        assert import_into_study(other, tmp_path / "saved.csv").problems == ()
        (vote,) = other.votes.all()
        assert (vote.taken_s, vote.watched, vote.speed, vote.reason) == (3.5, 0.25, 1.0, "1.5 s; then 2")


def test_votes_and_people_find_names_with_accents_apart_or_blanks_around(tmp_path: Path) -> None:
    apart = "Ju\u0308rgen"
    here, there = (make_study(tmp_path / place, "b", "c") for place in ("here", "there"))
    for path in (here, there):
        with sqlite3.connect(path) as db:  # as studies of earlier versions have them, whose files are called so
            db.execute("UPDATE video SET name = ? WHERE name = 'b'", (apart,))
            db.execute("UPDATE video SET name = 'c ' WHERE name = 'c'")
        db.close()
    with Study.open(here) as study:
        study.votes.cast(Vote(apart, "c ", Verdict.RIGHT, "Ann"))
        for name in (apart, "c "):
            study.videos.change(name, participant=f"of {name}")
        export_pairs(study, tmp_path / "all.csv", "every-vote")
        export_pairs(study, tmp_path / "labels.csv", "labels")
        export_videos(study, tmp_path / "people.csv")
    with Study.open(there) as other:
        assert import_into_study(other, tmp_path / "all.csv").n_votes == 1
        assert import_into_study(other, tmp_path / "people.csv").n_participants == 2
        came = import_into_study(other, tmp_path / "labels.csv")
        assert (came.n_videos, came.n_pairs) == (0, 1)
        assert other.pairs.all() == (Pair("c ", apart),)
        assert {video.name for video in other.videos.all()} == {apart, "c "}


def _folder(place: Path, rows: str) -> Path:
    place.mkdir(parents=True)
    for name in "abc":
        write_file(place / f"{name}.mp4", name)
    (place / "pairs.csv").write_text(f"left,right,label,rater\n{rows}")
    return place


def test_votes_that_are_taken_for_known_ones_are_told(tmp_path: Path) -> None:
    monday = _folder(tmp_path / "monday" / "knots", "a,b,1,Ann\nb,c,1,Ann\n")
    friday = _folder(tmp_path / "friday" / "knots", "a,b,1,Ann\nb,c,-1,Ann\n")
    later = _folder(tmp_path / "later", "a,b,1,Ann\na,c,1,Ann\n")
    with Study.create(tmp_path / "study") as study:
        assert import_into_study(study, monday).problems == ()
        again = import_into_study(study, monday)
        assert (again.n_votes, again.problems) == (0, ())
        came = import_into_study(study, friday)
        assert came.n_votes == 1
        assert not missing(came.problems[0], "2 votes")
        came = import_into_study(study, later)
        assert came.n_votes == 2
        assert not missing(came.problems[0], "2 votes")
        export_pairs(study, tmp_path / "judgements.csv", "judgements")
        n = len(study.votes.all())
        back = import_into_study(study, tmp_path / "judgements.csv", monday)
        assert (back.n_votes, len(study.votes.all())) == (0, n)
        assert back.problems[-1].startswith(f"The study has all {n} votes already")


def test_a_table_alone_speaks_of_the_videos_of_the_study_whatever_lies_beside_it(path: Path, tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    for name in ("a", "b"):
        write_file(tmp_path / "exports" / f"{name}.mp4", "an annotated clip")
    table = tmp_path / "exports" / "pairs.csv"
    table.write_text("left,right,label,rater\na,b,1,Ann\n")
    with Study.open(path) as study:
        before = study.videos.all()
        came = import_into_study(study, table)
        assert (came.n_videos, came.n_votes) == (0, 1)
        assert study.videos.all() == before
        assert [(v.left, v.right) for v in study.votes.all()] == [("a", "b")]


def test_two_people_without_names_who_say_the_same_both_count(tmp_path: Path) -> None:
    tables = [_folder(tmp_path / place, "") for place in ("one", "two")]
    for table in tables:
        (table / "pairs.csv").write_text("left,right,votes\na,b,1 1\n")
    with Study.create(tmp_path / "study") as study:
        assert import_into_study(study, tables[0]).n_votes == 2
        came = import_into_study(study, tables[1])
        assert came.n_votes == 2
        assert not missing(came.problems[-1], "2 votes")


def test_data_set_comes_in_once_with_its_videos_people_and_votes(tmp_path: Path) -> None:
    sample = resources_dir() / "sample_study"
    with Study.create(tmp_path / "study") as study:
        came = import_into_study(study, sample)
        dataset = open_dataset(sample)
        assert (came.n_videos, came.n_votes, came.n_pairs) == (36, len(dataset.judgements), 0)
        own = study.dataset()
        assert own.pairs == dataset.pairs
        assert own.similar == dataset.similar
        assert own.participants == dataset.participants
        again = import_into_study(study, sample)
        assert (again.n_videos, again.n_votes, again.n_pairs) == (0, 0, 0)
        export_videos(study, tmp_path / "participants.csv")
        with (tmp_path / "participants.csv").open(newline="") as file:
            assert next(csv.DictReader(file)) == {"video": "000", "participant": "P17"}


def test_pairs_without_raters_come_in_as_agreed_pairs_also_without_files(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "pairs.csv").write_text("better,worse\nx,y\ny,z\n")
    with Study.create(tmp_path / "study") as study:
        came = import_into_study(study, tmp_path / "set")
        assert (came.n_videos, came.n_votes, came.n_pairs) == (3, 0, 2)
        assert study.dataset().pairs == (Pair("x", "y"), Pair("y", "z"))
        again = import_into_study(study, tmp_path / "set")
        assert (again.n_videos, again.n_pairs) == (0, 0)


def test_two_copies_of_a_study_meet_again(path: Path, tmp_path: Path) -> None:
    with Study.open(path) as study:
        study.votes.cast(vote("a", "b", Verdict.LEFT))
        copy = study.save_as(tmp_path / "copy")
    with Study.open(copy) as other:
        other.votes.withdraw(1)
        other.videos.change("b", name="b, renamed")
        other.votes.cast(vote("c", "b, renamed", Verdict.LEFT, "Bob"))
        other.videos.add([NewVideo(write_file(tmp_path / "more" / "a.mp4", "another"))])
        other.votes.cast(vote("a (2)", "a", Verdict.LEFT, "Bob"))
    (tmp_path / "more" / "a.mp4").unlink()
    with Study.open(path) as study:
        came = import_into_study(study, copy)
        assert (came.n_videos, came.n_votes) == (1, 2)
        assert not study.votes.get(1).is_valid
        assert [(j.left, j.right, j.rater) for j in study.votes.judgements()] == [
            ("c", "b", "Bob"),
            ("a (2)", "a", "Bob"),
        ]
        assert import_into_study(study, copy).n_votes == 0
        assert study.videos.get("a (2)").path is None


def test_remarks_are_kept_removed_and_brought_back(path: Path) -> None:
    with Study.open(path) as study:
        annotations = study.annotations
        number = annotations.save_moment("a", 1.5, 2.5, author="Ann", label="slip", model_digest="d")
        annotations.change_moment(number, opinion=Opinion.DISAGREE)
        note = annotations.write_note("not the hand", author="Ann", video="a", moment=number, time_s=2.0)
        annotations.write_note("of the whole", author="Bob")
        (moment,) = annotations.moments("a")
        assert (moment.start_s, moment.label, moment.opinion) == (1.5, "slip", Opinion.DISAGREE)
        assert annotations.moments("b") == ()
        assert [n.text for n in annotations.notes()] == ["not the hand", "of the whole"]
        assert [n.id for n in annotations.notes("a")] == [note]
        annotations.change_note(note, "the hand")
        annotations.remove("moment", number)
        assert annotations.moments() == ()
        assert [n.text for n in annotations.notes()] == ["of the whole"]
        annotations.restore("moment", number)
        assert annotations.moments() == (moment,)
        assert annotations.notes("a")[0].text == "the hand"
        for wrong in (
            lambda: annotations.save_moment("a", 2, 2, author="Ann"),
            lambda: annotations.write_note(" ", author="Ann"),
            lambda: annotations.write_note("x", author="Ann", video="x"),
            lambda: annotations.change_note(99, "x"),
            lambda: annotations.remove("note", 99),
        ):
            with pytest.raises(StudyError):
                wrong()


def test_versions_of_a_model_can_be_gone_back_to(path: Path, tmp_path: Path) -> None:
    (tmp_path / "here" / "models" / "m1").mkdir(parents=True)
    with Study.open(path) as study:
        first = study.models.add("d1", "mine", tmp_path / "here" / "models" / "m1")
        second = study.models.add(
            "d2", "mine", tmp_path / "gone", parent="d1", state=ModelState.PROPOSED, facts={"seed": 3}
        )
        assert (first.number, second.number, second.parent, second.facts) == (1, 2, "d1", {"seed": 3})
        assert (first.path, second.path) == (tmp_path / "here" / "models" / "m1", None)
        assert study.models.set_state("d2", ModelState.ACCEPTED).state is ModelState.ACCEPTED
        study.use_model("d2")
        study.use_model("d1")
        assert study.settings.model == "d1"
        with pytest.raises(StudyError, match="no model"):
            study.use_model("d3")
    moved = (tmp_path / "here").rename(tmp_path / "there")
    with Study.open(moved / "study.skillstudy") as study:
        assert study.models.get("d1").path == moved / "models" / "m1"


def analysis_of(digest: str, model: str) -> Analysis:
    video = VideoInfo(Path("/old/a.mp4"), digest, np.arange(9) / 10, 64, 48, 0.9, 10.0)
    about = Provenance("test", "m", model, "none", "none", "none", "cpu", "float32")
    curve = np.array([[0.0, 0.5], [0.0, 0.7]])
    samples, stops = np.array([[1, 5], [2, 6]]), np.array([4, 9])
    maps, state = np.full((2, 2, 3, 3), 1 / 9, np.float32), np.zeros((2, 2, 1), np.float32)
    return Analysis(video, samples, maps, MapKind.DISTRIBUTION, MapRect(), state, curve, stops, 2, about)


def test_analyses_are_kept_by_digests_and_can_be_made_again(path: Path) -> None:
    with Study.open(path) as study:
        video = study.videos.get("a")
        assert cached_analysis(video, "model") is None
        analysis = analysis_of(video.digest, "model")
        kept = study.models.save_analysis(analysis)
        assert kept == analysis_path(video.digest, "model")
        again = cached_analysis(video, "model")
        assert again is not None
        assert again.score == analysis.score
        assert again.video.path == video.path  # where it is now
        scores = study.models.scores("model")
        assert scores["a"].score == pytest.approx(0.6)
        assert scores["a"].interval == analysis.interval
        assert study.models.scores("another") == {}
        kept.write_bytes(b"damaged")
        assert cached_analysis(video, "model") is None
        assert not kept.exists()
        assert study.models.scores("model") == scores  # the list still shows it
        study.videos.add([NewVideo(video.path, "part", clip_range=FrameRange(0, 5))])
        assert list(study.models.scores("model")) == ["a"]  # not of the part
        study.models.save_analysis(replace(analysis, clip_range=FrameRange(0, 5)))
        assert list(study.models.scores("model")) == ["a", "part"]


def test_who_is_in_known_videos_can_be_said_later(path: Path, tmp_path: Path) -> None:
    table = tmp_path / "who.csv"
    with Study.open(path) as study:
        first, second, third = [video.name for video in study.videos.all()][:3]
        assert study.videos.get(first).participant is None
        study.videos.change(second, participant="Bob")
        table.write_text(f"video,participant\n{first}.mp4,Ann\n{second},Eve\n{third},Cy\nother,Dan\n", encoding="utf-8")
        came = import_into_study(study, table)
        assert (came.n_participants, came.n_videos, came.n_votes) == (2, 0, 0)
        assert came.problems == (
            "who.csv names videos that are not in the study: other.",
            f"“{second}” is said to show Eve; the study says Bob, which stays.",
        )
        assert [study.videos.get(name).participant for name in (first, second, third)] == ["Ann", "Bob", "Cy"]
        assert import_into_study(study, table).n_participants == 0


def test_a_data_set_says_who_is_in_videos_that_were_there_before_it(tmp_path: Path) -> None:
    sample = resources_dir() / "sample_study"
    with Study.create(tmp_path / "study") as study:
        study.videos.add([NewVideo(file) for file in sorted((sample / "videos").glob("*.mp4"))])
        assert {video.participant for video in study.videos.all()} == {None}
        came = import_into_study(study, sample)
        assert (came.n_videos, came.n_participants) == (0, 36)
        assert study.dataset().participants == open_dataset(sample).participants


def test_two_names_of_one_file_are_one_video_and_not_compared_with_each_other(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_file(tmp_path / "set" / "videos" / f"{name}.mp4", name)
    write_file(tmp_path / "set" / "videos" / "copy of a.mp4", "a")
    rows = ["left,right,label,rater", "a,copy of a,1,Ann", "a,b,1,Ann", "copy of a,b,-1,Bob"]
    (tmp_path / "set" / "pairs.csv").write_text("\n".join(rows), encoding="utf-8")
    with Study.create(tmp_path / "study") as study:
        came = import_into_study(study, tmp_path / "set")
        assert (came.n_videos, came.n_votes) == (2, 2)
        assert "a and copy of a are one video, a." in came.problems


def test_votes_of_another_copy_stand_where_they_were_cast(path: Path, tmp_path: Path) -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC)
    with Study.open(path) as study:
        with Study.open(study.save_as(tmp_path / "copy")) as other:
            first = other.votes.cast(replace(vote("a", "b", Verdict.LEFT), judged_at=early))
            copy = other.path
        study.votes.import_votes([vote("b", "c", Verdict.LEFT)])  # nobody knows when
        second = study.votes.cast(replace(vote("a", "b", Verdict.RIGHT), judged_at=late))
        import_into_study(study, copy)
        assert [v.judged_at for v in study.votes.all()] == [None, early, late]
        given = VoteColumns.of(study.votes.judgements()).first_by_rater_and_pair()
        assert (given.raters, given.verdict[given.second == 1].tolist()) == (("Ann",), [1])
        assert [j.verdict for j in study.votes.judgements()][1:] == [first.verdict, second.verdict]


def test_what_was_removed_stays_so_when_a_copy_is_brought_in(path: Path, tmp_path: Path) -> None:
    with Study.open(path) as study:
        with Study.open(study.save_as(tmp_path / "copy")) as other:
            other.votes.cast(vote("a", "b", Verdict.LEFT))
            copy = other.path
        study.videos.remove("a")
        came = import_into_study(study, copy)
        assert [video.name for video in study.videos.all()] == ["b", "c"]
        assert came.problems == ("Removed from this study, and they stay so: a.",)
        assert (came.n_videos, came.n_votes, study.votes.judgements()) == (0, 1, ())
        study.videos.restore("a")
        assert len(study.votes.judgements()) == 1


def test_a_table_of_people_may_call_videos_as_people_do(path: Path, tmp_path: Path) -> None:
    table = tmp_path / "who.csv"
    table.write_text("video,participant\nvideos/a.mp4,Ann\nB,Ben\nvideos\\c.MP4,Cem\nd,Dora\n")
    with Study.open(path) as study:
        came = import_into_study(study, table)
        assert {video.name: video.participant for video in study.videos.all()} == {"a": "Ann", "b": "Ben", "c": "Cem"}
        assert came.n_participants == 3
        assert came.problems == ("who.csv names videos that are not in the study: d.",)


def test_what_was_read_before_is_kept_only_while_it_is_true(tmp_path: Path) -> None:
    """After every act, the votes of a study that stays open are those of one that is opened anew."""
    rng = np.random.default_rng(5)
    names = list("abcdefgh")
    path = make_study(tmp_path / "here", *names)
    with Study.open(path) as study, Study.open(path, read_only=True) as watching:
        for step in range(100):
            act = rng.choice(["cast", "withdraw", "rename", "erase", "bring"], p=[0.5, 0.2, 0.1, 0.1, 0.1])
            left, right = rng.choice(names, 2, replace=False).tolist()
            standing = [one for one in study.votes.all() if one.is_valid]
            if act == "cast":
                study.votes.cast(vote(left, right, Verdict.LEFT))
            elif act == "withdraw" and standing:
                study.votes.withdraw(standing[rng.integers(len(standing))].id)
            elif act == "rename":
                study.videos.change(left, name=f"{left}{step}")
                names[names.index(left)] = f"{left}{step}"
            elif act == "erase" and len(names) > 4:  # the last number is free again, and the next vote gets it
                study.erase([study.videos.get(right).digest], [right])
                names.remove(right)
                study.votes.cast(vote(left, names[names.index(left) - 1], Verdict.RIGHT))
            elif act == "bring":
                when = datetime(2026, 1, 1 + step % 28, tzinfo=UTC)
                study.votes.import_votes([replace(vote(left, right, None, "Bob"), judged_at=when)])
            with Study.open(path, read_only=True) as anew:
                assert study.votes.all() == watching.votes.all() == anew.votes.all(), (step, act)
                assert study.votes.judgements() == anew.votes.judgements()
        assert len(study.votes.all()) > 30
