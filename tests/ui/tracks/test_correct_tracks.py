"""Corrections of tracks in the window: swap, cut, join, clicks, references and known lengths, each with undo."""

import numpy as np
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from skillviewer.core.arrays import RGBImage
from skillviewer.core.tracks.tracks import FrameState, TrackSet
from skillviewer.data.tracks_file import TrackStore
from skillviewer.ui.app import Composition
from skillviewer.ui.player.track_layer import to_widget
from tests.facts import missing
from tests.ui.conftest import MakeWindow
from tests.ui.driving import inspect
from tests.ui.fake_hands import hands
from tests.ui.fakes import FakeDialogs, FakeWorld
from tests.ui.hands import click, double_click, key
from tests.ui.tracks.test_find_hands import opened, panel_of

TEXTURE = np.random.default_rng(2).integers(0, 255, (180, 600, 3)).astype(np.uint8)


def with_hands(qtbot: QtBot, make_window: MakeWindow, world: FakeWorld) -> Composition:
    """Open a video that has tracks of two hands."""
    (path,) = world.touch("one.mp4")
    TrackStore().put(hands(world.info(path), gap=range(30, 45)))
    made = opened(qtbot, make_window, world)
    qtbot.waitUntil(lambda: made.app_context.tracks.saved_tracks is not None)
    return made


def kept(made: Composition) -> TrackSet:
    found = made.app_context.tracks.saved_tracks
    assert found is not None
    return found


def picture_place(made: Composition, x_px: float, y_px: float) -> QPoint:
    return to_widget(inspect(made).player.canvas.viewport, x_px, y_px).toPoint()


def test_sides_are_swapped_in_the_selection_and_back(qtbot: QtBot, make_window: MakeWindow, world: FakeWorld) -> None:
    made = with_hands(qtbot, make_window, world)
    before, playback = kept(made), made.app_context.playback
    playback.seek(10)
    playback.mark_in()
    playback.seek(19)
    playback.mark_out()
    click(panel_of(made).buttons["swap_hands"])
    after = kept(made)
    left, right = before.tracks
    assert np.array_equal(after.tracks[0].xy_px[10:20], right.xy_px[10:20])
    assert np.array_equal(after.tracks[0].xy_px[20:], left.xy_px[20:])
    info = made.app_context.playback.video
    assert info is not None

    def stored_left() -> np.ndarray:
        stored = TrackStore().get(info.digest)
        assert stored is not None
        return stored.tracks[0].xy_px[10:20]

    qtbot.waitUntil(lambda: np.array_equal(stored_left(), right.xy_px[10:20]))
    made.app_context.undo.undo()
    qtbot.waitUntil(lambda: np.array_equal(stored_left(), left.xy_px[10:20]))
    qtbot.waitUntil(lambda: np.array_equal(kept(made).tracks[0].xy_px[10:20], left.xy_px[10:20]))


def test_a_track_is_cut_cleared_and_joined(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, dialogs: FakeDialogs
) -> None:
    made = with_hands(qtbot, make_window, world)
    panel = panel_of(made)
    panel.tracks_table.choose("right hand")
    made.app_context.playback.seek(45)
    click(panel.buttons["cut_track"])
    assert [track.name for track in kept(made).tracks] == ["left hand", "right hand", "right hand 2"]
    assert kept(made).tracks[2].has_points.tolist() == [False] * 45 + [True] * 45
    qtbot.waitUntil(lambda: len(panel.tracks_table.shown_rows) == 3)
    dialogs.word_answer = "right hand 2"
    panel.tracks_table.choose("right hand")
    click(panel.buttons["join_tracks"])
    assert [track.name for track in kept(made).tracks] == ["left hand", "right hand"]
    dialogs.word_answer = "left hand"
    click(panel.buttons["join_tracks"])  # both have points in many frames
    qtbot.waitUntil(lambda: any("both have points" in m.text for m in made.app_context.messages.waiting))
    assert len(kept(made).tracks) == 2


def moving(frame: int) -> RGBImage:
    """Return a textured picture that moves to the left, and is black from frame 60 on."""
    if frame >= 60:
        return np.zeros((180, 320, 3), np.uint8)
    return np.ascontiguousarray(TEXTURE[:, 2 * frame : 2 * frame + 320])


