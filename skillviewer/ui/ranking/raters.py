"""Statistics of the votes of each rater, with warnings in words."""

from typing import TYPE_CHECKING, cast

from PySide6.QtWidgets import QWidget

from skillviewer.core.progress import CancelToken
from skillviewer.core.text import printable, whole_percent
from skillviewer.ui.ranking.votes_view import VotesSnapshot, VotesView
from skillviewer.ui.session.program import Program
from skillviewer.ui.widgets.layout import Wrapped, add_all, scroll_area, text_label, vertical
from skillviewer.ui.widgets.tables import Cells, Column, PlainTable
from skillviewer.ui.widgets.theme import by_text

if TYPE_CHECKING:
    from skillviewer.core.proportion import Proportion
    from skillviewer.core.ranking.raters import RaterReport

ROW_PX = 28
MOST_ROWS = 9  # rows shown at most; more raters scroll, so that the warnings below stay in sight


class RatersView(VotesView):
    """A row for every rater, with warnings below; shown only while no rater judges."""

    def __init__(self, program: Program, parent: QWidget | None = None) -> None:
        super().__init__(program, _work, parent)

    def _columns(self) -> tuple[Column, ...]:
        return (
            Column(self.tr("Rater"), number=False, fills=True),
            Column(self.tr("Votes"), self.tr("Judgements, including repeated pairs")),
            Column(self.tr("Skipped"), self.tr("Pairs that were skipped; a skip is not counted as a judgement")),
            Column(self.tr("No difference"), self.tr("Votes for no difference")),
            Column(self.tr("Left chosen"), self.tr("Share of left among the votes for a side; 50 % is expected")),
            Column(self.tr("Agrees with others"), self.tr("How often the rater votes as most of the others on a pair")),
            Column(
                self.tr("Agrees with self"), self.tr("How often the rater gives the same vote when a pair is repeated")
            ),
            Column(self.tr("Time"), self.tr("Median time from the first picture to the vote")),
            Column(self.tr("Hurried"), self.tr("Votes given before half of both videos was watched")),
            Column(
                self.tr("Misfit"),
                self.tr("Infit against the scale of the other raters: 1 is expected, more means a different judgement"),
            ),
        )

    def _make_page(self) -> QWidget:
        self.table = PlainTable(self.tr("Raters"), self)
        self.table.verticalHeader().setDefaultSectionSize(by_text(ROW_PX))
        self.table.setStyleSheet("QTableView::item { padding: 0 5px; }")  # aligned with the titles
        self.warnings = Wrapped(self)
        page = QWidget(self)
        heading = text_label(self.tr("To check"), page, heading=True)
        explained = Wrapped(page, muted=True)
        explained.set_plain(
            self.tr(
                "In brackets: the 95 % interval of a share, wide for few votes. Misfit: infit against the scale "
                "of the other raters, and its distance from 1 in standard errors. Disagreeing is not being wrong."
            )
        )
        inside = QWidget(page)
        add_all(vertical(inside, (0, 0, 8, 0), 12), self.warnings, explained, 1)
        area = scroll_area(page, heading.text())
        area.setWidget(inside)
        column = add_all(vertical(page, (16, 12, 16, 12), 8), self.table)
        column.addSpacing(8)
        add_all(column, heading, (area, 1))
        return page

    def _fill(self, _snapshot: VotesSnapshot, found: object) -> str:
        reports = cast("tuple[RaterReport, ...]", found)
        if not reports:
            return self.tr("Judge some pairs, and the consistency and agreement of the raters appear here.")
        self.table.fill(self._columns(), [self._cells(report) for report in reports])
        rows = min(len(reports), MOST_ROWS)
        self.table.setFixedHeight(self.table.horizontalHeader().sizeHint().height() + rows * by_text(ROW_PX) + 4)
        warned = [f"{report.name}: {' '.join(report.warnings)}" for report in reports if report.warnings]
        self.warnings.set_plain(*(warned or [self.tr("Nothing: no rater's votes are unusual.")]))
        return ""

    def _cells(self, report: "RaterReport") -> Cells:
        fit = report.misfit
        misfit = self.tr("outfit {:.2f}, {} votes for a side").format(fit.outfit, fit.n) if fit is not None else ""
        cells = (
            (report.name, report.name),
            (str(report.judged), ""),
            (str(report.skipped), ""),
            (str(report.neither), ""),
            self._share(report.left),
            self._share(report.agreement),
            self._share(report.consistency),
            ("–" if report.median_s is None else self.tr("{:.1f} s").format(report.median_s), ""),
            self._share(report.hurried, interval=False),
            ("–" if fit is None else f"{fit.infit:.2f} ({fit.z:+.1f})".replace("-", "−"), misfit),
        )
        texts, tips = zip(*cells, strict=True)
        return Cells(report.name, texts, tips={at: printable(tip) for at, tip in enumerate(tips)})

    def _share(self, share: "Proportion", *, interval: bool = True) -> tuple[str, str]:
        if not share.n:
            return "–", self.tr("not known yet")
        low, high = (round(100 * end) for end in share.interval)
        text = f"{whole_percent(share.part, share.n)} %"
        return (f"{text} ({low}–{high})" if interval else text), self.tr("{} of {}").format(share.part, share.n)


def _work(snapshot: VotesSnapshot, _token: CancelToken) -> object:
    from skillviewer.core.ranking.raters import rater_reports

    known = [a for a in snapshot.asked if a.left in snapshot.tasks and a.right in snapshot.tasks]
    return rater_reports(known)
