"""Text on canvases."""

import numpy as np
import pytest

from skillviewer.export.rendering.matplotlib_figure import text_and_font, text_and_font_file
from skillviewer.export.rendering.text_renderer import TextRenderer, copy_onto
from skillviewer.export.rendering.theme import DARK, WHITE, Colour, ExportTheme, blend


def luminance(colour: Colour) -> float:
    """Return relative luminance (WCAG 2.2)."""
    linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Colour, other: Colour) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [DARK, WHITE])
def test_everything_can_be_read(theme: ExportTheme) -> None:
    assert contrast(theme.text, theme.background) >= 12
    assert contrast(theme.muted, theme.background) >= 4.5
    assert min(contrast(colour, theme.background) for colour in theme.series) >= 3


def test_mixed_meets_both_ends() -> None:
    assert blend((10, 20, 30), (200, 100, 0), 1.0) == (10, 20, 30)
    assert blend((10, 20, 30), (200, 100, 0), 0.0) == (200, 100, 0)
    assert blend((0, 100, 200), (100, 0, 100), 0.25) == (75, 25, 125)


def test_digits_are_of_one_width_so_that_a_clock_does_not_wobble() -> None:
    letters = TextRenderer(18, DARK.text, DARK.background)
    assert len({letters.width(f"00:0{d}.{d}{d}{d}") for d in range(10)}) == 1


def test_tile_has_the_background_and_the_full_colour() -> None:
    tile = TextRenderer(40, (250, 10, 20), (5, 6, 7), bold=True).draw("I")
    assert tile.dtype == np.uint8
    assert (tile[0, 0] == (5, 6, 7)).all()
    assert (tile.reshape(-1, 3) == (250, 10, 20)).all(axis=1).any()


def test_the_same_letters_whether_kept_or_drawn_anew() -> None:
    letters = TextRenderer(18, DARK.text, DARK.background)
    first = letters.draw("frame 12/34").copy()
    letters.draw("frame 99/34")
    np.testing.assert_array_equal(letters.draw("frame 12/34"), first)


def test_a_long_name_keeps_both_ends_and_fits() -> None:
    letters = TextRenderer(18, DARK.text, DARK.background)
    name = "a very long name of a video that nobody can read in one go, take 12.mp4"
    short = letters.elided(name, 200)
    assert letters.width(short) <= 200 < letters.width(name)
    assert letters.width(short) > 170
    assert short.startswith("a very")
    assert short.endswith(".mp4")
    assert "…" in short
    assert letters.elided("short", 200) == "short"
    assert letters.elided(name, 0) == "…"


def test_what_no_font_has_is_shown_as_missing() -> None:
    text, file = text_and_font_file("a\U0010fffd")
    assert text == "a�"
    assert file.name == "DejaVuSans.ttf"
    assert text_and_font("5 $x$", 8.0)[0] == r"5 \$x\$"


@pytest.mark.parametrize(("left", "top"), [(-2, -1), (3, 2), (0, 0), (50, 0), (-50, 0)])
def test_tiles_are_cut_off_at_the_edge(left: int, top: int) -> None:
    canvas, tile = np.zeros((4, 5, 3), np.uint8), np.arange(1, 37, dtype=np.uint8).reshape(3, 4, 3)
    expected = np.zeros((104, 105, 3), np.uint8)
    expected[50 + top : 53 + top, 50 + left : 54 + left] = tile
    copy_onto(canvas, tile, left, top)
    np.testing.assert_array_equal(canvas, expected[50:54, 50:55])
