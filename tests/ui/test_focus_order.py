"""Tab goes through the parts of a screen as they are read, from the left and from the top."""

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from skillviewer.ui.widgets.adaptive_grid import AdaptiveGrid, Place
from skillviewer.ui.widgets.focus_order import focus_neighbour
from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.layout import add_all, horizontal, vertical
from skillviewer.ui.widgets.theme import ThemeChoice, ThemeSource
from tests.ui.states import shoot

ORDERS = {
    "rank_pair": (
        "Finish for now", "Left video", "Right video", "Previous frame", "Mark current time", "Left is better",
        "No difference", "Skip this pair", "Right is better", "Reason of the vote, optional",
    ),
    "rate_video": (
        "Finish for now", "Video", "Time of the video", "Play or pause", "Mark current time",
        "respect for tissue: cannot be judged", "knowledge of procedure: 2", "Remark on the video, optional",
    ),
    "export_clip": (
        "Search videos by name", "Videos", "What to export", "Export options", "Videos", "Models", "First frame",
        "Quality", "Write to", "File type", "Choose…", "Export",
    ),
    "label_rows": (
        "Search videos by name", "Sort and filter", "Videos", "Picture", "Play", "Score over time",
        "Labels over time", "Panels", "Why this score", "Show both videos", "Agree", "Contribution of each segment",
    ),
}  # fmt: skip
"""Names of some widgets of states of the window, as they are read."""


def name_of(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return widget.accessibleName() or text


def walk_by_tab(window: QWidget, backwards: bool = False) -> list[str]:
    """Return the names of all widgets that Tab reaches, from the tool bar on."""
    key, modifiers = Qt.Key.Key_Tab, Qt.KeyboardModifier.NoModifier
    if backwards:
        key, modifiers = Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier
    first = focus_neighbour(window, None, forward=True)
    assert first is not None
    first.setFocus()
    names = []
    for _ in range(400):
        focused = window.focusWidget()
        assert focused is not None
        names.append(name_of(focused))
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.sendEvent(focused, QKeyEvent(kind, key, modifiers))
        if window.focusWidget() is first:
            return names
    raise AssertionError("Tab does not come round")


@pytest.mark.slow
@pytest.mark.styled
@pytest.mark.parametrize("name", ORDERS)
def test_a_screen_is_walked_as_it_is_read(
    qapp: QApplication, icons: Icons, themes: ThemeSource, tmp_path: Path, name: str
) -> None:
    walks: list[list[str]] = []

    def look(window: QWidget) -> None:
        walks.extend([walk_by_tab(window), walk_by_tab(window, backwards=True)])

    shoot(qapp, name, ThemeChoice.LIGHT, (1440, 900), tmp_path, wide=False, settle_ms=30, drawn=icons, look=look)
    themes.apply_theme()
    forwards, backwards = walks
    assert backwards == [forwards[0], *reversed(forwards[1:])]
    rest = iter(forwards)
    missed = [name for name in ORDERS[name] if name not in rest]
    assert missed == [], forwards
    assert "In all videos" not in forwards, "a panel behind the tab of another one"


def test_widgets_made_later_are_in_their_place(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    centre = QWidget(window)
    last, first, second = (QPushButton(text, centre) for text in ("last", "first", "second"))
    column = add_all(vertical(), first, second)
    row = add_all(horizontal(centre), column, last)
    grid = AdaptiveGrid(centre)
    right, left = QPushButton("right", grid), QPushButton("left", grid)
    places = (Place(left, 0, 0), Place(right, 0, 1))
    grid.set_arrangements(places, places, wide_factors=(1, 1), narrow_factors=(1, 1))
    row.insertWidget(1, grid)
    later = QPushButton("later", centre)
    column.insertWidget(1, later)
    hidden = QPushButton("hidden", centre)
    column.insertWidget(1, hidden)
    hidden.hide()
    window.show()
    names = []
    current: QWidget | None = None
    for _ in range(6):
        current = focus_neighbour(window, current, forward=True)
        assert current is not None
        names.append(name_of(current))
    assert names == ["first", "later", "second", "left", "right", "last"]
    back = focus_neighbour(window, current, forward=False)
    assert back is right
