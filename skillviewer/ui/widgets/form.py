"""A page of settings: labels at the left, controls at the right, and a muted sentence under what needs one."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QFocusEvent, QMouseEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from skillviewer.ui.widgets.layout import WrappingLabel, add_all, as_tip, push_button, text_label, vertical
from skillviewer.ui.widgets.theme import by_text

CONTROL_PX = 260
ValueT = TypeVar("ValueT")


class Form(QWidget):
    """Rows of settings."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        outer = vertical(self, (24, 20, 24, 0))
        self._rows = QFormLayout()
        self._rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        self._rows.setFormAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._rows.setHorizontalSpacing(24)
        self._rows.setVerticalSpacing(12)
        self._rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self._rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)  # nothing is cut where letters are large
        add_all(outer, self._rows, 1)

    def add(self, text: str, control: QWidget, note: str = "") -> None:
        """Add a row; ``text`` is "" if the control says it itself, and a note stands under it."""
        if text:
            control.setAccessibleName(text)
        label = QLabel(text, self)
        label.setBuddy(control)
        self._rows.addRow(label, control)
        if note:
            self.add_note(note)

    def remove(self, control: QWidget) -> None:
        """Remove the row of a control, and the control."""
        self._rows.removeRow(control)

    def add_note(self, text: str = "") -> QLabel:
        note = text_label(text, self, muted=True, wrap=True)
        note.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
        self._rows.addRow(QLabel(self), note)
        return note

    def choice(
        self, options: Sequence[tuple[ValueT, str]], value: ValueT, chosen: Callable[[ValueT], object]
    ) -> QComboBox:
        """Return a box in which the user chooses one of several (value, words), at first ``value``."""
        box = QComboBox(self)
        offer(box, options, value)
        values = [option for option, _ in options]  # Qt would give enums back as text
        box.activated.connect(lambda at: chosen(values[at] if at < len(values) else box.itemData(at)))
        box.setMinimumWidth(by_text(CONTROL_PX))
        box.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        return box


class DiscardButton(QPushButton):
    """Discards at its second press where ``asks`` is True: a training may have taken hours."""

    def __init__(self, text: str, parent: QWidget, discard: Callable[[], object], tip: str = "") -> None:
        super().__init__(parent)
        self._text, self._discard, self._tip = text, discard, tip
        self.asks = True
        self.clicked.connect(self._on_click)
        self.reset()

    def reset(self, *, sure: bool = False) -> None:
        """Let the next press be the first one, or where ``sure`` the second one."""
        self._sure = sure
        self.setText("Discard for good" if sure else self._text)
        self.setToolTip("Press again to remove the files." if sure else self._tip)

    def _on_click(self) -> None:
        certain = self._sure or not self.asks
        self.reset(sure=not certain)
        if certain:
            self._discard()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.reset()
        super().focusOutEvent(event)


