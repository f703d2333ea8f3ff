"""Matplotlib figures, and fonts for their text.

matplotlib is imported when the first figure is made. pyplot is not used, since it keeps a global list of figures and
chooses a window system; a ``Figure`` on an Agg canvas needs neither.
"""

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from skillviewer.core.arrays import RGBImage
from skillviewer.core.paths import cache_dir
from skillviewer.core.text import printable
from skillviewer.export.rendering.theme import WHITE, ExportTheme, rgb_fractions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.lines import Line2D

MM_PER_INCH = 25.4
FIGURE_SUFFIXES = (".png", ".pdf", ".svg")
_DASHES: tuple[tuple[float, ...], ...] = ((), (4, 1.5), (1, 1.2), (6, 1.5, 1, 1.5))


def import_matplotlib() -> None:
    """Import matplotlib, with its list of fonts in the cache folder of the program."""
    os.environ.setdefault("MPLCONFIGDIR", str(cache_dir() / "figures"))
    import matplotlib.backends.backend_agg
    import matplotlib.figure  # noqa: F401


def new_figure(width_in: float, height_in: float, dpi: float, theme: ExportTheme) -> "Figure":
    """Return an empty figure on an Agg canvas. Its size is in inches."""
    import_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), dpi=dpi, facecolor=rgb_fractions(theme.background))
    FigureCanvasAgg(figure)
    return figure


def draw_to_rgb(figure: "Figure") -> RGBImage:
    """Draw a figure and return its pixels, (H, W, 3) uint8 RGB."""
    canvas: Any = figure.canvas  # the Agg canvas is not typed
    canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])


def save_figure(figure: "Figure", path: Path, suffix: str) -> None:
    """Write a figure as PNG, PDF or SVG. The file does not name the program or the date."""
    from matplotlib import rc_context

    no_metadata: dict[str, dict[str, None]] = {
        ".png": {"Software": None},
        ".pdf": {"Creator": None, "Producer": None, "CreationDate": None},
        ".svg": {"Creator": None, "Date": None, "Format": None, "Type": None},
    }
    settings = {
        "pdf.fonttype": 42,  # TrueType, so that text in a PDF can be searched
        "svg.fonttype": "path",  # paths, so that an SVG looks the same everywhere
        "svg.hashsalt": "skillviewer",
        "image.composite_image": False,  # pictures are not resampled together
    }
    with rc_context(settings):  # type: ignore[arg-type]
        figure.savefig(
            path, format=suffix[1:], dpi=figure.dpi, facecolor=figure.get_facecolor(), metadata=no_metadata[suffix]
        )


def style_axes(axes: "Axes", theme: ExportTheme, size_pt: float) -> None:
    """Style axes with the colours of a theme: left and bottom lines, fine ticks, muted numbers."""
    axes.set_facecolor(rgb_fractions(theme.background))
    for name, spine in axes.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color(rgb_fractions(theme.line))
        spine.set_linewidth(size_pt / 10)
    axes.tick_params(
        colors=rgb_fractions(theme.muted),
        labelsize=size_pt,
        width=size_pt / 10,
        length=size_pt / 3,
        color=rgb_fractions(theme.line),
    )


def set_dashes(line: "Line2D", index: int) -> None:
    """Set the dashes of the ``index``-th curve, from 0. The first is solid; curves differ even without colours."""
    dashes = _DASHES[index % len(_DASHES)]
    if dashes:
        line.set_dashes(dashes)


@cache
def _dejavu_file(*, bold: bool) -> Path:
    import_matplotlib()
    import matplotlib as mpl

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(mpl.get_data_path()) / "fonts" / "ttf" / name


@cache
def _code_points_of(font_file: Path) -> frozenset[int]:
    """Return the code points of a font file; an empty set if the file cannot be read."""
    from matplotlib.ft2font import FT2Font

    try:
        font = FT2Font(str(font_file))
        return frozenset(font.get_charmap())
    except (OSError, RuntimeError, ValueError):
        return frozenset()


@cache
def _system_font_files() -> tuple[Path, ...]:
    """Return the font files of this computer, upright and regular ones first."""
    from matplotlib.font_manager import FontEntry, fontManager

    def sort_key(entry: FontEntry) -> tuple[bool, bool, str]:
        is_regular = str(entry.weight) in ("400", "normal", "regular")
        return (entry.style != "normal", not is_regular, entry.fname)

    # the font “LastResort” has every character, but draws a box for it
    entries = [
        entry for entry in fontManager.ttflist if "LastResort" not in entry.fname and Path(entry.fname).suffix != ".pfb"
    ]
    return tuple(Path(entry.fname) for entry in sorted(entries, key=sort_key))


@cache
def text_and_font_file(text: str, *, bold: bool = False) -> tuple[str, Path]:
    """Return a text that can be drawn, and the font file to draw it with.

    DejaVu Sans, which comes with matplotlib, has Latin, Greek, Cyrillic, Arabic and more. Other scripts use the first
    font of this computer that has all characters of the text. If no font has them, missing characters become �.
    """
    text = printable(text)
    dejavu_file = _dejavu_file(bold=bold)
    code_points = {ord(character) for character in text if not character.isspace()}
    missing = code_points - _code_points_of(dejavu_file)
    if not missing:
        return text, dejavu_file
    for font_file in _system_font_files():
        if code_points <= _code_points_of(font_file):
            return text, font_file
    replacements = dict.fromkeys(missing, "\N{REPLACEMENT CHARACTER}")
    return text.translate(replacements), dejavu_file


def write_line(
    figure: "Figure", position: tuple[float, float], text: str, size_pt: float, *, bold: bool, muted: bool, align: str
) -> None:
    """Write a line of text on a white page.

    ``position`` is (x, y) in fractions of the page from its top left corner: y of the middle of the line, and x of its
    left end, centre or right end, by ``align``.
    """
    drawable, font = text_and_font(text, size_pt, bold=bold)
    colour_name = WHITE.muted if muted else WHITE.text
    colour = rgb_fractions(colour_name)
    x, y = position
    figure.text(x, 1 - y, drawable, fontproperties=font, color=colour, ha=align, va="center_baseline")


def tick_align(share: float) -> Literal["left", "center", "right"]:
    """Return the alignment of the label of a tick, such that labels at the ends of a bar stay within it.

    ``share`` is the position of the tick on the bar, 0 to 1.
    """
    if share == 0:
        return "left"
    return "right" if share == 1 else "center"


def text_and_font(text: str, size_pt: float, *, bold: bool = False) -> "tuple[str, FontProperties]":
    """Return a text that matplotlib can draw, with dollar signs escaped, and its font."""
    from matplotlib.font_manager import FontProperties

    drawable, file = text_and_font_file(text, bold=bold)
    return drawable.replace("$", r"\$"), FontProperties(fname=file, size=size_pt)
