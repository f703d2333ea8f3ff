"""The standing of the score in a sentence, its cohort, and the videos that are not assessed yet."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSizePolicy, QWidget

from skillviewer.core.analysis.wording import score_digits
from skillviewer.ui.inspecting.standing_strip import StandingStrip
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.widgets.layout import Wrapped, add_all, as_tip, push_button, vertical


class StandingBlock(QWidget):
    """Score, interval and standing in one sentence; the cohort by name below it."""

    def __init__(self, assess_all: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        column = vertical(self, (12, 4, 12, 0), 6)
        self.sentence = Wrapped(self)
        self.sentence.setProperty("letters", "lead")
        self.rating, self.strip = Wrapped(self), StandingStrip(self)
        self.cohort, self.missing = Wrapped(self, muted=True), Wrapped(self)
        self.assess_all = push_button(self.tr("Assess all"), self, assess_all.trigger)
        self.assess_all.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        add_all(column, self.sentence, self.rating, self.strip, self.cohort, self.missing, self.assess_all)

    def show_findings(self, found: Findings) -> None:
        standing = found.standing
        self.sentence.set_plain(standing.sentence(score_digits([found.analysis])))
        scaled = found.analysis.scaled
        self.rating.setVisible(scaled is not None)
        if scaled is not None:
            self.rating.set_plain(scaled.sentence)
            self.rating.setToolTip(as_tip(scaled.note))
        self.strip.setVisible(standing.n > 1)
        self.strip.show_standing(standing, found.cohort)
        self.cohort.setVisible(standing.n > 0)
        self.cohort.set_plain(self._cohort(found))
        n = found.n_unassessed
        comparable = n + standing.n
        words = self.tr("{} of the {} comparable videos are not assessed yet.")
        if n == 1:
            words = self.tr("{} of the {} comparable videos is not assessed yet.")
        if not standing.n:
            words = self.tr("The {} other videos of this task are not assessed yet.")
            if n == 1:
                words = self.tr("The other video of this task is not assessed yet.")
        self.missing.set_plain(words.format(n, comparable))
        for widget in (self.missing, self.assess_all):
            widget.setVisible(n > 0)

    def _cohort(self, found: Findings) -> str:
        model = found.analysis.provenance.model
        parts = [self.tr("Compared with the other videos")]
        if found.task:
            parts.append(self.tr("of the task “{}”").format(found.task))
        if found.study:
            parts.append(self.tr("in the study “{}”").format(found.study))
        return self.tr("{}, as scored by {}.").format(" ".join(parts), model)
