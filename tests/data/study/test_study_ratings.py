"""Ratings in a study: together with votes, never changed, and told where they contradict each other."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from skillviewer.core.dataset.pairs import Pair, Verdict
from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import SettingsError, StudyError
from skillviewer.data.study import NewVideo, Study, StudySettings, Vote
from skillviewer.data.study.archive.pseudonyms import invent_pseudonyms, replace_names
from skillviewer.data.study.exchange.rating_import import (
    add_ratings,
    describe_remaining_ratings,
    open_study_table,
    ratings_without_successor,
    undo_import,
)
from skillviewer.data.study.exchange.study_import import import_into_study
from tests.data.files import write
from tests.facts import missing

NAMES = ("a", "b", "c", "d")


def rated(values: dict[str, float], rater: str = "Ann", item: str = "Flow", **scale: object) -> RatingSet:
    ends = {"low": 1.0, "high": 5.0, "stated": True} | scale
    ratings = tuple(VideoRating(video, rater, item, value) for video, value in values.items())
    return RatingSet(ratings, (RatingScale(item=item, **ends),))  # type: ignore[arg-type]


@pytest.fixture
def study(tmp_path: Path) -> Study:
    made = Study.create(tmp_path / "s")
    made.videos.add([NewVideo(None, name) for name in NAMES])
    return made


def test_ratings_become_pairs_where_nobody_voted(study: Study) -> None:
    added = study.ratings.add(rated({"a": 1, "b": 2, "c": 3, "d": 3}), "scores.csv")
    assert (added.n_new, added.n_known, added.n_changed) == (4, 0, 0)
    study.votes.cast(Vote("a", "b", Verdict.LEFT, rater="Eve"))
    data = study.dataset()
    assert Pair("a", "b") in data.pairs
    assert Pair("b", "a") not in data.pairs
    assert {Pair("c", "a"), Pair("d", "a"), Pair("c", "b"), Pair("d", "b")} <= set(data.pairs)
    assert len(data.similar) == 1
    assert data.problems == (
        "Votes contradict the ratings of Flow on 1 of 1 pairs, and count there; the ratings put b above a.",
    )
    assert not missing(data.rule, "“Flow”", "1 point")
    assert data.scores is not None
    assert data.scores.by_video() == {"a": 1, "b": 2, "c": 3, "d": 3}
    study.settings = replace(study.settings, rating_rule="points:2")
    assert {Pair("c", "a"), Pair("d", "a")} == set(study.dataset().pairs) - {Pair("a", "b")}


def test_the_same_again_brings_nothing_and_a_correction_replaces(study: Study) -> None:
    study.ratings.add(rated({"a": 1, "b": 2}), "scores.csv", "{}")
    again = study.ratings.add(rated({"a": 1, "b": 2}), "scores.csv", "{}")
    assert (again.n_new, again.n_known, again.n_changed) == (0, 2, 0)
    assert [tuple(row) for row in study._file.query("SELECT name, mapping FROM rating_table")] == [("scores.csv", "{}")]
    corrected = study.ratings.add(rated({"a": 4, "b": 2}), "scores.csv")
    assert (corrected.n_new, corrected.n_known, corrected.n_changed) == (0, 1, 1)
    assert corrected.problems == ("Different ratings in the study were replaced: Flow of a from 1 to 4.",)
    assert study.ratings.all().table("Flow").means() == {"a": 4.0, "b": 2.0}
    assert study._file.scalar("SELECT count(*) FROM rating") == 3


def test_a_scale_can_be_stated_once_a_slip_is_corrected(study: Study) -> None:
    study.ratings.add(rated({"a": 99, "b": 2}, low=2.0, high=99.0, stated=False), "scores.csv")
    with pytest.raises(StudyError, match="scale of 2 to 99, the table on one of 1 to 5"):
        study.ratings.add(rated({"c": 3}), "more.csv")
    study.ratings.add(rated({"a": 4}, low=4.0, high=4.0, stated=False), "scores.csv")
    study.ratings.add(rated({"c": 3}), "more.csv")
    (scale,) = study.ratings.all().scales
    assert (scale.low, scale.high, scale.stated) == (1.0, 5.0, True)


@pytest.mark.parametrize("statement", ["UPDATE rating SET value = 9", "DELETE FROM rating"])
def test_a_rating_is_never_changed_in_the_file(study: Study, statement: str) -> None:
    study.ratings.add(rated({"a": 1}), "scores.csv")
    study.close()
    connection = sqlite3.connect(study.path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()


def test_another_scale_is_refused_whole(study: Study) -> None:
    study.ratings.add(rated({"a": 1}), "one.csv")
    with pytest.raises(StudyError, match="on a scale of 1 to 5, the table on one of 1 to 10"):
        study.ratings.add(rated({"b": 7}, high=10.0), "two.csv")
    with pytest.raises(StudyError, match="one of 6 to 7"):
        study.ratings.add(rated({"b": 7}, low=6.0, high=7.0, stated=False), "two.csv")
    with pytest.raises(StudyError, match="less is better"):
        study.ratings.add(rated({"b": 3}, less_is_better=True), "two.csv")
    with pytest.raises(StudyError, match="no video “x”"):
        study.ratings.add(rated({"b": 3, "x": 3}), "two.csv")
    assert [rating.video for rating in study.ratings.all().ratings] == ["a"]
    study.ratings.add(rated({"b": 3}, item="Grip", low=3.0, high=3.0, stated=False), "two.csv")
    study.ratings.add(rated({"c": 9}, item="Grip", low=9.0, high=9.0, stated=False), "two.csv")
    assert (study.ratings.all().scale("Grip").low, study.ratings.all().scale("Grip").high) == (3.0, 9.0)
    assert study.ratings.all().items == ("Flow", "Grip")


def test_a_table_speaks_of_the_videos_of_the_study(study: Study, tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "Clip,Trainee,Judge,Flow\nA.mp4,P1,x,3\nb,P2,x,4\nbb,P2,x,4\n")
    opened = open_study_table(study, path)
    done = add_ratings(study, opened, opened.mapping.assigned("participant", "Trainee"))
    read, came = done.parsed_ratings, done.import_result
    assert (came.n_videos, came.n_ratings, came.n_participants) == (0, 2, 2)
    assert [row.rejections for row in read.import_report.rows] == [[], [], ["the study has no video “bb”"]]
    assert {v.name: v.participant for v in study.videos.all()} == {"a": "P1", "b": "P2", "c": None, "d": None}
    assert '"video":"Clip"' in study._file.scalar("SELECT mapping FROM rating_table")


def test_an_import_is_taken_back_and_what_it_replaced_counts_again(study: Study, tmp_path: Path) -> None:
    study.ratings.add(rated({"a": 1, "b": 2}, "x", low=1, high=2, stated=False), "scores.csv")
    before = study.ratings.all()
    table = write(tmp_path / "t.csv", "Clip,Trainee,Judge,Flow,Grip\na,P1,x,4,7\nb,P2,x,2,8\nc,P2,y,9,9\n")
    done = add_ratings(study, open_study_table(study, table))
    assert {(r.video, r.value) for r in study.ratings.all().ratings if r.item == "Flow"} == {
        ("a", 4),
        ("b", 2),
        ("c", 9),
    }
    assert study.ratings.all().scale("Flow").high == 9
    undo_import(study, done)
    assert set(study.ratings.all().ratings) == set(before.ratings)
    assert study.ratings.all().scales == before.scales
    assert {video.participant for video in study.videos.all()} == {None}
    # on another scale now: that of the ratings taken back does not hold
    study.ratings.add(rated({"a": 2}, item="Grip"), "scores.csv")
    assert study.ratings.all().scale("Grip").stated
    undo_import(study, done)  # a second time changes nothing
    assert {(r.video, r.item, r.value) for r in study.ratings.all().ratings} >= {("a", "Flow", 1), ("a", "Grip", 2)}


def test_a_table_on_another_scale_leaves_the_study_as_it_was(study: Study, tmp_path: Path) -> None:
    study.ratings.add(rated({"a": 1}), "scores.csv")
    table = write(tmp_path / "t.csv", "Clip,Who,Flow\na,P1,9\n")
    with pytest.raises(StudyError, match="The study rates Flow on a scale of 1 to 5"):
        add_ratings(study, open_study_table(study, table))
    assert len(study.ratings.all().ratings) == 1


def test_votes_against_ratings_are_listed_with_both_means(study: Study) -> None:
    assert study.rating_facts() is None
    study.ratings.add(rated({"a": 1, "b": 2, "c": 3, "d": 3}), "scores.csv")
    for left, right in (("a", "b"), ("c", "a"), ("c", "d")):
        study.votes.cast(Vote(left, right, Verdict.LEFT, rater="Eve"))
    facts = study.rating_facts()
    assert facts is not None
    assert facts.n_by_outcome == (5, 1, 0)
    assert facts.n_ordered_by_both == 2
    assert facts.contradicted == ((Pair("a", "b"), 1.0, 2.0),)
    assert facts.rule in study.dataset().rule
    study.settings = replace(study.settings, rating_rule="points:2")
    facts = study.rating_facts()
    assert facts is not None
    assert facts.contradicted == ()


def test_ratings_come_along_from_another_study_and_a_folder(study: Study, tmp_path: Path) -> None:
    study.ratings.add(rated({"a": 1, "b": 2}), "scores.csv")
    study.close()
    with Study.create(tmp_path / "other") as other:
        came = import_into_study(other, study.path)
        assert came.n_ratings == 2
        assert other.ratings.all().table("Flow").means() == {"a": 1.0, "b": 2.0}
        write(tmp_path / "set/ratings.csv", "video,rater,Grip\na,x,3\nb,x,4\nc,x,4\n")
        came = import_into_study(other, tmp_path / "set")
        assert (came.n_videos, came.n_pairs, came.n_ratings) == (0, 0, 3)  # all four came with the other study
        other.settings = replace(other.settings, criterion="Grip")
        assert set(other.dataset().pairs) == {Pair("b", "a"), Pair("c", "a")}
        assert other.has_entries()


def test_a_rule_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(SettingsError, match="“often”"):
        StudySettings(rating_rule="often")


def test_other_names_stand_in_ratings_too(study: Study) -> None:
    study.ratings.add(rated({"a": 1, "b": 2}, rater="Annabel"), "Annabel's scores.csv", '{"rater": "Annabel"}')
    study.close()
    connection = sqlite3.connect(study.path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    replace_names(connection, invent_pseudonyms(connection), keep_texts=True)
    told = [
        str(value)
        for table in ("rating", "rating_table")
        for row in connection.execute(f"SELECT * FROM {table}")
        for value in row
    ]
    connection.close()
    assert not [word for word in told if "annabel" in word.casefold()]
    with Study.open(study.path) as other:
        assert {rating.rater for rating in other.ratings.all().ratings} == {"R01"}
        assert [tuple(row) for row in other._file.query("SELECT name, mapping FROM rating_table")] == [("S01", "")]


def test_ratings_that_a_corrected_table_leaves_are_known_before_its_import(study: Study, tmp_path: Path) -> None:
    first = write(tmp_path / "t.csv", "Clip,Judge,Flow (1-5)\na,x,3\nb,x,4\nc,x,2\nd,y,5\n")
    add_ratings(study, open_study_table(study, first))
    corrected = write(tmp_path / "corrected.csv", "Clip,Judge,Flow (1-5)\na,x,1\nb,x,\nc,x,8\nd,x,5\n")
    opened = open_study_table(study, corrected)
    left = ratings_without_successor(study, opened.read()[0], "corrected.csv")
    assert [(rating.video, rating.rater, rating.value) for rating in left] == [("b", "x", 4), ("c", "x", 2)]
    assert not missing(describe_remaining_ratings(left), "2 earlier ratings", "b by x", "c by x")
    of_same_name = ratings_without_successor(study, opened.read()[0], "t.csv")
    assert {rating.video for rating in of_same_name} == {"b", "c", "d"}, "the row of d by y is gone"
    kept = add_ratings(study, opened)
    assert len(study.ratings.all().ratings) == 5
    undo_import(study, kept)
    done = add_ratings(study, opened, withdraw_missing=True)
    assert {(r.video, r.rater): r.value for r in study.ratings.all().ratings} == {
        ("a", "x"): 1,
        ("d", "x"): 5,
        ("d", "y"): 5,
    }
    undo_import(study, done)
    assert {(r.video, r.value) for r in study.ratings.all().ratings} == {("a", 3), ("b", 4), ("c", 2), ("d", 5)}
