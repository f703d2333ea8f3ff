"""Several models on one video: the numbers of every frame as a table, and panes of one frame as a figure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skillviewer.core.analysis.analysis import Analysis, MapKind
from skillviewer.core.analysis.difference import difference
from skillviewer.core.analysis.map_comparison import MapNumbers, compare_video, without_map
from skillviewer.core.analysis.scene import ColourLimits, MapStyle, Scene, resolve
from skillviewer.core.analysis.wording import score_digits, score_phrase
from skillviewer.core.arrays import RGBImage
from skillviewer.core.errors import ExportError
from skillviewer.core.progress import NEVER, CancelToken, Report, silent
from skillviewer.core.text import clock
from skillviewer.export.analysed_video import AnalysedVideo, opened
from skillviewer.export.destination import atomic_output, check
from skillviewer.export.options import offered
from skillviewer.export.pictures.blurring import BLUR_HELP, BLUR_TITLE, with_faces
from skillviewer.export.rendering.canvas import bar_owners, common_map_styles
from skillviewer.export.rendering.colour_bar import bar_colours, bar_scale, format_ticks, gradient
from skillviewer.export.rendering.figure import (
    FIGURE_SUFFIXES,
    MM_PER_INCH,
    dash,
    font,
    new_figure,
    save_figure,
    style_axes,
    tick_align,
    write_line,
)
from skillviewer.export.rendering.lettering import TextRenderer, measured_px, measuring
from skillviewer.export.rendering.theme import WHITE, unit
from skillviewer.export.tables.rows import map_numbers
from skillviewer.export.tables.tables import write_csv
from skillviewer.media.overlay.overlay import paint

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GAP_MM, _MARGIN_MM, _BAR_MM, _CURVES_MM = 2.0, 3.0, 44.0, 34.0


@dataclass(frozen=True, slots=True)
class FrameRow:
    """Two models at one frame, or over the video."""

    video: str  # name of the file
    path: str  # path of the video
    first_model: str  # name of the one model
    second_model: str  # name of the other
    first_map: str  # kind of the one's maps
    second_map: str  # kind of the other's; only maps of one kind say the same thing
    frame: int | None  # frame from 0; empty in the row that holds the means over the video
    time_s: float | None  # its presentation time; empty in that row
    # Pearson's correlation of the densities, -1 to 1; empty where a map is constant or, like the numbers after it,
    # where a model has none
    correlation: float | None
    similarity: float | None  # histogram intersection, 0 to 1
    divergence: float | None  # Kullback-Leibler divergence of the first from the second, in nats
    divergence_back: float | None  # the same of the second from the first
    top_overlap: float | None  # overlap of the densest tenths of the area, 0 to 1; 0.1 by chance
    centre_distance: float | None  # distance of the centres of mass, as a share of the picture's diagonal
    first_entropy: float | None  # entropy of the first's map, 0 (one cell) to 1 (uniform)
    second_entropy: float | None  # the same of the second's


def frame_rows(analyses: Sequence[Analysis]) -> list[FrameRow]:
    """Return for every two models the means over the video, then one row a frame that either of them sampled.

    Raises:
        ExportError: There are no two models.
        ValueError: They are of different videos.
    """
    rows = []
    for first, second in combinations(analyses, 2):
        compared = compare_video(first, second)
        rows.append(_row(first, second, None, compared.mean))
        rows += [
            _row(first, second, frame, numbers)
            for frame, numbers in zip(compared.frames.tolist(), compared.numbers, strict=True)
        ]
    if not rows:
        raise ExportError("There is nothing to compare: a comparison needs two models that assessed the same video.")
    return rows


def _row(first: Analysis, second: Analysis, frame: int | None, numbers: MapNumbers) -> FrameRow:
    return FrameRow(
        first.video.path.name,
        str(first.video.path),
        first.provenance.model,
        second.provenance.model,
        str(first.map_kind),
        str(second.map_kind),
        frame,
        float(first.video.times_s[frame]) if frame is not None else None,
        **map_numbers(numbers),
    )


def export_frames_compared(analyses: Sequence[Analysis], path: Path, *, overwrite: bool = False) -> Path:
    """Write the numbers of every two models, over the video and at every frame (``FrameRow``), as CSV.

    Raises:
        ExportError: There are no two models, the file is there already, or it cannot be written.
    """
    return write_csv(FrameRow, frame_rows(analyses), path, overwrite=overwrite)


@dataclass(frozen=True, slots=True)
class ComparedOptions:
    """Options of the figure of a comparison.

    Attributes:
        frame: Frame of the video, from 0.
        map_style: Look of the maps; ``ColourLimits.COMMON`` gives all maps of a kind one scale.
        less: Indices of the two videos whose difference is shown as well, or None.
        columns: Panes in a row, or 0 for a number that suits.
        width_mm: Width of the page: 180 fills two columns of a journal.
        dpi: Pixels an inch.
        text_pt: Size of the words.
        blur_faces: Whether faces are blurred: those that the first video has, or those that are found.
    """

    frame: int
    look: MapStyle
    less: tuple[int, int] | None = None
    columns: int = 0
    width_mm: float = 180.0
    dpi: float = 300.0
    text_pt: float = 7.0
    blur_faces: bool = offered(False, BLUR_TITLE, BLUR_HELP)


def export_compared(
    videos: Sequence[AnalysedVideo],
    path: str | Path,
    options: ComparedOptions,
    *,
    overwrite: bool = False,
    token: CancelToken = NEVER,
    report: Report = silent,
) -> Path:
    """Write one frame as several models see it, with colour bars and their score curves, as PNG, PDF or SVG.

    Exhibits are of one video, by one model each; their titles name the models.

    Raises:
        ExportError: No model, a frame that the video does not have, or the file is refused or cannot be written.
        VideoError: The video cannot be read, or faces cannot be looked for.
        Cancelled: The token was raised; nothing is left behind.
    """
    path = Path(path)
    if not videos:
        raise ExportError(f"There is no model to show in {path}.")
    info = videos[0].analysis.video
    if not 0 <= options.frame < info.n_frames:
        raise ExportError(f"{info.path.name} has no frame {options.frame}: it has {info.n_frames}, counted from 0.")
    check(path, FIGURE_SUFFIXES, overwrite=overwrite)
    if options.blur_faces:
        videos = with_faces(videos, token, report)
    token.check()
    with atomic_output(path, FIGURE_SUFFIXES, overwrite=overwrite) as temporary:
        save_figure(_Page(videos, options).draw(), temporary, path.suffix.lower())
    return path


def _columns(n: int) -> int:
    """Return in how many columns panes stand: about as many as rows, and few places left empty."""
    least = math.ceil(math.sqrt(n))
    return min(range(least, least + 2), key=lambda columns: (-n % columns, columns))


class _Page:
    def __init__(self, videos: Sequence[AnalysedVideo], options: ComparedOptions) -> None:
        self._videos, self._options = videos, options
        self._analyses = [video.analysis for video in videos]
        common = options.look.scale is ColourLimits.COMMON and len(videos) > 1
        own = (
            options.look
            if options.look.scale is not ColourLimits.COMMON
            else replace(options.look, scale=ColourLimits.VIDEO)
        )
        self._map_styles = common_map_styles(self._analyses, options.look) if common else (own,) * len(videos)
        self._common = common
        n = len(videos) + (options.less is not None)
        self._columns = options.columns or _columns(n)
        self._n_rows = math.ceil(n / self._columns)
        self._line = options.text_pt / 72 * MM_PER_INCH * 1.5
        info = self._analyses[0].video
        across = options.width_mm - 2 * _MARGIN_MM - (self._columns - 1) * _GAP_MM
        self._pane = (across / self._columns, across / self._columns * info.height_px / info.width_px)
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
        options, info = self._options, self._analyses[0].video
        time = clock(float(info.times_s[options.frame]))
        title = f"{info.path.name} \N{MIDDLE DOT} {time} \N{MIDDLE DOT} frame {options.frame + 1} of {info.n_frames}"
        across = options.width_mm - 2 * _MARGIN_MM
        self._write(title, _MARGIN_MM, _MARGIN_MM + self._line / 2, bold=True, room=across)
        size = tuple(max(1, round(mm / MM_PER_INCH * options.dpi)) for mm in self._pane)
        with opened(self._videos[:1]) as readers:
            decoded = next(readers[0].stream([options.frame]))
            picture = self._videos[0].picture(decoded, (size[0], size[1]))
        scenes = [
            resolve(a, options.frame, map_style) for a, map_style in zip(self._analyses, self._map_styles, strict=True)
        ]
        for at, (video, scene) in enumerate(zip(self._videos, scenes, strict=True)):
            kind = f"{scene.kind}, spread evenly" if scene.even else str(scene.kind)
            parts = [kind if scene.values is not None else "no map", _score(video.analysis)]
            if not self._common and scene.values is not None:
                parts.append(f"colours {scene.low:.3g} to {scene.high:.3g}")
            self._draw_pane(at, picture, scene, f"{at + 1}  {video.title}", " \N{MIDDLE DOT} ".join(parts))
        owners = bar_owners(self._analyses, options.look) if self._common else ()
        bars = [(bar_scale(scenes[at]).title, scenes[at]) for at in owners if scenes[at].values is not None]
        if options.less is not None:
            first, second = options.less
            name = f"{first + 1} less {second + 1}"
            if without_map(self._analyses[first], self._analyses[second]):
                mapless = next(scenes[at] for at in options.less if self._analyses[at].map_kind is MapKind.NONE)
                self._draw_pane(len(scenes), picture, mapless, name, "one of them has no map")
            else:
                apart = difference(self._analyses[first], self._analyses[second])
                scene = apart.scene(options.frame, options.look)
                self._draw_pane(len(scenes), picture, scene, name, "difference")
                bars.append((f"{name}, \N{MULTIPLICATION SIGN} uniform", scene))
        room = options.width_mm - 2 * _MARGIN_MM - (len(bars) - 1) * 4 * _GAP_MM
        width = min(_BAR_MM, room / max(len(bars), 1))
        for at, (label, scene) in enumerate(bars):
            self._draw_bar(label, scene, _MARGIN_MM + at * (width + 4 * _GAP_MM), width)
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

    def _draw_pane(self, at: int, picture: RGBImage, scene: Scene, name: str, text: str) -> None:
        row, column = divmod(at, self._columns)
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
        axes.set_xlim(self._analyses[0].start_s, self._analyses[0].stop_s)
        axes.set_ylim(-0.08, 1.08)
        axes.axvline(float(info.times_s[self._options.frame]), color=unit(WHITE.text), linewidth=0.6)
        ends = []
        for at, analysis in enumerate(self._analyses):
            mean = analysis.score_curve.mean(axis=0)
            if np.isnan(mean).all():
                continue
            span = float(np.ptp(mean))
            heights = (mean - mean.min()) / span if span else np.full_like(mean, 0.5)
            colour = unit(WHITE.series[at % len(WHITE.series)])
            (line,) = axes.plot(analysis.times_s.max(axis=0), heights, color=colour, linewidth=1.1)
            dash(line, at)
            ends.append((float(heights[-1]), str(at + 1), colour))
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
        at = (left / self._options.width_mm, y / self._height)
        write_line(self._figure, at, text, self._options.text_pt * size, bold=bold, muted=muted, align=align)


def _score(analysis: Analysis) -> str:
    if np.isnan(analysis.score):
        return "no score"
    return score_phrase(analysis, score_digits([analysis]))
