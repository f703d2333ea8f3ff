"""Several models on one video as a figure: a pane a model, at one frame."""

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
from skillviewer.core.analysis.score_text import score_digits, score_phrase
from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import ExportError
from skillviewer.core.progress import NEVER, CancelToken, Report, silent
from skillviewer.core.text import clock
from skillviewer.export.analysed_video import AnalysedVideo, check_frame, open_readers
from skillviewer.export.destination import atomic_output, check_destination
from skillviewer.export.options import option_field
from skillviewer.export.pictures.blurring import BLUR_HELP, BLUR_TITLE, check_faces
from skillviewer.export.rendering.canvas import bar_owners, common_map_styles
from skillviewer.export.rendering.colour_bar import bar_colours, bar_scale, format_ticks, gradient
from skillviewer.export.rendering.figure import (
    FIGURE_SUFFIXES,
    MM_PER_INCH,
    dash,
    font,
    new_figure,
    pixels,
    save_figure,
    style_axes,
    tick_align,
    write_line,
)
from skillviewer.export.rendering.lettering import TextRenderer, measured_px, measuring
from skillviewer.export.rendering.theme import WHITE, unit
from skillviewer.media.overlay.overlay import paint

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GAP_MM = 2.0
_MARGIN_MM = 3.0
_BAR_MM = 44.0
_CURVES_MM = 34.0


@dataclass(frozen=True, slots=True)
class ComparedOptions:
    """Options of the figure of compared models, which say themselves what they are."""

    frame: int | None = option_field(
        None, "Frame", "Counted from 0; empty for the last sampled one", low=0, screen_offset=1
    )
    look: MapStyle = option_field(MapStyle(), "Map")
    less: tuple[int, ...] = option_field(
        (), "Difference", "Two models by their places from 0: the first less the second", screen_offset=1
    )
    columns: int = option_field(0, "Panes in a row", "0 for a number that suits", low=0, high=9)
    width_mm: float = option_field(180.0, "Width", "180 fills two columns of a journal", low=20, high=2000, unit="mm")
    dpi: float = option_field(300.0, "Print resolution", low=30, high=1200, unit="dpi")
    text_pt: float = option_field(7.0, "Text size", low=3, high=36, unit="pt")
    blur_faces: bool = option_field(False, BLUR_TITLE, BLUR_HELP)


def export_compared(
    videos: Sequence[AnalysedVideo],
    path: str | Path,
    options: ComparedOptions | None = None,
    *,
    overwrite: bool = False,
    token: CancelToken = NEVER,
    report: Report = silent,  # noqa: ARG001 - of the signature of all writers
) -> Path:
    """Write one frame as several models see it, with colour bars and their score curves, as PNG, PDF or SVG.

    The analyses are of one video, by one model each; their titles name the models.

    Raises:
        ExportError: No model, analyses of several videos, a frame or a model that there is not, faces that should be
            blurred were not searched for, or the file is refused or cannot be written.
        VideoError: The video cannot be read.
        Cancelled: The token was raised; nothing is left behind.
    """
    path = Path(path)
    options = _checked(videos, options if options is not None else ComparedOptions())
    check_destination(path, FIGURE_SUFFIXES, overwrite=overwrite)
    token.check()
    with atomic_output(path, FIGURE_SUFFIXES, overwrite=overwrite) as temporary:
        save_figure(_Page(videos, options).draw(), temporary, path.suffix.lower())
    return path


def preview_compared(
    videos: Sequence[AnalysedVideo], options: ComparedOptions | None = None, width_px: int = 1200
) -> RGBImage:
    """Return the figure at the resolution of a screen, (H, W, 3) uint8 RGB; raises as ``export_compared``."""
    options = _checked(videos, options if options is not None else ComparedOptions())
    small = replace(options, dpi=width_px / options.width_mm * MM_PER_INCH)
    return pixels(_Page(videos, small).draw())


def _checked(videos: Sequence[AnalysedVideo], options: ComparedOptions) -> ComparedOptions:
    """Return options with a frame, or raise an ExportError if these videos cannot be drawn with them."""
    if not videos:
        raise ExportError("There is no model to show in a figure of compared models.")
    first = videos[0].analysis
    if any(video.analysis.clip_id != first.clip_id for video in videos):
        raise ExportError("A figure of compared models shows one video: choose one, or a folder for a file each.")
    frame = options.frame if options.frame is not None else int(first.samples.max())
    check_frame(first, frame)
    subtracted = options.less
    if subtracted and (
        len(set(subtracted)) != 2 or len(subtracted) != 2 or not set(subtracted) <= set(range(len(videos)))
    ):
        raise ExportError(
            f"The difference of {list(subtracted)} cannot be shown: name two of the {len(videos)} models."
        )
    check_faces(videos, options)
    return replace(options, frame=frame)


