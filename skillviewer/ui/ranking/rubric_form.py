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
from skillviewer.ui.widgets.layout import NONE, add_all, as_tip, vertical, with_accessible_name

CANNOT_KEY = "N"
"""Key for an item that cannot be judged."""


class StepButton(QToolButton):
    """A button that is pressed by the space bar, which elsewhere plays the video."""

    def event(self, event: QEvent) -> bool:
        """Claim the space bar before shortcuts do."""
        is_space = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Space
        if is_space and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)


class RubricItemRow(QFrame):
    """One item: its name, its steps as buttons, and the anchors while it is marked."""

    chosen = Signal(object)  # a step, or None for an item that cannot be judged
    marked = Signal()  # the mouse or the focus came to it

    def __init__(self, item: RubricItem, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.item = item
        self.setProperty("rubric-item", True)
        name = text_label(printable(item.name), self, heading=True, plain=True, wrap=True)
        self.question = WrappingLabel(self, muted=True)
        self.question.set_plain(item.question)
        self.question.setVisible(bool(item.question))
        steps = QWidget(self)
        flow = FlowLayout(steps, 4)
        self.buttons: dict[float | None, QToolButton] = {}
        for step, key in zip(item.steps, item.keys, strict=True):
            text = f"{step:g}" if key == f"{step:g}" else f"{key}   {step:g}"
            anchor = printable(item.anchor(step))
            button = self._button(text, step, f"{item.name}: {step:g}{f', {anchor}' if anchor else ''}")
            button.setToolTip(as_tip(anchor))
            flow.addWidget(button)
        flow.addWidget(self._button(f"{CANNOT_KEY}   cannot judge", None, f"{item.name}: cannot be judged"))
        self.anchors = WrappingLabel(self, muted=True)
        lines = [f"{anchor.step:g} – {anchor.text}" for anchor in item.anchors]
        self.anchors.setText("\n".join(map(printable, lines)))
        self.anchors.hide()
        add_all(vertical(self, (12, 6, 8, 6), 4), name, self.question, steps, self.anchors)

    def _button(self, text: str, step: float | None, name: str) -> QToolButton:
        button = with_accessible_name(StepButton(self), printable(name))
        button.setText(text)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setCheckable(True)
        button.setMinimumWidth(button.fontMetrics().horizontalAdvance("000"))
        button.setProperty("chip", True)
        button.clicked.connect(partial(self.chosen.emit, step))
        self.buttons[step] = button
        return button

    def show_answer(self, answer: float | None, *, answered: bool) -> None:
        """Press the button of an answer; None is for an item that cannot be judged."""
        for step, button in self.buttons.items():
            button.setChecked(answered and step == answer)

    def set_current(self, *, current: bool) -> None:
        """Mark the item, and show its anchors."""
        if bool(self.property("current")) != current:
            self.setProperty("current", current)
            self.style().unpolish(self)
            self.style().polish(self)
        self.anchors.setVisible(current and bool(self.item.anchors))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.marked.emit()
        super().mousePressEvent(event)


class RubricForm(QWidget):
    """All items of a rubric."""

    changed = Signal()  # an answer was given
    moved = Signal()  # another item is marked

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rubric: Rubric | None = None
        self.rows: list[RubricItemRow] = []
        self._answers: dict[str, float | None] = {}
        self.current = 0  # place of the marked item
        self._column = vertical(self, NONE, 2)
        self._column.addStretch(1)

    @property
    def n_open(self) -> int:
        """Number of items without an answer."""
        return len(self.rows) - len(self._answers)

    @property
    def answers(self) -> dict[str, float]:
        """Ratings by item, without items that cannot be judged."""
        return {name: step for name, step in self._answers.items() if step is not None}

    def show_rubric(self, rubric: Rubric | None) -> None:
        """Show the items of a rubric, without answers."""
        if rubric != self.rubric:
            self.rubric = rubric
            for row in self.rows:
                self._column.removeWidget(row)
                row.deleteLater()
            self.rows = []
            for index, item in enumerate(rubric.items if rubric is not None else ()):
                row = RubricItemRow(item, self)
                row.chosen.connect(partial(self.answer, index))
                row.marked.connect(partial(self.mark, index))
                self._column.insertWidget(index, row)
                self.rows.append(row)
        self.clear()

    def clear(self) -> None:
        """Forget all answers, and mark the first item."""
        self._answers = {}
        self._show()
        self.mark(0)

    def restore(self, answers: Mapping[str, float]) -> None:
        """Show the answers of an earlier form; items without one could not be judged."""
        self._answers = {row.item.name: answers.get(row.item.name) for row in self.rows}
        self._show()
        self.mark(0)

    def mark(self, row_number: int) -> None:
        """Mark an item: keys rate it."""
        self.current = min(max(row_number, 0), max(len(self.rows) - 1, 0))
        for place, row in enumerate(self.rows):
            row.set_current(current=place == self.current)
        self.moved.emit()

    def answer(self, row_number: int, step: float | None) -> None:
        """Rate an item, or say by None that it cannot be judged, and mark the next one."""
        self._answers[self.rows[row_number].item.name] = step
        self._show()
        open_items = [place for place, row in enumerate(self.rows) if row.item.name not in self._answers]
        self.mark(row_number + 1 if row_number + 1 < len(self.rows) else next(iter(open_items), row_number))

    def _show(self) -> None:
        for row in self.rows:
            name = row.item.name
            row.show_answer(self._answers.get(name), answered=name in self._answers)
        self.changed.emit()

    def take_key(self, event: QKeyEvent) -> bool:
        """Rate or move by a key; return whether the key means something here."""
        if not self.rows or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        row = self.rows[self.current]
        text = event.text().upper()
        if event.key() in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
            self.mark(self.current + (1 if event.key() == Qt.Key.Key_Down else -1))
        elif event.isAutoRepeat():
            return text in row.item.keys
        elif text and text in row.item.keys:
            self.answer(self.current, row.item.steps[row.item.keys.index(text)])
        elif text == CANNOT_KEY:
            self.answer(self.current, None)
        else:
            return False
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take keys before the area that scrolls the form does."""
        if not self.take_key(event):
            super().keyPressEvent(event)
