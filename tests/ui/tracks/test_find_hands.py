"""The search for hands in the window: cost first, live, stopped and continued, in all videos, and undone."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from skillviewer.data.tracks_file import TrackStore
from skillviewer.engine.tracking.track_hands import HandCost
from skillviewer.ui.app import Composition
from skillviewer.ui.inspecting.hands_panel import HandsPanel
from tests.facts import missing
from tests.ui.conftest import MakeWindow
from tests.ui.driving import drop, inspect
from tests.ui.fakes import FakeWorld
from tests.ui.hands import click, key


def opened(qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, *names: str) -> Composition:
    """Open videos without a model, with the panel of hands in front."""
    made = make_window(world.backend())
    made.app_context.assessments.set_automatic(on=False)
    drop(made, world.touch(*(names or ("one.mp4",))))
    qtbot.waitUntil(lambda: made.app_context.playback.video is not None and made.app_context.feed.settled)
    qtbot.waitUntil(lambda: all(entry.info is not None for entry in made.app_context.videos))
    panel_of(made).raise_asked.emit()
    return made


def panel_of(made: Composition) -> HandsPanel:
    panel = made.window.panel_named("hands")
    assert isinstance(panel, HandsPanel)
    return panel


def test_hands_are_drawn_while_they_are_found_and_kept(qtbot: QtBot, make_window: MakeWindow, world: FakeWorld) -> None:
    made = opened(qtbot, make_window, world)
    panel, tracks = panel_of(made), made.app_context.tracks
    qtbot.waitUntil(lambda: not missing(panel.cost_label.plain_text, "90 frames", "seconds"))
    world.hands.hold_at = 60
    click(panel.find_button)
    qtbot.waitUntil(lambda: tracks.tracks is not None)
    assert tracks.saved_tracks is None  # nothing is stored yet
    made.app_context.playback.seek(20)
    layer = inspect(made).player.track_layer
    qtbot.waitUntil(lambda: [drawing.label for drawing in layer.drawn_tracks] == ["L", "R"])
    made.app_context.playback.seek(70)
    qtbot.waitUntil(lambda: layer.drawn_tracks == ())  # not searched yet
    qtbot.waitUntil(inspect(made).motion.isVisible)
    assert panel.stop_button.isVisible()
    world.hands.go.set()
    qtbot.waitUntil(lambda: tracks.saved_tracks is not None)
    made.app_context.playback.seek(35)  # a gap of the right hand
    qtbot.waitUntil(lambda: [len(drawing.points_px) for drawing in layer.drawn_tracks] == [21, 0])
    rows = panel.tracks_table.shown_rows
    assert [row.texts for row in rows] == [("left hand", "100 %"), ("right hand", "83 %")]
    assert panel.measures_table.table.shown_rows
    (entry,) = made.app_context.videos
    qtbot.waitUntil(lambda: made.app_context.videos[0].motion is not None)
    canvas = inspect(made).player.canvas
    click(canvas)
    key(canvas, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: layer.drawn_tracks == ())
    assert not made.window.actions_["show_tracks"].isChecked()
    made.app_context.undo.undo()
    qtbot.waitUntil(lambda: tracks.tracks is None)
    assert entry.info is not None
    assert TrackStore().get(entry.info.digest) is None


def test_a_stopped_search_says_what_is_left_and_goes_on(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld
) -> None:
    made = opened(qtbot, make_window, world)
    panel = panel_of(made)
    world.hands.hold_at = 60
    qtbot.waitUntil(panel.find_button.isEnabled)
    click(panel.find_button)
    qtbot.waitUntil(lambda: made.app_context.tracks.tracks is not None)
    click(panel.stop_button)
    qtbot.waitUntil(lambda: not missing(panel.cost_label.plain_text, "30 of 90 frames"))
    qtbot.waitUntil(lambda: panel.find_button.text() == "Continue" and panel.find_button.isEnabled())
    world.hands.go.set()
    click(panel.find_button)
    qtbot.waitUntil(lambda: made.app_context.tracks.saved_tracks is not None)
    qtbot.waitUntil(lambda: panel.find_button.text() == "Find hands again")


def test_all_videos_are_searched_and_those_without_hands_are_named(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld
) -> None:
    made = opened(qtbot, make_window, world, "one.mp4", "two.mp4", "three.mp4")
    world.hands.empty.add("two")
    qtbot.waitUntil(made.window.actions_["find_hands_all"].isEnabled)
    made.window.actions_["find_hands_all"].trigger()
    qtbot.waitUntil(lambda: not made.app_context.hand_searches.is_busy and len(world.hands.found) == 3)
    current = made.app_context.state.current_clip
    assert world.hands.found[0] == current
    qtbot.waitUntil(lambda: bool(made.app_context.messages.waiting))
    (message,) = made.app_context.messages.waiting
    assert not missing(message.text, "two.mp4", "No hand was found in 00:00.000 to 00:02.967")
    made.window.actions_["find_hands_all"].trigger()
    qtbot.waitUntil(lambda: not made.app_context.hand_searches.is_busy)
    assert len(world.hands.found) == 3  # none is searched again


def test_a_fault_of_a_library_is_not_shown_in_its_own_words(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> HandCost:
        raise RuntimeError("size mismatch for trunk.0.weight")

    monkeypatch.setattr(world.hands, "cost", fail)
    panel = panel_of(opened(qtbot, make_window, world))
    qtbot.waitUntil(lambda: not missing(panel.cost_label.plain_text, "RuntimeError", "log"))
    assert "trunk" not in panel.cost_label.plain_text
    assert not panel.find_button.isEnabled()
