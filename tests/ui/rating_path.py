"""A user who goes from a spreadsheet of ratings to scores, with mouse and keyboard alone."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from skillviewer.ui.app import Composition
from skillviewer.ui.finetuning.screen import FinetuneScreen
from skillviewer.ui.finetuning.tuning_controller import TuningPhase
from skillviewer.ui.importing.ratings_import_dialog import RatingsImportDialog
from skillviewer.ui.session.video_entry import VideoEntry
from skillviewer.ui.threads.messages import Severity
from tests.ui.fakes import FakeDialogs
from tests.ui.hands import click, key, type_text

LONG_MS = 600_000


@dataclass
class RatingPath:
    """A user at a window without a study.

    Attributes:
        qtbot: Waits for conditions.
        made: The window.
        dialogs: Its questions for files, which the system would ask.
        patience_ms: Time that the user waits for training and assessment.
    """

    qtbot: QtBot
    made: Composition
    dialogs: FakeDialogs
    patience_ms: int = LONG_MS

    @property
    def train_screen(self) -> FinetuneScreen:
        """The Train screen."""
        screen = self.made.window.screens.get_page("finetune")
        assert isinstance(screen, FinetuneScreen)
        return screen

    def import_table(self, table: Path) -> str:
        """Import a spreadsheet by the start page, as it is guessed, to train; return what the page says about it."""
        self.dialogs.file_answer = table
        (button,) = (
            b for b in self.made.window.start_page.findChildren(QPushButton) if b.text().startswith("Import ratings")
        )
        click(button)
        window = self.made.window

        def read() -> bool:
            page = window.findChild(RatingsImportDialog)
            return page is not None and not page.loader.is_busy and page.train_button.isEnabled()

        self.qtbot.waitUntil(read, timeout=self.patience_ms)
        page = window.findChild(RatingsImportDialog)
        assert isinstance(page, RatingsImportDialog)
        said = page.message_label.plain_text
        click(page.train_button)
        self.qtbot.waitUntil(lambda: window.findChild(RatingsImportDialog) is None, timeout=self.patience_ms)
        return said

    def read_plan(self) -> str:
        """Return what will be trained, once its time is known; the Train screen is shown after the import."""
        assert self.train_screen.isVisible()
        choices = self.train_screen.setup_page
        self.qtbot.waitUntil(
            lambda: choices.has_forecast and choices.start_button.isEnabled(), timeout=min(self.patience_ms, 60_000)
        )
        return choices.texts()

    def choose(self, box: QWidget, text: str) -> None:
        """Choose an entry of a box by typing its first letters."""
        box.setFocus()
        type_text(box, text)

    def train(self) -> str:
        """Start the training by the keyboard, and wait for its end; return the verdict."""
        button = self.train_screen.setup_page.start_button
        button.setFocus()
        key(button, Qt.Key.Key_Space)
        self.qtbot.waitUntil(
            lambda: self.train_screen.tuning.phase is TuningPhase.DECIDING or bool(self.problems()),
            timeout=self.patience_ms,
        )
        assert not self.problems(), self.problems()
        return self.train_screen.choice_result_page.texts()

    def problems(self) -> list[str]:
        """Return what the window says went wrong."""
        waiting = self.made.app_context.messages.waiting
        return [message.text for message in waiting if message.severity is Severity.ERROR]

    def accept(self) -> None:
        """Accept the new version, and wait until all videos are assessed with it."""
        click(self.train_screen.choice_result_page.accept_button)
        app_context = self.made.app_context
        name = self.train_screen.tuning.tuning_plan.job.folder.name if self.train_screen.tuning.tuning_plan else ""

        def assessed() -> bool:
            analyses = [entry.analysis for entry in app_context.videos]
            return all(a is not None and a.complete and a.provenance.model == name for a in analyses)

        self.qtbot.waitUntil(assessed, timeout=self.patience_ms)

    def entries(self) -> list[VideoEntry]:
        """Return the listed videos."""
        return list(self.made.app_context.videos)

    def press(self, text: str) -> None:
        """Press the button of a screen."""
        buttons = self.made.window.findChildren(QToolButton)
        click(next(button for button in buttons if button.isVisible() and button.text().replace("&", "") == text))
