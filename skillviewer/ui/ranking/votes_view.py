"""Base of the pages made from votes: they load the votes while shown, and say when there is nothing to show.

Votes are read in the study's worker, and processed in another.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from skillviewer.core.progress import CancelToken
from skillviewer.data.study import Study
from skillviewer.data.study.study_ratings import RatingFacts
from skillviewer.ui.ranking.message_page import MessagePage
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.study_controller import PAIRS, SETTINGS, VIDEOS, VOTES
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import NONE, add_all, vertical

if TYPE_CHECKING:
    from skillviewer.core.ranking.votes import ShownPair
    from skillviewer.ui.threads.worker_thread import Task


@dataclass(frozen=True, slots=True)
class VotesSnapshot:
    """The votes and the tasks of a study at one time."""

    tasks: Mapping[str, str] = field(default_factory=dict)  # task of every video of the study, by name
    shown_pairs: "tuple[ShownPair, ...]" = ()  # pairs asked and their votes, in the order of voting
    waiting: frozenset[frozenset[str]] = frozenset()  # pairs back in the queue that no rater has judged since
    writable: bool = False  # true if the study can be written
    rated: RatingFacts | None = None  # what its ratings say, or None without ratings


Work = Callable[[VotesSnapshot, CancelToken], object]


def _read(study: Study) -> VotesSnapshot:
    from skillviewer.data.study.ranking import asked

    return VotesSnapshot(
        tasks=study.videos.tasks(),
        shown_pairs=asked(study),
        waiting=frozenset(study.again.waiting()),
        writable=not study.read_only,
        rated=study.rating_facts(),
    )


class VotesView(QWidget):
    """A page made from the votes, or a sentence instead; shown only while no rater judges.

    It queries the study when it is shown, and again when votes change; the latest query counts. The result of ``work``
    depends on ``tasks`` and ``asked`` alone.
    """

    def __init__(self, app_context: AppContext, work: Work, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app_context = app_context
        self._work = work
        self._stale = True
        self._asked: Task | None = None
        self._last: tuple[VotesSnapshot, object] | None = None
        self.message = text_label("", self, muted=True, plain=True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty = MessagePage("No votes yet", self)
        self.judge = self.empty.add_button("Judge pairs")
        self._page = self._make_page()
        self.pages = QStackedWidget(self)
        for page in (self.message, self.empty, self._page):
            self.pages.addWidget(page)
        add_all(vertical(self, NONE), self.pages)
        app_context.studies.replaced.connect(self._on_replaced)
        app_context.studies.closed.connect(self._on_replaced)
        app_context.studies.changed.connect(self._on_changed)
        app_context.studies.opened.connect(self._ask)
        self._show_nothing()

    @abstractmethod
    def _make_page(self) -> QWidget:
        """Make the page and its widgets, once."""

    @abstractmethod
    def _fill(self, snapshot: VotesSnapshot, result: object) -> str:
        """Fill the page with the result; return the sentence to show instead where there is nothing, or ""."""

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask()

    def _on_replaced(self) -> None:
        if self._asked is not None:
            self._asked.cancel()
        self._asked = self._last = None
        self._stale = True
        self._show_nothing()

    def _on_changed(self, changes: frozenset[str]) -> None:
        if changes & {VOTES, VIDEOS, PAIRS, SETTINGS}:
            self._stale = True
            self._ask()

    def _ask(self, *_: object) -> None:
        no_study = self._app_context.studies.current is None or self._app_context.closing
        if no_study or not self._stale or not self.isVisible():
            return
        if self._asked is not None:
            self._asked.cancel()
        self._stale = False
        if self._last is None:
            self._show_nothing()
        self._asked = self._app_context.studies.read(_read)
        self._asked.then(succeeded=self._on_read, failed=self._on_failed)

    def _on_read(self, snapshot: VotesSnapshot) -> None:
        if self._last is not None:
            before, last_result = self._last
            if (before.tasks, before.shown_pairs) == (snapshot.tasks, snapshot.shown_pairs):
                self._show(snapshot, last_result)
                return
        work = self._work
        self._asked = self._app_context.index_worker.submit(lambda _backend, token, _report: work(snapshot, token))
        self._asked.then(succeeded=lambda result: self._show(snapshot, result), failed=self._on_failed)

    def _on_failed(self, error: BaseException) -> None:
        self._asked = None
        self._stale = True
        self._app_context.messages.fail(error)

    def _show(self, snapshot: VotesSnapshot, result: object) -> None:
        self._asked = None
        self._last = (snapshot, result)
        is_empty = self._fill(snapshot, result)
        if is_empty:
            self.empty.set_message(is_empty)
        self.pages.setCurrentWidget(self.empty if is_empty else self._page)

    def _show_nothing(self) -> None:
        no_study = self._app_context.studies.current is None
        self.message.setText("No study is open." if no_study else "Reading the votes…")
        self.pages.setCurrentWidget(self.message)
