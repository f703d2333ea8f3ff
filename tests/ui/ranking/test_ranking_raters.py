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
from skillviewer.ui.ranking.sitting_controller import SittingPhase
from tests.ui.conftest import MakeWindow
from tests.ui.fakes import FakeDialogs, FakeWorld
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
    offered = rater.screen.rater_page.rater_list
    rater.qtbot.waitUntil(lambda: offered.count() > row and offered.isVisible())
    place: QPoint = offered.visualItemRect(offered.item(row)).center()
    click(offered.viewport(), place)


def finish(rater: Rater) -> None:
    click(rater.screen.finish_button)
    rater.qtbot.waitUntil(lambda: rater.phase is SittingPhase.RATER)


def test_a_name_that_is_chosen_is_the_whole_name(sit_down_to: SitDownTo, tmp_path: Path, videos: list[Path]) -> None:
    path = make_study(tmp_path, videos)
    odd = "A\u2028B"  # a field shows it otherwise
    add_raters(path, LONG, odd)
    rater = sit_down_to(path)
    for row, name in enumerate((LONG, odd)):
        choose(rater, row)
        click(rater.screen.rater_page.begin_button)
        rater.wait_for_pair()
        assert rater.screen.judging.session.rater == name
        rater.vote(KEYS.Key_1)
        finish(rater)
    assert [vote.rater for vote in rater.votes()] == [LONG, odd]
    assert raters(path) == (LONG, odd)
    choose(rater, 0)
    rater.screen.rater_page.name_edit.setFocus()
    key(rater.screen.rater_page.name_edit, KEYS.Key_End)
    type_text(rater.screen.rater_page.name_edit, " 2")
    click(rater.screen.rater_page.begin_button)
    rater.wait_for_pair()
    assert rater.screen.judging.session.rater == f"{LONG} 2", "what was typed after it counts"


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
    assert rater.screen.judging.session.rater == "Jürgen M"
    assert rater.screen.judging.session.progress.n_own == 1
    said = rater.screen.judging_view.vote_bar.message.text()
    assert ("continues as the rater “Jürgen M”" in said) == (typed == "jürgen m"), "what looks alike needs no word"
    rater.vote(KEYS.Key_1)
    assert raters(path) == ("Jürgen M",)


def test_two_raters_who_were_written_alike_stay_two(sit_down_to: SitDownTo, tmp_path: Path, videos: list[Path]) -> None:
    path = make_study(tmp_path, videos)
    add_raters(path, "ann", "Ann")
    rater = sit_down_to(path)
    choose(rater, 1)
    click(rater.screen.rater_page.begin_button)
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
    qtbot.waitUntil(lambda: rater.screen.judging.accepts_answers and rater.screen.judging.session.progress.n_own == 0)
    finish(rater)
    rater.begin("Ann")
    assert rater.screen.judging.session.progress.rater_target == rater.screen.judging.session.progress.target, (
        "nobody else judges"
    )
    rater.vote(KEYS.Key_1)
    finish(rater)
    page = rater.screen.rater_page
    qtbot.waitUntil(lambda: page.rater_list.count() == 1)
    assert page.rater_list.item(0).text() == "Ann", "a name that took back every vote is not offered"


def test_a_name_that_is_typed_while_the_raters_come_stays(
    sit_down_to: SitDownTo, tmp_path: Path, videos: list[Path]
) -> None:
    rater = sit_down_to(make_study(tmp_path, videos))
    page = rater.screen.rater_page
    rater.qtbot.waitUntil(lambda: rater.phase is SittingPhase.RATER)
    type_text(page.name_edit, "Cl")
    page.set_raters(("Ann", "Clara"))
    page.take_focus()
    type_text(page.name_edit, "eo")
    assert page.name_edit.text() == "Cleo"


def test_all_is_done_where_a_pair_that_was_put_back_cannot_be_shown(
    sit_down_to: SitDownTo, tmp_path: Path, videos: list[Path]
) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    own = [Path(shutil.copy(path, folder)) for path in videos]
    path = make_study(tmp_path, own, comparisons_per_video=1.0)
    with Study.open(path) as study:
        study.rejudge_queue.add([frozenset(NAMES[:2])])
    own[0].unlink()
    rater = sit_down_to(path)
    rater.begin()
    rater.vote(KEYS.Key_1)
    rater.vote(KEYS.Key_1)
    assert rater.phase is SittingPhase.DONE
    assert "gave 2 judgements" in rater.screen.done_page.text


