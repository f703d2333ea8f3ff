"""Contrast after WCAG 2.1, level AA, computed: of the style sheet, of what is painted, and of words on the screen."""

import re
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton, QLabel, QSlider, QWidget
from pytestqt.exceptions import TimeoutError as QtTimeoutError
from pytestqt.qtbot import QtBot

from skillviewer.core.paths import resources_dir
from skillviewer.ui.app import Composition
from skillviewer.ui.comparing.curve_lines import LINE_STYLES
from skillviewer.ui.inspecting.cell_map import mark_colour
from skillviewer.ui.ranking.clock_bar import PLAYED_OPACITY
from skillviewer.ui.widgets.layout import scroll_area
from skillviewer.ui.widgets.signed_bar import sign_colour
from skillviewer.ui.widgets.theme import DARK, LIGHT, Theme, ThemeChoice
from tests.ui.conftest import flush
from tests.ui.driving import open_and_load
from tests.ui.fakes import FakeWorld

pytestmark = pytest.mark.styled

WORDS, GRAPHICS = 4.5, 3.0
"""Least contrast of words (1.4.3), and of focus rings, borders and graphics with a meaning (1.4.11)."""
BOTH = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
Rgb = tuple[float, float, float]


def rgb(colour: str) -> Rgb:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def luminance(colour: Rgb) -> float:
    """Relative luminance by the definition of WCAG 2.1."""
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: Rgb, b: Rgb) -> float:
    """Contrast ratio by WCAG 2.1, 1 to 21."""
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


def over(colour: Rgb, ground: Rgb, opacity: float) -> Rgb:
    """Colour that is painted over a ground with an opacity."""
    red, green, blue = (opacity * c + (1 - opacity) * g for c, g in zip(colour, ground, strict=True))
    return red, green, blue


def test_the_formula_is_that_of_the_standard() -> None:
    assert contrast((0, 0, 0), (1, 1, 1)) == pytest.approx(21)
    assert contrast(rgb("#777777"), rgb("#ffffff")) == pytest.approx(4.48, abs=0.005), "the well-known near miss"
    assert contrast(rgb("#767676"), rgb("#ffffff")) == pytest.approx(4.54, abs=0.005)


def rules() -> Iterator[tuple[str, dict[str, str]]]:
    """Selector and properties of each rule of the style sheet, colours as ``${name}``."""
    sheet = (resources_dir() / "style" / "window.qss").read_text(encoding="utf-8")
    for selector, body in re.findall(r"([^{}]+)\{((?:[^{}]|\$\{\w+\})*)\}", sheet.replace("${letters}", "")):
        parts = (part.partition(":") for part in body.split(";") if ":" in part)
        yield selector.strip(), {name.strip(): value.strip() for name, _, value in parts}


def with_accessible_name(value: str) -> list[str]:
    return re.findall(r"\$\{(\w+)\}", value)


GROUNDS = ("window", "base")
DISABLED = {"QMenu::item:disabled", "QPushButton:disabled", "QComboBox:disabled", "QAbstractSpinBox:disabled"}
"""Exempt by 1.4.3 and 1.4.11: what cannot be used need not stand out."""
PRIMARY_FOCUS = 'QPushButton[primary="true"]:focus'
"""Its ring lies inside, on the accent."""
FOR_THE_EYE = {"line"}
"""Lines between parts, which nothing is known by."""


@BOTH
def test_words_of_the_style_sheet_stand_out_from_their_ground(theme: Theme) -> None:
    n = 0
    for selector, rule in rules():
        if selector in DISABLED or "color" not in rule:
            continue
        behind = with_accessible_name(rule.get("background", "")) or GROUNDS
        for words in with_accessible_name(rule["color"]):
            for ground in behind:
                n += 1
                assert contrast(rgb(getattr(theme, words)), rgb(getattr(theme, ground))) >= WORDS, selector
    assert n > 20


