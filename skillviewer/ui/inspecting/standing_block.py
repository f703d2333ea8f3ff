"""Standing of a video among others, what raters said of it, and the contribution of each area."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.analysis.cohort import CohortPosition
from skillviewer.core.analysis.wording import UNFAMILIAR, score_digits
from skillviewer.core.arrays import FloatArray
from skillviewer.core.dataset.pairs import UNNAMED, Verdict
from skillviewer.core.text import clock, signed
from skillviewer.ui.actions.actions import Actions, plain
from skillviewer.ui.session.insight.findings import Findings, RaterReason, VideoJudgements
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.widgets.colour_bar import Chip, sign_colour
from skillviewer.ui.widgets.form import Section
from skillviewer.ui.widgets.layout import (
    NONE,
    FlowLayout,
    WrappingLabel,
    add_all,
    as_tip,
    horizontal,
    push_button,
    vertical,
)
from skillviewer.ui.widgets.theme import PaintedWidget, Theme, by_text

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
        self._position, self._others = position, tuple(others)
        ends = [*self._others, position.score, *(position.interval or ())]
        low, high = min(ends), max(ends)
        self.span = (low, high) if high > low else (low - 0.5, high + 0.5)
        self.setAccessibleName(position.format_position())
        self.update()

    def x_of(self, score: float) -> float:
        """Return where a score lies, in pixels from the left."""
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
        metrics, theme = painter.fontMetrics(), self._theme
        row = QRectF(0, self.height() - metrics.height(), self.width(), metrics.height())
        left, right, middle = "lower", "higher", "median"
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
        self.sentence = WrappingLabel(self)
        self.sentence.setProperty("letters", "lead")
        self.rating, self.strip = WrappingLabel(self), StandingStrip(self)
        self.cohort, self.missing = WrappingLabel(self, muted=True), WrappingLabel(self)
        self.assess_all = push_button("Assess all", self, assess_all.trigger)
        self.assess_all.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.show_anyway = push_button("Show the score anyway", self, show_unfamiliar.trigger)
        self.show_anyway.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        add_all(
            column, self.sentence, self.show_anyway, self.rating, self.strip, self.cohort, self.missing, self.assess_all
        )

    def show_findings(self, found: Findings, *, meaningless: bool = False) -> None:
        """Show the score and its position, or that the score is ``meaningless``."""
        position = found.position
        self.sentence.set_plain(UNFAMILIAR if meaningless else position.sentence(score_digits([found.analysis])))
        self.show_anyway.setVisible(meaningless)
        scaled = found.analysis.scaled
        self.rating.setVisible(scaled is not None and not meaningless)
        if scaled is not None:
            self.rating.set_plain(scaled.sentence)
            self.rating.setToolTip(as_tip(scaled.note))
        self.strip.setVisible(position.n > 1 and not meaningless)
        self.strip.show_position(position, found.cohort)
        self.cohort.setVisible(position.n > 0 and not meaningless)
        self.cohort.set_plain(self._cohort(found))
        n = found.n_unassessed
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

    def _cohort(self, found: Findings) -> str:
        model = found.analysis.provenance.model
        parts = ["Compared with the other videos"]
        if found.task:
            parts.append(f"of the task “{found.task}”")
        if found.study:
            parts.append(f"in the study “{found.study}”")
        return "{}, as scored by {}.".format(" ".join(parts), model)


MAX_REASONS = 5  # reasons that are shown, the latest, at most


class ReasonRow(QWidget):
    """A judgement with its reason and the time that the rater marked."""

    def __init__(self, playback: Playback, parent: QWidget) -> None:
        super().__init__(parent)
        self._playback = playback
        self._mark_s: float | None = None
        self.message = WrappingLabel(self)
        self.time = Chip("", self)
        self.time.setToolTip("Go to the time that the rater marked")
        self.time.clicked.connect(self._on_time)
        add_all(horizontal(self, NONE, 6), (self.message, 1), (self.time, 0, Qt.AlignmentFlag.AlignTop))

    def show_reason(self, reason: RaterReason) -> None:
        forms = {
            Verdict.LEFT: ("{}, better than {}: “{}”", "{}, better than {}"),
            Verdict.RIGHT: ("{}, worse than {}: “{}”", "{}, worse than {}"),
            Verdict.NEITHER: ("{}, no difference to {}: “{}”", "{}, no difference to {}"),
        }
        rater = "A rater without a name" if reason.rater == UNNAMED else reason.rater
        with_reason, without = forms[reason.verdict]
        if reason.text:
            self.message.set_plain(with_reason.format(rater, reason.other, reason.text))
        else:
            self.message.set_plain(without.format(rater, reason.other))
        self._mark_s = reason.mark_s
        self.time.setVisible(reason.mark_s is not None)
        if reason.mark_s is not None:
            self.time.setText(clock(reason.mark_s))

    def _on_time(self) -> None:
        if self._mark_s is not None:
            self._playback.stop_at_time(self._mark_s)


class RatersBlock(Section):
    """The judgements of the raters on the video."""

    def __init__(self, playback: Playback, parent: QWidget) -> None:
        super().__init__("What the raters said", parent)
        self.message, self.more = WrappingLabel(self), WrappingLabel(self)
        self.reasons = [ReasonRow(playback, self) for _ in range(MAX_REASONS)]
        add_all(self.column, self.message, *self.reasons, self.more)

    def show_findings(self, found: Findings) -> None:
        rating = found.rating
        self.message.set_plain("This video has not been compared yet." if rating is None else self._summary(rating))
        reasons = rating.reasons if rating is not None else ()
        for row in self.reasons[len(reasons) :]:
            row.hide()
        for row, reason in zip(self.reasons, reasons, strict=False):
            row.show_reason(reason)
            row.show()
        n_more = len(reasons) - MAX_REASONS
        self.more.setVisible(n_more > 0)
        self.more.set_plain(f"… and {n_more} more, in the exported votes")

    def _summary(self, rating: VideoJudgements) -> str:
        ranked = rating.ranked
        counts = [
            _times("better once", "better {} times", ranked.won),
            _times("worse once", "worse {} times", ranked.lost),
        ]
        if ranked.neither:
            counts.append(_times("no difference once", "no difference {} times", ranked.neither))
        who = self._who(rating)
        strength = "Strength {} ± {}: rank {} of {} videos linked by votes.".format(
            signed(ranked.strength, 2), f"{ranked.error:.2f}", ranked.linked_rank, ranked.n_linked
        )
        return "{}: {}. {}".format(who, ", ".join(counts), strength)

    def _who(self, rating: VideoJudgements) -> str:
        if not rating.n_raters and not rating.n_unnamed:
            return "The pairs of the data set"
        named = "One rater" if rating.n_raters == 1 else f"{rating.n_raters} raters"
        if not rating.n_unnamed:
            return named
        without = "Raters without a name" if rating.n_unnamed > 1 else "A rater without a name"
        return f"{named} and others without a name" if rating.n_raters else without


def _times(once: str, several: str, n: int) -> str:
    return once if n == 1 else several.format(n)


WIDTH_PX = 128
N_SIGNED = 3  # the strongest cells of each sign are marked with + and −, so that colour is not the only cue


class CellMap(PaintedWidget):
    """A grid over the picture's outline; the stronger a cell, the fuller its colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cells: FloatArray | None = None
        self._grey = False
        self._height_px = 72
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Contribution of each area")

    def sizeHint(self) -> QSize:
        """Return the height for the proportions of the picture."""
        return QSize(WIDTH_PX, self._height_px)

    def accessible_text(self) -> str:
        """Return the cells that lowered and raised the score most."""
        if self._cells is None:
            return ""
        h, w = self._cells.shape
        said = [f"{h} rows, {w} columns."]
        for at in _strongest(self._cells):
            row, column = divmod(at, w)
            amount = signed(float(self._cells[row, column]), 4)
            said.append(f"Row {row + 1}, column {column + 1}: {amount}.")
        return " ".join(said)

    def set_cells(self, cells: FloatArray | None, proportions: float, *, grey: bool) -> None:
        """Show (h, w) signed contributions, or none; ``proportions`` is height over width, ``grey`` without colour."""
        self._cells, self._grey = cells, grey
        self._height_px = round(min(max(WIDTH_PX * proportions, 40), 200))
        self.updateGeometry()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, theme, cells = QPainter(self), self._theme, self._cells
        painter.fillRect(self.rect(), QColor(theme.raised))
        if cells is None:
            painter.end()
            return
        h, w = cells.shape
        limit = float(np.abs(cells).max()) or 1.0
        marked = set(_strongest(cells))
        font = painter.font()
        font.setPixelSize(max(min(round(self.height() / h) - 2, 12), 8))
        painter.setFont(font)
        for at, amount in enumerate(cells.ravel().tolist()):
            row, column = divmod(at, w)
            left, right = (round(i * self.width() / w) for i in (column, column + 1))
            top, bottom = (round(i * self.height() / h) for i in (row, row + 1))
            box = QRectF(left, top, right - left, bottom - top)
            colour = sign_colour(amount, theme, grey=self._grey)
            share = abs(amount) / limit
            colour.setAlphaF(share)
            painter.fillRect(box, colour)
            if at in marked and share > 0.1:
                painter.setPen(sign_shade(share, theme))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "+" if amount > 0 else "−")
        painter.end()


