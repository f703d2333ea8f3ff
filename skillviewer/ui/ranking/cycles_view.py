"""Circles in what most raters say, each with its votes and a button that has its weakest pair judged again, or not."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.widgets.layout import NONE, horizontal, text_label, vertical
from skillviewer.ui.widgets.wrapped_label import Wrapped

if TYPE_CHECKING:
    from skillviewer.core.ranking.cycles import Cycle, Link

MOST = 40
"""So many circles are shown, those that the smallest lead holds together."""


class CircleRow(QWidget):
    """One circle.

    Args:
        parent: Owner.
    """

    asked = Signal(object)
    """``tuple[frozenset[str], ...]``: the two videos that are to be judged again."""
    unasked = Signal(object)
    """Likewise: they are to be taken out of the queue."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._waits = False
        self._pair: frozenset[str] = frozenset()
        self._lines: list[Wrapped] = []
        self.again = QPushButton(self)
        self.again.clicked.connect(self._on_clicked)
        self._column = vertical(spacing=2)
        row = horizontal(self, (0, 6, 0, 6), 12)
        row.addLayout(self._column, 1)
        row.addWidget(self.again, 0, Qt.AlignmentFlag.AlignTop)

    @property
    def text(self) -> str:
        """What it says."""
        return "; ".join(line.plain for line in self._lines if not line.isHidden())

    def show_circle(self, circle: "Cycle", *, waits: bool, writable: bool) -> None:
        """Show a circle.

        Args:
            circle: It.
            waits: Whether its weakest pair is in the queue.
            writable: Whether votes can be asked for.
        """
        weakest = circle.weakest
        self._pair, self._waits = frozenset((weakest.better, weakest.worse)), waits
        while len(self._lines) < len(circle.links):
            self._lines.append(Wrapped(self))
            self._column.addWidget(self._lines[-1])
        for at, line in enumerate(self._lines):
            line.setVisible(at < len(circle.links))
            if at < len(circle.links):
                line.set_plain(self._line(circle.links[at], weakest=circle.links[at] == weakest))
        self.again.setText(self.tr("Take out of the queue") if waits else self.tr("Judge again"))
        self.again.setEnabled(writable)
        names = (printable(weakest.better), printable(weakest.worse))
        tip = self.tr("Puts {} and {} back in the queue: every rater is asked them once more").format(*names)
        if waits:
            tip = self.tr("{} and {} come first when somebody judges, unless they are taken out").format(*names)
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


class CirclesView(QWidget):
    """All circles, and one button for all.

    Args:
        parent: Owner.
    """

    asked = Signal(object)
    """``tuple[frozenset[str], ...]``: pairs that are to be judged again."""
    unasked = Signal(object)
    """Likewise: pairs that are to be taken out of the queue."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pairs: tuple[frozenset[str], ...] = ()
        self.rows: list[CircleRow] = []
        self.heading = text_label(self.tr("Contradictions"), self, heading=True)
        self._queued = self.tr("All in the queue")
        self.all = QPushButton(self)
        self.all.setToolTip(self.tr("Puts a pair of every circle back in the queue: every rater is asked it once more"))
        self.all.clicked.connect(self._on_all)
        self.words = Wrapped(self)
        self.words.setProperty("muted", True)
        self._column = vertical(spacing=0)
        head = QHBoxLayout()
        head.addWidget(self.heading, 1)
        head.addWidget(self.all)
        column = vertical(self, NONE, 6)
        column.addLayout(head)
        column.addWidget(self.words)
        column.addLayout(self._column)

    def show_circles(self, circles: "Sequence[Cycle]", waiting: Collection[frozenset[str]], *, writable: bool) -> None:
        """Show circles.

        Args:
            circles: Those that the smallest lead holds together first.
            waiting: Pairs in the queue.
            writable: Whether votes can be asked for.
        """
        n, circles = len(circles), circles[:MOST]
        weakest = [frozenset((c.weakest.better, c.weakest.worse)) for c in circles]
        self._pairs = _one_of_each(circles, waiting)
        self.words.set_plain(self._summary(n))
        words = self.tr("Judge {} pairs again") if len(self._pairs) > 1 else self.tr("Judge {} pair again")
        self.all.setText(words.format(len(self._pairs)) if self._pairs else self._queued)
        self.all.setVisible(n > 1)
        self.all.setEnabled(writable and bool(self._pairs))
        while len(self.rows) < len(circles):
            row = CircleRow(self)
            row.asked.connect(self.asked)
            row.unasked.connect(self.unasked)
            self._column.insertWidget(len(self.rows), row)
            self.rows.append(row)
        for at, row in enumerate(self.rows):
            row.setVisible(at < len(circles))
            if at < len(circles):
                row.show_circle(circles[at], waits=weakest[at] in waiting, writable=writable)

    def _summary(self, n: int) -> str:
        if n == 0:
            return self.tr("None: what most raters say can be put in one order.")
        if n == 1:
            return self.tr("Most raters put these videos in a circle, so no order fits all of their votes.")
        text = self.tr("{} circles in what most raters say, so no order fits all of their votes.").format(n)
        first = self.tr("Those that the smallest lead decides come first.")
        shown = self.tr("The {} that the smallest lead decides are shown.").format(MOST)
        return f"{text} {shown if n > MOST else first}"

    @Slot()
    def _on_all(self) -> None:
        self.asked.emit(self._pairs)


def _one_of_each(circles: "Sequence[Cycle]", waiting: Collection[frozenset[str]]) -> tuple[frozenset[str], ...]:
    """Return pairs of which one lies on every circle that has none in the queue yet, weak ones first."""
    chosen: list[frozenset[str]] = []
    for circle in circles:
        pairs = {frozenset((link.better, link.worse)) for link in circle.links}
        if pairs.isdisjoint(waiting) and pairs.isdisjoint(chosen):
            chosen.append(frozenset((circle.weakest.better, circle.weakest.worse)))
    return tuple(chosen)