@BOTH
def test_focus_rings_borders_and_tracks_stand_out(theme: Theme) -> None:
    focused = set()
    for selector, rule in rules():
        borders = [value for name, value in rule.items() if name.startswith("border")]
        for name in (name for value in borders for name in with_accessible_name(value)):
            if name in FOR_THE_EYE or selector in DISABLED or ":disabled" in selector:
                continue
            for ground in ("accent",) if selector == PRIMARY_FOCUS else GROUNDS:
                found = contrast(rgb(getattr(theme, name)), rgb(getattr(theme, ground)))
                assert found >= GRAPHICS, (selector, name, ground)
        if ":focus" in selector:
            focused |= {selector.partition(":focus")[0].strip() for _ in borders}
    assert focused >= {"QToolButton", "QPushButton", "QLineEdit", "QPlainTextEdit", "QComboBox", "QAbstractSpinBox"}
    for selector, rule in rules():
        if "::handle:vertical" in selector or "::chunk" in selector:
            for name in with_accessible_name(rule.get("background", "")):
                assert name == "line" or contrast(rgb(getattr(theme, name)), rgb(theme.base)) >= GRAPHICS, selector


@BOTH
def test_words_on_every_surface(theme: Theme) -> None:
    for words, grounds in {
        "text": ("window", "base", "raised", "chosen"),
        "muted": ("window", "base", "raised", "chosen"),  # a disabled button's too, which need not
        "accent": ("window", "base", "raised", "chosen"),
        "warn": ("window", "base", "raised", "chosen"),
        "bad": ("window", "base", "raised", "chosen"),
        "on_accent": ("accent",),
        "on_stage": ("stage",),
    }.items():
        for ground in grounds:
            assert contrast(rgb(getattr(theme, words)), rgb(getattr(theme, ground))) >= WORDS, (words, ground)
    for share in np.linspace(0, 0.35, 8):  # the table of how alike models are
        assert contrast(rgb(theme.text), over(rgb(theme.accent), rgb(theme.base), share)) >= WORDS
    assert contrast(rgb(DARK.text), rgb(theme.stage)) >= WORDS, "names under the panes"


@BOTH
def test_what_is_painted_with_a_meaning(theme: Theme) -> None:
    base, window = rgb(theme.base), rgb(theme.window)
    for opacity, colour, ground in (
        (0.7, theme.accent, base),  # the passes of the score curve
        (0.75, theme.accent, base),  # how far was analysed, the ends of the selection
        (0.7, theme.muted, base),  # the extent of moments
        (0.75, theme.muted, base),  # the loss of each batch
        (PLAYED_OPACITY, theme.accent, window),  # what was played of a pair
        (PLAYED_OPACITY, theme.muted, window),
        (1.0, theme.edge, base),
        (1.0, theme.edge, window),
        (1.0, theme.accent, rgb(theme.stage)),  # focus of a picture
    ):
        assert contrast(over(rgb(colour), ground, opacity), ground) >= GRAPHICS, (opacity, colour)
    for stroke in LINE_STYLES:
        assert contrast(rgb(stroke.on_dark if theme.dark else stroke.on_light), base) >= GRAPHICS
        assert contrast(rgb(stroke.on_dark), rgb(theme.stage)) >= GRAPHICS
    for amount in (-1.0, 0.0, 1.0):
        for slot in (theme.base, theme.chosen, theme.raised):  # the bars of the segments
            assert contrast(rgb(sign_colour(amount, theme).name()), rgb(slot)) >= GRAPHICS
        for share in np.linspace(0.1, 1, 19):  # + and − on the cells of the map of contributions
            cell = over(rgb(sign_colour(amount, theme).name()), rgb(theme.raised), share)
            assert contrast(rgb(mark_colour(float(share), theme).name()), cell) >= GRAPHICS, (amount, share)


