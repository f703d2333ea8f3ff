"""The summary of a study's ratings: distribution, raters, agreement, and the videos on which raters differ most."""

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QWidget

from skillviewer.core.ratings.agreement_words import SOURCES, word_for_icc, word_for_kappa
from skillviewer.core.ratings.summary import DisputedVideo, RaterRatings, RatingSummary, summarize_ratings
from skillviewer.core.text import counted, printable, signed
from skillviewer.data.study import Study
from skillviewer.ui.ranking.message_page import MessagePage
from skillviewer.ui.ranking.rating_histogram import RatingHistogram
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.study_controller import SETTINGS, VIDEOS, VOTES
from skillviewer.ui.widgets.labels import WrappingLabel, text_label
from skillviewer.ui.widgets.layout import (
    NO_MARGINS,
    GrowingSpace,
    add_all,
    growing,
    horizontal,
    scroll_area,
    splitter,
    vertical,
    with_accessible_name,
)
from skillviewer.ui.widgets.pages import Pages
from skillviewer.ui.widgets.plain_table import Cells, Column, PlainTable

MAX_DISPUTED = 40
"""Number of listed videos on which raters differ."""


def _read_summaries(study: Study) -> tuple[RatingSummary, ...]:
    ratings = study.ratings.all()
    participants = {video.name: video.participant or "" for video in study.videos.all()}
    return tuple(summarize_ratings(ratings, item, participants) for item in ratings.items)


