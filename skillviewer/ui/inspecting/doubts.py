"""Limits of the explanation, and faithfulness of the attention."""

from PySide6.QtWidgets import QProgressBar, QWidget

from skillviewer.core.analysis.wording import score_digits
from skillviewer.core.text import signed
from skillviewer.export.reports.limits import limits
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.widgets.empty_state import Section
from skillviewer.ui.widgets.layout import Wrapped, add_all


class Limits(Section):
    """Origin of the interval, distance from the training videos, and scores by other models."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("How sure is this?"), parent)
        self.words = Wrapped(self)
        self.column.addWidget(self.words)

    def show_findings(self, found: Findings) -> None:
        digits = score_digits([found.analysis])
        self.words.set_plain(*limits(found.analysis, found.other_models, found.versions, digits))


class FaithfulnessBlock(Section):
    """Faithfulness of the attention to the score."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Does the map explain the score?"), parent)
        self.label = Wrapped(self)
        self.label.setProperty("heading", True)
        self.gauge = QProgressBar(self)
        self.gauge.setTextVisible(False)
        self.gauge.setAccessibleName(self.tr("Faithfulness, percent"))
        self.sentence, self.details = Wrapped(self), Wrapped(self, muted=True)
        add_all(self.column, self.label, self.gauge, self.sentence, self.details)

    def show_findings(self, found: Findings) -> None:
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
        self.gauge.setValue(round(100 * tested.value))
        digits = max(score_digits([found.analysis]), 3)
        self.details.set_plain(
            self.tr(
                "Hiding the attended areas first, not last, moves the score curve further by {}; for random areas, by "
                "up to {}. Shuffling the maps changes the score by {}, spreading them evenly by {}."
            ).format(
                signed(tested.gain, digits),
                signed(tested.threshold, digits),
                f"{tested.permuted_change:.{digits}f}",
                signed(tested.uniform_change, digits),
            )
        )
