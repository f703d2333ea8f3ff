"""The raters, their votes and their agreement."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from PySide6.QtWidgets import QWidget

from skillviewer.core.progress import CancelToken
from skillviewer.core.text import printable, whole_percent
from skillviewer.ui.ranking.vote_report_view import VoteReportView, VotesSnapshot
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.widgets.labels import WrappingLabel, text_label
from skillviewer.ui.widgets.layout import GrowingSpace, add_all, growing, scroll_area, vertical
from skillviewer.ui.widgets.plain_table import Cells, Column, PlainTable
from skillviewer.ui.widgets.text_scaling import scaled_px

if TYPE_CHECKING:
    from skillviewer.core.proportion import Proportion
    from skillviewer.core.ranking.raters import RaterReport

ROW_PX = 28
MAX_ROWS = 9
"""Number of rows without scrolling, so that the warnings below stay in sight."""


class RatersView(VoteReportView):
    """A table of the raters, with warnings below; hidden while a rater judges."""

    def __init__(self, app_context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(app_context, _compute_reports, parent)

    def _columns(self) -> tuple[Column, ...]:
        return (
            Column("Rater", number=False, fills=True),
            Column("Votes", "Judgements, including repeated pairs"),
            Column(
                "Skipped", "Pairs that were skipped; a skip is not counted as a judgement", is_hidden_when_narrow=True
            ),
            Column("No difference", "Votes for no difference", is_hidden_when_narrow=True),
            Column(
                "Left chosen", "Share of left among the votes for a side; 50 % is expected", is_hidden_when_narrow=True
            ),
            Column("Agrees with others", "Share of pairs on which the rater votes as most of the others"),
            Column(
                "Agrees with self",
                "Share of repeated pairs on which the rater gives the same vote again",
                is_hidden_when_narrow=True,
            ),
            Column("Time", "Median time from the first picture to the vote", is_hidden_when_narrow=True),
            Column("Hurried", "Votes given before half of both videos was watched", is_hidden_when_narrow=True),
            Column(
                "Misfit", "Infit against the scale of the other raters: 1 is expected, more means a different judgement"
            ),
        )

    def _make_page(self) -> QWidget:
        self.raters_table = PlainTable("Raters", self)
        self.raters_table.verticalHeader().setDefaultSectionSize(scaled_px(ROW_PX))
        self.raters_table.setStyleSheet("QTableView::item { padding: 0 5px; }")  # aligned with the titles
        self.warnings_label = WrappingLabel(self)
        page = QWidget(self)
        heading = text_label("To check", page, heading=True)
        explanation = WrappingLabel(page, muted=True)
        explanation.set_plain(
            "In brackets: the 95 % interval of a share, wide for few votes. Misfit: infit against the scale "
            "of the other raters, and its distance from 1 in standard errors. Disagreeing is not being wrong."
        )
        text_column = QWidget(page)
        add_all(
            vertical(text_column, margins=(0, 0, 8, 0), spacing=12), self.warnings_label, explanation, GrowingSpace()
        )
        area = scroll_area(page, heading.text())
        area.setWidget(text_column)
        column = add_all(vertical(page, margins=(16, 12, 16, 12), spacing=8), self.raters_table)
        column.addSpacing(8)
        add_all(column, heading, growing(area))
        return page

    def _fill(self, _snapshot: VotesSnapshot, report: object) -> str:
        rater_reports = cast("tuple[RaterReport, ...]", report)
        if not rater_reports:
            return "Judge some pairs, and the consistency and agreement of the raters appear here."
        self.raters_table.fill(self._columns(), [_make_row(rater) for rater in rater_reports])
        n_rows = min(len(rater_reports), MAX_ROWS)
        header_px = self.raters_table.horizontalHeader().sizeHint().height()
        self.raters_table.setFixedHeight(header_px + n_rows * scaled_px(ROW_PX) + 4)
        warnings = [f"{rater.name}: {' '.join(rater.warnings)}" for rater in rater_reports if rater.warnings]
        if not warnings:
            warnings = ["Nothing: no rater's votes are unusual."]
        self.warnings_label.set_plain(*warnings)
        return ""


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    tip: str = ""


def _make_row(rater: "RaterReport") -> Cells:
    time_text = "–" if rater.median_s is None else f"{rater.median_s:.1f} s"
    cells = (
        _Cell(rater.name, rater.name),
        _Cell(str(rater.judged)),
        _Cell(str(rater.skipped)),
        _Cell(str(rater.neither)),
        _share_cell(rater.left),
        _share_cell(rater.agreement),
        _share_cell(rater.consistency),
        _Cell(time_text),
        _share_cell(rater.hurried, with_interval=False),
        _misfit_cell(rater),
    )
    texts = tuple(cell.text for cell in cells)
    tips = {column: printable(cell.tip) for column, cell in enumerate(cells)}
    return Cells(rater.name, texts, tips=tips)


def _share_cell(share: "Proportion", *, with_interval: bool = True) -> _Cell:
    if not share.n:
        return _Cell("–", "not known yet")
    text = f"{whole_percent(share.part, share.n)} %"
    if with_interval:
        low, high = (round(100 * end) for end in share.interval)
        text = f"{text} ({low}–{high})"
    return _Cell(text, f"{share.part} of {share.n}")


def _misfit_cell(rater: "RaterReport") -> _Cell:
    misfit = rater.misfit
    if misfit is None:
        return _Cell("–")
    text = f"{misfit.infit:.2f} ({misfit.z:+.1f})".replace("-", "−")
    return _Cell(text, f"outfit {misfit.outfit:.2f}, {misfit.n} votes for a side")


def _compute_reports(snapshot: VotesSnapshot, _token: CancelToken) -> object:
    from skillviewer.core.ranking.raters import rater_reports

    tasks = snapshot.tasks
    known_pairs = [pair for pair in snapshot.shown_pairs if pair.left in tasks and pair.right in tasks]
    return rater_reports(known_pairs)
