"""The page on which raters enter their names."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.ranking.message_page import MessagePage
from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import add_all, with_accessible_name
from skillviewer.ui.widgets.text_scaling import scaled_px

ROW_PX = 30
MAX_ROWS = 6  # rows of the list without scrolling
MAX_NAME_CHARACTERS = 1000


class RaterPage(MessagePage):
    """Asks for the rater: a known rater of the study, or a new name."""

    chosen = Signal(str)  # name of the rater

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Who judges?", parent)
        self._picked_name = ""  # name of the rater that was picked from the list
        self._picked_text = ""  # that name as the field shows it
        self.set_message(
            "You will see two videos side by side, without names or scores. Your votes are stored under the name "
            "that you give here."
        )
        self.rater_list = QListWidget(self)
        # names are aligned with the typed text
        self.rater_list.setStyleSheet("QListWidget::item { padding-left: 7px; }")
        self.rater_list.setAccessibleName("Raters of this study")
        self.rater_list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.name_edit = with_accessible_name(QLineEdit(self), "Name of the rater")
        self.name_edit.setMaxLength(MAX_NAME_CHARACTERS)
        self._summary_label = text_label("", self, wrap=True, plain=True)
        self._summary_label.hide()
        self._note_label = text_label("", self, wrap=True, plain=True, muted=True)
        self._note_label.hide()
        self.begin_button = self.add_button("Begin")
        self.begin_button.setEnabled(False)
        add_all(self._body_column, self._summary_label, self.rater_list, self.name_edit, self._note_label)
        self.rater_list.itemClicked.connect(self._pick)
        self.rater_list.currentItemChanged.connect(self._on_current_changed)
        self.rater_list.itemActivated.connect(self._on_activated)
        self.name_edit.textChanged.connect(self._on_text_changed)
        self.name_edit.returnPressed.connect(self._on_begin)
        self.begin_button.clicked.connect(self._on_begin)
        self.set_raters(())

    @property
    def summary(self) -> str:
        """Summary of the last sitting, or ""."""
        return self._summary_label.text()

    def set_text(self, heading: str, text: str) -> None:
        """Set the question, and the text that explains the sitting."""
        self._heading_label.setText(heading)
        self.set_message(text)

    def set_summary(self, text: str) -> None:
        """Show a summary of the last sitting, or "" for none."""
        self._summary_label.setText(text)
        self._summary_label.setVisible(bool(text))

    def set_note(self, text: str) -> None:
        """Show a note below the name, or "" for none."""
        self._note_label.setText(text)
        self._note_label.setVisible(bool(text))

    def set_raters(self, raters: Sequence[str]) -> None:
        """Offer the raters of the study; a name that is being typed stays."""
        list_items = [self.rater_list.item(row) for row in range(self.rater_list.count())]
        listed_raters = [str(list_item.data(Qt.ItemDataRole.UserRole)) for list_item in list_items]
        if listed_raters == list(raters) and self.name_edit.text():
            return
        self.rater_list.clear()
        for rater in raters:
            list_item = QListWidgetItem(printable(rater))
            list_item.setSizeHint(QSize(0, scaled_px(ROW_PX)))
            list_item.setData(Qt.ItemDataRole.UserRole, rater)
            self.rater_list.addItem(list_item)
        self.rater_list.setVisible(bool(raters))
        self.rater_list.setMinimumHeight(scaled_px(ROW_PX) * 3 // 2)  # half a row tells that there are more
        n_rows = min(max(len(raters), 1), MAX_ROWS)
        self.rater_list.setMaximumHeight(scaled_px(ROW_PX) * n_rows + 4)
        hint = "Choose a name above or type a new one" if raters else "Your name or initials"
        self.name_edit.setPlaceholderText(hint)

    def reset(self, name: str) -> None:
        """Propose a name, and select no rater of the list."""
        self.name_edit.setText(name)
        self.rater_list.setCurrentRow(-1)

    def take_focus(self) -> None:
        self.name_edit.setFocus()
        if not self.name_edit.isModified():  # typing replaces the proposed name
            self.name_edit.selectAll()

    def _on_text_changed(self, text: str) -> None:
        has_name = bool(text.strip())
        self.begin_button.setEnabled(has_name)

    def _pick(self, item: QListWidgetItem) -> None:
        self._picked_name = str(item.data(Qt.ItemDataRole.UserRole))
        self.name_edit.setText(self._picked_name)
        self._picked_text = self.name_edit.text()  # a field cannot show every name unchanged

    def _on_current_changed(self, item: QListWidgetItem | None, _previous: QListWidgetItem | None) -> None:
        if item is not None and self.rater_list.hasFocus():
            self._pick(item)

    def _on_activated(self, item: QListWidgetItem) -> None:
        self._pick(item)
        self._on_begin()

    def _on_begin(self, *_: object) -> None:
        text = self.name_edit.text()
        if not text.strip():
            return
        is_picked = self._picked_name != "" and text == self._picked_text
        name = self._picked_name if is_picked else text.strip()
        self.chosen.emit(name)
