"""Contradictions among the votes: cycles, and the pairs that would solve them."""

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.widgets.labels import WrappingLabel, text_label
from skillviewer.ui.widgets.layout import NONE, add_all, horizontal, push_button, vertical

if TYPE_CHECKING:
    from skillviewer.core.ranking.cycles import Cycle, CycleEdge
    from skillviewer.data.study.study_ratings import RatingFacts


Queue = Callable[[tuple[frozenset[str], ...]], object]  # puts pairs of videos, by name, in the queue, or takes them out


MAX_CYCLES = 40  # number of cycles shown, those with the smallest lead


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
        self._pair = frozenset((better, worse))
        self._waits = waits
        while len(self._lines) < len(lines):
            self._lines.append(WrappingLabel(self))
            self._column.addWidget(self._lines[-1])
        for index, line in enumerate(self._lines):
            line.setVisible(index < len(lines))
            line.set_plain(lines[index] if index < len(lines) else "")
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
        self._ask = ask
        self._take_out = take_out
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
        n = len(cycles)
        cycles = cycles[:MAX_CYCLES]
        weakest = [frozenset((c.weakest.better, c.weakest.worse)) for c in cycles]
        self._pairs = _one_of_each(cycles, waiting)
        self.message.set_plain(self._summary(n))
        message = "Judge {} pairs again" if len(self._pairs) > 1 else "Judge {} pair again"
        self.all.setText(message.format(len(self._pairs)) if self._pairs else self._queued)
        self.all.setVisible(n > 1)
        self.all.setEnabled(writable and bool(self._pairs))
        for index, row in enumerate(self._rows_for(len(cycles))):
            row.show_cycle(cycles[index], waits=weakest[index] in waiting, writable=writable)

    def show_rated(self, facts: "RatingFacts", waiting: Collection[frozenset[str]], *, writable: bool) -> None:
        """Show the pairs on which votes contradict ratings; ``waiting`` are the pairs in the queue."""
        against = facts.against[:MAX_CYCLES]
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
        for index, row in enumerate(self.rows):
            row.setVisible(index < n)
        return self.rows[:n]

    def _summary(self, n: int) -> str:
        if n == 0:
            return "None: one order fits what most raters say."
        if n == 1:
            return "The majority votes on these videos form a cycle, so no order fits them all."

        text = f"The majority votes form {n} cycles, so no order fits them all."
        first = "Cycles with the closest vote come first."
        shown_text = f"The {MAX_CYCLES} with the closest vote are shown."
        return f"{text} {shown_text if n > MAX_CYCLES else first}"


def _one_of_each(cycles: "Sequence[Cycle]", waiting: Collection[frozenset[str]]) -> tuple[frozenset[str], ...]:
    """Return the weakest pair of every cycle that has none in the queue yet; cycles that share a pair need one only."""
    chosen_pairs: list[frozenset[str]] = []
    for cycle in cycles:
        pairs = {frozenset((link.better, link.worse)) for link in cycle.links}
        if pairs.isdisjoint(waiting) and pairs.isdisjoint(chosen_pairs):
            chosen_pairs.append(frozenset((cycle.weakest.better, cycle.weakest.worse)))
    return tuple(chosen_pairs)
