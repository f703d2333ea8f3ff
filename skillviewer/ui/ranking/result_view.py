"""The results of the votes: strengths, reliability and contradictions."""

from typing import TYPE_CHECKING, cast

from PySide6.QtWidgets import QWidget

from skillviewer.core.progress import CancelToken
from skillviewer.core.text import counted
from skillviewer.ui.ranking.cycles_view import CyclesView
from skillviewer.ui.ranking.reliability_block import ReliabilityBlock
from skillviewer.ui.ranking.strength_table import StrengthTable
from skillviewer.ui.ranking.vote_report_view import VoteReportView, VotesSnapshot
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.study_controller import VOTES
from skillviewer.ui.session.undo import Command
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import GrowingSpace, add_all, growing, horizontal, scroll_area, vertical
from skillviewer.ui.widgets.turning_splitter import TurningSplitter

if TYPE_CHECKING:
    from skillviewer.core.ranking.report import RankingReport


MIN_WIDTH_PX = 760
"""Width below which the sentences are under the table, for text of the default size."""


class ResultView(VoteReportView):
    """Strengths, reliability and contradictions; hidden while a rater judges."""

    def __init__(self, app_context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(app_context, _compute_ranking, parent)

    def _make_page(self) -> QWidget:
        self.summary_label = text_label("", self, plain=True, muted=True)
        self.strength_table = StrengthTable(self)
        self.reliability_block = ReliabilityBlock(self)
        self.cycles_view = CyclesView(self._ask_again, self._take_out, self)
        self.conflicts_view = CyclesView(self._ask_again, self._take_out, self)
        self.conflicts_view.heading_label.setText("Votes against ratings")
        heading = text_label("Strengths", self, heading=True)
        heading_row = add_all(horizontal(spacing=12), heading, growing(self.summary_label))
        left = QWidget(self)
        add_all(vertical(left, margins=(16, 12, 12, 12), spacing=8), heading_row, growing(self.strength_table))
        right_column = QWidget(self)
        add_all(
            vertical(right_column, margins=(16, 12, 16, 12), spacing=20),
            self.reliability_block,
            self.cycles_view,
            self.conflicts_view,
            GrowingSpace(),
        )
        right = scroll_area(self, "Reliability and contradictions")
        right.setWidget(right_column)
        return TurningSplitter((left, right), factors=(3, 2), min_width_px=MIN_WIDTH_PX, parent=self)

    def _fill(self, snapshot: VotesSnapshot, report: object) -> str:
        ranking = cast("RankingReport", report)
        if not ranking.judged and ranking.skipped:
            return f"{ranking.skipped} pairs were skipped and none judged. Judged videos appear here on one scale."
        if not ranking.judged:
            return "Judge some pairs, and their videos appear here on one scale."
        n_raters = sum(rater.judged > 0 for rater in ranking.raters)
        self.summary_label.setText(f"{ranking.judged} votes by {counted(n_raters, 'rater')}")
        self.strength_table.show_ranking(ranking.ranked_videos)
        self.reliability_block.show_report(ranking)
        self.cycles_view.show_cycles(ranking.contradictions.cycles, snapshot.queued_pairs, writable=snapshot.writable)
        facts = snapshot.rating_facts
        self.conflicts_view.setVisible(facts is not None)
        if facts is not None:
            self.conflicts_view.show_rating_contradictions(facts, snapshot.queued_pairs, writable=snapshot.writable)
        return ""

    def _ask_again(self, pairs: tuple[frozenset[str], ...]) -> None:
        text = "pair back in the queue" if len(pairs) == 1 else "pairs back in the queue"
        command = Command(
            text,
            lambda study: study.rejudge_queue.add(pairs),
            lambda study, numbers: study.rejudge_queue.undo_add(numbers),
            (VOTES,),
        )
        self._app_context.undo.perform(command)

    def _take_out(self, pairs: tuple[frozenset[str], ...]) -> None:
        command = Command(
            "pair out of the queue",
            lambda study: study.rejudge_queue.remove(pairs),
            lambda study, numbers: study.rejudge_queue.restore(numbers),
            (VOTES,),
        )
        self._app_context.undo.perform(command)


def _compute_ranking(snapshot: VotesSnapshot, token: CancelToken) -> object:
    from skillviewer.core.ranking.report import ranking_report

    # the tab of raters shows the misfits
    return ranking_report(snapshot.tasks, snapshot.shown_pairs, token, misfits=False)
