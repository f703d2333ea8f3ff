"""Vector drawings of reports, which are legible without colours too.

The PDF uses a drawing directly, the web page as SVG. Contributions that raise the score are filled bars with a plus,
and those that lower it hollow bars with a minus. The video of the report is black, other videos are grey.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from math import ceil, sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.cohort import CohortPosition
from skillviewer.core.analysis.score_curve import CurveMark, score_curve, score_ticks, time_ticks
from skillviewer.core.arrays import FloatArray
from skillviewer.core.explanation.evidence import Evidence
from skillviewer.core.explanation.moments import Moment
from skillviewer.core.text import signed
from skillviewer.export.rendering.theme import WHITE, Colour, blend
from skillviewer.export.reports.pdf import BOLD, REGULAR, pdf_colour, register_fonts

if TYPE_CHECKING:
    from reportlab.graphics.shapes import Drawing

ACCENT = WHITE.series[0]
BAND = blend(ACCENT, WHITE.background, 0.22)
FAINT_LINE = blend(ACCENT, WHITE.background, 0.5)
HOLLOW = blend(ACCENT, WHITE.background, 0.1)
TEXT_PT = 7.2
Anchor = Literal["start", "middle", "end"]
"""Part of a line of text that is at the position of the text."""

_LEFT_PT = 34.0
_RIGHT_PT = 8.0


class Plot:
    """A drawing with a horizontal and a vertical scale. Positions are in points, and y grows upwards.

    Args:
        width_pt: Width of the drawing.
        height_pt: Height of the drawing.
        xs: Values at the left and the right end of the horizontal scale.
        ys: Values at the lower and the upper end of the vertical scale.
        margins_pt: Left, lower, right and upper margin.
    """

    def __init__(
        self,
        width_pt: float,
        height_pt: float,
        xs: tuple[float, float],
        ys: tuple[float, float],
        margins_pt: tuple[float, float, float, float] = (_LEFT_PT, 14.0, _RIGHT_PT, 4.0),
    ) -> None:
        from reportlab.graphics import shapes

        register_fonts()
        self._shapes = shapes
        self.drawing: Drawing = shapes.Drawing(width_pt, height_pt)
        self.left, self.bottom, right, top = margins_pt
        self.right = width_pt - right
        self.top = height_pt - top
        self._xs = xs
        self._ys = ys

    def x(self, value: float) -> float:
        """Return the horizontal position of a value."""
        low, high = self._xs
        return self.left + (value - low) / (high - low) * (self.right - self.left)

    def y(self, value: float) -> float:
        """Return the vertical position of a value."""
        low, high = self._ys
        return self.bottom + (value - low) / (high - low) * (self.top - self.bottom)

    def line(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        line_colour: Colour,
        width: float = 0.5,
        *,
        dash: Sequence[float] = (),
    ) -> None:
        """Draw a line between two positions. ``dash`` has the lengths of dashes and gaps, () for a solid line."""
        line = self._shapes.Line(x0, y0, x1, y1, strokeColor=pdf_colour(line_colour), strokeWidth=width)
        if dash:
            line.strokeDashArray = list(dash)
        self.drawing.add(line)

    def path(
        self, xs: Sequence[float] | FloatArray, ys: Sequence[float] | FloatArray, line_colour: Colour, width: float
    ) -> None:
        """Draw a line through values."""
        points = self._to_points(xs, ys)
        self.drawing.add(
            self._shapes.PolyLine(points, strokeColor=pdf_colour(line_colour), strokeWidth=width, strokeLineJoin=1)
        )

    def _to_points(self, xs: Sequence[float] | FloatArray, ys: Sequence[float] | FloatArray) -> list[float]:
        """Return the positions of values as a flat list x0, y0, x1, y1, ..."""
        points = []
        for x, y in zip(xs, ys, strict=True):
            points += [self.x(float(x)), self.y(float(y))]
        return points

    def area(self, xs: FloatArray, low: FloatArray, high: FloatArray, fill: Colour) -> None:
        """Fill the area between two curves over the same values ``xs``."""
        points = self._to_points(np.concatenate([xs, xs[::-1]]), np.concatenate([low, high[::-1]]))
        self.drawing.add(self._shapes.Polygon(points, fillColor=pdf_colour(fill), strokeColor=None))

    def box(
        self, x: float, y: float, width: float, height: float, fill: Colour | None, edge: Colour | None = None
    ) -> None:
        """Draw a rectangle. ``x`` and ``y`` are its lower left corner."""
        box = self._shapes.Rect(x, y, width, height)
        box.fillColor = None if fill is None else pdf_colour(fill)
        box.strokeColor = None if edge is None else pdf_colour(edge)
        box.strokeWidth = 0.7
        self.drawing.add(box)

    def diamond(self, x: float, y: float, radius: float) -> None:
        """Draw a diamond around a position, the mark of the video of the report."""
        points = [x - radius, y, x, y - radius, x + radius, y, x, y + radius]
        self.drawing.add(
            self._shapes.Polygon(
                points, fillColor=pdf_colour(WHITE.text), strokeColor=pdf_colour(WHITE.background), strokeWidth=0.8
            )
        )

    def text(
        self,
        text: str,
        x: float,
        y: float,
        *,
        text_colour: Colour = WHITE.muted,
        size: float = TEXT_PT,
        bold: bool = False,
        anchor: Anchor = "start",
    ) -> None:
        """Write a line of text."""
        font = BOLD if bold else REGULAR
        self.drawing.add(
            self._shapes.String(
                x, y, text, fontName=font, fontSize=size, fillColor=pdf_colour(text_colour), textAnchor=anchor
            )
        )

    def score_axis(self, n_ticks: int = 5) -> None:
        """Draw the scale of scores on the left, with fine lines across the plot."""
        for score, label in score_ticks(*self._ys, n_ticks):
            y = self.y(score)
            self.line(self.left, y, x1=self.right, y1=y, line_colour=WHITE.line)
            self.text(label, self.left - 4, y - TEXT_PT * 0.35, anchor="end")

    def time_axis(self) -> None:
        """Write times below the plot."""
        for time_s, label in time_ticks(*self._xs, 10):
            self.text(label, self.x(time_s), self.bottom - 10, anchor="middle")

    def bar(self, x: float, width: float, value: float) -> None:
        """Draw a vertical bar from 0 to a value: filled if positive, hollow if negative, with its sign if it fits."""
        zero_y = self.y(0.0)
        value_y = self.y(value)
        low = min(zero_y, value_y)
        height = abs(value_y - zero_y)
        fill = ACCENT if value > 0 else HOLLOW
        self.box(x, low, width, height=max(height, 0.4), fill=fill, edge=ACCENT)
        if height <= 6 or width <= 5:
            return
        middle = x + width / 2
        if value > 0:
            self.text("+", middle, low + height - 6.5, text_colour=WHITE.background, anchor="middle", bold=True)
        else:
            self.text("−", middle, low + 2.0, text_colour=WHITE.text, anchor="middle", bold=True)


def _padded_range(values: FloatArray, margin: float) -> tuple[float, float]:
    """Return the range of values, extended on both sides by a share ``margin`` of it."""
    low = float(values.min())
    high = float(values.max())
    padding = max((high - low) * margin, abs(high) * 1e-3, 1e-6)
    return low - padding, high + padding


def cohort_strip(position: CohortPosition, others: Sequence[float], width_pt: float, digits: int) -> "Drawing":
    """Draw the position of a score in its cohort.

    Every other video is a tick. The median of the others and the interval of the score are drawn too.
    """
    interval = (position.score, position.score) if position.interval is None else position.interval
    values = np.array([*others, position.score, *interval])
    plot = Plot(width_pt, 50.0, xs=_padded_range(values, 0.06), ys=(0.0, 1.0), margins_pt=(6.0, 14.0, 6.0, 4.0))
    base_y = plot.bottom + 4
    plot.line(plot.left, base_y, x1=plot.right, y1=base_y, line_colour=WHITE.line, width=0.6)
    for score in others:
        plot.line(plot.x(score), base_y, x1=plot.x(score), y1=base_y + 11, line_colour=WHITE.muted, width=0.8)
    if others:
        median_x = plot.x(position.median)
        plot.line(median_x, base_y - 3, x1=median_x, y1=base_y + 17, line_colour=WHITE.text, width=1.1, dash=[2, 1.5])
        median_text = f"median {signed(position.median, digits)}"
        plot.text(median_text, median_x, base_y + 20, anchor=_choose_anchor(median_x / width_pt, margin=0.2))
    score_y = base_y + 5.5
    if position.interval is not None:
        low_x, high_x = (plot.x(end) for end in position.interval)
        plot.box(low_x, score_y - 1.1, width=max(high_x - low_x, 0.8), height=2.2, fill=WHITE.text)
        for end_x in (low_x, high_x):
            plot.line(end_x, score_y - 4, x1=end_x, y1=score_y + 4, line_colour=WHITE.text, width=1.2)
    score_x = plot.x(position.score)
    plot.diamond(score_x, score_y, 5.2)
    anchor = _choose_anchor(score_x / width_pt, margin=0.15)
    plot.text("this video", score_x, base_y - 11, text_colour=WHITE.text, bold=True, anchor=anchor)
    return plot.drawing


def _choose_anchor(share: float, *, margin: float) -> Anchor:
    """Return the anchor that keeps a text at a share of the width within the drawing."""
    if share > 1 - margin:
        return "end"
    return "start" if share < margin else "middle"


def score_plot(
    analysis: Analysis, moments: Sequence[Moment], width_pt: float, height_pt: float, *, show_scores: bool = True
) -> "Drawing":
    """Draw the score curve: the mean over the passes bold, passes faint, their range as a band, moments by number.

    ``show_scores`` says whether scores are written at the axis.
    """
    curve = score_curve(analysis)
    marks = [CurveMark(moment.start_s, moment.stop_s, moment.amount) for moment in moments]
    plot = Plot(
        width_pt,
        height_pt,
        xs=(analysis.start_s, analysis.stop_s),
        ys=curve.limits(0.16),
        margins_pt=(_LEFT_PT, 20.0, _RIGHT_PT, 12.0),
    )
    mark_colour = blend(WHITE.line, WHITE.background, 0.55)
    for mark in marks:
        left = plot.x(mark.start_s)
        plot.box(left, plot.bottom, width=plot.x(mark.stop_s) - left, height=plot.top - plot.bottom, fill=mark_colour)
    if show_scores:
        plot.score_axis()
    times_s = curve.pass_times_s[0]
    if len(curve.passes) > 1:
        plot.area(times_s, curve.passes.min(axis=0), curve.passes.max(axis=0), BAND)
        for pass_times_s, scores in zip(curve.pass_times_s, curve.passes, strict=True):
            plot.path(pass_times_s, scores, FAINT_LINE, 0.4)
    plot.path(times_s, curve.mean, ACCENT, 1.7)
    for time_s in curve.sampled_s:
        x = plot.x(float(time_s))
        plot.line(x, plot.bottom, x1=x, y1=plot.bottom + 4, line_colour=WHITE.muted, width=0.6)
    for number, mark in enumerate(marks, start=1):
        x = plot.x((mark.start_s + mark.stop_s) / 2)
        plot.text(f"{number}{mark.sign}", x, plot.top + 3, text_colour=WHITE.text, bold=True, anchor="middle")
    plot.time_axis()
    return plot.drawing


def contribution_plot(analysis: Analysis, evidence: Evidence, width_pt: float, height_pt: float) -> "Drawing":
    """Draw the contribution of each segment to the score, over the same time axis as ``score_plot``."""
    contributions = evidence.contributions
    extremes = np.array([min(contributions.min(), 0.0), max(contributions.max(), 0.0)])
    plot = Plot(
        width_pt,
        height_pt,
        xs=(analysis.start_s, analysis.stop_s),
        ys=_padded_range(extremes, 0.08),
        margins_pt=(_LEFT_PT, 14.0, _RIGHT_PT, 4.0),
    )
    plot.score_axis(3)
    starts = analysis.segment_starts.tolist()
    stops = analysis.segment_stops.tolist()
    for start, stop, contribution in zip(starts, stops, contributions.tolist(), strict=True):
        if start < stop:
            left = plot.x(float(analysis.video.times_s[start]))
            right = plot.x(analysis.video.end_s(stop - 1))
            plot.bar(left + 0.5, max(right - left - 1.0, 0.8), contribution)
    plot.line(plot.left, plot.y(0.0), x1=plot.right, y1=plot.y(0.0), line_colour=WHITE.text, width=0.8)
    plot.time_axis()
    return plot.drawing


def signed_bar(value: float, max_value: float, width_pt: float, digits: int) -> "Drawing":
    """Draw a signed number as a bar to the right (positive) or the left (negative) of a line, with the number above.

    ``max_value`` is the greatest magnitude of all bars on this scale.
    """
    plot = Plot(width_pt, 26.0, xs=(-max_value, max_value), ys=(0.0, 1.0), margins_pt=(4.0, 0.0, 4.0, 0.0))
    zero_x = plot.x(0.0)
    value_x = plot.x(value)
    bar_width = max(abs(value_x - zero_x), 0.5)
    fill = ACCENT if value > 0 else HOLLOW
    plot.box(min(zero_x, value_x), 2.0, bar_width, height=9.0, fill=fill, edge=ACCENT)
    plot.line(zero_x, 0.0, x1=zero_x, y1=13.0, line_colour=WHITE.text, width=0.8)
    plot.text(signed(value, digits), width_pt / 2, 16.0, text_colour=WHITE.text, size=8.4, bold=True, anchor="middle")
    return plot.drawing


def interval_bars(
    rows: Sequence[tuple[float, tuple[float, float] | None]], dashed: float, width_pt: float
) -> "Iterator[Drawing]":
    """Yield a drawing for each value and its interval, all on one scale.

    Args:
        rows: Value and ends of the interval, or None, of each drawing; the drawing of NaN is empty.
        dashed: Value of the dashed line.
        width_pt: Width of a drawing.
    """
    numbers = [dashed]
    for value, interval in rows:
        ends = () if interval is None else interval
        numbers += [number for number in (value, *ends) if np.isfinite(number)]
    low = min(numbers)
    high = max(numbers)
    padding = max((high - low) * 0.03, 1e-6)
    for value, interval in rows:
        plot = Plot(width_pt, 9.0, xs=(low - padding, high + padding), ys=(0.0, 1.0), margins_pt=(4.0, 0.0, 4.0, 0.0))
        if np.isfinite(value):
            plot.line(
                plot.x(dashed), 0.0, x1=plot.x(dashed), y1=9.0, line_colour=WHITE.muted, width=0.5, dash=[1.5, 1.5]
            )
            if interval is not None and np.isfinite(interval).all():
                plot.line(plot.x(interval[0]), 4.5, x1=plot.x(interval[1]), y1=4.5, line_colour=WHITE.text, width=1.0)
            plot.diamond(plot.x(value), 4.5, 2.6)
        yield plot.drawing


def distribution(scores: Sequence[float], width_pt: float, height_pt: float, digits: int) -> "Drawing":
    """Draw the distribution of scores: a histogram, a tick below it for every video, and the median."""
    values = np.array(scores, np.float64)
    n_bins_by_size = ceil(sqrt(len(values)) * 1.5)
    n_bins = min(max(n_bins_by_size, 5), 24)
    low, high = _padded_range(values, 0.04)
    counts, edges = np.histogram(values, bins=n_bins, range=(low, high))
    max_count = int(counts.max())
    plot = Plot(
        width_pt,
        height_pt,
        xs=(low, high),
        ys=(0.0, max(float(max_count), 1.0) * 1.12),
        margins_pt=(22.0, 24.0, 8.0, 12.0),
    )
    for count in sorted({0, round(max_count / 2), max_count}):
        y = plot.y(count)
        plot.line(plot.left, y, x1=plot.right, y1=y, line_colour=WHITE.line)
        plot.text(str(count), plot.left - 4, y - TEXT_PT * 0.35, anchor="end")
    bin_colour = blend(ACCENT, WHITE.background, 0.75)
    for count, left, right in zip(counts.tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if count:
            x = plot.x(left) + 0.5
            plot.box(x, plot.y(0), width=plot.x(right) - x - 0.5, height=plot.y(count) - plot.y(0), fill=bin_colour)
    for score in values.tolist():
        plot.line(
            plot.x(score), plot.bottom - 7, x1=plot.x(score), y1=plot.bottom - 2, line_colour=WHITE.text, width=0.6
        )
    median = float(np.median(values))
    median_x = plot.x(median)
    plot.line(median_x, plot.bottom, x1=median_x, y1=plot.top, line_colour=WHITE.text, width=1.1, dash=[2, 1.5])
    plot.text(f"median {signed(median, digits)}", median_x, plot.top + 3, anchor="middle")
    for score, label in score_ticks(low, high, 8):
        plot.text(label, plot.x(score), plot.bottom - 18, anchor="middle")
    return plot.drawing


def colour_ramp(
    colours: Sequence[Colour], ticks: Sequence[tuple[float, str]], title: str, width_pt: float
) -> "Drawing":
    """Draw a colour bar with its title on the left and the labels of its ticks below.

    Args:
        colours: Colours from low to high.
        ticks: Position on the bar, 0 to 1, and label of each tick.
        title: Title of the bar.
        width_pt: Width of the drawing.
    """
    plot = Plot(width_pt, 19.0, xs=(0.0, 1.0), ys=(0.0, 1.0), margins_pt=(96.0, 9.0, 4.0, 2.0))
    plot.text(title, 90.0, 10.0, anchor="end")
    step = (plot.right - plot.left) / len(colours)
    for index, ramp_colour in enumerate(colours):
        is_last = index + 1 == len(colours)
        overlap = 0.0 if is_last else 0.3  # hides the seam to the next colour
        plot.box(plot.left + index * step, 9.5, width=step + overlap, height=7.5, fill=ramp_colour)
    for share, label in ticks:
        plot.text(label, plot.x(share), 1.0, anchor=_choose_anchor(share, margin=0.05))
    return plot.drawing


def as_svg(drawing: "Drawing", label: str) -> str:
    """Return a drawing as an SVG element of a web page; ``label`` describes the drawing to screen readers."""
    from xml.sax.saxutils import quoteattr

    from reportlab.graphics import renderSVG

    document = renderSVG.drawToString(drawing)
    svg = document[document.index("<svg") :]
    svg = re.sub(r"<(title|desc)>\.\.\.</\1>\s*", "", svg).replace('id="group" ', "")
    svg = svg.replace(f"font-family: {BOLD};", f"font-family: {REGULAR}; font-weight: 600;")
    # identifiers must be unique in the whole web page
    clip_id = f"clip-{hashlib.sha256(svg.encode()).hexdigest()[:12]}"
    svg = svg.replace('id="clip"', f'id="{clip_id}"').replace("url(#clip)", f"url(#{clip_id})")
    return svg.replace("<svg", f'<svg role="img" aria-label={quoteattr(label)}', 1)
