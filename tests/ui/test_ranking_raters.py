"""Who judges, and how far: names as they are typed and chosen, aims that can be reached, pages without a dead end."""

import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from skillviewer.data.study import Study
from skillviewer.ui.ranking.judging import Phase
from tests.ui.conftest import MakeWindow
from tests.ui.fakes import FakeWorld
from tests.ui.hands import click, key, type_text
from tests.ui.pair_study import NAMES, Rater, make_study, sit_down, write_videos

KEYS = Qt.Key
LONG = "Dr. Clara von Hohenstein-Oberwaldkirchen, Kinder- und Jugendmedizin, Klinikum am Rande der Stadt"
SitDownTo = Callable[[Path], Rater]


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_videos(tmp_path_factory.mktemp("pairs") / "files of the study")


@pytest.fixture
def sit_down_to(qtbot: QtBot, make_window: MakeWindow, world: FakeWorld) -> SitDownTo:
    return lambda path: sit_down(qtbot, make_window, world, path)


def add_raters(path: Path, *names: str) -> None:
    with Study.open(path) as study:
        for name in names:
            study.votes.add_rater(name)


def raters(path: Path) -> tuple[str, ...]:
    with Study.open(path, read_only=True) as study:
        return study.votes.raters()


def choose(rater: Rater, row: int) -> None:
    """Click on a name of the list."""
    offered = rater.screen.rater_page.list
    rater.qtbot.waitUntil(lambda: offered.count() > row and offered.isVisible())
    place: QPoint = offered.visualItemRect(offered.item(row)).center()
    click(offered.viewport(), place)


def finish(rater: Rater) -> None:
    click(rater.screen.finish)
    rater.qtbot.waitUntil(lambda: rater.phase is Phase.RATER)


def test_a_name_that_is_chosen_is_the_whole_name(sit_down_to: SitDownTo, tmp_path: Path, videos: list[Path]) -> None:
    path = make_study(tmp_path, videos)
    odd = "A\u2028B"  # a field shows it otherwise
    add_raters(path, LONG, odd)
    rater = sit_down_to(path)
    for row, name in enumerate((LONG, odd)):
        choose(rater, row)
        click(rater.screen.rater_page.begin)
        rater.wait_for_pair()
        assert rater.screen.judging.rater == name
        rater.vote(KEYS.Key_1)
        finish(rater)
    assert [vote.rater for vote in rater.votes()] == [LONG, odd]
    assert raters(path) == (LONG, odd)
    choose(rater, 0)
    rater.screen.rater_page.field.setFocus()
    key(rater.screen.rater_page.field, KEYS.Key_End)
    type_text(rater.screen.rater_page.field, " 2")
    click(rater.screen.rater_page.begin)
    rater.wait_for_pair()
    assert rater.screen.judging.rater == f"{LONG} 2", "what was typed after it counts"


@pytest.mark.parametrize("typed", ["jürgen m", unicodedata.normalize("NFD", "Jürgen M"), "Jürgen  M"])
def test_a_name_that_is_typed_a_little_otherwise_is_the_same_rater(
    sit_down_to: SitDownTo, tmp_path: Path, videos: list[Path], typed: str
) -> None:
    path = make_study(tmp_path, videos)
    rater = sit_down_to(path)
    rater.begin("Jürgen M")
    rater.vote(KEYS.Key_1)
    finish(rater)
    rater.begin(typed)
    assert rater.screen.judging.rater == "Jürgen M"
    assert rater.screen.judging.tally.mine == 1
    said = rater.screen.desk.votes.said.text()
    assert ("goes on as “Jürgen M”" in said) == (typed == "jürgen m"), "what looks alike needs no word"
    rater.vote(KEYS.Key_1)
    assert raters(path) == ("Jürgen M",)


def test_two_raters_who_were_written_alike_stay_two(sit_down_to: SitDownTo, tmp_path: Path, videos: list[Path]) -> None:
    path = make_study(tmp_path, videos)
    add_raters(path, "ann", "Ann")
    rater = sit_down_to(path)
    choose(rater, 1)
    click(rater.screen.rater_page.begin)
    rater.wait_for_pair()
    rater.vote(KEYS.Key_1)
    assert [vote.rater for vote in rater.votes()] == ["Ann"]


def test_a_name_is_a_rater_with_the_first_vote(
    qtbot: QtBot, sit_down_to: SitDownTo, tmp_path: Path, videos: list[Path]
) -> None:
    path = make_study(tmp_path, videos)
    rater = sit_down_to(path)
    for name in ("Abn", "An"):
        rater.begin(name)
        finish(rater)
    assert raters(path) == ()
    rater.begin("Amm")
    rater.vote(KEYS.Key_1)
    rater.made.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: rater.screen.judging.accepting and rater.screen.judging.tally.mine == 0)
    finish(rater)
    rater.begin("Ann")
    assert rater.screen.judging.tally.my_aim == rater.screen.judging.tally.aim, "nobody else judges"
    rater.vote(KEYS.Key_1)
    finish(rater)
    page = rater.screen.rater_page
    qtbot.waitUntil(lambda: page.list.count() == 1)
    assert page.list.item(0).text() == "Ann", "a name that took back every vote is not offered"


def test_a_name_that_is_typed_while_the_raters_come_stays(
    sit_down_to: SitDownTo, tmp_path: Path, videos: list[Path]
) -> None:
    rater = sit_down_to(make_study(tmp_path, videos))
    page = rater.screen.rater_page
    rater.qtbot.waitUntil(lambda: rater.phase is Phase.RATER)
    type_text(page.field, "Cl")
    page.set_raters(("Ann", "Clara"))
    page.take_focus()
    type_text(page.field, "eo")
    assert page.field.text() == "Cleo"


def test_all_is_done_where_a_pair_that_was_put_back_cannot_be_shown(
    sit_down_to: SitDownTo, tmp_path: Path, videos: list[Path]
) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    own = [Path(shutil.copy(path, folder)) for path in videos]
    path = make_study(tmp_path, own, comparisons_per_video=1.0)
    with Study.open(path) as study:
        study.again.ask([frozenset(NAMES[:2])])
    own[0].unlink()
    rater = sit_down_to(path)
    rater.begin()
    rater.vote(KEYS.Key_1)
    rater.vote(KEYS.Key_1)
    assert rater.phase is Phase.DONE
    assert "gave 2 judgements" in rater.screen.done_page.text


def test_a_small_study_has_an_aim_that_can_be_reached(
    sit_down_to: SitDownTo, tmp_path: Path, videos: list[Path]
) -> None:
    rater = sit_down_to(make_study(tmp_path, videos[:4], repeat_share=0.0))
    rater.begin()
    progress = rater.screen.progress
    assert progress.text().endswith("mine 0/6 · all 0/6"), "four videos are six pairs"
    rater.vote(KEYS.Key_X)  # such a pair is not asked again
    rater.qtbot.waitUntil(lambda: progress.text().endswith("mine 0/5 · all 0/5"))
    for _ in range(5):
        rater.vote(KEYS.Key_1)
    assert rater.phase is Phase.DONE
    page = rater.screen.done_page
    words = "Ann gave 5 judgements and has seen every pair; all raters together gave 5."
    rater.qtbot.waitUntil(lambda: words in page.text and not rater.screen.more.isVisible())
    click(next(button for button in page.findChildren(QAbstractButton) if button.text() == "Next rater"))
    rater.begin("Ben")
    assert progress.text().endswith("mine 0/6 · all 5/11")