def test_a_small_study_has_an_aim_that_can_be_reached(
    sit_down_to: SitDownTo, tmp_path: Path, videos: list[Path]
) -> None:
    rater = sit_down_to(make_study(tmp_path, videos[:4], repeat_share=0.0))
    rater.begin()
    progress = rater.screen.progress_label
    assert progress.text().endswith("You 0/6 · everyone 0/6"), "four videos are six pairs"
    rater.vote(KEYS.Key_X)  # such a pair is not asked again
    rater.qtbot.waitUntil(lambda: progress.text().endswith("You 0/5 · everyone 0/5"))
    for _ in range(5):
        rater.vote(KEYS.Key_1)
    assert rater.phase is SittingPhase.DONE
    page = rater.screen.done_page
    words = "Ann gave 5 judgements and has seen every pair. All raters together gave 5."
    rater.qtbot.waitUntil(lambda: words in page.text and not rater.screen.more_button.isVisible())
    click(next(button for button in page.findChildren(QAbstractButton) if button.text() == "Next rater"))
    rater.begin("Ben")
    assert progress.text().endswith("You 0/6 · everyone 5/11")


def test_a_rater_whose_videos_are_gone_goes_on_when_they_are_found(
    qtbot: QtBot, sit_down_to: SitDownTo, tmp_path: Path, videos: list[Path], dialogs: FakeDialogs
) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    own = [Path(shutil.copy(path, here)) for path in videos[:3]]
    path = make_study(tmp_path, own)
    here.rename(elsewhere)
    rater = sit_down_to(path)
    qtbot.waitUntil(lambda: rater.phase is SittingPhase.RATER)
    type_text(rater.screen.rater_page.name_edit, "Ann")
    click(rater.screen.rater_page.begin_button)
    qtbot.waitUntil(lambda: rater.phase is SittingPhase.TOO_FEW)
    assert rater.screen.give_up_button.isVisible()
    click(rater.screen.give_up_button)
    qtbot.waitUntil(lambda: rater.phase is SittingPhase.RATER)
    type_text(rater.screen.rater_page.name_edit, "Ann")
    click(rater.screen.rater_page.begin_button)
    qtbot.waitUntil(lambda: rater.phase is SittingPhase.TOO_FEW)
    dialogs.folder_answer = elsewhere
    click(rater.screen.find_missing_button)
    rater.wait_for_pair()
    assert rater.screen.judging.session.rater == "Ann"
    rater.vote(KEYS.Key_1)
    assert len(rater.votes()) == 1


def test_a_drive_that_is_away_for_a_moment_does_not_end_the_session(
    qtbot: QtBot, sit_down_to: SitDownTo, tmp_path: Path, videos: list[Path]
) -> None:
    rater = sit_down_to(make_study(tmp_path, videos[:3]))
    rater.begin()
    judging = rater.screen.judging
    assert judging.session.turn is not None
    for contender in (judging.session.turn.left, judging.session.turn.right):
        judging.on_unreadable(contender)
    qtbot.waitUntil(lambda: rater.phase is SittingPhase.TOO_FEW)
    rater.made.app_context.studies.locate(videos[0].parent)
    rater.wait_for_pair()
    rater.vote(KEYS.Key_1)
    assert len(rater.votes()) == 1


def test_a_study_of_one_video_has_nobody_to_send_home(
    sit_down_to: SitDownTo, tmp_path: Path, videos: list[Path]
) -> None:
    rater = sit_down_to(make_study(tmp_path, videos[:1]))
    rater.qtbot.waitUntil(lambda: rater.phase is SittingPhase.TOO_FEW)
    assert not rater.screen.give_up_button.isVisible()
    assert not rater.screen.find_missing_button.isVisible()


def test_time_runs_again_when_a_pause_is_undone(
    qtbot: QtBot, sit_down_to: SitDownTo, tmp_path: Path, videos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skillviewer.ui.ranking.judging_controller.REST_AFTER_PAIRS", 1)
    rater = sit_down_to(make_study(tmp_path, videos))
    rater.begin()
    rater.vote(KEYS.Key_1)
    judging = rater.screen.judging
    assert rater.phase is SittingPhase.REST
    assert "You have judged 1 pair in 1 min." in rater.screen.rest_page.text
    before_s = judging.since_rest_s
    rater.made.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: judging.accepts_answers and judging.since_rest_s > before_s)


