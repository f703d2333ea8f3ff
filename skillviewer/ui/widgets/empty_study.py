"""The page of a screen that needs a study while none is open."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from skillviewer.ui.widgets.layout import push_button


class NothingOpen(QWidget):
    """A sentence with a button below it.

    Args:
        words: What is missing, and what for.
        action: Opens something, such as the sample study.
    """

    def __init__(self, words: str, action: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.setSpacing(16)
        label = QLabel(words, self)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label.setWordWrap(True)
        label.setProperty("muted", True)
        button = push_button(action.iconText(), self, action.trigger)
        column.addWidget(label)
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignCenter)
