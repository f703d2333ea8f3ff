"""The position of a video among comparable ones."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.analysis.cohort import CohortPosition
from skillviewer.core.analysis.score_text import UNFAMILIAR, score_digits
from skillviewer.core.ratings.given_ratings import given_ratings
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import add_all, as_tip, push_button, vertical
from skillviewer.ui.widgets.theme import PaintedWidget, by_text

HEIGHT_PX = 44
LINE_PX = 14.0  # distance of the line from the top
TICK_PX = 5.0
SIDE_PX = 6.0


class StandingStrip(PaintedWidget):
    """A tick for every comparable video, a longer one for their median, a dot with its interval for the video."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._position: CohortPosition | None = None
        self._others: tuple[float, ...] = ()
        self.span = (0.0, 1.0)  # the scores at the left and the right end
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("Ticks: comparable videos; long tick: their median; dot: this video; bar: its interval.")

    def sizeHint(self) -> QSize:
        return QSize(200, by_text(HEIGHT_PX))

    def show_position(self, position: CohortPosition, others: Sequence[float]) -> None:
        self._position = position
        self._others = tuple(others)
        ends = [*self._others, position.score, *(position.interval or ())]
        low = min(ends)
        high = max(ends)
        self.span = (low, high) if high > low else (low - 0.5, high + 0.5)
        self.setAccessibleName(position.format_position())
        self.update()

    def x_of(self, score: float) -> float:
        """Return the position of a score, in pixels from the left."""
        low, high = self.span
        return SIDE_PX + (score - low) / (high - low) * (self.width() - 2 * SIDE_PX)

    def paintEvent(self, _event: QPaintEvent) -> None:
        s, theme = self._position, self._theme
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
        self._paint_labels(painter, s)
        painter.end()

    def _paint_labels(self, painter: QPainter, s: CohortPosition) -> None:
        metrics = painter.fontMetrics()
        theme = self._theme
        row = QRectF(0, self.height() - metrics.height(), self.width(), metrics.height())
        left = "lower"
        right = "higher"
        middle = "median"
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

    def __init__(self, assess_all: QAction, show_unfamiliar: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        column = vertical(self, (12, 4, 12, 0), 6)
        self.sentence, self.rating = WrappingLabel(self), WrappingLabel(self)
        self.given = WrappingLabel(self)
        self.strip = StandingStrip(self)
        self.cohort = WrappingLabel(self, muted=True)
        self.missing = WrappingLabel(self)
        self.assess_all = push_button("Assess all", self, assess_all.trigger)
        self.assess_all.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.show_anyway = push_button("Show the score anyway", self, show_unfamiliar.trigger)
        self.show_anyway.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._texts = add_all(vertical(spacing=6), self.sentence, self.show_anyway, self.rating, self.given)
        add_all(column, self._texts, self.strip, self.cohort, self.missing, self.assess_all)

    def _lead_with_rating(self, *, leads: bool) -> None:
        """Put the rating on the raters' scale first, in large letters, or the score."""
        first, second = (self.rating, self.sentence) if leads else (self.sentence, self.rating)
        if first.property("letters") != "lead":
            self._texts.insertWidget(0, first)
            for label, letters in ((first, "lead"), (second, "")):
                label.setProperty("letters", letters)
                label.style().unpolish(label)
                label.style().polish(label)

    @staticmethod
    def _given(findings: Findings) -> str:
        """Return the raters' values of the video for the criterion of the scale, or ""."""
        scaled = findings.analysis.scaled
        ratings = findings.facts.ratings if findings.facts is not None else None
        if scaled is None or ratings is None:
            return ""
        rating = given_ratings(ratings, scaled.criterion).get(findings.name)
        return f"The raters gave {rating.text} ({rating.about})." if rating is not None else ""

    def show_findings(self, findings: Findings, *, meaningless: bool = False) -> None:
        """Show the score and its position, or that the score is ``meaningless``."""
        position = findings.position
        self.sentence.set_plain(UNFAMILIAR if meaningless else position.sentence(score_digits([findings.analysis])))
        self.show_anyway.setVisible(meaningless)
        scaled = findings.analysis.scaled
        self.rating.setVisible(scaled is not None and not meaningless)
        if scaled is not None:
            self.rating.set_plain(scaled.sentence)
            self.rating.setToolTip(as_tip(scaled.note))
        self._lead_with_rating(leads=scaled is not None and bool(scaled.words) and not meaningless)
        rating_text = self._given(findings)
        self.given.setVisible(bool(rating_text))
        self.given.set_plain(rating_text)
        self.strip.setVisible(position.n > 1 and not meaningless)
        self.strip.show_position(position, findings.cohort)
        self.cohort.setVisible(position.n > 0 and not meaningless)
        self.cohort.set_plain(self._cohort(findings))
        n = findings.n_unassessed
        comparable = n + position.n
        message = "{} of the {} comparable videos are not assessed yet."
        if n == 1:
            message = "{} of the {} comparable videos is not assessed yet."
        if not position.n:
            message = "The {} other videos of this task are not assessed yet."
            if n == 1:
                message = "The other video of this task is not assessed yet."
        self.missing.set_plain(message.format(n, comparable))
        for widget in (self.missing, self.assess_all):
            widget.setVisible(n > 0 and not meaningless)

    def _cohort(self, findings: Findings) -> str:
        model = findings.analysis.provenance.model
        parts = ["Compared with the other videos"]
        if findings.task:
            parts.append(f"of the task “{findings.task}”")
        if findings.study:
            parts.append(f"in the study “{findings.study}”")
        return "{}, as scored by {}.".format(" ".join(parts), model)
