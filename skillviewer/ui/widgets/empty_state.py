"""Messages on pages that have nothing to show."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from skillviewer.ui.widgets.labels import WrappingLabel, text_label
from skillviewer.ui.widgets.layout import GrowingSpace, add_all, aligned, push_button, vertical


class EmptyState(QWidget):
    """A sentence with a button, or with a progress bar."""

    pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = vertical(self, margins=(12, 8, 12, 12), spacing=8)
        self.message_label = WrappingLabel(self, muted=True)
        column.addWidget(self.message_label)
        self.progress_bar = QProgressBar(self)
        self.progress_bar.setTextVisible(False)
        column.addWidget(self.progress_bar)
        row = QHBoxLayout()
        self.action_button = push_button("", self, self.pressed)
        add_all(row, self.action_button, GrowingSpace())
        add_all(column, row, GrowingSpace())

    def show_state(self, message: str, button: str = "", progress: tuple[int, int] | None = None) -> None:
        """Show a message, with a button or a progress bar.

        Args:
            message: The message.
            button: Text of the button; "" for none.
            progress: Number of finished steps and of all steps, 0 if unknown; None for no progress bar.
        """
        self.message_label.set_plain(message)
        self.action_button.setText(button)
        self.action_button.setVisible(bool(button))
        self.progress_bar.setVisible(progress is not None)
        if progress is not None:
            n_done, total = progress
            self.progress_bar.setAccessibleName(message)
            self.progress_bar.setRange(0, total)
            self.progress_bar.setValue(n_done)


class NothingOpen(QWidget):
    """The page of a screen that needs an open study, while none is open: a message with a button."""

    def __init__(self, text: str, action: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        column = vertical(self, spacing=16)
        column.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label = text_label(text, self, wrap=True, muted=True)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        button = push_button(action.iconText(), self, action.trigger)
        add_all(column, label, aligned(button, Qt.AlignmentFlag.AlignCenter))
