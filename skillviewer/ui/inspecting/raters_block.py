"""Judgements of the raters on the video, with the times that they marked."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QWidget

from skillviewer.core.dataset.pairs import UNNAMED, Verdict
from skillviewer.core.text import clock, signed
from skillviewer.ui.session.insight.findings import Findings, RaterReason, Rating
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.widgets.chip import Chip
from skillviewer.ui.widgets.empty_state import Section
from skillviewer.ui.widgets.layout import NONE, Wrapped, add_all, horizontal

MOST_REASONS = 5  # reasons that are shown, the latest, at most


class ReasonRow(QWidget):
    """A judgement with its reason and the time that the rater marked."""

    def __init__(self, playback: Playback, parent: QWidget) -> None:
        super().__init__(parent)
        self._playback = playback
        self._mark_s: float | None = None
        self.words = Wrapped(self)
        self.time = Chip("", self)
        self.time.setToolTip(self.tr("Go to the time that the rater marked"))
        self.time.clicked.connect(self._on_time)
        add_all(horizontal(self, NONE, 6), (self.words, 1), (self.time, 0, Qt.AlignmentFlag.AlignTop))

    def show_reason(self, reason: RaterReason) -> None:
        forms = {
            Verdict.LEFT: (self.tr("{}, better than {}: “{}”"), self.tr("{}, better than {}")),
            Verdict.RIGHT: (self.tr("{}, worse than {}: “{}”"), self.tr("{}, worse than {}")),
            Verdict.NEITHER: (self.tr("{}, no difference to {}: “{}”"), self.tr("{}, no difference to {}")),
        }
        rater = self.tr("A rater without a name") if reason.rater == UNNAMED else reason.rater
        with_words, without = forms[reason.verdict]
        if reason.words:
            self.words.set_plain(with_words.format(rater, reason.other, reason.words))
        else:
            self.words.set_plain(without.format(rater, reason.other))
        self._mark_s = reason.mark_s
        self.time.setVisible(reason.mark_s is not None)
        if reason.mark_s is not None:
            self.time.setText(clock(reason.mark_s))

    @Slot()
    def _on_time(self) -> None:
        if self._mark_s is not None:
            self._playback.stop_at_time(self._mark_s)


class RatersBlock(Section):
    """The judgements of the raters on the video."""

    def __init__(self, playback: Playback, parent: QWidget) -> None:
        super().__init__(self.tr("What the raters said"), parent)
        self.words, self.more = Wrapped(self), Wrapped(self)
        self.reasons = [ReasonRow(playback, self) for _ in range(MOST_REASONS)]
        add_all(self.column, self.words, *self.reasons, self.more)

    def show_findings(self, found: Findings) -> None:
        rating = found.rating
        self.words.set_plain(
            self.tr("This video has not been compared yet.") if rating is None else self._summary(rating)
        )
        reasons = rating.reasons if rating is not None else ()
        for row in self.reasons[len(reasons) :]:
            row.hide()
        for row, reason in zip(self.reasons, reasons, strict=False):
            row.show_reason(reason)
            row.show()
        n_more = len(reasons) - MOST_REASONS
        self.more.setVisible(n_more > 0)
        self.more.set_plain(self.tr("… and {} more, in the exported votes").format(n_more))

    def _summary(self, rating: Rating) -> str:
        counts = [
            _times(self.tr("better once"), self.tr("better {} times"), rating.wins),
            _times(self.tr("worse once"), self.tr("worse {} times"), rating.losses),
        ]
        if rating.even:
            counts.append(_times(self.tr("no difference once"), self.tr("no difference {} times"), rating.even))
        who = self._who(rating)
        strength = self.tr("Strength {} ± {}: rank {} of {} videos linked by votes.").format(
            signed(rating.strength, 2), f"{rating.error:.2f}", rating.rank, rating.n
        )
        return self.tr("{}: {}. {}").format(who, ", ".join(counts), strength)

    def _who(self, rating: Rating) -> str:
        if not rating.n_raters and not rating.n_unnamed:
            return self.tr("The pairs of the data set")
        named = self.tr("One rater") if rating.n_raters == 1 else self.tr("{} raters").format(rating.n_raters)
        if not rating.n_unnamed:
            return named
        without = self.tr("Raters without a name") if rating.n_unnamed > 1 else self.tr("A rater without a name")
        return self.tr("{} and others without a name").format(named) if rating.n_raters else without


def _times(once: str, several: str, n: int) -> str:
    return once if n == 1 else several.format(n)
