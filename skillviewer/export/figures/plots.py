"""Figures of numbers: how a training went, and how accurate models are."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from skillviewer.core.arrays import FloatArray
from skillviewer.core.errors import ExportError
from skillviewer.core.ratings.reliability import RaterAgreement
from skillviewer.export.destination import atomic_output
from skillviewer.export.rendering.figure import FIGURE_SUFFIXES, MM_PER_INCH, font, new_figure, save_figure, style_axes
from skillviewer.export.rendering.theme import WHITE, Colour, unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes


WIDTH_MM = 160.0
TEXT_PT = 8.0
DPI = 200.0
BAR_ALPHA = 0.45  # light enough for the line of an interval
_SMOOTHING = 0.1  # share of the run that a smoothed point averages over


@dataclass(frozen=True, slots=True)
class Accuracy:
    """One bar: a pairwise accuracy. ``low`` and ``high`` are the ends of its interval."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None


def smoothed(values: FloatArray, width: int) -> FloatArray:
    """Return a centred moving average; at the ends over what is there."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    index = np.arange(len(values))
    start = np.maximum(index - width, 0)
    stop = np.minimum(index + width + 1, len(values))
    return np.asarray((sums[stop] - sums[start]) / (stop - start), np.float64)


def plot_training(
    rows: Sequence[Mapping[str, object]],
    path: str | Path,
    *,
    x: str = "epoch",
    title: str = "",
    overwrite: bool = False,
) -> Path:
    """Draw the curves of a training log: losses above, accuracies below, over one axis.

    Every column whose name ends in ``loss`` or ``accuracy`` is a curve; rows where it is missing or None are left out.
    A loss with many points is drawn faint, with its moving average over a tenth of the run bold.

    ``x`` is the column of the horizontal axis. The suffix is that of PNG, PDF or SVG.

    Raises:
        ExportError: The log has nothing to draw, the file is there already, or it cannot be written.
    """
    path = Path(path)
    curves = {kind: _columns(rows, x, kind) for kind in ("loss", "accuracy")}
    kinds = [kind for kind, columns in curves.items() if columns]
    if not kinds:
        raise ExportError(f"The training log for {path} has no column that ends in “loss” or “accuracy” over “{x}”.")
    height_mm = 12 + 46 * len(kinds)
    figure = new_figure(WIDTH_MM / MM_PER_INCH, height_mm / MM_PER_INCH, DPI, WHITE)
    axes = figure.subplots(len(kinds), 1, sharex=True, squeeze=False)[:, 0]
    figure.subplots_adjust(left=0.1, right=0.8, top=1 - 7 / height_mm, bottom=11 / height_mm, hspace=0.18)
    # what ends in loss and what ends in accuracy of the same data has the same colour
    stems = list(dict.fromkeys(_stem(name, kind) for kind in kinds for name in curves[kind]))
    colours = {stem: WHITE.series[index % len(WHITE.series)] for index, stem in enumerate(stems)}
    for kind_axes, kind in zip(axes, kinds, strict=True):
        _draw_curves(kind_axes, curves[kind], kind, colours)
    axes[-1].set_xlabel(x, fontproperties=font(x, TEXT_PT)[1], color=unit(WHITE.muted))
    text, face = font(title, TEXT_PT + 1, bold=True)
    axes[0].set_title(text, fontproperties=face, color=unit(WHITE.text), loc="left", pad=6)
    with atomic_output(path, FIGURE_SUFFIXES, overwrite=overwrite) as temporary:
        save_figure(figure, temporary, path.suffix.lower())
    return path


def _stem(name: str, kind: str) -> str:
    """Return the data whose loss or accuracy a column holds; ``loss`` alone is that of the training."""
    return name.removesuffix(kind) or "train_"


def _columns(rows: Sequence[Mapping[str, object]], x: str, kind: str) -> dict[str, tuple[FloatArray, FloatArray]]:
    names = list(dict.fromkeys(name for row in rows for name in row if name.endswith(kind)))
    columns = {}
    for name in names:
        points = [(row.get(x), row.get(name)) for row in rows]
        numeric = [(float(a), float(b)) for a, b in points if isinstance(a, int | float) and isinstance(b, int | float)]
        finite = [(a, b) for a, b in numeric if math.isfinite(b)]
        if finite:
            xs, ys = np.array(finite, np.float64).T
            columns[name] = (xs, ys)
    return columns


def _draw_curves(
    axes: "Axes", columns: Mapping[str, tuple[FloatArray, FloatArray]], kind: str, colours: Mapping[str, Colour]
) -> None:
    style_axes(axes, WHITE, TEXT_PT)
    axes.grid(visible=True, axis="y", color=unit(WHITE.line), linewidth=0.6)
    axes.set_axisbelow(True)
    if kind == "accuracy":
        axes.axhline(0.5, color=unit(WHITE.muted), linewidth=0.8, linestyle=(0, (4, 3)))
    for name, (xs, ys) in columns.items():
        colour = colours[_stem(name, kind)]
        width = round(len(xs) * _SMOOTHING / 2)
        bold = ys
        if kind == "loss" and width >= 2:
            axes.plot(xs, ys, color=unit(colour), alpha=0.25, linewidth=0.8)
            bold = smoothed(ys, width)
        marker = "o" if len(xs) <= 40 else ""
        axes.plot(xs, bold, color=unit(colour), linewidth=1.6, marker=marker, markersize=3)
        best = f"\nbest {ys.max():.3f} at {xs[ys.argmax()]:g}" if kind == "accuracy" else f"\nlast {bold[-1]:.3g}"
        _label_end(axes, name.replace("_", " ") + best, float(bold[-1]), unit(colour))
    _part_labels(axes)
    axes.set_ylabel(kind, fontproperties=font(kind, TEXT_PT)[1], color=unit(WHITE.muted))


def _label_end(axes: "Axes", label: str, y: float, colour: tuple[float, float, float]) -> None:
    text, face = font(label.replace("\n", " \N{MIDDLE DOT} "), TEXT_PT)
    first, _, second = text.partition(" \N{MIDDLE DOT} ")
    axes.annotate(
        f"{first}\n{second}",
        (1.0, y),
        xycoords=("axes fraction", "data"),
        xytext=(6, 0),
        textcoords="offset points",
        fontproperties=face,
        color=colour,
        va="center",
        linespacing=1.25,
    )


def _part_labels(axes: "Axes") -> None:
    """Move the labels at the curves' ends apart, so that none covers another."""
    from matplotlib.text import Annotation

    notes = [child for child in axes.get_children() if isinstance(child, Annotation)]
    notes.sort(key=lambda note: note.xy[1])
    low, high = axes.get_ylim()
    points = axes.get_window_extent().height / DPI * 72 / (high - low)  # a unit of the axis
    ends = np.array([(note.xy[1] - low) * points for note in notes])
    places = ends.copy()
    for index in range(1, len(places)):
        places[index] = max(places[index], places[index - 1] + TEXT_PT * 2.9)
    places -= (places - ends).mean()
    for note, end, place in zip(notes, ends, places, strict=True):
        note.set_position((6, float(place - end)))


