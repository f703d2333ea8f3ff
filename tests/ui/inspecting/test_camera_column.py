"""Cameras play along without a map, each at its own offset, and say where they have no picture."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from skillviewer.data.study import NewVideo, Study
from skillviewer.ui.app import Composition
from skillviewer.ui.inspecting.camera_column import CameraColumn
from tests.ui.conftest import MakeWindow
from tests.ui.driving import inspect
from tests.ui.fakes import FakeDialogs, FakeWorld, read_number


@pytest.fixture
def made(make_window: MakeWindow, world: FakeWorld, qtbot: QtBot, tmp_path: Path) -> Composition:
    """Open a video with a camera that starts 10 frames later, one of unknown offset, and one that is lost."""
    front, side, top, lost = world.touch("front.mp4", "side.mp4", "top.mp4", "lost.mp4")
    with Study.create(tmp_path / "peg") as study:
        study.videos.add([NewVideo(front)])
        study.cameras.add("front", side, offset_s=-10 / 30, confidence=0.8)
        study.cameras.add("front", top)
        study.cameras.add("front", lost, offset_s=0.0)
        path = study.path
    lost.unlink()
    made = make_window(world.backend())
    made.app_context.open([path])
    qtbot.waitUntil(lambda: len(made.app_context.videos) == 1)
    made.app_context.state.set_current(made.app_context.videos[0].clip)
    qtbot.waitUntil(lambda: len(made.app_context.cameras.cameras) == 3)
    return made


def column(made: Composition) -> CameraColumn:
    return inspect(made).camera_column


def shown(made: Composition, number: int) -> int | None:
    canvas = column(made).panes[number].player.canvas
    return None if canvas.displayed_frame is None else read_number(canvas.displayed_frame.picture.pixels)


def test_each_camera_shows_its_frame_of_the_same_moment(made: Composition, qtbot: QtBot) -> None:
    panes = column(made).panes
    assert [pane.isHidden() for pane in panes] == [False, False, False]
    made.app_context.playback.seek(40)
    qtbot.waitUntil(lambda: (shown(made, 0), shown(made, 1)) == (30, 40))
    made.app_context.playback.seek(4)
    qtbot.waitUntil(lambda: shown(made, 1) == 4)
    assert shown(made, 0) is None
    assert "no picture here" in panes[0].player.canvas.message
    assert "starts 0.3 s later" in panes[0].missing_label.text()
    assert "not known" in panes[1].missing_label.text()
    assert "missing" in panes[2].missing_label.text()
    assert panes[0].player.canvas.displayed_frame is None
    made.app_context.playback.seek(10)
    qtbot.waitUntil(lambda: shown(made, 0) == 0)


def test_an_offset_set_in_frames_is_kept_and_undone(made: Composition, qtbot: QtBot) -> None:
    pane = column(made).panes[0]
    assert pane.offset_box.value() == -10
    pane.offset_box.setValue(6)
    qtbot.waitUntil(lambda: made.app_context.cameras.cameras[0].offset_s == pytest.approx(0.2))
    assert made.app_context.cameras.cameras[0].confidence is None
    made.app_context.playback.seek(4)
    qtbot.waitUntil(lambda: shown(made, 0) == 10)
    made.app_context.undo.undo()
    qtbot.waitUntil(lambda: made.app_context.cameras.cameras[0].confidence == pytest.approx(0.8))
    assert pane.offset_box.value() == -10


def test_cameras_are_added_and_removed(made: Composition, world: FakeWorld, qtbot: QtBot) -> None:
    cameras = made.app_context.cameras
    column(made).panes[2].remove_action.trigger()
    qtbot.waitUntil(lambda: len(cameras.cameras) == 2)
    assert column(made).panes[2].isHidden()
    (other,) = world.touch("other.mp4")
    assert isinstance(made.window.dialogs, FakeDialogs)
    made.window.dialogs.videos_answer = [other]
    made.window.actions_["add_camera"].trigger()
    qtbot.waitUntil(lambda: len(cameras.cameras) == 3)
    qtbot.waitUntil(lambda: any("by sound" in m.text for m in made.app_context.messages.waiting))
    assert cameras.cameras[2].name == "other"
    made.app_context.undo.undo()
    qtbot.waitUntil(lambda: len(cameras.cameras) == 2)


def test_a_video_without_cameras_has_no_column(make_window: MakeWindow, world: FakeWorld, qtbot: QtBot) -> None:
    made = make_window(world.backend())
    made.app_context.open(world.touch("a.mp4"))
    qtbot.waitUntil(lambda: made.app_context.playback.video is not None)
    assert column(made).isHidden()
