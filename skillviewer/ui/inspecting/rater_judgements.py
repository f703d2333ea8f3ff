"""Ratings, comments and votes of the raters on the video on screen."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from skillviewer.core.dataset.pairs import UNNAMED, Verdict
from skillviewer.core.ratings.given_ratings import rating_sentences
from skillviewer.core.text import clock, signed
from skillviewer.data.study import Note
from skillviewer.ui.session.insight.findings import Findings
from skillviewer.ui.session.insight.video_annotations import VideoAnnotations
from skillviewer.ui.session.insight.video_judgements import RaterReason, VideoJudgements
from skillviewer.ui.session.playback import Playback
from skillviewer.ui.widgets.chip import Chip
from skillviewer.ui.widgets.form import Section
from skillviewer.ui.widgets.labels import WrappingLabel
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, aligned, growing, horizontal

MAX_REASONS = 5  # number of reasons shown, the latest
MAX_COMMENTS = 8  # number of comments shown
VERDICT_TEXTS = {Verdict.LEFT: "better than", Verdict.RIGHT: "worse than", Verdict.NEITHER: "no difference to"}
"""Wording of a verdict on the video on screen (left) and another one."""


class ReasonRow(QWidget):
    """A judgement with its reason and the time that the rater marked."""

    def __init__(self, playback: Playback, parent: QWidget) -> None:
        super().__init__(parent)
        self._playback = playback
        self._mark_s: float | None = None
        self.message_label = WrappingLabel(self)
        self.time_button = Chip("", self)
        self.time_button.setToolTip("Go to the time that the rater marked")
        self.time_button.clicked.connect(self._on_time)
        add_all(
            horizontal(self, margins=NO_MARGINS, spacing=6),
            growing(self.message_label),
            aligned(self.time_button, Qt.AlignmentFlag.AlignTop),
        )

    def show_reason(self, reason: RaterReason) -> None:
        rater = "A rater without a name" if reason.rater == UNNAMED else reason.rater
        sentence = f"{rater}, {VERDICT_TEXTS[reason.verdict]} {reason.other_video}"
        if reason.text:
            sentence += f": “{reason.text}”"
        self.message_label.set_plain(sentence)
        self._mark_s = reason.mark_s
        self.time_button.setVisible(reason.mark_s is not None)
        if reason.mark_s is not None:
            self.time_button.setText(clock(reason.mark_s))

    def _on_time(self) -> None:
        if self._mark_s is not None:
            self._playback.stop_at_time(self._mark_s)


class RatersBlock(Section):
    """The ratings, comments and judgements of the raters on the video."""

    def __init__(self, playback: Playback, annotations: VideoAnnotations, parent: QWidget) -> None:
        super().__init__("What the raters said", parent)
        self._annotations = annotations
        self.ratings_label = WrappingLabel(self)
        self.comments_label = WrappingLabel(self)
        self.message_label = WrappingLabel(self)
        self.more_label = WrappingLabel(self)
        self.reason_rows = [ReasonRow(playback, self) for _ in range(MAX_REASONS)]
        add_all(
            self.column, self.ratings_label, self.comments_label, self.message_label, *self.reason_rows, self.more_label
        )
        annotations.changed.connect(self._show_comments)

    def _show_comments(self) -> None:
        """Show the comments that were imported with ratings or a timeline, each with its author."""
        comments = [note for note in self._annotations.notes if note.tier]
        texts = [_quote(note) for note in comments]
        n_more = len(texts) - MAX_COMMENTS
        if n_more > 0:
            texts = [*texts[:MAX_COMMENTS], f"… and {n_more} more notes"]
        self.comments_label.setVisible(bool(texts))
        self.comments_label.set_plain(*texts)

    def show_findings(self, findings: Findings) -> None:
        """Show the ratings, comments and judgements of a video."""
        ratings = findings.facts.ratings if findings.facts is not None else None
        sentences = rating_sentences(ratings, findings.name) if ratings is not None else ()
        self.ratings_label.setVisible(bool(sentences))
        self.ratings_label.set_plain(*sentences)
        self._show_comments()
        judgements = findings.video_judgements
        if judgements is None:
            self.message_label.set_plain("This video has not been compared yet.")
            self.message_label.setVisible(not sentences)
            self._show_reasons(())
        else:
            self.message_label.set_plain(_summarize(judgements))
            self.message_label.show()
            self._show_reasons(judgements.reasons)

    def _show_reasons(self, reasons: Sequence[RaterReason]) -> None:
        for row in self.reason_rows[len(reasons) :]:
            row.hide()
        for row, reason in zip(self.reason_rows, reasons, strict=False):
            row.show_reason(reason)
            row.show()
        n_more = len(reasons) - MAX_REASONS
        self.more_label.setVisible(n_more > 0)
        self.more_label.set_plain(f"… and {n_more} more, in the exported votes")


def _summarize(judgements: VideoJudgements) -> str:
    """Return the counts of judgements on a video, its strength and its rank."""
    ranked = judgements.ranked_video
    counts = [f"better {_times(ranked.won)}", f"worse {_times(ranked.lost)}"]
    if ranked.neither:
        counts.append(f"no difference {_times(ranked.neither)}")
    return (
        f"{_format_judges(judgements)}: {', '.join(counts)}. Strength {signed(ranked.strength, 2)} ± "
        f"{ranked.error:.2f}: rank {ranked.linked_rank} of {ranked.n_linked} videos linked by votes."
    )


def _format_judges(judgements: VideoJudgements) -> str:
    n_named = judgements.n_raters
    n_unnamed = judgements.n_unnamed
    if not n_named and not n_unnamed:
        return "The pairs of the data set"
    if not n_named:
        return "Raters without a name" if n_unnamed > 1 else "A rater without a name"
    named_text = "One rater" if n_named == 1 else f"{n_named} raters"
    return f"{named_text} and others without a name" if n_unnamed else named_text


def _quote(note: Note) -> str:
    quotation = f"“{note.text}”"
    return f"{note.author}: {quotation}" if note.author else quotation


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n} times"
