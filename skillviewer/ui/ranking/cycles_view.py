"""Preference cycles among the majority votes, each with a button to have its weakest pair judged again."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.widgets.layout import NONE, Wrapped, add_all, horizontal, push_button, text_label, vertical

if TYPE_CHECKING:
    from skillviewer.core.ranking.cycles import Cycle, Link

MOST = 40
"""Number of cycles shown, those with the smallest lead."""


class CycleRow(QWidget):
    """One cycle."""

    asked = Signal(object)
    """``tuple[frozenset[str], ...]``: the two videos to judge again."""
    unasked = Signal(object)
    """Likewise, to take out of the queue."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._waits = False
        self._pair: frozenset[str] = frozenset()
        self._lines: list[Wrapped] = []
        self.again = push_button("", self, self._on_clicked)
        self._column = vertical(spacing=2)
        add_all(horizontal(self, (0, 6, 0, 6), 12), (self._column, 1), (self.again, 0, Qt.AlignmentFlag.AlignTop))

    @property
    def text(self) -> str:
        return "; ".join(line.plain for line in self._lines if not line.isHidden())

    def show_cycle(self, cycle: "Cycle", *, waits: bool, writable: bool) -> None:
        """Show a cycle; ``waits`` if its weakest pair is in the queue."""
        weakest = cycle.weakest
        self._pair, self._waits = frozenset((weakest.better, weakest.worse)), waits
        while len(self._lines) < len(cycle.links):
            self._lines.append(Wrapped(self))
            self._column.addWidget(self._lines[-1])
        for at, line in enumerate(self._lines):
            line.setVisible(at < len(cycle.links))
            if at < len(cycle.links):
                line.set_plain(self._line(cycle.links[at], weakest=cycle.links[at] == weakest))
        self.again.setText(self.tr("Take out of the queue") if waits else self.tr("Judge again"))
        self.again.setEnabled(writable)
        names = (printable(weakest.better), printable(weakest.worse))
        tip = self.tr("Puts {} and {} back in the queue: every rater judges them once more").format(*names)
        if waits:
            tip = self.tr("{} and {} are judged next, unless you take them out of the queue").format(*names)
        self.again.setToolTip(tip if writable else self.tr("This study is open for reading only"))

        text = self.tr("Take {} and {} out of the queue") if waits else self.tr("Judge {} and {} again")
        self.again.setAccessibleName(text.format(*names))

    def _line(self, link: "Link", *, weakest: bool) -> str:
        words = self.tr("{} over {}: {} to {}").format(link.better, link.worse, link.votes_for, link.votes_against)
        if link.neither:
            words += self.tr(", {} alike").format(link.neither)
        return words + (self.tr(" ‹ smallest lead") if weakest else "")

    @Slot()
    def _on_clicked(self) -> None:
        (self.unasked if self._waits else self.asked).emit((self._pair,))


class CyclesView(QWidget):
    """All cycles, and one button for all."""

    asked = Signal(object)
    """``tuple[frozenset[str], ...]``: pairs to judge again."""
    unasked = Signal(object)
    """Likewise, pairs to take out of the queue."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pairs: tuple[frozenset[str], ...] = ()
        self.rows: list[CycleRow] = []
        self.heading = text_label(self.tr("Contradictions"), self, heading=True)
        self._queued = self.tr("All in the queue")
        self.all = push_button("", self, self._on_all)
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
        while len(self.rows) < len(cycles):
            row = CycleRow(self)
            row.asked.connect(self.asked)
            row.unasked.connect(self.unasked)
            self._column.insertWidget(len(self.rows), row)
            self.rows.append(row)
        for at, row in enumerate(self.rows):
            row.setVisible(at < len(cycles))
            if at < len(cycles):
                row.show_cycle(cycles[at], waits=weakest[at] in waiting, writable=writable)

    def _summary(self, n: int) -> str:
        if n == 0:
            return self.tr("None: one order fits what most raters say.")
        if n == 1:
            return self.tr("The majority votes on these videos form a cycle, so no order fits them all.")

        text = self.tr("The majority votes form {} cycles, so no order fits them all.").format(n)
        first = self.tr("Cycles with the smallest lead come first.")
        shown = self.tr("The {} with the smallest lead are shown.").format(MOST)
        return f"{text} {shown if n > MOST else first}"

    @Slot()
    def _on_all(self) -> None:
        self.asked.emit(self._pairs)


def _one_of_each(cycles: "Sequence[Cycle]", waiting: Collection[frozenset[str]]) -> tuple[frozenset[str], ...]:
    """Return the weakest pair of every cycle that has none in the queue yet; cycles that share a pair need one only."""
    chosen: list[frozenset[str]] = []
    for cycle in cycles:
        pairs = {frozenset((link.better, link.worse)) for link in cycle.links}
        if pairs.isdisjoint(waiting) and pairs.isdisjoint(chosen):
            chosen.append(frozenset((cycle.weakest.better, cycle.weakest.worse)))
    return tuple(chosen)