class RatingSummaryView(QWidget):
    """Summary of the ratings, one item at a time; the study is read when the view is shown, and after changes."""

    video_asked = Signal(str)  # name of a video that is to be played

    def __init__(self, app_context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._is_stale = True
        self._summaries: tuple[RatingSummary, ...] = ()
        self.empty_page = MessagePage("No ratings yet", self)
        self.empty_page.set_message(
            "Import a table of ratings (File › Import ratings…), and their distribution, the agreement of the raters "
            "and the videos on which they differ appear here."
        )
        self.import_button = self.empty_page.add_button("Import ratings…")
        self.waiting_page = MessagePage("Reading the ratings…", self)
        self._page = self._make_page()
        self.pages = Pages(self)
        self.pages.addWidget(self.empty_page)
        self.pages.addWidget(self.waiting_page)
        self.pages.addWidget(self._page)
        add_all(vertical(self, margins=NO_MARGINS), self.pages)
        self.item_box.currentIndexChanged.connect(self._show_item)
        self.disputed_table.row_chosen.connect(self.video_asked)
        app_context.studies.opened.connect(self._on_replaced)
        app_context.studies.closed.connect(self._on_replaced)
        app_context.studies.changed.connect(self._on_changed)

    def _make_page(self) -> QWidget:
        self.item_box = with_accessible_name(QComboBox(self), "Criterion")
        self.facts_label = WrappingLabel(self, muted=True)
        self.histogram = RatingHistogram(self)
        self.agreement_label = WrappingLabel(self)
        self.raters_table = PlainTable("Raters of the item", self)
        self.disputed_table = PlainTable("Videos on which raters differ", self)
        left = QWidget(self)
        heading = text_label("Ratings", left, heading=True)
        heading_row = add_all(horizontal(spacing=12), heading, growing(self.item_box))
        left_column = QWidget(left)
        agreement_heading = text_label("Agreement", left_column, heading=True)
        column = vertical(left_column, margins=(0, 0, 8, 0), spacing=12)
        add_all(column, self.facts_label, self.histogram, agreement_heading, self.agreement_label, GrowingSpace())
        area = scroll_area(left, "Ratings and agreement")
        area.setWidget(left_column)
        add_all(vertical(left, margins=(16, 12, 12, 12), spacing=8), heading_row, growing(area))
        right = QWidget(self)
        raters_heading = text_label("Raters", right, heading=True)
        disputed_heading = text_label("Where raters differ most", right, heading=True)
        self.hint_label = text_label("A click plays the video.", right, muted=True)
        add_all(
            vertical(right, margins=(16, 12, 16, 12), spacing=8),
            raters_heading,
            growing(self.raters_table),
            disputed_heading,
            self.hint_label,
            growing(self.disputed_table, factor=2),
        )
        return splitter(self, Qt.Orientation.Horizontal, widgets=(left, right), factors=(1, 1), sizes=(600, 600))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._query()

    def _on_replaced(self, *_: object) -> None:
        self._is_stale = True
        self._show((), "")
        self._query()

    def _on_changed(self, changes: frozenset[str]) -> None:
        if changes & {VOTES, VIDEOS, SETTINGS}:  # an import of ratings announces the votes
            self._is_stale = True
            self._query()

    def _query(self) -> None:
        study = self._app_context.studies.current_study
        if study is None or self._app_context.closing or not self._is_stale or not self.isVisible():
            return
        self._is_stale = False
        criterion = study.settings.criterion
        if not self._summaries:
            self.pages.setCurrentWidget(self.waiting_page)
        task = self._app_context.studies.read(_read_summaries)
        task.then(succeeded=lambda summaries: self._show(summaries, criterion), failed=self._on_failed)

    def _on_failed(self, error: BaseException) -> None:
        self._show(self._summaries, "")
        self._app_context.messages.fail(error)

    def _show(self, summaries: tuple[RatingSummary, ...], criterion: str) -> None:
        previous_item = self.item_box.currentData() or criterion
        self._summaries = summaries
        self.item_box.blockSignals(True)  # the item is shown once, below
        self.item_box.clear()
        for summary in summaries:
            self.item_box.addItem(printable(summary.item), summary.item)
        self.item_box.setCurrentIndex(max(self.item_box.findData(previous_item), 0))
        self.item_box.blockSignals(False)
        page = self._page if summaries else self.empty_page
        self.pages.setCurrentWidget(page)
        self._show_item(self.item_box.currentIndex())

    def _show_item(self, index: int) -> None:
        if not 0 <= index < len(self._summaries):
            return
        summary = self._summaries[index]
        self.facts_label.set_plain(format_facts(summary))
        self.histogram.show_summary(summary)
        self.agreement_label.set_plain(*format_agreement(summary))
        rater_columns = (
            Column("Rater", number=False, fills=True),
            Column("Videos", "Videos that the rater has rated"),
            Column("Mean", "Mean rating in points"),
            Column(
                "Severity (+ milder)",
                "Points above the other raters on the same videos: above 0 milder, below 0 stricter",
            ),
        )
        self.raters_table.fill(rater_columns, [_rater_row(rater) for rater in summary.raters])
        video_columns = (
            Column("Video", number=False, fills=True),
            Column("Distance", "Highest minus lowest rating, in points"),
            Column("Ratings", number=False),
        )
        self.disputed_table.fill(video_columns, [_video_row(video) for video in summary.disputed[:MAX_DISPUTED]])


def _rater_row(rater: RaterRatings) -> Cells:
    severity = "–" if math.isnan(rater.severity) else signed(rater.severity, 2)
    return Cells(rater.rater, (printable(rater.rater), str(rater.n), f"{rater.mean:.3g}", severity))


def _video_row(video: DisputedVideo) -> Cells:
    ratings = ", ".join(f"{printable(rater)} {value:g}" for rater, value in video.ratings)
    return Cells(video.video, (printable(video.video), f"{video.distance:g}", ratings))


def format_facts(summary: RatingSummary) -> str:
    """Return two sentences: numbers of ratings, videos, raters, participants and occasions, and the scale."""
    scale = summary.scale
    ends = ", ".join(scale.levels) or f"{scale.low:g} to {scale.high:g}"
    counts = [f"{summary.n_ratings} ratings of {summary.n_videos} videos", counted(len(summary.raters), "rater")]
    if summary.n_participants is not None:
        counts.append(f"{summary.n_participants} participants")
    if summary.n_occasions:
        counts.append(f"{summary.n_occasions} occasions")
    direction = ", lower is better" if scale.less_is_better else ""
    origin = "" if scale.stated else " (as rated)"
    return f"{', '.join(counts)}. Scale: {printable(ends)}{direction}{origin}."


def format_agreement(summary: RatingSummary) -> list[str]:
    """Return sentences on the agreement of the raters, with coefficients, their intervals and words for them."""
    agreement = summary.agreement
    if agreement is None:
        return ["One rater alone: whether another would rate alike is not known."]
    sentences = [f"{agreement.n_complete} of {summary.n_videos} videos were rated by all raters."]
    if agreement.icc_single is not None and agreement.icc_mean is not None:
        for name, estimate in (("One rater", agreement.icc_single), ("Mean of all raters", agreement.icc_mean)):
            word = word_for_icc(estimate.value)
            if word:
                has_interval = math.isfinite(estimate.low) and math.isfinite(estimate.high)
                interval = f"{estimate.low:.2f} to {estimate.high:.2f}" if has_interval else "no interval"
                sentences.append(f"{name}: {word}, intraclass correlation {estimate.value:.2f} ({interval}).")
    if math.isfinite(agreement.sem):
        sentences.append(f"A rating of one rater is off by {agreement.sem:.2f} points (standard error).")
    for pair in agreement.pairs:
        word = word_for_kappa(pair.kappa.value)
        if word:
            raters = f"{printable(pair.first)} and {printable(pair.second)}"
            sentences.append(f"{raters}: {word}, weighted kappa {pair.kappa.value:.2f}.")
    sentences.append(SOURCES)
    return sentences
