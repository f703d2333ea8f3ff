"""Contact sheets: sampled frames in a row with their maps, as Figures 4 and 5 of Li et al. (2019).

A row is a video or a model. All rows share one scale where their maps are of one kind. The page is white; as PDF or SVG
the words stay sharp at any size.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.map_style import MapStyle
from skillviewer.core.analysis.scene import resolve
from skillviewer.core.analysis.score_text import EVEN_WORDS, HIDDEN, score_digits, score_phrase, score_so_far
from skillviewer.core.arrays import IntArray, RGBImage
from skillviewer.core.errors import ExportError
from skillviewer.core.progress import NEVER, CancelToken, Progress, Report, silent
from skillviewer.core.text import clock, signed
from skillviewer.export.analysed_video import AnalysedVideo, check_frame, open_readers
from skillviewer.export.destination import atomic_output
from skillviewer.export.options import TRACKS_HELP, TRACKS_TITLE, UNFAMILIAR_HELP, UNFAMILIAR_TITLE, option_field
from skillviewer.export.pictures.blurring import BLUR_HELP, BLUR_TITLE, check_faces
from skillviewer.export.rendering.canvas import bar_owners, common_map_styles
from skillviewer.export.rendering.colour_bar import BarScale, bar_colours, bar_scale, format_ticks, gradient
from skillviewer.export.rendering.figure import (
    FIGURE_SUFFIXES,
    MM_PER_INCH,
    new_figure,
    pixels,
    save_figure,
    tick_align,
    write_line,
)
from skillviewer.export.rendering.lettering import TextRenderer
from skillviewer.export.rendering.theme import WHITE
from skillviewer.media.overlay.overlay import paint
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
    """Options of a contact sheet.

    The options say themselves what they are; a row with more frames than columns goes on below.
    """

    frames: tuple[int, ...] = option_field(
        (), "Chosen frames", "Counted from 0; empty for evenly spread ones", screen_offset=1
    )
    n_frames: int = option_field(8, "Evenly spread frames", low=1, high=200)
    columns: int = option_field(0, "Frames in a row", "0 for eight, or as many as there are", low=0, high=50)
    width_mm: float = option_field(240.0, "Width", "180 fills two columns of a journal", low=20, high=2000, unit="mm")
    dpi: float = option_field(300.0, "Print resolution", low=30, high=1200, unit="dpi")
    text_pt: float = option_field(7.5, "Text size", low=3, high=36, unit="pt")
    title: str = option_field("", "Title")
    captions: bool = option_field(True, "Time and score below each frame")
    look: MapStyle = option_field(MapStyle(), "Map")
    unfamiliar_scores: bool = option_field(False, UNFAMILIAR_TITLE, UNFAMILIAR_HELP)
    blur_faces: bool = option_field(False, BLUR_TITLE, BLUR_HELP)
    tracks: bool = option_field(False, TRACKS_TITLE, TRACKS_HELP)


def evenly_spread(analysis: Analysis, n_frames: int) -> IntArray:
    """Return up to ``n_frames`` sampled frames of the first pass, ascending and evenly spread, the last among them."""
    sampled = np.unique(analysis.samples[0])
    if n_frames >= len(sampled):
        return sampled
    last = len(sampled) - 1
    indices = np.rint(last - np.arange(n_frames - 1, -1, -1) * (len(sampled) / n_frames)).astype(np.int64)
    frames: IntArray = sampled[np.clip(indices, 0, last)]
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
        ExportError: No video, a frame that a video does not have, or the file is refused or cannot be written.
        VideoError: A video cannot be read.
        Cancelled: The token was raised; nothing is left behind.
    """
    path = Path(path)
    options = options if options is not None else SheetOptions()
    if not videos:
        raise ExportError(f"There is nothing to put on the sheet {path}.")
    with atomic_output(path, SHEET_SUFFIXES, overwrite=overwrite) as temporary:
        save_figure(_Sheet(videos, options).draw(token, report), temporary, path.suffix.lower())
    return path


