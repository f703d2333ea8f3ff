"""What the votes say, in the real window: seen only after judging, and pairs are put back in the queue by one click."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QWidget
from pytestqt.qtbot import QtBot

from skillviewer.core.dataset.pairs import Pair, Verdict
from skillviewer.data.study import Study, Vote
from skillviewer.data.study.ranking_report import study_ranking_report
from skillviewer.data.study.study_ratings import RatingFacts
from skillviewer.ui.ranking.cycles_view import CyclesView
from skillviewer.ui.ranking.sitting_controller import SittingPhase
from tests.ui.conftest import MakeWindow
from tests.ui.fakes import FakeWorld
from tests.ui.hands import click
from tests.ui.pair_study import NAMES, Rater, all_texts, make_study, sit_down, write_videos

KEYS = Qt.Key
ZEBRA, QUAGGA, OKAPI, TAPIR, GNU = NAMES
CIRCLE = (
    ("Ann", ZEBRA, QUAGGA, 1),
    ("Bob", QUAGGA, ZEBRA, -1),
    ("Ann", QUAGGA, OKAPI, 1),
    ("Ann", OKAPI, ZEBRA, 1),
    ("Bob", OKAPI, ZEBRA, 1),
    ("Bob", OKAPI, TAPIR, 0),
)
"""Zebra over quagga, 2 to 0; quagga over okapi, 1 to 0; okapi over zebra, 2 to 0."""
Open = Callable[..., Rater]


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_videos(tmp_path_factory.mktemp("votes") / "files of the study")


@pytest.fixture
def open_study(qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, tmp_path: Path, videos: list[Path]) -> Open:
    def make(votes: Sequence[tuple[str, str, str, int | None]] = CIRCLE, *, read_only: bool = False) -> Rater:
        path = make_study(tmp_path, videos, random_share=0.0, repeat_share=0.0)
        with Study.open(path) as study:
            for rater, left, right, verdict in votes:
                message = None if verdict is None else Verdict(verdict)
                study.votes.cast(Vote(left, right, message, rater, taken_s=8.0, watched=0.9))
        if read_only:
            holder = Study.open(path)
            made = sit_down(qtbot, make_window, world, path)
            holder.close()
            return made
        return sit_down(qtbot, make_window, world, path)

    return make


def tab(rater: Rater, title: str) -> QAbstractButton:
    return next(b for b in rater.screen.findChildren(QAbstractButton) if b.text() == title)


def look(qtbot: QtBot, rater: Rater, title: str) -> None:
    """Open a tab and wait for what it shows."""
    click(tab(rater, title))
    view = rater.screen.results_view if title == "Results" else rater.screen.raters_view
    qtbot.waitUntil(lambda: view.isVisible() and view.pages.currentWidget() is not view.message_label)


def test_results_are_those_of_the_report(qtbot: QtBot, open_study: Open) -> None:
    rater = open_study()
    rater.made.window.resize(1280, 720)  # in a narrow window some columns are hidden
    look(qtbot, rater, "Results")
    with Study.open(rater.path, read_only=True) as study:
        found = study_ranking_report(study)
    results = rater.screen.results_view
    rows = results.strength_table.texts()
    assert [row[1] for row in rows] == [s.name for s in found.ranked_videos]
    assert [row[0] for row in rows] == ["1", "2", "3", "4"]
    by_name = {row[1]: row for row in rows}
    assert by_name[ZEBRA][4:] == ["2", "2", "0"]
    assert by_name[OKAPI][4:] == ["2", "1", "1"]
    best = found.ranked_videos[0]
    assert rows[0][3].replace("−", "-") == f"{best.strength:+.2f} ± {best.error:.2f}"
    assert results.summary_label.text() == "6 votes by 2 raters"
    assert results.reliability_block.sentences[0] == f"No vote on {GNU} yet."
    assert found.ordinal_alpha is not None
    assert found.ordinal_alpha.sentence in results.reliability_block.sentences
    header = results.strength_table.horizontalHeader()
    click(header.viewport(), QPoint(header.sectionViewportPosition(4) + 8, header.height() // 2))
    won = [int(row[4]) for row in results.strength_table.texts()]
    assert won in (sorted(won), sorted(won, reverse=True))


def test_a_circle_is_put_back_by_one_click_and_comes_first(qtbot: QtBot, open_study: Open) -> None:
    rater = open_study()
    look(qtbot, rater, "Results")
    (row,) = rater.screen.results_view.cycles_view.rows
    assert f"{QUAGGA} over {OKAPI}: 1 to 0 ‹ closest vote" in row.text
    assert not rater.screen.results_view.cycles_view.all_button.isVisible(), "one cycle has one button"
    click(row.queue_button)
    qtbot.waitUntil(lambda: row.queue_button.text() == "Take out of the queue")
    click(tab(rater, "Judge"))
    rater.begin("Ann")
    assert set(rater.standing_on()) == {QUAGGA, OKAPI}
    rater.vote(KEYS.Key_1 if rater.standing_on()[0] == OKAPI else KEYS.Key_2)
    assert rater.votes()[-1].purpose == "again"
    assert set(rater.standing_on()) != {QUAGGA, OKAPI}
    click(rater.screen.finish_button)
    look(qtbot, rater, "Results")
    qtbot.waitUntil(lambda: rater.screen.results_view.summary_label.text() == "7 votes by 2 raters")
    assert not row.isVisible(), "1 to 1: no circle any more"


def test_putting_a_pair_back_can_be_undone(qtbot: QtBot, open_study: Open) -> None:
    rater = open_study()
    look(qtbot, rater, "Results")
    (row,) = rater.screen.results_view.cycles_view.rows
    click(row.queue_button)
    qtbot.waitUntil(lambda: row.queue_button.text() == "Take out of the queue")
    rater.made.app_context.undo.undo()
    qtbot.waitUntil(lambda: row.queue_button.text() == "Judge again")
    assert row.queue_button.isEnabled()
    with Study.open(rater.path, read_only=True) as study:
        assert study.rejudge_queue.waiting() == ()


def test_a_pair_is_taken_out_of_the_queue_by_another_click_also_after_the_sitting(
    qtbot: QtBot, open_study: Open
) -> None:
    rater = open_study()
    with Study.open(rater.path, read_only=True) as study:
        assert study.rejudge_queue.waiting() == ()
    look(qtbot, rater, "Results")
    (row,) = rater.screen.results_view.cycles_view.rows
    click(row.queue_button)
    qtbot.waitUntil(lambda: row.queue_button.text() == "Take out of the queue")
    rater.made.app_context.undo.clear()
    assert row.queue_button.accessibleName() == f"Take {QUAGGA} and {OKAPI} out of the queue"
    click(row.queue_button)
    qtbot.waitUntil(lambda: row.queue_button.text() == "Judge again")
    with Study.open(rater.path, read_only=True) as study:
        assert study.rejudge_queue.waiting() == ()
    rater.made.app_context.undo.undo()
    qtbot.waitUntil(lambda: row.queue_button.text() == "Take out of the queue")
    with Study.open(rater.path, read_only=True) as study:
        assert study.rejudge_queue.waiting() == (frozenset((QUAGGA, OKAPI)),)


def test_all_circles_are_put_back_at_once(qtbot: QtBot, open_study: Open) -> None:
    rater = open_study([*CIRCLE, ("Ann", QUAGGA, TAPIR, 1), ("Ann", TAPIR, ZEBRA, 1)])
    look(qtbot, rater, "Results")
    circles = rater.screen.results_view.cycles_view
    assert [row.isVisible() for row in circles.rows] == [True, True]
    assert circles.all_button.text() == "Judge 2 pairs again"
    click(circles.rows[0].queue_button)
    qtbot.waitUntil(lambda: circles.all_button.text() == "Judge 1 pair again")
    click(circles.all_button)
    qtbot.waitUntil(lambda: not circles.all_button.isEnabled())
    with Study.open(rater.path, read_only=True) as study:
        assert set(study.rejudge_queue.waiting()) == {frozenset((QUAGGA, OKAPI)), frozenset((QUAGGA, TAPIR))}
    assert [row.queue_button.text() for row in circles.rows] == ["Take out of the queue", "Take out of the queue"]


def test_nothing_is_shown_while_a_rater_judges(qtbot: QtBot, open_study: Open) -> None:
    rater = open_study()
    look(qtbot, rater, "Results")
    assert ZEBRA in str(rater.screen.results_view.strength_table.texts())
    click(tab(rater, "Judge"))
    rater.begin("Cem")
    for title in ("Results", "Raters"):
        assert not tab(rater, title).isEnabled()
        click(tab(rater, title))
    assert rater.screen.judging_view.isVisible()
    words = " ".join(all_texts(rater.made.window))
    assert not [name for name in NAMES if name in words]


def test_a_vote_that_is_taken_back_closes_the_results(qtbot: QtBot, open_study: Open) -> None:
    rater = open_study([("Ann", a, b, 1) for a, b in ((ZEBRA, QUAGGA), (OKAPI, TAPIR))])
    rater.begin("Ann")
    while rater.phase is not SittingPhase.DONE:
        rater.vote(KEYS.Key_1)
    look(qtbot, rater, "Results")
    rater.made.app_context.undo.undo()
    qtbot.waitUntil(lambda: rater.phase is SittingPhase.JUDGING)
    assert not rater.screen.results_view.isVisible()
    assert rater.screen.judging_view.isVisible()


def test_raters_are_told_in_numbers_and_words(qtbot: QtBot, open_study: Open) -> None:
    rater = open_study([*CIRCLE, ("Cem", ZEBRA, GNU, None)])
    look(qtbot, rater, "Raters")
    rows = {row.key: list(row.texts[1:]) for row in rater.screen.raters_view.raters_table.shown_rows}
    assert list(rows) == ["Ann", "Bob", "Cem"]
    assert rows["Ann"][:3] == ["3", "0", "0"]
    assert rows["Bob"][:3] == ["3", "0", "1"]
    assert rows["Cem"][:6] == ["0", "1", "0", "–", "–", "–"]
    assert rows["Ann"][3].startswith("100 % (44")  # Wilson: 3 of 3
    assert rows["Bob"][4].startswith("100 %")  # both pairs that Ann judged as well
    assert rows["Ann"][6] == "8.0 s"
    assert "Ann: Only 3 votes" in rater.screen.raters_view.warnings_label.plain_text


def test_a_study_for_reading_only_shows_results_and_asks_for_nothing(qtbot: QtBot, open_study: Open) -> None:
    rater = open_study(read_only=True)
    look(qtbot, rater, "Results")
    (row,) = rater.screen.results_view.cycles_view.rows
    assert not row.queue_button.isEnabled()
    assert "reading only" in row.queue_button.toolTip()


def test_without_votes_the_way_to_them_is_shown(qtbot: QtBot, open_study: Open) -> None:
    rater = open_study([])
    for title, view in (("Results", rater.screen.results_view), ("Raters", rater.screen.raters_view)):
        look(qtbot, rater, title)
        assert view.pages.currentWidget() is view.empty_page
        click(view.judge_button)
        assert rater.screen.rater_page.isVisible()


@pytest.mark.parametrize(
    ("n_ordered_by_both", "against", "fact"),
    [(0, (), "no pair"), (3, (), "agree on 3 pairs"), (3, ((Pair(ZEBRA, QUAGGA), 2.0, 4.5),), "1 of 3 pairs")],
)
def test_contradictions_between_votes_and_ratings_are_counted(
    qtbot: QtBot, n_ordered_by_both: int, against: tuple[tuple[Pair, float, float], ...], fact: str
) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    view = CyclesView(lambda _pairs: None, lambda _pairs: None, parent)
    view.show_rating_contradictions(RatingFacts("by one step", None, n_ordered_by_both, against), (), writable=True)
    assert fact in view.message_label.plain_text
    assert view.message_label.plain_text.startswith("None") is not bool(against)
    assert [row.text for row in view.rows] == [
        f"{pair.better} over {pair.worse} by votes; rated {better:g} and {worse:g}" for pair, better, worse in against
    ]
