"""Lines of the score curves: stroke, colour and vertical scale of each model."""

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
    """Style of the line of one model."""

    on_dark: str  # colour on a dark ground
    on_light: str  # colour on a light ground
    dashes: tuple[float, ...] = ()  # lengths of dashes and gaps in widths of the pen; empty for a whole line

    def pen(self, *, dark: bool, width: float = 2.0) -> QPen:
        pen = QPen(QColor(self.on_dark if dark else self.on_light), width)
        pen.setCosmetic(True)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        if self.dashes:
            pen.setDashPattern(list(self.dashes))
        return pen


DASHED, DOTTED = (4.0, 2.5), (1.2, 1.8)


# hues after Okabe and Ito (2008); lines that follow each other differ in lightness, those of one colour in dashes
STROKES: tuple[LineStyle, ...] = (
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


MAX_MODELS = len(STROKES)  # models that can be told apart on one screen


SWATCH_PX = 22


def draw_swatch(painter: QPainter, room: QRectF, stroke: LineStyle, *, dark: bool) -> None:
    """Draw a piece of a model's line in the middle of a place."""
    painter.setPen(stroke.pen(dark=dark))
    y = room.center().y()
    painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))


class VerticalScale(StrEnum):
    """Scale of the heights of the curves."""

    OWN = "own"  # every curve fills the plot from its own least to its own greatest score
    STANDARD = "standard"  # standard deviations from the mean of the model's scores over the study


@dataclass(frozen=True, slots=True, eq=False)
class CurveLine:
    """One curve."""

    key: str  # of the model
    times_s: FloatArray  # (N,) when each step is known in all passes
    heights: FloatArray  # (N,) where it is drawn
    scores: FloatArray  # (N,) mean scores over the passes

    def at(self, time_s: float) -> int | None:
        """Return the last step known at a time, or None before the first."""
        index = int(np.searchsorted(self.times_s, time_s + 5e-7, side="right")) - 1
        return None if index < 0 else index


def lines(
    analyses: Sequence[tuple[str, Analysis]], heights: VerticalScale, spreads: Mapping[str, tuple[float, float]]
) -> tuple[CurveLine, ...]:
    """Return the curves of models that give a score, by key.

    ``spreads`` are mean and standard deviation of their scores over the study, needed for ``VerticalScale.STANDARD``.
    """
    lines = []
    for key, analysis in analyses:
        if not analysis.n_samples or np.isnan(analysis.score_curve).all():
            continue
        curve = score_curve(analysis)
        if heights is VerticalScale.STANDARD:
            mean, deviation = spreads[key]
            placed = (curve.mean - mean) / deviation
        else:
            lowest, highest = float(curve.mean.min()), float(curve.mean.max())
            placed = (curve.mean - lowest) / (highest - lowest) if highest > lowest else np.full_like(curve.mean, 0.5)
        lines.append(CurveLine(key, curve.times_s, frozen(np.asarray(placed, np.float64)), curve.mean))
    return tuple(lines)
