"""The standing of the score: in a sentence, among the scores of its cohort, and the videos not assessed yet."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.analysis.cohort import CohortStanding
from skillviewer.core.analysis.wording import score_digits
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.widgets.layout import Wrapped, add_all, as_tip, push_button, vertical
from skillviewer.ui.widgets.theme import Drawn, by_text

HEIGHT_PX = 44
LINE_PX = 14.0  # distance of the line from the top
TICK_PX = 5.0
SIDE_PX = 6.0


class StandingStrip(Drawn):
    """A tick for every comparable video, a longer one for their median, a dot with its interval for the video."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._standing: CohortStanding | None = None
        self._others: tuple[float, ...] = ()
        self.span = (0.0, 1.0)  # the scores at the left and the right end
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            self.tr("Ticks: comparable videos; long tick: their median; dot: this video; bar: its interval.")
        )

    def sizeHint(self) -> QSize:
        return QSize(200, by_text(HEIGHT_PX))

    def show_standing(self, standing: CohortStanding, others: Sequence[float]) -> None:
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


class StandingBlock(QWidget):
    """Score, interval and standing in one sentence; the cohort by name below it."""

    def __init__(self, assess_all: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        column = vertical(self, (12, 4, 12, 0), 6)
        self.sentence = Wrapped(self)
        self.sentence.setProperty("letters", "lead")
        self.rating, self.strip = Wrapped(self), StandingStrip(self)
        self.cohort, self.missing = Wrapped(self, muted=True), Wrapped(self)
        self.assess_all = push_button(self.tr("Assess all"), self, assess_all.trigger)
        self.assess_all.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        add_all(column, self.sentence, self.rating, self.strip, self.cohort, self.missing, self.assess_all)

    def show_findings(self, found: Findings) -> None:
        standing = found.standing
        self.sentence.set_plain(standing.sentence(score_digits([found.analysis])))
        scaled = found.analysis.scaled
        self.rating.setVisible(scaled is not None)
        if scaled is not None:
            self.rating.set_plain(scaled.sentence)
            self.rating.setToolTip(as_tip(scaled.note))
        self.strip.setVisible(standing.n > 1)
        self.strip.show_standing(standing, found.cohort)
        self.cohort.setVisible(standing.n > 0)
        self.cohort.set_plain(self._cohort(found))
        n = found.n_unassessed
        comparable = n + standing.n
        words = self.tr("{} of the {} comparable videos are not assessed yet.")
        if n == 1:
            words = self.tr("{} of the {} comparable videos is not assessed yet.")
        if not standing.n:
            words = self.tr("The {} other videos of this task are not assessed yet.")
            if n == 1:
                words = self.tr("The other video of this task is not assessed yet.")
        self.missing.set_plain(words.format(n, comparable))
        for widget in (self.missing, self.assess_all):
            widget.setVisible(n > 0)

    def _cohort(self, found: Findings) -> str:
        model = found.analysis.provenance.model
        parts = [self.tr("Compared with the other videos")]
        if found.task:
            parts.append(self.tr("of the task “{}”").format(found.task))
        if found.study:
            parts.append(self.tr("in the study “{}”").format(found.study))
        return self.tr("{}, as scored by {}.").format(" ".join(parts), model)
