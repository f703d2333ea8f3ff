"""Base of the pages that show statistics of votes.

Votes are read in the study's worker thread, and statistics are computed in another.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from skillviewer.core.progress import CancelToken
from skillviewer.data.study import Study
from skillviewer.data.study.study_ratings import RatingFacts
from skillviewer.ui.ranking.message_page import MessagePage
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.study_controller import PAIRS, SETTINGS, VIDEOS, VOTES
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, vertical
from skillviewer.ui.widgets.pages import Pages

if TYPE_CHECKING:
    from skillviewer.core.ranking.votes import ShownPair
    from skillviewer.ui.threads.worker_thread import Task


@dataclass(frozen=True, slots=True)
class VotesSnapshot:
    """The votes and the tasks of a study at one time."""

    tasks: Mapping[str, str] = field(default_factory=dict)  # task of every video of the study, by name
    shown_pairs: "tuple[ShownPair, ...]" = ()  # pairs shown to raters, with their verdicts, in the order of voting
    queued_pairs: frozenset[frozenset[str]] = frozenset()  # pairs back in the queue that no rater has judged since
    writable: bool = False  # true if the study can be written
    rating_facts: RatingFacts | None = None  # pairs by the ratings, or None without ratings


ComputeReport = Callable[[VotesSnapshot, CancelToken], object]


def _read_votes(study: Study) -> VotesSnapshot:
    from skillviewer.data.study.ranking_report import shown_pairs

    return VotesSnapshot(
        tasks=study.videos.tasks(),
        shown_pairs=shown_pairs(study),
        queued_pairs=frozenset(study.rejudge_queue.waiting()),
        writable=not study.read_only,
        rating_facts=study.rating_facts(),
    )


class VoteReportView(QWidget):
    """A page that shows a report on the votes, or a sentence without votes. It is hidden while a rater judges.

    The view queries the study when it is shown, and again when votes change. The latest query counts.

    Args:
        app_context: Threads and the open study.
        compute_report: Function for a worker thread; its result depends on ``tasks`` and ``shown_pairs`` alone.
        parent: Parent widget.
    """

    def __init__(self, app_context: AppContext, compute_report: ComputeReport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._compute_report = compute_report
        self._is_stale = True
        self._task: Task | None = None
        self._last_snapshot: VotesSnapshot | None = None
        self._last_report: object = None
        self.message_label = text_label("", self, muted=True, plain=True)
        self.message_label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty_page = MessagePage("No votes yet", self)
        self.judge_button = self.empty_page.add_button("Judge pairs")
        self._page = self._make_page()
        self.pages = Pages(self)
        for page in (self.message_label, self.empty_page, self._page):
            self.pages.addWidget(page)
        add_all(vertical(self, margins=NO_MARGINS), self.pages)
        app_context.studies.replaced.connect(self._on_replaced)
        app_context.studies.closed.connect(self._on_replaced)
        app_context.studies.changed.connect(self._on_changed)
        app_context.studies.opened.connect(self._query)
        self._show_message()

    @abstractmethod
    def _make_page(self) -> QWidget:
        """Make the page and its widgets, once."""

    @abstractmethod
    def _fill(self, snapshot: VotesSnapshot, report: object) -> str:
        """Fill the page with a report; return "", or the sentence to show if the report is empty."""

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._query()

    def _on_replaced(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = None
        self._last_snapshot = None
        self._last_report = None
        self._is_stale = True
        self._show_message()

    def _on_changed(self, changes: frozenset[str]) -> None:
        if changes & {VOTES, VIDEOS, PAIRS, SETTINGS}:
            self._is_stale = True
            self._query()

    def _query(self, *_: object) -> None:
        has_study = self._app_context.studies.current_study is not None and not self._app_context.closing
        if not has_study or not self._is_stale or not self.isVisible():
            return
        if self._task is not None:
            self._task.cancel()
        self._is_stale = False
        if self._last_snapshot is None:
            self._show_message()
        self._task = self._app_context.studies.read(_read_votes)
        self._task.then(succeeded=self._on_read, failed=self._on_failed)

    def _on_read(self, snapshot: VotesSnapshot) -> None:
        last = self._last_snapshot
        if last is not None and last.tasks == snapshot.tasks and last.shown_pairs == snapshot.shown_pairs:
            self._show(snapshot, self._last_report)
            return
        compute_report = self._compute_report
        self._task = self._app_context.index_worker.submit(
            lambda _slot, token, _report: compute_report(snapshot, token)
        )
        self._task.then(succeeded=lambda report: self._show(snapshot, report), failed=self._on_failed)

    def _on_failed(self, error: BaseException) -> None:
        self._task = None
        self._is_stale = True
        self._app_context.messages.fail(error)

    def _show(self, snapshot: VotesSnapshot, report: object) -> None:
        self._task = None
        self._last_snapshot = snapshot
        self._last_report = report
        empty_text = self._fill(snapshot, report)
        if empty_text:
            self.empty_page.set_message(empty_text)
            self.pages.setCurrentWidget(self.empty_page)
        else:
            self.pages.setCurrentWidget(self._page)

    def _show_message(self) -> None:
        """Show why there is no report yet."""
        has_study = self._app_context.studies.current_study is not None
        text = "Reading the votes…" if has_study else "No study is open."
        self.message_label.setText(text)
        self.pages.setCurrentWidget(self.message_label)
