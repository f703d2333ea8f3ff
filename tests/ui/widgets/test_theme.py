from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF, QGuiApplication, QPalette, QRawFont
from PySide6.QtWidgets import QApplication

from skillviewer.core.paths import resources_dir
from skillviewer.ui.actions.table import ACTIONS
from skillviewer.ui.session.video_entry import VideoState
from skillviewer.ui.widgets.fonts import FONT_FAMILY, app_font
from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.theme import DARK, LIGHT, Theme, ThemeChoice, ThemeSource
from tests.ui.widgets.test_contrast import luminance, rgb

pytestmark = pytest.mark.styled


def test_the_stage_is_dark_in_both() -> None:
    assert max(luminance(rgb(theme.stage)) for theme in (LIGHT, DARK)) < 0.02


class Scheme:
    def __init__(self) -> None:
        self.value = Qt.ColorScheme.Unknown

    def __call__(self) -> Qt.ColorScheme:
        return self.value


@pytest.fixture
def scheme() -> Scheme:
    return Scheme()


@pytest.fixture
def source(qapp: QApplication, scheme: Scheme, themes: ThemeSource) -> Iterator[ThemeSource]:
    yield ThemeSource(qapp, scheme)
    themes._apply()


def test_it_follows_the_system_and_unknown_is_light(source: ThemeSource, scheme: Scheme, qapp: QApplication) -> None:
    assert source.theme is LIGHT
    told: list[Theme] = []
    source.changed.connect(told.append)
    scheme.value = Qt.ColorScheme.Dark
    QGuiApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert told == [DARK]
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == DARK.window
    scheme.value = Qt.ColorScheme.Light
    QGuiApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert told == [DARK, LIGHT]


def test_a_choice_wins_over_the_system(source: ThemeSource, scheme: Scheme) -> None:
    source.choose(ThemeChoice.DARK)
    scheme.value = Qt.ColorScheme.Light
    QGuiApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert source.theme is DARK
    source.choose(ThemeChoice.SYSTEM)
    assert source.theme is LIGHT


@pytest.mark.usefixtures("themes")
def test_the_font_that_ships_is_used_and_its_figures_are_alike_in_width() -> None:
    font = app_font()
    raw = QRawFont.fromFont(font)
    assert raw.familyName() == FONT_FAMILY
    assert all(raw.glyphIndexesForString("Aé−×…“ß")), "no letter is a box"
    widths = {QFontMetricsF(font).horizontalAdvance(str(digit) * 10) for digit in range(10)}
    assert len(widths) == 1


def test_every_icon_is_there_and_takes_the_colour(icons: Icons) -> None:
    names = {spec.icon for spec in ACTIONS if spec.icon} | {f"state_{state}" for state in VideoState}
    names |= {"pause", "model", "filter", "close", "note", "warning", "error"}
    for name in names:
        image = icons.pixmap(name, "#ff0000", 32).toImage()
        reds = [image.pixelColor(x, y) for x in range(32) for y in range(32)]
        drawn = [c for c in reds if c.alpha() > 200]
        assert len(drawn) > 8, name
        assert all(c.red() > 200 and c.green() < 40 for c in drawn), name


def test_no_icon_is_shipped_for_nothing(icons: Icons) -> None:  # noqa: ARG001
    folder = resources_dir() / "icons"
    source = "".join(p.read_text(encoding="utf-8") for p in Path("skillviewer/ui").rglob("*.py"))
    unused = []
    for path in folder.glob("*.svg"):
        name = path.stem
        if f'"{name}"' not in source and f"{name}.svg" not in source and not name.startswith("state_"):
            unused.append(name)
    assert not unused
