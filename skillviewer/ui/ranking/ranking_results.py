"""Results of the votes: strengths on one scale, their reliability, and contradictions."""

import math
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QSplitter, QWidget

from skillviewer.core.progress import CancelToken
from skillviewer.data.study import Study
from skillviewer.ui.ranking.cycles_view import CyclesView
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
    """Strengths, agreement and contradictions; shown only while no rater judges."""

    def __init__(self, program: Program, parent: QWidget | None = None) -> None:
        super().__init__(program, _work, parent)
        for view in (self.cycles, self.rated):
            view.asked.connect(self._on_again)
            view.unasked.connect(self._on_unasked)

    def _make_page(self) -> QWidget:
        self.summary = text_label("", self, plain=True, muted=True)
        self.table = ScaleTable(self)
        self.reliability = Reliability(self)
        self.cycles, self.rated = CyclesView(self), CyclesView(self)
        self.rated.heading.setText(self.tr("Votes against ratings"))
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
        column.addWidget(self.reliability)
        column.addWidget(self.cycles)
        column.addWidget(self.rated)
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

    def _fill(self, snapshot: VotesSnapshot, found: object) -> str:
        report = cast("RankingReport", found)
        if not report.judged:
            words = self.tr("Judge some pairs, and their videos appear here on one scale.")
            skipped = self.tr("{} pairs were skipped and none judged. Judged videos appear here on one scale.")
            return skipped.format(report.skipped) if report.skipped else words
        raters = sum(rater.judged > 0 for rater in report.raters)
        words = self.tr("{} votes by {} raters") if raters > 1 else self.tr("{} votes by {} rater")
        self.summary.setText(words.format(report.judged, raters))
        self.table.show_standings(report.standings)
        self.reliability.show_report(report)
        self.cycles.show_cycles(report.contradictions.cycles, snapshot.waiting, writable=snapshot.writable)
        self.rated.setVisible(snapshot.rated is not None)
        if snapshot.rated is not None:
            self.rated.show_rated(snapshot.rated, snapshot.waiting, writable=snapshot.writable)
        return ""

    @Slot(object)
    def _on_again(self, pairs: tuple[frozenset[str], ...]) -> None:
        words = self.tr("pair back in the queue") if len(pairs) == 1 else self.tr("pairs back in the queue")
        command = Command(words, lambda study: study.again.ask(pairs), _take_back, (VOTES,))
        self._program.undo.perform(command)

    @Slot(object)
    def _on_unasked(self, pairs: tuple[frozenset[str], ...]) -> None:
        command = Command(
            self.tr("pair out of the queue"), lambda study: study.again.take_out(pairs), _put_back, (VOTES,)
        )
        self._program.undo.perform(command)


class Reliability(QWidget):
    """Reliability of the strengths, in sentences."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        heading = text_label(self.tr("Reliability"), self, heading=True)
        self._sentences: list[Wrapped] = []
        self._column = vertical(self, NONE, 8)
        self._column.addWidget(heading)

    @property
    def sentences(self) -> tuple[str, ...]:
        return tuple(label.plain for label in self._sentences if not label.isHidden())

    def show_report(self, report: "RankingReport") -> None:
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
            sentences.append(self.tr("On the test pairs alone, chosen at random: {}").format(report.on_test.sentence))
        if report.split_half is not None:
            sentences.append(report.split_half.sentence)
        if not math.isnan(report.reliability):
            words = self.tr(
                "Separation reliability {:.2f}: the share of the variance of strengths that is not error. Pairs chosen "
                "for their information raise it."
            )
            sentences.append(words.format(report.reliability))
        return sentences


def _work(snapshot: VotesSnapshot, token: CancelToken) -> object:
    from skillviewer.core.ranking.report import ranking_report

    return ranking_report(snapshot.tasks, snapshot.asked, token)


def _take_back(study: Study, numbers: object) -> None:
    study.again.take_back(cast("tuple[int, ...]", numbers))


def _put_back(study: Study, numbers: object) -> None:
    study.again.put_back(cast("tuple[int, ...]", numbers))
