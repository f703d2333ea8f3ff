"""Faithfulness of the attention to the model."""

from PySide6.QtWidgets import QProgressBar, QWidget

from skillviewer.core.analysis.score_text import score_digits
from skillviewer.core.text import signed
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.widgets.form import Section
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import add_all, with_accessible_name


class FaithfulnessBlock(Section):
    """Faithfulness of the attention to the score."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Does the map explain the score?", parent)
        self.label = WrappingLabel(self)
        self.label.setProperty("heading", True)
        self.gauge = with_accessible_name(QProgressBar(self), "Faithfulness, percent")
        self.gauge.setTextVisible(False)
        self.sentence = WrappingLabel(self)
        self.details = WrappingLabel(self, muted=True)
        self.on_hands = WrappingLabel(self)
        add_all(self.column, self.label, self.gauge, self.sentence, self.details, self.on_hands)

    def show_findings(self, findings: Findings) -> None:
        self.on_hands.setVisible(bool(findings.attention_on_hands))
        self.on_hands.set_plain(findings.attention_on_hands)
        evidence = findings.evidence
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
        digits = max(score_digits([findings.analysis]), 3)
        self.details.set_plain(
            (
                "Hiding the attended areas first, not last, moves the score curve further by {}; for random areas, by "
                "up to {}. Shuffling the maps changes the score by {}, spreading them evenly by {}."
            ).format(
                signed(tested.gain, digits),
                signed(tested.threshold, digits),
                f"{tested.permuted_change:.{digits}f}",
                signed(tested.uniform_change, digits),
            )
        )
