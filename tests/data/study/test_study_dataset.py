"""One data set from votes, stated pairs and ratings: whoever asks gets the same pairs."""

from dataclasses import replace
from pathlib import Path

import pytest

from skillviewer.core.dataset.label_source import LabelSource
from skillviewer.core.dataset.pairs import Pair, Verdict
from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.core.errors import DatasetError
from skillviewer.core.ranking.consensus import rule_named
from skillviewer.core.ratings.rating_rule import RatingRule
from skillviewer.data.formats.choices import Choices
from skillviewer.data.study import NewVideo, Study, Vote
from skillviewer.data.study.dataset_or_study import STUDY_FORM, open_dataset_or_study, recognised_form_or_study
from skillviewer.data.study.study_dataset import study_dataset
from skillviewer.data.study.versions import study_pairs
from skillviewer_testing import check_dataset_form
from tests.data.files import write
from tests.facts import missing


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Ratings a < b < c < d of Flow and the opposite of Care; a vote against Flow on (a, b), a stated pair (c, d)."""
    made = Study.create(tmp_path / "s")
    made.videos.add([NewVideo(None, name, participant=name) for name in "abcd"])
    values = {"Flow": {"a": 1, "b": 2, "c": 3, "d": 4}, "Care": {"a": 4, "b": 3, "c": 2, "d": 1}}
    ratings = [VideoRating(video, "Ann", item, x) for item, given in values.items() for video, x in given.items()]
    made.ratings.add(RatingSet(tuple(ratings), tuple(RatingScale(item, 1, 5) for item in values)), "scores.csv")
    made.votes.cast(Vote("a", "b", Verdict.LEFT, "Eve", purpose="random"))
    made.pairs.add([Pair("c", "d")], "stated")
    return made


VOTED, STATED = Pair("a", "b"), Pair("c", "d")
RATED = {Pair("c", "a"), Pair("d", "a"), Pair("c", "b"), Pair("d", "b")}


def test_each_source_gives_its_pairs_and_votes_come_first(study: Study) -> None:
    sources = (LabelSource.BOTH, LabelSource.VOTES, LabelSource.RATINGS)
    both, votes, ratings = (study_dataset(study, source) for source in sources)
    assert set(both.pairs) == RATED | {VOTED, STATED}
    assert set(votes.pairs) == {VOTED, STATED}
    assert set(ratings.pairs) == RATED | {Pair("b", "a"), Pair("d", "c")}
    assert both == study.dataset()
    assert not missing(both.problems[0], "2 pairs")
    assert (votes.problems, ratings.problems, ratings.judgements) == ((), (), ())
    assert "step" not in votes.rule
    assert votes.ratings == both.ratings, "ratings still calibrate scores"


def test_fine_tuning_and_training_get_the_same_pairs(study: Study) -> None:
    tuned = study_pairs(study)
    assert tuned.dataset == study.dataset()
    assert len(tuned.reserved) == 1
    assert study_pairs(study, labels=LabelSource.RATINGS).reserved == frozenset()
    trained = open_dataset_or_study(study.path)
    assert replace(trained, problems=()) == replace(tuned.dataset, problems=())
    assert tuned.dataset.problems[0] in trained.problems


def test_another_criterion_and_rule_leave_the_study_as_it_is(study: Study) -> None:
    care = study_dataset(study, criterion="Care", rating_rule=RatingRule("points", 3))
    assert (care.pairs, care.criterion) == ((Pair("a", "d"),), "Care")
    assert study.criterion == "Flow"
    assert study_dataset(study, rule=rule_named("at-least:2")).judgements
    assert VOTED not in study_dataset(study, rule=rule_named("at-least:2")).pairs
    opened = open_dataset_or_study(study.path, choices=Choices(criterion="Care", smallest_difference=3))
    assert opened.pairs == care.pairs


def test_a_study_is_one_more_form(study: Study, tmp_path: Path) -> None:
    path = study.path
    study.close()
    assert recognised_form_or_study(path) is STUDY_FORM
    (tmp_path / "rest").mkdir()
    check_dataset_form(STUDY_FORM, path, tmp_path / "rest")
    people = open_dataset_or_study(path, choices=Choices(participant_pattern="[ab]")).participants
    assert people == {"a": "a", "b": "b"}
    for wrong in ({"videos_dir": tmp_path}, {"choices": Choices(criterion="Speed")}, {"choices": Choices(task="x")}):
        with pytest.raises(DatasetError):
            open_dataset_or_study(path, **wrong)


def test_equal_ratings_order_nothing_and_say_so(tmp_path: Path) -> None:
    write(tmp_path / "ratings.csv", "video,rater,Flow\na,x,3\nb,x,3\n")
    with pytest.raises(DatasetError, match="rating"):
        open_dataset_or_study(tmp_path)