def test_a_point_is_followed_from_clicks_lost_and_found_again(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, dialogs: FakeDialogs
) -> None:
    world.picture = moving
    made = opened(qtbot, make_window, world)
    canvas, panel, playback = inspect(made).player.canvas, panel_of(made), made.app_context.playback
    dialogs.word_answer = "needle"
    click(panel.buttons["follow_point"])
    playback.seek(2)
    qtbot.waitUntil(lambda: canvas.displayed_frame is not None and canvas.displayed_frame.picture.frame_index == 2)
    click(canvas, picture_place(made, 200, 90))
    qtbot.waitUntil(lambda: made.app_context.tracks.saved_tracks is not None)
    needle = kept(made).track("needle")
    assert needle is not None
    x = needle.xy_px[2:60, 0, 0]
    assert np.allclose(x, x[0] - 2 * np.arange(58), atol=1)
    qtbot.waitUntil(lambda: not missing(panel.following_note.plain_text, "Lost", "needle", "00:02.0"))
    playback.seek(70)
    qtbot.waitUntil(lambda: canvas.displayed_frame is not None and canvas.displayed_frame.picture.frame_index == 70)
    click(canvas, picture_place(made, 60, 90))

    def bridged() -> bool:
        track = kept(made).track("needle")
        return track is not None and track.states[60:70].tolist() == [FrameState.INTERPOLATED] * 10

    qtbot.waitUntil(bridged)
    layer = inspect(made).player.track_layer
    qtbot.waitUntil(
        lambda: bool(layer.drawn_tracks and layer.drawn_tracks[0].dashed_trails and layer.drawn_tracks[0].is_anchored)
    )
    key(canvas, Qt.Key.Key_Escape)
    assert made.app_context.point_requests.current_request is None
    made.app_context.undo.undo()
    qtbot.waitUntil(lambda: not bridged())


def test_a_reference_and_a_known_length_are_drawn_by_mouse_and_by_keyboard(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, dialogs: FakeDialogs
) -> None:
    made = with_hands(qtbot, make_window, world)
    canvas, panel = inspect(made).player.canvas, panel_of(made)
    click(panel.buttons["draw_reference"])
    for x in (60, 160, 260):
        click(canvas, picture_place(made, x, 120))
    double_click(canvas)
    reference = kept(made).reference
    assert reference is not None
    assert np.allclose(reference.points[:, 0], [60, 160, 260], atol=1)
    qtbot.waitUntil(lambda: "mean_distance" in [row.key for row in panel.measures_table.table.shown_rows])
    dialogs.word_answer = "50,5"
    click(panel.buttons["mark_length"])
    qtbot.waitUntil(canvas.hasFocus)
    key(canvas, Qt.Key.Key_Left)
    key(canvas, Qt.Key.Key_Return)
    for _ in range(4):
        key(canvas, Qt.Key.Key_Right)
    key(canvas, Qt.Key.Key_Return)
    length = kept(made).known_length
    assert length is not None
    assert length.mm == 50.5
    assert abs(length.length_px * canvas.viewport.scale - 40) < 0.1  # the cross hair starts in the middle again
    qtbot.waitUntil(lambda: made.app_context.tracks.shown_tracks is not None)

    def in_mm() -> bool:
        shown = made.app_context.tracks.shown_tracks
        return shown is not None and shown.measures is not None and shown.measures.unit.name == "mm"

    qtbot.waitUntil(in_mm)
    dialogs.word_answer = "no"
    click(panel.buttons["mark_length"])
    click(canvas, picture_place(made, 60, 60))
    click(canvas, picture_place(made, 90, 60))
    qtbot.waitUntil(lambda: any("millimetres" in m.text for m in made.app_context.messages.waiting))
    assert kept(made).known_length == length


def test_a_reference_can_hold_for_all_videos_of_the_same_size(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld
) -> None:
    made = opened(qtbot, make_window, world, "one.mp4", "two.mp4")
    canvas = inspect(made).player.canvas
    made.window.actions_["draw_reference"].trigger()
    click(canvas, picture_place(made, 100, 100))
    key(canvas, Qt.Key.Key_Return)
    assert kept(made).reference is not None
    qtbot.waitUntil(made.window.actions_["share_reference"].isEnabled)
    made.window.actions_["share_reference"].trigger()
    digests = [entry.info.digest for entry in made.app_context.videos if entry.info is not None]

    def all_have_it() -> bool:
        stored = [TrackStore().get(digest) for digest in digests]
        return all(one is not None and one.reference is not None for one in stored)

    qtbot.waitUntil(all_have_it)
