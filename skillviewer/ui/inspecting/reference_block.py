"""The reference video in two lines, and a button that shows both videos."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from skillviewer.core.analysis.score_text import score_decimals
from skillviewer.core.explanation.alignment import ScoreGap
from skillviewer.core.text import clock, signed
from skillviewer.ui.actions.actions import ActionTip
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.widgets.form import Section
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import GrowingSpace, add_all, horizontal, push_button


def format_gaps(gaps: tuple[ScoreGap, ...]) -> str:
    """Return a sentence such as "It loses most at 0:03.2, 0:05.0 and 0:07.1.", or "" without gaps."""
    times = [clock(gap.start_s) for gap in gaps]
    if not times:
        return ""
    if len(times) == 1:
        return f"It loses most at {times[0]}."
    return f"It loses most at {', '.join(times[:-1])} and {times[-1]}."


class ReferenceBlock(Section):
    """The name of a better video and, once both are aligned, the times at which the video on screen loses most."""

    def __init__(self, app_context: AppContext, action: QAction, parent: QWidget) -> None:
        super().__init__("How would better look here?", parent)
        self._loader = app_context.reference_loader
        self.message_label = WrappingLabel(self)
        self.gaps_label = WrappingLabel(self, muted=True)
        self.show_both_button = push_button("Show both videos", self, action.trigger)
        ActionTip(self.show_both_button, action)
        button_row = add_all(horizontal(), self.show_both_button, GrowingSpace())
        add_all(self.column, self.message_label, self.gaps_label, button_row)
        self._loader.changed.connect(self._refresh)
        self._refresh()

    def show_findings(self, findings: Findings) -> None:
        reference = findings.reference
        if reference is None and findings.position.n_compared:
            self.message_label.set_plain("No comparable video in the top 25 % scores higher than this one.")
            return
        if reference is None:
            self.message_label.set_plain("There are no comparable videos yet.")
            return
        reason = "it looks most similar" if reference.similarity == "looks" else "its score is nearest"
        score = signed(reference.score, score_decimals([findings.analysis]))
        self.message_label.set_plain(f"{reference.name} scores {score}. Chosen from the top 25 %: {reason}.")

    def _refresh(self) -> None:
        self.show_both_button.setVisible(self._loader.clip is not None)
        text = format_gaps(self._loader.gaps)
        self.gaps_label.set_plain(text)
        self.gaps_label.setVisible(bool(text))
