"""Contributions of the segments to the score."""

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QProgressBar, QWidget

from skillviewer.core.analysis.score_text import score_digits
from skillviewer.core.explanation.why import format_fifths
from skillviewer.core.text import signed
from skillviewer.ui.inspecting.segment_bars import SegmentBars, segments_of
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.widgets.form import Section
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import add_all, push_button, with_accessible_name


class Contributions(Section):
    """The contribution of each segment, and the progress of the computation."""

    def __init__(self, app_context: AppContext, parent: QWidget) -> None:
        super().__init__("What each segment contributed", parent)
        self._evidence_loader = app_context.evidence_loader
        self.bars = SegmentBars(self)
        self.bars.asked.connect(app_context.playback.stop_at)
        self.bars.pointed.connect(self._on_pointed)
        self.pointed = WrappingLabel(self, muted=True)
        self.fifths = WrappingLabel(self)
        self._sum = QWidget(self)
        grid = QGridLayout(self._sum)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        self.sums: list[QLabel] = []
        names = ("Baseline score", "Sum of the contributions", "Not explained by single segments", "Score")
        for row, name in enumerate(names):
            message = WrappingLabel(self._sum)
            message.set_plain(name)
            number = QLabel(self._sum)
            if row == len(names) - 1:
                for label in (message, number):
                    label.setProperty("heading", True)
            grid.addWidget(message, row, 0)
            grid.addWidget(number, row, 1)
            self.sums.append(number)
        self.how = WrappingLabel(self, muted=True)
        self.how.set_plain("Each segment is replaced by the video's average, and the score is computed again.")
        self.message = WrappingLabel(self)
        self.progress = with_accessible_name(QProgressBar(self), "Progress of the evidence")
        self.progress.setTextVisible(False)
        self.stop = push_button("Stop", self, app_context.evidence_loader.stop)
        self.explain = push_button("Explain", self, app_context.evidence_loader.ask)
        buttons = add_all(QHBoxLayout(), self.stop, self.explain, 1)
        above = (self.bars, self.pointed, self.fifths, self._sum, self.how, self.message)
        add_all(self.column, *above, self.progress, buttons)

    def show_findings(self, findings: Findings, *, grey: bool) -> None:
        evidence = findings.evidence
        for widget in (self.bars, self.pointed, self.fifths, self._sum, self.how):
            widget.setVisible(evidence is not None)
        if evidence is None:
            return
        self.fifths.set_plain(format_fifths(findings.analysis, evidence))
        amounts = evidence.contributions
        digits = max(score_digits([findings.analysis]), 3)
        segments = self.bars.segments
        if segments is None or segments.amounts.tobytes() != amounts.tobytes() or segments.digits != digits:
            self.bars.set_segments(segments_of(findings.analysis, amounts, digits), grey=grey)
            self._on_pointed("")
        parts = [round(x, digits) for x in (evidence.baseline, float(amounts.sum()), evidence.score)]
        parts.insert(2, parts[2] - parts[0] - parts[1])  # the remainder of the rounded numbers, so that they add up
        for label, part in zip(self.sums, parts, strict=True):
            label.setText(signed(part, digits) if abs(part) >= 0.5 * 10**-digits else f"{0:.{digits}f}")

    def show_work(self, *, has_evidence: bool) -> None:
        explanations = self._evidence_loader
        progress, failure, working = explanations.progress, explanations.failure, explanations.working
        self.progress.setVisible(working and not has_evidence)
        self.stop.setVisible(working and not has_evidence)
        self.explain.setVisible(not working and not has_evidence)
        self.message.setVisible(not has_evidence)
        if failure:
            self.message.set_plain(failure)
            self.explain.setText("Try again")
        else:
            self.explain.setText("Explain")
            waiting = "Measuring what raised and lowered the score…"
            idle = "The evidence was stopped." if explanations.stopped else "Not measured yet."
            self.message.set_plain(waiting if working else idle)
        total = progress.total if progress is not None else 0
        self.progress.setRange(0, total)
        if progress is not None and total:
            self.progress.setValue(progress.done)

    def _on_pointed(self, message: str) -> None:
        self.pointed.set_plain(
            message
            or "Point at a segment, or choose one with ← and →, to see its value; click or press Enter to go there."
        )
