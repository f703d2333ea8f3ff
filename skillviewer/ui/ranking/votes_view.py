"""Base of the pages made from votes: they load the votes while shown, and say when there is nothing to show.

Votes are read in the study's worker, and processed in another.
"""

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from skillviewer.core.progress import CancelToken
from skillviewer.core.text import printable, whole_percent
from skillviewer.data.study import Study
from skillviewer.data.study.study_ratings import RatingFacts
from skillviewer.ui.ranking.judging_view import MessagePage
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.studies import PAIRS, SETTINGS, VIDEOS, VOTES
from skillviewer.ui.widgets.layout import (
    NONE,
    WrappingLabel,
    add_all,
    horizontal,
    push_button,
    scroll_area,
    text_label,
    vertical,
)
from skillviewer.ui.widgets.tables import Cells, Column, PlainTable
from skillviewer.ui.widgets.theme import by_text

if TYPE_CHECKING:
    from skillviewer.core.proportion import Proportion
    from skillviewer.core.ranking.cycles import Cycle, CycleEdge
    from skillviewer.core.ranking.raters import RaterReport
    from skillviewer.core.ranking.votes import ShownPair
    from skillviewer.ui.threads.worker_thread import Task


@dataclass(frozen=True, slots=True)
class VotesSnapshot:
    """The votes and the tasks of a study at one time."""

    tasks: Mapping[str, str] = field(default_factory=dict)  # task of every video of the study, by name
    asked: "tuple[ShownPair, ...]" = ()  # pairs asked and their votes, in the order of voting
    waiting: frozenset[frozenset[str]] = frozenset()  # pairs back in the queue that no rater has judged since
    writable: bool = False  # true where the study can be written
    rated: RatingFacts | None = None  # what its ratings say, or None without ratings


Work = Callable[[VotesSnapshot, CancelToken], object]


def _read(study: Study) -> VotesSnapshot:
    from skillviewer.data.study.ranking import asked

    return VotesSnapshot(
        tasks=study.videos.tasks(),
        asked=asked(study),
        waiting=frozenset(study.again.waiting()),
        writable=not study.read_only,
        rated=study.rating_facts(),
    )