def sign_shade(share: float, theme: Theme) -> QColor:
    """Return the colour of the mark on a cell whose colour has an opacity of ``share``."""
    return QColor(theme.base if share > (0.55 if theme.dark else 0.85) else theme.text)


def _strongest(cells: FloatArray) -> list[int]:
    """Return the places of the least and the greatest cells, in this order."""
    ranked = np.argsort(cells, axis=None).tolist()
    return list(dict.fromkeys((*ranked[:N_SIGNED], *ranked[-N_SIGNED:])))


class CellBlock(Section):
    """Map of the cells, the places that raised and lowered the score most, and a switch to see it on the picture."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__("Where in the picture", parent)
        self.message, self.map, self.how = WrappingLabel(self), CellMap(self), WrappingLabel(self, muted=True)
        action = actions["cell_evidence"]
        self.over = Chip("Show over the picture", self, checkable=True)
        self.over.setToolTip(plain(action.text()))
        self.over.clicked.connect(action.trigger)
        action.toggled.connect(self.over.setChecked)
        row = FlowLayout()
        row.addWidget(self.over)
        add_all(self.column, self.message, self.map, self.how, row)

    def show_findings(self, found: Findings, *, grey: bool) -> None:
        """Show it, once there is evidence of a model that has cells."""
        evidence, ninths = found.evidence, found.regions
        cells = evidence.cell_contributions if evidence is not None else None
        self.setVisible(cells is not None)
        if evidence is None or cells is None or ninths is None:
            return
        digits = max(score_digits([found.analysis]), 3)
        raised, lowered = ninths
        lines = []
        if raised is not None:
            message = "{} of the picture raised the score most ({})."
            lines.append(message.format(raised.place, signed(raised.amount, digits)))
        if lowered is not None:
            message = "{} lowered it most ({})."
            if raised is None:
                message = "{} of the picture lowered the score most ({})."
            lines.append(message.format(lowered.place, signed(lowered.amount, digits)))
        text = " ".join(f"{line[0].upper()}{line[1:]}" for line in lines)
        self.message.set_plain(text or "No part of the picture changed the score.")
        rect, video = found.analysis.map_rect, found.analysis.video
        proportions = (rect.bottom - rect.top) * video.height_px / ((rect.right - rect.left) * video.width_px)
        self.map.set_cells(cells, proportions, grey=grey)
        message = "Each area was hidden throughout the video. Not explained by single areas: {}."
        self.how.set_plain(message.format(signed(evidence.cell_remainder, digits)))
