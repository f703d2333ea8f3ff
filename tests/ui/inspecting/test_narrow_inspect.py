"""At 800 x 600 a panel leaves the picture whole, and cameras have pictures and whole sentences."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QScrollArea
from pytestqt.qtbot import QtBot

from skillviewer.data.study import NewVideo, Study
from skillviewer.ui.app import Composition
from skillviewer.ui.inspecting.camera_column import MIN_PICTURE_PX
from skillviewer.ui.shell.main_window import NARROW_PX
from tests.ui.conftest import MakeWindow, flush
from tests.ui.driving import inspect
from tests.ui.fakes import FakeWorld

pytestmark = pytest.mark.styled


def narrow(made: Composition, qtbot: QtBot) -> None:
    qtbot.wait(20)
    made.window.narrow_below_px = NARROW_PX  # the fixture shows the panels of narrow windows
    made.window.resize(800, 600)  # after it has been fitted to the small screen of the platform without one
    for _ in range(5):
        flush()


@pytest.mark.parametrize("name", ["why", "hands", "notes", "moments", "videos"])
def test_an_opened_panel_does_not_make_the_picture_scroll_sideways(
    name: str, make_window: MakeWindow, world: FakeWorld, qtbot: QtBot
) -> None:
    made = make_window(world.backend())
    made.app_context.open(world.touch("a.mp4"))
    qtbot.waitUntil(lambda: made.app_context.playback.video is not None)
    narrow(made, qtbot)
    screen = inspect(made)
    made.window.show_panel(name)

    dock = made.window.panel_named(name).parentWidget()
    assert dock is not None

    def seen_whole() -> bool:
        areas = [area for area in made.window.findChildren(QScrollArea) if area.isVisible()]
        room = made.window.width() - dock.width()
        return not any(area.horizontalScrollBar().maximum() for area in areas) and screen.player.width() < room

    qtbot.waitUntil(seen_whole)


def test_three_cameras_have_pictures_and_whole_sentences(
    make_window: MakeWindow, world: FakeWorld, qtbot: QtBot, tmp_path: Path
) -> None:
    files = world.touch("front.mp4", "side.mp4", f"{'top view with a long name ' * 3}.mp4", "lost.mp4")
    with Study.create(tmp_path / "peg") as study:
        study.videos.add([NewVideo(files[0])])
        for file, offset_s in zip(files[1:], (-1 / 3, None, 0.0), strict=True):
            study.cameras.add("front", file, offset_s=offset_s)
    files[3].unlink()
    made = make_window(world.backend())
    made.app_context.open([study.path])
    qtbot.waitUntil(lambda: len(made.app_context.videos) == 1)
    made.app_context.state.set_current(made.app_context.videos[0].clip)
    qtbot.waitUntil(lambda: len(made.app_context.cameras.cameras) == 3)
    narrow(made, qtbot)
    panes = inspect(made).camera_column.panes
    qtbot.waitUntil(lambda: all(pane.isVisible() and pane.missing_label.text() for pane in panes))

    def whole() -> bool:
        flush()
        return all(
            pane.player.height() >= MIN_PICTURE_PX
            and pane.missing_label.height() >= pane.missing_label.heightForWidth(pane.missing_label.width())
            for pane in panes
        )

    qtbot.waitUntil(whole)
    assert inspect(made).curve.isVisible()
