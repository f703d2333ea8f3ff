"""Figures by matplotlib: imported late, without pyplot, without a screen, with its DejaVu fonts.

pyplot keeps a global list of figures and picks a window system; a bare ``Figure`` on an Agg canvas has neither.
"""

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from skillviewer.core.arrays import RGBImage
from skillviewer.core.paths import cache_dir
from skillviewer.core.text import printable
from skillviewer.export.rendering.theme import WHITE, ExportTheme, unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.lines import Line2D

MM_PER_INCH = 25.4
FIGURE_SUFFIXES = (".png", ".pdf", ".svg")
_DASHES: tuple[tuple[float, ...], ...] = ((), (4, 1.5), (1, 1.2), (6, 1.5, 1, 1.5))


def prepare() -> None:
    """Import what draws, so that the next figure need not wait for it.

    Matplotlib keeps its list of fonts where the program keeps what can be computed again.
    """
    os.environ.setdefault("MPLCONFIGDIR", str(cache_dir() / "figures"))
    import matplotlib.backends.backend_agg
    import matplotlib.figure  # noqa: F401


def new_figure(width_in: float, height_in: float, dpi: float, theme: ExportTheme) -> "Figure":
    """Return an empty figure, of a size in inches, on an Agg canvas."""
    prepare()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), dpi=dpi, facecolor=unit(theme.background))
    FigureCanvasAgg(figure)
    return figure


def pixels(figure: "Figure") -> RGBImage:
    """Draw a figure and return it as (H, W, 3) uint8 RGB."""
    canvas: Any = figure.canvas  # the Agg canvas is not typed
    canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])


def save_figure(figure: "Figure", path: Path, suffix: str) -> None:
    """Write a figure as PNG, PDF or SVG: text stays text, and the file names neither program nor date."""
    from matplotlib import rc_context

    no_metadata: dict[str, dict[str, None]] = {
        ".png": {"Software": None},
        ".pdf": {"Creator": None, "Producer": None, "CreationDate": None},
        ".svg": {"Creator": None, "Date": None, "Format": None, "Type": None},
    }
    # 42: TrueType, so that text in a PDF can be searched; paths in an SVG, so that it looks alike everywhere
    settings = {
        "pdf.fonttype": 42,
        "svg.fonttype": "path",
        "svg.hashsalt": "skillviewer",
        "image.composite_image": False,  # pictures keep their own pixels
    }
    with rc_context(settings):  # type: ignore[arg-type]
        figure.savefig(
            path, format=suffix[1:], dpi=figure.dpi, facecolor=figure.get_facecolor(), metadata=no_metadata[suffix]
        )


def style_axes(axes: "Axes", theme: ExportTheme, size_pt: float) -> None:
    """Give axes the theme's quiet frame: no box, fine ticks, muted numbers."""
    axes.set_facecolor(unit(theme.background))
    for name, spine in axes.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color(unit(theme.line))
        spine.set_linewidth(size_pt / 10)
    axes.tick_params(
        colors=unit(theme.muted), labelsize=size_pt, width=size_pt / 10, length=size_pt / 3, color=unit(theme.line)
    )


def dash(line: "Line2D", index: int) -> None:
    """Give a curve the dashes of its number, so that curves differ without colours too; the first is solid."""
    if _DASHES[index % len(_DASHES)]:
        line.set_dashes(_DASHES[index % len(_DASHES)])


@cache
def _own_font(*, bold: bool) -> Path:
    prepare()
    import matplotlib as mpl

    return Path(mpl.get_data_path()) / "fonts" / "ttf" / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")


@cache
def _characters(font: Path) -> frozenset[int]:
    """Return the code points that a font file has; none when it cannot be read."""
    from matplotlib.ft2font import FT2Font

    try:
        return frozenset(FT2Font(str(font)).get_charmap())
    except (OSError, RuntimeError, ValueError):
        return frozenset()


@cache
def _other_fonts() -> tuple[Path, ...]:
    from matplotlib.font_manager import fontManager

    # the last-resort font has every character, as a box
    entries = [e for e in fontManager.ttflist if "LastResort" not in e.fname and Path(e.fname).suffix != ".pfb"]
    entries.sort(key=lambda e: (e.style != "normal", str(e.weight) not in ("400", "normal", "regular"), e.fname))
    return tuple(Path(e.fname) for e in entries)


@cache
def lettered(text: str, *, bold: bool = False) -> tuple[str, Path]:
    """Return a text that can be drawn, and the font file to draw it with.

    DejaVu Sans, which comes with matplotlib, has Latin, Greek, Cyrillic, Arabic and more. For other scripts the first
    font of this computer that has all the characters is taken; where none has, the missing ones become �.
    """
    text = printable(text)
    regular_font = _own_font(bold=bold)
    needed = {ord(c) for c in text if not c.isspace()}
    missing = needed - _characters(regular_font)
    if not missing:
        return text, regular_font
    for font in _other_fonts():
        if needed <= _characters(font):
            return text, font
    return "".join("\N{REPLACEMENT CHARACTER}" if ord(c) in missing else c for c in text), regular_font


def write_line(
    figure: "Figure", position: tuple[float, float], text: str, size_pt: float, *, bold: bool, muted: bool, align: str
) -> None:
    """Write a line on a white page; ``position`` is its middle in shares of the page, from the top left."""
    drawable, face = font(text, size_pt, bold=bold)
    colour = unit(WHITE.muted if muted else WHITE.text)
    figure.text(
        position[0], 1 - position[1], drawable, fontproperties=face, color=colour, ha=align, va="center_baseline"
    )


def tick_align(share: float) -> Literal["left", "center", "right"]:
    """Return the alignment of a tick's number at a share of its bar, so that those at the ends stay within it."""
    if share == 0:
        return "left"
    return "right" if share == 1 else "center"


def font(text: str, size_pt: float, *, bold: bool = False) -> "tuple[str, FontProperties]":
    """Return a text that can be drawn, with its font, for matplotlib (dollar signs are no formulas)."""
    from matplotlib.font_manager import FontProperties

    drawable, file = lettered(text, bold=bold)
    return drawable.replace("$", r"\$"), FontProperties(fname=file, size=size_pt)
