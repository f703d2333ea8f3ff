"""Forms: rows of a label and a control, and sections with headings."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QFormLayout, QLabel, QSizePolicy, QWidget

from skillviewer.ui.widgets.labels import text_label
from skillviewer.ui.widgets.layout import GrowingSpace, add_all, as_tip, vertical
from skillviewer.ui.widgets.text_scaling import scaled_px

CONTROL_WIDTH_PX = 260
MAX_CONTROL_WIDTH_PX = 400
TEXT_MARGIN_PX = 7
MIN_NUMBER_WIDTH_PX = 90  # in a narrow form, fields are narrower than their longest possible number
ValueT = TypeVar("ValueT")
SpinBoxT = TypeVar("SpinBoxT", bound=QAbstractSpinBox)


def control_width_px() -> int:
    """Return the width of a control, which is smaller in proportion for large text, so that a form stays narrow."""
    return min(scaled_px(CONTROL_WIDTH_PX), MAX_CONTROL_WIDTH_PX)


class Form(QWidget):
    """Rows of settings, with labels at the left and controls at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        outer = vertical(self, margins=(24, 20, 24, 0))
        self._form_layout = QFormLayout()
        self._form_layout.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        self._form_layout.setFormAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._form_layout.setHorizontalSpacing(24)
        self._form_layout.setVerticalSpacing(12)
        self._form_layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self._form_layout.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)  # so that large text is not cut
        add_all(outer, self._form_layout, GrowingSpace())

    def add(self, text: str, control: QWidget, note: str = "") -> None:
        """Add a row with a label, a control, and a note below it; label and note may be empty."""
        if text:
            control.setAccessibleName(text)
        label = QLabel(text, self)
        label.setBuddy(control)
        self._form_layout.addRow(label, control)
        if note:
            self.add_note(note)

    def remove(self, control: QWidget) -> None:
        """Remove the row of a control, and the control."""
        self._form_layout.removeRow(control)

    def show_note(self, note: QLabel, text: str) -> None:
        """Show a note with another text, or hide its row if the text is empty."""
        note.setText(text)
        self._form_layout.setRowVisible(note, bool(text))

    def add_note(self, text: str = "") -> QLabel:
        note = text_label(text, self, muted=True, wrap=True)
        note.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
        self._form_layout.addRow(QLabel(self), note)
        return note

    def choice(
        self, options: Sequence[tuple[ValueT, str]], value: ValueT, on_choice: Callable[[ValueT], object]
    ) -> QComboBox:
        """Return a combo box.

        Args:
            options: The choices, each as (value, text).
            value: Value of the choice that is selected at first.
            on_choice: Called with the value that the user chooses.
        """
        box = QComboBox(self)
        offer(box, options, value)
        values = [option for option, _ in options]

        def on_activated(index: int) -> None:
            # Qt returns enums as text, so the values given are preferred; later ones were offered by ``offer``.
            chosen_value = values[index] if index < len(values) else box.itemData(index)
            on_choice(chosen_value)

        box.activated.connect(on_activated)
        box.setMinimumWidth(control_width_px())
        box.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        return box


class NamedLines(QFormLayout):
    """Lines of text, each with a muted name at the left.

    Args:
        gap_px: Vertical space between lines.
    """

    def __init__(self, gap_px: int) -> None:
        super().__init__()
        self._labels: list[tuple[QLabel, QLabel]] = []
        self.setHorizontalSpacing(24)
        self.setVerticalSpacing(gap_px)

    def setGeometry(self, rect: QRect) -> None:
        """Lay the lines out for this width. Qt would keep outdated heights if their sum is equal.

        Asking for two heights makes Qt compute them again. `invalidate` would request another layout, and so repeat
        itself without end.
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
        """Add a line, and return the label of its text. A tooltip equal to the text is not shown."""
        label = text_label(name, self.parentWidget(), muted=True)
        label.setAlignment(Qt.AlignmentFlag.AlignTop)
        field = text_label(text, self.parentWidget(), wrap=True, plain=True)
        if tip != text:
            field.setToolTip(as_tip(tip))
        self.addRow(label, field)
        self._labels.append((label, field))
        return field


def offer(box: QComboBox, options: Sequence[tuple[object, str]], value: object) -> None:
    """Replace the choices of a combo box, each given as (value, text), and select a choice by its value."""
    box.clear()
    for option, text in options:
        box.addItem(text, option)
    choose(box, value)


def choose(box: QComboBox, value: object) -> None:
    """Select the choice with a value. Enums are compared by their values, because Qt returns them as text."""
    values = [box.itemData(index) for index in range(box.count())]
    index = values.index(value) if value in values else -1
    box.setCurrentIndex(index)


def indented(box: SpinBoxT) -> SpinBoxT:
    """Indent the number of a spin box like the text of other fields; Qt ignores the padding in its style sheet."""
    box.lineEdit().setTextMargins(TEXT_MARGIN_PX, 0, 0, 0)
    box.setMinimumWidth(scaled_px(MIN_NUMBER_WIDTH_PX))
    return box


class Section(QWidget):
    """A section with a heading. A ``wide`` section has no margins at its sides."""

    def __init__(self, title: str, parent: QWidget | None = None, *, wide: bool = False) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setAccessibleName(title)
        side_margin = 0 if wide else 12
        self.column = vertical(self, margins=(side_margin, 16, side_margin, 0), spacing=6)
        heading = text_label(title, self, heading=True, wrap=True)
        if wide:
            heading.setContentsMargins(12, 0, 12, 0)
        self.column.addWidget(heading)
