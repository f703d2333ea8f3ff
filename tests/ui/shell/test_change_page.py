"""The page of change over time: from the menu of the list, of the participant on screen, and of all."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from skillviewer.core.dataset.rating_set import RatingScale, RatingSet, VideoRating
from skillviewer.data.study import NewVideo, Study
from skillviewer.ui.app import Composition
from skillviewer.ui.shell.action_controller import LIST_MENU_ACTIONS
from skillviewer.ui.shell.change_page import ChangePage
from tests.ui.conftest import MakeWindow
from tests.ui.fakes import FakeDialogs, FakeWorld


@pytest.fixture
def study(tmp_path: Path, world: FakeWorld) -> Path:
    """Two participants before and after; raters disagree by at most a point."""
    given = []
    with Study.create(tmp_path / "course.skillstudy") as made:
        for who, ratings in (("Ann", (10, 14)), ("Bea", (12, 12))):
            for when, rating in zip(("pre", "post"), ratings, strict=True):
                name = f"{who} {when}"
                made.videos.add([NewVideo(world.touch(f"{name}.mp4")[0], name, who, occasion=when)])
                given += [VideoRating(name, "R1", "Global", rating), VideoRating(name, "R2", "Global", rating + 0.5)]
        given[0] = VideoRating("Ann pre", "R1", "Global", 9.5)
        made.ratings.add(RatingSet(tuple(given), (RatingScale("Global", 0, 30),)), "table")
    return tmp_path / "course.skillstudy"


@pytest.fixture
def window(make_window: MakeWindow, world: FakeWorld) -> Composition:
    made = make_window(world.backend())
    made.app_context.assessments.set_automatic(on=False)
    return made


@pytest.mark.slow
def test_the_page_tells_of_the_participant_on_screen_and_of_all(
    qtbot: QtBot, window: Composition, dialogs: FakeDialogs, study: Path
) -> None:
    window.app_context.open([study])
    qtbot.waitUntil(lambda: len(window.app_context.videos) == 4 and window.app_context.state.current_clip is not None)
    menu = window.bindings.list_menu  # not opened: it would take the keyboard
    assert window.window.panel.videos_view.contextMenuPolicy() is Qt.ContextMenuPolicy.CustomContextMenu
    assert menu.actions() == [window.window.actions_[name] for name in LIST_MENU_ACTIONS]
    menu.actions()[0].trigger()
    page = window.window.findChild(ChangePage)
    assert isinstance(page, ChangePage)
    qtbot.waitUntil(lambda: "From pre to post, these attempts became better: +4." in page.text_browser.toPlainText())
    assert [page.participant_box.itemText(at) for at in range(page.participant_box.count())] == [
        "All, before against after",
        "Ann",
        "Bea",
    ]
    assert page.participant_box.currentText() == "Ann"
    page.participant_box.setCurrentIndex(2)
    page.participant_box.activated.emit(2)
    qtbot.waitUntil(lambda: "From pre to post, no change can be told: 0.0" in page.text_browser.toPlainText())
    dialogs.word_answer = ""
    window.app_context.state.set_current(window.app_context.videos[3].clip)
    window.window.actions_["name_occasion"].trigger()
    qtbot.waitUntil(lambda: "No earlier and later occasion with a rating" in page.text_browser.toPlainText())
    page.participant_box.setCurrentIndex(0)
    page.participant_box.activated.emit(0)
    qtbot.waitUntil(lambda: "1 participant with ratings at both occasions" in page.text_browser.toPlainText())
    window.app_context.studies.close()
    qtbot.waitUntil(lambda: window.window.findChild(ChangePage) is None)


def test_a_study_without_occasions_says_how_to_state_them(qtbot: QtBot, window: Composition, study: Path) -> None:
    with Study.open(study) as made:
        for video in made.videos.all():
            made.videos.change(video.name, occasion="")
    window.app_context.open([study])
    qtbot.waitUntil(lambda: len(window.app_context.videos) == 4)
    window.window.actions_["change_page"].trigger()
    page = window.window.findChild(ChangePage)
    assert isinstance(page, ChangePage)
    qtbot.waitUntil(lambda: "File › Set occasion…" in page.text_browser.toPlainText())
    page.close()
