"""The scores of the cohort on a line, with the video and its interval among them."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.analysis.cohort import CohortStanding
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed

HEIGHT_PX = 44
LINE_PX = 14.0
"""Distance of the line from the top."""
TICK_PX = 5.0
SIDE_PX = 6.0


class StandingStrip(QWidget):
    """A tick for every comparable video, a longer one for their median, a dot with its interval for the video."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._standing: CohortStanding | None = None
        self._others: tuple[float, ...] = ()
        self.span = (0.0, 1.0)  # the scores at the left and the right end
        self._theme: Theme = LIGHT
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            self.tr("Ticks: comparable videos; long tick: their median; dot: this video; bar: its interval.")
        )

    def sizeHint(self) -> QSize:
        return QSize(200, HEIGHT_PX)

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def show_standing(self, standing: CohortStanding, others: Sequence[float]) -> None:
        """Show where a score stands among the scores of the comparable videos."""
        self._standing, self._others = standing, tuple(others)
        ends = [*self._others, standing.score, *(standing.interval or ())]
        low, high = min(ends), max(ends)
        self.span = (low, high) if high > low else (low - 0.5, high + 0.5)
        self.setAccessibleName(standing.standing_words())
        self.update()

    def x_of(self, score: float) -> float:
        """Return where a score lies, in pixels from the left."""
        low, high = self.span
        return SIDE_PX + (score - low) / (high - low) * (self.width() - 2 * SIDE_PX)

    def paintEvent(self, _event: QPaintEvent) -> None:
        s, theme = self._standing, self._theme
        if s is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(QRectF(0, LINE_PX - 0.5, self.width(), 1), QColor(theme.line))
        accent = QColor(theme.accent)
        if s.interval is not None:
            left, right = (self.x_of(end) for end in s.interval)
            band = QColor(accent)
            band.setAlphaF(0.3)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(band)
            painter.drawRoundedRect(QRectF(left, LINE_PX - 4, max(right - left, 2.0), 8), 4, 4)
        tick = QColor(theme.muted)
        tick.setAlphaF(0.75)
        painter.setPen(QPen(tick, 1.2))
        for score in self._others:
            x = self.x_of(score)
            painter.drawLine(QPointF(x, LINE_PX - TICK_PX), QPointF(x, LINE_PX + TICK_PX))
        if s.n:
            x = self.x_of(s.median)
            painter.setPen(QPen(QColor(theme.text), 1.2))
            painter.drawLine(QPointF(x, LINE_PX - 2 * TICK_PX), QPointF(x, LINE_PX + 2 * TICK_PX))
        painter.setPen(QPen(QColor(theme.base), 2))
        painter.setBrush(accent)
        painter.drawEllipse(QPointF(self.x_of(s.score), LINE_PX), 6, 6)
        self._words(painter, s)
        painter.end()

    def _words(self, painter: QPainter, s: CohortStanding) -> None:
        """Label the ends and, if there is room between, the median."""
        metrics, theme = painter.fontMetrics(), self._theme
        row = QRectF(0, self.height() - metrics.height(), self.width(), metrics.height())
        left, right, middle = self.tr("lower"), self.tr("higher"), self.tr("median")
        painter.setPen(QColor(theme.muted))
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft, left)
        painter.drawText(row, Qt.AlignmentFlag.AlignRight, right)
        if not s.n:
            return
        half = metrics.horizontalAdvance(middle) / 2
        x = self.x_of(s.median)
        free = (metrics.horizontalAdvance(left) + 8, self.width() - metrics.horizontalAdvance(right) - 8)
        if free[0] <= x - half and x + half <= free[1]:
            painter.drawText(
                QRectF(x - half, row.top(), 2 * half + 1, row.height()), Qt.AlignmentFlag.AlignLeft, middle
            )
