"""Practice pairs come before the real ones, tell their stated answer, and are not stored; a sitting is summarised."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from skillviewer.data.study import Study
from skillviewer.data.study.practice import Practice, PracticePair
from skillviewer.ui.ranking.sitting_controller import SittingPhase
from tests.facts import missing
from tests.ui.conftest import MakeWindow
from tests.ui.fakes import FakeWorld
from tests.ui.hands import click
from tests.ui.pair_study import NAMES, make_study, sit_down, write_videos

KEYS = Qt.Key


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_videos(tmp_path_factory.mktemp("practice") / "files of the study", NAMES[:4])


def test_practice_pairs_and_the_summary_of_a_sitting(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, tmp_path: Path, videos: list[Path]
) -> None:
    path = make_study(tmp_path, videos)
    with Study.open(path) as study:
        study.practice = Practice((PracticePair(NAMES[0], NAMES[1], "the slip at 0:01"),))
    rater = sit_down(qtbot, make_window, world, path)
    rater.begin()
    screen = rater.screen
    left, right = rater.standing_on()
    assert {left, right} == {NAMES[0], NAMES[1]}
    rater.press(KEYS.Key_1)
    assert rater.phase is SittingPhase.FEEDBACK
    said = screen.judging_view.vote_bar.message.text()
    assert not missing(said, "As stated" if left == NAMES[0] else "otherwise", "the slip at 0:01")
    rater.press(KEYS.Key_1)
    assert rater.votes() == ()
    click(screen.judging_view.vote_bar.continue_button)
    rater.wait_for_pair()
    assert set(rater.standing_on()) == {NAMES[2], NAMES[3]}, "the practised videos are not asked"
    rater.vote(KEYS.Key_2)
    assert len(rater.votes()) == 1
    screen.judging.leave()
    qtbot.waitUntil(lambda: rater.phase is SittingPhase.RATER)
    assert not missing(screen.rater_page.summary, "Ann judged 1 pair", "1 of 1")
