"""Preference cycles among the majority votes, each with a button to have its weakest pair judged again."""

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.widgets.layout import NONE, Wrapped, add_all, horizontal, push_button, text_label, vertical

if TYPE_CHECKING:
    from skillviewer.core.ranking.cycles import Cycle, Link
    from skillviewer.data.study.study_ratings import RatingFacts

Queue = Callable[[tuple[frozenset[str], ...]], object]  # puts pairs of videos, by name, in the queue, or takes them out
MOST = 40  # number of cycles shown, those with the smallest lead


class CycleRow(QWidget):
    """One cycle."""

    def __init__(self, ask: Queue, take_out: Queue, parent: QWidget) -> None:
        super().__init__(parent)
        self._waits = False
        self._pair: frozenset[str] = frozenset()
        self._lines: list[Wrapped] = []
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
            self._lines.append(Wrapped(self))
            self._column.addWidget(self._lines[-1])
        for at, line in enumerate(self._lines):
            line.setVisible(at < len(lines))
            line.set_plain(lines[at] if at < len(lines) else "")
        self.again.setText(self.tr("Take out of the queue") if waits else self.tr("Judge again"))
        self.again.setEnabled(writable)
        names = (printable(better), printable(worse))
        tip = self.tr("Puts {} and {} back in the queue: every rater judges them once more").format(*names)
        if waits:
            tip = self.tr("{} and {} are judged next, unless you take them out of the queue").format(*names)
        self.again.setToolTip(tip if writable else self.tr("This study is open for reading only"))

        text = self.tr("Take {} and {} out of the queue") if waits else self.tr("Judge {} and {} again")
        self.again.setAccessibleName(text.format(*names))

    def _line(self, link: "Link", *, weakest: bool) -> str:
        words = self.tr("{} over {}: {} to {}").format(link.better, link.worse, link.votes_for, link.votes_against)
        if link.neither:
            words += self.tr(", {} saw no difference").format(link.neither)
        return words + (self.tr(" ‹ closest vote") if weakest else "")


class CyclesView(QWidget):
    """All cycles, and one button for all; arguments as of ``CycleRow``."""

    def __init__(self, ask: Queue, take_out: Queue, parent: QWidget) -> None:
        super().__init__(parent)
        self._ask, self._take_out = ask, take_out
        self._pairs: tuple[frozenset[str], ...] = ()
        self.rows: list[CycleRow] = []
        self.heading = text_label(self.tr("Contradictions"), self, heading=True)
        self._queued = self.tr("All in the queue")
        self.all = push_button("", self, lambda: ask(self._pairs))
        self.all.setToolTip(self.tr("Puts one pair of every cycle back in the queue: every rater judges it once more"))
        self.words = Wrapped(self, muted=True)
        self._column = vertical(spacing=0)
        head = add_all(QHBoxLayout(), (self.heading, 1), self.all)
        add_all(vertical(self, NONE, 6), head, self.words, self._column)

    def show_cycles(self, cycles: "Sequence[Cycle]", waiting: Collection[frozenset[str]], *, writable: bool) -> None:
        """Show cycles, those with the smallest lead first; ``waiting`` are the pairs in the queue."""
        n, cycles = len(cycles), cycles[:MOST]
        weakest = [frozenset((c.weakest.better, c.weakest.worse)) for c in cycles]
        self._pairs = _one_of_each(cycles, waiting)
        self.words.set_plain(self._summary(n))
        words = self.tr("Judge {} pairs again") if len(self._pairs) > 1 else self.tr("Judge {} pair again")
        self.all.setText(words.format(len(self._pairs)) if self._pairs else self._queued)
        self.all.setVisible(n > 1)
        self.all.setEnabled(writable and bool(self._pairs))
        for at, row in enumerate(self._rows_for(len(cycles))):
            row.show_cycle(cycles[at], waits=weakest[at] in waiting, writable=writable)

    def show_rated(self, facts: "RatingFacts", waiting: Collection[frozenset[str]], *, writable: bool) -> None:
        """Show the pairs on which votes contradict ratings; ``waiting`` are the pairs in the queue."""
        against = facts.against[:MOST]
        pairs = [frozenset((pair.better, pair.worse)) for pair, _, _ in against]
        self._pairs = tuple(pair for pair in pairs if pair not in waiting)
        words = self.tr("Votes contradict ratings on {} of {} pairs that both order. Votes count there.")
        told = self.tr("None: no pair is ordered by votes and by ratings.")
        if facts.voted:
            agree = self.tr("None: votes and ratings agree on {} pairs.").format(facts.voted)
            told = words.format(len(facts.against), facts.voted) if against else agree
        self.words.set_plain(f"{told} {self.tr('The rule: {}.').format(facts.rule)}")
        self.all.hide()
        for (pair, better, worse), row in zip(against, self._rows_for(len(against)), strict=True):
            line = self.tr("{} over {} by votes; rated {:.3g} and {:.3g}").format(
                pair.better, pair.worse, better, worse
            )
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
            return self.tr("None: one order fits what most raters say.")
        if n == 1:
            return self.tr("The majority votes on these videos form a cycle, so no order fits them all.")

        text = self.tr("The majority votes form {} cycles, so no order fits them all.").format(n)
        first = self.tr("Cycles with the closest vote come first.")
        shown = self.tr("The {} with the closest vote are shown.").format(MOST)
        return f"{text} {shown if n > MOST else first}"


def _one_of_each(cycles: "Sequence[Cycle]", waiting: Collection[frozenset[str]]) -> tuple[frozenset[str], ...]:
    """Return the weakest pair of every cycle that has none in the queue yet; cycles that share a pair need one only."""
    chosen: list[frozenset[str]] = []
    for cycle in cycles:
        pairs = {frozenset((link.better, link.worse)) for link in cycle.links}
        if pairs.isdisjoint(waiting) and pairs.isdisjoint(chosen):
            chosen.append(frozenset((cycle.weakest.better, cycle.weakest.worse)))
    return tuple(chosen)
