"""The score curve of a clip: drawn twice once, then only cut where the cursor stands.

One drawing shows what is still ahead, faint; the other what has been seen. A frame is the left part of the one, the
right part of the other and a line between them.
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
from skillviewer.export.rendering.figure import font, new_figure, pixels, style_axes
from skillviewer.export.rendering.layout import Box
from skillviewer.export.rendering.theme import Colour, ExportTheme, mixed, unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

_DPI = 72.0  # a point is a pixel
_AHEAD = 0.38


@dataclass(frozen=True, slots=True)
class Axis:
    """Mapping of numbers to pixels of a drawing, from its top left corner."""

    left: float  # column of ``start_s``
    right: float  # column of ``stop_s``
    top: float  # row of ``high``
    bottom: float  # row of ``low``
    start_s: float  # time at the left end
    stop_s: float  # time at the right end
    low: float  # score at the lower end
    high: float  # score at the upper end

    def x(self, time_s: float) -> float:
        """Return the column of a time, clamped to the axis."""
        share = (time_s - self.start_s) / (self.stop_s - self.start_s)
        return self.left + min(max(share, 0.0), 1.0) * (self.right - self.left)

    def y(self, score: float) -> float:
        """Return the row of a score."""
        return self.bottom - (score - self.low) / (self.high - self.low) * (self.bottom - self.top)


class ClipCurve:
    """Score curves of one or more analyses over one clock.

    Args:
        analyses: Analyses: the mean over the passes bold, every pass faint.
        start_s: Presentation time at the left end.
        stop_s: Presentation time at the right end.
        size: (width_px, height_px) of the drawing with its labels.
        em: Size of the text in pixels.
        theme: Its colours; the i-th analysis has the i-th of its series.
        alignments: For each analysis, the alignment of the first with it, which gives its times on the clock, or None.
        numbers: Whether scores are written at the axis.
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
        numbers: bool = True,
    ) -> None:
        self._numbers = numbers
        self._analyses = analyses
        self._theme = theme
        self._em = em
        self._on_clock = [
            (lambda times_s: times_s) if alignment is None else alignment.back
            for alignment in alignments or [None] * len(analyses)
        ]
        self._curves = [score_curve(analysis) for analysis in analyses]
        values = np.concatenate([curve.passes.ravel() for curve in self._curves])
        low, high = float(values.min()), float(values.max())
        margin = max((high - low) * 0.1, abs(high) * 1e-3, 1e-6)
        self.axis = Axis(
            left=em * 3.4,
            right=size[0] - em * 1.4,
            top=em * 0.4,
            bottom=size[1] - em * 1.5,
            start_s=start_s,
            stop_s=max(stop_s, start_s + 1e-3),
            low=low - margin,
            high=high + margin,
        )
        self._played, self._ahead = self._draw(size)
        self._discs = [_disc(em * 0.3) for _ in analyses]

    def paint(self, canvas: RGBImage, box: Box, time_s: float, frames: Sequence[int]) -> None:
        """Paint the curve with its cursor at a time of the clock into a box of an RGB canvas, as large as the drawing.

        ``frames`` are those on screen, from 0, one for each analysis.
        """
        target = canvas[box.top : box.bottom, box.left : box.right]
        x = self.axis.x(time_s)
        cut = round(x)
        target[:, :cut] = self._played[:, :cut]
        target[:, cut:] = self._ahead[:, cut:]
        width = max(1, round(self._em / 10))
        left = round(x - width / 2)
        target[round(self.axis.top) : round(self.axis.bottom), left : left + width] = self._theme.text
        for index, (analysis, frame) in enumerate(zip(self._analyses, frames, strict=True)):
            step, score = score_so_far(analysis, frame)
            time_of_step = float(self._on_clock[index](analysis.times_s[0, step])) if step >= 0 else -np.inf
            if time_of_step >= self.axis.start_s:
                _stamp(target, self._discs[index], self.axis.x(time_of_step), self.axis.y(score), self._colour(index))

    def _colour(self, index: int) -> Colour:
        return self._theme.series[index % len(self._theme.series)]

    def _draw(self, size: tuple[int, int]) -> tuple[RGBImage, RGBImage]:
        """Return the drawing with the curves as they look once seen, and as they look ahead."""
        axis, theme = self.axis, self._theme
        width, height = size
        figure = new_figure(width / _DPI, height / _DPI, _DPI, theme)
        axes = figure.add_axes(
            (
                axis.left / width,
                1 - axis.bottom / height,
                (axis.right - axis.left) / width,
                (axis.bottom - axis.top) / height,
            )
        )
        axes.set_xlim(axis.start_s, axis.stop_s)
        axes.set_ylim(axis.low, axis.high)
        style_axes(axes, theme, self._em * 0.78)
        self._draw_ticks(axes)
        if len(self._analyses) == 1:
            self._draw_segments(axes)
        lines = self._draw_lines(axes)
        dimmed = pixels(figure)
        for line, colour in lines:
            line.set_color(unit(mixed(colour, theme.background, _AHEAD)))
        return dimmed, pixels(figure)

    def _draw_lines(self, axes: "Axes") -> "list[tuple[Line2D, Colour]]":
        """Draw the passes faint and their mean bold; return every line with its colour."""
        lines: list[tuple[Line2D, Colour]] = []
        for index, curve in enumerate(self._curves):
            colour = self._colour(index)
            faint = mixed(colour, self._theme.background, 0.45)
            mean, passes = plot_curve(
                axes,
                curve,
                self._on_clock[index](curve.pass_times_s),
                colour=colour,
                faint=faint,
                width=self._em * 0.13,
                faint_width=self._em * 0.055,
                zorder=4,
            )
            lines += [*((line, faint) for line in passes), (mean, colour)]
        return lines

    def _draw_ticks(self, axes: "Axes") -> None:
        axis, em, theme = self.axis, self._em, self._theme
        ticks = score_ticks(axis.low, axis.high, 4)
        scores = [score for score, _ in ticks]
        times = time_ticks(axis.start_s, axis.stop_s, max(2, int((axis.right - axis.left) / (em * 5))))
        axes.set_yticks(scores, [label * self._numbers for _, label in ticks])
        axes.set_xticks([time_s for time_s, _ in times], [label for _, label in times])
        face = font("0", em * 0.78)[1]
        for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
            label.set_fontproperties(face)
        colour = unit(mixed(theme.line, theme.background, 0.8))
        axes.hlines(scores, 0, 1, transform=axes.get_yaxis_transform(), colors=[colour], linewidth=max(1, em / 18))

    def _draw_segments(self, axes: "Axes") -> None:
        """Draw where segments end, and a tick at the foot for every sampled frame of every pass."""
        curve = self._curves[0]
        theme = self._theme
        em = self._em
        upright = axes.get_xaxis_transform()  # times across, shares of the height upwards
        colour = unit(mixed(theme.line, theme.background, 0.55))
        axes.vlines(curve.boundaries_s, 0, 1, transform=upright, colors=[colour], linewidth=max(1, em / 18))
        axes.vlines(curve.sampled_s, 0, 0.09, transform=upright, colors=[unit(theme.muted)], linewidth=max(1, em / 14))


def _disc(radius: float) -> FloatArray:
    """Return the coverage of a disc by pixel, antialiased, (n, n) float64, 0 to 1, n odd."""
    half = int(np.ceil(radius)) + 1
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    return np.asarray(np.clip(radius + 0.5 - np.hypot(x, y), 0, 1), np.float64)


def _stamp(target: RGBImage, disc: FloatArray, x: float, y: float, colour: Colour) -> None:
    half = disc.shape[0] // 2
    left, top = round(x) - half, round(y) - half
    rows = slice(max(top, 0), min(top + disc.shape[0], target.shape[0]))
    columns = slice(max(left, 0), min(left + disc.shape[1], target.shape[1]))
    share = disc[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left, None]
    background = target[rows, columns].astype(np.float64)
    target[rows, columns] = np.rint(background + (np.array(colour) - background) * share).astype(np.uint8)
