"""Base of the pages made from votes: they query the study while shown, and say when there is nothing to show."""

from abc import abstractmethod

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QStackedWidget, QWidget

from skillviewer.ui.ranking.pair_pages import Page
from skillviewer.ui.ranking.votes_loader import VotesLoader, VotesSnapshot, Work
from skillviewer.ui.session.program import Program
from skillviewer.ui.widgets.layout import NONE, vertical


class VotesView(QWidget):
    """A page made from the votes, or a sentence instead; shown only while no rater judges.

    Args:
        work: Processes the votes (see ``VotesLoader``).
    """

    def __init__(self, program: Program, work: Work, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._program = program
        self._loader = VotesLoader(program, work, self)
        self.message = QLabel(self)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setProperty("muted", True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.empty = Page(self.tr("No votes yet"), self)
        self.judge = self.empty.add_button(self.tr("Judge pairs"))
        self._page = self._make_page()
        self.pages = QStackedWidget(self)
        for page in (self.message, self.empty, self._page):
            self.pages.addWidget(page)
        column = vertical(self, NONE)
        column.addWidget(self.pages)
        self._loader.answered.connect(self._on_answered)
        self._loader.emptied.connect(self._on_emptied)
        self._on_emptied()

    @abstractmethod
    def _make_page(self) -> QWidget:
        """Make the page and its widgets, once."""

    @abstractmethod
    def _fill(self, snapshot: VotesSnapshot, found: object) -> str:
        """Fill the page with the result; return the sentence to show instead where there is nothing, or ""."""

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._loader.watch(on=True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._loader.watch(on=False)

    @Slot()
    def _on_emptied(self) -> None:
        no_study = self._program.studies.current is None
        self.message.setText(self.tr("No study is open.") if no_study else self.tr("Reading the votes…"))
        self.pages.setCurrentWidget(self.message)

    @Slot(object, object)
    def _on_answered(self, snapshot: VotesSnapshot, found: object) -> None:
        nothing = self._fill(snapshot, found)
        if nothing:
            self.empty.set_words(nothing)
        self.pages.setCurrentWidget(self.empty if nothing else self._page)
