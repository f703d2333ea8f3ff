"""What stands on a screen that needs a study before there is one: a sentence, and the way to the sample study."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from skillviewer.ui.actions.actions import Actions, plain


class NothingOpen(QWidget):
    """A sentence with a button below it.

    Args:
        words: What is missing, and what for.
        actions: Actions of the window.
        parent: Owner.
    """

    def __init__(self, words: str, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.setSpacing(16)
        label = QLabel(words, self)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label.setWordWrap(True)
        label.setProperty("muted", True)
        action = actions["open_sample"]
        button = QPushButton(plain(action.text()), self)
        button.clicked.connect(action.trigger)
        column.addWidget(label)
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignCenter)
