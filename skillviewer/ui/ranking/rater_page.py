"""The page on which a rater says who judges."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.ranking.message_page import COLUMN_PX, MessagePage
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import add_all, with_accessible_name
from skillviewer.ui.widgets.theme import by_text

ROW_PX = 30


MAX_ROWS = 6


MAX_NAME_CHARACTERS = 1000


class RaterPage(MessagePage):
    """Asks for the rater: one of the study, or a new one."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._picked = self._shown = ""
        self._heading.setText("Who judges?")
        self.set_message(
            "You will see two videos side by side, without names or scores. Your votes are stored under the name "
            "that you give here."
        )
        self.list = QListWidget(self)
        self.list.setFixedWidth(by_text(COLUMN_PX))
        self.list.setStyleSheet("QListWidget::item { padding-left: 7px; }")  # names are aligned with the typed text
        self.list.setAccessibleName("Raters of this study")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.field = with_accessible_name(QLineEdit(self), "Name of the rater")
        self.field.setFixedWidth(by_text(COLUMN_PX))
        self.field.setMaxLength(MAX_NAME_CHARACTERS)
        self._summary = text_label("", self, wrap=True, plain=True)
        self._summary.setFixedWidth(by_text(COLUMN_PX))
        self._summary.hide()
        self._note = text_label("", self, wrap=True, plain=True, muted=True)
        self._note.setFixedWidth(by_text(COLUMN_PX))
        self._note.hide()
        self.begin = self.add_button("Begin")
        self.begin.setEnabled(False)
        add_all(self._middle, self._summary, self.list, self.field, self._note)
        self.list.itemClicked.connect(self._on_picked)
        self.list.currentItemChanged.connect(self._on_current)
        self.list.itemActivated.connect(self._on_activated)
        self.field.textChanged.connect(lambda text: self.begin.setEnabled(bool(text.strip())))
        self.field.returnPressed.connect(self._on_begin)
        self.begin.clicked.connect(self._on_begin)
        self.set_raters(())

    @property
    def summary(self) -> str:
        """Summary of the last sitting, or ""."""
        return self._summary.text()

    def set_text(self, heading: str, text: str) -> None:
        """Set the question, and what awaits the rater."""
        self._heading.setText(heading)
        self.set_message(text)

    def set_summary(self, text: str) -> None:
        """Show a summary of the last sitting, or "" for none."""
        self._summary.setText(text)
        self._summary.setVisible(bool(text))

    def set_note(self, text: str) -> None:
        """Show a remark below the name, or "" for none."""
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def set_raters(self, raters: Sequence[str]) -> None:
        """Offer the raters of the study; a name being typed stays."""
        rater_names = [str(self.list.item(i).data(Qt.ItemDataRole.UserRole)) for i in range(self.list.count())]
        if rater_names == list(raters) and self.field.text():
            return
        self.list.clear()
        for rater in raters:
            item = QListWidgetItem(printable(rater))
            item.setSizeHint(QSize(0, by_text(ROW_PX)))
            item.setData(Qt.ItemDataRole.UserRole, rater)
            self.list.addItem(item)
        self.list.setVisible(bool(raters))
        self.list.setFixedHeight(by_text(ROW_PX) * min(max(len(raters), 1), MAX_ROWS) + 4)
        text = "Choose a name above or type a new one" if raters else "Your name or initials"
        self.field.setPlaceholderText(text)

    def reset(self, name: str) -> None:
        self.field.setText(name)
        self.list.setCurrentRow(-1)

    def take_focus(self) -> None:
        self.field.setFocus()
        if not self.field.isModified():  # typing replaces the proposed name
            self.field.selectAll()

    def _on_picked(self, item: QListWidgetItem) -> None:
        self._picked = str(item.data(Qt.ItemDataRole.UserRole))
        self.field.setText(self._picked)
        self._shown = self.field.text()

    def _on_current(self, item: QListWidgetItem | None, _before: QListWidgetItem | None) -> None:
        if item is not None and self.list.hasFocus():
            self._on_picked(item)

    def _on_activated(self, item: QListWidgetItem) -> None:
        self._on_picked(item)
        self._on_begin()

    def _on_begin(self, *_: object) -> None:
        text = self.field.text()
        if text.strip():  # a field cannot show every name unchanged
            self.chosen.emit(self._picked if self._picked and text == self._shown else text.strip())
