"""Faithfulness of the attention to the score."""

from PySide6.QtWidgets import QProgressBar, QWidget

from skillviewer.core.analysis.score_text import score_decimals
from skillviewer.core.text import signed
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.widgets.form import Section
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import add_all, with_accessible_name


class FaithfulnessBlock(Section):
    """A label, a gauge and sentences on the faithfulness of the attention."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Does the map explain the score?", parent)
        self.verdict_label = WrappingLabel(self)
        self.verdict_label.setProperty("heading", True)
        self.gauge = with_accessible_name(QProgressBar(self), "Faithfulness, percent")
        self.gauge.setTextVisible(False)
        self.sentence_label = WrappingLabel(self)
        self.details_label = WrappingLabel(self, muted=True)
        self.hands_label = WrappingLabel(self)
        add_all(self.column, self.verdict_label, self.gauge, self.sentence_label, self.details_label, self.hands_label)

    def show_findings(self, findings: Findings) -> None:
        self.hands_label.setVisible(bool(findings.attention_on_hands))
        self.hands_label.set_plain(findings.attention_on_hands)
        evidence = findings.evidence
        self.setVisible(evidence is not None)
        if evidence is None:
            return
        label = evidence.faithfulness_label
        self.verdict_label.set_plain(f"{label[0].upper()}{label[1:]}")
        self.sentence_label.set_plain(evidence.faithfulness_sentence)
        faithfulness = evidence.faithfulness
        self.gauge.setVisible(faithfulness is not None and faithfulness.faithful)
        self.details_label.setVisible(faithfulness is not None)
        if faithfulness is None:
            return
        self.gauge.setValue(round(100 * faithfulness.value))
        digits = max(score_decimals([findings.analysis]), 3)
        gain = signed(faithfulness.gain, digits)
        threshold = signed(faithfulness.threshold, digits)
        permuted_change = f"{faithfulness.permuted_change:.{digits}f}"
        uniform_change = signed(faithfulness.uniform_change, digits)
        self.details_label.set_plain(
            f"Hiding the attended areas first, not last, moves the score curve further by {gain}; for random areas, by "
            f"up to {threshold}. Shuffling the maps changes the score by {permuted_change}, spreading them evenly by "
            f"{uniform_change}."
        )
