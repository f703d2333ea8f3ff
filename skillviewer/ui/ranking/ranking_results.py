"""What the votes say: the videos on one scale, how far that can be relied upon, and what contradicts itself."""

import math
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QSplitter, QWidget

from skillviewer.core.progress import CancelToken
from skillviewer.data.study import Study
from skillviewer.ui.ranking.cycles_view import CirclesView
from skillviewer.ui.ranking.scale_table import ScaleTable
from skillviewer.ui.ranking.votes_loader import VotesSnapshot
from skillviewer.ui.ranking.votes_view import VotesView
from skillviewer.ui.session.program import Program
from skillviewer.ui.session.studies import VOTES
from skillviewer.ui.session.undo import Command
from skillviewer.ui.widgets.layout import NONE, horizontal, scroll_area, text_label, vertical
from skillviewer.ui.widgets.wrapped_label import Wrapped

if TYPE_CHECKING:
    from skillviewer.core.ranking.report import RankingReport


class ResultView(VotesView):
    """Strengths, agreement and contradictions; shown only where nobody judges.

    Args:
        program: Its study.
        parent: Owner.
    """

    def __init__(self, program: Program, parent: QWidget | None = None) -> None:
        super().__init__(program, _work, parent)
        self.circles.asked.connect(self._on_again)
        self.circles.unasked.connect(self._on_unasked)

    def _make_page(self) -> QWidget:
        self.summary = text_label("", self, plain=True, muted=True)
        self.table = ScaleTable(self)
        self.trust = Trust(self)
        self.circles = CirclesView(self)
        heading = text_label(self.tr("Strengths"), self, heading=True)
        head = horizontal(spacing=12)
        head.addWidget(heading)
        head.addWidget(self.summary, 1)
        left = QWidget(self)
        column = vertical(left, (16, 12, 12, 12), 8)
        column.addLayout(head)
        column.addWidget(self.table, 1)
        inside = QWidget(self)
        column = vertical(inside, (16, 12, 16, 12), 20)
        column.addWidget(self.trust)
        column.addWidget(self.circles)
        column.addStretch(1)
        right = scroll_area(self, self.tr("Reliability and contradictions"))
        right.setWidget(inside)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.setChildrenCollapsible(False)
        split.addWidget(left)
        split.addWidget(right)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setSizes([800, 480])
        return split

    def _fill(self, material: VotesSnapshot, found: object) -> str:
        report = cast("RankingReport", found)
        if not report.judged:
            words = self.tr("When pairs have been judged, their videos stand here on one scale.")
            skipped = self.tr("{} pairs were skipped, none judged. Judged videos stand here on one scale.")
            return skipped.format(report.skipped) if report.skipped else words
        raters = sum(rater.judged > 0 for rater in report.raters)
        words = self.tr("{} votes by {} raters") if raters > 1 else self.tr("{} votes by {} rater")
        self.summary.setText(words.format(report.judged, raters))
        self.table.show_standings(report.standings)
        self.trust.show_report(report)
        self.circles.show_circles(report.contradictions.cycles, material.waiting, writable=material.writable)
        return ""

    @Slot(object)
    def _on_again(self, pairs: tuple[frozenset[str], ...]) -> None:
        words = self.tr("pair to be judged again") if len(pairs) == 1 else self.tr("pairs to be judged again")
        deed = Command(words, lambda study: study.again.ask(pairs), _take_back, (VOTES,))
        self._program.undo.perform(deed)

    @Slot(object)
    def _on_unasked(self, pairs: tuple[frozenset[str], ...]) -> None:
        deed = Command(self.tr("pair out of the queue"), lambda study: study.again.take_out(pairs), _put_back, (VOTES,))
        self._program.undo.perform(deed)


class Trust(QWidget):
    """How far strengths can be relied upon, in sentences.

    Args:
        parent: Owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        heading = text_label(self.tr("How far to rely on it"), self, heading=True)
        self._sentences: list[Wrapped] = []
        self._column = vertical(self, NONE, 8)
        self._column.addWidget(heading)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What it says."""
        return tuple(label.plain for label in self._sentences if not label.isHidden())

    def show_report(self, report: "RankingReport") -> None:
        """Say what a report says."""
        sentences = self._results_of(report)
        while len(self._sentences) < len(sentences):
            label = Wrapped(self)
            self._column.addWidget(label)
            self._sentences.append(label)
        for at, label in enumerate(self._sentences):
            label.setVisible(at < len(sentences))
            label.set_plain(sentences[at] if at < len(sentences) else "")

    def _results_of(self, report: "RankingReport") -> list[str]:
        sentences = [report.connectivity]
        if report.ordinal is None or report.nominal is None:
            sentences.append(self.tr("No pair was judged by two raters, so their agreement is not known."))
        else:
            sentences += [report.ordinal.sentence, report.nominal.sentence]
        if report.on_test is not None:
            sentences.append(
                self.tr("On the test pairs alone, which only chance chose: {}").format(report.on_test.sentence)
            )
        if report.split_half is not None:
            sentences.append(report.split_half.sentence)
        if not math.isnan(report.reliability):
            words = self.tr(
                "Separation reliability {:.2f}: the share of the spread of strengths that is not error. Pairs that "
                "were chosen because they tell most raise it."
            )
            sentences.append(words.format(report.reliability))
        return sentences


def _work(material: VotesSnapshot, token: CancelToken) -> object:
    from skillviewer.core.ranking.report import ranking_report

    return ranking_report(material.tasks, material.asked, token)


def _take_back(study: Study, numbers: object) -> None:
    """Take pairs out of the queue again."""
    study.again.take_back(cast("tuple[int, ...]", numbers))


def _put_back(study: Study, numbers: object) -> None:
    """Put pairs into the queue that were taken out."""
    study.again.put_back(cast("tuple[int, ...]", numbers))
