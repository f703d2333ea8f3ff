"""Labels under the player: a key marks a moment, less the reaction time during play; counts, undo, and settings."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from skillviewer.data.study import Study
from skillviewer.ui.app import Composition
from skillviewer.ui.inspecting.label_bar import LabelBar
from skillviewer.ui.inspecting.screen import InspectScreen
from skillviewer.ui.ranking.study_settings_view import StudySettingsView
from skillviewer.ui.session.study_controller import SETTINGS
from tests.ui.conftest import MakeWindow
from tests.ui.driving import drop
from tests.ui.fakes import FakeWorld
from tests.ui.hands import key, type_text


@pytest.fixture
def made(qtbot: QtBot, make_window: MakeWindow, world: FakeWorld) -> Composition:
    """A window with a video, and the labels slip (S) and grasp (G) with a reaction time of 200 ms."""
    made = make_window(world.backend())
    made.app_context.assessments.set_automatic(on=False)
    drop(made, world.touch("one.mp4"))
    qtbot.waitUntil(lambda: made.app_context.annotations.writable and made.app_context.playback.video is not None)

    def label(study: Study) -> None:
        study.settings = replace(study.settings, labels="slip=s#d32f2f, grasp=g", reaction_ms=200)

    made.app_context.studies.submit_write(label, SETTINGS)
    qtbot.waitUntil(lambda: list(bar_of(made).chips) == ["slip", "grasp"])
    return made


def screen_of(made: Composition) -> InspectScreen:
    screen = made.window.findChild(InspectScreen)
    assert isinstance(screen, InspectScreen)
    return screen


def bar_of(made: Composition) -> LabelBar:
    return screen_of(made).label_bar


def saved(made: Composition) -> list[tuple[int, str]]:
    video = made.app_context.playback.video
    assert video is not None
    return [(video.frame_at(m.start_s), m.label) for m in made.app_context.annotations.moments]


def test_a_key_that_is_held_down_marks_its_duration(qtbot: QtBot, made: Composition) -> None:
    playback, canvas = made.app_context.playback, screen_of(made).player.canvas
    canvas.setFocus()
    playback.seek(12)
    QTest.keyPress(canvas, Qt.Key.Key_S)
    playback.seek(20)
    QTest.keyPress(canvas, Qt.Key.Key_G)
    playback.seek(30)
    QTest.keyRelease(canvas, Qt.Key.Key_S)
    playback.seek(31)
    QTest.keyRelease(canvas, Qt.Key.Key_G)
    qtbot.waitUntil(lambda: len(saved(made)) == 2)
    video = playback.video
    assert video is not None
    ends = {m.label: (m.start_s, m.stop_s) for m in made.app_context.annotations.moments}
    assert ends["slip"] == pytest.approx((video.times_s[12], video.end_s(30)))
    assert ends["grasp"] == pytest.approx((video.times_s[20], video.end_s(31))), "two keys can be held at once"
    QTest.keyPress(canvas, Qt.Key.Key_S)
    playback.seek(40)
    canvas.clearFocus()
    qtbot.waitUntil(lambda: len(saved(made)) == 3)


def test_a_key_marks_the_frame_on_screen_at_rest(qtbot: QtBot, made: Composition) -> None:
    made.app_context.playback.seek(12)
    canvas = screen_of(made).player.canvas
    key(canvas, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: saved(made) == [(12, "slip")])
    qtbot.waitUntil(lambda: bar_of(made).chips["slip"].text() == "S slip (1)")
    bar_of(made).chips["grasp"].click()
    qtbot.waitUntil(lambda: saved(made) == [(12, "slip"), (12, "grasp")])
    made.app_context.undo.undo()
    qtbot.waitUntil(lambda: saved(made) == [(12, "slip")])
    assert bar_of(made).chips["grasp"].text() == "G grasp (0)"


def test_during_play_the_reaction_time_is_taken_off_times_the_speed(qtbot: QtBot, made: Composition) -> None:
    playback = made.app_context.playback
    video = playback.video
    assert video is not None
    playback.seek(30)
    playback.set_speed(0.5)
    playback.playing = True  # the clock stands still
    key(screen_of(made).player.canvas, Qt.Key.Key_G)
    playback.playing = False
    wanted = video.frame_at(float(video.times_s[30]) - 0.2 * 0.5)
    assert wanted < 30
    qtbot.waitUntil(lambda: saved(made) == [(wanted, "grasp")])


def test_without_labels_keys_and_bar_are_the_players(qtbot: QtBot, made: Composition) -> None:
    made.app_context.studies.submit_write(
        lambda study: setattr(study, "settings", replace(study.settings, labels="")), SETTINGS
    )
    qtbot.waitUntil(lambda: not bar_of(made).isVisibleTo(screen_of(made)))
    key(screen_of(made).player.canvas, Qt.Key.Key_S)
    assert saved(made) == []


def test_labels_and_reaction_are_set_in_the_set_up_and_a_wrong_form_is_one_sentence(
    qtbot: QtBot, made: Composition
) -> None:
    view = StudySettingsView(made.app_context)
    qtbot.addWidget(view)
    assert (view.labels_edit.text(), view.reaction.currentData()) == ("slip=s#d32f2f, grasp=g", 200)
    view.labels_edit.clear()
    type_text(view.labels_edit, "drop")
    key(view.labels_edit, Qt.Key.Key_Return)
    assert "“drop” is no label" in made.app_context.messages.waiting[-1].text
    type_text(view.labels_edit, "=d")
    key(view.labels_edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: list(bar_of(made).chips) == ["drop"])
    qtbot.waitUntil(lambda: made.app_context.undo.undo_text == "labels of moments")
    made.app_context.undo.undo()
    qtbot.waitUntil(lambda: list(bar_of(made).chips) == ["slip", "grasp"])
