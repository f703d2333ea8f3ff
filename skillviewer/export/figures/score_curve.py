"""Score curves as a figure for paper or slide: SVG and PDF stay sharp at any size."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.core.analysis.score_curve import CURVE_LOOK, CURVE_LOOKS, score_curve
from skillviewer.core.analysis.score_text import score_digits, score_phrase
from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import ExportError
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.destination import atomic_output
from skillviewer.export.options import UNFAMILIAR_HELP, UNFAMILIAR_TITLE, option_field
from skillviewer.export.rendering.curve_plot import plot_curve
from skillviewer.export.rendering.figure import MM_PER_INCH, dash, font, new_figure, pixels, save_figure, style_axes
from skillviewer.export.rendering.lettering import measured_px, measuring
from skillviewer.export.rendering.theme import WHITE, Colour, mixed, unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CURVE_SUFFIXES = (".svg", ".pdf", ".png")
_FAINT = 0.4


@dataclass(frozen=True, slots=True)
class CurveOptions:
    """Options of the figure of score curves.

    The options say themselves what they are; ``ticks`` are those of the first curve.
    """

    width_mm: float = option_field(160.0, "Width", low=40, high=1000, unit="mm")
    height_mm: float = option_field(70.0, "Height", low=25, high=1000, unit="mm")
    text_pt: float = option_field(8.0, "Text size", low=4, high=24, unit="pt")
    dpi: float = option_field(300.0, "Print resolution", "Of a PNG", low=50, high=1200, unit="dpi")
    title: str = option_field("", "Title")
    ticks: bool = option_field(True, "Mark the sampled frames")
    share_of_duration: bool = option_field(
        False, "Time as a share of the duration", "So that videos of different length can be compared"
    )
    unfamiliar_scores: bool = option_field(False, UNFAMILIAR_TITLE, UNFAMILIAR_HELP)
    curve_look: str = option_field(
        CURVE_LOOK, "Curve", "Between sampled frames", choices=tuple((look.name, look.name) for look in CURVE_LOOKS)
    )


def export_curve(
    videos: Sequence[AnalysedVideo], path: str | Path, options: CurveOptions | None = None, *, overwrite: bool = False
) -> Path:
    """Draw the score curves of one or more analysed videos over one axis, as SVG, PDF or PNG.

    The mean over the passes is bold, every pass faint; several curves differ in colour and in dashes, so that they can
    be told apart in grey.

    Raises:
        ExportError: No video, or the file is refused or cannot be written.
    """
    path = Path(path)
    options = options if options is not None else CurveOptions()
    with atomic_output(path, CURVE_SUFFIXES, overwrite=overwrite) as temporary:
        save_figure(_figure(videos, options), temporary, path.suffix.lower())
    return path


def preview_curve(
    videos: Sequence[AnalysedVideo], options: CurveOptions | None = None, width_px: int = 1200
) -> RGBImage:
    """Return the figure as it will be, at the resolution of a screen, (H, W, 3) uint8 RGB.

    Raises:
        ExportError: No video, or the figure is too small for its words.
    """
    options = options if options is not None else CurveOptions()
    return pixels(_figure(videos, replace(options, dpi=width_px / options.width_mm * MM_PER_INCH)))


def _figure(videos: Sequence[AnalysedVideo], options: CurveOptions) -> "Figure":
    if not videos:
        raise ExportError("There is no curve to draw.")
    figure = new_figure(options.width_mm / MM_PER_INCH, options.height_mm / MM_PER_INCH, options.dpi, WHITE)
    axes = figure.add_axes(_frame(options, len(videos)))
    style_axes(axes, WHITE, options.text_pt * 0.9)
    _draw(axes, videos, options)
    _label(axes, videos, options)
    if not options.unfamiliar_scores and any(video.analysis.unfamiliar for video in videos):
        axes.tick_params(labelleft=False)  # the axis is common to all curves
    return figure


def _frame(options: CurveOptions, n: int) -> tuple[float, float, float, float]:
    """Return (left, bottom, width, height) of the axes in fractions of the figure."""
    em_mm = options.text_pt * MM_PER_INCH / 72
    left = 5.2 * em_mm
    bottom = 3.6 * em_mm
    right = 1.2 * em_mm
    top = (1.0 + (1.9 if options.title else 0.0) + 1.45 * n) * em_mm
    width, height = options.width_mm, options.height_mm
    if height - bottom - top < 3 * em_mm or width - left - right < 3 * em_mm:
        raise ExportError(
            f"{n} curves with their names do not fit into {width:g} × {height:g} mm: choose a larger figure or a "
            "smaller text."
        )
    return left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height


def _colour(index: int) -> Colour:
    return WHITE.series[index % len(WHITE.series)]


def _draw(axes: "Axes", videos: Sequence[AnalysedVideo], options: CurveOptions) -> None:
    stop = 0.0
    for index, video in enumerate(videos):
        analysis = video.analysis
        length_s = analysis.stop_s - analysis.start_s
        unit_s = length_s / 100 if options.share_of_duration else 1.0
        stop = max(stop, length_s / unit_s)
        # the clock of a part of a file begins with the part
        curve = score_curve(analysis, options.curve_look).on_clock(analysis.start_s, unit_s)
        colour = _colour(index)
        width = options.text_pt / 5
        mean, _ = plot_curve(
            axes,
            curve,
            curve.pass_times_s,
            colour=colour,
            faint=mixed(colour, WHITE.background, _FAINT),
            width=width,
            faint_width=width / 3,
            zorder=3,
        )
        dash(mean, index)
        axes.plot(
            curve.pass_times_s[0, -1:], curve.mean[-1:], "o", color=unit(colour), markersize=width * 2.6, zorder=4
        )
        if index == 0 and options.ticks:
            upright = axes.get_xaxis_transform()
            axes.vlines(curve.sampled_s, 0, 0.035, transform=upright, colors=[unit(WHITE.muted)], linewidth=0.6)
    axes.set_xlim(0, stop)
    axes.margins(y=0.12)


def _room_px(options: CurveOptions, left_mm: float) -> int:
    """Return the width from a position to the right margin, in pixels of ``measuring``."""
    right_mm = 1.2 * options.text_pt * MM_PER_INCH / 72
    return measured_px(options.width_mm - left_mm - right_mm)


def _label(axes: "Axes", videos: Sequence[AnalysedVideo], options: CurveOptions) -> None:
    """Write the axes, the title, and above the curves a line for each with its name and score."""
    size = options.text_pt
    em = options.text_pt * MM_PER_INCH / 72
    digits = score_digits([e.analysis for e in videos])
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontproperties(font("0", size * 0.9)[1])
    time = "share of the duration, %" if options.share_of_duration else "time, s"
    for write, axis_title in ((axes.set_xlabel, time), (axes.set_ylabel, "score")):
        drawable, face = font(axis_title, size)
        write(drawable, fontproperties=face, color=unit(WHITE.text))
    figure = axes.figure
    top_mm = options.height_mm - 1.0 * em
    if options.title:
        letters = measuring(size * 1.2, bold=True)
        title = letters.elided(options.title, _room_px(options, 5.2 * em))
        drawable, face = font(title, size * 1.2, bold=True)
        figure.text(5.2 * em / options.width_mm, (top_mm - 0.6 * em) / options.height_mm, drawable, fontproperties=face)
        top_mm -= 1.9 * em
    for index, video in enumerate(videos):
        y = (top_mm - (0.45 + 1.45 * index) * em) / options.height_mm
        left = 5.2 * em
        name = video.title or video.analysis.video.path.stem
        score = f"   {score_phrase(video.analysis, digits, unfamiliar_scores=options.unfamiliar_scores)}"
        room_px = _room_px(options, left + 3.8 * em) - measuring(size).width(score)
        if room_px < 0:  # a score that is cut is another
            raise ExportError(
                f"The score does not fit into {options.width_mm:g} mm: choose a larger figure or a smaller text."
            )
        drawable, face = font(measuring(size).elided(name, room_px) + score, size)
        from matplotlib.lines import Line2D

        line = Line2D(
            [left / options.width_mm, (left + 3 * em) / options.width_mm],
            [y + 0.35 * em / options.height_mm] * 2,
            transform=figure.transFigure,
            color=unit(_colour(index)),
            linewidth=size / 5,
        )
        dash(line, index)
        figure.add_artist(line)
        figure.text((left + 3.8 * em) / options.width_mm, y, drawable, fontproperties=face, color=unit(WHITE.text))
