"""Contradictions among votes, and between votes and ratings, with buttons to judge their pairs again."""

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from skillviewer.core.text import counted, printable
from skillviewer.ui.widgets.labels import WrappingLabel, text_label
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, aligned, growing, horizontal, push_button, vertical

if TYPE_CHECKING:
    from skillviewer.core.ranking.cycles import Cycle, CycleEdge
    from skillviewer.data.study.study_ratings import RatingFacts


PairCommand = Callable[[tuple[frozenset[str], ...]], object]
"""A command on pairs of videos, by name."""

MAX_ROWS = 40
"""Greatest number of cycles, or of pairs, that are shown. Cycles with the closest vote come first."""


class CycleRow(QWidget):
    """One cycle, or one pair on which votes and ratings differ, with a button to judge the pair again.

    Args:
        ask_again: Puts pairs in the queue.
        take_out: Takes pairs out of the queue.
        parent: Parent widget.
    """

    def __init__(self, ask_again: PairCommand, take_out: PairCommand, parent: QWidget) -> None:
        super().__init__(parent)
        self._ask_again = ask_again
        self._take_out = take_out
        self._is_queued = False
        self._pair: frozenset[str] = frozenset()
        self._lines: list[WrappingLabel] = []
        self.queue_button = push_button("", self, self._on_button)
        self._line_column = vertical(spacing=2)
        row = horizontal(self, margins=(0, 6, 0, 6), spacing=12)
        add_all(row, growing(self._line_column), aligned(self.queue_button, Qt.AlignmentFlag.AlignTop))

    @property
    def text(self) -> str:
        return "; ".join(line.plain_text for line in self._lines if not line.isHidden())

    def show_cycle(self, cycle: "Cycle", *, is_queued: bool, writable: bool) -> None:
        """Show a cycle; ``is_queued`` if its weakest pair is in the queue."""
        weakest = cycle.weakest
        lines = [_describe_edge(edge, is_weakest=edge == weakest) for edge in cycle.links]
        self.show_pair(weakest.better, weakest.worse, lines, is_queued=is_queued, writable=writable)

    def show_pair(self, better: str, worse: str, lines: Sequence[str], *, is_queued: bool, writable: bool) -> None:
        """Show a pair with sentences about its votes; ``is_queued`` if it is in the queue."""
        self._pair = frozenset((better, worse))
        self._is_queued = is_queued
        while len(self._lines) < len(lines):
            label = WrappingLabel(self)
            self._lines.append(label)
            self._line_column.addWidget(label)
        for index, label in enumerate(self._lines):
            line = lines[index] if index < len(lines) else ""
            label.setVisible(index < len(lines))
            label.set_plain(line)
        first = printable(better)
        second = printable(worse)
        if is_queued:
            button_text = "Take out of the queue"
            accessible_name = f"Take {first} and {second} out of the queue"
            tip = f"{first} and {second} are judged next, unless you take them out of the queue"
        else:
            button_text = "Judge again"
            accessible_name = f"Judge {first} and {second} again"
            tip = f"Puts {first} and {second} back in the queue: every rater judges them once more"
        if not writable:
            tip = "This study is open for reading only"
        self.queue_button.setText(button_text)
        self.queue_button.setAccessibleName(accessible_name)
        self.queue_button.setEnabled(writable)
        self.queue_button.setToolTip(tip)

    def _on_button(self) -> None:
        command = self._take_out if self._is_queued else self._ask_again
        command((self._pair,))


def _describe_edge(edge: "CycleEdge", *, is_weakest: bool) -> str:
    text = f"{edge.better} over {edge.worse}: {edge.votes_for} to {edge.votes_against}"
    if edge.neither:
        text += f", {edge.neither} saw no difference"
    return f"{text} ‹ closest vote" if is_weakest else text


