"""Nine ways to draw a line, so that models are told apart without colour: by number, dashes and lightness."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

Style = Qt.PenStyle


@dataclass(frozen=True, slots=True)
class Stroke:
    """How the line of one model is drawn.

    Attributes:
        on_dark: Colour on a dark ground.
        on_light: Colour on a light ground.
        dashes: Lengths of dashes and gaps in widths of the pen; empty for a whole line.
    """

    on_dark: str
    on_light: str
    dashes: tuple[float, ...] = ()

    def pen(self, *, dark: bool, width: float = 2.0) -> QPen:
        """Return the pen."""
        pen = QPen(QColor(self.on_dark if dark else self.on_light), width)
        pen.setCosmetic(True)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        if self.dashes:
            pen.setDashPattern(list(self.dashes))
        return pen


DASHED, DOTTED = (4.0, 2.5), (1.2, 1.8)

# hues after Okabe and Ito (2008); lines that follow each other differ in lightness, those of one colour in dashes
STROKES: tuple[Stroke, ...] = (
    Stroke("#7fb0ff", "#1f62c8"),
    Stroke("#f0c65a", "#8a5a00"),
    Stroke("#3fb58a", "#12805c", DASHED),
    Stroke("#f3f4f6", "#16181c", DASHED),
    Stroke("#e07b39", "#c2500a"),
    Stroke("#c7a4f5", "#5b3fa8", DOTTED),
    Stroke("#8b93a0", "#6b7480"),
    Stroke("#f59fc0", "#a3306b", DASHED),
    Stroke("#8fe0d6", "#0a5f70", DOTTED),
)
MOST = len(STROKES)
"""Models that can be told apart on one screen."""

SWATCH_PX = 22


def draw_swatch(painter: QPainter, room: QRectF, stroke: Stroke, *, dark: bool) -> None:
    """Draw a piece of a model's line in the middle of a place."""
    painter.setPen(stroke.pen(dark=dark))
    y = room.center().y()
    painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
