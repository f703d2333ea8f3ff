"""States of the settings, the list of keys and the offer to restore a session, for tests and for screenshots."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from skillviewer.nets.model_library import find_models
from skillviewer.ui.preferences.dialog import Preferences
from skillviewer.ui.shell.guides import Guides
from skillviewer.ui.shell.models_page import ModelsPage

if TYPE_CHECKING:
    from tests.ui.states import Stage


def _settings(stage: "Stage") -> Preferences:
    stage.made.app_context.assessments.set_automatic(on=False)
    stage.open(3)
    stage.made.window.actions_["settings"].trigger()
    found = stage.made.window.findChild(Preferences)
    assert isinstance(found, Preferences)
    return found


def settings_looks(stage: "Stage") -> QWidget:
    """The first page."""
    return _settings(stage)


def settings_assessing(stage: "Stage") -> QWidget:
    """Passes and the user's name."""
    dialog = _settings(stage)
    dialog.show_page(dialog.assessing_page)
    return dialog


def settings_storage(stage: "Stage") -> QWidget:
    """The cache."""
    dialog = _settings(stage)
    dialog.show_page(dialog.storage_page)
    stage.pause(500)
    return dialog


def settings_keys(stage: "Stage") -> QWidget:
    """A key that belongs to another action."""
    dialog = _settings(stage)
    dialog.show_page(dialog.shortcuts_page)
    dialog.shortcuts_page.choose("go_to")
    dialog.shortcuts_page.key_edit.setFocus()
    QTest.keyClick(dialog.shortcuts_page.key_edit, Qt.Key.Key_K)
    return dialog


def guides(stage: "Stage") -> QWidget:
    """A guide with tables and a search."""
    stage.open(3)
    stage.made.window.actions_["guides"].trigger()
    found = stage.made.window.findChild(Guides)
    assert isinstance(found, Guides)
    found.show_guide("data")
    found.search_edit.setText("votes")
    return found


def models(stage: "Stage") -> QWidget:
    """The models on this computer."""
    stage.open(3)
    stage.made.window.actions_["choose_model"].trigger()
    found = stage.made.window.findChild(ModelsPage)
    assert isinstance(found, ModelsPage)
    stage.wait(lambda: bool(found.boxes))
    return found


def models_shipped(stage: "Stage") -> QWidget:
    """The models that ship with the program, and one of the user with a long name."""
    library = find_models()
    long_name = "Krankenhausaufnahmeuntersuchungszimmerkameraeinstellung_Version_12"
    stage.world.shipped_models = (replace(library[0], name=long_name, shipped=False), *library)
    return models(stage)


def settings_large(stage: "Stage") -> QWidget:
    """The largest text size, in the window."""
    stage.open(6)
    stage.assess(3)
    themes = stage.made.app_context.themes
    themes.resize_text(130)
    stage.pause(300)
    return stage.made.window


def start_return(stage: "Stage") -> QWidget:
    """The last session was not closed."""
    stage.made.window.start_page.offer_return("Gait of children after surgery, spring", "25.11.26 14:02")
    return stage.made.window


SETTINGS_STATES: dict[str, Callable[["Stage"], QWidget]] = {
    make.__name__: make
    for make in (
        settings_looks,
        settings_assessing,
        settings_storage,
        settings_keys,
        guides,
        start_return,
        settings_large,
        models,
        models_shipped,
    )
}
