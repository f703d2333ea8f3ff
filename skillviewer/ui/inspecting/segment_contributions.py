"""The contribution of each segment to the score, and the progress of its computation."""

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QProgressBar, QWidget

from skillviewer.core.analysis.score_text import score_decimals
from skillviewer.core.explanation.why import format_fifths
from skillviewer.core.text import signed
from skillviewer.ui.inspecting.segment_bars import SegmentBars, segments_of
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.widgets.form import Section
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import GrowingSpace, add_all, push_button, with_accessible_name

HINT = "Point at a segment, or choose one with ← and →, to see its value; click or press Enter to go there."
SUM_ROWS = ("Baseline score", "Sum of the contributions", "Not explained by single segments", "Score")


class SegmentContributions(Section):
    """Bars of the contributions, a table in which they add up to the score, and the progress of the evidence."""

    def __init__(self, app_context: AppContext, parent: QWidget) -> None:
        super().__init__("What each segment contributed", parent)
        self._explanations = app_context.evidence_loader
        self.segment_bars = SegmentBars(self)
        self.segment_bars.frame_asked.connect(app_context.playback.stop_at)
        self.segment_bars.segment_described.connect(self._show_description)
        self.description_label = WrappingLabel(self, muted=True)
        self.fifths_label = WrappingLabel(self)
        self._sum_table = QWidget(self)
        grid = QGridLayout(self._sum_table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        self.sum_labels: list[QLabel] = []
        for row, name in enumerate(SUM_ROWS):
            name_label = WrappingLabel(self._sum_table)
            name_label.set_plain(name)
            number_label = QLabel(self._sum_table)
            if name == "Score":
                name_label.setProperty("heading", True)
                number_label.setProperty("heading", True)
            grid.addWidget(name_label, row, 0)
            grid.addWidget(number_label, row, 1)
            self.sum_labels.append(number_label)
        self.method_note = WrappingLabel(self, muted=True)
        self.method_note.set_plain("Each segment is replaced by the video's average, and the score is computed again.")
        self.message_label = WrappingLabel(self)
        self.progress_bar = with_accessible_name(QProgressBar(self), "Progress of the evidence")
        self.progress_bar.setTextVisible(False)
        self.stop_button = push_button("Stop", self, app_context.evidence_loader.stop)
        self.explain_button = push_button("Explain", self, app_context.evidence_loader.ask)
        buttons = add_all(QHBoxLayout(), self.stop_button, self.explain_button, GrowingSpace())
        self._evidence_widgets = (
            self.segment_bars,
            self.description_label,
            self.fifths_label,
            self._sum_table,
            self.method_note,
        )
        add_all(self.column, *self._evidence_widgets, self.message_label, self.progress_bar, buttons)

    def show_findings(self, findings: Findings, *, grey: bool) -> None:
        """Show the contributions if there is evidence; ``grey`` for no colour."""
        evidence = findings.evidence
        for widget in self._evidence_widgets:
            widget.setVisible(evidence is not None)
        if evidence is None:
            return
        self.fifths_label.set_plain(format_fifths(findings.analysis, evidence))
        amounts = evidence.contributions
        digits = max(score_decimals([findings.analysis]), 3)
        segments = self.segment_bars.segments
        if segments is None or segments.contributions.tobytes() != amounts.tobytes() or segments.digits != digits:
            self.segment_bars.set_segments(segments_of(findings.analysis, amounts, digits), grey=grey)
            self._show_description("")
        baseline = round(evidence.baseline, digits)
        contributions = round(float(amounts.sum()), digits)
        score = round(evidence.score, digits)
        remainder = score - baseline - contributions  # of the rounded numbers, so that they add up
        for label, number in zip(self.sum_labels, (baseline, contributions, remainder, score), strict=True):
            is_zero = abs(number) < 0.5 * 10**-digits
            number_text = f"{0:.{digits}f}" if is_zero else signed(number, digits)
            label.setText(number_text)

    def show_progress(self, *, has_evidence: bool) -> None:
        """Show the progress of the evidence, or why there is no evidence."""
        explanations = self._explanations
        is_working = explanations.working
        self.progress_bar.setVisible(is_working and not has_evidence)
        self.stop_button.setVisible(is_working and not has_evidence)
        self.explain_button.setVisible(not is_working and not has_evidence)
        button_text = "Explain"
        if explanations.failure:
            button_text = "Try again"
            message = explanations.failure
        elif is_working:
            message = "Measuring what raised and lowered the score…"
        elif explanations.is_stopped:
            message = "The evidence was stopped."
        else:
            message = "Not measured yet."
        self.explain_button.setText(button_text)
        self.message_label.set_plain(message)
        self.message_label.setVisible(not has_evidence)
        progress = explanations.progress
        total = progress.total if progress is not None else 0
        self.progress_bar.setRange(0, total)
        if progress is not None and total:
            self.progress_bar.setValue(progress.done)

    def _show_description(self, description: str) -> None:
        if not description:
            description = HINT
        self.description_label.set_plain(description)