class NamedLines(QFormLayout):
    """Texts, each with its muted name at the left; ``gap_px`` lies between them."""

    def __init__(self, gap_px: int) -> None:
        super().__init__()
        self._labels: list[tuple[QLabel, QLabel]] = []
        self.setHorizontalSpacing(24)
        self.setVerticalSpacing(gap_px)

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Name and text of each line."""
        return [(name.text(), text.text()) for name, text in self._labels]

    def clear(self) -> None:
        self._labels.clear()
        while self.rowCount():
            self.removeRow(0)

    def add(self, name: str, text: str, tip: str = "") -> QLabel:
        """Add a line; return the label of its text. A tip that only repeats the text is not shown."""
        label = text_label(name, self.parentWidget(), muted=True)
        label.setAlignment(Qt.AlignmentFlag.AlignTop)
        field = text_label(text, self.parentWidget(), wrap=True, plain=True)
        field.setToolTip(as_tip(tip) if tip != text else "")
        self.addRow(label, field)
        self._labels.append((label, field))
        return field


def offer(box: QComboBox, options: Sequence[tuple[object, str]], value: object) -> None:
    """Offer other (value, words), and choose one of the values."""
    box.clear()
    for option, text in options:
        box.addItem(text, option)
    choose(box, value)


def choose(box: QComboBox, value: object) -> None:
    """Show a value as the chosen one; enums are looked up by value, for Qt gives them back as text."""
    values = [box.itemData(at) for at in range(box.count())]
    box.setCurrentIndex(values.index(value) if value in values else -1)


TEXT_MARGIN_PX = 7
MIN_PX = 90  # in a narrow form the fields are narrower than the longest number that they could hold

Box = TypeVar("Box", bound=QAbstractSpinBox)


def indented(box: Box) -> Box:
    """Let a number begin where the text of other fields does: Qt ignores the left padding of a style sheet."""
    box.lineEdit().setTextMargins(TEXT_MARGIN_PX, 0, 0, 0)
    box.setMinimumWidth(by_text(MIN_PX))
    return box


class ExclusiveMenu(QMenu):
    """A menu whose entries exclude each other."""

    def __init__(
        self,
        title: str,
        options: Sequence[tuple[object, str]],
        parent: QWidget,
        choose: Callable[[Any], object],
        value: object = None,
    ) -> None:
        super().__init__(title, parent)
        self._group = QActionGroup(self)
        self._group.triggered.connect(self._on_triggered)
        self._choose, self._value = choose, value
        self._entries: dict[object, QAction] = {}
        self.set_options(options)

    def set_options(self, options: Sequence[tuple[object, str]]) -> None:
        for action in self._entries.values():
            self._group.removeAction(action)
            self.removeAction(action)
            action.deleteLater()
        self._entries = {value: self.addAction(text.replace("&", "&&")) for value, text in options}
        for action in self._entries.values():
            action.setCheckable(True)
            self._group.addAction(action)
        self.set_value(self._value)

    def set_value(self, value: object) -> None:
        """Mark the entry of a value."""
        self._value = value
        for option, action in self._entries.items():
            action.setChecked(option == value)

    def _on_triggered(self, action: QAction) -> None:
        self._value = next(value for value, entry in self._entries.items() if entry is action)
        self._choose(self._value)


class Section(QWidget):
    """A section with a heading."""

    def __init__(self, title: str, parent: QWidget | None = None, *, wide: bool = False) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setAccessibleName(title)
        side = 0 if wide else 12
        self.column = vertical(self, (side, 16, side, 0), 6)
        heading = text_label(title, self, heading=True, wrap=True)
        if wide:
            heading.setContentsMargins(12, 0, 12, 0)
        self.column.addWidget(heading)


class EmptyState(QWidget):
    """A sentence with a button, or with a progress bar."""

    pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = vertical(self, (12, 8, 12, 12), 8)
        self.message = WrappingLabel(self, muted=True)
        column.addWidget(self.message)
        self.progress = QProgressBar(self)
        self.progress.setTextVisible(False)
        column.addWidget(self.progress)
        row = QHBoxLayout()
        self.button = push_button("", self, self.pressed)
        add_all(row, self.button, 1)
        add_all(column, row, 1)

    def show_state(self, message: str, button: str = "", progress: tuple[int, int] | None = None) -> None:
        """Show a sentence, a button unless "", and progress (done and total, 0 if not known) unless None."""
        self.message.set_plain(message)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self.progress.setVisible(progress is not None)
        if progress is not None:
            self.progress.setAccessibleName(message)
            self.progress.setRange(0, progress[1])
            self.progress.setValue(progress[0])


class NothingOpen(QWidget):
    """The page of a screen that needs a study while none is open: a sentence with a button below it."""

    def __init__(self, text: str, action: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        column = vertical(self, spacing=16)
        column.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label = text_label(text, self, wrap=True, muted=True)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        button = push_button(action.iconText(), self, action.trigger)
        add_all(column, label, (button, 0, Qt.AlignmentFlag.AlignCenter))
