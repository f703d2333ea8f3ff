"""What ARCHITECTURE.md promises to whoever adds to the window: one file, one line, and the new thing arrives."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QMenu, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from skillviewer.core.analysis import score_curve as curves
from skillviewer.core.analysis.score_curve import CURVE_LOOKS, CurveLook, ScoreCurve
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.figures import score_curve as figures
from skillviewer.ui.actions import table
from skillviewer.ui.actions.actions import Actions, Handlers
from skillviewer.ui.actions.table import ACTIONS, VIEW, ActionSpec
from skillviewer.ui.app import Composition
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.settings import Settings
from skillviewer.ui.session.video_list import VideoList
from skillviewer.ui.shell import main_window, menus
from skillviewer.ui.shell.command_palette import CommandPalette, all_actions
from skillviewer.ui.shell.page_spec import PANELS, SCREENS, PageSpec
from skillviewer.ui.shell.shortcut_sheet import ShortcutSheet
from skillviewer.ui.videos.columns import COLUMNS, VideoColumn
from skillviewer.ui.videos.panel import VideosPanel
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.icons import Icons
from tests.ui.conftest import MakeWindow
from tests.ui.fakes import FakeWorld, make_analysis, video_info
from tests.ui.hands import key


class Throwaway(QLabel):
    """A page with one action and one switch."""

    changed = Signal()
    raise_asked = Signal()

    def __init__(self, _app_context: AppContext, _actions: Actions, parent: QWidget) -> None:
        super().__init__("thrown away", parent)
        self.done: list[str] = []
        self.possible = True

    def handlers(self, _dialogs: Dialogs) -> Handlers:
        return Handlers(
            commands={"throw": lambda: self.done.append("thrown")},
            switches={"hold": lambda on: self.done.append(f"held {on}")},
            conditions={"throw": lambda: self.possible},
            change_signals=(self.changed,),
        )


THROW = ActionSpec("throw", VIEW, "Throw it", ("Ctrl+Alt+T",))
HOLD = ActionSpec("hold", VIEW, "Hold it", checkable=True)


def plant(monkeypatch: pytest.MonkeyPatch, *, screen: PageSpec | None = None, panel: PageSpec | None = None) -> None:
    screens, panels = SCREENS + ((screen,) if screen else ()), PANELS + ((panel,) if panel else ())
    monkeypatch.setattr(main_window.MainWindow.__init__, "__defaults__", (screens, panels))


def offered(made: Composition, typed: str) -> list[QAction]:
    """Return what the command palette finds."""
    made.window.actions_["palette"].trigger()
    palette = made.window.findChild(CommandPalette)
    assert palette is not None
    palette.search_edit.setText(typed)
    found = [palette.action_list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(palette.action_list.count())]
    palette.dismiss()
    return found


def test_a_screen_arrives_with_button_key_menu_palette_and_its_actions(
    make_window: MakeWindow, world: FakeWorld, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "ACTIONS", (*ACTIONS, *(replace(s, screen="throwaway") for s in (THROW, HOLD))))
    plant(monkeypatch, screen=PageSpec("throwaway", "Throw away", Throwaway))
    made = make_window(world.backend())
    window, actions = made.window, made.window.actions_
    made.app_context.open(world.touch("a.mp4"))
    qtbot.waitUntil(lambda: made.app_context.playback.video is not None)
    assert actions._bound == set(actions._actions)
    show = actions["show_throwaway"]
    assert [k.toString() for k in show.shortcuts()] == [f"Ctrl+{sum(not screen.standalone for screen in SCREENS) + 1}"]
    assert any(button.defaultAction() is show for button in window.tool_bar.findChildren(QToolButton))
    assert ("Throw away", show) in list(all_actions(window.menuBar()))
    assert offered(made, "throw away") == [show]
    assert window.findChild(Throwaway) is None, "made when it is first shown"
    key(window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    screen = window.findChild(Throwaway)
    assert isinstance(screen, Throwaway)
    assert screen.isVisible()
    assert screen.done == ["thrown"]
    assert show.isChecked()
    actions["hold"].trigger()
    assert screen.done == ["thrown", "held True"]
    screen.possible = False
    screen.changed.emit()
    assert not actions["throw"].isEnabled()
    assert window.panel.isVisible(), "names may be read on it, so the list of videos belongs to it"


def test_a_panel_arrives_as_a_dock_with_menu_palette_and_its_actions(
    make_window: MakeWindow, world: FakeWorld, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "ACTIONS", (*ACTIONS, THROW, HOLD))
    right = Qt.DockWidgetArea.RightDockWidgetArea
    plant(monkeypatch, panel=PageSpec("throwaway", "Throw away", Throwaway, right, screens=("inspect",)))
    made = make_window(world.backend())
    window, actions = made.window, made.window.actions_
    made.app_context.open(world.touch("a.mp4"))
    qtbot.waitUntil(lambda: made.app_context.playback.video is not None)
    panel = window.panel_named("throwaway")
    assert isinstance(panel, Throwaway)
    dock = panel.parentWidget()
    assert dock is not None
    assert window.dockWidgetArea(dock) is right  # type: ignore[arg-type]
    (toggle,) = offered(made, "panels: throw away")
    panel.raise_asked.emit()
    assert panel.isVisible()
    toggle.trigger()
    assert not panel.isVisible()
    actions["throw"].trigger()
    assert panel.done == ["thrown"]
    sheet = ShortcutSheet(actions, actions["change_keys"], window)
    assert "Throw it" in {label.text() for label in sheet.findChildren(QLabel)}
    window.screens.show("compare")
    assert not toggle.isVisible(), "it belongs to Inspect alone"


def test_actions_of_a_screen_must_be_those_that_it_hands_over(
    make_window: MakeWindow, world: FakeWorld, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "ACTIONS", (*ACTIONS, replace(THROW, screen="throwaway")))
    plant(monkeypatch, screen=PageSpec("throwaway", "Throw away", Throwaway))
    made = make_window(world.backend())
    with qtbot.captureExceptions() as caught:
        made.window.screens.get_page("throwaway")
    assert [str(error) for _, error, _ in caught] == [
        "actions of the screen 'throwaway' differ from its handlers: ['throw']"
    ]


def test_a_column_arrives_in_the_table_and_in_the_menu_of_orders(qtbot: QtBot, icons: Icons) -> None:
    column = VideoColumn(
        "letters",
        "Letters",
        "By letters",
        lambda entry, _: f"{len(entry.name)} letters",
        lambda entry, _: float(len(entry.name)),
        about="How long the name is",
        second_line=lambda entry, _: entry.path.suffix,
        widest="1000 letters",
    )
    videos = VideoList()
    app_context, actions = SimpleNamespace(videos=videos, icons=icons), {"open_videos": QAction("Open")}
    columns = (*COLUMNS[:2], column, *COLUMNS[2:])
    panel = VideosPanel(cast("AppContext", app_context), cast("Actions", actions), None, columns)
    qtbot.addWidget(panel)
    videos.add([Path("/v/four.mp4"), Path("/v/a.mp4"), Path("/v/three.mp4")])
    table_, view = panel.video_table, panel.videos_view
    assert table_.headerData(2, Qt.Orientation.Horizontal) == "Letters"
    assert table_.headerData(2, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole) == "How long the name is"
    assert table_.index(0, 2).data() == "4 letters"
    assert table_.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole).startswith("four, Letters 4 letters, ")
    assert Qt.AlignmentFlag.AlignRight in Qt.AlignmentFlag(table_.index(0, 2).data(Qt.ItemDataRole.TextAlignmentRole))
    assert not view.isColumnHidden(2)
    assert view.columnWidth(2) > view.fontMetrics().horizontalAdvance("1000 letters")
    menu = next(menu for menu in panel.findChildren(QMenu) if menu.actions())
    (order,) = (action for action in menu.actions() if action.text() == "By letters")
    order.trigger()
    assert [clip.path.stem for clip in panel.order] == ["a", "four", "three"]
    assert order.isChecked()


def middle(curve: ScoreCurve) -> ScoreCurve:
    """Draw the mean as one level line."""
    return replace(curve, mean=np.full_like(curve.mean, curve.mean.mean()))


def test_a_look_of_the_curve_arrives_in_menu_palette_plot_and_figure(
    make_window: MakeWindow,
    world: FakeWorld,
    settings: Settings,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    looks = (*CURVE_LOOKS, CurveLook("middle", "A level line", middle))
    monkeypatch.setattr(curves, "CURVE_LOOKS", looks)
    monkeypatch.setattr(menus, "CURVE_LOOKS", looks)
    made = make_window(world.backend())
    app_context = made.app_context
    app_context.open(world.touch("a.mp4"))
    app_context.models.refresh()
    app_context.models.choose_default(None)
    qtbot.waitUntil(lambda: app_context.state.analysis is not None and app_context.state.analysis.complete)
    (choose,) = offered(made, "score curve as: a level line")
    assert choose.isCheckable()
    plot = made.window.screens.get_page("inspect").curve  # type: ignore[attr-defined]
    assert np.ptp(plot.curve.mean) > 0
    choose.trigger()
    assert np.ptp(plot.curve.mean) == 0
    assert settings.curve_look == "lines", "a look that is gone is not taken up again"
    analysis = make_analysis(video_info(tmp_path / "a.mp4"), passes=3)
    options = [replace(figures.CurveOptions(), curve_look=look.name) for look in looks]
    video = AnalysedVideo(analysis)
    drawn = [figures.preview_curve([video], each, width_px=400).tobytes() for each in options]
    assert len(set(drawn)) == len(looks)
