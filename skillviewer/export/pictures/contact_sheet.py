"""Contact sheets: sampled frames in a row with their maps, like Figures 4 and 5 of Li et al. (2019).

Each row shows one video or one model. Maps of one kind share one scale. The page is white. In PDF and SVG the text
stays sharp at any size.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.map_style import MapStyle
from skillviewer.core.analysis.scene import resolve
from skillviewer.core.analysis.score_text import HIDDEN, SPREAD_EVENLY_TEXT, score_decimals, score_phrase, score_so_far
from skillviewer.core.arrays import IntArray, RGBImage
from skillviewer.core.errors import ExportError
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.core.text import clock, signed
from skillviewer.export.analysed_video import AnalysedVideo, check_frame, open_readers
from skillviewer.export.destination import atomic_output
from skillviewer.export.options import TRACKS_HELP, TRACKS_TITLE, UNFAMILIAR_HELP, UNFAMILIAR_TITLE, option_field
from skillviewer.export.pictures.blurring import BLUR_HELP, BLUR_TITLE, check_faces
from skillviewer.export.rendering.colour_bar import BarScale, bar_colours, bar_scale, format_ticks, gradient
from skillviewer.export.rendering.common_scales import colour_bar_indices, common_map_styles
from skillviewer.export.rendering.matplotlib_figure import (
    FIGURE_SUFFIXES,
    MM_PER_INCH,
    draw_to_rgb,
    new_figure,
    save_figure,
    tick_align,
    write_line,
)
from skillviewer.export.rendering.text_renderer import TextRenderer
from skillviewer.export.rendering.theme import WHITE
from skillviewer.media.overlay.painter import paint
from skillviewer.media.overlay.track_overlay import paint_tracks
from skillviewer.media.reading.reader import DecodedFrame

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHEET_SUFFIXES = FIGURE_SUFFIXES
_PT_MM = MM_PER_INCH / 72
_MARGIN_MM = 3.0
_GAP_MM = 1.4
_BAR_MM = 46.0
_MIN_CELL_PX = 16


@dataclass(frozen=True, slots=True)
class SheetOptions:
    """Options of a contact sheet. A row with more frames than columns continues on the next line."""

    frames: tuple[int, ...] = option_field(
        (), "Chosen frames", "Counted from 0; empty for evenly spread ones", screen_offset=1
    )
    n_frames: int = option_field(8, "Evenly spread frames", low=1, high=200)
    columns: int = option_field(0, "Frames in a row", "0 for eight, or as many as there are", low=0, high=50)
    width_mm: float = option_field(240.0, "Width", "180 fills two columns of a journal", low=20, high=2000, unit="mm")
    dpi: float = option_field(300.0, "Print resolution", low=30, high=1200, unit="dpi")
    text_pt: float = option_field(7.5, "Text size", low=3, high=36, unit="pt")
    title: str = option_field("", "Title")
    captions: bool = option_field(default=True, title="Time and score below each frame")
    look: MapStyle = option_field(MapStyle(), "Map")
    unfamiliar_scores: bool = option_field(default=False, title=UNFAMILIAR_TITLE, help=UNFAMILIAR_HELP)
    blur_faces: bool = option_field(default=False, title=BLUR_TITLE, help=BLUR_HELP)
    tracks: bool = option_field(default=False, title=TRACKS_TITLE, help=TRACKS_HELP)


def evenly_spread(analysis: Analysis, n_frames: int) -> IntArray:
    """Return up to ``n_frames`` sampled frames of the first pass, ascending and evenly spread, including the last."""
    sampled_frames = np.unique(analysis.samples[0])
    if n_frames >= len(sampled_frames):
        return sampled_frames
    last = len(sampled_frames) - 1
    steps_before_last = np.arange(n_frames - 1, -1, -1)
    indices = np.rint(last - steps_before_last * (len(sampled_frames) / n_frames)).astype(np.int64)
    frames: IntArray = sampled_frames[np.clip(indices, 0, last)]
    return frames


def export_sheet(
    videos: Sequence[AnalysedVideo],
    path: str | Path,
    options: SheetOptions | None = None,
    *,
    overwrite: bool = False,
    token: CancelToken = NEVER,
    report: Report = silent,
) -> Path:
    """Write a contact sheet as PNG, PDF or SVG.

    Raises:
        ExportError: There is no video, a frame is outside a video, or the file is refused or cannot be written.
        VideoError: A video cannot be read.
        Cancelled: The token was cancelled; no file is left.
    """
    path = Path(path)
    options = options if options is not None else SheetOptions()
    if not videos:
        raise ExportError(f"There is nothing to put on the sheet {path}.")
    with atomic_output(path, SHEET_SUFFIXES, overwrite=overwrite) as temp_path:
        figure = _Sheet(videos, options).draw(token, report)
        save_figure(figure, temp_path, path.suffix.lower())
    return path


def preview_sheet(
    videos: Sequence[AnalysedVideo], options: SheetOptions | None = None, width_px: int = 1200
) -> RGBImage:
    """Return a sheet at the resolution of a screen, (H, W, 3) uint8 RGB; the print resolution is not used.

    Raises:
        ExportError: There is no video, or a frame is outside a video.
        VideoError: A video cannot be read.
    """
    options = options if options is not None else SheetOptions()
    if not videos:
        raise ExportError("There is nothing to put on a sheet.")
    screen_options = replace(options, dpi=width_px / options.width_mm * MM_PER_INCH)
    return draw_to_rgb(_Sheet(videos, screen_options).draw(CancelToken(), silent))


class _Sheet:
    """Contact sheet. Lengths are in pixels unless their names end in _mm; tops count from the upper edge."""

    def __init__(self, videos: Sequence[AnalysedVideo], options: SheetOptions) -> None:
        check_faces(videos, options)
        self.videos = videos
        self.options = options
        self.analyses = [video.analysis for video in videos]
        self.map_styles = common_map_styles(self.analyses, options.look)
        self.frames = [self._choose_frames(analysis) for analysis in self.analyses]  # of each row
        max_columns = 8 if options.columns == 0 else options.columns
        self.n_columns = min(max_columns, max(map(len, self.frames)))
        self.digits = score_decimals(self.analyses)
        self.rows_with_bar = colour_bar_indices(self.analyses, options.look)
        self.margin = self._to_px(_MARGIN_MM)
        self.gap = max(1, self._to_px(_GAP_MM))
        self.line_height = self._to_px(options.text_pt * _PT_MM * 1.5)
        self.width = self._to_px(options.width_mm)
        self.cell_width = (self.width - 2 * self.margin - (self.n_columns - 1) * self.gap) // self.n_columns
        self.right = self.margin + self.n_columns * (self.cell_width + self.gap) - self.gap
        if self.cell_width < _MIN_CELL_PX:
            raise ExportError(
                f"{self.n_columns} frames side by side leave {max(self.cell_width, 0)} pixels for each: choose fewer "
                "columns or a wider page."
            )

    def _to_px(self, length_mm: float) -> int:
        return round(length_mm / MM_PER_INCH * self.options.dpi)

    def _choose_frames(self, analysis: Analysis) -> list[int]:
        if not self.options.frames:
            frames: list[int] = evenly_spread(analysis, self.options.n_frames).tolist()
            return frames
        for frame in self.options.frames:
            check_frame(analysis, frame)
        return sorted(set(self.options.frames))

    def _picture_height(self, row: int) -> int:
        video = self.analyses[row].video
        return max(1, round(self.cell_width * video.height_px / video.width_px))

    def _cell_height(self, row: int) -> int:
        caption_height = self.line_height if self.options.captions else 0
        return self._picture_height(row) + caption_height + self.gap

    def _row_height(self, row: int) -> int:
        n_lines = math.ceil(len(self.frames[row]) / self.n_columns)
        return self._heading_height(row) + n_lines * self._cell_height(row)

    def _heading_height(self, row: int) -> int:
        n_lines = 2.25 if self.analyses[row].spread_evenly else 1.25
        return round(self.line_height * n_lines)

    def draw(self, token: CancelToken, report: Report) -> "Figure":
        title_height = round(self.line_height * 1.8) if self.options.title else 0
        bars_height = round(self.line_height * 3.1) if self.rows_with_bar else 0
        row_gap = round(self.line_height * 0.6)
        rows = range(len(self.videos))
        rows_height = sum(self._row_height(row) for row in rows) + (len(rows) - 1) * row_gap
        self.height = 2 * self.margin + title_height + rows_height + bars_height
        dpi = self.options.dpi
        self.figure = new_figure(self.width / dpi, self.height / dpi, dpi, WHITE)
        if title_height:
            y = self.margin + title_height // 3
            self._write(self.options.title, self.margin, y, relative_size=1.35, bold=True)
        self.page = self.figure.add_axes((0, 0, 1, 1), autoscale_on=False)
        self.page.set_axis_off()
        self.page.set(xlim=(0, self.width), ylim=(self.height, 0))
        picture_tops = []
        top = self.margin + title_height
        for row in rows:
            self._write_heading(row, top)
            picture_tops.append(top + self._heading_height(row))
            top += self._row_height(row) + row_gap
        self._draw_pictures(picture_tops, token, report)
        self._draw_bars()
        return self.figure

    def _draw_pictures(self, tops: Sequence[int], token: CancelToken, report: Report) -> None:
        """Decode every file once, and draw each frame in every row that shows it."""
        n_drawn = 0
        n_total = sum(len(frames) for frames in self.frames)
        with open_readers(self.videos) as readers:
            for reader in dict.fromkeys(readers):
                rows = [row for row, row_reader in enumerate(readers) if row_reader is reader]
                frames = sorted({frame for row in rows for frame in self.frames[row]})
                for decoded_frame in reader.stream(frames):
                    for row in rows:
                        if decoded_frame.index in self.frames[row]:
                            self._draw_cell(row, decoded_frame, tops[row])
                            n_drawn += 1
                            report(Progress("drawing the sheet", n_drawn, n_total))
                            token.check()

    def _write_heading(self, row: int, top: int) -> None:
        y = top + self.line_height // 2
        score = score_phrase(self.analyses[row], self.digits, unfamiliar_scores=self.options.unfamiliar_scores)
        self._write(score, self.right, y, align="right")
        score_width = self._renderer(1.0, bold=False).width(score)
        title_width = self.right - self.margin - score_width - 2 * self.line_height
        self._write(self.videos[row].title, self.margin, y, bold=True, max_width=title_width)
        if self.analyses[row].spread_evenly:
            self._write(SPREAD_EVENLY_TEXT, self.margin, y + self.line_height, muted=True)

    def _draw_cell(self, row: int, decoded_frame: DecodedFrame, row_top: int) -> None:
        """Draw one frame with its map, tracks and caption. ``row_top`` is the top of the first line of pictures."""
        line, column = divmod(self.frames[row].index(decoded_frame.index), self.n_columns)
        left = self.margin + column * (self.cell_width + self.gap)
        top = row_top + line * self._cell_height(row)
        video = self.videos[row]
        info = self.analyses[row].video
        height = self._picture_height(row)
        scene = resolve(self.analyses[row], decoded_frame.index, self.map_styles[row])
        picture = paint(scene, video.picture(decoded_frame, (self.cell_width, height)))
        track_drawings = video.track_drawings(decoded_frame.index)
        if track_drawings:
            picture = paint_tracks(picture.copy(), track_drawings, (info.width_px, info.height_px))
        self._draw_picture(picture, left, top, self.cell_width, height)
        if self.options.captions:
            y = top + height + round(self.line_height * 0.52)
            self._write(clock(float(info.times_s[decoded_frame.index])), left, y, relative_size=0.9, muted=True)
            score = self._format_score(self.analyses[row], decoded_frame.index)
            self._write(score, left + self.cell_width, y, relative_size=0.9, align="right")

    def _format_score(self, analysis: Analysis, frame: int) -> str:
        if analysis.unfamiliar and not self.options.unfamiliar_scores:
            return HIDDEN
        _, score = score_so_far(analysis, frame)
        return signed(score, self.digits)

    def _draw_bars(self) -> None:
        """Draw a colour bar for each kind of map, from right to left."""
        right = self.right
        for row in self.rows_with_bar:
            scene = resolve(self.analyses[row], self.frames[row][-1], self.map_styles[row])
            width = min(self._to_px(_BAR_MM), right - self.margin)
            self._draw_bar(bar_scale(scene), bar_colours(scene), right - width, width)
            right -= width + self._to_px(_BAR_MM / 6)

    def _draw_bar(self, scale: BarScale, colours: RGBImage, left: int, width: int) -> None:
        title_top = self.height - self.margin - round(self.line_height * 2.6)
        self._write(scale.title, left, title_top + self.line_height // 3, relative_size=0.9, muted=True)
        top = title_top + self.line_height
        height = round(self.line_height * 0.55)
        self._draw_picture(gradient(colours, width, height), left, top, width, height)
        grey = np.full((1, 1, 3), 90, np.uint8)
        text_y = top + height + round(self.line_height * 0.62)
        for value, text in zip(scale.ticks, format_ticks(scale), strict=True):
            position = scale.position(value)
            align = tick_align(position)
            x = left + round(position * width)
            if align == "center":
                self._draw_picture(grey, x, top=top + height, width=max(1, self.gap // 4), height=height // 3)
            self._write(text, x, text_y, relative_size=0.85, muted=True, align=align)

    def _draw_picture(self, picture: RGBImage, left: int, top: int, width: int, height: int) -> None:
        extent = (left, left + width, top + height, top)
        self.page.imshow(picture, extent=extent, aspect="auto", interpolation="nearest")

    def _renderer(self, relative_size: float, *, bold: bool) -> TextRenderer:
        size_px = round(self.options.text_pt * relative_size * self.options.dpi / 72)
        return TextRenderer(max(1, size_px), WHITE.text, WHITE.background, bold=bold)

    def _write(
        self,
        text: str,
        x: int,
        y: int,
        *,
        relative_size: float = 1.0,
        bold: bool = False,
        muted: bool = False,
        align: str = "left",
        max_width: int | None = None,
    ) -> None:
        """Write a line of text around the height ``y``, shortened to ``max_width``."""
        if max_width is not None:
            text = self._renderer(relative_size, bold=bold).elided(text, max_width)
        position = (x / self.width, y / self.height)
        size_pt = self.options.text_pt * relative_size
        write_line(self.figure, position, text, size_pt, bold=bold, muted=muted, align=align)
