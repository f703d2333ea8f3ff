"""Lines of the score curves of compared models: style and vertical scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from skillviewer.core.analysis.analysis import Analysis
from skillviewer.core.analysis.score_curve import score_curve
from skillviewer.core.arrays import FloatArray, frozen


@dataclass(frozen=True, slots=True)
class LineStyle:
    """Style of a model's line."""

    on_dark: str  # colour on a dark background
    on_light: str  # colour on a light background
    dashes: tuple[float, ...] = ()  # lengths of dashes and gaps in widths of the pen; empty for a solid line

    def colour(self, *, dark: bool) -> QColor:
        """Return the colour on a dark or a light background."""
        return QColor(self.on_dark) if dark else QColor(self.on_light)

    def pen(self, *, dark: bool, width: float = 2.0) -> QPen:
        pen = QPen(self.colour(dark=dark), width)
        pen.setCosmetic(True)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        if self.dashes:
            pen.setDashPattern(list(self.dashes))
        return pen


DASHED = (4.0, 2.5)
DOTTED = (1.2, 1.8)
# Hues after Okabe and Ito (2008). Successive lines differ in lightness, and lines of the same hue in dashes.
LINE_STYLES: tuple[LineStyle, ...] = (
    LineStyle("#7fb0ff", "#1f62c8"),
    LineStyle("#f0c65a", "#8a5a00"),
    LineStyle("#3fb58a", "#12805c", DASHED),
    LineStyle("#f3f4f6", "#16181c", DASHED),
    LineStyle("#e07b39", "#c2500a"),
    LineStyle("#c7a4f5", "#5b3fa8", DOTTED),
    LineStyle("#8b93a0", "#6b7480"),
    LineStyle("#f59fc0", "#a3306b", DASHED),
    LineStyle("#8fe0d6", "#0a5f70", DOTTED),
)


MAX_MODELS = len(LINE_STYLES)  # models whose lines can be distinguished
SWATCH_PX = 22  # width of a swatch


def draw_swatch(painter: QPainter, rect: QRectF, line_style: LineStyle, *, dark: bool) -> None:
    """Draw a sample of a model's line across the middle of a rectangle."""
    painter.setPen(line_style.pen(dark=dark))
    y = rect.center().y()
    painter.drawLine(QPointF(rect.left(), y), QPointF(rect.right(), y))


class VerticalScale(StrEnum):
    """Vertical scale of the curves."""

    OWN = "own"  # every curve fills the plot from its lowest to its highest score
    STANDARD = "standard"  # standard deviations from the mean of the model's scores over the study


@dataclass(frozen=True, slots=True, eq=False)
class CurveLine:
    """The score curve of a model."""

    key: str  # key of the model
    times_s: FloatArray  # (N,) times at which the steps are known in all passes, in seconds
    heights: FloatArray  # (N,) heights on the vertical scale
    scores: FloatArray  # (N,) mean scores over the passes

    def at(self, time_s: float) -> int | None:
        """Return the index of the last step at a time, or None before the first."""
        index = int(np.searchsorted(self.times_s, time_s + 5e-7, side="right")) - 1
        return None if index < 0 else index


def lines(
    analyses: Sequence[tuple[str, Analysis]], heights: VerticalScale, spreads: Mapping[str, tuple[float, float]]
) -> tuple[CurveLine, ...]:
    """Return the curves of the models that give scores.

    Args:
        analyses: Key of the model and analysis.
        heights: Vertical scale.
        spreads: Mean and standard deviation of each model's scores over the study; for ``VerticalScale.STANDARD``.
    """
    lines = []
    for key, analysis in analyses:
        if not analysis.n_samples or np.isnan(analysis.score_curve).all():
            continue
        curve = score_curve(analysis)
        if heights is VerticalScale.STANDARD:
            mean, deviation = spreads[key]
            line_heights = (curve.mean - mean) / deviation
        else:
            line_heights = _on_own_scale(curve.mean)
        line_heights = frozen(np.asarray(line_heights, np.float64))
        lines.append(CurveLine(key, curve.times_s, line_heights, curve.mean))
    return tuple(lines)


def _on_own_scale(scores: FloatArray) -> FloatArray:
    """Scale scores to 0 to 1; equal scores become 0.5."""
    lowest = float(scores.min())
    highest = float(scores.max())
    if highest > lowest:
        return (scores - lowest) / (highest - lowest)
    return np.full_like(scores, 0.5)
