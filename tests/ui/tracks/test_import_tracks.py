"""A dropped file of tracks: a preview, an import by keyboard, points over the picture; and refusals."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from skillviewer.ui.app import Composition
from skillviewer.ui.importing.tracks_import_dialog import TracksImportDialog
from tests.data.files import write
from tests.facts import missing
from tests.ui.conftest import MakeWindow
from tests.ui.driving import drop, inspect
from tests.ui.fakes import FakeDialogs, FakeWorld
from tests.ui.hands import click, key
from tests.ui.tracks.test_find_hands import opened, panel_of

KINOVEA = '"Time";"a/POINT/X";"a/POINT/Y"\n"0,00";"1,0";"2,0"\n"0,04";"1,5";"2,5"\n"0,08";"2,0";"3,0"\n'


def deeplabcut(path: Path, n: int = 90, width: int = 320) -> Path:
    """Write a table of two points, as DeepLabCut does: the first is known from frame 3 on."""
    rows = ["scorer,net,net,net,net,net,net", "bodyparts,paw,paw,paw,nose,nose,nose"]
    rows.append("coords,x,y,likelihood,x,y,likelihood")
    for frame in range(n):
        x = width / 2 + 60 * np.sin(frame / 9)
        rows.append(f"{frame},{'' if frame < 3 else f'{x:.2f}'},{'' if frame < 3 else 90},0.9,{x:.2f},40,0.8")
    return write(path, "\n".join(rows))


def page_of(qtbot: QtBot, made: Composition) -> TracksImportDialog:
    """Return the page once it has read its file."""

    def read() -> bool:
        page = made.window.findChild(TracksImportDialog)
        return page is not None and page.message_label.plain_text != "Reading…"

    qtbot.waitUntil(read)
    page = made.window.findChild(TracksImportDialog)
    assert isinstance(page, TracksImportDialog)
    return page


def test_a_dropped_deeplabcut_file_shows_its_points_over_the_video(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld
) -> None:
    made = opened(qtbot, make_window, world)
    drop(made, [deeplabcut(world.folder / "one.csv")])
    page = page_of(qtbot, made)
    assert not missing(page.message_label.plain_text, "DeepLabCut", "paw", "nose", "frame 1")
    assert not missing(page.counts_label.plain_text, "180 positions", "177 used", "3 rejected")
    qtbot.waitUntil(lambda: len(page.track_preview.layer.drawn_tracks) == 1)
    assert np.isfinite(page.track_preview.layer.drawn_tracks[0].points_px[1]).all()
    qtbot.waitUntil(page.import_button.hasFocus)
    key(page.import_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: made.window.findChild(TracksImportDialog) is None)
    tracks, layer = made.app_context.tracks, inspect(made).player.track_layer
    qtbot.waitUntil(lambda: tracks.saved_tracks is not None and tracks.shown_tracks is not None)
    canvas = inspect(made).player.canvas
    made.window.activateWindow()  # as window systems do when a dialog closes
    qtbot.waitUntil(made.window.isActiveWindow)
    click(canvas)
    for _ in range(9):
        key(canvas, Qt.Key.Key_Period)  # nine frames on
    x = 160 + 60 * np.sin(1)
    qtbot.waitUntil(
        lambda: len(layer.drawn_tracks) == 1 and abs(float(layer.drawn_tracks[0].points_px[0, 0]) - x) < 0.02
    )
    assert layer.drawn_tracks[0].points_px[:, 1].tolist() == [90, 40]
    qtbot.waitUntil(inspect(made).motion.isVisible)
    assert [row.texts[0] for row in panel_of(made).tracks_table.shown_rows] == ["points"]
    made.app_context.undo.undo()
    qtbot.waitUntil(lambda: tracks.tracks is None)
    assert not inspect(made).motion.isVisible()


def test_a_video_and_its_tracks_can_be_dropped_together(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld
) -> None:
    made = make_window(world.backend())
    made.app_context.assessments.set_automatic(on=False)
    drop(made, [*world.touch("one.mp4"), deeplabcut(world.folder / "one.csv")])
    page = page_of(qtbot, made)
    qtbot.waitUntil(page.import_button.isEnabled)
    page.close()


def test_a_file_of_another_video_is_one_sentence(qtbot: QtBot, make_window: MakeWindow, world: FakeWorld) -> None:
    made = opened(qtbot, make_window, world)
    drop(made, [deeplabcut(world.folder / "long.csv", 400)])
    page = page_of(qtbot, made)
    assert not missing(page.message_label.plain_text, "long.csv", "frame 399", "of 90 frames")
    assert not page.import_button.isEnabled()
    page.close()
    qtbot.waitUntil(lambda: made.window.findChild(TracksImportDialog) is None)
    drop(made, [deeplabcut(world.folder / "wide.csv", width=4000)])
    page = page_of(qtbot, made)
    assert not missing(page.message_label.plain_text, "outside the picture", "320 × 180")
    page.close()


def test_units_of_the_users_own_are_asked_for(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, dialogs: FakeDialogs
) -> None:
    world.n_frames["one"] = 25
    made = opened(qtbot, make_window, world)
    dialogs.file_answer = write(world.folder / "walk.csv", KINOVEA)
    made.window.actions_["import_tracks"].trigger()
    page = page_of(qtbot, made)
    assert not missing(page.message_label.plain_text, "pixels one unit", "zero", "y axis")
    assert not page.import_button.isEnabled()
    page.zero_x.setValue(100)
    page.zero_y.setValue(80)
    page.y_up_box.setChecked(True)
    page.pixels_per_unit.setValue(10)
    qtbot.waitUntil(page.import_button.isEnabled)
    qtbot.waitUntil(lambda: len(page.track_preview.layer.drawn_tracks) == 1)
    assert page.track_preview.layer.drawn_tracks[0].points_px.tolist() == [[110, 60]]
    page.close()


def test_without_a_video_a_message_says_what_to_do(qtbot: QtBot, make_window: MakeWindow, world: FakeWorld) -> None:
    made = make_window(world.backend())
    world.folder.mkdir(parents=True, exist_ok=True)
    drop(made, [deeplabcut(world.folder / "one.csv")])
    qtbot.waitUntil(lambda: any("Show the video of one.csv" in m.text for m in made.app_context.messages.waiting))
