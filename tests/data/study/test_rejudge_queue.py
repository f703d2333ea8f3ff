"""Pairs that are put back in the queue: who owes them, and until when."""

from pathlib import Path

import pytest

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.core.errors import StudyError
from skillviewer.data.study import Study, Vote
from skillviewer.data.study.exchange.study_import import import_into_study
from tests.data.studies import make_study

AB, BC = frozenset("ab"), frozenset("bc")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_study(tmp_path, "a", "b", "c")


def cast(study: Study, rater: str, left: str, right: str, verdict: Verdict | None = Verdict.LEFT) -> Vote:
    return study.votes.cast(Vote(left, right, verdict, rater))


def test_a_vote_from_before_the_question_is_no_answer_to_it(path: Path, tmp_path: Path) -> None:
    with Study.open(path) as study:
        with Study.open(study.save_as(tmp_path / "copy")) as other:
            cast(other, "Bob", "a", "b")
            copy = other.path
        study.rejudge_queue.add([AB])
        assert import_into_study(study, copy).n_votes == 1
        assert study.rejudge_queue.waiting() == (AB,)
        assert study.rejudge_queue.due_for("Bob") == {AB}
        cast(study, "Bob", "a", "b")
        assert study.rejudge_queue.waiting() == ()


def test_every_rater_owes_a_pair_once(path: Path) -> None:
    with Study.open(path) as study:
        cast(study, "Ann", "a", "b")
        assert study.rejudge_queue.due_for("Ann") == frozenset()
        study.rejudge_queue.add([AB, BC])
        assert study.rejudge_queue.waiting() == (AB, BC)
        assert study.rejudge_queue.due_for("Ann") == study.rejudge_queue.due_for("Bob") == {AB, BC}
        vote = cast(study, "Ann", "b", "a")
        cast(study, "Ann", "c", "b", None)  # skipped: an answer too
        assert study.rejudge_queue.waiting() == ()
        assert study.rejudge_queue.due_for("Ann") == frozenset()
        assert study.rejudge_queue.due_for("Bob") == {AB, BC}
        study.votes.withdraw(vote.id)
        assert study.rejudge_queue.due_for("Ann") == {AB}
        assert study.rejudge_queue.waiting() == (AB,)
    with Study.open(path, read_only=True) as study:
        assert study.rejudge_queue.due_for("Bob") == {AB, BC}


def test_what_waits_can_be_taken_out_and_that_taken_back(path: Path) -> None:
    with Study.open(path) as study:
        study.rejudge_queue.add([AB, BC])
        numbers = study.rejudge_queue.remove([AB, frozenset("ac")])
        assert study.rejudge_queue.waiting() == (BC,)
        assert study.rejudge_queue.remove([AB]) == ()
        study.rejudge_queue.restore(numbers)
        assert study.rejudge_queue.waiting() == (AB, BC)
        assert len(study.rejudge_queue.add([AB])) == 0


def test_what_waits_is_not_put_back_twice_and_what_was_answered_can_be(path: Path) -> None:
    with Study.open(path) as study:
        assert len(study.rejudge_queue.add([AB, AB])) == 1
        assert study.rejudge_queue.add([AB]) == ()
        cast(study, "Ann", "a", "b")
        assert len(study.rejudge_queue.add([AB])) == 1
        assert study.rejudge_queue.due_for("Ann") == {AB}
        cast(study, "Ann", "a", "b")
        assert study.rejudge_queue.due_for("Ann") == frozenset()
        assert study.rejudge_queue.due_for("Bob") == {AB}


def test_taking_back_leaves_votes(path: Path) -> None:
    with Study.open(path) as study:
        numbers = study.rejudge_queue.add([AB, BC])
        cast(study, "Ann", "a", "b")
        study.rejudge_queue.undo_add(numbers)
        assert study.rejudge_queue.waiting() == ()
        assert study.rejudge_queue.due_for("Bob") == frozenset()
        assert len(study.votes.all()) == 1


def test_a_video_that_is_gone_is_not_asked_for(path: Path) -> None:
    with Study.open(path) as study:
        study.rejudge_queue.add([AB, BC])
        study.videos.remove("c")
        assert study.rejudge_queue.waiting() == (AB,)
        assert study.rejudge_queue.due_for("Ann") == {AB}


def test_what_makes_no_sense_changes_nothing(path: Path) -> None:
    with Study.open(path) as study:
        with pytest.raises(StudyError, match="two videos"):
            study.rejudge_queue.add([AB, frozenset("a")])
        with pytest.raises(StudyError, match="no video"):
            study.rejudge_queue.add([AB, frozenset(("a", "x"))])
        assert study.rejudge_queue.waiting() == ()
    with Study.open(path, read_only=True) as study, pytest.raises(StudyError, match="reading only"):
        study.rejudge_queue.add([AB])
