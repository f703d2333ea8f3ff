"""The first page: what to do next, and what was opened before."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.actions.actions import plain
from skillviewer.ui.widgets.layout import Gap, add_all, as_tip, horizontal, push_button, text_label, vertical
from skillviewer.ui.widgets.theme import by_text

COLUMN_PX = 460
MOST_SHOWN = 5


class StartPage(QWidget):
    """The first page: a sentence, a primary and a secondary button, and the recent files."""

    recent_chosen = Signal(object)
    return_asked = Signal()
    """Back to the place of the last session, which ended without being closed."""

    def __init__(self, logo: QPixmap, sample: QAction, videos: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        picture = QLabel(self)
        picture.setPixmap(logo)
        title = text_label("SkillViewer", self, letters="brand")
        text = self.tr(
            "See how skilfully a task was done in a video, when it went well or badly, and where the model looked. "
            "Drop videos or a folder here to begin."
        )
        words = text_label(text, self, wrap=True, muted=True)
        words.setFixedWidth(by_text(COLUMN_PX))
        self.sample_button = self._button(sample, primary=True)
        self.videos_button = self._button(videos, primary=False)
        row = add_all(horizontal(spacing=8), self.sample_button, self.videos_button, 1)
        self._make_offer()
        self._heading = text_label(self.tr("Recent"), self, heading=True)
        self._recent = vertical(spacing=2)
        above = (2, picture, Gap(8), title, words, Gap(16), row, self.offer, Gap(24), self._heading)
        add_all(QHBoxLayout(self), 1, add_all(vertical(spacing=8), *above, self._recent, 3), 1)
        self.set_recent(())

    def _make_offer(self) -> None:
        self.offer = QWidget(self)
        offered = vertical(self.offer, (0, 16, 0, 0), 8)
        self._offer_words = text_label("", self.offer, wrap=True, plain=True)
        self._offer_words.setFixedWidth(by_text(COLUMN_PX))
        self.go_on = push_button(self.tr("Continue where you left off"), self.offer, self.return_asked)
        add_all(offered, self._offer_words, (self.go_on, 0, Qt.AlignmentFlag.AlignLeft))
        self.offer.hide()

    def _button(self, action: QAction, *, primary: bool) -> QPushButton:
        button = push_button(plain(action.text()), self, action.trigger, primary=primary)
        button.setVisible(action.isEnabled())
        action.enabledChanged.connect(button.setVisible)
        return button

    def offer_return(self, title: str, when: str) -> None:
        """Offer to go back to the last session: title of its study, or "" to take the offer away, and its time."""
        text = self.tr("SkillViewer did not close properly last time ({}, {}). All votes and notes are kept.")
        self._offer_words.setText(text.format(printable(title), when))
        self.offer.setVisible(bool(title))

    def set_recent(self, paths: tuple[Path, ...]) -> None:
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self._heading.setVisible(bool(paths))
        for path in paths[:MOST_SHOWN]:
            button = QPushButton(self)
            button.setProperty("flat", True)
            button.setFixedWidth(by_text(COLUMN_PX))
            text = printable(f"{path.name}   {path.parent}")
            button.setText(
                button.fontMetrics()
                .elidedText(text, Qt.TextElideMode.ElideMiddle, by_text(COLUMN_PX) - 40)
                .replace("&", "&&")
            )
            button.setToolTip(as_tip(printable(str(path))))
            button.setAccessibleName(printable(str(path)))
            button.clicked.connect(partial(self.recent_chosen.emit, path))
            self._recent.addWidget(button)