class VotesView(QWidget):
    """A page made from the votes, or a sentence instead; shown only while no rater judges.

    It queries the study when it is shown, and again when votes change; the latest query counts. The result of ``work``
    depends on ``tasks`` and ``asked`` alone.
    """

    def __init__(self, app_context: AppContext, work: Work, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context, self._work = app_context, work
        self._stale = True
        self._asked: Task | None = None
        self._last: tuple[VotesSnapshot, object] | None = None
        self.message = text_label("", self, muted=True, plain=True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty = MessagePage("No votes yet", self)
        self.judge = self.empty.add_button("Judge pairs")
        self._page = self._make_page()
        self.pages = QStackedWidget(self)
        for page in (self.message, self.empty, self._page):
            self.pages.addWidget(page)
        add_all(vertical(self, NONE), self.pages)
        app_context.studies.replaced.connect(self._on_replaced)
        app_context.studies.closed.connect(self._on_replaced)
        app_context.studies.changed.connect(self._on_changed)
        app_context.studies.opened.connect(self._ask)
        self._show_nothing()

    @abstractmethod
    def _make_page(self) -> QWidget:
        """Make the page and its widgets, once."""

    @abstractmethod
    def _fill(self, snapshot: VotesSnapshot, found: object) -> str:
        """Fill the page with the result; return the sentence to show instead where there is nothing, or ""."""

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask()

    def _on_replaced(self) -> None:
        if self._asked is not None:
            self._asked.cancel()
        self._asked = self._last = None
        self._stale = True
        self._show_nothing()

    def _on_changed(self, changes: frozenset[str]) -> None:
        if changes & {VOTES, VIDEOS, PAIRS, SETTINGS}:
            self._stale = True
            self._ask()

    def _ask(self, *_: object) -> None:
        no_study = self._app_context.studies.current is None or self._app_context.closing
        if no_study or not self._stale or not self.isVisible():
            return
        if self._asked is not None:
            self._asked.cancel()
        self._stale = False
        if self._last is None:
            self._show_nothing()
        self._asked = self._app_context.studies.read(_read)
        self._asked.then(succeeded=self._on_read, failed=self._on_failed)

    def _on_read(self, snapshot: VotesSnapshot) -> None:
        if self._last is not None:
            before, found = self._last
            if (before.tasks, before.asked) == (snapshot.tasks, snapshot.asked):
                self._show(snapshot, found)
                return
        work = self._work
        self._asked = self._app_context.index.submit(lambda _backend, token, _report: work(snapshot, token))
        self._asked.then(succeeded=lambda found: self._show(snapshot, found), failed=self._on_failed)

    def _on_failed(self, error: BaseException) -> None:
        self._asked = None
        self._stale = True
        self._app_context.messages.fail(error)

    def _show(self, snapshot: VotesSnapshot, found: object) -> None:
        self._asked, self._last = None, (snapshot, found)
        nothing = self._fill(snapshot, found)
        if nothing:
            self.empty.set_message(nothing)
        self.pages.setCurrentWidget(self.empty if nothing else self._page)

    def _show_nothing(self) -> None:
        no_study = self._app_context.studies.current is None
        self.message.setText("No study is open." if no_study else "Reading the votes…")
        self.pages.setCurrentWidget(self.message)


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

    def _fill(self, _snapshot: VotesSnapshot, found: object) -> str:
        reports = cast("tuple[RaterReport, ...]", found)
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
        return Cells(report.name, texts, tips={at: printable(tip) for at, tip in enumerate(tips)})

    def _share(self, share: "Proportion", *, interval: bool = True) -> tuple[str, str]:
        if not share.n:
            return "–", "not known yet"
        low, high = (round(100 * end) for end in share.interval)
        text = f"{whole_percent(share.part, share.n)} %"
        return (f"{text} ({low}–{high})" if interval else text), f"{share.part} of {share.n}"


def _work(snapshot: VotesSnapshot, _token: CancelToken) -> object:
    from skillviewer.core.ranking.raters import rater_reports

    known = [a for a in snapshot.asked if a.left in snapshot.tasks and a.right in snapshot.tasks]
    return rater_reports(known)


Queue = Callable[[tuple[frozenset[str], ...]], object]  # puts pairs of videos, by name, in the queue, or takes them out
MOST = 40  # number of cycles shown, those with the smallest lead


class CycleRow(QWidget):
    """One cycle."""

    def __init__(self, ask: Queue, take_out: Queue, parent: QWidget) -> None:
        super().__init__(parent)
        self._waits = False
        self._pair: frozenset[str] = frozenset()
        self._lines: list[WrappingLabel] = []
        self.again = push_button("", self)
        self.again.clicked.connect(lambda: (take_out if self._waits else ask)((self._pair,)))
        self._column = vertical(spacing=2)
        add_all(horizontal(self, (0, 6, 0, 6), 12), (self._column, 1), (self.again, 0, Qt.AlignmentFlag.AlignTop))

    @property
    def text(self) -> str:
        return "; ".join(line.plain for line in self._lines if not line.isHidden())

    def show_cycle(self, cycle: "Cycle", *, waits: bool, writable: bool) -> None:
        """Show a cycle; ``waits`` if its weakest pair is in the queue."""
        weakest = cycle.weakest
        lines = [self._line(link, weakest=link == weakest) for link in cycle.links]
        self.show_pair(weakest.better, weakest.worse, lines, waits=waits, writable=writable)

    def show_pair(self, better: str, worse: str, lines: Sequence[str], *, waits: bool, writable: bool) -> None:
        self._pair, self._waits = frozenset((better, worse)), waits
        while len(self._lines) < len(lines):
            self._lines.append(WrappingLabel(self))
            self._column.addWidget(self._lines[-1])
        for at, line in enumerate(self._lines):
            line.setVisible(at < len(lines))
            line.set_plain(lines[at] if at < len(lines) else "")
        self.again.setText("Take out of the queue" if waits else "Judge again")
        self.again.setEnabled(writable)
        names = (printable(better), printable(worse))
        tip = "Puts {} and {} back in the queue: every rater judges them once more".format(*names)
        if waits:
            tip = "{} and {} are judged next, unless you take them out of the queue".format(*names)
        self.again.setToolTip(tip if writable else "This study is open for reading only")

        text = "Take {} and {} out of the queue" if waits else "Judge {} and {} again"
        self.again.setAccessibleName(text.format(*names))

    def _line(self, link: "CycleEdge", *, weakest: bool) -> str:
        message = f"{link.better} over {link.worse}: {link.votes_for} to {link.votes_against}"
        if link.neither:
            message += f", {link.neither} saw no difference"
        return message + (" ‹ closest vote" if weakest else "")


class CyclesView(QWidget):
    """All cycles, and one button for all; arguments as of ``CycleRow``."""

    def __init__(self, ask: Queue, take_out: Queue, parent: QWidget) -> None:
        super().__init__(parent)
        self._ask, self._take_out = ask, take_out
        self._pairs: tuple[frozenset[str], ...] = ()
        self.rows: list[CycleRow] = []
        self.heading = text_label("Contradictions", self, heading=True)
        self._queued = "All in the queue"
        self.all = push_button("", self, lambda: ask(self._pairs))
        self.all.setToolTip("Puts one pair of every cycle back in the queue: every rater judges it once more")
        self.message = WrappingLabel(self, muted=True)
        self._column = vertical(spacing=0)
        head = add_all(QHBoxLayout(), (self.heading, 1), self.all)
        add_all(vertical(self, NONE, 6), head, self.message, self._column)

    def show_cycles(self, cycles: "Sequence[Cycle]", waiting: Collection[frozenset[str]], *, writable: bool) -> None:
        """Show cycles, those with the smallest lead first; ``waiting`` are the pairs in the queue."""
        n, cycles = len(cycles), cycles[:MOST]
        weakest = [frozenset((c.weakest.better, c.weakest.worse)) for c in cycles]
        self._pairs = _one_of_each(cycles, waiting)
        self.message.set_plain(self._summary(n))
        message = "Judge {} pairs again" if len(self._pairs) > 1 else "Judge {} pair again"
        self.all.setText(message.format(len(self._pairs)) if self._pairs else self._queued)
        self.all.setVisible(n > 1)
        self.all.setEnabled(writable and bool(self._pairs))
        for at, row in enumerate(self._rows_for(len(cycles))):
            row.show_cycle(cycles[at], waits=weakest[at] in waiting, writable=writable)

    def show_rated(self, facts: "RatingFacts", waiting: Collection[frozenset[str]], *, writable: bool) -> None:
        """Show the pairs on which votes contradict ratings; ``waiting`` are the pairs in the queue."""
        against = facts.against[:MOST]
        pairs = [frozenset((pair.better, pair.worse)) for pair, _, _ in against]
        self._pairs = tuple(pair for pair in pairs if pair not in waiting)
        message = "Votes contradict ratings on {} of {} pairs that both order. Votes count there."
        message = "None: no pair is ordered by votes and by ratings."
        if facts.voted:
            agree = f"None: votes and ratings agree on {facts.voted} pairs."
            message = message.format(len(facts.against), facts.voted) if against else agree
        self.message.set_plain(f"{message} {f'The rule: {facts.rule}.'}")
        self.all.hide()
        for (pair, better, worse), row in zip(against, self._rows_for(len(against)), strict=True):
            line = f"{pair.better} over {pair.worse} by votes; rated {better:.3g} and {worse:.3g}"
            waits = frozenset((pair.better, pair.worse)) in waiting
            row.show_pair(pair.better, pair.worse, [line], waits=waits, writable=writable)

    def _rows_for(self, n: int) -> list[CycleRow]:
        while len(self.rows) < n:
            row = CycleRow(self._ask, self._take_out, self)
            self._column.insertWidget(len(self.rows), row)
            self.rows.append(row)
        for at, row in enumerate(self.rows):
            row.setVisible(at < n)
        return self.rows[:n]

    def _summary(self, n: int) -> str:
        if n == 0:
            return "None: one order fits what most raters say."
        if n == 1:
            return "The majority votes on these videos form a cycle, so no order fits them all."

        text = f"The majority votes form {n} cycles, so no order fits them all."
        first = "Cycles with the closest vote come first."
        shown = f"The {MOST} with the closest vote are shown."
        return f"{text} {shown if n > MOST else first}"


def _one_of_each(cycles: "Sequence[Cycle]", waiting: Collection[frozenset[str]]) -> tuple[frozenset[str], ...]:
    """Return the weakest pair of every cycle that has none in the queue yet; cycles that share a pair need one only."""
    chosen: list[frozenset[str]] = []
    for cycle in cycles:
        pairs = {frozenset((link.better, link.worse)) for link in cycle.links}
        if pairs.isdisjoint(waiting) and pairs.isdisjoint(chosen):
            chosen.append(frozenset((cycle.weakest.better, cycle.weakest.worse)))
    return tuple(chosen)