def test_no_time_runs_on_a_pair_that_comes_back_while_nobody_looks(
    qtbot: QtBot, sit_down_to: SitDownTo, tmp_path: Path, videos: list[Path]
) -> None:
    rater = sit_down_to(make_study(tmp_path, videos))
    rater.begin()
    rater.vote(KEYS.Key_1)
    judging = rater.screen.judging
    rater.made.window.screens.show("inspect")
    sitting_s = judging.since_rest_s
    rater.made.window.actions_["undo"].trigger()
    qtbot.waitUntil(lambda: judging.session.progress.n_own == 0)
    assert judging.since_rest_s == sitting_s
    rater.made.window.screens.show("rank")
    rater.wait_for_pair()
    assert judging.since_rest_s > sitting_s


def test_escape_leaves_the_reason_and_gives_the_keys_back(
    sit_down_to: SitDownTo, tmp_path: Path, videos: list[Path]
) -> None:
    rater = sit_down_to(make_study(tmp_path, videos))
    rater.begin()
    reason = rater.screen.judging_view.vote_bar.reason_edit
    rater.press(KEYS.Key_R)
    type_text(reason, "steadier 1")
    rater.press(KEYS.Key_Escape)
    assert not reason.hasFocus()
    assert reason.text() == "steadier 1"
    rater.vote(KEYS.Key_1)
    assert [vote.reason for vote in rater.votes()] == ["steadier 1"]
    assert rater.screen.judging_view.vote_bar.message.text().endswith("Ctrl+Z takes it back.")


@pytest.mark.styled
def test_a_long_name_leaves_the_question_in_the_middle(
    sit_down_to: SitDownTo, tmp_path: Path, videos: list[Path]
) -> None:
    path = make_study(tmp_path, videos)
    add_raters(path, LONG)
    rater = sit_down_to(path)
    rater.made.window.resize(1280, 720)
    rater.begin(LONG)
    screen = rater.screen
    middle = screen.title_label.mapTo(screen, screen.title_label.rect().center()).x()
    assert abs(middle - screen.width() / 2) <= 8
    assert screen.progress_label.text().startswith("Dr. Clara")
    assert "…" in screen.progress_label.text()
    assert screen.progress_label.toolTip() == LONG


def show_set_up(rater: Rater) -> None:
    rater.qtbot.waitUntil(lambda: rater.phase is SittingPhase.RATER)
    click(next(button for button in rater.screen.findChildren(QAbstractButton) if button.text() == "Set-up"))


def test_a_question_that_was_not_edited_stays_as_it_is(
    qtbot: QtBot, sit_down_to: SitDownTo, tmp_path: Path, videos: list[Path]
) -> None:
    question = "Which shows " + "very " * 60 + "much better skill?"
    path = make_study(tmp_path, videos, statement=question)
    rater = sit_down_to(path)
    show_set_up(rater)
    setup = rater.screen.settings_view

    def kept() -> str:
        with Study.open(path, read_only=True) as study:
            return study.settings.statement

    qtbot.waitUntil(lambda: setup.question_edit.text() == question)
    click(setup.question_edit)
    key(setup.question_edit, KEYS.Key_Return)
    setup.comparisons.setFocus()
    assert rater.made.app_context.undo.undo_text is None, "nothing was done"
    setup.question_edit.setFocus()
    key(setup.question_edit, KEYS.Key_End)
    key(setup.question_edit, KEYS.Key_Backspace)
    key(setup.question_edit, KEYS.Key_Return)
    qtbot.waitUntil(lambda: kept() == question[:-1])


def test_a_skipped_pair_does_not_lock_the_speed(
    qtbot: QtBot, sit_down_to: SitDownTo, tmp_path: Path, videos: list[Path]
) -> None:
    rater = sit_down_to(make_study(tmp_path, videos))
    setup = rater.screen.settings_view
    rater.begin()
    rater.vote(KEYS.Key_X)
    finish(rater)
    show_set_up(rater)
    qtbot.waitUntil(setup.speed.isEnabled)
    click(next(button for button in rater.screen.findChildren(QAbstractButton) if button.text() == "Judge"))
    rater.begin()
    rater.vote(KEYS.Key_1)
    finish(rater)
    show_set_up(rater)
    qtbot.waitUntil(lambda: setup.speed_note.text().startswith("Locked by 1 judgement"))
    assert not setup.speed.isEnabled()
