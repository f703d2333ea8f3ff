from pathlib import Path

import pytest
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from skillviewer.core.analysis.map_style import ColourLimits, MapStyle, Overlay
from skillviewer.ui.app import begin
from skillviewer.ui.session.settings import DEFAULT_CACHE_GB, MAX_RECENT, Settings
from skillviewer.ui.shell.window_geometry import clamped
from skillviewer.ui.widgets.theme import ThemeChoice
from tests.ui.conftest import MakeWindow
from tests.ui.fakes import FakeWorld

ONE = QRect(0, 0, 1920, 1080)
TWO = QRect(1920, 0, 2560, 1440)


def test_what_is_set_is_there_next_time(tmp_path: Path) -> None:
    first = Settings.in_folder(tmp_path)
    first.theme = ThemeChoice.DARK
    first.map_style = MapStyle(overlay=Overlay.CONTOUR, scale=ColourLimits.FRAME, colours="cividis")
    first.passes = 4
    first.model = "/models/mine"
    first.automatic = False
    first.remember(tmp_path / "a b.mp4")
    first.save()
    second = Settings.in_folder(tmp_path)
    assert second.theme is ThemeChoice.DARK
    assert second.map_style == MapStyle(overlay=Overlay.CONTOUR, scale=ColourLimits.FRAME, colours="cividis")
    assert (second.passes, second.model, second.automatic) == (4, "/models/mine", False)
    assert second.recent == (tmp_path / "a b.mp4",)


def test_nonsense_counts_as_not_set(tmp_path: Path) -> None:
    (tmp_path / "window.ini").write_text(
        "[window]\ntheme=purple\n[look]\noverlay=sparkles\ncolours=jet\n[model]\npasses=many\n", encoding="utf-8"
    )
    settings = Settings.in_folder(tmp_path)
    assert settings.theme is ThemeChoice.SYSTEM
    assert settings.map_style == MapStyle()
    assert settings.passes == 1
    assert settings.recent == ()
    (tmp_path / "damaged").mkdir()
    nines = "9" * 5000
    (tmp_path / "damaged" / "window.ini").write_text(
        f"[storage]\nfeatures_gb={nines}\n[model]\npasses={nines}\nfolder=a, b\n[window]\ntext_size={nines}\n"
        "[person]\nname=@ByteArray(Ann)\n",
        encoding="utf-8",
    )
    damaged = Settings.in_folder(tmp_path / "damaged")
    assert (damaged.cache_gb, damaged.passes, damaged.text_size) == (DEFAULT_CACHE_GB, 1, 100)
    assert damaged.model == damaged.user_name == ""


def test_recent_files_are_few_and_the_latest_first(settings: Settings) -> None:
    for i in range(20):
        settings.remember(Path(f"/{i}"))
    settings.remember(Path("/15"))
    assert settings.recent[:3] == (Path("/15"), Path("/19"), Path("/18"))
    assert len(settings.recent) == MAX_RECENT
    settings.forget_recent()
    assert settings.recent == ()


@pytest.mark.parametrize(
    ("window", "screens", "expected"),
    [
        (QRect(100, 100, 1200, 800), [ONE], QRect(100, 100, 1200, 800)),
        (QRect(2500, 200, 1200, 800), [ONE, TWO], QRect(2500, 200, 1200, 800)),
        (QRect(2500, 200, 1200, 800), [ONE], QRect(0, 0, 1200, 800)),  # the second screen is gone
        (QRect(-5000, -5000, 1200, 800), [ONE], QRect(0, 0, 1200, 800)),
        (QRect(10, 10, 4000, 3000), [ONE], QRect(10, 10, 1920, 1080)),  # too large for any
        (QRect(1900, 100, 1200, 800), [ONE], QRect(0, 0, 1200, 800)),  # only a sliver in sight
        (QRect(100, 1060, 1200, 800), [ONE], QRect(100, 280, 1200, 800)),  # its title is below the edge
    ],
)
def test_the_window_lies_where_it_can_be_reached(window: QRect, screens: list[QRect], expected: QRect) -> None:
    assert clamped(window, screens) == expected


def test_size_and_look_come_back(qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, settings: Settings) -> None:
    first = make_window(world.backend())
    first.window.resize(1000, 640)
    first.app_context.state.set_map_style(overlay=Overlay.DIMMED)
    first.app_context.state.set_passes(2)
    first.window.close()
    qtbot.waitUntil(lambda: not first.window.isVisible())
    assert not settings.geometry.isEmpty()
    probe = QMainWindow()
    assert probe.restoreGeometry(settings.geometry)
    assert probe.height() == 640
    second = make_window(world.backend())
    assert second.app_context.state.map_style.overlay is Overlay.DIMMED
    assert second.app_context.state.passes == 2


def test_the_model_used_last_is_loaded_again(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, settings: Settings
) -> None:
    first = make_window(world.backend())
    begin(first.app_context, [], "beta")
    qtbot.waitUntil(lambda: first.app_context.state.model is not None)
    second = make_window(world.backend())
    begin(second.app_context, [], None)
    qtbot.waitUntil(lambda: second.app_context.state.model is not None)
    assert world.opened_models == ["beta", "beta"]
    settings.model = str(world.folder / "models" / "deleted")
    third = make_window(world.backend())
    begin(third.app_context, [], None)
    qtbot.waitUntil(lambda: third.app_context.state.model is not None)
    assert world.opened_models[-1] == "alpha", "one that is gone makes way for the first"
    (message,) = third.app_context.messages.waiting
    assert "deleted: alpha is used instead" in message.text, "and that is said"


def test_a_model_from_a_folder_of_its_own_is_loaded_again(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, settings: Settings, tmp_path: Path
) -> None:
    own = tmp_path / "mine"
    own.mkdir()
    for name in ("config.json", "weights.safetensors"):
        (own / name).write_text("{}")
    first = make_window(world.backend())
    begin(first.app_context, [], str(own))
    qtbot.waitUntil(lambda: first.app_context.state.model is not None)
    assert settings.model == str(own)
    second = make_window(world.backend())
    begin(second.app_context, [], None)
    qtbot.waitUntil(lambda: second.app_context.state.model is not None)
    assert world.opened_models == ["mine", "mine"]


def test_settings_that_cannot_be_kept_are_said(
    qtbot: QtBot, make_window: MakeWindow, world: FakeWorld, settings: Settings
) -> None:
    settings.path.unlink(missing_ok=True)
    settings.path.mkdir()
    window = make_window(world.backend())
    begin(window.app_context, [], None)
    qtbot.waitUntil(lambda: window.app_context.state.model is not None)
    (message,) = window.app_context.messages.waiting
    assert f"{settings.path} cannot be written" in message.text
