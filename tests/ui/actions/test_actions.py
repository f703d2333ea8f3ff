import re
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from skillviewer.ui.actions.actions import conflicts, key_text, without_mnemonic
from skillviewer.ui.actions.table import MENUS, Scope, with_screens
from skillviewer.ui.app import Composition
from skillviewer.ui.inspecting.screen import InspectScreen
from skillviewer.ui.session.insight.why_loader import WhyStage
from skillviewer.ui.shell.page_spec import SCREENS
from tests.ui.fakes import FakeWorld
from tests.ui.hands import key, type_text

ACTIONS = with_screens([(screen.name, screen.title, screen.icon) for screen in SCREENS if not screen.standalone])
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def test_no_key_means_two_things() -> None:
    assert conflicts(ACTIONS) == []


def test_a_planted_conflict_is_found() -> None:
    planted = (*ACTIONS, replace(ACTIONS[0], name="planted", keys=("space",), scope=Scope.WINDOW))
    assert conflicts(planted) == [("space", "play", "planted"), ("space", "rank_play", "planted")]


def test_every_action_stands_in_a_menu_and_has_words() -> None:
    for spec in ACTIONS:
        assert spec.menu in MENUS
        assert without_mnemonic(spec.text)
        assert all(key_text(k) for k in spec.keys), f"{spec.name}: Qt does not know one of {spec.keys}"


def test_menu_letters_do_not_clash() -> None:
    for menu in MENUS:
        letters = [m.group(1).lower() for s in ACTIONS if s.menu == menu and (m := re.search("&([^&])", s.text))]
        assert len(letters) == len(set(letters)), menu


def test_every_action_does_something(window: Composition) -> None:
    assert window.window.actions_._bound == set(window.window.actions_._actions)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("play", ("Space", "K")), ("previous_sample", ("Left",)), ("next_sample", ("Right",)),
        ("previous_frame", (",",)), ("next_frame", (".",)), ("back_second", ("Shift+Left",)),
        ("on_second", ("Shift+Right",)), ("back_ten", ("J",)), ("on_ten", ("L",)), ("first_frame", ("Home",)),
        ("last_frame", ("End",)), ("previous_video", ("PgUp",)), ("next_video", ("PgDown",)), ("slower", ("[",)),
        ("faster", ("]",)), ("normal_speed", ("Backspace",)), ("mark_in", ("I",)), ("mark_out", ("O",)),
        ("loop", ("Shift+L",)), ("overlay", ("H",)), ("zoom_out", ("-",)), ("zoom_fit", ("Ctrl+0",)),
        ("next_model", ("T",)), ("previous_model", ("Shift+T",)), ("go_to", ("Ctrl+G",)), ("palette", ("Ctrl+K",)),
        ("open_videos", ("Ctrl+O",)), ("full_screen", ("F11",)), ("guides", ("F1",)),
        ("shortcuts", ("?", "Shift+F1")),
    ],
)  # fmt: skip
def test_the_promised_keys_are_there(name: str, keys: tuple[str, ...]) -> None:
    assert next(spec for spec in ACTIONS if spec.name == name).keys == keys


@pytest.fixture
def screen(qtbot: QtBot, window: Composition, world: FakeWorld) -> InspectScreen:
    """The Inspect screen on an assessed video, the picture having the focus."""
    app_context = window.app_context
    app_context.open(world.touch("a.mp4", "b.mp4", "c.mp4"))
    app_context.models.choose_default(None)
    qtbot.waitUntil(lambda: app_context.state.analysis is not None and app_context.state.analysis.complete)
    qtbot.waitUntil(lambda: app_context.feed.settled and app_context.playback.video is not None)
    qtbot.waitUntil(lambda: app_context.why_loader.stage is WhyStage.READY)
    app_context.playback.to_first_frame()  # from the frame that says most, where the findings put it
    found = window.window.screens.get_page("inspect")
    assert isinstance(found, InspectScreen)
    found.player.canvas.setFocus()
    qtbot.waitUntil(found.player.canvas.hasFocus)
    return found


def test_keys_move_the_playhead(window: Composition, screen: InspectScreen) -> None:
    canvas, playback = screen.player.canvas, window.app_context.playback
    samples = playback.sampled_frames.tolist()
    seen = []
    for which, modifiers in (
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_Period, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Comma, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_Right, SHIFT), (Qt.Key.Key_Left, SHIFT),
        (Qt.Key.Key_End, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_J, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_L, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_Home, Qt.KeyboardModifier.NoModifier),
    ):  # fmt: skip
        key(canvas, which, modifiers)
        seen.append(playback.frame)
    first, second = samples[0], samples[1]
    assert seen == [first, second, first, first + 1, first, first + 30, first, 89, 0, 89, 0]


def is_playing(window: Composition) -> bool:
    return window.app_context.playback.playing


@pytest.mark.parametrize("which", [Qt.Key.Key_Space, Qt.Key.Key_K])
def test_space_and_k_play_and_pause(window: Composition, screen: InspectScreen, which: Qt.Key) -> None:
    key(screen.player.canvas, which)
    assert is_playing(window)
    key(screen.player.canvas, which)
    assert not is_playing(window)


def test_keys_work_in_the_curve_and_in_the_list(window: Composition, screen: InspectScreen) -> None:
    playback, view = window.app_context.playback, window.window.panel.videos_view
    for widget in (screen.curve, view):
        widget.setFocus()
        before = playback.frame
        key(widget, Qt.Key.Key_Period)
        assert playback.frame == before + 1
        key(widget, Qt.Key.Key_Space)
        assert is_playing(window)
        key(widget, Qt.Key.Key_Space)
        playback.seek(5)