def plot_accuracies(
    bars: Sequence[Accuracy],
    path: str | Path,
    *,
    title: str = "",
    references: Mapping[str, float] | None = None,
    overwrite: bool = False,
) -> Path:
    """Draw pairwise accuracies as bars from chance, each with its interval and its number.

    Bars stand from top to bottom; ``references`` are drawn as lines through all of them, by name (a ceiling, say);
    chance, 0.5, is always there. The suffix is that of PNG, PDF or SVG.

    Raises:
        ExportError: No bars, the file is there already, or it cannot be written.
    """
    path = Path(path)
    if not bars:
        raise ExportError(f"There are no accuracies to draw in {path}.")
    height_mm = 26 + 8.5 * len(bars)
    figure = new_figure(WIDTH_MM / MM_PER_INCH, height_mm / MM_PER_INCH, DPI, WHITE)
    axes = figure.add_axes((0.25, 14 / height_mm, 0.63, 1 - 26 / height_mm))
    style_axes(axes, WHITE, TEXT_PT)
    axes.spines["left"].set_visible(False)
    values = [b.value for b in bars] + [v for b in bars for v in (b.low, b.high) if v is not None] + [0.5]
    low = math.floor((min(values) - 0.02) * 20) / 20
    axes.set_xlim(low, 1.0)
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.grid(visible=True, axis="x", color=unit(WHITE.line), linewidth=0.6)
    axes.set_axisbelow(True)
    for row, bar in enumerate(bars):
        axes.barh(row, bar.value - 0.5, left=0.5, height=0.56, color=unit(WHITE.series[0]), alpha=BAR_ALPHA)
        if bar.low is not None and bar.high is not None:
            axes.plot([bar.low, bar.high], [row, row], color=unit(WHITE.text), linewidth=1.4, solid_capstyle="butt")
        axes.annotate(
            f"{bar.value * 100:.1f} %",
            (1.0, row),
            xytext=(6, 0),
            textcoords="offset points",
            fontproperties=font("0", TEXT_PT, bold=True)[1],
            color=unit(WHITE.text),
            va="center",
        )
    axes.set_yticks(range(len(bars)))
    for label, bar in zip(axes.set_yticklabels([fill(font(b.label, TEXT_PT)[0], 24) for b in bars]), bars, strict=True):
        label.set_fontproperties(font(bar.label, TEXT_PT)[1])
        label.set_color(unit(WHITE.text))
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter(lambda value, _position: f"{value * 100:.0f} %")
    axis_title = "pairwise accuracy"
    axes.set_xlabel(axis_title, fontproperties=font(axis_title, TEXT_PT)[1], color=unit(WHITE.muted))
    _draw_references(axes, references or {})
    text, face = font(title, TEXT_PT + 1, bold=True)
    figure.text(0.02, 1 - 4 / height_mm, text, fontproperties=face, color=unit(WHITE.text), va="center")
    with atomic_output(path, FIGURE_SUFFIXES, overwrite=overwrite) as temporary:
        save_figure(figure, temporary, path.suffix.lower())
    return path


