"""The uncertainty of the score of the video on screen, in sentences."""

from PySide6.QtWidgets import QWidget

from skillviewer.core.analysis.score_text import score_decimals
from skillviewer.export.reports.limits import describe_limits
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.widgets.form import Section
from skillviewer.ui.widgets.labels import WrappingLabel


class UncertaintyBlock(Section):
    """Origin of the interval, distance from the training videos, and scores by other models."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("How sure is this?", parent)
        self.message_label = WrappingLabel(self)
        self.column.addWidget(self.message_label)

    def show_findings(self, findings: Findings) -> None:
        digits = score_decimals([findings.analysis])
        self.message_label.set_plain(
            *describe_limits(findings.analysis, findings.other_models, findings.versions, digits)
        )
