"""The form of a rubric: items with a button for each step, one of them marked, rated by keys or by the mouse."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QToolButton, QWidget

from skillviewer.core.ratings.rubric import Rubric, RubricItem
from skillviewer.core.text import printable
from skillviewer.ui.widgets.flow_layout import FlowLayout
from skillviewer.ui.widgets.labels import WrappingLabel, text_label
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, as_tip, vertical, with_accessible_name

CANNOT_KEY = "N"
"""Key for an item that cannot be judged."""


class _StepButton(QToolButton):
    """A button that the space bar presses instead of playing the video."""

    def event(self, event: QEvent) -> bool:
        """Claim the space bar before shortcuts do."""
        is_space = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Space
        if is_space and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)


class RubricItemRow(QFrame):
    """One item: its name, its steps as buttons, and the anchors while it is marked."""

    step_chosen = Signal(object)  # a step, or None for an item that cannot be judged
    pressed = Signal()  # the mouse was pressed outside the buttons

    def __init__(self, item: RubricItem, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.item = item
        self.setProperty("rubric-item", True)
        name = text_label(printable(item.name), self, heading=True, plain=True, wrap=True)
        self.question_label = WrappingLabel(self, muted=True)
        self.question_label.set_plain(item.question)
        self.question_label.setVisible(bool(item.question))
        step_area = QWidget(self)
        step_layout = FlowLayout(step_area, gap_px=4)
        self.buttons: dict[float | None, QToolButton] = {}  # by step; None for an item that cannot be judged
        for step, key in zip(item.steps, item.keys, strict=True):
            text = f"{step:g}" if key == f"{step:g}" else f"{key}   {step:g}"
            anchor = printable(item.anchor(step))
            accessible_name = f"{item.name}: {step:g}, {anchor}" if anchor else f"{item.name}: {step:g}"
            button = self._add_button(text, step, accessible_name)
            button.setToolTip(as_tip(anchor))
            step_layout.addWidget(button)
        cannot_button = self._add_button(f"{CANNOT_KEY}   cannot judge", None, f"{item.name}: cannot be judged")
        step_layout.addWidget(cannot_button)
        self.anchors_label = WrappingLabel(self, muted=True)
        lines = [f"{anchor.step:g} – {anchor.text}" for anchor in item.anchors]
        self.anchors_label.setText("\n".join(map(printable, lines)))
        self.anchors_label.hide()
        add_all(
            vertical(self, margins=(12, 6, 8, 6), spacing=4), name, self.question_label, step_area, self.anchors_label
        )

    def _add_button(self, text: str, step: float | None, accessible_name: str) -> QToolButton:
        button = with_accessible_name(_StepButton(self), printable(accessible_name))
        button.setText(text)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setCheckable(True)
        button.setMinimumWidth(button.fontMetrics().horizontalAdvance("000"))
        button.setProperty("chip", True)
        button.clicked.connect(partial(self.step_chosen.emit, step))
        self.buttons[step] = button
        return button

    def show_answer(self, answer: float | None, *, is_answered: bool) -> None:
        """Check the button of an answer; None is for an item that cannot be judged."""
        for step, button in self.buttons.items():
            button.setChecked(is_answered and step == answer)

    def set_current(self, *, current: bool) -> None:
        """Mark the item and show its anchors, or remove both."""
        if bool(self.property("current")) != current:
            self.setProperty("current", current)
            self.style().unpolish(self)
            self.style().polish(self)
        self.anchors_label.setVisible(current and bool(self.item.anchors))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.pressed.emit()
        super().mousePressEvent(event)


class RubricForm(QWidget):
    """All items of a rubric; keys rate the marked item."""

    changed = Signal()  # the answers have changed
    current_changed = Signal()  # another item is marked

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rubric: Rubric | None = None
        self.rows: list[RubricItemRow] = []
        self._answers_by_item: dict[str, float | None] = {}  # by item; None if the item cannot be judged
        self.current_index = 0  # index of the marked item
        self._column = vertical(self, margins=NO_MARGINS, spacing=2)
        self._column.addStretch(1)

    @property
    def n_open(self) -> int:
        """Number of items without an answer."""
        return len(self.rows) - len(self._answers_by_item)

    @property
    def answers(self) -> dict[str, float]:
        """Ratings by item, without items that cannot be judged."""
        return {name: step for name, step in self._answers_by_item.items() if step is not None}

    def show_rubric(self, rubric: Rubric | None) -> None:
        """Show the items of a rubric, without answers."""
        if rubric != self.rubric:
            self.rubric = rubric
            for row in self.rows:
                self._column.removeWidget(row)
                row.deleteLater()
            self.rows = []
            items = rubric.items if rubric is not None else ()
            for index, item in enumerate(items):
                row = RubricItemRow(item, self)
                row.step_chosen.connect(partial(self.answer, index))
                row.pressed.connect(partial(self.mark, index))
                self._column.insertWidget(index, row)
                self.rows.append(row)
        self.clear()

    def clear(self) -> None:
        """Remove all answers, and mark the first item."""
        self._answers_by_item = {}
        self._show_answers()
        self.mark(0)

    def restore(self, answers: Mapping[str, float]) -> None:
        """Show the answers of an earlier form, in which items without an answer could not be judged."""
        self._answers_by_item = {row.item.name: answers.get(row.item.name) for row in self.rows}
        self._show_answers()
        self.mark(0)

    def mark(self, index: int) -> None:
        """Mark an item; the index is clamped to the items."""
        self.current_index = min(max(index, 0), max(len(self.rows) - 1, 0))
        for row_index, row in enumerate(self.rows):
            row.set_current(current=row_index == self.current_index)
        self.current_changed.emit()

    def answer(self, index: int, step: float | None) -> None:
        """Rate an item, and mark the next one; after the last item, mark the first without an answer.

        Args:
            index: Index of the item.
            step: The rating, or None if the item cannot be judged.
        """
        self._answers_by_item[self.rows[index].item.name] = step
        self._show_answers()
        if index + 1 < len(self.rows):
            self.mark(index + 1)
        else:
            open_indices = [i for i, row in enumerate(self.rows) if row.item.name not in self._answers_by_item]
            marked_index = open_indices[0] if open_indices else index
            self.mark(marked_index)

    def _show_answers(self) -> None:
        for row in self.rows:
            name = row.item.name
            row.show_answer(self._answers_by_item.get(name), is_answered=name in self._answers_by_item)
        self.changed.emit()

    def take_key(self, event: QKeyEvent) -> bool:
        """Rate an item or mark another one by a key; return whether the key has a meaning here."""
        if not self.rows or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        row = self.rows[self.current_index]
        text = event.text().upper()
        if event.key() in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self.mark(self.current_index + step)
        elif event.isAutoRepeat():
            return text in row.item.keys
        elif text and text in row.item.keys:
            self.answer(self.current_index, row.item.steps[row.item.keys.index(text)])
        elif text == CANNOT_KEY:
            self.answer(self.current_index, None)
        else:
            return False
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take keys before the scroll area does."""
        if not self.take_key(event):
            super().keyPressEvent(event)