def _columns(n: int) -> int:
    """Return in how many columns panes stand: about as many as rows, and few places left empty."""
    fewest = math.ceil(math.sqrt(n))
    return min(range(fewest, fewest + 2), key=lambda columns: (-n % columns, columns))


class _Page:
    def __init__(self, videos: Sequence[AnalysedVideo], options: ComparedOptions) -> None:
        self._videos = videos
        self._options = options
        self._analyses = [video.analysis for video in videos]
        common = options.look.scale is ColourLimits.COMMON and len(videos) > 1
        own_scale = (
            options.look
            if options.look.scale is not ColourLimits.COMMON
            else replace(options.look, scale=ColourLimits.VIDEO)
        )
        self._map_styles = common_map_styles(self._analyses, options.look) if common else (own_scale,) * len(videos)
        self._common = common
        n = len(videos) + bool(options.less)
        self._columns = options.columns or _columns(n)
        self._n_rows = math.ceil(n / self._columns)
        self._line = options.text_pt / 72 * MM_PER_INCH * 1.5
        info = self._analyses[0].video
        panes_mm = options.width_mm - 2 * _MARGIN_MM - (self._columns - 1) * _GAP_MM
        self._pane = (panes_mm / self._columns, panes_mm / self._columns * info.height_px / info.width_px)
        self._curved = [a for a in self._analyses if not np.isnan(a.score_curve).all()]
        curves = _CURVES_MM + self._line if self._curved else 0.0
        panes = self._n_rows * (self._pane[1] + 2.4 * self._line + _GAP_MM)
        self._bars_top = _MARGIN_MM + 1.6 * self._line + panes
        self._curves_top = self._bars_top + 3.2 * self._line
        self._height = self._curves_top + curves + _MARGIN_MM
        dpi = options.dpi
        self._figure = new_figure(options.width_mm / MM_PER_INCH, self._height / MM_PER_INCH, dpi, WHITE)

    def draw(self) -> "Figure":
        """Draw everything."""
        options = self._options
        info = self._analyses[0].video
        assert options.frame is not None
        time = clock(float(info.times_s[options.frame]))
        title = f"{info.path.name} \N{MIDDLE DOT} {time} \N{MIDDLE DOT} frame {options.frame + 1} of {info.n_frames}"
        text_mm = options.width_mm - 2 * _MARGIN_MM
        self._write(title, _MARGIN_MM, _MARGIN_MM + self._line / 2, bold=True, room=text_mm)
        size = tuple(max(1, round(mm / MM_PER_INCH * options.dpi)) for mm in self._pane)
        with open_readers(self._videos[:1]) as readers:
            decoded = next(readers[0].stream([options.frame]))
            picture = self._videos[0].picture(decoded, (size[0], size[1]))
        scenes = [
            resolve(a, options.frame, map_style) for a, map_style in zip(self._analyses, self._map_styles, strict=True)
        ]
        for index, (video, scene) in enumerate(zip(self._videos, scenes, strict=True)):
            kind = f"{scene.kind}, spread evenly" if scene.even else str(scene.kind)
            parts = [kind if scene.values is not None else "no map", _score(video.analysis)]
            if not self._common and scene.values is not None:
                parts.append(f"colours {scene.low:.3g} to {scene.high:.3g}")
            self._draw_pane(index, picture, scene, f"{index + 1}  {video.title}", " \N{MIDDLE DOT} ".join(parts))
        owners = bar_owners(self._analyses, options.look) if self._common else ()
        bars = [(bar_scale(scenes[index]).title, scenes[index]) for index in owners if scenes[index].values is not None]
        if options.less:
            first, second = options.less
            name = f"{first + 1} less {second + 1}"
            if without_map(self._analyses[first], self._analyses[second]):
                mapless = next(
                    scenes[index] for index in options.less if self._analyses[index].map_kind is MapKind.NONE
                )
                self._draw_pane(len(scenes), picture, mapless, name, "one of them has no map")
            else:
                map_difference = difference(self._analyses[first], self._analyses[second])
                scene = map_difference.scene(options.frame, options.look)
                self._draw_pane(len(scenes), picture, scene, name, "difference")
                bars.append((f"{name}, \N{MULTIPLICATION SIGN} uniform", scene))
        room = options.width_mm - 2 * _MARGIN_MM - (len(bars) - 1) * 4 * _GAP_MM
        width = min(_BAR_MM, room / max(len(bars), 1))
        for index, (label, scene) in enumerate(bars):
            self._draw_bar(label, scene, _MARGIN_MM + index * (width + 4 * _GAP_MM), width)
        if self._curved:
            self._draw_curves()
        return self._figure

    def _axes(self, left: float, top: float, width: float, height: float) -> "Axes":
        whole = (self._options.width_mm, self._height)
        return self._figure.add_axes(
            (left / whole[0], 1 - (top + height) / whole[1], width / whole[0], height / whole[1])
        )

    def _image(self, picture: RGBImage, left: float, top: float, width: float, height: float) -> None:
        axes = self._axes(left, top, width, height)
        axes.set_axis_off()
        axes.imshow(picture, aspect="auto", interpolation="nearest")

    def _draw_pane(self, index: int, picture: RGBImage, scene: Scene, name: str, text: str) -> None:
        row, column = divmod(index, self._columns)
        left = _MARGIN_MM + column * (self._pane[0] + _GAP_MM)
        top = _MARGIN_MM + 1.6 * self._line + row * (self._pane[1] + 2.4 * self._line + _GAP_MM)
        self._image(paint(scene, picture), left, top, *self._pane)
        top += self._pane[1]
        self._write(name, left, top + 0.6 * self._line, bold=True, room=self._pane[0])
        narrower = min(1.0, self._room_px(self._pane[0]) / max(1, self._letters().width(text)))
        self._write(text, left, top + 1.6 * self._line, muted=True, size=narrower)  # numbers are never cut

    def _draw_bar(self, text: str, scene: Scene, left: float, width: float) -> None:
        top = self._bars_top
        self._write(text, left, top + self._line / 2, muted=True)
        self._image(gradient(bar_colours(scene), 256, 1), left, top + 1.1 * self._line, width, 0.6 * self._line)
        scale = bar_scale(scene)
        for value, tick in zip(scale.ticks, format_ticks(scale), strict=True):
            share = scale.share(value)
            self._write(tick, left + share * width, top + 2.2 * self._line, muted=True, align=tick_align(share))

    def _draw_curves(self) -> None:
        """Draw every curve from its own least to its own greatest score: their heights cannot be compared."""
        left, right = _MARGIN_MM + 2, self._options.width_mm - _MARGIN_MM - 6
        note = "score curves, each on a scale of its own"
        self._write(note, _MARGIN_MM, self._curves_top + self._line / 2, muted=True)
        axes = self._axes(left, self._curves_top + 1.3 * self._line, right - left, _CURVES_MM - 2 * self._line)
        style_axes(axes, WHITE, self._options.text_pt)
        axes.set_yticks([])
        info = self._analyses[0].video
        frame = self._options.frame
        axes.set_xlim(self._analyses[0].start_s, self._analyses[0].stop_s)
        axes.set_ylim(-0.08, 1.08)
        axes.axvline(float(info.times_s[frame]), color=unit(WHITE.text), linewidth=0.6)
        ends = []
        for index, analysis in enumerate(self._analyses):
            mean = analysis.score_curve.mean(axis=0)
            if np.isnan(mean).all():
                continue
            span = float(np.ptp(mean))
            heights = (mean - mean.min()) / span if span else np.full_like(mean, 0.5)
            colour = unit(WHITE.series[index % len(WHITE.series)])
            (line,) = axes.plot(analysis.times_s.max(axis=0), heights, color=colour, linewidth=1.1)
            dash(line, index)
            ends.append((float(heights[-1]), str(index + 1), colour))
        place = -1.0
        for height, number, colour in sorted(ends):
            place = max(height, place + 0.13)
            face = font(number, self._options.text_pt)[1]
            axes.annotate(number, (1.004, place), xycoords=("axes fraction", "data"), fontproperties=face, color=colour,
                          va="center", annotation_clip=False)  # fmt: skip
        face = font("0", self._options.text_pt)[1]
        for label in axes.get_xticklabels():
            label.set_fontproperties(face)
        axes.set_xlabel("s", fontproperties=face, color=unit(WHITE.muted), labelpad=1)

    def _letters(self, *, bold: bool = False) -> TextRenderer:
        """Return letters by which words are measured, whatever the resolution of the page."""
        return measuring(self._options.text_pt, bold=bold)

    def _room_px(self, room_mm: float) -> int:
        return measured_px(0.97 * room_mm)  # letters are measured in whole pixels

    def _write(
        self,
        text: str,
        left: float,
        y: float,
        *,
        bold: bool = False,
        muted: bool = False,
        align: str = "left",
        size: float = 1.0,
        room: float | None = None,
    ) -> None:
        """Write a line; ``room`` is its greatest width in millimetres, ``size`` a share of that of the words."""
        if room is not None:
            text = self._letters(bold=bold).elided(text, self._room_px(room))
        position = (left / self._options.width_mm, y / self._height)
        write_line(self._figure, position, text, self._options.text_pt * size, bold=bold, muted=muted, align=align)


def _score(analysis: Analysis) -> str:
    if np.isnan(analysis.score):
        return "no score"
    return score_phrase(analysis, score_digits([analysis]))
