"""Plots of training logs, of accuracies, and of the agreement of raters."""

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
from skillviewer.export.rendering.matplotlib_figure import (
    FIGURE_SUFFIXES,
    MM_PER_INCH,
    new_figure,
    save_figure,
    style_axes,
    text_and_font,
)
from skillviewer.export.rendering.theme import WHITE, Colour, rgb_fractions

if TYPE_CHECKING:
    from matplotlib.axes import Axes


WIDTH_MM = 160.0
TEXT_PT = 8.0
DPI = 200.0
BAR_ALPHA = 0.45  # opacity of a bar, so that the line of an interval on it is visible
_SMOOTHING = 0.1  # length of the moving average as a share of the points of a curve


@dataclass(frozen=True, slots=True)
class Accuracy:
    """One bar of ``plot_accuracies``: a pairwise accuracy with its interval."""

    label: str
    value: float  # accuracy, 0 to 1
    low: float | None = None  # lower end of the interval, or None
    high: float | None = None  # upper end of the interval, or None


def moving_average(values: FloatArray, half_width: int) -> FloatArray:
    """Return the mean of each value and of ``half_width`` values on both sides; the ends have fewer neighbours."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    index = np.arange(len(values))
    start = np.maximum(index - half_width, 0)
    stop = np.minimum(index + half_width + 1, len(values))
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

    Every column whose name ends in ``loss`` or ``accuracy`` is a curve; rows without a number are left out. A loss with
    many points is drawn faint, and its moving average over a tenth of the points bold.

    Args:
        rows: Rows of the log.
        path: Destination; PNG, PDF or SVG by its suffix.
        x: Column of the horizontal axis.
        title: Title of the figure.
        overwrite: Whether an existing file may be replaced.

    Raises:
        ExportError: The log has no curve, the file already exists, or it cannot be written.
    """
    path = Path(path)
    curves = {kind: _curves_of_kind(rows, x, kind) for kind in ("loss", "accuracy")}
    kinds = [kind for kind in curves if curves[kind]]
    if not kinds:
        raise ExportError(f"The training log for {path} has no column that ends in “loss” or “accuracy” over “{x}”.")
    height_mm = 12 + 46 * len(kinds)
    figure = new_figure(WIDTH_MM / MM_PER_INCH, height_mm / MM_PER_INCH, DPI, WHITE)
    axes = figure.subplots(len(kinds), 1, sharex=True, squeeze=False)[:, 0]
    figure.subplots_adjust(left=0.1, right=0.8, top=1 - 7 / height_mm, bottom=11 / height_mm, hspace=0.18)
    # loss and accuracy on the same data have the same colour
    data_names = list(dict.fromkeys(_data_name(column, kind) for kind in kinds for column in curves[kind]))
    colours = {name: WHITE.series[index % len(WHITE.series)] for index, name in enumerate(data_names)}
    for kind_axes, kind in zip(axes, kinds, strict=True):
        _draw_curves(kind_axes, curves[kind], kind, colours)
    axes[-1].set_xlabel(x, fontproperties=text_and_font(x, TEXT_PT)[1], color=rgb_fractions(WHITE.muted))
    text, font = text_and_font(title, TEXT_PT + 1, bold=True)
    axes[0].set_title(text, fontproperties=font, color=rgb_fractions(WHITE.text), loc="left", pad=6)
    with atomic_output(path, FIGURE_SUFFIXES, overwrite=overwrite) as temp_path:
        save_figure(figure, temp_path, path.suffix.lower())
    return path


def _data_name(column: str, kind: str) -> str:
    """Return the prefix of a column, which names the data; the column ``loss`` belongs to the training data."""
    return column.removesuffix(kind) or "train_"


