"""Limits of the explanation, and faithfulness of the attention."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.analysis.wording import score_digits
from skillviewer.core.text import signed
from skillviewer.export.reports.limits import limits
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.widgets.section import Section
from skillviewer.ui.widgets.theme import LIGHT, Theme, themed
from skillviewer.ui.widgets.wrapped_label import Wrapped


class Limits(Section):
    """Origin of the interval, distance from the training videos, and scores by other models."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("How sure is this?"), parent)
        self.words = Wrapped(self)
        self.column.addWidget(self.words)

    def show_findings(self, found: Findings) -> None:
        digits = score_digits([found.analysis])
        self.words.set_plain(*limits(found.analysis, found.other_models, found.versions, digits))


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