def preview_sheet(
    videos: Sequence[AnalysedVideo], options: SheetOptions | None = None, width_px: int = 1200
) -> RGBImage:
    """Return a sheet as it will be, at the resolution of a screen, (H, W, 3) uint8 RGB.

    The print resolution is not used.

    Raises:
        ExportError: No video, or a frame that a video does not have.
        VideoError: A video cannot be read.
    """
    options = options if options is not None else SheetOptions()
    if not videos:
        raise ExportError("There is nothing to put on a sheet.")
    small = replace(options, dpi=width_px / options.width_mm * MM_PER_INCH)
    return pixels(_Sheet(videos, small).draw(CancelToken(), silent))


class _Sheet:
    def __init__(self, videos: Sequence[AnalysedVideo], options: SheetOptions) -> None:
        check_faces(videos, options)
        self.videos = videos
        self.options = options
        self.analyses = [e.analysis for e in videos]
        self.map_styles = common_map_styles(self.analyses, options.look)
        self.chosen = [self._frames(a) for a in self.analyses]
        self.columns = min(options.columns or 8, max(len(frames) for frames in self.chosen))
        self.digits = score_digits(self.analyses)
        self.owners = bar_owners(self.analyses, options.look)
        self.margin = self._px(_MARGIN_MM)
        self.gap = max(1, self._px(_GAP_MM))
        self.line = self._px(options.text_pt * _PT_MM * 1.5)
        self.width = self._px(options.width_mm)
        self.cell = (self.width - 2 * self.margin - (self.columns - 1) * self.gap) // self.columns
        self.right = self.margin + self.columns * (self.cell + self.gap) - self.gap
        if self.cell < _MIN_CELL_PX:
            raise ExportError(
                f"{self.columns} frames side by side leave {max(self.cell, 0)} pixels for each: choose fewer columns "
                "or a wider page."
            )

    def _px(self, mm: float) -> int:
        return round(mm / MM_PER_INCH * self.options.dpi)

    def _frames(self, analysis: Analysis) -> list[int]:
        for frame in self.options.frames:
            check_frame(analysis, frame)
        return sorted(set(self.options.frames)) or evenly_spread(analysis, self.options.n_frames).tolist()

    def _picture_height(self, row: int) -> int:
        video = self.analyses[row].video
        return max(1, round(self.cell * video.height_px / video.width_px))

    def _line_height(self, row: int) -> int:
        return self._picture_height(row) + (self.line if self.options.captions else 0) + self.gap

    def _row_height(self, row: int) -> int:
        n_lines = -(-len(self.chosen[row]) // self.columns)
        return self._heading_height(row) + n_lines * self._line_height(row)

    def _heading_height(self, row: int) -> int:
        return round(self.line * (2.25 if self.analyses[row].spread_evenly else 1.25))

    def draw(self, token: CancelToken, report: Report) -> "Figure":
        title = round(self.line * 1.8) if self.options.title else 0
        foot = round(self.line * 3.1) if self.owners else 0
        row_gap = round(self.line * 0.6)
        rows = range(len(self.videos))
        content = sum(self._row_height(row) for row in rows) + (len(rows) - 1) * row_gap
        self.height = 2 * self.margin + title + content + foot
        dpi = self.options.dpi
        self.figure = new_figure(self.width / dpi, self.height / dpi, dpi, WHITE)
        if title:
            self._write(self.options.title, self.margin, self.margin + title // 3, size=1.35, bold=True)
        self.page = self.figure.add_axes((0, 0, 1, 1), autoscale_on=False)
        self.page.set_axis_off()
        self.page.set(xlim=(0, self.width), ylim=(self.height, 0))
        tops = []
        top = self.margin + title
        for row in rows:
            self._heading(row, top)
            tops.append(top + self._heading_height(row))
            top += self._row_height(row) + row_gap
        self._pictures(tops, token, report)
        right = self.right
        for row in self.owners:
            scene = resolve(self.analyses[row], self.chosen[row][-1], self.map_styles[row])
            width = min(self._px(_BAR_MM), right - self.margin)
            self._bar(bar_scale(scene), bar_colours(scene), right - width, width)
            right -= width + self._px(_BAR_MM / 6)
        return self.figure

    def _pictures(self, tops: Sequence[int], token: CancelToken, report: Report) -> None:
        """Decode every video once, and put each frame into every row that shows it."""
        n_done = 0
        total = sum(len(frames) for frames in self.chosen)
        with open_readers(self.videos) as readers:
            for reader in dict.fromkeys(readers):
                rows = [row for row, other in enumerate(readers) if other is reader]
                for decoded in reader.stream(sorted({frame for row in rows for frame in self.chosen[row]})):
                    for row in rows:
                        if decoded.index in self.chosen[row]:
                            line, column = divmod(self.chosen[row].index(decoded.index), self.columns)
                            left = self.margin + column * (self.cell + self.gap)
                            self._cell(row, decoded, left, tops[row] + line * self._line_height(row))
                            n_done += 1
                            report(Progress("drawing the sheet", n_done, total))
                            token.check()

    def _heading(self, row: int, top: int) -> None:
        y = top + self.line // 2
        score = score_phrase(self.analyses[row], self.digits, unfamiliar_scores=self.options.unfamiliar_scores)
        room = self.right - self.margin
        self._write(score, self.margin + room, y, align="right")
        room -= self._letters(1.0, bold=False).width(score) + 2 * self.line
        self._write(self.videos[row].title, self.margin, y, bold=True, room=room)
        if self.analyses[row].spread_evenly:
            self._write(EVEN_WORDS, self.margin, y + self.line, muted=True)

    def _cell(self, row: int, decoded: DecodedFrame, left: int, top: int) -> None:
        analysis = self.analyses[row]
        height = self._picture_height(row)
        frame_picture = self.videos[row].picture(decoded, (self.cell, height))
        picture = paint(resolve(analysis, decoded.index, self.map_styles[row]), frame_picture)
        if drawn := self.videos[row].track_drawings(decoded.index):
            picture = paint_tracks(picture.copy(), drawn, (analysis.video.width_px, analysis.video.height_px))
        self._place(picture, left, top, self.cell, height)
        if self.options.captions:
            y = top + height + round(self.line * 0.52)
            self._write(clock(float(analysis.video.times_s[decoded.index])), left, y, size=0.9, muted=True)
            hidden = analysis.unfamiliar and not self.options.unfamiliar_scores
            score = HIDDEN if hidden else signed(score_so_far(analysis, decoded.index)[1], self.digits)
            self._write(score, left + self.cell, y, size=0.9, align="right")

    def _bar(self, scale: BarScale, colours: RGBImage, left: int, width: int) -> None:
        top = self.height - self.margin - round(self.line * 2.6)
        height = round(self.line * 0.55)
        self._write(scale.title, left, top + self.line // 3, size=0.9, muted=True)
        top += self.line
        self._place(gradient(colours, width, height), left, top, width, height)
        for value, text in zip(scale.ticks, format_ticks(scale), strict=True):
            share = scale.share(value)
            align = tick_align(share)
            x = left + round(share * width)
            if align == "center":
                self._place(
                    np.zeros((1, 1, 3), np.uint8) + np.uint8(90), x, top + height, max(1, self.gap // 4), height // 3
                )
            self._write(text, x, top + height + round(self.line * 0.62), size=0.85, muted=True, align=align)

    def _place(self, picture: RGBImage, left: int, top: int, width: int, height: int) -> None:
        self.page.imshow(
            picture, extent=(left, left + width, top + height, top), aspect="auto", interpolation="nearest"
        )

    def _letters(self, size: float, *, bold: bool) -> TextRenderer:
        size_px = round(self.options.text_pt * size * self.options.dpi / 72)
        return TextRenderer(max(1, size_px), WHITE.text, WHITE.background, bold=bold)

    def _write(
        self,
        text: str,
        x: int,
        y: int,
        *,
        size: float = 1.0,
        bold: bool = False,
        muted: bool = False,
        align: str = "left",
        room: int | None = None,
    ) -> None:
        """Write a line with its middle at a height; ``room`` is its greatest width."""
        if room is not None:
            text = self._letters(size, bold=bold).elided(text, room)
        position = (x / self.width, y / self.height)
        write_line(self.figure, position, text, self.options.text_pt * size, bold=bold, muted=muted, align=align)
