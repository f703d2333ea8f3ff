"""Figure of score curves for papers and slides; SVG and PDF stay sharp at any size."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from skillviewer.core.analysis.score_curve import CURVE_LOOK, CURVE_LOOKS, score_curve
from skillviewer.core.analysis.score_text import score_decimals, score_phrase
from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import ExportError
from skillviewer.export.analysed_video import AnalysedVideo
from skillviewer.export.destination import atomic_output
from skillviewer.export.options import UNFAMILIAR_HELP, UNFAMILIAR_TITLE, option_field
from skillviewer.export.rendering.curve_plot import plot_curve
from skillviewer.export.rendering.matplotlib_figure import (
    MM_PER_INCH,
    draw_to_rgb,
    new_figure,
    save_figure,
    set_dashes,
    style_axes,
    text_and_font,
)
from skillviewer.export.rendering.text_renderer import measuring_renderer, to_measuring_px
from skillviewer.export.rendering.theme import WHITE, Colour, blend, rgb_fractions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CURVE_SUFFIXES = (".svg", ".pdf", ".png")
_PASS_OPACITY = 0.4
_LEFT_EM = 5.2
_RIGHT_EM = 1.2
_BOTTOM_EM = 3.6
_TOP_EM = 1.0
_TITLE_EM = 1.9
_NAME_EM = 1.45
_SAMPLE_LINE_EM = 3.8  # width of the line before the name of a curve, with its gap


@dataclass(frozen=True, slots=True)
class CurveOptions:
    """Options of the figure of score curves. Sampled frames are marked for the first curve."""

    width_mm: float = option_field(160.0, "Width", low=40, high=1000, unit="mm")
    height_mm: float = option_field(70.0, "Height", low=25, high=1000, unit="mm")
    text_pt: float = option_field(8.0, "Text size", low=4, high=24, unit="pt")
    dpi: float = option_field(300.0, "Print resolution", "Of a PNG", low=50, high=1200, unit="dpi")
    title: str = option_field("", "Title")
    ticks: bool = option_field(default=True, title="Mark the sampled frames")
    share_of_duration: bool = option_field(
        default=False,
        title="Time as a share of the duration",
        help="So that videos of different length can be compared",
    )
    unfamiliar_scores: bool = option_field(default=False, title=UNFAMILIAR_TITLE, help=UNFAMILIAR_HELP)
    curve_look: str = option_field(
        CURVE_LOOK, "Curve", "Between sampled frames", choices=tuple((look.name, look.name) for look in CURVE_LOOKS)
    )


def export_curve(
    videos: Sequence[AnalysedVideo], path: str | Path, options: CurveOptions | None = None, *, overwrite: bool = False
) -> Path:
    """Draw the score curves of one or more analysed videos over one axis, as SVG, PDF or PNG.

    The mean over the passes is bold, every pass faint. Curves differ in colour and in dashes, so that they can be
    distinguished without colours too.

    Raises:
        ExportError: There is no video, or the file is refused or cannot be written.
    """
    path = Path(path)
    options = options if options is not None else CurveOptions()
    with atomic_output(path, CURVE_SUFFIXES, overwrite=overwrite) as temp_path:
        save_figure(_draw_figure(videos, options), temp_path, path.suffix.lower())
    return path


def preview_curve(
    videos: Sequence[AnalysedVideo], options: CurveOptions | None = None, width_px: int = 1200
) -> RGBImage:
    """Return the figure at the resolution of a screen, (H, W, 3) uint8 RGB.

    Raises:
        ExportError: There is no video, or the figure is too small for its text.
    """
    options = options if options is not None else CurveOptions()
    screen_options = replace(options, dpi=width_px / options.width_mm * MM_PER_INCH)
    return draw_to_rgb(_draw_figure(videos, screen_options))


def _draw_figure(videos: Sequence[AnalysedVideo], options: CurveOptions) -> "Figure":
    if not videos:
        raise ExportError("There is no curve to draw.")
    figure = new_figure(options.width_mm / MM_PER_INCH, options.height_mm / MM_PER_INCH, options.dpi, WHITE)
    axes = figure.add_axes(_axes_rectangle(options, len(videos)))
    style_axes(axes, WHITE, options.text_pt * 0.9)
    _draw_curves(axes, videos, options)
    _label_axes(axes, options)
    top_mm = _write_title(axes, options)
    _write_names(axes, videos, options, top_mm)
    if not options.unfamiliar_scores and any(video.analysis.unfamiliar for video in videos):
        axes.tick_params(labelleft=False)  # the axis is common to all curves
    return figure


def _em_mm(options: CurveOptions) -> float:
    return options.text_pt * MM_PER_INCH / 72


def _axes_rectangle(options: CurveOptions, n_curves: int) -> tuple[float, float, float, float]:
    """Return (left, bottom, width, height) of the axes in fractions of the figure."""
    em_mm = _em_mm(options)
    left_mm = _LEFT_EM * em_mm
    bottom_mm = _BOTTOM_EM * em_mm
    right_mm = _RIGHT_EM * em_mm
    title_em = _TITLE_EM if options.title else 0.0
    top_mm = (_TOP_EM + title_em + _NAME_EM * n_curves) * em_mm
    axes_width_mm = options.width_mm - left_mm - right_mm
    axes_height_mm = options.height_mm - bottom_mm - top_mm
    if axes_height_mm < 3 * em_mm or axes_width_mm < 3 * em_mm:
        raise ExportError(
            f"{n_curves} curves with their names do not fit into {options.width_mm:g} × {options.height_mm:g} mm: "
            "choose a larger figure or a smaller text."
        )
    return (
        left_mm / options.width_mm,
        bottom_mm / options.height_mm,
        axes_width_mm / options.width_mm,
        axes_height_mm / options.height_mm,
    )


def _colour(index: int) -> Colour:
    return WHITE.series[index % len(WHITE.series)]


def _draw_curves(axes: "Axes", videos: Sequence[AnalysedVideo], options: CurveOptions) -> None:
    stop = 0.0
    for index, video in enumerate(videos):
        analysis = video.analysis
        length_s = analysis.stop_s - analysis.start_s
        unit_s = length_s / 100 if options.share_of_duration else 1.0
        stop = max(stop, length_s / unit_s)
        # the time axis begins with the analysed part of the file
        curve = score_curve(analysis, options.curve_look).on_clock(analysis.start_s, unit_s)
        colour = _colour(index)
        width_pt = options.text_pt / 5
        mean_line, _ = plot_curve(
            axes,
            curve,
            curve.pass_times_s,
            colour=colour,
            pass_colour=blend(colour, WHITE.background, _PASS_OPACITY),
            width_pt=width_pt,
            pass_width_pt=width_pt / 3,
            zorder=3,
        )
        set_dashes(mean_line, index)
        end_s = curve.pass_times_s[0, -1:]
        axes.plot(end_s, curve.mean[-1:], "o", color=rgb_fractions(colour), markersize=width_pt * 2.6, zorder=4)
        if index == 0 and options.ticks:
            transform = axes.get_xaxis_transform()  # x in data, y in fractions of the axes
            axes.vlines(
                curve.sampled_s, 0, 0.035, transform=transform, colors=[rgb_fractions(WHITE.muted)], linewidth=0.6
            )
    axes.set_xlim(0, stop)
    axes.margins(y=0.12)


def _label_axes(axes: "Axes", options: CurveOptions) -> None:
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontproperties(text_and_font("0", options.text_pt * 0.9)[1])
    time_title = "share of the duration, %" if options.share_of_duration else "time, s"
    for set_label, axis_title in ((axes.set_xlabel, time_title), (axes.set_ylabel, "score")):
        drawable, font = text_and_font(axis_title, options.text_pt)
        set_label(drawable, fontproperties=font, color=rgb_fractions(WHITE.text))


def _write_title(axes: "Axes", options: CurveOptions) -> float:
    """Write the title if there is one, and return the height below it in millimetres from the lower edge."""
    em_mm = _em_mm(options)
    top_mm = options.height_mm - _TOP_EM * em_mm
    if not options.title:
        return top_mm
    left_mm = _LEFT_EM * em_mm
    size_pt = options.text_pt * 1.2
    title = measuring_renderer(size_pt, bold=True).elided(options.title, _available_px(options, left_mm))
    drawable, font = text_and_font(title, size_pt, bold=True)
    y = (top_mm - 0.6 * em_mm) / options.height_mm
    axes.figure.text(left_mm / options.width_mm, y, drawable, fontproperties=font)
    return top_mm - _TITLE_EM * em_mm


def _available_px(options: CurveOptions, left_mm: float) -> int:
    """Return the width between a position and the right margin, in pixels of ``measuring_renderer``."""
    return to_measuring_px(options.width_mm - left_mm - _RIGHT_EM * _em_mm(options))


def _write_names(axes: "Axes", videos: Sequence[AnalysedVideo], options: CurveOptions, top_mm: float) -> None:
    """Write one line for each curve above the axes: a piece of the curve, its name and its score."""
    from matplotlib.lines import Line2D

    figure = axes.figure
    em_mm = _em_mm(options)
    renderer = measuring_renderer(options.text_pt)
    digits = score_decimals([video.analysis for video in videos])
    left_mm = _LEFT_EM * em_mm
    text_left_mm = left_mm + _SAMPLE_LINE_EM * em_mm
    for index, video in enumerate(videos):
        y = (top_mm - (0.45 + _NAME_EM * index) * em_mm) / options.height_mm
        name = video.display_title
        score = f"   {score_phrase(video.analysis, digits, unfamiliar_scores=options.unfamiliar_scores)}"
        name_px = _available_px(options, text_left_mm) - renderer.width(score)
        if name_px < 0:  # the score is never shortened: it would be another number
            raise ExportError(
                f"The score does not fit into {options.width_mm:g} mm: choose a larger figure or a smaller text."
            )
        line = Line2D(
            [left_mm / options.width_mm, (left_mm + 3 * em_mm) / options.width_mm],
            [y + 0.35 * em_mm / options.height_mm] * 2,
            transform=figure.transFigure,
            color=rgb_fractions(_colour(index)),
            linewidth=options.text_pt / 5,
        )
        set_dashes(line, index)
        figure.add_artist(line)
        drawable, font = text_and_font(renderer.elided(name, name_px) + score, options.text_pt)
        x = text_left_mm / options.width_mm
        figure.text(x, y, drawable, fontproperties=font, color=rgb_fractions(WHITE.text))
