"""Score curve of a clip, with a cursor.

The curve is drawn twice at the beginning: in full colour, as played, and faint, as not yet played. For each frame the
first drawing is copied up to the cursor, and the second from there on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.score_curve import score_curve, score_ticks, time_ticks
from skillviewer.core.analysis.score_text import score_so_far
from skillviewer.core.arrays import FloatArray, RGBImage
from skillviewer.core.explanation.alignment import Alignment
from skillviewer.export.rendering.curve_plot import plot_curve
from skillviewer.export.rendering.layout import Box
from skillviewer.export.rendering.matplotlib_figure import draw_to_rgb, new_figure, style_axes, text_and_font
from skillviewer.export.rendering.theme import Colour, ExportTheme, blend, rgb_fractions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

_DPI = 72.0  # a point is a pixel
_AHEAD_OPACITY = 0.38


@dataclass(frozen=True, slots=True)
class PlotArea:
    """Area between the axes of a drawing, which maps times and scores to pixels from the top left corner."""

    left: float  # column of ``start_s``
    right: float  # column of ``stop_s``
    top: float  # row of ``high``
    bottom: float  # row of ``low``
    start_s: float  # time at the left end
    stop_s: float  # time at the right end
    low: float  # score at the lower end
    high: float  # score at the upper end

    def x(self, time_s: float) -> float:
        """Return the column of a time, clamped to the area."""
        share = (time_s - self.start_s) / (self.stop_s - self.start_s)
        return self.left + min(max(share, 0.0), 1.0) * (self.right - self.left)

    def y(self, score: float) -> float:
        """Return the row of a score."""
        return self.bottom - (score - self.low) / (self.high - self.low) * (self.bottom - self.top)


class ClipCurve:
    """Score curves of one or more analyses over one clock.

    Args:
        analyses: Analyses whose curves are drawn: the mean over the passes bold, every pass faint.
        start_s: Presentation time at the left end.
        stop_s: Presentation time at the right end.
        size: (width_px, height_px) of the drawing with its labels.
        em: Size of the text in pixels.
        theme: Colours; the i-th analysis has the i-th colour of the series.
        alignments: Alignment of the first analysis with each analysis, or None; () for none.
        show_scores: Whether scores are written at the axis.
    """

    def __init__(
        self,
        analyses: Sequence[Analysis],
        start_s: float,
        stop_s: float,
        size: tuple[int, int],
        em: int,
        theme: ExportTheme,
        alignments: Sequence[Alignment | None] = (),
        *,
        show_scores: bool = True,
    ) -> None:
        self._show_scores = show_scores
        self._analyses = analyses
        self._theme = theme
        self._em = em
        self._alignments = alignments or [None] * len(analyses)
        self._curves = [score_curve(analysis) for analysis in analyses]
        scores = np.concatenate([curve.passes.ravel() for curve in self._curves])
        low = float(scores.min())
        high = float(scores.max())
        margin = max((high - low) * 0.1, abs(high) * 1e-3, 1e-6)
        self.area = PlotArea(
            left=em * 3.4,
            right=size[0] - em * 1.4,
            top=em * 0.4,
            bottom=size[1] - em * 1.5,
            start_s=start_s,
            stop_s=max(stop_s, start_s + 1e-3),
            low=low - margin,
            high=high + margin,
        )
        self._played, self._ahead = self._draw_curves(size)
        self._disc = _disc_coverage(em * 0.3)

    def paint(self, canvas: RGBImage, box: Box, time_s: float, frames: Sequence[int]) -> None:
        """Paint the curve with its cursor into a box of an RGB canvas.

        Args:
            canvas: (H, W, 3) uint8 RGB.
            box: Box of the size of the drawing.
            time_s: Time of the cursor.
            frames: Frame of each analysis on screen, from 0.
        """
        target = canvas[box.top : box.bottom, box.left : box.right]
        cursor_x = self.area.x(time_s)
        first_ahead = round(cursor_x)
        target[:, :first_ahead] = self._played[:, :first_ahead]
        target[:, first_ahead:] = self._ahead[:, first_ahead:]
        width = max(1, round(self._em / 10))
        left = round(cursor_x - width / 2)
        target[round(self.area.top) : round(self.area.bottom), left : left + width] = self._theme.text
        for index, (analysis, frame) in enumerate(zip(self._analyses, frames, strict=True)):
            step, score = score_so_far(analysis, frame)
            if step < 0:
                continue
            step_s = float(self._to_clock(index, analysis.times_s[0, step]))
            if step_s >= self.area.start_s:
                _paint_disc(target, self._disc, self.area.x(step_s), self.area.y(score), self._colour(index))

    def _to_clock(self, index: int, times_s: FloatArray) -> FloatArray:
        """Return times of an analysis on the clock of the first one."""
        alignment = self._alignments[index]
        return times_s if alignment is None else alignment.to_own(times_s)

    def _colour(self, index: int) -> Colour:
        return self._theme.series[index % len(self._theme.series)]

    def _draw_curves(self, size: tuple[int, int]) -> tuple[RGBImage, RGBImage]:
        """Return the drawing with played curves, and the drawing with curves ahead."""
        area = self.area
        theme = self._theme
        width, height = size
        figure = new_figure(width / _DPI, height / _DPI, _DPI, theme)
        axes = figure.add_axes(
            (
                area.left / width,
                1 - area.bottom / height,
                (area.right - area.left) / width,
                (area.bottom - area.top) / height,
            )
        )
        axes.set_xlim(area.start_s, area.stop_s)
        axes.set_ylim(area.low, area.high)
        style_axes(axes, theme, self._em * 0.78)
        self._draw_ticks(axes)
        if len(self._analyses) == 1:
            self._draw_segments(axes)
        lines = self._draw_lines(axes)
        played = draw_to_rgb(figure)
        for line, colour in lines:
            line.set_color(rgb_fractions(blend(colour, theme.background, _AHEAD_OPACITY)))
        ahead = draw_to_rgb(figure)
        return played, ahead

    def _draw_lines(self, axes: "Axes") -> "list[tuple[Line2D, Colour]]":
        """Draw the passes faint and their mean bold; return every line with its colour."""
        lines: list[tuple[Line2D, Colour]] = []
        for index, curve in enumerate(self._curves):
            colour = self._colour(index)
            pass_colour = blend(colour, self._theme.background, 0.45)
            mean_line, pass_lines = plot_curve(
                axes,
                curve,
                self._to_clock(index, curve.pass_times_s),
                colour=colour,
                pass_colour=pass_colour,
                width_pt=self._em * 0.13,
                pass_width_pt=self._em * 0.055,
                zorder=4,
            )
            lines += [(line, pass_colour) for line in pass_lines]
            lines.append((mean_line, colour))
        return lines

    def _draw_ticks(self, axes: "Axes") -> None:
        area = self.area
        em = self._em
        scores = score_ticks(area.low, area.high, 4)
        score_positions = [score for score, _ in scores]
        score_labels = [label for _, label in scores] if self._show_scores else [""] * len(scores)
        axes.set_yticks(score_positions, score_labels)
        max_time_ticks = max(2, int((area.right - area.left) / (em * 5)))
        times = time_ticks(area.start_s, area.stop_s, max_time_ticks)
        axes.set_xticks([time_s for time_s, _ in times], [label for _, label in times])
        _, font = text_and_font("0", em * 0.78)
        for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
            label.set_fontproperties(font)
        transform = axes.get_yaxis_transform()  # x in fractions of the axes, y in data
        colour = rgb_fractions(blend(self._theme.line, self._theme.background, 0.8))
        axes.hlines(score_positions, 0, 1, transform=transform, colors=[colour], linewidth=max(1, em / 18))

    def _draw_segments(self, axes: "Axes") -> None:
        """Draw a line at the end of every segment, and a tick at the bottom for every sampled frame of every pass."""
        curve = self._curves[0]
        theme = self._theme
        em = self._em
        transform = axes.get_xaxis_transform()  # x in data, y in fractions of the axes
        line_colour = rgb_fractions(blend(theme.line, theme.background, 0.55))
        axes.vlines(curve.boundaries_s, 0, 1, transform=transform, colors=[line_colour], linewidth=max(1, em / 18))
        tick_colour = rgb_fractions(theme.muted)
        axes.vlines(curve.sampled_s, 0, 0.09, transform=transform, colors=[tick_colour], linewidth=max(1, em / 14))


def _disc_coverage(radius_px: float) -> FloatArray:
    """Return the share of each pixel that a disc covers, (n, n) float64, 0 to 1, with n odd."""
    half = int(np.ceil(radius_px)) + 1
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    return np.asarray(np.clip(radius_px + 0.5 - np.hypot(x, y), 0, 1), np.float64)


def _paint_disc(target: RGBImage, coverage: FloatArray, x: float, y: float, colour: Colour) -> None:
    """Paint a disc around a pixel of a picture, cut off at the edges."""
    half = coverage.shape[0] // 2
    left = round(x) - half
    top = round(y) - half
    rows = slice(max(top, 0), min(top + coverage.shape[0], target.shape[0]))
    columns = slice(max(left, 0), min(left + coverage.shape[1], target.shape[1]))
    opacity = coverage[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left, None]
    background = target[rows, columns].astype(np.float64)
    target[rows, columns] = np.rint(background + (np.array(colour) - background) * opacity).astype(np.uint8)