def test_the_list_keeps_the_keys_it_needs(qtbot: QtBot, window: Composition, screen: InspectScreen) -> None:
    view = window.window.panel.videos_view
    view.setFocus()
    key(view, Qt.Key.Key_Down)
    assert view.currentIndex().row() == 1
    qtbot.waitUntil(
        lambda: (
            window.app_context.state.current_clip is not None and window.app_context.state.current_clip.path.stem == "b"
        )
    )
    key(view, Qt.Key.Key_Return)
    qtbot.waitUntil(screen.player.canvas.hasFocus)


def test_text_fields_win(window: Composition, screen: InspectScreen) -> None:
    field = window.window.panel.search_edit
    field.setFocus()
    frame, shown = window.app_context.playback.frame, window.app_context.state.map_style
    type_text(field, "k, hjl.?[]+-= tI")
    key(field, Qt.Key.Key_Home)
    key(field, Qt.Key.Key_Right, SHIFT)
    key(field, Qt.Key.Key_Backspace)
    assert field.text() == ", hjl.?[]+-= tI"
    assert not is_playing(window)
    assert (window.app_context.playback.frame, window.app_context.state.map_style) == (frame, shown)
    assert screen.player.canvas.viewport.zoom == 1


def test_space_on_a_focused_button_presses_the_button(window: Composition, screen: InspectScreen) -> None:
    button = screen.player.transport.findChildren(type(screen.player.transport._speed_button))[4]
    assert button.defaultAction() is window.window.actions_["next_sample"]
    button.setFocus(Qt.FocusReason.TabFocusReason)
    key(button, Qt.Key.Key_Space)
    assert not is_playing(window)
    assert window.app_context.playback.frame == window.app_context.playback.sampled_frames[0]


def test_h_hides_and_shows_the_map_and_held_down_only_peeks(
    window: Composition, screen: InspectScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skillviewer.ui.shell.hold_to_hide_map.HELD_MS", 600_000)  # no press is so long
    state, canvas = window.app_context.state, screen.player.canvas
    shown = state.map_style.overlay
    key(canvas, Qt.Key.Key_H)
    assert str(state.map_style.overlay) == "off"
    key(canvas, Qt.Key.Key_H)
    assert state.map_style.overlay == shown
    from PySide6.QtTest import QTest

    monkeypatch.setattr("skillviewer.ui.shell.hold_to_hide_map.HELD_MS", 0)
    QTest.keyPress(canvas, Qt.Key.Key_H)
    assert str(state.map_style.overlay) == "off"
    QTest.keyRelease(canvas, Qt.Key.Key_H)
    assert state.map_style.overlay == shown
    QTest.keyPress(canvas, Qt.Key.Key_H)
    canvas.clearFocus()  # the key is let go where nobody sees it
    assert state.map_style.overlay == shown


def test_speed_marks_and_loop_have_keys(window: Composition, screen: InspectScreen) -> None:
    canvas, playback = screen.player.canvas, window.app_context.playback
    key(canvas, Qt.Key.Key_BracketRight)
    key(canvas, Qt.Key.Key_BracketRight)
    assert playback.speed == 2.0
    key(canvas, Qt.Key.Key_BracketLeft)
    assert playback.speed == 1.5
    key(canvas, Qt.Key.Key_Backspace)
    assert playback.speed == 1.0
    playback.seek(10)
    key(canvas, Qt.Key.Key_I)
    playback.seek(20)
    key(canvas, Qt.Key.Key_O)
    key(canvas, Qt.Key.Key_L, SHIFT)
    assert playback.marks == (10, 20)
    key(canvas, Qt.Key.Key_I)
    assert playback.marks == (20, 20), "one frame can be selected"
    assert playback.selection == range(20, 21)
    playback.seek(30)
    key(canvas, Qt.Key.Key_O)
    playback.seek(20)
    key(canvas, Qt.Key.Key_O)
    assert playback.marks == (20, 20)
    assert playback.loop
    assert window.window.actions_["loop"].isChecked()


def test_page_keys_go_through_the_videos_as_shown(qtbot: QtBot, window: Composition, screen: InspectScreen) -> None:
    state, canvas = window.app_context.state, screen.player.canvas
    window.window.panel.videos_view.sortByColumn(0, Qt.SortOrder.DescendingOrder)

    def stem() -> str:
        return state.current_clip.path.stem if state.current_clip is not None else ""

    seen = [stem()]
    for which in (Qt.Key.Key_PageUp, Qt.Key.Key_PageUp, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
        key(canvas, which)
        seen.append(stem())
    assert seen == ["a", "b", "c", "c", "b"]
    qtbot.waitUntil(lambda: window.app_context.feed.settled)


def test_zoom_keys(window: Composition, screen: InspectScreen) -> None:
    canvas = screen.player.canvas
    key(canvas, Qt.Key.Key_Plus)
    key(canvas, Qt.Key.Key_Equal)
    zoom = canvas.viewport.zoom
    assert zoom == pytest.approx(1.25**2)
    key(canvas, Qt.Key.Key_Minus)
    assert canvas.viewport.zoom == pytest.approx(1.25)
    key(window.window, Qt.Key.Key_0, CTRL)
    assert canvas.viewport.zoom == 1


def test_actions_that_need_a_video_are_off_without_one(window: Composition) -> None:
    actions = window.window.actions_
    assert not actions["play"].isEnabled()
    assert not actions["go_to"].isEnabled()
    assert not actions["assess"].isEnabled()
    assert actions["open_videos"].isEnabled()
