"""Sections with a heading, and empty pages: a sentence, and a button where there is something to do."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QWidget

from skillviewer.ui.widgets.layout import Wrapped, add_all, push_button, text_label, vertical


class Section(QWidget):
    """A section with a heading."""

    def __init__(self, title: str, parent: QWidget | None = None, *, wide: bool = False) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setAccessibleName(title)
        side = 0 if wide else 12
        self.column = vertical(self, (side, 16, side, 0), 6)
        heading = text_label(title, self, heading=True, wrap=True)
        if wide:
            heading.setContentsMargins(12, 0, 12, 0)
        self.column.addWidget(heading)


class Empty(QWidget):
    """A sentence with a button, or with a progress bar."""

    pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = vertical(self, (12, 8, 12, 12), 8)
        self.words = Wrapped(self, muted=True)
        column.addWidget(self.words)
        self.progress = QProgressBar(self)
        self.progress.setTextVisible(False)
        column.addWidget(self.progress)
        row = QHBoxLayout()
        self.button = push_button("", self, self.pressed)
        add_all(row, self.button, 1)
        add_all(column, row, 1)

    def show_state(self, words: str, button: str = "", progress: tuple[int, int] | None = None) -> None:
        """Show a sentence, a button unless "", and progress (done and total, 0 if not known) unless None."""
        self.words.set_plain(words)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self.progress.setVisible(progress is not None)
        if progress is not None:
            self.progress.setAccessibleName(words)
            self.progress.setRange(0, progress[1])
            self.progress.setValue(progress[0])


class NothingOpen(QWidget):
    """The page of a screen that needs a study while none is open: a sentence with a button below it."""

    def __init__(self, words: str, action: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        column = vertical(self, spacing=16)
        column.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label = text_label(words, self, wrap=True, muted=True)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        button = push_button(action.iconText(), self, action.trigger)
        add_all(column, label, (button, 0, Qt.AlignmentFlag.AlignCenter))
