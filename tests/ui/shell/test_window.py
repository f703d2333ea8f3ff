"""The window, driven as a user would: open, look, find, go."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from skillviewer.core.analysis.map_style import Overlay
from skillviewer.core.video.clips import VideoClip
from skillviewer.data.study import NewVideo, Study
from skillviewer.ui import app
from skillviewer.ui.app import Composition
from skillviewer.ui.player.transport import Transport
from skillviewer.ui.session.settings import Settings
from skillviewer.ui.session.video_entry import VideoState
from skillviewer.ui.shell.command_palette import CommandPalette
from skillviewer.ui.shell.go_to import GoTo
from skillviewer.ui.shell.shortcut_sheet import ShortcutSheet
from skillviewer.ui.videos.columns import COLUMNS
from skillviewer.ui.widgets.fonts import FONT_SIZE_PT, LETTERS
from skillviewer.ui.widgets.overlay_sheet import OverlaySheet
from tests.ui.conftest import MakeWindow, flush
from tests.ui.driving import drop, inspect, open_and_load, states
from tests.ui.fakes import N_SEGMENTS, FakeDialogs, FakeWorld
from tests.ui.hands import click, key, type_text

STATE = [column.name for column in COLUMNS].index("state")

PAGES = ("start", "inspect", "compare", "rank", "finetune", "export")


def test_it_opens_at_once_and_shows_what_to_do(window: Composition) -> None:
    shown = window.window
    assert shown.pages.currentWidget() is shown.start_page
    assert shown.start_page.videos_button.isVisible()
    assert not shown.panel.isVisible()
    assert "no model" in shown.status_bar.text


@pytest.mark.parametrize("given", ["videos", "study", "refused"])
def test_the_model_waits_for_what_is_opened_and_then_loads(
    qtbot: QtBot, window: Composition, world: FakeWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: str
) -> None:
    monkeypatch.setattr(app, "OPENING_S", 600.0)  # too long to wait for in vain
    files = world.touch("P07.mp4", "P12.mp4")
    if given == "refused":
        files = [tmp_path / "words.txt"]
        files[0].write_text("no video", encoding="utf-8")
    if given == "study":
        with Study.create(tmp_path / "knots") as study:
            study.videos.add([NewVideo(file) for file in files])
            files = [study.path]
    window.app_context.state.model_changed.connect(lambda *_: listed.append(len(window.app_context.videos)))
    listed: list[int] = []
    app.begin(window.app_context, files, None)
    qtbot.waitUntil(lambda: window.app_context.state.model is not None)
    assert listed[-1] == (0 if given == "refused" else 2)


def test_open_look_assess_and_read_the_score(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    files = world.touch("P07.mp4", "P12.mp4")
    open_and_load(qtbot, window, files)
    app_context, shown = window.app_context, window.window
    assert shown.pages.currentWidget() is inspect(window)
    assert "P07.mp4" in shown.windowTitle()
    qtbot.waitUntil(lambda: app_context.state.analysis is not None and app_context.state.analysis.complete)
    analysis = app_context.state.analysis
    assert analysis is not None
    assert f"{abs(analysis.score):.2f}" in inspect(window).score_header.text
    assert states(window) == ["done", "new"], "only the video on screen is assessed unasked"
    app_context.playback.seek(int(analysis.samples[0, 11]))
    qtbot.waitUntil(lambda: app_context.feed.settled)
    assert inspect(window).player.caption._text_label.longest_text == "map: this frame · sampled frame 12 of 25"
    app_context.playback.step(1)
    qtbot.waitUntil(lambda: app_context.feed.settled)
    assert inspect(window).player.caption._text_label.longest_text == "map: 0.03 s old · sampled frame 12 of 25"
    text = shown.status_bar.text
    for part in ("P07.mp4", "25 of 25 frames analysed", "30.00 fps", "1×", "model alpha", "cpu"):
        assert part in text
    number = app_context.playback.frame + 1
    assert f"frame {number}/90" in text, "frames count from 1 for people"


def test_a_checkpoint_is_dropped(qtbot: QtBot, window: Composition, tmp_path: Path) -> None:
    checkpoint = tmp_path / "my model"
    checkpoint.mkdir()
    (checkpoint / "config.json").touch()
    (checkpoint / "weights.safetensors").touch()
    drop(window, [checkpoint])
    qtbot.waitUntil(lambda: window.app_context.state.model is not None)
    assert window.app_context.state.model is not None
    assert window.app_context.state.model.name == "my model"
    assert "model my model" in window.window.status_bar.text


def test_playing_on_screen(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    app_context = window.app_context
    play = window.window.actions_["play"]
    play.trigger()
    qtbot.waitUntil(lambda: app_context.playback.frame > 10)
    play.trigger()
    qtbot.waitUntil(lambda: app_context.feed.settled)
    shown = inspect(window).player.canvas.displayed_frame
    assert shown is not None
    assert shown.picture.frame_index == app_context.playback.frame


def test_going_to_a_frame(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    inspect(window).player.transport._time_button.click()
    sheet = window.window.findChild(GoTo)
    assert sheet is not None
    sheet.place_edit.clear()
    type_text(sheet.place_edit, "00:01.5")
    assert sheet._hint_label.text() == "Frame 46 at 00:01.500"
    key(sheet.place_edit, Qt.Key.Key_Return)
    assert window.app_context.playback.frame == 45
    qtbot.waitUntil(lambda: window.window.findChild(GoTo) is None)


def test_the_palette_finds_and_does(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    window.window.actions_["palette"].trigger()
    palette = window.window.findChild(CommandPalette)
    assert palette is not None
    type_text(palette.search_edit, "dim everything")
    assert palette.action_list.count() == 1
    key(palette.search_edit, Qt.Key.Key_Return)
    assert window.app_context.state.map_style.overlay is Overlay.DIMMED
    qtbot.waitUntil(lambda: window.window.findChild(CommandPalette) is None)


def test_a_sheet_closes_on_escape_and_gives_the_focus_back(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    canvas = inspect(window).player.canvas
    canvas.setFocus()
    window.window.actions_["shortcuts"].trigger()
    sheet = window.window.findChild(ShortcutSheet)
    assert sheet is not None
    assert not canvas.hasFocus()
    focused = QApplication.focusWidget()
    assert focused is not None
    key(focused, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.window.findChild(ShortcutSheet) is None)
    assert canvas.hasFocus()


def test_a_sheet_closes_when_the_focus_goes_elsewhere(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    window.window.actions_["palette"].trigger()
    inspect(window).player.canvas.setFocus()
    qtbot.waitUntil(lambda: window.window.findChild(CommandPalette) is None)
    assert inspect(window).player.canvas.hasFocus()


def test_closing_all_videos_goes_back_to_the_first_page(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    window.window.actions_["close_study"].trigger()
    assert window.window.pages.currentWidget() is window.window.start_page
    assert window.app_context.playback.video is None
    open_and_load(qtbot, window, world.touch("b.mp4"))
    assert window.window.pages.currentWidget() is inspect(window)


def test_recent_files_are_offered_and_open(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, settings: Settings
) -> None:
    files = world.touch("a.mp4", "b & c.mp4")
    for path in files:
        settings.remember(path)
    made = make_window(world.backend())
    button = next(b for b in made.window.start_page.findChildren(QPushButton) if b.accessibleName() == str(files[1]))
    assert "b && c.mp4" in button.text()
    click(button)
    qtbot.waitUntil(lambda: made.app_context.feed.settled and made.app_context.playback.video is not None)
    assert settings.recent[0] == files[1]


def test_videos_are_opened_by_the_dialog(
    qtbot: QtBot, window: Composition, world: FakeWorld, dialogs: FakeDialogs
) -> None:
    dialogs.videos_answer = world.touch("a.mp4")
    window.window.actions_["open_videos"].trigger()
    qtbot.waitUntil(lambda: len(window.app_context.videos) == 1)
    dialogs.videos_answer = []
    window.window.actions_["open_videos"].trigger()
    qtbot.waitUntil(lambda: window.app_context.feed.settled)
    assert len(window.app_context.videos) == 1


def _go_to(qtbot: QtBot, window: Composition, world: FakeWorld, page: str) -> None:
    """Show the first page, or a screen with two videos open."""
    if page == "start":
        flush()
        return
    open_and_load(qtbot, window, world.touch("a.mp4", "b.mp4"))
    window.window.screens.show(page)
    flush()
    qtbot.waitUntil(lambda: window.app_context.feed.settled)


def _takes_focus(widget: QWidget) -> bool:
    """Say whether the keyboard can reach a widget that is on screen."""
    by_tab = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    return bool(by_tab) and widget.isVisible() and widget.isEnabled() and widget.focusProxy() is None


def _spoken(widget: QWidget) -> str:
    """Return what a screen reader says of a widget: its own name, or the words on it or beside it."""
    said = QAccessible.queryAccessibleInterface(widget)
    name = said.text(QAccessible.Text.Name) if said is not None else ""
    return name or widget.accessibleName() or widget.toolTip()


@pytest.mark.parametrize("page", PAGES)
def test_every_widget_that_takes_the_focus_has_a_name(
    qtbot: QtBot, window: Composition, world: FakeWorld, page: str
) -> None:
    _go_to(qtbot, window, world, page)
    reached = [widget for widget in window.window.findChildren(QWidget) if _takes_focus(widget)]
    assert len(reached) >= 2
    nameless = [
        f"{type(w).__name__} {w.objectName()} in {type(w.parent()).__name__}" for w in reached if not _spoken(w)
    ]
    assert not nameless, "\n".join(nameless)


def test_the_parts_of_inspect_have_names_of_their_own(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    _go_to(qtbot, window, world, "inspect")
    screen, panel = inspect(window), window.window.panel
    for widget in (screen.player.canvas, screen.curve, panel.videos_view, panel.search_edit):
        assert widget.accessibleName()


def _walk(key_: Qt.Key) -> list[QWidget]:
    """Return what has the focus in turn, until it comes round."""
    met: list[QWidget] = []
    for _ in range(200):
        focused = QApplication.focusWidget()
        assert focused is not None
        if focused in met:
            break
        met.append(focused)
        key(focused, key_)
    return met


@pytest.mark.parametrize("page", PAGES)
def test_the_window_can_be_walked_by_keyboard(qtbot: QtBot, window: Composition, world: FakeWorld, page: str) -> None:
    """Tab reaches all that takes the focus, and gets out of everything again; so does Shift+Tab."""
    _go_to(qtbot, window, world, page)
    shown = window.window
    (shown.start_page.videos_button if page == "start" else shown.screens.get_page(page)).setFocus()
    if QApplication.focusWidget() is None:
        shown.focusNextChild()
    met = _walk(Qt.Key.Key_Tab)
    reached = [widget for widget in shown.findChildren(QWidget) if _takes_focus(widget) and not _in_a_group(widget)]
    missed = [f"{type(w).__name__} {_spoken(w)}" for w in reached if w not in met]
    assert missed == []
    back = _walk(Qt.Key.Key_Backtab)
    assert [widget for widget in reached if widget not in back] == []
    if page == "inspect":
        screen = inspect(window)
        for widget in (
            shown.panel.videos_view,
            screen.player.canvas,
            screen.curve,
            screen.player.transport._play_button,
        ):
            assert widget in met
        assert len(met) > 8


def _in_a_group(widget: QWidget) -> bool:
    """Say whether a button is one of several of which Tab reaches the chosen one, and arrows the others."""
    return isinstance(widget, QAbstractButton) and widget.isCheckable() and widget.autoExclusive()


def test_the_list_state_words_follow(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    qtbot.waitUntil(lambda: window.app_context.videos[0].state is VideoState.DONE)
    table = window.window.panel.video_table
    assert table.index(0, STATE).data() == "assessed"
    assert window.window.panel._count_label.text() == "1 video, 1 assessed"
    assert window.app_context.videos[0].total in {0, N_SEGMENTS}


def test_files_can_be_dropped_anywhere(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    """No part of the window keeps what is dropped on it."""
    open_and_load(qtbot, window, world.touch("a.mp4"))
    assert window.window.acceptDrops()
    assert [widget for widget in window.window.findChildren(QWidget) if widget.acceptDrops()] == []


def test_docks_come_back_as_they_were(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    docks = window.window._docks
    assert not docks["jobs"].isVisible()
    window.window.show_jobs()
    window.app_context.studies.close()
    assert not docks["jobs"].isVisible()
    open_and_load(qtbot, window, world.touch("b.mp4"))
    assert docks["jobs"].isVisible()


def test_a_video_that_comes_back_is_known(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    files = world.touch("a.mp4")
    open_and_load(qtbot, window, files)
    qtbot.waitUntil(lambda: states(window) == ["done"])
    window.app_context.studies.close()
    window.app_context.assessments.set_automatic(on=False)
    open_and_load(qtbot, window, files)
    qtbot.waitUntil(lambda: states(window) == ["done"])
    assert window.app_context.state.analysis is not None
    assert len(world.assessed) == 1


def test_the_picture_has_the_focus_at_once(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    assert inspect(window).player.canvas.hasFocus()


def test_recent_files_can_be_forgotten(window: Composition, settings: Settings, tmp_path: Path) -> None:
    settings.remember(tmp_path / "a.mp4")
    window.window.recent_menu.refresh()
    assert window.window.recent_menu.isEnabled()
    window.window.recent_menu.actions()[-1].trigger()
    assert settings.recent == ()
    assert not window.window.recent_menu.isEnabled()


@pytest.mark.parametrize(("width", "both"), [(1700, True), (1000, False)])
def test_in_a_narrow_window_the_time_is_whole_and_the_frame_is_left_to_the_status_bar(
    qtbot: QtBot, window: Composition, world: FakeWorld, width: int, both: bool
) -> None:
    window.window.resize(width, 700)
    open_and_load(qtbot, window, world.touch("a.mp4"))
    transport = inspect(window).player.transport
    time = next(b for b in transport.findChildren(QToolButton) if b.text().startswith("00:00"))
    frame = next(label for label in transport.findChildren(QLabel) if label.text().startswith("frame"))
    qtbot.waitUntil(lambda: frame.isVisible() is both and transport.rect().contains(time.geometry()))
    assert time.width() >= time.sizeHint().width()
    assert transport.rect().contains(frame.geometry()) or not both


def test_what_can_be_left_out_under_the_picture_takes_no_room_from_the_panels(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    transport = inspect(window).player.transport
    frame = next(label for label in transport.findChildren(QLabel) if label.text().startswith("frame"))
    least = []
    for width, whole in ((1700, True), (1000, False)):
        window.window.resize(width, 700)
        qtbot.waitUntil(lambda: frame.isVisible() is whole)  # noqa: B023 - waited for at once
        least.append(transport.minimumSizeHint().width())
    assert least[0] == least[1], "whatever is shown now"


def test_a_filter_never_leaves_the_video_on_screen(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch(*(f"v{i}.mp4" for i in range(4))))
    app_context, panel = window.app_context, window.window.panel
    qtbot.waitUntil(lambda: all(entry.study_name for entry in app_context.videos))
    seen: list[object] = []
    app_context.state.current_changed.connect(seen.append)
    panel.video_filter.set_state(VideoState.NEW)
    app_context.assessments.ask_all()
    qtbot.waitUntil(lambda: not app_context.assessments.is_busy)
    assert {entry.state for entry in app_context.videos} == {VideoState.DONE}
    assert seen == [], "nobody chose another video"
    assert panel.video_filter.rowCount() == 1, "the one on screen stays"
    panel.video_filter.set_state(None)
    assert panel.video_filter.rowCount() == 4


def test_looking_for_a_video_shows_the_list_that_was_closed(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    docks = window.window._docks
    docks["videos"].close()
    window.window.actions_["find_video"].trigger()
    qtbot.waitUntil(window.window.panel.search_edit.hasFocus)
    assert window.window.panel.search_edit.isVisible()


@pytest.mark.parametrize("first", ["palette", "shortcuts"])
def test_a_sheet_over_a_sheet_gives_the_focus_back_to_what_had_it_before_both(
    qtbot: QtBot, window: Composition, world: FakeWorld, first: str
) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    made = window.window
    inspect(window).focus_player()
    before = QApplication.focusWidget()
    made.actions_[first].trigger()
    flush()
    made.actions_["shortcuts" if first == "palette" else "palette"].trigger()
    flush()
    sheet = next(sheet for sheet in made.findChildren(OverlaySheet) if sheet.isVisible())
    with qtbot.captureExceptions() as raised:
        sheet.dismiss()
        flush()
    assert raised == []
    assert QApplication.focusWidget() is before


@pytest.mark.slow
def test_titles_chips_and_lists_take_another_size_of_text_at_once(
    qtbot: QtBot, window: Composition, world: FakeWorld
) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    for screen in ("export", "rank", "inspect"):
        window.window.actions_[f"show_{screen}"].trigger()
        flush()
    every = window.window.findChildren(QWidget)
    lettered = [w for w in every if w.property("letters") and w.testAttribute(Qt.WidgetAttribute.WA_WState_Polished)]
    assert {"fine", "figure", "plain", "page"} <= {str(w.property("letters")) for w in lettered}
    family = QApplication.font().family()
    try:
        for percent in (130, 100):
            window.app_context.themes.resize_text(percent)
            flush()
            for widget in filter(isValid, lettered):  # rows of moments may have been made anew
                share, weight = LETTERS[str(widget.property("letters"))]
                font = widget.font()
                assert font.pointSizeF() == pytest.approx(FONT_SIZE_PT * share * percent / 100, abs=0.01)
                assert (font.weight(), font.family()) == (weight, family)
    finally:
        window.app_context.themes.resize_text(100)


def test_the_time_is_never_cut_in_another_size_of_text(qtbot: QtBot, window: Composition, world: FakeWorld) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4"))
    window.window.resize(1280, 720)
    transport = window.window.findChild(Transport)
    assert transport is not None
    time = next(button for button in transport.findChildren(QToolButton) if " / " in button.text())
    try:
        for percent in (130, 100):
            window.app_context.themes.resize_text(percent)
            qtbot.waitUntil(lambda: time.width() >= time.sizeHint().width())
            caption = inspect(window).player.caption
            stage = window.app_context.themes.theme.stage
            assert caption.palette().color(caption.backgroundRole()).name() == stage, "the stage stays dark"
    finally:
        window.app_context.themes.resize_text(100)


def test_a_recent_study_is_listed_with_the_picture_of_its_first_video(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, settings: Settings, tmp_path: Path
) -> None:
    """Nothing is drawn for a file that is gone; a picture of a file that is no longer listed is dropped."""
    with Study.create(tmp_path / "knots") as study:
        study.videos.add([NewVideo(path) for path in world.touch("a.mp4", "b.mp4")])
    gone = tmp_path / "gone.skillstudy"
    for path in (gone, study.path):
        settings.remember(path)
    start = make_window(world.backend()).window.start_page
    buttons = {b.accessibleName(): b for b in start.findChildren(QPushButton) if b.accessibleName()}
    qtbot.waitUntil(lambda: not buttons[str(study.path)].icon().isNull())
    assert buttons[str(gone)].icon().isNull()
    start.set_recent((gone,))
    flush()
    start.set_picture(study.path, np.zeros((36, 64, 3), np.uint8))
    assert all(button.icon().isNull() for button in start.findChildren(QPushButton) if button.isVisible())


def test_a_change_far_down_the_list_is_shown_as_soon_as_one_at_its_top(window: Composition) -> None:
    """Qt would take the row of a change for the milliseconds of a timer that the signal starts."""
    videos = window.app_context.videos
    paths = videos.add([Path(f"/v/{i}.mp4") for i in range(400)])
    flush()
    videos.update(VideoClip(paths[-1]), state=VideoState.FAILED)
    timers = [*window.window.panel.findChildren(QTimer), *window.bindings.findChildren(QTimer)]
    assert max(timer.remainingTime() for timer in timers) < 200  # the row is 399
