"""Ratings, comments and votes on the video on screen, with the reasons that raters gave."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from skillviewer.core.dataset.pairs import UNNAMED, Verdict
from skillviewer.core.ratings.given_ratings import rating_sentences
from skillviewer.core.text import clock, signed
from skillviewer.ui.session.insight.findings import Findings, RaterReason, VideoJudgements
from skillviewer.ui.session.insight.video_annotations import VideoAnnotations
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.widgets.chip import Chip
from skillviewer.ui.widgets.form import Section
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import NONE, add_all, horizontal

MAX_REASONS = 5  # reasons that are shown, the latest, at most
MAX_COMMENTS = 8  # comments that are shown at most


class ReasonRow(QWidget):
    """A judgement with its reason and the time that the rater marked."""

    def __init__(self, playback: Playback, parent: QWidget) -> None:
        super().__init__(parent)
        self._playback = playback
        self._mark_s: float | None = None
        self.message = WrappingLabel(self)
        self.time = Chip("", self)
        self.time.setToolTip("Go to the time that the rater marked")
        self.time.clicked.connect(self._on_time)
        add_all(horizontal(self, NONE, 6), (self.message, 1), (self.time, 0, Qt.AlignmentFlag.AlignTop))

    def show_reason(self, reason: RaterReason) -> None:
        forms = {
            Verdict.LEFT: ("{}, better than {}: “{}”", "{}, better than {}"),
            Verdict.RIGHT: ("{}, worse than {}: “{}”", "{}, worse than {}"),
            Verdict.NEITHER: ("{}, no difference to {}: “{}”", "{}, no difference to {}"),
        }
        rater = "A rater without a name" if reason.rater == UNNAMED else reason.rater
        with_reason, without_reason = forms[reason.verdict]
        if reason.text:
            self.message.set_plain(with_reason.format(rater, reason.other, reason.text))
        else:
            self.message.set_plain(without_reason.format(rater, reason.other))
        self._mark_s = reason.mark_s
        self.time.setVisible(reason.mark_s is not None)
        if reason.mark_s is not None:
            self.time.setText(clock(reason.mark_s))

    def _on_time(self) -> None:
        if self._mark_s is not None:
            self._playback.stop_at_time(self._mark_s)


class RatersBlock(Section):
    """The ratings, comments and judgements of the raters on the video."""

    def __init__(self, playback: Playback, annotations: VideoAnnotations, parent: QWidget) -> None:
        super().__init__("What the raters said", parent)
        self._annotations = annotations
        self.ratings = WrappingLabel(self)
        self.comments = WrappingLabel(self)
        self.message = WrappingLabel(self)
        self.more = WrappingLabel(self)
        self.reasons = [ReasonRow(playback, self) for _ in range(MAX_REASONS)]
        add_all(self.column, self.ratings, self.comments, self.message, *self.reasons, self.more)
        annotations.changed.connect(self._show_comments)

    def _show_comments(self) -> None:
        """Show the remarks that were imported with ratings or a timeline, each with its author."""
        comments = [note for note in self._annotations.notes if note.tier]
        texts = [f"{note.author}: “{note.text}”" if note.author else f"“{note.text}”" for note in comments]
        if len(texts) > MAX_COMMENTS:
            texts[MAX_COMMENTS:] = [f"… and {len(texts) - MAX_COMMENTS} more notes"]
        self.comments.setVisible(bool(texts))
        self.comments.set_plain(*texts)

    def show_findings(self, findings: Findings) -> None:
        """Show what raters said of the video of some findings."""
        given_ratings = findings.facts.ratings if findings.facts is not None else None
        ratings = rating_sentences(given_ratings, findings.name) if given_ratings is not None else ()
        self.ratings.setVisible(bool(ratings))
        self.ratings.set_plain(*ratings)
        self._show_comments()
        rating = findings.video_judgements
        self.message.set_plain("This video has not been compared yet." if rating is None else self._summary(rating))
        self.message.setVisible(rating is not None or not ratings)
        reasons = rating.reasons if rating is not None else ()
        for row in self.reasons[len(reasons) :]:
            row.hide()
        for row, reason in zip(self.reasons, reasons, strict=False):
            row.show_reason(reason)
            row.show()
        n_more = len(reasons) - MAX_REASONS
        self.more.setVisible(n_more > 0)
        self.more.set_plain(f"… and {n_more} more, in the exported votes")

    def _summary(self, rating: VideoJudgements) -> str:
        ranked = rating.ranked
        counts = [
            _times("better once", "better {} times", ranked.won),
            _times("worse once", "worse {} times", ranked.lost),
        ]
        if ranked.neither:
            counts.append(_times("no difference once", "no difference {} times", ranked.neither))
        subject = self._who(rating)
        strength = "Strength {} ± {}: rank {} of {} videos linked by votes.".format(
            signed(ranked.strength, 2), f"{ranked.error:.2f}", ranked.linked_rank, ranked.n_linked
        )
        return "{}: {}. {}".format(subject, ", ".join(counts), strength)

    def _who(self, rating: VideoJudgements) -> str:
        if not rating.n_raters and not rating.n_unnamed:
            return "The pairs of the data set"
        named_text = "One rater" if rating.n_raters == 1 else f"{rating.n_raters} raters"
        if not rating.n_unnamed:
            return named_text
        unnamed_text = "Raters without a name" if rating.n_unnamed > 1 else "A rater without a name"
        return f"{named_text} and others without a name" if rating.n_raters else unnamed_text


def _times(singular: str, plural: str, n: int) -> str:
    return singular if n == 1 else plural.format(n)
