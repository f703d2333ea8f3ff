"""The results of the votes."""

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from skillviewer.core.progress import CancelToken
from skillviewer.ui.ranking.cycles_view import CyclesView
from skillviewer.ui.ranking.reliability import Reliability
from skillviewer.ui.ranking.strength_table import StrengthTable
from skillviewer.ui.ranking.votes_view import VotesSnapshot, VotesView
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.study_controller import VOTES
from skillviewer.ui.session.undo import Command
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import add_all, horizontal, scroll_area, splitter, vertical

if TYPE_CHECKING:
    from skillviewer.core.ranking.report import RankingReport


class ResultView(VotesView):
    """Strengths, agreement and contradictions; shown only while no rater judges."""

    def __init__(self, app_context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(app_context, _work, parent)

    def _make_page(self) -> QWidget:
        self.summary = text_label("", self, plain=True, muted=True)
        self.table = StrengthTable(self)
        self.reliability = Reliability(self)
        self.cycles, self.rated = (CyclesView(self._ask_again, self._take_out, self) for _ in range(2))
        self.rated.heading.setText("Votes against ratings")
        heading = text_label("Strengths", self, heading=True)
        head = add_all(horizontal(spacing=12), heading, (self.summary, 1))
        left = QWidget(self)
        add_all(vertical(left, (16, 12, 12, 12), 8), head, (self.table, 1))
        inside = QWidget(self)
        add_all(vertical(inside, (16, 12, 16, 12), 20), self.reliability, self.cycles, self.rated, 1)
        right = scroll_area(self, "Reliability and contradictions")
        right.setWidget(inside)
        return splitter(self, Qt.Orientation.Horizontal, (left, right), (3, 2), (800, 480))

    def _fill(self, snapshot: VotesSnapshot, result: object) -> str:
        report = cast("RankingReport", result)
        if not report.judged:
            text = "Judge some pairs, and their videos appear here on one scale."
            skipped = "{} pairs were skipped and none judged. Judged videos appear here on one scale."
            return skipped.format(report.skipped) if report.skipped else text
        raters = sum(rater.judged > 0 for rater in report.raters)
        text = "{} votes by {} raters" if raters > 1 else "{} votes by {} rater"
        self.summary.setText(text.format(report.judged, raters))
        self.table.show_ranking(report.ranked_videos)
        self.reliability.show_report(report)
        self.cycles.show_cycles(report.contradictions.cycles, snapshot.waiting, writable=snapshot.writable)
        self.rated.setVisible(snapshot.rated is not None)
        if snapshot.rated is not None:
            self.rated.show_rated(snapshot.rated, snapshot.waiting, writable=snapshot.writable)
        return ""

    def _ask_again(self, pairs: tuple[frozenset[str], ...]) -> None:
        text = "pair back in the queue" if len(pairs) == 1 else "pairs back in the queue"
        command = Command(text, lambda s: s.again.ask(pairs), lambda s, numbers: s.again.withdraw(numbers), (VOTES,))
        self._app_context.undo.perform(command)

    def _take_out(self, pairs: tuple[frozenset[str], ...]) -> None:
        text = "pair out of the queue"
        command = Command(text, lambda s: s.again.take_out(pairs), lambda s, out: s.again.put_back(out), (VOTES,))
        self._app_context.undo.perform(command)


def _work(snapshot: VotesSnapshot, token: CancelToken) -> object:
    from skillviewer.core.ranking.report import ranking_report

    return ranking_report(snapshot.tasks, snapshot.shown_pairs, token, misfits=False)  # which are of the tab of raters
