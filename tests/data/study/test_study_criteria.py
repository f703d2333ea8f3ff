"""Criteria of a study: one is looked at at a time, and votes and ratings of the others stay out."""

from dataclasses import replace
from pathlib import Path

import pytest

from skillviewer.core.dataset.pairs import Pair, Verdict
from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import StudyError
from skillviewer.data.study import NewVideo, Study, Vote
from skillviewer.data.study.exchange.study_import import import_into_study
from skillviewer.data.study.ranking_report import study_ranking_report
from skillviewer.data.study.versions import study_pairs


@pytest.fixture
def study(tmp_path: Path) -> Study:
    made = Study.create(tmp_path / "s")
    made.videos.add([NewVideo(None, name) for name in "abc"])
    return made


def look_at(study: Study, criterion: str) -> None:
    study.settings = replace(study.settings, criterion=criterion)


def rate(study: Study) -> None:
    given = {"Global": {"a": 1.0, "b": 2.0, "c": 3.0}, "Flow": {"a": 3.0, "b": 2.0, "c": 1.0}}
    ratings = tuple(VideoRating(v, "Ann", item, x) for item, values in given.items() for v, x in values.items())
    scales = tuple(RatingScale(item, 1, 5, stated=True) for item in given)
    study.ratings.add(RatingSet(ratings, scales), "scores.csv")


def test_votes_say_which_criterion_they_are_of(study: Study) -> None:
    assert study.criteria() == ("skill",)
    study.votes.cast(Vote("a", "b", Verdict.LEFT, "Eve"))
    look_at(study, "Flow")
    assert study.votes.judgements() == ()
    study.votes.cast(Vote("a", "b", Verdict.RIGHT, "Eve"))
    assert [vote.criterion for vote in study.votes.all()] == ["", "Flow"]
    assert study.dataset().pairs == (Pair("b", "a"),)
    assert study.dataset().criterion == "Flow"
    assert study_ranking_report(study).judged == 1
    assert study_pairs(study).dataset.pairs == (Pair("b", "a"),)
    look_at(study, "")
    assert study.dataset().pairs == (Pair("a", "b"),)
    assert study.criteria() == ("skill", "Flow")


def test_a_criterion_has_its_own_ratings_and_the_first_the_votes_that_state_none(study: Study) -> None:
    study.votes.cast(Vote("b", "a", Verdict.RIGHT, "Eve"))  # against the ratings of Global
    study.pairs.add([Pair("c", "a")], "stated")
    rate(study)
    assert study.criteria() == ("Global", "Flow")
    assert set(study.dataset().pairs) == {Pair("a", "b"), Pair("c", "a"), Pair("c", "b")}
    look_at(study, "Flow")
    data = study.dataset()
    assert set(data.pairs) == {Pair("a", "b"), Pair("a", "c"), Pair("b", "c")}
    assert data.scores is not None
    assert data.scores.by_video() == {"a": 3, "b": 2, "c": 1}
    assert data.criterion == "Flow"
    assert data.judgements == ()


def test_a_pair_is_judged_again_for_its_criterion_alone(study: Study) -> None:
    pair = frozenset(("a", "b"))
    study.rejudge_queue.add([pair])
    look_at(study, "Flow")
    assert study.rejudge_queue.waiting() == ()
    assert study.rejudge_queue.due_for("Eve") == frozenset()
    study.votes.cast(Vote("a", "b", Verdict.LEFT, "Eve"))
    look_at(study, "")
    assert study.rejudge_queue.due_for("Eve") == {pair}, "the vote was on another criterion"
    study.votes.cast(Vote("a", "b", Verdict.LEFT, "Eve"))
    assert study.rejudge_queue.waiting() == ()


def test_one_command_looks_at_another_criterion_and_changes_nothing(study: Study) -> None:
    rate(study)
    study.select_criterion("Flow")
    assert study.dataset().criterion == "Flow"
    assert study.settings.criterion == ""
    study.select_criterion(None)
    assert study.dataset().criterion == "Global"
    with pytest.raises(StudyError, match="“Speed”"):
        study.select_criterion("Speed")


def test_criteria_come_along_with_the_votes_of_another_study(study: Study, tmp_path: Path) -> None:
    look_at(study, "Flow")
    study.votes.cast(Vote("a", "b", Verdict.LEFT, "Eve"))
    with Study.create(tmp_path / "t") as other:
        import_into_study(other, study.path)
        assert [vote.criterion for vote in other.votes.all()] == ["Flow"]
        assert other.votes.judgements() == ()
