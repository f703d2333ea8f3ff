"""Bland-Altman plots: differences of two raters over their means, with the limits of agreement."""

import math
from pathlib import Path
from typing import Any

from skillviewer.core.errors import ExportError
from skillviewer.core.ratings.rater_agreement import RaterAgreement
from skillviewer.export.destination import aside
from skillviewer.export.rendering.figure import FIGURE_SUFFIXES, MM_PER_INCH, font, new_figure, save_figure, style_axes
from skillviewer.export.rendering.theme import WHITE, unit

_COLUMNS, _WIDTH_MM, _HEIGHT_MM, _TEXT_PT, _DPI = 3, 64.0, 58.0, 7.0, 200.0


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
    for at, (two, limits) in enumerate(drawn):
        row, column = divmod(at, columns)
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
        for text, put in labels:
            written, face = font(text, _TEXT_PT)
            put(written, fontproperties=face, color=unit(WHITE.text))
    with aside(path, FIGURE_SUFFIXES, overwrite=overwrite) as temporary:
        save_figure(figure, temporary, path.suffix.lower())
    return path