def _draw_references(axes: "Axes", references: Mapping[str, float]) -> None:
    for (name, value), style in zip(
        {"chance": 0.5, **references}.items(), ((0, (4, 3)), *["solid"] * len(references)), strict=True
    ):
        axes.axvline(value, color=unit(WHITE.muted), linewidth=0.9, linestyle=style)
        text, face = font(name, TEXT_PT - 1)
        axes.annotate(
            text,
            (value, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            fontproperties=face,
            color=unit(WHITE.muted),
            ha="center",
        )


_COLUMNS = 3
_WIDTH_MM = 64.0
_HEIGHT_MM = 58.0
_TEXT_PT = 7.0
_DPI = 200.0


def plot_limits(agreement: RaterAgreement, path: Path, *, overwrite: bool = False) -> Path:
    """Draw one plot per pair of raters: every video, the bias, and the limits with their intervals.

    Raises:
        ExportError: No two raters have three videos in common, or the file cannot be written.
    """
    drawn = [(two, two.limits) for two in agreement.pairs if two.limits is not None]
    if not drawn:
        raise ExportError("No two raters have three videos in common: there are no limits of agreement to draw.")
    columns = min(_COLUMNS, len(drawn))
    rows = math.ceil(len(drawn) / columns)
    figure = new_figure(columns * _WIDTH_MM / MM_PER_INCH, rows * _HEIGHT_MM / MM_PER_INCH, _DPI, WHITE)
    for index, (two, limits) in enumerate(drawn):
        row, column = divmod(index, columns)
        place = ((column + 0.2) / columns, 1 - (row + 0.8) / rows, 0.72 / columns, 0.64 / rows)
        axes = figure.add_axes(place)
        style_axes(axes, WHITE, _TEXT_PT)
        axes.scatter(limits.means, limits.differences, s=9, color=unit(WHITE.series[0]), alpha=0.7, linewidths=0)
        for line, style in ((limits.bias, "solid"), (limits.low, "dashed"), (limits.high, "dashed")):
            axes.axhline(line.value, color=unit(WHITE.text), linewidth=0.9, linestyle=style)
            axes.axhspan(line.low, line.high, color=unit(WHITE.muted), alpha=0.15, linewidth=0)
        labels: tuple[tuple[str, Any], ...] = (
            ("mean of both, points", axes.set_xlabel),
            (f"{two.first} − {two.second}, points", axes.set_ylabel),
            (f"{two.first} and {two.second}", axes.set_title),
        )
        for text, place_text in labels:
            written, face = font(text, _TEXT_PT)
            place_text(written, fontproperties=face, color=unit(WHITE.text))
    with atomic_output(path, FIGURE_SUFFIXES, overwrite=overwrite) as temporary:
        save_figure(figure, temporary, path.suffix.lower())
    return path
