"""Limits of the explanation, and faithfulness of the attention."""

import math

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.analysis.wording import score_digits
from skillviewer.core.text import signed
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.widgets.empty_state import Section
from skillviewer.ui.widgets.layout import Wrapped
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed


class Limits(Section):
    """Origin of the interval, distance from the training videos, and scores by other models."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("How sure is this?"), parent)
        self.warning = Wrapped(self)
        self.column.addWidget(self.warning)
        self.words = Wrapped(self)
        self.column.addWidget(self.words)

    @themed
    def on_theme(self, theme: Theme) -> None:
        self.warning.setStyleSheet(f"color: {theme.warn}")

    def show_findings(self, found: Findings) -> None:
        caution = found.analysis.cautions
        self.warning.set_plain(self.tr("Caution: {}").format(caution) if caution else "")
        self.warning.setVisible(bool(caution))
        self.words.set_plain(self._interval(found), *self._looks(found), *self._versions(found), *self._models(found))

    def _interval(self, found: Findings) -> str:
        k = found.analysis.n_passes
        if k < 2:
            return self.tr(
                "One pass was made, so there is no interval. Choose more passes in the menu Model and assess again."
            )
        if found.analysis.same_frames:
            return self.tr(
                "All {} passes used the same frames because the video has few, so there is no interval."
            ).format(k)
        different = found.analysis.n_different
        if different < k:
            return self.tr(
                "The interval comes from {} passes with different frames ({} were made; the video has few frames). "
                "It shows how much the choice of frames changes the score, not how certain the model is otherwise."
            ).format(different, k)
        return self.tr(
            "The interval comes from {} passes. It shows how much the choice of frames changes the score, not how "
            "certain the model is otherwise."
        ).format(k)

    def _looks(self, found: Findings) -> list[str]:
        strangeness = found.analysis.strangeness
        if found.analysis.warning:
            return []
        if strangeness is None:
            return [self.tr("It is not known whether the video looks like the training videos.")]
        words = self.tr(
            "Its distance from the training videos is {} times that of the most unusual one of them. There is no "
            "warning, but this does not show that it is like them."
        )
        return [words.format(f"{strangeness:.2f}")]

    def _versions(self, found: Findings) -> list[str]:
        if not found.versions:
            return []
        digits = score_digits([found.analysis])
        scores = ", ".join(f"v{version} {signed(score, digits)}" for version, score in found.versions)
        return [self.tr("Other versions of this model score it {}.").format(scores)]

    def _models(self, found: Findings) -> list[str]:
        if not found.other_models:
            return [self.tr("No other model of the study has assessed this video.")]
        lines = []
        for other in found.other_models:
            line = self.tr("{} ranks it {} of {}, this model {}").format(
                other.name, other.rank, other.n, other.own_rank
            )
            if math.isfinite(other.agreement):
                line += self.tr("; rank correlation over these videos: {} (1: same order, −1: reversed)").format(
                    signed(other.agreement, 2)
                )
            lines.append(f"{line}.")
        return lines


class Gauge(QWidget):
    """A share from 0 to 1 as a partly filled line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._share = 0.0
        self._theme: Theme = LIGHT
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(100, 6)

    @themed
    def on_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def set_share(self, share: float) -> None:
        self._share = share
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.line))
        filled = self.rect()
        filled.setWidth(round(filled.width() * self._share))
        painter.fillRect(filled, QColor(self._theme.accent))
        painter.end()


class FaithfulnessBlock(Section):
    """Faithfulness of the attention to the score."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Is the attention faithful?"), parent)
        self.label = Wrapped(self)
        self.label.setProperty("heading", True)
        self.column.addWidget(self.label)
        self.gauge = Gauge(self)
        self.column.addWidget(self.gauge)
        self.sentence = Wrapped(self)
        self.column.addWidget(self.sentence)
        self.details = Wrapped(self, muted=True)
        self.column.addWidget(self.details)

    def show_findings(self, found: Findings) -> None:
        """Show the faithfulness, once there is evidence."""
        evidence = found.evidence
        self.setVisible(evidence is not None)
        if evidence is None:
            return
        label = evidence.faithfulness_label
        self.label.set_plain(f"{label[0].upper()}{label[1:]}")
        self.sentence.set_plain(evidence.faithfulness_sentence)
        tested = evidence.faithfulness
        self.gauge.setVisible(tested is not None and tested.faithful)
        self.details.setVisible(tested is not None)
        if tested is None:
            return
        self.gauge.set_share(tested.value)
        digits = max(score_digits([found.analysis]), 3)
        self.details.set_plain(
            self.tr(
                "Gain of its order: {}, of random regions: up to {}. Shuffled maps change the score by {}, uniform "
                "maps by {}."
            ).format(
                signed(tested.gain, digits),
                signed(tested.threshold, digits),
                f"{tested.permuted_change:.{digits}f}",
                signed(tested.uniform_change, digits),
            )
        )
