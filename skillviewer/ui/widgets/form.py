"""A page of settings: labels at the left, controls at the right, and a muted sentence under what needs one."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QSizePolicy, QWidget

from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import add_all, as_tip, vertical
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
        self, options: Sequence[tuple[ValueT, str]], value: ValueT, on_choice: Callable[[ValueT], object]
    ) -> QComboBox:
        """Return a box in which the user chooses one of several (value, words), at first ``value``."""
        box = QComboBox(self)
        offer(box, options, value)
        values = [option for option, _ in options]  # Qt would give enums back as text
        box.activated.connect(lambda index: on_choice(values[index] if index < len(values) else box.itemData(index)))
        box.setMinimumWidth(by_text(CONTROL_PX))
        box.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        return box


class NamedLines(QFormLayout):
    """Texts, each with its muted name at the left; ``gap_px`` lies between them."""

    def __init__(self, gap_px: int) -> None:
        super().__init__()
        self._labels: list[tuple[QLabel, QLabel]] = []
        self.setHorizontalSpacing(24)
        self.setVerticalSpacing(gap_px)

    def setGeometry(self, rect: QRect) -> None:
        """Place the lines by their heights at this width: Qt keeps those of an earlier width if the sum is equal.

        Two questions for heights make Qt compute them again. `invalidate` would, too, but it asks for another layout,
        which comes back here: without end, and with all of a processor.
        """
        self.heightForWidth(rect.width() + 1)
        self.heightForWidth(rect.width())
        super().setGeometry(rect)

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
    values = [box.itemData(index) for index in range(box.count())]
    box.setCurrentIndex(values.index(value) if value in values else -1)


TEXT_MARGIN_PX = 7
MIN_PX = 90  # in a narrow form the fields are narrower than the longest number that they could hold


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
