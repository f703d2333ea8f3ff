"""The raters, their votes and their agreement."""

from typing import TYPE_CHECKING, cast

from PySide6.QtWidgets import QWidget

from skillviewer.core.progress import CancelToken
from skillviewer.core.text import printable, whole_percent
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.widgets.labels import WrappingLabel, text_label
from skillviewer.ui.widgets.layout import add_all, scroll_area, vertical
from skillviewer.ui.widgets.plain_table import Cells, Column, PlainTable
from skillviewer.ui.widgets.theme import by_text

if TYPE_CHECKING:
    from skillviewer.core.proportion import Proportion
    from skillviewer.core.ranking.raters import RaterReport
from skillviewer.ui.ranking.votes_view import VotesSnapshot, VotesView

ROW_PX = 28


MAX_ROWS = 9  # rows shown at most; more raters scroll, so that the warnings below stay in sight


class RatersView(VotesView):
    """A row for every rater, with warnings below; shown only while no rater judges."""

    def __init__(self, app_context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(app_context, _work, parent)

    def _columns(self) -> tuple[Column, ...]:
        return (
            Column("Rater", number=False, fills=True),
            Column("Votes", "Judgements, including repeated pairs"),
            Column("Skipped", "Pairs that were skipped; a skip is not counted as a judgement"),
            Column("No difference", "Votes for no difference"),
            Column("Left chosen", "Share of left among the votes for a side; 50 % is expected"),
            Column("Agrees with others", "How often the rater votes as most of the others on a pair"),
            Column("Agrees with self", "How often the rater gives the same vote when a pair is repeated"),
            Column("Time", "Median time from the first picture to the vote"),
            Column("Hurried", "Votes given before half of both videos was watched"),
            Column(
                "Misfit", "Infit against the scale of the other raters: 1 is expected, more means a different judgement"
            ),
        )

    def _make_page(self) -> QWidget:
        self.table = PlainTable("Raters", self)
        self.table.verticalHeader().setDefaultSectionSize(by_text(ROW_PX))
        self.table.setStyleSheet("QTableView::item { padding: 0 5px; }")  # aligned with the titles
        self.warnings = WrappingLabel(self)
        page = QWidget(self)
        heading = text_label("To check", page, heading=True)
        explained = WrappingLabel(page, muted=True)
        explained.set_plain(
            "In brackets: the 95 % interval of a share, wide for few votes. Misfit: infit against the scale "
            "of the other raters, and its distance from 1 in standard errors. Disagreeing is not being wrong."
        )
        inside = QWidget(page)
        add_all(vertical(inside, (0, 0, 8, 0), 12), self.warnings, explained, 1)
        area = scroll_area(page, heading.text())
        area.setWidget(inside)
        column = add_all(vertical(page, (16, 12, 16, 12), 8), self.table)
        column.addSpacing(8)
        add_all(column, heading, (area, 1))
        return page

    def _fill(self, _snapshot: VotesSnapshot, result: object) -> str:
        reports = cast("tuple[RaterReport, ...]", result)
        if not reports:
            return "Judge some pairs, and the consistency and agreement of the raters appear here."
        self.table.fill(self._columns(), [self._cells(report) for report in reports])
        rows = min(len(reports), MAX_ROWS)
        self.table.setFixedHeight(self.table.horizontalHeader().sizeHint().height() + rows * by_text(ROW_PX) + 4)
        warned = [f"{report.name}: {' '.join(report.warnings)}" for report in reports if report.warnings]
        self.warnings.set_plain(*(warned or ["Nothing: no rater's votes are unusual."]))
        return ""

    def _cells(self, report: "RaterReport") -> Cells:
        fit = report.misfit
        misfit = f"outfit {fit.outfit:.2f}, {fit.n} votes for a side" if fit is not None else ""
        cells = (
            (report.name, report.name),
            (str(report.judged), ""),
            (str(report.skipped), ""),
            (str(report.neither), ""),
            self._share(report.left),
            self._share(report.agreement),
            self._share(report.consistency),
            ("–" if report.median_s is None else f"{report.median_s:.1f} s", ""),
            self._share(report.hurried, interval=False),
            ("–" if fit is None else f"{fit.infit:.2f} ({fit.z:+.1f})".replace("-", "−"), misfit),
        )
        texts, tips = zip(*cells, strict=True)
        return Cells(report.name, texts, tips={column: printable(tip) for column, tip in enumerate(tips)})

    def _share(self, share: "Proportion", *, interval: bool = True) -> tuple[str, str]:
        if not share.n:
            return "–", "not known yet"
        low, high = (round(100 * end) for end in share.interval)
        text = f"{whole_percent(share.part, share.n)} %"
        return (f"{text} ({low}–{high})" if interval else text), f"{share.part} of {share.n}"


def _work(snapshot: VotesSnapshot, _token: CancelToken) -> object:
    from skillviewer.core.ranking.raters import rater_reports

    known_pairs = [a for a in snapshot.shown_pairs if a.left in snapshot.tasks and a.right in snapshot.tasks]
    return rater_reports(known_pairs)