class CyclesView(QWidget):
    """Contradictions, and one button that puts all of them in the queue.

    Args:
        ask_again: Puts pairs in the queue.
        take_out: Takes pairs out of the queue.
        parent: Parent widget.
    """

    def __init__(self, ask_again: PairCommand, take_out: PairCommand, parent: QWidget) -> None:
        super().__init__(parent)
        self._ask_again = ask_again
        self._take_out = take_out
        self._pairs_to_ask: tuple[frozenset[str], ...] = ()
        self.rows: list[CycleRow] = []
        self.heading_label = text_label("Contradictions", self, heading=True)
        self.all_button = push_button("", self, lambda: ask_again(self._pairs_to_ask))
        self.all_button.setToolTip("Puts one pair of every cycle back in the queue: every rater judges it once more")
        self.message_label = WrappingLabel(self, muted=True)
        self._row_column = vertical(spacing=0)
        heading_row = add_all(QHBoxLayout(), growing(self.heading_label), self.all_button)
        add_all(vertical(self, margins=NO_MARGINS, spacing=6), heading_row, self.message_label, self._row_column)

    def show_cycles(self, cycles: "Sequence[Cycle]", queued: Collection[frozenset[str]], *, writable: bool) -> None:
        """Show cycles in the given order, the closest vote first; ``queued`` are the pairs in the queue."""
        shown_cycles = cycles[:MAX_ROWS]
        self.message_label.set_plain(_summarize(len(cycles)))
        self._pairs_to_ask = _pairs_to_ask(shown_cycles, queued)
        n_pairs = len(self._pairs_to_ask)
        button_text = f"Judge {counted(n_pairs, 'pair')} again" if n_pairs else "All in the queue"
        self.all_button.setText(button_text)
        self.all_button.setVisible(len(cycles) > 1)
        self.all_button.setEnabled(writable and n_pairs > 0)
        rows = self._show_rows(len(shown_cycles))
        for cycle, row in zip(shown_cycles, rows, strict=True):
            is_queued = _edge_videos(cycle.weakest) in queued
            row.show_cycle(cycle, is_queued=is_queued, writable=writable)

    def show_rating_contradictions(
        self, facts: "RatingFacts", queued: Collection[frozenset[str]], *, writable: bool
    ) -> None:
        """Show the pairs on which votes contradict ratings; ``queued`` are the pairs in the queue."""
        if facts.contradicted:
            n_pairs = facts.n_ordered_by_both
            text = f"Votes contradict ratings on {len(facts.contradicted)} of {n_pairs} pairs ordered by both. "
            text += "Votes count there."
        elif facts.n_ordered_by_both:
            text = f"None: votes and ratings agree on {facts.n_ordered_by_both} pairs."
        else:
            text = "None: no pair is ordered by both votes and ratings."
        self.message_label.set_plain(f"{text} The rule: {facts.rule}.")
        self.all_button.hide()
        shown_contradictions = facts.contradicted[:MAX_ROWS]
        rows = self._show_rows(len(shown_contradictions))
        for contradiction, row in zip(shown_contradictions, rows, strict=True):
            pair, better_rating, worse_rating = contradiction
            line = f"{pair.better} over {pair.worse} by votes; rated {better_rating:.3g} and {worse_rating:.3g}"
            is_queued = frozenset((pair.better, pair.worse)) in queued
            row.show_pair(pair.better, pair.worse, [line], is_queued=is_queued, writable=writable)

    def _show_rows(self, n: int) -> list[CycleRow]:
        """Return the first n rows, and hide the others."""
        while len(self.rows) < n:
            row = CycleRow(self._ask_again, self._take_out, self)
            self._row_column.insertWidget(len(self.rows), row)
            self.rows.append(row)
        for index, row in enumerate(self.rows):
            row.setVisible(index < n)
        return self.rows[:n]


def _summarize(n_cycles: int) -> str:
    if n_cycles == 0:
        return "None: one order fits what most raters say."
    if n_cycles == 1:
        return "The majority votes on these videos form a cycle, so no order fits them all."
    text = f"The majority votes form {n_cycles} cycles, so no order fits them all."
    if n_cycles > MAX_ROWS:
        return f"{text} The {MAX_ROWS} with the closest vote are shown."
    return f"{text} Cycles with the closest vote come first."


def _edge_videos(edge: "CycleEdge") -> frozenset[str]:
    return frozenset((edge.better, edge.worse))


def _pairs_to_ask(cycles: "Sequence[Cycle]", queued: Collection[frozenset[str]]) -> tuple[frozenset[str], ...]:
    """Return the weakest pair of each cycle that has no pair in the queue or chosen for another cycle."""
    chosen_pairs: list[frozenset[str]] = []
    for cycle in cycles:
        pairs = {_edge_videos(edge) for edge in cycle.links}
        if pairs.isdisjoint(queued) and pairs.isdisjoint(chosen_pairs):
            chosen_pairs.append(_edge_videos(cycle.weakest))
    return tuple(chosen_pairs)
