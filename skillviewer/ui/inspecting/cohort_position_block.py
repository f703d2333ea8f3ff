"""The score of a video, and its position among comparable videos."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.analysis.cohort import CohortPosition
from skillviewer.core.analysis.score_text import LEARNT_TEXT, UNFAMILIAR, score_decimals
from skillviewer.core.ratings.given_ratings import given_ratings
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import add_all, as_tip, push_button, vertical
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import PaintedWidget

HEIGHT_PX = 44
LINE_Y_PX = 14.0  # distance of the line from the top
TICK_PX = 5.0
SIDE_MARGIN_PX = 6.0


class CohortStrip(PaintedWidget):
    """A tick for every comparable video, a longer tick for their median, and a dot with an interval for the video."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._position: CohortPosition | None = None
        self._other_scores: tuple[float, ...] = ()
        self.limits = (0.0, 1.0)  # scores at the left and at the right end
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("Ticks: comparable videos; long tick: their median; dot: this video; bar: its interval.")

    def sizeHint(self) -> QSize:
        return QSize(200, scaled_px(HEIGHT_PX))

    def show_position(self, position: CohortPosition, others: Sequence[float]) -> None:
        """Show the position of a score among the scores of other videos."""
        self._position = position
        self._other_scores = tuple(others)
        scores = [*self._other_scores, position.score]
        if position.interval is not None:
            scores += position.interval
        low = min(scores)
        high = max(scores)
        self.limits = (low, high) if high > low else (low - 0.5, high + 0.5)
        self.setAccessibleName(position.format_position())
        self.update()

    def x_of(self, score: float) -> float:
        """Return the position of a score, in pixels from the left."""
        low, high = self.limits
        return SIDE_MARGIN_PX + (score - low) / (high - low) * (self.width() - 2 * SIDE_MARGIN_PX)

    def paintEvent(self, _event: QPaintEvent) -> None:
        position = self._position
        if position is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(QRectF(0, LINE_Y_PX - 0.5, self.width(), 1), QColor(self._theme.line))
        accent = QColor(self._theme.accent)
        if position.interval is not None:
            left, right = (self.x_of(end) for end in position.interval)
            interval_colour = QColor(accent)
            interval_colour.setAlphaF(0.3)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(interval_colour)
            painter.drawRoundedRect(QRectF(left, LINE_Y_PX - 4, max(right - left, 2.0), 8), 4, 4)
        tick_colour = QColor(self._theme.muted)
        tick_colour.setAlphaF(0.75)
        painter.setPen(QPen(tick_colour, 1.2))
        for score in self._other_scores:
            self._draw_tick(painter, score, TICK_PX)
        if position.n_compared:
            painter.setPen(QPen(QColor(self._theme.text), 1.2))
            self._draw_tick(painter, position.median, 2 * TICK_PX)
        painter.setPen(QPen(QColor(self._theme.base), 2))
        painter.setBrush(accent)
        painter.drawEllipse(QPointF(self.x_of(position.score), LINE_Y_PX), 6, 6)
        self._draw_texts(painter, position)
        painter.end()

    def _draw_tick(self, painter: QPainter, score: float, half_length_px: float) -> None:
        x = self.x_of(score)
        painter.drawLine(QPointF(x, LINE_Y_PX - half_length_px), QPointF(x, LINE_Y_PX + half_length_px))

    def _draw_texts(self, painter: QPainter, position: CohortPosition) -> None:
        """Write the direction at both ends, and “median” below its tick if there is room."""
        metrics = painter.fontMetrics()
        row = QRectF(0, self.height() - metrics.height(), self.width(), metrics.height())
        painter.setPen(QColor(self._theme.muted))
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft, "lower")
        painter.drawText(row, Qt.AlignmentFlag.AlignRight, "higher")
        if not position.n_compared:
            return
        half_width = metrics.horizontalAdvance("median") / 2
        x = self.x_of(position.median)
        room_left = metrics.horizontalAdvance("lower") + 8
        room_right = self.width() - metrics.horizontalAdvance("higher") - 8
        if room_left <= x - half_width and x + half_width <= room_right:
            box = QRectF(x - half_width, row.top(), 2 * half_width + 1, row.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft, "median")


