"""The first page of the window."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QIcon, QPixmap, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QLabel, QPushButton, QSizePolicy, QWidget

from skillviewer.core.arrays import RGBImage
from skillviewer.core.text import printable
from skillviewer.ui.actions.actions import Actions, without_mnemonic
from skillviewer.ui.widgets.icons import as_image
from skillviewer.ui.widgets.labels import changes_sizes, text_label
from skillviewer.ui.widgets.layout import (
    NO_MARGINS,
    GrowingSpace,
    Spacing,
    add_all,
    aligned,
    as_tip,
    growing,
    horizontal,
    push_button,
    vertical,
)
from skillviewer.ui.widgets.text_scaling import scaled_px

CONTENT_WIDTH_PX = 720
MAX_CONTENT_WIDTH_PX = 1216  # for a window of 1280 pixels
MAX_RECENT = 5
SUBTITLE = "Score manual skill in videos with a trained model, and see what raised and lowered each score."
LOGO_SPACE_PX = 96  # of the logo next to the titles, with its gap
PICTURE_PX = QSize(64, 36)
CARD_GAP_PX = 12
MIN_WIDTH_PX = 320
MARGIN_PX = 11


class StartPage(QWidget):
    """The first page: three cards to start from, the sample study, a hint at dropping files, and recent files.

    If the cards do not fit next to each other, they are below each other, under the sample study.
    """

    recent_chosen = Signal(object)  # path
    report_asked = Signal()  # the user asked to save a report of the last crash
    return_asked = Signal()  # the user asked to return to the place of the last session

    def __init__(self, logo: QPixmap, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        picture = QLabel(self)
        picture.setPixmap(logo)
        title = text_label("SkillViewer", self, letters="brand")
        self._subtitle = self._muted_text(SUBTITLE)
        titles = add_all(vertical(spacing=4), title, self._subtitle)
        head = add_all(horizontal(spacing=16), picture, growing(titles))
        self.videos_button = self._button(actions["open_videos"], primary=False)
        new_study_button = self._button(actions["new_study"], primary=False)
        import_ratings_button = self._button(actions["import_ratings"], primary=False)
        self.cards = (
            self._card(
                "Look at my videos",
                "A model scores them. The models included know one simulated task.",
                self.videos_button,
            ),
            self._card("Rank them", "Make a study, and judge its videos in pairs.", new_study_button),
            self._card("Train on ratings", "Learn from a spreadsheet of ratings.", import_ratings_button),
        )
        self._card_layout = add_all(horizontal(spacing=CARD_GAP_PX), *(growing(card) for card in self.cards))
        self.sample_button = self._button(actions["open_sample"], primary=True)
        hint = "Or drop files here: videos, folders, studies, tables of ratings, timelines of ELAN or BORIS, models."
        row = add_all(horizontal(spacing=16), self.sample_button, growing(self._muted_text(hint)))
        self._start_column = add_all(vertical(spacing=16), self._card_layout, row)
        self._make_offers()
        self._recent_heading = text_label("Recent", self, heading=True)
        self._recent_column = vertical(spacing=2)
        self._recent_buttons: dict[Path, QPushButton] = {}
        self._content = QWidget(self)
        column = vertical(self._content, margins=NO_MARGINS, spacing=8)
        add_all(
            column, GrowingSpace(factor=2), head, Spacing(16), self._start_column, self.return_offer, self.report_offer
        )
        add_all(column, Spacing(16), self._recent_heading, self._recent_column, GrowingSpace(factor=3))
        outer_row = horizontal(self, margins=(MARGIN_PX, MARGIN_PX, MARGIN_PX, MARGIN_PX))
        add_all(outer_row, GrowingSpace(), growing(self._content, factor=1000), GrowingSpace())
        self.set_recent(())
        self._fit()

    def _muted_text(self, text: str) -> QLabel:
        return text_label(text, self, wrap=True, muted=True)

    def _card(self, title: str, about: str, button: QPushButton) -> QFrame:
        box = QFrame(self)
        box.setProperty("card", True)
        column = vertical(box, margins=(16, 12, 16, 12), spacing=6)
        about_label = self._muted_text(about)
        about_label.setAlignment(Qt.AlignmentFlag.AlignTop)
        add_all(column, text_label(title, box, heading=True), growing(about_label))
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        return box

    def _make_offers(self) -> None:
        self.return_offer = QWidget(self)
        return_layout = vertical(self.return_offer, margins=(0, 16, 0, 0), spacing=8)
        self._offer_text = text_label("", self.return_offer, wrap=True, plain=True)
        self.continue_button = push_button("Continue where you left off", self.return_offer, self.return_asked)
        add_all(return_layout, self._offer_text, aligned(self.continue_button, Qt.AlignmentFlag.AlignLeft))
        self.return_offer.hide()
        self.report_offer = QWidget(self)
        report_layout = vertical(self.report_offer, margins=(0, 16, 0, 0), spacing=8)
        text = "SkillViewer crashed last time. A report helps to find the cause: it has no names, and nothing is sent."
        save = push_button("Save report…", self.report_offer, self.report_asked)
        add_all(
            report_layout, text_label(text, self.report_offer, wrap=True), aligned(save, Qt.AlignmentFlag.AlignLeft)
        )
        self.report_offer.hide()

    def _button(self, action: QAction, *, primary: bool) -> QPushButton:
        button = push_button(without_mnemonic(action.text()), self, action.trigger, primary=primary)
        button.setVisible(action.isEnabled())
        action.enabledChanged.connect(button.setVisible)
        return button

    def offer_return(self, title: str, time_text: str) -> None:
        """Offer to return to the last session.

        Args:
            title: Title of its study.
            time_text: Date and time of its last record.
        """
        text = "SkillViewer did not close properly last time ({}, {}). All votes and notes are kept."
        self._offer_text.setText(text.format(printable(title), time_text))
        self.return_offer.show()

    def withdraw_return_offer(self) -> None:
        """Hide the offer to return to the last session."""
        self.return_offer.hide()

    def offer_report(self) -> None:
        """Offer to save a report of the crash of the last session."""
        self.report_offer.show()

    def set_recent(self, paths: tuple[Path, ...]) -> None:
        """List recent files and folders."""
        for button in self._recent_buttons.values():
            self._recent_column.removeWidget(button)
            button.deleteLater()
        self._recent_heading.setVisible(bool(paths))
        self._recent_buttons.clear()
        for path in paths[:MAX_RECENT]:
            button = self._recent_button(path)
            self._recent_buttons[path] = button
            self._recent_column.addWidget(button)
        self._shorten_recent()

    def _recent_button(self, path: Path) -> QPushButton:
        button = QPushButton(self)
        button.setProperty("flat", True)
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        path_text = printable(str(path))
        button.setToolTip(as_tip(path_text))
        button.setAccessibleName(path_text)
        button.clicked.connect(partial(self.recent_chosen.emit, path))
        return button

    def set_picture(self, path: Path, picture: RGBImage | None) -> None:
        """Show the picture of a recent file, (H, W, 3) uint8, if it is still listed."""
        button = self._recent_buttons.get(path)
        if button is not None and picture is not None:
            button.setIconSize(PICTURE_PX)
            pixmap = QPixmap.fromImage(as_image(picture))
            button.setIcon(QIcon(pixmap))

    def minimumSizeHint(self) -> QSize:
        """Return the minimum size of the cards below each other, so that the window can be narrow."""
        height_px = super().minimumSizeHint().height()
        return QSize(MIN_WIDTH_PX, height_px)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if changes_sizes(event):
            self._fit()

    @property
    def _content_width_px(self) -> int:
        return min(self.contentsRect().width() - 2 * MARGIN_PX, scaled_px(CONTENT_WIDTH_PX), MAX_CONTENT_WIDTH_PX)

    def _fit(self) -> None:
        """Place the cards next to each other, or below the sample study if the page is narrow."""
        self._content.setMaximumWidth(min(scaled_px(CONTENT_WIDTH_PX), MAX_CONTENT_WIDTH_PX))
        card_width_px = max(card.minimumSizeHint().width() for card in self.cards)
        is_wide = 3 * card_width_px + 2 * CARD_GAP_PX <= self._content_width_px
        directions = QBoxLayout.Direction
        if is_wide:
            self._card_layout.setDirection(directions.LeftToRight)
            self._start_column.setDirection(directions.TopToBottom)
        else:
            self._card_layout.setDirection(directions.TopToBottom)
            self._start_column.setDirection(directions.BottomToTop)
        self._break_subtitle()
        self._shorten_recent()

    def _break_subtitle(self) -> None:
        """Break the subtitle after its first half if it does not fit into one line, so that no word stands alone."""
        available_px = self._content_width_px - LOGO_SPACE_PX
        fits = self._subtitle.fontMetrics().horizontalAdvance(SUBTITLE) <= available_px
        text = SUBTITLE if fits else SUBTITLE.replace(", ", ",\n", 1)
        self._subtitle.setText(text)

    def _shorten_recent(self) -> None:
        text_width_px = self._content_width_px - PICTURE_PX.width() - 48
        for path, button in self._recent_buttons.items():
            text = printable(f"{path.name}   {path.parent}")
            elided = button.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, text_width_px)
            button.setText(elided.replace("&", "&&"))
