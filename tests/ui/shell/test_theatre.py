"""Theatre mode, panels as icons in a narrow window, and a tool bar that is never cut."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton, QWidget
from pytestqt.qtbot import QtBot

from skillviewer.ui.app import Composition
from skillviewer.ui.shell.main_window import NARROW_PX
from tests.ui.conftest import flush
from tests.ui.driving import inspect, open_and_load
from tests.ui.fakes import FakeWorld


def panels(made: Composition) -> set[str]:
    """Return the names of the panels that are on screen or behind a tab."""
    return {name for name, dock in made.window._docks.items() if not dock.isHidden()}


def bars(made: Composition) -> tuple[QWidget, ...]:
    window = made.window
    return window.menuBar(), window.tool_bar, window.status_bar


def test_theatre_shows_picture_legend_curve_and_transport_alone(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4", "b.mp4"))
    qtbot.waitUntil(lambda: window.app_context.state.analysis is not None)
    screen, before = inspect(window), panels(window)
    assert {"videos", "why"} <= before
    window.window.actions_["full_screen"].trigger()
    flush()
    assert window.window.isFullScreen()
    assert not panels(window)
    assert not any(bar.isVisible() for bar in bars(window))
    assert screen.score_header.height() == 0
    player = screen.player
    for part in (player.canvas, player.caption, player.transport, screen.curve):
        assert part.isVisible()
        assert part.height() > 0
    screen.player.canvas.setFocus()
    frame = window.app_context.playback.frame
    QTest.keyClick(screen.player.canvas, Qt.Key.Key_Period)
    assert window.app_context.playback.frame == frame + 1, "keys work without menus"
    QTest.keyClick(screen.player.canvas, Qt.Key.Key_Escape)
    flush()
    assert not window.window.isFullScreen()
    assert panels(window) == before
    assert all(bar.isVisible() for bar in bars(window))
    assert screen.score_header.maximumHeight() > 1000


def test_theatre_leaves_a_screen_without_a_player(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    window.window.actions_["show_export"].trigger()
    window.window.actions_["full_screen"].trigger()
    assert window.window.screens.current_name == "inspect"
    window.window.actions_["show_compare"].trigger()
    assert not panels(window), "another screen has no panels either"
    window.window.actions_["full_screen"].trigger()
    assert "videos" in panels(window)


def test_panels_are_icons_in_a_narrow_window(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    main, before = window.window, panels(window)
    assert not main.panel_rail.isVisible()
    main.narrow_below_px = main.width() + 1
    main._fit()
    assert not panels(window)
    assert main.panel_rail.isVisible()
    buttons = {
        button.text().split()[0]: button for button in main.panel_rail.findChildren(QToolButton) if button.text()
    }
    assert {"Videos", "Why", "Moments", "Notes"} <= set(buttons)
    buttons["Why"].click()
    assert panels(window) == {"why"}
    buttons["Notes"].click()
    assert panels(window) == {"notes"}, "one at a time: the picture keeps its room"
    buttons["Notes"].click()
    assert not panels(window)
    main.find_video()
    assert panels(window) == {"videos"}
    main.actions_["show_rank"].trigger()
    assert not main.panel_rail.isVisible(), "names must not be read on Rank"
    main.actions_["show_inspect"].trigger()
    main.narrow_below_px = 0
    main._fit()
    assert panels(window) == before
    assert not main.panel_rail.isVisible()
    assert NARROW_PX == 1200


@pytest.mark.styled
def test_the_tool_bar_turns_into_icons_before_anything_is_cut(window: Composition) -> None:
    tools, icons = window.window.tool_bar, Qt.ToolButtonStyle.ToolButtonIconOnly

    def words(width: int) -> list[str]:
        tools.resize(width, tools.height())
        tools._fit()
        buttons = [*tools._screen_buttons, *tools._action_buttons]
        assert tools._needed_px() <= width
        return [button.text() for button in buttons if button.toolButtonStyle() != icons]

    everything, screens, nothing = words(1300), words(680), words(520)
    assert "All actions…" in everything or "All actions" in everything
    assert screens == ["Inspect", "Compare", "Rank", "Train", "Export"]
    assert nothing == []
    assert all(not button.icon().isNull() for button in [*tools._screen_buttons, *tools._action_buttons])
