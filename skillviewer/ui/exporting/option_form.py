"""Form for the options of an export."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSpinBox,
    QWidget,
)

from skillviewer.core.analysis.map_style import MapStyle
from skillviewer.core.errors import ExportError
from skillviewer.core.text import printable
from skillviewer.export.options import Option, OptionKind, map_style_options, options_of, parse_frames, parse_size
from skillviewer.ui.widgets.form import indented
from skillviewer.ui.widgets.layout import NO_MARGINS, UNLIMITED_PX, add_all, vertical
from skillviewer.ui.widgets.text_scaling import scaled_px

MAX_INT = 2**31 - 1
FIELD_PX = 122
NO_ARROWS = (
    "QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 0; border: none; } "
    "QAbstractSpinBox::up-arrow, QAbstractSpinBox::down-arrow { image: none; width: 0; height: 0; }"
)
"""Style without arrows, for which the fields are too narrow; with NoButtons, Qt does not draw the field."""
_EMPTY_TEXTS = {
    "stop": "to the end",
    "frame": "the last sampled one",
    "size": "as it is",
    "frames": "evenly spread",
    "task": "the only one",
    "model": "the study's",
    "criterion": "the study's",
    "participant": "all",
    "before": "the first",
    "after": "the last",
}
"""Meaning of an empty field, by its name."""


@dataclass(slots=True)
class _Field:
    """One field of the form."""

    widget: QWidget
    read_value: Callable[[], Any]  # returns the entered value; raises an ExportError if it is invalid
    show_value: Callable[[Any], None]  # shows a value


class OptionForm(QWidget):
    """Form for the options of one exporter. Frames count from 1, as everywhere on screen."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.options_class: type[Any] | None = None
        self._fields: dict[str, _Field] = {}
        self._map_style_fields: dict[str, dict[str, _Field]] = {}  # fields of the parts of each map style
        self.setStyleSheet(NO_ARROWS)
        self._suggestions: Mapping[str, Sequence[str]] = {}
        self._form_layout = QFormLayout(self)
        self._form_layout.setContentsMargins(0, 0, 0, 0)
        self._form_layout.setVerticalSpacing(8)
        self._form_layout.setHorizontalSpacing(12)
        self._form_layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form_layout.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)

    def show_options(
        self,
        options_class: type[Any] | None,
        map_style: MapStyle,
        suggestions: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Show the options of another exporter.

        Args:
            options_class: Dataclass of the options, or None for no options.
            map_style: Style of the maps on screen, the initial value; an overlay that the options state is kept.
            suggestions: Values of text fields, by name of the field. These fields become lists to choose from, with an
                empty entry first.
        """
        self._suggestions = suggestions if suggestions is not None else {}
        while self._form_layout.rowCount():
            self._form_layout.removeRow(0)
        self.options_class = options_class
        self._fields.clear()
        self._map_style_fields.clear()
        for option in options_of(options_class):
            if option.kind is OptionKind.LOOK:
                default_style = option.default if option.default != MapStyle() else map_style
                parts = map_style_options(replace(map_style, overlay=default_style.overlay))
                self._map_style_fields[option.name] = {part.name: self._add_field(part) for part in parts}
            else:
                self._fields[option.name] = self._add_field(option)

    def options(self) -> object:
        """Return the entered options; None if the exporter has no options.

        Raises:
            ExportError: A field is invalid; the message names it.
        """
        if self.options_class is None:
            return None
        values = {name: field.read_value() for name, field in self._fields.items()}
        for name, part_fields in self._map_style_fields.items():
            values[name] = MapStyle(**{part: field.read_value() for part, field in part_fields.items()})
        return self.options_class(**values)

    def commit(self) -> None:
        """Take over numbers that are still being typed."""
        for spin in self.findChildren(QAbstractSpinBox):
            spin.interpretText()

    def set_values(self, **values: object) -> None:
        """Enter values by name of the field; names without a field are ignored."""
        for name, value in values.items():
            if name in self._fields:
                self._fields[name].show_value(value)

    def field(self, name: str) -> QWidget | None:
        field = self._fields.get(name)
        return field.widget if field is not None else None

    def has_fields(self, *names: str) -> bool:
        return all(name in self._fields for name in names)

    def _add_field(self, option: Option) -> _Field:
        suggestions = self._suggestions.get(option.name, ()) if option.kind is OptionKind.TEXT else ()
        if suggestions:
            option = _with_choices(option, suggestions)
        field = _make_field(option, self, lambda *_: self.changed.emit())
        title = option.screen_title or option.title
        # the help text is written for the command line, where frames count from 0
        hint = option.help.replace("Counted from 0; e", "E").replace("Counted from 0", "")
        field.widget.setAccessibleName(title)
        field.widget.setToolTip(hint)
        if isinstance(field.widget, QCheckBox):
            field.widget.setText(title)
            self._form_layout.addRow(field.widget)
        else:
            field.widget.setFixedWidth(scaled_px(FIELD_PX))
            label = QLabel(title, self)
            label.setToolTip(hint)
            label.setBuddy(field.widget)
            self._form_layout.addRow(label, field.widget)
        return field


def _with_choices(option: Option, suggestions: Sequence[str]) -> Option:
    """Return a text option as a choice of suggestions, after an entry for the empty text."""
    empty_text = _EMPTY_TEXTS.get(option.name, "not set")
    choices = [(empty_text[0].upper() + empty_text[1:], "")]
    choices += [(printable(value), value) for value in suggestions]
    return replace(option, kind=OptionKind.CHOICE, choices=tuple(choices))


def _make_field(option: Option, parent: QWidget, on_changed: Callable[..., None]) -> _Field:
    makers = {
        OptionKind.FLAG: _make_check_box,
        OptionKind.WHOLE: _make_integer_field,
        OptionKind.NUMBER: _make_number_field,
        OptionKind.CHOICE: _make_choice_field,
    }
    make = makers.get(option.kind, _make_text_field)
    return make(option, parent, on_changed)


def _make_check_box(option: Option, parent: QWidget, on_changed: Callable[..., None]) -> _Field:
    box = QCheckBox(parent)
    box.setChecked(bool(option.default))
    box.toggled.connect(on_changed)
    return _Field(box, box.isChecked, lambda value: box.setChecked(bool(value)))


def _make_integer_field(option: Option, parent: QWidget, on_changed: Callable[..., None]) -> _Field:
    spin = indented(QSpinBox(parent))
    offset = option.screen_offset
    low = int(option.low) if option.low is not None else -MAX_INT
    high = int(option.high) if option.high is not None else MAX_INT - 1
    lowest_shown = low + offset
    if option.optional:  # the minimum stands for None
        lowest_shown -= 1
    spin.setRange(lowest_shown, min(high + offset, MAX_INT))
    if option.unit:
        spin.setSuffix(f" {option.unit}")
    if option.optional:
        spin.setSpecialValueText(_EMPTY_TEXTS.get(option.name, "–"))

    def read() -> int | None:
        if option.optional and spin.value() == spin.minimum():
            return None
        return spin.value() - offset

    def write(value: Any) -> None:  # noqa: ANN401 - an int or None
        shown_number = spin.minimum() if value is None else int(value) + offset
        spin.setValue(shown_number)

    write(option.default)
    spin.setKeyboardTracking(False)
    spin.valueChanged.connect(on_changed)
    return _Field(spin, read, write)


def _make_number_field(option: Option, parent: QWidget, on_changed: Callable[..., None]) -> _Field:
    spin = indented(QDoubleSpinBox(parent))
    low = option.low if option.low is not None else -1e9
    high = option.high if option.high is not None else 1e9
    n_decimals = 2 if high - low < 100 else 1
    spin.setDecimals(n_decimals)
    spin.setRange(low, high)
    if high <= 1:
        spin.setSingleStep(0.05)
    elif high <= 16:
        spin.setSingleStep(0.25)
    else:
        spin.setSingleStep(1.0)
    if option.unit:
        spin.setSuffix(f" {option.unit}")
    spin.setValue(float(option.default))
    spin.setKeyboardTracking(False)
    spin.valueChanged.connect(on_changed)
    return _Field(spin, spin.value, lambda value: spin.setValue(float(value)))


def _make_choice_field(option: Option, parent: QWidget, on_changed: Callable[..., None]) -> _Field:
    box = QComboBox(parent)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    for name, _ in option.choices:
        box.addItem(name)
    values = [value for _, value in option.choices]

    def write(value: object) -> None:
        index = values.index(value) if value in values else 0
        box.setCurrentIndex(index)

    write(option.default)
    box.currentIndexChanged.connect(on_changed)
    return _Field(box, lambda: values[box.currentIndex()], write)


def _make_text_field(option: Option, parent: QWidget, on_changed: Callable[..., None]) -> _Field:
    line = QLineEdit(parent)
    line.setPlaceholderText(_EMPTY_TEXTS.get(option.name, ""))
    offset = option.screen_offset

    def read() -> object:
        text = line.text().strip()
        if option.kind is OptionKind.SIZE:
            return parse_size(text) if text else option.default
        if option.kind is OptionKind.FRAMES:
            frames = parse_frames(text)
            if any(frame < offset for frame in frames):
                raise ExportError("Frames count from 1 here: there is no frame 0.")
            return tuple(frame - offset for frame in frames)
        if option.kind is OptionKind.FILE:
            return Path(text) if text else None
        return text

    def write(value: Any) -> None:  # noqa: ANN401 - a size, frames, a path or a text
        with QSignalBlocker(line):
            if value is None:
                line.clear()
            elif option.kind is OptionKind.SIZE:
                line.setText(f"{value[0]}x{value[1]}")
            elif option.kind is OptionKind.FRAMES:
                line.setText(" ".join(str(frame + offset) for frame in value))
            else:
                line.setText(str(value))

    write(option.default)
    line.setAlignment(Qt.AlignmentFlag.AlignLeft)
    line.textEdited.connect(on_changed)
    return _Field(line, read, write)


MIN_FORM_PX = 320


class FormArea(QScrollArea):
    """Scroll area of a form, as wide as the form needs at any size of text; it scrolls vertically only."""

    def __init__(self, form: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._form = form
        self._is_free = False  # True if the area is as wide as its place, not as its form
        self.needed_width_px = 0
        content = QWidget(self)
        self._column = add_all(vertical(content, margins=NO_MARGINS, spacing=0), form)
        form.installEventFilter(self)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._fit_width()

    def _fit_width(self) -> None:
        needed_px = self._form.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        self.needed_width_px = max(scaled_px(MIN_FORM_PX), needed_px)
        if not self._is_free:
            self.setFixedWidth(self.needed_width_px)

    def set_below(self, widget: QWidget) -> None:
        """Place a widget below the form, in the same scroll area."""
        self._column.addWidget(widget)

    def set_free_width(self, free: bool) -> None:
        """Take any width, or the width of the form."""
        self._is_free = free
        self.setMinimumWidth(0)
        self.setMaximumWidth(UNLIMITED_PX)
        self._fit_width()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._form and event.type() == QEvent.Type.LayoutRequest:
            self._fit_width()
        return super().eventFilter(watched, event)
