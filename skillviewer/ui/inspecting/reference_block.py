"""The reference video in two lines, and the button that shows it next to the video on screen."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from skillviewer.core.analysis.score_text import score_digits
from skillviewer.core.explanation.alignment import ScoreGap
from skillviewer.core.text import clock, signed
from skillviewer.ui.actions.actions import ActionTip
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.widgets.form import Section
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import add_all, horizontal, push_button


def format_gaps(gaps: tuple[ScoreGap, ...]) -> str:
    """Return the times at which a video loses most, in order: "It loses most at 0:03.2, 0:05.0 and 0:07.1."."""
    times = [clock(gap.start_s) for gap in gaps]
    if not times:
        return ""
    *first, last = times
    return f"It loses most at {', '.join(first)} and {last}." if first else f"It loses most at {last}."


class ReferenceBlock(Section):
    """Names a better video and, once both are aligned, the times at which the video on screen loses most."""

    def __init__(self, app_context: AppContext, action: QAction, parent: QWidget) -> None:
        super().__init__("How would better look here?", parent)
        self._loader = app_context.reference
        self.message = WrappingLabel(self)
        self.gaps = WrappingLabel(self, muted=True)
        self.show_both = push_button("Show both videos", self, action.trigger)
        ActionTip(self.show_both, action)
        add_all(self.column, self.message, self.gaps, add_all(horizontal(), self.show_both, 1))
        self._loader.changed.connect(self._refresh)
        self._refresh()

    def show_findings(self, findings: Findings) -> None:
        reference = findings.reference
        if reference is None:
            empty_text = "No comparable video in the top 25 % scores higher than this one."
            self.message.set_plain(empty_text if findings.position.n else "There are no comparable videos yet.")
            return
        reason = "it looks most similar" if reference.near_by == "looks" else "its score is nearest"
        score = signed(reference.score, score_digits([findings.analysis]))
        self.message.set_plain(f"{reference.name} scores {score}. Chosen from the top 25 %: {reason}.")

    def _refresh(self) -> None:
        self.show_both.setVisible(self._loader.clip is not None)
        text = format_gaps(self._loader.gaps)
        self.gaps.set_plain(text)
        self.gaps.setVisible(bool(text))