class CohortPositionBlock(QWidget):
    """Score, interval and position in one sentence, with the name of the cohort below."""

    def __init__(self, assess_all: QAction, show_unfamiliar: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        column = vertical(self, margins=(12, 4, 12, 0), spacing=6)
        self.score_label = WrappingLabel(self)
        self.rating_label = WrappingLabel(self)
        self.given_ratings_label = WrappingLabel(self)
        self.learnt_label = WrappingLabel(self)
        self.learnt_label.set_plain(LEARNT_TEXT)
        self.cohort_strip = CohortStrip(self)
        self.cohort_label = WrappingLabel(self, muted=True)
        self.missing_label = WrappingLabel(self)
        self.assess_all_button = push_button("Assess all", self, assess_all.trigger)
        self.assess_all_button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.show_score_button = push_button("Show score", self, show_unfamiliar.trigger)
        self.show_score_button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._text_column = add_all(
            vertical(spacing=6), self.score_label, self.show_score_button, self.rating_label, self.given_ratings_label
        )
        self._text_column.addWidget(self.learnt_label)
        add_all(
            column, self._text_column, self.cohort_strip, self.cohort_label, self.missing_label, self.assess_all_button
        )

    def _lead_with_rating(self, *, leads: bool) -> None:
        """Put the rating on the raters' scale first, in large letters, or else the score."""
        first, second = (self.rating_label, self.score_label) if leads else (self.score_label, self.rating_label)
        if first.property("letters") == "lead":
            return
        self._text_column.insertWidget(0, first)
        for label, letters in ((first, "lead"), (second, "")):
            label.setProperty("letters", letters)
            label.style().unpolish(label)
            label.style().polish(label)

    def show_findings(self, findings: Findings, *, meaningless: bool = False) -> None:
        """Show the score and its position.

        Args:
            findings: Findings on the video.
            meaningless: True if the score has no meaning, since the model does not know such videos.
        """
        position = findings.position
        if meaningless:
            self.score_label.set_plain(UNFAMILIAR)
        else:
            decimals = score_decimals([findings.analysis])
            self.score_label.set_plain(position.sentence(decimals))
        self.show_score_button.setVisible(meaningless)
        calibrated_score = findings.analysis.scaled
        self.rating_label.setVisible(calibrated_score is not None and not meaningless)
        if calibrated_score is not None:
            self.rating_label.set_plain(calibrated_score.sentence)
            self.rating_label.setToolTip(as_tip(calibrated_score.note))
        self._lead_with_rating(leads=calibrated_score is not None and bool(calibrated_score.words) and not meaningless)
        given_text = format_given_rating(findings)
        self.given_ratings_label.setVisible(bool(given_text))
        self.given_ratings_label.set_plain(given_text)
        self.learnt_label.setVisible(findings.was_trained_on)
        self.cohort_strip.setVisible(position.n_compared > 1 and not meaningless)
        self.cohort_strip.show_position(position, findings.cohort)
        self.cohort_label.setVisible(position.n_compared > 0 and not meaningless)
        self.cohort_label.set_plain(format_cohort(findings))
        n_unassessed = findings.n_unassessed
        self.missing_label.set_plain(format_unassessed(n_unassessed, position.n_compared))
        for widget in (self.missing_label, self.assess_all_button):
            widget.setVisible(n_unassessed > 0 and not meaningless)


def format_given_rating(findings: Findings) -> str:
    """Return a sentence on the raters' ratings of the video for the criterion of the model's scale, or ""."""
    calibrated_score = findings.analysis.scaled
    ratings = findings.facts.ratings if findings.facts is not None else None
    if calibrated_score is None or ratings is None:
        return ""
    rating = given_ratings(ratings, calibrated_score.criterion).get(findings.name)
    return rating.mean_sentence if rating is not None else ""


def format_cohort(findings: Findings) -> str:
    """Return a sentence that names the cohort and the model."""
    text = "Compared with the other videos"
    if findings.task:
        text += f" of the task “{findings.task}”"
    if findings.study:
        text += f" in the study “{findings.study}”"
    return f"{text}, as scored by {findings.analysis.provenance.model}."


def format_unassessed(n_unassessed: int, n_assessed: int) -> str:
    """Return a sentence on the comparable videos that are not assessed yet."""
    verb = "is" if n_unassessed == 1 else "are"
    if n_assessed:
        n_comparable = n_unassessed + n_assessed
        return f"{n_unassessed} of the {n_comparable} comparable videos {verb} not assessed yet."
    if n_unassessed == 1:
        return "The other video of this task is not assessed yet."
    return f"The {n_unassessed} other videos of this task are not assessed yet."
