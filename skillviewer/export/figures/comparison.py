"""Figure of compared models: one frame of a video with the map of each model, and their score curves."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.difference import difference
from skillviewer.core.analysis.map_comparison import without_map
from skillviewer.core.analysis.map_style import ColourLimits, MapStyle
from skillviewer.core.analysis.scene import Scene, resolve
from skillviewer.core.analysis.score_text import score_decimals, score_phrase
from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import ExportError
from skillviewer.core.progress import NEVER, CancelToken, Report, silent
from skillviewer.core.text import clock
from skillviewer.export.analysed_video import AnalysedVideo, check_frame, open_readers
from skillviewer.export.destination import atomic_output, check_destination
from skillviewer.export.options import option_field
from skillviewer.export.pictures.blurring import BLUR_HELP, BLUR_TITLE, check_faces
from skillviewer.export.rendering.colour_bar import bar_colours, bar_scale, format_ticks, gradient
from skillviewer.export.rendering.common_scales import colour_bar_indices, common_map_styles
from skillviewer.export.rendering.matplotlib_figure import (
    FIGURE_SUFFIXES,
    MM_PER_INCH,
    draw_to_rgb,
    new_figure,
    save_figure,
    set_dashes,
    style_axes,
    text_and_font,
    tick_align,
    write_line,
)
from skillviewer.export.rendering.text_renderer import TextRenderer, measuring_renderer, to_measuring_px
from skillviewer.export.rendering.theme import WHITE, rgb_fractions
from skillviewer.media.overlay.painter import paint

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GAP_MM = 2.0
_MARGIN_MM = 3.0
_BAR_MM = 44.0
_CURVES_MM = 34.0


@dataclass(frozen=True, slots=True)
class ComparedOptions:
    """Options of the figure of compared models."""

    frame: int | None = option_field(
        None, "Frame", "Counted from 0; empty for the last sampled one", low=0, screen_offset=1
    )
    look: MapStyle = option_field(MapStyle(), "Map")
    less: tuple[int, ...] = option_field(
        (), "Difference", "Two models by their places from 0: the first less the second", screen_offset=1
    )
    columns: int = option_field(0, "Panes in a row", "0 to choose the number automatically", low=0, high=9)
    width_mm: float = option_field(180.0, "Width", "180 fills two columns of a journal", low=20, high=2000, unit="mm")
    dpi: float = option_field(300.0, "Print resolution", low=30, high=1200, unit="dpi")
    text_pt: float = option_field(7.0, "Text size", low=3, high=36, unit="pt")
    blur_faces: bool = option_field(default=False, title=BLUR_TITLE, help=BLUR_HELP)


def export_compared(
    videos: Sequence[AnalysedVideo],
    path: str | Path,
    options: ComparedOptions | None = None,
    *,
    overwrite: bool = False,
    token: CancelToken = NEVER,
    report: Report = silent,  # noqa: ARG001 - part of the signature of all writers
) -> Path:
    """Write one frame with the map of each model, colour bars and score curves, as PNG, PDF or SVG.

    The analyses are of one video, each by another model; their titles name the models.

    Raises:
        ExportError: There is no analysis, the analyses are of several videos, the frame or a model of the difference
            does not exist, faces to blur were not searched for, or the file is refused or cannot be written.
        VideoError: The video cannot be read.
        Cancelled: The token was cancelled; no file is left.
    """
    path = Path(path)
    options = _check_options(videos, options)
    check_destination(path, FIGURE_SUFFIXES, overwrite=overwrite)
    token.check()
    with atomic_output(path, FIGURE_SUFFIXES, overwrite=overwrite) as temp_path:
        figure = _ComparisonFigure(videos, options).draw()
        save_figure(figure, temp_path, path.suffix.lower())
    return path


def preview_compared(
    videos: Sequence[AnalysedVideo], options: ComparedOptions | None = None, width_px: int = 1200
) -> RGBImage:
    """Return the figure at the resolution of a screen, (H, W, 3) uint8 RGB; raises as ``export_compared``."""
    options = _check_options(videos, options)
    screen_options = replace(options, dpi=width_px / options.width_mm * MM_PER_INCH)
    return draw_to_rgb(_ComparisonFigure(videos, screen_options).draw())


def _check_options(videos: Sequence[AnalysedVideo], options: ComparedOptions | None) -> ComparedOptions:
    """Return options with a frame; raise an ExportError if the videos cannot be drawn with these options."""
    if not videos:
        raise ExportError("There is no model to show in a figure of compared models.")
    if options is None:
        options = ComparedOptions()
    first = videos[0].analysis
    if any(video.analysis.clip_id != first.clip_id for video in videos):
        raise ExportError("A figure of compared models shows one video: choose one, or a folder for a file each.")
    frame = options.frame if options.frame is not None else int(first.samples.max())
    check_frame(first, frame)
    if options.less:
        _check_difference(options.less, len(videos))
    check_faces(videos, options)
    return replace(options, frame=frame)


def _check_difference(indices: Sequence[int], n_models: int) -> None:
    """Raise an ExportError unless two different models are named."""
    are_two = len(indices) == 2 and len(set(indices)) == 2
    exist = all(0 <= index < n_models for index in indices)
    if not (are_two and exist):
        raise ExportError(f"The difference of {list(indices)} cannot be shown: name two of the {n_models} models.")


def _choose_n_columns(n_panes: int) -> int:
    """Return a number of columns with about as many rows, and few empty positions in the last row."""
    fewest = math.ceil(math.sqrt(n_panes))
    return min((fewest, fewest + 1), key=lambda n_columns: -n_panes % n_columns)


class _ComparisonFigure:
    """Figure of compared models. Lengths are in millimetres; tops are counted from the upper edge of the page."""

    def __init__(self, videos: Sequence[AnalysedVideo], options: ComparedOptions) -> None:
        self._videos = videos
        self._options = options
        self._analyses = [video.analysis for video in videos]
        map_style = options.look
        self._has_common_scale = map_style.scale is ColourLimits.COMMON and len(videos) > 1
        if self._has_common_scale:
            self._map_styles = common_map_styles(self._analyses, map_style)
        else:
            if map_style.scale is ColourLimits.COMMON:
                map_style = replace(map_style, scale=ColourLimits.VIDEO)
            self._map_styles = (map_style,) * len(videos)
        self._line_mm = options.text_pt / 72 * MM_PER_INCH * 1.5
        n_panes = len(videos)
        if options.less:
            n_panes += 1
        self._n_columns = options.columns
        if not self._n_columns:
            self._n_columns = _choose_n_columns(n_panes)
        n_rows = math.ceil(n_panes / self._n_columns)
        info = self._analyses[0].video
        all_panes_mm = options.width_mm - 2 * _MARGIN_MM - (self._n_columns - 1) * _GAP_MM
        self._pane_width_mm = all_panes_mm / self._n_columns
        self._pane_height_mm = self._pane_width_mm * info.height_px / info.width_px
        self._row_height_mm = self._pane_height_mm + 2.4 * self._line_mm + _GAP_MM
        self._panes_top_mm = _MARGIN_MM + 1.6 * self._line_mm
        self._bars_top_mm = self._panes_top_mm + n_rows * self._row_height_mm
        self._curves_top_mm = self._bars_top_mm + 3.2 * self._line_mm
        self._has_curves = any(not np.isnan(analysis.score_curve).all() for analysis in self._analyses)
        curves_height_mm = _CURVES_MM + self._line_mm if self._has_curves else 0.0
        self._height_mm = self._curves_top_mm + curves_height_mm + _MARGIN_MM
        self._figure = new_figure(options.width_mm / MM_PER_INCH, self._height_mm / MM_PER_INCH, options.dpi, WHITE)

    def draw(self) -> "Figure":
        options = self._options
        assert options.frame is not None
        self._write_title(options.frame)
        picture = self._read_picture(options.frame)
        scenes = [
            resolve(analysis, options.frame, map_style)
            for analysis, map_style in zip(self._analyses, self._map_styles, strict=True)
        ]
        for index, scene in enumerate(scenes):
            caption = f"{index + 1}  {self._videos[index].title}"
            self._draw_pane(index, picture, scene, caption, description=self._describe_scene(index, scene))
        bars: list[tuple[str, Scene]] = []
        if self._has_common_scale:
            for owner in colour_bar_indices(self._analyses, options.look):
                scene = scenes[owner]
                if scene.values is not None:
                    bars.append((bar_scale(scene).title, scene))
        if options.less:
            bars += self._draw_difference(options.frame, picture, scenes)
        self._draw_bars(bars)
        if self._has_curves:
            self._draw_curves()
        return self._figure

    def _write_title(self, frame: int) -> None:
        info = self._analyses[0].video
        time = clock(float(info.times_s[frame]))
        title = f"{info.path.name} \N{MIDDLE DOT} {time} \N{MIDDLE DOT} frame {frame + 1} of {info.n_frames}"
        max_width_mm = self._options.width_mm - 2 * _MARGIN_MM
        self._write(title, _MARGIN_MM, _MARGIN_MM + self._line_mm / 2, bold=True, max_width_mm=max_width_mm)

    def _read_picture(self, frame: int) -> RGBImage:
        width_px = max(1, round(self._pane_width_mm / MM_PER_INCH * self._options.dpi))
        height_px = max(1, round(self._pane_height_mm / MM_PER_INCH * self._options.dpi))
        with open_readers(self._videos[:1]) as readers:
            decoded_frame = next(readers[0].stream([frame]))
            return self._videos[0].picture(decoded_frame, (width_px, height_px))

    def _describe_scene(self, index: int, scene: Scene) -> str:
        """Return kind of map, score and ends of the colours, in one line."""
        score_text = _format_score(self._analyses[index])
        if scene.values is None:
            return f"no map \N{MIDDLE DOT} {score_text}"
        kind = f"{scene.kind}, spread evenly" if scene.is_spread_evenly else str(scene.kind)
        description = f"{kind} \N{MIDDLE DOT} {score_text}"
        if self._has_common_scale:
            return description
        return f"{description} \N{MIDDLE DOT} colours {scene.low:.3g} to {scene.high:.3g}"

    def _draw_difference(self, frame: int, picture: RGBImage, scenes: Sequence[Scene]) -> list[tuple[str, Scene]]:
        """Draw the pane with the difference of two models, and return the title and the scene of its colour bar."""
        first, second = self._options.less
        name = f"{first + 1} less {second + 1}"
        first_analysis = self._analyses[first]
        second_analysis = self._analyses[second]
        if without_map(first_analysis, second_analysis):
            mapless = first if first_analysis.map_kind is MapKind.NONE else second
            self._draw_pane(
                len(scenes), picture, scene=scenes[mapless], caption=name, description="one of them has no map"
            )
            return []
        scene = difference(first_analysis, second_analysis).scene(frame, self._options.look)
        self._draw_pane(len(scenes), picture, scene, caption=name, description="difference")
        return [(f"{name}, \N{MULTIPLICATION SIGN} uniform", scene)]

    def _add_axes(self, left_mm: float, top_mm: float, width_mm: float, height_mm: float) -> "Axes":
        page_width_mm = self._options.width_mm
        page_height_mm = self._height_mm
        return self._figure.add_axes(
            (
                left_mm / page_width_mm,
                1 - (top_mm + height_mm) / page_height_mm,
                width_mm / page_width_mm,
                height_mm / page_height_mm,
            )
        )

    def _draw_picture(
        self, picture: RGBImage, left_mm: float, top_mm: float, width_mm: float, height_mm: float
    ) -> None:
        axes = self._add_axes(left_mm, top_mm, width_mm, height_mm)
        axes.set_axis_off()
        axes.imshow(picture, aspect="auto", interpolation="nearest")

    def _draw_pane(self, index: int, picture: RGBImage, scene: Scene, caption: str, description: str) -> None:
        row, column = divmod(index, self._n_columns)
        left_mm = _MARGIN_MM + column * (self._pane_width_mm + _GAP_MM)
        top_mm = self._panes_top_mm + row * self._row_height_mm
        self._draw_picture(paint(scene, picture), left_mm, top_mm, self._pane_width_mm, self._pane_height_mm)
        bottom_mm = top_mm + self._pane_height_mm
        self._write(caption, left_mm, bottom_mm + 0.6 * self._line_mm, bold=True, max_width_mm=self._pane_width_mm)
        # a description that is too wide is written smaller: shortening it would cut numbers
        description_px = max(1, self._renderer().width(description))
        relative_size = min(1.0, self._measured_px(self._pane_width_mm) / description_px)
        self._write(description, left_mm, bottom_mm + 1.6 * self._line_mm, muted=True, relative_size=relative_size)

    def _draw_bars(self, bars: Sequence[tuple[str, Scene]]) -> None:
        """Draw colour bars side by side. ``bars`` has the title of each, and a scene with its colours."""
        gap_mm = 4 * _GAP_MM
        bars_mm = self._options.width_mm - 2 * _MARGIN_MM - (len(bars) - 1) * gap_mm
        width_mm = min(_BAR_MM, bars_mm / max(len(bars), 1))
        for index, (title, scene) in enumerate(bars):
            self._draw_bar(title, scene, _MARGIN_MM + index * (width_mm + gap_mm), width_mm)

    def _draw_bar(self, title: str, scene: Scene, left_mm: float, width_mm: float) -> None:
        top_mm = self._bars_top_mm
        line_mm = self._line_mm
        self._write(title, left_mm, top_mm + line_mm / 2, muted=True)
        colours = gradient(bar_colours(scene), 256, 1)
        self._draw_picture(colours, left_mm, top_mm=top_mm + 1.1 * line_mm, width_mm=width_mm, height_mm=0.6 * line_mm)
        scale = bar_scale(scene)
        for value, label in zip(scale.ticks, format_ticks(scale), strict=True):
            position = scale.position(value)
            self._write(
                label, left_mm + position * width_mm, top_mm + 2.2 * line_mm, muted=True, align=tick_align(position)
            )

    def _draw_curves(self) -> None:
        """Draw each curve between its own smallest and greatest score: heights of two curves cannot be compared."""
        note = "score curves, each on a scale of its own"
        self._write(note, _MARGIN_MM, self._curves_top_mm + self._line_mm / 2, muted=True)
        left_mm = _MARGIN_MM + 2
        right_mm = self._options.width_mm - _MARGIN_MM - 6
        axes = self._add_axes(
            left_mm, self._curves_top_mm + 1.3 * self._line_mm, right_mm - left_mm, _CURVES_MM - 2 * self._line_mm
        )
        style_axes(axes, WHITE, self._options.text_pt)
        axes.set_yticks([])
        info = self._analyses[0].video
        axes.set_xlim(self._analyses[0].start_s, self._analyses[0].stop_s)
        axes.set_ylim(-0.08, 1.08)
        axes.axvline(float(info.times_s[self._options.frame]), color=rgb_fractions(WHITE.text), linewidth=0.6)
        ends = []
        for index, analysis in enumerate(self._analyses):
            mean_curve = analysis.score_curve.mean(axis=0)
            if np.isnan(mean_curve).all():
                continue
            span = float(np.ptp(mean_curve))
            heights = (mean_curve - mean_curve.min()) / span if span else np.full_like(mean_curve, 0.5)
            colour = rgb_fractions(WHITE.series[index % len(WHITE.series)])
            (line,) = axes.plot(analysis.times_s.max(axis=0), heights, color=colour, linewidth=1.1)
            set_dashes(line, index)
            ends.append((float(heights[-1]), str(index + 1), colour))
        self._write_curve_numbers(axes, ends)
        digits_font = text_and_font("0", self._options.text_pt)[1]
        for label in axes.get_xticklabels():
            label.set_fontproperties(digits_font)
        axes.set_xlabel("s", fontproperties=digits_font, color=rgb_fractions(WHITE.muted), labelpad=1)

    def _write_curve_numbers(self, axes: "Axes", ends: Sequence[tuple[float, str, tuple[float, float, float]]]) -> None:
        """Write the number of each curve at its end, apart from each other. ``ends`` has height, number and colour."""
        label_height = -1.0
        for height, number, colour in sorted(ends):
            label_height = max(height, label_height + 0.13)
            axes.annotate(
                number,
                (1.004, label_height),
                xycoords=("axes fraction", "data"),
                fontproperties=text_and_font(number, self._options.text_pt)[1],
                color=colour,
                va="center",
                annotation_clip=False,
            )

    def _renderer(self, *, bold: bool = False) -> TextRenderer:
        """Return the renderer that measures text, independent of the resolution of the page."""
        return measuring_renderer(self._options.text_pt, bold=bold)

    def _measured_px(self, width_mm: float) -> int:
        return to_measuring_px(0.97 * width_mm)  # characters are measured in whole pixels

    def _write(
        self,
        text: str,
        left_mm: float,
        middle_mm: float,
        *,
        bold: bool = False,
        muted: bool = False,
        align: str = "left",
        relative_size: float = 1.0,
        max_width_mm: float | None = None,
    ) -> None:
        """Write a line of text, shortened to ``max_width_mm``; ``relative_size`` is relative to ``text_pt``."""
        if max_width_mm is not None:
            text = self._renderer(bold=bold).elided(text, self._measured_px(max_width_mm))
        position = (left_mm / self._options.width_mm, middle_mm / self._height_mm)
        size_pt = self._options.text_pt * relative_size
        write_line(self._figure, position, text, size_pt, bold=bold, muted=muted, align=align)


def _format_score(analysis: Analysis) -> str:
    if np.isnan(analysis.score):
        return "no score"
    return score_phrase(analysis, score_decimals([analysis]))
