"""The legend is the control of the map: by click, by key, and by a right-click on the picture."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from skillviewer.core.analysis.map_style import ColourLimits, Overlay
from skillviewer.ui.app import Composition
from skillviewer.ui.player.map_menu import MapMenu
from tests.ui.driving import inspect, open_and_load
from tests.ui.fakes import FakeWorld


def choose(menu: MapMenu, title: str, choice: str) -> None:
    inside = next(each for each in menu.menus if each.title() == title)
    next(action for action in inside.actions() if action.text() == choice).trigger()


def test_legend_and_picture_open_the_menu_of_the_map(
    qtbot: QtBot, window: Composition, world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[MapMenu] = []
    monkeypatch.setattr(MapMenu, "popup", lambda menu, _at: opened.append(menu))  # the display of tests has no menus
    open_and_load(qtbot, window, world.touch("a.mp4"))
    player, state = inspect(window).player, window.app_context.state
    menu = player.map_menu
    QTest.mouseClick(player.caption, Qt.MouseButton.LeftButton)
    assert opened == [menu] * 1
    player.caption.setFocus()
    QTest.keyClick(player.caption, Qt.Key.Key_Return)
    assert opened == [menu] * 2
    at = player.canvas.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, player.canvas.mapToGlobal(at))
    QApplication.sendEvent(player.canvas, event)
    assert opened == [menu] * 3
    for title, choice in (
        ("Map as", "Contour lines"),
        ("Colour scale", "Per frame"),
        ("Strength", "Strong"),
        ("Cells", "As cells"),
    ):
        choose(menu, title, choice)
    style = state.map_style
    assert (style.overlay, style.scale, style.strength, style.smooth) == (
        Overlay.CONTOUR,
        ColourLimits.FRAME,
        0.8,
        False,
    )
    assert window.app_context.settings.map_style == style, "it is there the next time"


def test_one_key_cycles_the_looks(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    canvas, state = inspect(window).player.canvas, window.app_context.state
    state.set_map_style(overlay=Overlay.HEAT)
    canvas.setFocus()
    seen = []
    for _ in range(4):
        QTest.keyClick(canvas, Qt.Key.Key_G)
        seen.append(state.map_style.overlay)
    assert seen == [Overlay.CONTOUR, Overlay.BOTH, Overlay.DIMMED, Overlay.HEAT]
    state.toggle_overlay()
    QTest.keyClick(canvas, Qt.Key.Key_G)
    assert state.map_style.overlay is Overlay.HEAT, "a hidden map is shown first"
