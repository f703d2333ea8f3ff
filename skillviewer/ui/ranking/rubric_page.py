"""The page on which a rubric is chosen: a template, a file, or items of one's own."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from skillviewer.core.errors import DatasetError
from skillviewer.core.ratings.rubric import Anchor, Rubric, RubricItem
from skillviewer.core.ratings.rubric_templates import TEMPLATES
from skillviewer.core.text import printable
from skillviewer.data.study.rating_forms import DEFAULT_REPEAT_SHARE, RatingPlan
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.form import choose
from skillviewer.ui.widgets.labels import WrappingLabel, text_label
from skillviewer.ui.widgets.layout import (
    GrowingSpace,
    add_all,
    growing,
    horizontal,
    push_button,
    vertical,
    with_accessible_name,
)

REPEAT_SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)
COLUMNS = ("Item", "Lowest", "Highest", "Lowest means", "Middle means", "Highest means")
DRAFT_QUESTION = "The rubric was changed and is neither in use nor saved. Discard the changes?"
OWN_RUBRIC = "own"
"""Data of the entry of the box for a rubric that is no template."""


def middle_step(item: RubricItem) -> float | None:
    """Return the middle step of an item, or None if their number is even."""
    steps = item.steps
    return steps[len(steps) // 2] if len(steps) % 2 else None


def fits_table(rubric: Rubric) -> bool:
    """Return True if a table of items with three anchors can show all of a rubric."""
    return all(_fits_row(item) for item in rubric.items)


def _fits_row(item: RubricItem) -> bool:
    if item.step != 1 or item.question or item.less_is_better:
        return False
    shown_steps = {item.low, middle_step(item), item.high}
    return all(anchor.step in shown_steps for anchor in item.anchors)


class RubricPage(QWidget):
    """Shows a rubric as a table, in which it can be changed until videos are rated by it."""

    chosen = Signal(object, float)  # ``Rubric`` to use, and the share of videos that are repeated
    open_asked = Signal()  # a rubric file is to be opened
    save_asked = Signal(object)  # ``Rubric`` to write as a file
    left = Signal()  # the user leaves the page; the rubric is unchanged

    def __init__(self, dialogs: Dialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.dialogs = dialogs
        self._rubric = TEMPLATES["osats"]
        self._is_filling = False  # true while the program fills the fields
        self._has_draft = False
        heading = text_label("What are videos rated by?", self, letters="page")
        about = WrappingLabel(self, muted=True)
        about.set_plain(
            "A rubric has items, each with steps and their meaning in words. Choose a template and change it, or open "
            "a file. It stays as it is once a video is rated by it."
        )
        self.template_box = with_accessible_name(QComboBox(self), "Rubric to begin with")
        for name, rubric in TEMPLATES.items():
            self.template_box.addItem(rubric.name, name)
        self.template_box.addItem("Own rubric", OWN_RUBRIC)
        self.open_button = push_button("Open a rubric file…", self, self.open_asked)
        self.name_edit = with_accessible_name(QLineEdit(self), "Name of the rubric")
        self.total_edit = with_accessible_name(QLineEdit(self), "Name of the sum")
        self.total_edit.setPlaceholderText("name of the sum, or empty for none")
        self.item_table = self._make_table()
        self.source_label = WrappingLabel(self, muted=True)
        self.add_button = push_button("Add an item", self, self._on_add)
        self.remove_button = push_button("Remove the item", self, self._on_remove)
        self.repeats_box = with_accessible_name(QComboBox(self), "Videos that come twice")
        for share in REPEAT_SHARES:
            share_text = f"{100 * share:g} % of the videos come twice" if share else "no video comes twice"
            self.repeats_box.addItem(share_text, share)
        self.message_label = text_label("", self, wrap=True, warns=True, plain=True)
        self.use_button = push_button("Use this rubric", self, self._on_use, primary=True)
        self.save_button = push_button("Save as a file…", self, self._on_save)
        self.back_button = push_button("Back", self, self._on_back)
        template_row = add_all(horizontal(spacing=8), growing(self.template_box), self.open_button)
        name_row = add_all(horizontal(spacing=8), growing(self.name_edit, factor=2), growing(self.total_edit))
        edit_row = add_all(horizontal(spacing=8), self.add_button, self.remove_button, GrowingSpace(), self.repeats_box)
        last_row = add_all(horizontal(spacing=8), self.use_button, self.save_button, self.back_button, GrowingSpace())
        column = vertical(self, margins=(24, 16, 24, 16), spacing=8)
        add_all(column, heading, about, template_row, name_row, growing(self.item_table), self.source_label)
        add_all(column, edit_row, self.message_label, last_row)
        self.template_box.activated.connect(self._on_template)
        self.item_table.itemChanged.connect(self._on_edited)
        self.name_edit.textEdited.connect(self._on_edited)
        self.total_edit.textEdited.connect(self._on_edited)
        self.show_plan(None, 0)

    def _make_table(self) -> QTableWidget:
        table = with_accessible_name(QTableWidget(0, len(COLUMNS), self), "Items of the rubric")
        table.setHorizontalHeaderLabels(list(COLUMNS))
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.setWordWrap(True)
        table.setTabKeyNavigation(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = table.horizontalHeader()
        resize_modes = QHeaderView.ResizeMode
        header.setSectionResizeMode(resize_modes.Stretch)
        header.setSectionResizeMode(0, resize_modes.Interactive)
        header.setSectionResizeMode(1, resize_modes.ResizeToContents)
        header.setSectionResizeMode(2, resize_modes.ResizeToContents)
        table.setColumnWidth(0, 180)
        return table

    def show_plan(self, plan: RatingPlan | None, n_rated: int) -> None:
        """Show the rubric of the study, or a template if it has none.

        Args:
            plan: Rubric and share of repeated videos of the study.
            n_rated: Number of videos rated by the rubric, which is locked if there are any.
        """
        rubric = plan.rubric if plan is not None else TEMPLATES["osats"]
        self.show_rubric(rubric)
        repeat_share = plan.repeat_share if plan is not None else DEFAULT_REPEAT_SHARE
        choose(self.repeats_box, min(REPEAT_SHARES, key=lambda share: abs(share - repeat_share)))
        is_locked = n_rated > 0
        for widget in (self.template_box, self.open_button):
            widget.setEnabled(not is_locked)
        if is_locked:
            self._set_editable(editable=False)
            self.message_label.setText(f"{n_rated} videos are rated by this rubric: its items and words stay.")
        self.back_button.setVisible(plan is not None)

    def show_rubric(self, rubric: Rubric) -> None:
        """Show a rubric in the table."""
        self._is_filling = True
        self._rubric = rubric
        self._has_draft = False
        template_name = next((name for name, template in TEMPLATES.items() if template == rubric), OWN_RUBRIC)
        self.template_box.setCurrentIndex(self.template_box.findData(template_name))
        self.name_edit.setText(rubric.name)
        self.total_edit.setText(rubric.total)
        self.item_table.setRowCount(0)
        for item in rubric.items:
            middle = middle_step(item)
            middle_anchor = "" if middle is None else item.anchor(middle)
            anchors = [item.anchor(item.low), middle_anchor, item.anchor(item.high)]
            self._add_row([item.name, f"{item.low:g}", f"{item.high:g}", *anchors])
        source_text = f"Source: {rubric.source}." if rubric.source else ""
        self.source_label.set_plain(*(text for text in (source_text, rubric.note) if text))
        is_editable = fits_table(rubric)
        self._set_editable(editable=is_editable)
        message = "" if is_editable else "This rubric has more than the table shows: change it in its file."
        self.message_label.setText(message)
        self._is_filling = False

    def _set_editable(self, *, editable: bool) -> None:
        triggers = QAbstractItemView.EditTrigger
        edit_triggers = triggers.NoEditTriggers
        if editable:
            edit_triggers = triggers.DoubleClicked | triggers.EditKeyPressed | triggers.AnyKeyPressed
        self.item_table.setEditTriggers(edit_triggers)
        for button in (self.add_button, self.remove_button):
            button.setEnabled(editable)
        for line_edit in (self.name_edit, self.total_edit):
            line_edit.setReadOnly(not editable)

    def _add_row(self, cells: Sequence[str]) -> None:
        row = self.item_table.rowCount()
        self.item_table.insertRow(row)
        for column, text in enumerate(cells):
            self.item_table.setItem(row, column, QTableWidgetItem(text))

    @property
    def has_draft(self) -> bool:
        """True if the rubric was changed here and neither used nor saved since."""
        return self._has_draft

    def may_discard_draft(self) -> bool:
        """Return True if the rubric is unchanged, or the user agrees to discard the changes."""
        return not self._has_draft or self.dialogs.confirm(self, DRAFT_QUESTION, "Discard the changes")

    def _on_back(self) -> None:
        if self.may_discard_draft():
            self._has_draft = False
            self.left.emit()

    def take_focus(self) -> None:
        """Give the focus to the choice of rubrics."""
        self.template_box.setFocus(Qt.FocusReason.OtherFocusReason)

    def edited_rubric(self) -> Rubric:
        """Return the rubric as the table shows it.

        Raises:
            DatasetError: An entry of the table is invalid.
        """
        if not fits_table(self._rubric) or not self._is_own_rubric():
            return self._rubric
        items = tuple(self._item_of_row(row) for row in range(self.item_table.rowCount()))
        has_same_items = [item.name for item in items] == [item.name for item in self._rubric.items]
        source = self._rubric.source if has_same_items else ""
        return Rubric(self.name_edit.text().strip(), items, self.total_edit.text().strip(), source)

    def _item_of_row(self, row: int) -> RubricItem:
        name, low, high, *anchor_texts = (self._cell_text(row, column) for column in range(len(COLUMNS)))
        item = RubricItem(name, self._number_from(name, low), self._number_from(name, high))
        steps = (item.low, middle_step(item), item.high)
        anchors = tuple(
            Anchor(step, text) for step, text in zip(steps, anchor_texts, strict=True) if step is not None and text
        )
        return RubricItem(name, item.low, item.high, step=1.0, question="", anchors=anchors)

    def _is_own_rubric(self) -> bool:
        return bool(self.template_box.currentData() == OWN_RUBRIC)

    def _cell_text(self, row: int, column: int) -> str:
        cell = self.item_table.item(row, column)
        return " ".join(cell.text().split()) if cell is not None else ""

    @staticmethod
    def _number_from(name: str, text: str) -> float:
        """Return one end of the steps of an item as a number."""
        try:
            return float(text.replace(",", "."))
        except ValueError as error:
            raise DatasetError(f"“{name}” has the end “{text}”, which is no number.") from error

    def _on_template(self, _index: int) -> None:
        name = self.template_box.currentData()
        if name == OWN_RUBRIC:
            return
        if self.may_discard_draft():
            self.show_rubric(TEMPLATES[name])
        else:
            self.template_box.setCurrentIndex(self.template_box.findData(OWN_RUBRIC))

    def _on_edited(self, *_: object) -> None:
        if not self._is_filling:
            self._has_draft = True
            self.template_box.setCurrentIndex(self.template_box.findData(OWN_RUBRIC))
            self.message_label.clear()

    def _on_add(self) -> None:
        self._add_row([f"item {self.item_table.rowCount() + 1}", "1", "5", "", "", ""])
        self._on_edited()
        self.item_table.setCurrentCell(self.item_table.rowCount() - 1, 0)
        self.item_table.editItem(self.item_table.currentItem())

    def _on_remove(self) -> None:
        row = self.item_table.currentRow()
        if row >= 0:
            self.item_table.removeRow(row)
            self._on_edited()

    def _valid_rubric(self) -> Rubric | None:
        """Return the rubric of the table, or show why it is invalid and return None."""
        try:
            return self.edited_rubric()
        except DatasetError as error:
            self.message_label.setText(printable(str(error)))
            return None

    def _on_use(self) -> None:
        rubric = self._valid_rubric()
        if rubric is not None:
            self._has_draft = False
            self.chosen.emit(rubric, float(self.repeats_box.currentData()))

    def _on_save(self) -> None:
        rubric = self._valid_rubric()
        if rubric is not None:
            self.save_asked.emit(rubric)

    def on_saved(self) -> None:
        """Clear the mark of a draft: the rubric is in a file."""
        self._has_draft = False
