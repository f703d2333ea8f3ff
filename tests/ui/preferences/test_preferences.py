"""The dialog of settings: what is set counts at once, is remembered, and is the same everywhere."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from skillviewer.core.analysis.map_style import Overlay
from skillviewer.ui.actions.actions import conflicts, key_text, portable_key, with_chosen_keys
from skillviewer.ui.actions.table import with_screens
from skillviewer.ui.app import Composition
from skillviewer.ui.preferences.dialog import Preferences
from skillviewer.ui.preferences.shortcuts_page import ShortcutsPage
from skillviewer.ui.session.settings import Settings
from skillviewer.ui.shell.command_palette import CommandPalette
from skillviewer.ui.shell.page_spec import SCREENS
from skillviewer.ui.shell.shortcut_sheet import ShortcutSheet
from skillviewer.ui.widgets.theme import ThemeChoice
from tests.ui.conftest import MakeWindow
from tests.ui.fakes import FakeDialogs, FakeWorld
from tests.ui.hands import click, key, type_text

ACTIONS = with_screens([(screen.name, screen.title, screen.icon) for screen in SCREENS if not screen.standalone])

NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def dialog(qtbot: QtBot, window: Composition) -> Preferences:
    window.window.actions_["settings"].trigger()
    found = window.window.findChild(Preferences)
    assert isinstance(found, Preferences)
    qtbot.waitExposed(found)
    return found


@pytest.fixture
def keys(dialog: Preferences) -> ShortcutsPage:
    dialog.show_page(dialog.shortcuts_page)
    return dialog.shortcuts_page


def choose(dialog: Preferences, name: str, value: object) -> None:
    box = (
        dialog.appearance_page.boxes.get(name)
        or getattr(dialog.appearance_page, name, None)
        or getattr(dialog.assessing_page, name)
    )
    values = [box.itemData(at) for at in range(box.count())]
    box.setCurrentIndex(values.index(value))
    box.activated.emit(box.currentIndex())


def give(
    keys: ShortcutsPage, name: str, which: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    """Choose an action and press a key for it."""
    keys.choose(name)
    keys.key_edit.setFocus()
    key(keys.key_edit, which, modifiers)


def leave(qtbot: QtBot, window: Composition, keys: ShortcutsPage) -> None:
    """Close the dialog and go on in the window."""
    keys.window().close()
    window.window.activateWindow()
    qtbot.waitUntil(window.window.isActiveWindow)


def test_looks_count_at_once_and_are_remembered(window: Composition, dialog: Preferences, settings: Settings) -> None:
    choose(dialog, "overlay", Overlay.CONTOUR)
    choose(dialog, "colours", "cividis")
    assert window.app_context.state.map_style.overlay is Overlay.CONTOUR
    assert (settings.map_style.overlay, settings.map_style.colours) == (Overlay.CONTOUR, "cividis")
    window.app_context.state.set_map_style(overlay=Overlay.DIMMED)
    assert dialog.appearance_page.boxes["overlay"].currentText() == "Dim everything else"
    choose(dialog, "theme_box", ThemeChoice.DARK)
    assert window.app_context.themes.theme.dark
    assert settings.theme is ThemeChoice.DARK
    choose(dialog, "theme_box", ThemeChoice.LIGHT)


@pytest.mark.styled
def test_words_grow_at_once(qapp: QApplication, window: Composition, dialog: Preferences, settings: Settings) -> None:
    before = qapp.font().pointSizeF()
    choose(dialog, "text_size_box", 130)
    assert qapp.font().pointSizeF() == pytest.approx(1.3 * before)
    assert settings.text_size == 130
    assert window.window.panel.search_edit.font().pointSizeF() == pytest.approx(1.3 * before)
    choose(dialog, "text_size_box", 100)
    assert qapp.font().pointSizeF() == pytest.approx(before)


def test_assessing_is_the_same_in_menu_and_dialog(window: Composition, dialog: Preferences, settings: Settings) -> None:
    choose(dialog, "passes_box", 4)
    assert (window.app_context.state.passes, settings.passes) == (4, 4)
    window.app_context.state.set_passes(2)
    assert dialog.assessing_page.passes_box.currentData() == 2
    assert dialog.assessing_page.automatic_box.isChecked()
    dialog.show_page(dialog.assessing_page)
    dialog.assessing_page.automatic_box.click()
    assert not window.app_context.assessments.automatic
    assert not settings.automatic
    window.window.actions_["automatic"].trigger()
    assert dialog.assessing_page.automatic_box.isChecked()


def test_the_person_signs(dialog: Preferences, settings: Settings) -> None:
    dialog.show_page(dialog.assessing_page)
    dialog.assessing_page.user_name_edit.setFocus()
    type_text(dialog.assessing_page.user_name_edit, " Dr. Ada ")
    key(dialog.assessing_page.user_name_edit, Qt.Key.Key_Return)
    assert settings.user_name == "Dr. Ada"
    assert dialog.isVisible(), "Enter in a field does not close the dialog"


def test_the_cache_is_measured_and_emptied_after_a_question(
    qtbot: QtBot, window: Composition, dialog: Preferences, dialogs: FakeDialogs, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("SKILLVIEWER_HOME", str(tmp_path / "home"))
    kept = tmp_path / "home" / "cache"
    for name, size in (("features/ab/x.safetensors", 2_000_000), ("analyses/a.npz", 500)):
        (kept / name).parent.mkdir(parents=True)
        (kept / name).write_bytes(b"x" * size)
    page = dialog.storage_page
    dialog.show_page(page)
    qtbot.waitUntil(page.empty_button.isEnabled)
    assert page.kept_label.text().startswith("2 MB total\n2 MB features")
    dialogs.confirm_answer = False
    click(page.empty_button)
    assert "2 MB" in dialogs.asked[-1]
    assert (kept / "features/ab/x.safetensors").exists()
    dialogs.confirm_answer = True
    click(page.empty_button)
    qtbot.waitUntil(lambda: page.kept_label.text().startswith("500 bytes"))
    assert not (kept / "features/ab/x.safetensors").exists()
    assert (kept / "analyses/a.npz").exists()
    assert not page.empty_button.isEnabled()
    page.limit_box.setCurrentIndex(page.limit_box.findData(50))
    page.limit_box.activated.emit(page.limit_box.currentIndex())
    assert window.app_context.settings.cache_gb == 50


def test_there_is_one_dialog_and_it_does_not_hold_the_window_up(window: Composition, dialog: Preferences) -> None:
    window.window.actions_["settings"].trigger()
    assert window.window.findChildren(Preferences) == [dialog]
    assert not dialog.isModal()
    key(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


# keys


def test_a_free_key_is_added_and_counts_at_once(
    qtbot: QtBot, window: Composition, keys: ShortcutsPage, world: FakeWorld, settings: Settings
) -> None:
    give(keys, "play", Qt.Key.Key_Y)
    assert keys.key_edit.keySequence().toString() == "Y"
    assert keys.message_label.text() == ""
    click(keys.add_button)
    actions = window.window.actions_
    assert actions.keys("play") == ("Space", "K", "Y")
    assert settings.keys == {"play": ("Space", "K", "Y")}
    leave(qtbot, window, keys)
    window.app_context.open(world.touch("a.mp4"))
    qtbot.waitUntil(lambda: window.app_context.playback.video is not None and window.app_context.feed.settled)
    canvas = window.window.screens.get_page("inspect").player.canvas  # type: ignore[attr-defined]
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus)
    key(canvas, Qt.Key.Key_Y)
    assert window.app_context.playback.playing
    key(canvas, Qt.Key.Key_Y)


def test_a_key_that_is_taken_is_named_and_moves_only_when_asked(window: Composition, keys: ShortcutsPage) -> None:
    actions = window.window.actions_
    give(keys, "go_to", Qt.Key.Key_K)
    assert "“Play or pause” (player)" in keys.message_label.text()
    assert keys.add_button.text() == "Reassign"
    assert actions.keys("play") == ("Space", "K"), "nothing moves before it is asked for"
    click(keys.add_button)
    assert actions.keys("go_to") == ("Ctrl+G", "K")
    assert actions.keys("play") == ("Space",)
    assert "K" not in actions.keys("rank_play")
    assert conflicts(actions.specs) == []


def test_the_same_key_on_two_screens_that_never_meet_is_no_conflict(window: Composition, keys: ShortcutsPage) -> None:
    give(keys, "compare_all", Qt.Key.Key_X)
    assert keys.message_label.text() == "", "X belongs to Rank, and Rank is another screen"
    click(keys.add_button)
    assert window.window.actions_.keys("compare_all") == ("X",)
    assert window.window.actions_.keys("rank_skip") == ("X",)
    give(keys, "compare_all", Qt.Key.Key_M)
    assert "Choose models" in keys.message_label.text()


@pytest.mark.parametrize(
    ("which", "modifiers", "words"),
    [
        (Qt.Key.Key_F, Qt.KeyboardModifier.AltModifier, "File menu"),
        (Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, "already"),
    ],
)
def test_keys_that_cannot_be_had_are_refused_with_the_reason(
    keys: ShortcutsPage, which: Qt.Key, modifiers: Qt.KeyboardModifier, words: str
) -> None:
    give(keys, "play", which, modifiers)
    assert words in keys.message_label.text()
    assert not keys.add_button.isEnabled()


def test_tab_and_escape_lead_out_of_the_field(keys: ShortcutsPage) -> None:
    keys.choose("play")
    keys.key_edit.setFocus()
    key(keys.key_edit, Qt.Key.Key_Tab)
    assert not keys.key_edit.hasFocus()
    assert keys.key_edit.keySequence().toString() == ""
    keys.key_edit.setFocus()
    key(keys.key_edit, Qt.Key.Key_Shift, SHIFT)
    assert keys.key_edit.keySequence().toString() == ""


def test_keys_are_given_back(window: Composition, keys: ShortcutsPage, settings: Settings) -> None:
    actions = window.window.actions_
    give(keys, "go_to", Qt.Key.Key_K)
    click(keys.add_button)
    keys.choose("loop")
    click(keys.clear_button)
    assert actions.keys("loop") == ()
    assert set(settings.keys) >= {"go_to", "loop", "play"}
    keys.choose("play")
    click(keys.reset_button)
    assert "other actions" in keys.message_label.text()
    keys.choose("loop")
    click(keys.reset_button)
    assert actions.keys("loop") == ("Shift+L",)
    click(keys.reset_all_button)
    assert settings.keys == {}
    assert actions.specs == ACTIONS


def test_menus_tooltips_palette_and_the_sheet_of_keys_follow(
    qtbot: QtBot, window: Composition, keys: ShortcutsPage
) -> None:
    actions = window.window.actions_
    give(keys, "palette", Qt.Key.Key_F6)
    click(keys.add_button)
    keys.choose("go_to")
    click(keys.clear_button)
    give(keys, "go_to", Qt.Key.Key_F7)
    click(keys.add_button)
    assert [s.toString() for s in actions["go_to"].shortcuts()] == ["F7"]
    assert actions["go_to"].toolTip().endswith("F7")
    leave(qtbot, window, keys)
    key(window.window, Qt.Key.Key_F6)
    palette = window.window.findChild(CommandPalette)
    assert palette is not None
    type_text(palette.search_edit, "go to time")
    row = palette.action_list.itemWidget(palette.action_list.item(0))
    assert [label.text() for label in row.findChildren(QLabel)][-1] == "F7"
    key(palette.search_edit, Qt.Key.Key_Escape)
    actions["shortcuts"].trigger()
    sheet = window.window.findChild(ShortcutSheet)
    assert sheet is not None
    shown = {label.text() for label in sheet.findChildren(QLabel)}
    assert "F7" in shown
    assert key_text("Ctrl+K") + "   F6" in shown
    click(sheet.change_keys_button)
    assert window.window.findChild(Preferences) is not None


def test_search_finds_actions_and_keys(keys: ShortcutsPage) -> None:
    def found() -> list[str]:
        rows = [r for r in range(keys.shortcut_table.rowCount()) if not keys.shortcut_table.isRowHidden(r)]
        items = [keys.shortcut_table.item(r, 0) for r in rows]
        return [item.text() for item in items if item is not None]

    assert len(found()) == len(ACTIONS), "every action has its row"
    type_text(keys.search_edit, "full screen")
    assert found() == ["View: Full screen"]
    keys.search_edit.clear()
    type_text(keys.search_edit, "F11")
    assert found() == ["View: Full screen"]


def test_changed_keys_are_there_next_time(make_window: MakeWindow, world: FakeWorld, settings: Settings) -> None:
    settings.keys = {"play": ("Y",), "full_screen": (), "gone": ("Q",), "loop": ("nonsense+key",)}
    actions = make_window(world.backend()).window.actions_
    assert actions.keys("play") == ("Y",)
    assert actions.keys("full_screen") == ()
    assert actions.keys("loop") == ()
    assert "gone" not in actions.chosen_keys
    assert [s.toString() for s in actions["play"].shortcuts()] == ["Y"]


def test_no_choice_makes_a_key_mean_two_things() -> None:
    for chosen in (
        {"open_videos": ("Space",)},
        {"play": ("Ctrl+O",), "go_to": ("Ctrl+O",)},
        {"stop": ("space", "Space")},
    ):
        found = with_chosen_keys(ACTIONS, chosen)
        assert conflicts(found) == []
    assert next(s for s in with_chosen_keys(ACTIONS, {"open_videos": ("Space",)}) if s.name == "open_videos").keys == (
        "Space",
    )
    assert next(s for s in with_chosen_keys(ACTIONS, {"open_videos": ("Space",)}) if s.name == "play").keys == ("K",)


def test_keys_are_written_in_one_way() -> None:
    assert portable_key("ctrl+shift+z") == portable_key("Shift+Ctrl+Z") == "Ctrl+Shift+Z"
    assert portable_key("gibberish") == ""


# the palette


def test_the_palette_offers_every_action_that_is_there(window: Composition) -> None:
    window.window.actions_["palette"].trigger()
    palette = window.window.findChild(CommandPalette)
    assert palette is not None
    offered = {
        palette.action_list.item(row).data(Qt.ItemDataRole.UserRole).objectName()
        for row in range(palette.action_list.count())
    }
    there = {spec.name for spec in ACTIONS if window.window.actions_[spec.name].isVisible()} - {"palette"}
    assert there <= offered
    assert {"show_inspect", "show_compare", "show_rank", "show_finetune", "settings", "change_keys"} <= offered
    palette.dismiss()