def shown_contrast(part: NDArray[np.uint8]) -> float:
    """Contrast of the most frequent colour of (h, w, 3) pixels with the one that differs most from it."""
    shades, counts = np.unique(part.reshape(-1, 3), axis=0, return_counts=True)
    red, green, blue = (shades[counts.argmax()] / 255).tolist()
    return max(contrast((r, g, b), (red, green, blue)) for r, g, b in (shades / 255).tolist())


def pixels(widget: QWidget) -> NDArray[np.uint8]:
    """A widget as it is drawn, (h, w, 3)."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    whole = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return whole[..., 2::-1].copy()


def too_faint(whole: QWidget) -> tuple[int, list[str]]:
    """Number of labels and buttons that are wholly in sight and enabled, and those whose words are too faint."""
    drawn, found, n = pixels(whole), [], 0
    for widget in whole.findChildren(QWidget):
        if not isinstance(widget, QLabel | QAbstractButton) or not widget.text() or not widget.isEnabled():
            continue
        if widget.isVisible() and widget.visibleRegion().boundingRect() == widget.rect():
            corner, n = widget.mapTo(whole, widget.rect().topLeft()), n + 1
            part = drawn[corner.y() : corner.y() + widget.height(), corner.x() : corner.x() + widget.width()]
            if shown_contrast(part) < WORDS - 0.2:  # thin strokes are blended a little
                found.append(f"{widget.text()}: {shown_contrast(part):.2f}")
    return n, found


@pytest.mark.slow
@pytest.mark.parametrize("choice", [ThemeChoice.LIGHT, ThemeChoice.DARK])
def test_words_as_they_are_drawn(qtbot: QtBot, window: Composition, world: FakeWorld, choice: ThemeChoice) -> None:
    open_and_load(qtbot, window, world.touch("a.mp4", "b.mp4"))
    whole, n = window.window, 0
    try:
        window.app_context.themes.choose(choice)
        for screen in ("inspect", "rank", "export"):
            whole.actions_[f"show_{screen}"].trigger()
            flush()
            with suppress(QtTimeoutError):  # parts are laid out one after the other
                qtbot.waitUntil(lambda: not too_faint(whole)[1])
            shown, faint = too_faint(whole)
            assert not faint, screen
            n += shown
        assert n > 40
    finally:
        window.app_context.themes.choose(ThemeChoice.LIGHT)


@pytest.mark.parametrize("choice", [ThemeChoice.LIGHT, ThemeChoice.DARK])
def test_a_slider_stands_out_from_its_ground(choice: ThemeChoice, window: Composition, qtbot: QtBot) -> None:
    window.app_context.themes.choose(choice)
    theme = DARK if choice is ThemeChoice.DARK else LIGHT
    slider = QSlider(Qt.Orientation.Horizontal, window.window)
    qtbot.addWidget(slider)
    slider.resize(200, slider.sizeHint().height())
    slider.show()
    flush()
    image = slider.grab().toImage()
    middle = image.height() // 2
    handle, groove = (rgb(image.pixelColor(x, middle).name()) for x in (7, 150))
    assert min(contrast(handle, rgb(theme.window)), contrast(groove, rgb(theme.window))) >= GRAPHICS


@pytest.mark.parametrize("choice", [ThemeChoice.LIGHT, ThemeChoice.DARK])
def test_a_scrolled_area_shows_its_focus(choice: ThemeChoice, window: Composition, qtbot: QtBot) -> None:
    window.app_context.themes.choose(choice)
    theme = DARK if choice is ThemeChoice.DARK else LIGHT
    outer = QWidget()
    qtbot.addWidget(outer)
    area = scroll_area(outer, "Results")
    area.setWidget(QLabel(100 * "line\n"))
    area.resize(200, 100)
    other = QSlider(outer)
    other.move(220, 0)
    outer.resize(260, 120)
    outer.show()
    for has_focus in (False, True):
        (area if has_focus else other).setFocus()
        flush()
        borders = {area.grab().toImage().pixelColor(0, y).name() for y in (20, 50, 80)}
        assert (borders == {theme.accent}) is has_focus, (borders, has_focus)
