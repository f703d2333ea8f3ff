"""Settings, keys, docks and a session that the window of version 0.1 left behind, found again by this version."""

import json
import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDockWidget
from pytestqt.qtbot import QtBot

from skillviewer.core.analysis.map_style import ColourLimits, MapInterpolation, MapStyle, Overlay
from skillviewer.core.paths import HOME_VARIABLE, config_dir
from skillviewer.core.video.clips import TimeRange
from skillviewer.ui.session.settings import Settings
from skillviewer.ui.shell.session_recorder import find_unclosed_session, sessions_dir
from skillviewer.ui.widgets.theme import ThemeChoice
from tests.test_opens_old_files import OLD
from tests.ui.conftest import MakeWindow
from tests.ui.fakes import FakeWorld

DOCKS = ("videos", "notes", "jobs", "why", "moments")
LEFT = Qt.DockWidgetArea.LeftDockWidgetArea


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Copy what the window kept to this computer, and read its settings where the program looks for them."""
    shutil.copytree(OLD / "home", tmp_path / "home")
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    return Settings.in_folder(config_dir())


def test_settings(settings: Settings) -> None:
    assert settings.path.is_file()
    assert (settings.theme, settings.text_size, settings.cache_gb) == (ThemeChoice.DARK, 115, 33)
    assert settings.keys == {"play": ("P", "Ctrl+Space"), "go_to": (), "find_video": ("F3",)}
    assert settings.map_style == MapStyle(Overlay.BOTH, ColourLimits.COMMON, MapInterpolation.INTERPOLATED, "cividis")
    assert (settings.passes, settings.automatic) == (4, False)
    assert settings.model == "/data/pegs/models/tiny"
    assert settings.compared_models == ("/data/pegs/models/tiny", "uniform")
    assert settings.recent == (Path("/data/pegs/pegs.skillstudy"), Path("/data/pegs/videos/ada_1.mp4"))
    assert (settings.export_folder, settings.user_name) == ("/data/pegs/exports", "Ann Ö")
    assert not settings.geometry.isEmpty()


def test_window_has_its_keys_its_look_and_its_docks(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, settings: Settings
) -> None:
    assert not settings.layout("inspect").isEmpty()
    made = make_window(world.backend())
    window, state = made.window, made.app_context.state
    assert (state.map_style.overlay, state.map_style.scale, state.passes) == (Overlay.BOTH, ColourLimits.COMMON, 4)
    keys = {name: [k.toString() for k in window.actions_[name].shortcuts()] for name in settings.keys}
    assert keys == {"play": ["P", "Ctrl+Space"], "go_to": [], "find_video": ["F3"]}
    assert window.actions_["undo"].shortcut() == QKeySequence("Ctrl+Z")

    docks = {
        name: window.findChild(QDockWidget, f"dock_{name}") for name in ("videos", "notes", "jobs", "why", "moments")
    }
    window.screens.show("inspect")
    shown = {name for name, dock in docks.items() if dock is not None and not dock.isHidden()}
    assert shown == {"notes", "jobs", "why", "moments"}, "the list of videos had been closed, the jobs opened"
    on_the_left = {name for name, dock in docks.items() if dock is not None and window.dockWidgetArea(dock) == LEFT}
    assert on_the_left == {"videos", "notes", "jobs"}, "the notes had been moved there"
    window.screens.show("compare")
    qtbot.waitUntil(lambda: docks["videos"] is not None and docks["videos"].isVisible())


def test_session(settings: Settings, tmp_path: Path) -> None:
    assert settings.path.is_file()
    (note,) = sessions_dir().iterdir()
    study = tmp_path / "pegs.skillstudy"
    shutil.copy(OLD / study.name, study)
    note.write_text(json.dumps(json.loads(note.read_text(encoding="utf-8")) | {"study": str(study)}), encoding="utf-8")
    place = find_unclosed_session(sessions_dir())
    assert place is not None
    assert (place.study, place.title, place.draft) == (str(study), "Pegs, first round", False)
    assert (place.frame, place.screen, place.noted_at) == (31, "compare", "2026-11-28T07:04:57+00:00")
    assert place.clip is not None
    assert (place.clip.path, place.clip.clip_range) == (Path("/data/pegs/videos/long.mp4"), TimeRange(0.5, 1.5))
    assert list(sessions_dir().glob("*.json")) == [], "it is offered once"
