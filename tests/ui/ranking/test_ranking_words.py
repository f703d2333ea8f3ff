"""What a rater is told, how far everybody is, and which pair follows: without a window."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from skillviewer.core.dataset.pairs import Verdict
from skillviewer.data.study import NewVideo, Study, StudySettings, Vote
from skillviewer.data.study.judging.pair_queue import (
    PairVideo,
    PresentedPair,
    RaterProgress,
    RaterQueue,
    rater_queue,
    raters_of_votes,
    targets,
)
from skillviewer.ui.ranking.judging_messages import early_vote_warning, side_bias_warning
from skillviewer.ui.ranking.judging_session import JudgingSession
from skillviewer.ui.ranking.sitting_clock import Stopwatch
from tests.facts import missing


@pytest.fixture(autouse=True)
def _application(qapp: QApplication) -> None:
    """Words are translated by it."""


def votes(*verdicts: Verdict | None) -> list[Vote]:
    return [Vote("a", "b", verdict, "Ann") for verdict in verdicts]


def turn(left: str, right: str) -> PresentedPair:
    return PresentedPair(PairVideo(left, Path(left)), PairVideo(right, Path(right)))


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        (1.0, 0.5, ""),
        (0.9, 0.3, "30 % of the right video. Ctrl+Z takes it back."),
        (0.9, 0.08, "8 % of the right video"),
        (0.2, 0.7, "20 % of the left video"),
        (0.004, 0.0, "before either video was watched"),
        (0.1, 0.3, "10 % of the left and 30 % of the right video"),
    ],
)
def test_a_hasty_vote_is_told(left: float, right: float, words: str) -> None:
    said = early_vote_warning(left, right, "Ctrl+Z")
    assert words in said
    assert bool(said) == bool(words)
    assert early_vote_warning(left, right) == said.replace("Ctrl+Z", "Edit › Undo")


def test_a_rater_is_not_blamed_where_the_computer_is_too_slow() -> None:
    assert not missing(early_vote_warning(0.05, 0.4, "Ctrl+Z", (1.0, 0.9)), "5 %", "40 %")
    assert "Ctrl+Z takes it back" in early_vote_warning(0.05, 0.4, "Ctrl+Z", (0.1, 0.9)), "one was hardly played"
    assert early_vote_warning(0.9, 0.9, "Ctrl+Z", (1.0, 1.0)) == ""


def test_a_favoured_side_is_told() -> None:
    left, right, none = Verdict.LEFT, Verdict.RIGHT, Verdict.NEITHER
    assert side_bias_warning(votes(*[left] * 19)) == "", "too few to tell"
    assert side_bias_warning(votes(*[left] * 15, *[right] * 5)) == ""
    assert not missing(side_bias_warning(votes(*[left] * 16, *[right] * 4)), "16", "20 votes")
    assert not missing(side_bias_warning(votes(*[left] * 30, *[right] * 20)), "20", "20 votes")
    mixed = [left, none, None, left] * 10
    assert "20 of your last 20" in side_bias_warning(votes(*mixed)), "ties and skipped pairs say nothing of a side"


def test_how_many_comparisons_are_aimed_at() -> None:
    assert targets(60, 10, 5) == (60, 300)
    assert targets(3, 1, 1) == (2, 2)
    assert targets(0, 10, 0) == (0, 0)


def test_a_paused_stopwatch_does_not_count() -> None:
    now = [0.0]
    watch = Stopwatch(lambda: now[0])
    watch.restart()
    now[0] = 3.0
    watch.pause()
    now[0] = 60.0
    assert watch.time_s == 3.0
    watch.resume()
    watch.resume()
    now[0] = 62.0
    assert watch.time_s == 5.0


def test_taken_back_votes_bring_their_pairs_back_in_order() -> None:
    session = JudgingSession("Ann")
    pairs = [turn("a", "b"), turn("c", "d"), turn("e", "f")]
    cast = [Vote(t.left.name, t.right.name, Verdict.LEFT, "Ann", id=i + 1) for i, t in enumerate(pairs)]
    session.update((), RaterProgress(0, 9, 0, 9))
    for pair, vote in zip(pairs, cast, strict=True):
        session.turn = pair
        session.count_vote(vote)
    session.turn = turn("g", "h")
    assert (session.progress.n_own, session.n_since_rest) == (3, 3)
    assert session.return_to_withdrawn() is None
    session.update(tuple(cast[:1]), RaterProgress(1, 9, 1, 9))
    assert session.return_to_withdrawn() is cast[2]
    assert session.turn == pairs[2]
    assert session.return_to_withdrawn() is cast[1]
    assert session.turn == pairs[1]
    assert session.upcoming_pairs == [pairs[2], turn("g", "h")]
    assert session.return_to_withdrawn() is None


def test_a_skipped_pair_that_is_taken_back_was_not_among_those_judged() -> None:
    session = JudgingSession("Ann")
    session.update((), RaterProgress())
    for number, verdict in enumerate((Verdict.LEFT, None), 1):
        session.turn = turn("a", f"b{number}")
        session.count_vote(Vote("a", f"b{number}", verdict, "Ann", id=number))
    assert session.n_since_rest == 1
    session.update(session.own_votes[:1], RaterProgress(1, 9, 1, 9))
    assert session.return_to_withdrawn() is not None
    assert session.n_since_rest == 1
    session.update((), RaterProgress())
    assert session.return_to_withdrawn() is not None
    assert session.n_since_rest == 0


def test_an_older_vote_on_the_same_pair_is_not_taken_for_a_new_one() -> None:
    session = JudgingSession("Ann")
    session.update((Vote("a", "b", Verdict.LEFT, "Ann", id=7),), RaterProgress())
    session.turn = turn("b", "a")  # asked again
    assert session.find_redone_vote() is None
    session.update((*session.own_votes, Vote("b", "a", Verdict.LEFT, "Ann", id=9)), RaterProgress())
    assert session.find_redone_vote() is not None


def made(tmp_path: Path, n: int = 6, **settings: object) -> Study:
    study = Study.create(tmp_path / "s.skillstudy", StudySettings(**settings))  # type: ignore[arg-type]
    for i in range(n):
        (tmp_path / f"v{i}.mp4").write_bytes(bytes([i]) * 99)
    study.videos.add([NewVideo(tmp_path / f"v{i}.mp4", task="even" if i % 2 == 0 else "odd") for i in range(n)])
    return study


def test_the_pair_after_the_next_is_the_next_one_after_the_vote(tmp_path: Path) -> None:
    with made(tmp_path, repeat_share=0.2) as study:
        coming = rater_queue(study, "Ann").upcoming_pairs
        for _ in range(5):
            now, then = coming[0], coming[1] if len(coming) > 1 else None
            assert {now.left.name[-1], now.right.name[-1]} <= set("024") or {
                now.left.name[-1],
                now.right.name[-1],
            } <= set("135"), "videos of two tasks are never compared"
            assert [t.names for t in rater_queue(study, "Ann", now).upcoming_pairs] == (
                [] if then is None else [then.names]
            )
            study.votes.cast(Vote(now.left.name, now.right.name, Verdict.LEFT, "Ann", purpose=now.purpose))
            coming = rater_queue(study, "Ann").upcoming_pairs
            if then is not None:
                assert coming[0] == then


def test_lost_and_unreadable_videos_are_not_asked(tmp_path: Path) -> None:
    with made(tmp_path) as study:
        (tmp_path / "v0.mp4").unlink()
        (tmp_path / "v2.mp4").write_bytes(b"something else")
        found: RaterQueue = rater_queue(study, "Ann", unreadable={"v1"})
        assert [c.name for c in found.contenders] == ["v3", "v4", "v5"]
        assert found.n_lost == 3
        assert [t.names for t in found.upcoming_pairs] == [frozenset({"v3", "v5"})]


def test_only_votes_that_stand_are_counted(tmp_path: Path) -> None:
    with made(tmp_path, comparisons_per_video=10, repeat_share=0.0) as study:
        study.votes.cast(Vote("v0", "v2", Verdict.LEFT, "Ann"))
        study.votes.withdraw(study.votes.cast(Vote("v2", "v4", Verdict.LEFT, "Ann")).id)
        study.votes.cast(Vote("v0", "v4", None, "Ann"))
        study.votes.cast(Vote("v0", "v2", Verdict.NEITHER, "Ben"))
        assert rater_queue(study, "Ann").progress == RaterProgress(1, 5, 2, 11), "six pairs, one of which Ann skipped"
        assert rater_queue(study, "Cleo").progress == RaterProgress(0, 6, 2, 17)


def test_the_aim_is_no_more_than_there_are_pairs_and_repeats(tmp_path: Path) -> None:
    with made(tmp_path, comparisons_per_video=30, repeat_share=0.2) as study:
        mine, aims_ = 0, []
        while upcoming_pairs := rater_queue(study, "Ann").upcoming_pairs:
            aims_.append(rater_queue(study, "Ann").progress.rater_target)
            now = upcoming_pairs[0]
            study.votes.cast(Vote(now.left.name, now.right.name, Verdict.LEFT, "Ann", purpose=now.purpose))
            mine += 1
        assert set(aims_) == {mine}, "known from the first pair to the last"
        assert rater_queue(study, "Ann").progress == RaterProgress(mine, mine, mine, mine)
        assert mine > 6


def test_only_raters_with_votes_share_the_aim(tmp_path: Path) -> None:
    with made(tmp_path, comparisons_per_video=2) as study:
        for name in ("Abn", "An", "Ben"):
            study.votes.add_rater(name)
        study.votes.withdraw(study.votes.cast(Vote("v0", "v2", Verdict.LEFT, "Abn")).id)
        study.votes.cast(Vote("v0", "v2", None, "An"))
        assert rater_queue(study, "Ann").progress == RaterProgress(0, 6, 0, 6)
        study.votes.cast(Vote("v0", "v2", Verdict.LEFT, "Ben"))
        assert rater_queue(study, "Ann").progress == RaterProgress(0, 3, 1, 6)
        assert raters_of_votes(study) == ("An", "Ben"), "not who took back every vote"


def test_a_pair_that_was_put_back_and_cannot_be_shown_is_not_owed(tmp_path: Path) -> None:
    with made(tmp_path) as study:
        study.rejudge_queue.add([frozenset({"v0", "v2"}), frozenset({"v1", "v3"})])
        assert rater_queue(study, "Ann").progress.n_again == 2
        (tmp_path / "v0.mp4").unlink()
        assert rater_queue(study, "Ann").progress.n_again == 1
        assert rater_queue(study, "Ann", unreadable={"v3"}).progress.n_again == 0
