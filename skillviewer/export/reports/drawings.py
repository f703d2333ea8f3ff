"""The drawings of reports: lines and words that stay sharp on paper and on a screen, and can be told apart in grey.

One drawing serves both: the PDF takes it as it is, the web page as SVG. What raises the score is a filled bar with a
plus, what lowers it a hollow one with a minus; this video is black, the others grey.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
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
from skillviewer.export.reports.pdf import BOLD, REGULAR, colour, register_fonts

if TYPE_CHECKING:
    from reportlab.graphics.shapes import Drawing

ACCENT = WHITE.series[0]
BAND = blend(ACCENT, WHITE.background, 0.22)
FAINT_LINE = blend(ACCENT, WHITE.background, 0.5)
HOLLOW = blend(ACCENT, WHITE.background, 0.1)
TEXT_PT = 7.2
Anchor = Literal["start", "middle", "end"]
"""The part of a line of text that its position refers to."""

_LEFT_PT, _RIGHT_PT = 34.0, 8.0


class Plot:
    """A drawing with a horizontal and a vertical scale; y grows upwards.

    Args:
        width_pt: Width of the drawing.
        height_pt: Height of the drawing.
        xs: Values at the left and the right end.
        ys: Values at the lower and the upper end.
        sides_pt: Left, lower, right and upper margin.
    """

    def __init__(
        self,
        width_pt: float,
        height_pt: float,
        xs: tuple[float, float],
        ys: tuple[float, float],
        sides_pt: tuple[float, float, float, float] = (_LEFT_PT, 14.0, _RIGHT_PT, 4.0),
    ) -> None:
        from reportlab.graphics import shapes

        register_fonts()
        self._shapes = shapes
        self.drawing: Drawing = shapes.Drawing(width_pt, height_pt)
        self.left, self.bottom, right, top = sides_pt
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
        """Draw a line, in points; dashed by (on, off) lengths where they are given."""
        line = self._shapes.Line(x0, y0, x1, y1, strokeColor=colour(line_colour), strokeWidth=width)
        if dash:
            line.strokeDashArray = list(dash)
        self.drawing.add(line)

    def path(
        self, xs: Sequence[float] | FloatArray, ys: Sequence[float] | FloatArray, line_colour: Colour, width: float
    ) -> None:
        """Draw a line through values."""
        points = [
            coordinate for x, y in zip(xs, ys, strict=True) for coordinate in (self.x(float(x)), self.y(float(y)))
        ]
        self.drawing.add(
            self._shapes.PolyLine(points, strokeColor=colour(line_colour), strokeWidth=width, strokeLineJoin=1)
        )

    def area(self, xs: FloatArray, low: FloatArray, high: FloatArray, fill: Colour) -> None:
        """Fill what lies between two lines."""
        outline = [*zip(xs, low, strict=True), *zip(xs[::-1], high[::-1], strict=True)]
        points = [coordinate for x, y in outline for coordinate in (self.x(float(x)), self.y(float(y)))]
        self.drawing.add(self._shapes.Polygon(points, fillColor=colour(fill), strokeColor=None))

    def box(
        self, x: float, y: float, width: float, height: float, fill: Colour | None, edge: Colour | None = None
    ) -> None:
        """Draw a rectangle, in points."""
        box = self._shapes.Rect(x, y, width, height)
        box.fillColor = None if fill is None else colour(fill)
        box.strokeColor = None if edge is None else colour(edge)
        box.strokeWidth = 0.7
        self.drawing.add(box)

    def diamond(self, x: float, y: float, radius: float) -> None:
        """Draw the mark of this video, in points."""
        points = [x - radius, y, x, y - radius, x + radius, y, x, y + radius]
        self.drawing.add(
            self._shapes.Polygon(
                points, fillColor=colour(WHITE.text), strokeColor=colour(WHITE.background), strokeWidth=0.8
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
        """Write a line, in points."""
        face = BOLD if bold else REGULAR
        self.drawing.add(
            self._shapes.String(
                x, y, text, fontName=face, fontSize=size, fillColor=colour(text_colour), textAnchor=anchor
            )
        )

    def score_axis(self, n: int = 5) -> None:
        """Draw the scale of scores at the left, with fine lines."""
        for value, label in score_ticks(*self._ys, n):
            self.line(self.left, self.y(value), self.right, self.y(value), WHITE.line)
            self.text(label, self.left - 4, self.y(value) - TEXT_PT * 0.35, anchor="end")

    def time_axis(self) -> None:
        """Write times at the foot."""
        for time_s, label in time_ticks(*self._xs, 10):
            self.text(label, self.x(time_s), self.bottom - 10, anchor="middle")

    def bar(self, x: float, width: float, value: float, *, n_sign: bool = True) -> None:
        """Draw an upright bar from 0: filled where it raises, hollow where it lowers."""
        zero, end = self.y(0.0), self.y(value)
        low = min(zero, end)
        high = max(zero, end)
        self.box(x, low, width, max(high - low, 0.4), ACCENT if value > 0 else HOLLOW, ACCENT)
        if n_sign and high - low > 6 and width > 5:
            if value > 0:
                self.text("+", x + width / 2, high - 6.5, text_colour=WHITE.background, anchor="middle", bold=True)
            else:
                self.text("−", x + width / 2, low + 2.0, text_colour=WHITE.text, anchor="middle", bold=True)


def _range(values: FloatArray, margin: float = 0.1) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    padding = max((high - low) * margin, abs(high) * 1e-3, 1e-6)
    return low - padding, high + padding


def cohort_strip(position: CohortPosition, others: Sequence[float], width_pt: float, digits: int) -> "Drawing":
    """Draw where the score stands: every comparable video as a tick, their median, and this one with its interval."""
    interval = position.interval or (position.score, position.score)
    values = np.array([*others, position.score, *interval])
    plot = Plot(width_pt, 50.0, _range(values, 0.06), (0.0, 1.0), (6.0, 14.0, 6.0, 4.0))
    base = plot.bottom + 4
    plot.line(plot.left, base, plot.right, base, WHITE.line, 0.6)
    for score in others:
        plot.line(plot.x(score), base, plot.x(score), base + 11, WHITE.muted, 0.8)
    if others:
        x = plot.x(position.median)
        plot.line(x, base - 3, x, base + 17, WHITE.text, 1.1, dash=[2, 1.5])
        plot.text(f"median {signed(position.median, digits)}", x, base + 20, anchor=_anchor(x / width_pt, margin=0.2))
    y = base + 5.5
    if position.interval is not None:
        low, high = (plot.x(end) for end in position.interval)
        plot.box(low, y - 1.1, max(high - low, 0.8), 2.2, WHITE.text)
        for end in (low, high):
            plot.line(end, y - 4, end, y + 4, WHITE.text, 1.2)
    x = plot.x(position.score)
    plot.diamond(x, y, 5.2)
    plot.text("this video", x, base - 11, text_colour=WHITE.text, bold=True, anchor=_anchor(x / width_pt, margin=0.15))
    return plot.drawing


def _anchor(share: float, *, margin: float) -> Anchor:
    """Return the anchor of a text at a share of the width, so that it stays within the drawing."""
    if share > 1 - margin:
        return "end"
    return "start" if share < margin else "middle"


def score_plot(
    analysis: Analysis, moments: Sequence[Moment], width_pt: float, height_pt: float, *, numbers: bool = True
) -> "Drawing":
    """Draw the score curve: mean over the passes bold, passes faint, their range as a band, moments as numbers.

    Without ``numbers`` the axis of the scores has none.
    """
    curve = score_curve(analysis)
    marks = [CurveMark(moment.start_s, moment.stop_s, moment.amount) for moment in moments]
    plot = Plot(
        width_pt, height_pt, (analysis.start_s, analysis.stop_s), curve.limits(0.16), (_LEFT_PT, 20.0, _RIGHT_PT, 12.0)
    )
    for mark in marks:
        left, right = plot.x(mark.start_s), plot.x(mark.stop_s)
        plot.box(left, plot.bottom, right - left, plot.top - plot.bottom, blend(WHITE.line, WHITE.background, 0.55))
    if numbers:
        plot.score_axis()
    times_s = curve.pass_times_s[0]
    if len(curve.passes) > 1:
        plot.area(times_s, curve.passes.min(axis=0), curve.passes.max(axis=0), BAND)
        for own_s, scores in zip(curve.pass_times_s, curve.passes, strict=True):
            plot.path(own_s, scores, FAINT_LINE, 0.4)
    plot.path(times_s, curve.mean, ACCENT, 1.7)
    for time_s in curve.sampled_s:
        plot.line(plot.x(float(time_s)), plot.bottom, plot.x(float(time_s)), plot.bottom + 4, WHITE.muted, 0.6)
    for number, mark in enumerate(marks, start=1):
        x = plot.x((mark.start_s + mark.stop_s) / 2)
        plot.text(f"{number}{mark.sign}", x, plot.top + 3, text_colour=WHITE.text, bold=True, anchor="middle")
    plot.time_axis()
    return plot.drawing


def contribution_plot(analysis: Analysis, evidence: Evidence, width_pt: float, height_pt: float) -> "Drawing":
    """Draw what each segment adds to the score or takes from it, over the same time as the curve."""
    values = evidence.contributions
    reach = np.array([min(values.min(), 0.0), max(values.max(), 0.0)])
    plot = Plot(
        width_pt, height_pt, (analysis.start_s, analysis.stop_s), _range(reach, 0.08), (_LEFT_PT, 14.0, _RIGHT_PT, 4.0)
    )
    plot.score_axis(3)
    starts = analysis.segment_starts.tolist()
    stops = analysis.segment_stops.tolist()
    for first, stop, value in zip(starts, stops, values.tolist(), strict=True):
        if first < stop:
            left, right = plot.x(float(analysis.video.times_s[first])), plot.x(analysis.video.end_s(stop - 1))
            plot.bar(left + 0.5, max(right - left - 1.0, 0.8), value)
    plot.line(plot.left, plot.y(0.0), plot.right, plot.y(0.0), WHITE.text, 0.8)
    plot.time_axis()
    return plot.drawing


def signed_bar(value: float, greatest: float, width_pt: float, digits: int) -> "Drawing":
    """Draw one signed number as a bar to the right (raises) or the left (lowers) of a line, with the number."""
    plot = Plot(width_pt, 26.0, (-greatest, greatest), (0.0, 1.0), (4.0, 0.0, 4.0, 0.0))
    zero, end = plot.x(0.0), plot.x(value)
    left = min(zero, end)
    right = max(zero, end)
    plot.box(left, 2.0, max(right - left, 0.5), 9.0, ACCENT if value > 0 else HOLLOW, ACCENT)
    plot.line(zero, 0.0, zero, 13.0, WHITE.text, 0.8)
    plot.text(signed(value, digits), width_pt / 2, 16.0, text_colour=WHITE.text, size=8.4, bold=True, anchor="middle")
    return plot.drawing


def interval_bars(
    rows: Sequence[tuple[float, tuple[float, float] | None]], dashed: float, width_pt: float
) -> "Iterator[Drawing]":
    """Yield a drawing of each value with the ends of its interval, or None, on one scale; nothing is drawn of NaN.

    ``dashed`` is the value of the dashed line.
    """
    ends = [dashed, *(end for value, interval in rows for end in (value, *(interval or ())) if np.isfinite(end))]
    padding = max((max(ends) - min(ends)) * 0.03, 1e-6)
    for value, interval in rows:
        plot = Plot(width_pt, 9.0, (min(ends) - padding, max(ends) + padding), (0.0, 1.0), (4.0, 0.0, 4.0, 0.0))
        if np.isfinite(value):
            plot.line(plot.x(dashed), 0.0, plot.x(dashed), 9.0, WHITE.muted, 0.5, dash=[1.5, 1.5])
            if interval is not None and np.isfinite(interval).all():
                plot.line(plot.x(interval[0]), 4.5, plot.x(interval[1]), 4.5, WHITE.text, 1.0)
            plot.diamond(plot.x(value), 4.5, 2.6)
        yield plot.drawing


def distribution(scores: Sequence[float], width_pt: float, height_pt: float, digits: int) -> "Drawing":
    """Draw how the scores of a study are spread: a histogram, every video as a tick below it, and the median."""
    values = np.array(scores, np.float64)
    n_bins = int(np.clip(np.ceil(np.sqrt(len(values)) * 1.5), 5, 24))
    low, high = _range(values, 0.04)
    counts, edges = np.histogram(values, bins=n_bins, range=(low, high))
    plot = Plot(width_pt, height_pt, (low, high), (0.0, max(float(counts.max()), 1.0) * 1.12), (22.0, 24.0, 8.0, 12.0))
    for count in sorted({0, round(counts.max() / 2), int(counts.max())}):
        plot.line(plot.left, plot.y(count), plot.right, plot.y(count), WHITE.line)
        plot.text(str(count), plot.left - 4, plot.y(count) - TEXT_PT * 0.35, anchor="end")
    for count, left, right in zip(counts.tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if count:
            x = plot.x(left) + 0.5
            plot.box(
                x, plot.y(0), plot.x(right) - x - 0.5, plot.y(count) - plot.y(0), blend(ACCENT, WHITE.background, 0.75)
            )
    for score in values.tolist():
        plot.line(plot.x(score), plot.bottom - 7, plot.x(score), plot.bottom - 2, WHITE.text, 0.6)
    median = float(np.median(values))
    plot.line(plot.x(median), plot.bottom, plot.x(median), plot.top, WHITE.text, 1.1, dash=[2, 1.5])
    plot.text(f"median {signed(median, digits)}", plot.x(median), plot.top + 3, anchor="middle")
    for value, label in score_ticks(low, high, 8):
        plot.text(label, plot.x(value), plot.bottom - 18, anchor="middle")
    return plot.drawing


def colour_ramp(
    colours: Sequence[Colour], ticks: Sequence[tuple[float, str]], title: str, width_pt: float
) -> "Drawing":
    """Draw a colour bar, from low to high, with its title before it and its numbers below.

    A tick is (share of the width, number). The bar takes the right part of the width.
    """
    plot = Plot(width_pt, 19.0, (0.0, 1.0), (0.0, 1.0), (96.0, 9.0, 4.0, 2.0))
    plot.text(title, 90.0, 10.0, anchor="end")
    step = (plot.right - plot.left) / len(colours)
    for index, ramp_colour in enumerate(colours):
        # a little wider than its place, so that no seam shows between two
        plot.box(plot.left + index * step, 9.5, step + (0.3 if index + 1 < len(colours) else 0.0), 7.5, ramp_colour)
    for share, label in ticks:
        plot.text(label, plot.x(share), 1.0, anchor=_anchor(share, margin=0.05))
    return plot.drawing


def as_svg(drawing: "Drawing", label: str) -> str:
    """Return a drawing as an element of a web page; the label says what it shows to those who cannot see it."""
    from xml.sax.saxutils import quoteattr

    from reportlab.graphics import renderSVG

    text = renderSVG.drawToString(drawing)
    inner = re.sub(r"<(title|desc)>\.\.\.</\1>\s*", "", text[text.index("<svg") :]).replace('id="group" ', "")
    inner = inner.replace(f"font-family: {BOLD};", f"font-family: {REGULAR}; font-weight: 600;")
    # names of parts hold for a whole web page: two drawings must not share one
    clip_digest = hashlib.sha256(inner.encode()).hexdigest()[:12]
    inner = inner.replace('id="clip"', f'id="clip-{clip_digest}"').replace("url(#clip)", f"url(#clip-{clip_digest})")
    return inner.replace("<svg", f'<svg role="img" aria-label={quoteattr(label)}', 1)