def _curves_of_kind(
    rows: Sequence[Mapping[str, object]], x: str, kind: str
) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Return the points (x, y) of every column whose name ends in ``kind``."""
    columns = list(dict.fromkeys(column for row in rows for column in row if column.endswith(kind)))
    curves = {}
    for column in columns:
        points = []
        for row in rows:
            point = _to_point(row.get(x), row.get(column))
            if point is not None:
                points.append(point)
        if points:
            xs, ys = np.array(points, np.float64).T
            curves[column] = (xs, ys)
    return curves


def _to_point(x: object, y: object) -> tuple[float, float] | None:
    """Return two values of a log as numbers, or None if one is missing or ``y`` is not finite."""
    if not isinstance(x, int | float) or not isinstance(y, int | float) or not math.isfinite(y):
        return None
    return (float(x), float(y))


def _draw_curves(
    axes: "Axes", curves: Mapping[str, tuple[FloatArray, FloatArray]], kind: str, colours: Mapping[str, Colour]
) -> None:
    style_axes(axes, WHITE, TEXT_PT)
    axes.grid(visible=True, axis="y", color=rgb_fractions(WHITE.line), linewidth=0.6)
    axes.set_axisbelow(True)
    if kind == "accuracy":
        axes.axhline(0.5, color=rgb_fractions(WHITE.muted), linewidth=0.8, linestyle=(0, (4, 3)))
    for column, (xs, ys) in curves.items():
        colour = colours[_data_name(column, kind)]
        half_width = round(len(xs) * _SMOOTHING / 2)
        bold_ys = ys
        if kind == "loss" and half_width >= 2:
            axes.plot(xs, ys, color=rgb_fractions(colour), alpha=0.25, linewidth=0.8)
            bold_ys = moving_average(ys, half_width)
        marker = "o" if len(xs) <= 40 else ""
        axes.plot(xs, bold_ys, color=rgb_fractions(colour), linewidth=1.6, marker=marker, markersize=3)
        best = f"best {ys.max():.3f} at {xs[ys.argmax()]:g}"
        last = f"last {bold_ys[-1]:.3g}"
        number = best if kind == "accuracy" else last
        _label_end(axes, column.replace("_", " "), number, y=float(bold_ys[-1]), colour=rgb_fractions(colour))
    _separate_labels(axes)
    axes.set_ylabel(kind, fontproperties=text_and_font(kind, TEXT_PT)[1], color=rgb_fractions(WHITE.muted))


def _label_end(axes: "Axes", name: str, number: str, y: float, colour: tuple[float, float, float]) -> None:
    separator = " \N{MIDDLE DOT} "
    text, font = text_and_font(name + separator + number, TEXT_PT)  # one font for both lines
    first_line, _, second_line = text.partition(separator)
    axes.annotate(
        f"{first_line}\n{second_line}",
        (1.0, y),
        xycoords=("axes fraction", "data"),
        xytext=(6, 0),
        textcoords="offset points",
        fontproperties=font,
        color=colour,
        va="center",
        linespacing=1.25,
    )


def _separate_labels(axes: "Axes") -> None:
    """Move the labels at the ends of the curves up or down, so that no label covers another."""
    from matplotlib.text import Annotation

    labels = [child for child in axes.get_children() if isinstance(child, Annotation)]
    labels.sort(key=lambda label: label.xy[1])
    low, high = axes.get_ylim()
    points_per_unit = axes.get_window_extent().height / DPI * 72 / (high - low)
    ends_pt = np.array([(label.xy[1] - low) * points_per_unit for label in labels])
    heights_pt = ends_pt.copy()
    for index in range(1, len(heights_pt)):
        heights_pt[index] = max(heights_pt[index], heights_pt[index - 1] + TEXT_PT * 2.9)
    heights_pt -= (heights_pt - ends_pt).mean()
    for label, end_pt, height_pt in zip(labels, ends_pt, heights_pt, strict=True):
        label.set_position((6, float(height_pt - end_pt)))


def plot_accuracies(
    bars: Sequence[Accuracy],
    path: str | Path,
    *,
    title: str = "",
    references: Mapping[str, float] | None = None,
    overwrite: bool = False,
) -> Path:
    """Draw pairwise accuracies as bars that start at chance, each with its interval and its number.

    Args:
        bars: Accuracies, from top to bottom.
        path: Destination; PNG, PDF or SVG by its suffix.
        title: Title of the figure.
        references: Further accuracies by name, such as a ceiling, drawn as lines next to chance (0.5).
        overwrite: Whether an existing file may be replaced.

    Raises:
        ExportError: There are no bars, the file already exists, or it cannot be written.
    """
    path = Path(path)
    if not bars:
        raise ExportError(f"There are no accuracies to draw in {path}.")
    height_mm = 26 + 8.5 * len(bars)
    figure = new_figure(WIDTH_MM / MM_PER_INCH, height_mm / MM_PER_INCH, DPI, WHITE)
    axes = figure.add_axes((0.25, 14 / height_mm, 0.63, 1 - 26 / height_mm))
    style_axes(axes, WHITE, TEXT_PT)
    axes.spines["left"].set_visible(False)
    values = [0.5]
    for bar in bars:
        values += [value for value in (bar.value, bar.low, bar.high) if value is not None]
    left = math.floor((min(values) - 0.02) * 20) / 20  # a multiple of 0.05
    axes.set_xlim(left, 1.0)
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.grid(visible=True, axis="x", color=rgb_fractions(WHITE.line), linewidth=0.6)
    axes.set_axisbelow(True)
    for row, bar in enumerate(bars):
        axes.barh(row, bar.value - 0.5, left=0.5, height=0.56, color=rgb_fractions(WHITE.series[0]), alpha=BAR_ALPHA)
        if bar.low is not None and bar.high is not None:
            axes.plot(
                [bar.low, bar.high], [row, row], color=rgb_fractions(WHITE.text), linewidth=1.4, solid_capstyle="butt"
            )
        axes.annotate(
            f"{bar.value * 100:.1f} %",
            (1.0, row),
            xytext=(6, 0),
            textcoords="offset points",
            fontproperties=text_and_font("0", TEXT_PT, bold=True)[1],
            color=rgb_fractions(WHITE.text),
            va="center",
        )
    axes.set_yticks(range(len(bars)))
    labels = axes.set_yticklabels([fill(text_and_font(bar.label, TEXT_PT)[0], 24) for bar in bars])
    for label, bar in zip(labels, bars, strict=True):
        label.set_fontproperties(text_and_font(bar.label, TEXT_PT)[1])
        label.set_color(rgb_fractions(WHITE.text))
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter(lambda value, _position: f"{value * 100:.0f} %")
    axis_title = "pairwise accuracy"
    axes.set_xlabel(axis_title, fontproperties=text_and_font(axis_title, TEXT_PT)[1], color=rgb_fractions(WHITE.muted))
    _draw_reference(axes, "chance", 0.5, is_dashed=True)
    if references is not None:
        for name, value in references.items():
            _draw_reference(axes, name, value, is_dashed=False)
    text, font = text_and_font(title, TEXT_PT + 1, bold=True)
    figure.text(0.02, 1 - 4 / height_mm, text, fontproperties=font, color=rgb_fractions(WHITE.text), va="center")
    with atomic_output(path, FIGURE_SUFFIXES, overwrite=overwrite) as temp_path:
        save_figure(figure, temp_path, path.suffix.lower())
    return path


def _draw_reference(axes: "Axes", name: str, value: float, *, is_dashed: bool) -> None:
    line_style: Any = (0, (4, 3)) if is_dashed else "solid"
    axes.axvline(value, color=rgb_fractions(WHITE.muted), linewidth=0.9, linestyle=line_style)
    text, font = text_and_font(name, TEXT_PT - 1)
    axes.annotate(
        text,
        (value, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 3),
        textcoords="offset points",
        fontproperties=font,
        color=rgb_fractions(WHITE.muted),
        ha="center",
    )


_AGREEMENT_COLUMNS = 3
_AGREEMENT_WIDTH_MM = 64.0
_AGREEMENT_HEIGHT_MM = 58.0
_AGREEMENT_TEXT_PT = 7.0


def plot_limits_of_agreement(agreement: RaterAgreement, path: Path, *, overwrite: bool = False) -> Path:
    """Draw one plot for each pair of raters: every video, the bias, and the limits with their intervals.

    Raises:
        ExportError: No two raters have three videos in common, or the file cannot be written.
    """
    with_limits = [(pair, pair.limits) for pair in agreement.pairs if pair.limits is not None]
    if not with_limits:
        raise ExportError("No two raters have three videos in common: there are no limits of agreement to draw.")
    n_columns = min(_AGREEMENT_COLUMNS, len(with_limits))
    n_rows = math.ceil(len(with_limits) / n_columns)
    figure = new_figure(
        n_columns * _AGREEMENT_WIDTH_MM / MM_PER_INCH, n_rows * _AGREEMENT_HEIGHT_MM / MM_PER_INCH, DPI, WHITE
    )
    for index, (pair, limits) in enumerate(with_limits):
        row, column = divmod(index, n_columns)
        left = (column + 0.2) / n_columns
        bottom = 1 - (row + 0.8) / n_rows
        axes = figure.add_axes((left, bottom, 0.72 / n_columns, 0.64 / n_rows))
        style_axes(axes, WHITE, _AGREEMENT_TEXT_PT)
        axes.scatter(
            limits.means, limits.differences, s=9, color=rgb_fractions(WHITE.series[0]), alpha=0.7, linewidths=0
        )
        for line, style in ((limits.bias, "solid"), (limits.low, "dashed"), (limits.high, "dashed")):
            axes.axhline(line.value, color=rgb_fractions(WHITE.text), linewidth=0.9, linestyle=style)
            axes.axhspan(line.low, line.high, color=rgb_fractions(WHITE.muted), alpha=0.15, linewidth=0)
        texts: tuple[tuple[Any, str], ...] = (
            (axes.set_xlabel, "mean of both, points"),
            (axes.set_ylabel, f"{pair.first} − {pair.second}, points"),
            (axes.set_title, f"{pair.first} and {pair.second}"),
        )
        for set_text, text in texts:
            drawable, font = text_and_font(text, _AGREEMENT_TEXT_PT)
            set_text(drawable, fontproperties=font, color=rgb_fractions(WHITE.text))
    with atomic_output(path, FIGURE_SUFFIXES, overwrite=overwrite) as temp_path:
        save_figure(figure, temp_path, path.suffix.lower())
    return path
