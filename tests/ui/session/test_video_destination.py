"""Videos that are opened while a study is open: the question of which study they join, and taking them back."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from skillviewer.data.study import NewVideo, Study, StudySettings
from skillviewer.ui.app import Composition
from tests.ui.driving import drop
from tests.ui.fakes import FakeDialogs, FakeWorld


@pytest.fixture
def path(qtbot: QtBot, window: Composition, world: FakeWorld, tmp_path: Path) -> Path:
    """A study with one video, open in the window."""
    window.app_context.assessments.set_automatic(on=False)
    path = tmp_path / "knots.skillstudy"
    with Study.create(path, StudySettings(title="Knots", task="knots")) as study:
        study.videos.add([NewVideo(world.touch("own.mp4")[0])])
    window.app_context.studies.open(path)
    qtbot.waitUntil(lambda: listed(window) == ["own"])
    return path


def listed(made: Composition) -> list[str]:
    return [entry.study_name for entry in made.app_context.videos]


def names(path: Path) -> list[str]:
    with Study.open(path, read_only=True) as study:
        return [video.name for video in study.videos.all()]


def test_added_videos_join_the_study_and_are_taken_back(
    qtbot: QtBot, window: Composition, world: FakeWorld, path: Path, dialogs: FakeDialogs
) -> None:
    files = world.touch("a.mp4", "b.mp4")
    drop(window, files)
    qtbot.waitUntil(lambda: window.app_context.undo.undo_text == "opening of 2 videos")
    assert ["Knots" in text for text in dialogs.asked] == [True]
    assert names(path) == ["a", "b", "own"]
    with qtbot.waitSignal(window.app_context.studies.changed):
        window.app_context.open(files)  # they are in the study already
    assert len(dialogs.asked) == 1
    window.app_context.undo.undo()
    qtbot.waitUntil(lambda: names(path) == ["own"])
    qtbot.waitUntil(lambda: listed(window) == ["own"])
    window.app_context.undo.redo()
    qtbot.waitUntil(lambda: sorted(listed(window)) == ["a", "b", "own"])


def test_a_new_study_leaves_the_open_one_alone_and_the_answer_can_be_remembered(
    qtbot: QtBot, window: Composition, world: FakeWorld, path: Path, dialogs: FakeDialogs
) -> None:
    dialogs.choice_answer = (1, True)
    app_context = window.app_context
    app_context.open(world.touch("other.mp4"))
    qtbot.waitUntil(lambda: listed(window) == ["other"])
    assert app_context.studies.current_study is not None
    assert app_context.studies.current_study.draft
    assert names(path) == ["own"]
    app_context.studies.open(path)
    qtbot.waitUntil(lambda: listed(window) == ["own"])
    app_context.open(world.touch("third.mp4"))
    qtbot.waitUntil(lambda: listed(window) == ["third"])
    assert len(dialogs.asked) == 1, "the answer was remembered for this window"
    assert names(path) == ["own"]


def test_without_an_answer_nothing_is_opened(
    qtbot: QtBot, window: Composition, world: FakeWorld, path: Path, dialogs: FakeDialogs
) -> None:
    dialogs.choice_answer = (None, False)
    window.app_context.open(world.touch("other.mp4"))
    qtbot.waitUntil(lambda: len(dialogs.asked) == 1)
    assert listed(window) == ["own"]
    assert names(path) == ["own"]
