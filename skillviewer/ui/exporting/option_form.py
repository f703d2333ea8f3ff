"""A form for the options of an export."""

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
from skillviewer.ui.widgets.exclusive_menu import indented
from skillviewer.ui.widgets.theme import by_text

MAX_INT = 2**31 - 1
FIELD_PX = 122
NO_ARROWS = (
    "QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 0; border: none; } "
    "QAbstractSpinBox::up-arrow, QAbstractSpinBox::down-arrow { image: none; width: 0; height: 0; }"
)
"""For which these fields have no room; Qt's own NoButtons loses the field in a style."""
_EMPTY = {"stop": "to the end", "frame": "the last sampled one", "size": "as it is", "frames": "evenly spread"}
"""Meaning of an empty field, by its name."""


@dataclass(slots=True)
class _Field:
    """One field."""

    widget: QWidget  # the widget to enter it in
    read: Callable[[], Any]  # returns its value; raises ExportError where it cannot be read
    write: Callable[[Any], None]  # shows a value


class OptionForm(QWidget):
    """Fields for the options of one exporter. Frames count from 1 here, as everywhere on screen."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind: type[Any] | None = None
        self._fields: dict[str, _Field] = {}
        self._look_fields: dict[str, dict[str, _Field]] = {}
        self.setStyleSheet(NO_ARROWS)
        self._suggestions: Mapping[str, Sequence[str]] = {}
        self._rows = QFormLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setVerticalSpacing(8)
        self._rows.setHorizontalSpacing(12)
        self._rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)

    def show_options(
        self, kind: type[Any] | None, map_style: MapStyle, suggestions: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        """Show the options of another exporter, a dataclass or None; a look is at first that of the maps on screen.

        An export with an overlay of its own keeps it. ``suggestions`` are values to choose from, by field:
        they are chosen from a list, in which an empty entry comes first.
        """
        self._suggestions = suggestions or {}
        while self._rows.rowCount():
            self._rows.removeRow(0)
        self.kind = kind
        self._fields.clear()
        self._look_fields.clear()
        for option in options_of(kind):
            if option.kind is OptionKind.LOOK:
                default_style = option.default if option.default != MapStyle() else map_style
                parts = map_style_options(replace(map_style, overlay=default_style.overlay))
                self._look_fields[option.name] = {part.name: self._add(part) for part in parts}
            else:
                self._fields[option.name] = self._add(option)

    def options(self) -> object:
        """Return the entered options, None if there are none; ExportError names a field that cannot be read."""
        if self.kind is None:
            return None
        values = {name: field.read() for name, field in self._fields.items()}
        for name, parts in self._look_fields.items():
            values[name] = MapStyle(**{part: field.read() for part, field in parts.items()})
        return self.kind(**values)

    def commit(self) -> None:
        """Take numbers that are still being typed."""
        for spin in self.findChildren(QAbstractSpinBox):
            spin.interpretText()

    def set_values(self, **values: object) -> None:
        """Enter values of fields that are there; the others stay."""
        for name, value in values.items():
            if name in self._fields:
                self._fields[name].write(value)

    def field(self, name: str) -> QWidget | None:
        field = self._fields.get(name)
        return field.widget if field is not None else None

    def has(self, *names: str) -> bool:
        return all(name in self._fields for name in names)

    def _add(self, option: Option) -> _Field:
        suggestions = self._suggestions.get(option.name, ()) if option.kind is OptionKind.TEXT else ()
        if suggestions:
            unset = option.help.partition(";")[2].strip() or option.help or "not set"
            choices = ((unset[0].upper() + unset[1:], ""), *((printable(value), value) for value in suggestions))
            option = replace(option, kind=OptionKind.CHOICE, choices=choices)
        field = _made(option, self, lambda *_: self.changed.emit())
        title = option.screen_title or option.title
        hint = option.help.replace("Counted from 0; e", "E").replace("Counted from 0", "")
        field.widget.setAccessibleName(title)
        field.widget.setToolTip(hint)
        if isinstance(field.widget, QCheckBox):
            field.widget.setText(title)
            self._rows.addRow(field.widget)
        else:
            field.widget.setFixedWidth(by_text(FIELD_PX))
            label = QLabel(title, self)
            label.setToolTip(hint)
            label.setBuddy(field.widget)
            self._rows.addRow(label, field.widget)
        return field


def _made(option: Option, parent: QWidget, changed: Callable[..., None]) -> _Field:
    if option.kind is OptionKind.FLAG:
        box = QCheckBox(parent)
        field = _Field(box, box.isChecked, lambda value: box.setChecked(bool(value)))
        field.write(option.default)
        box.toggled.connect(changed)
        return field
    if option.kind is OptionKind.WHOLE:
        return _whole(option, parent, changed)
    if option.kind is OptionKind.NUMBER:
        return _number(option, parent, changed)
    if option.kind is OptionKind.CHOICE:
        return _choice(option, parent, changed)
    return _line(option, parent, changed)


def _whole(option: Option, parent: QWidget, changed: Callable[..., None]) -> _Field:
    spin = indented(QSpinBox(parent))
    shift = option.screen_offset
    low = (int(option.low) if option.low is not None else -MAX_INT) + shift
    high = (int(option.high) if option.high is not None else MAX_INT - 1) + shift
    spin.setRange(low - 1 if option.optional else low, min(high, MAX_INT))
    spin.setSuffix(f" {option.unit}" if option.unit else "")
    if option.optional:
        spin.setSpecialValueText(_EMPTY.get(option.name, "–"))

    def read() -> int | None:
        return None if option.optional and spin.value() == spin.minimum() else spin.value() - shift

    def write(value: Any) -> None:  # noqa: ANN401 - an int or None
        spin.setValue(spin.minimum() if value is None else int(value) + shift)

    write(option.default)
    spin.setKeyboardTracking(False)
    spin.valueChanged.connect(changed)
    return _Field(spin, read, write)


def _number(option: Option, parent: QWidget, changed: Callable[..., None]) -> _Field:
    spin = indented(QDoubleSpinBox(parent))
    low = option.low if option.low is not None else -1e9
    high = option.high if option.high is not None else 1e9
    spin.setDecimals(2 if high - low < 100 else 1)
    spin.setRange(low, high)
    step = 0.25 if high <= 16 else 1.0
    spin.setSingleStep(0.05 if high <= 1 else step)
    spin.setSuffix(f" {option.unit}" if option.unit else "")
    spin.setValue(float(option.default))
    spin.setKeyboardTracking(False)
    spin.valueChanged.connect(changed)
    return _Field(spin, spin.value, lambda value: spin.setValue(float(value)))


def _choice(option: Option, parent: QWidget, changed: Callable[..., None]) -> _Field:
    box = QComboBox(parent)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    for name, _ in option.choices:
        box.addItem(name)
    values = [value for _, value in option.choices]

    def write(value: object) -> None:
        box.setCurrentIndex(values.index(value) if value in values else 0)

    write(option.default)
    box.currentIndexChanged.connect(changed)
    return _Field(box, lambda: values[box.currentIndex()], write)


def _line(option: Option, parent: QWidget, changed: Callable[..., None]) -> _Field:
    line = QLineEdit(parent)
    line.setPlaceholderText(_EMPTY.get(option.name, ""))
    shift = option.screen_offset

    def read() -> object:
        text = line.text().strip()
        if option.kind is OptionKind.SIZE:
            return parse_size(text) if text else option.default
        if option.kind is OptionKind.FRAMES:
            frames = parse_frames(text)
            if any(frame < shift for frame in frames):
                raise ExportError("Frames count from 1 here: there is no frame 0.")
            return tuple(frame - shift for frame in frames)
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
                line.setText(" ".join(str(frame + shift) for frame in value))
            else:
                line.setText(str(value))

    write(option.default)
    line.setAlignment(Qt.AlignmentFlag.AlignLeft)
    line.textEdited.connect(changed)
    return _Field(line, read, write)


FORM_PX = 320


class FormArea(QScrollArea):
    """A form that scrolls up and down and is as wide as its words need, whatever the size of text."""

    def __init__(self, form: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._form = form
        self.setWidget(form)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._fit()

    def _fit(self) -> None:
        need = self._form.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        self.setFixedWidth(max(by_text(FORM_PX), need))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._form and event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)
