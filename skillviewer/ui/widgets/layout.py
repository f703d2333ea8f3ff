"""Functions that make layouts, buttons, splitters, scroll areas and tooltips."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeVar

from PySide6 import QtGui
from PySide6.QtCore import Qt, SignalInstance
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLayout,
    QPushButton,
    QScrollArea,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

Margins = tuple[int, int, int, int]  # left, top, right and bottom, in pixels
NO_MARGINS: Margins = (0, 0, 0, 0)
UNLIMITED_PX = (1 << 24) - 1  # maximal width and height of a widget in Qt
BoxT = TypeVar("BoxT", bound=QBoxLayout)
WidgetT = TypeVar("WidgetT", bound=QWidget)


class Spacing(int):
    """Fixed space in a layout, in pixels."""


def vertical(parent: QWidget | None = None, margins: Margins | None = None, spacing: int | None = None) -> QVBoxLayout:
    """Return a vertical box layout; margins and spacing in pixels, None for the defaults of the style."""
    layout = QVBoxLayout(parent) if parent is not None else QVBoxLayout()
    _set_spaces(layout, margins, spacing)
    return layout


def horizontal(
    parent: QWidget | None = None, margins: Margins | None = None, spacing: int | None = None
) -> QHBoxLayout:
    """Return a horizontal box layout; margins and spacing in pixels, None for the defaults of the style."""
    layout = QHBoxLayout(parent) if parent is not None else QHBoxLayout()
    _set_spaces(layout, margins, spacing)
    return layout


def _set_spaces(layout: QVBoxLayout | QHBoxLayout, margins: Margins | None, spacing: int | None) -> None:
    if margins is not None:
        layout.setContentsMargins(*margins)
    if spacing is not None:
        layout.setSpacing(spacing)


@dataclass(frozen=True, slots=True)
class GrowingSpace:
    """Space in a layout that grows in proportion to its factor."""

    factor: int = 1


@dataclass(frozen=True, slots=True)
class PlacedContent:
    """A widget or a layout in a box layout, with the way in which it fills its place."""

    content: QWidget | QLayout
    factor: int  # growth factor; 0 if it grows only where nothing else does
    alignment: Qt.AlignmentFlag | None  # for a widget; None to fill its place


def growing(content: QWidget | QLayout, factor: int = 1, alignment: Qt.AlignmentFlag | None = None) -> PlacedContent:
    """Return a widget or a layout for ``add_all`` that grows in proportion to a factor."""
    return PlacedContent(content, factor, alignment)


def aligned(widget: QWidget, alignment: Qt.AlignmentFlag) -> PlacedContent:
    """Return a widget for ``add_all`` that is aligned in its place instead of filling the place."""
    return PlacedContent(widget, 0, alignment)


def add_all(layout: BoxT, *items: QWidget | QLayout | PlacedContent | Spacing | GrowingSpace) -> BoxT:
    """Add widgets, layouts and space to a layout, in order, and return the layout."""
    for item in items:
        if isinstance(item, Spacing):
            layout.addSpacing(item)
        elif isinstance(item, GrowingSpace):
            layout.addStretch(item.factor)
        elif isinstance(item, PlacedContent):
            _add(layout, item.content, item.factor, item.alignment)
        else:
            _add(layout, item)
    return layout


def _add(
    layout: QBoxLayout, content: QWidget | QLayout, factor: int = 0, alignment: Qt.AlignmentFlag | None = None
) -> None:
    if isinstance(content, QLayout):
        layout.addLayout(content, factor)
    elif alignment is None:
        layout.addWidget(content, factor)
    else:
        layout.addWidget(content, factor, alignment)


def splitter(
    parent: QWidget, direction: Qt.Orientation, widgets: Sequence[QWidget], factors: Sequence[int], sizes: Sequence[int]
) -> QSplitter:
    """Return a splitter whose widgets cannot be collapsed.

    Args:
        parent: Its parent.
        direction: Its orientation.
        widgets: Its widgets.
        factors: Growth factors of the widgets, in order; 0 for the remaining widgets.
        sizes: Sizes of the widgets at first, in pixels.
    """
    new_splitter = QSplitter(direction, parent)
    new_splitter.setChildrenCollapsible(False)
    for widget in widgets:
        new_splitter.addWidget(widget)
    for index, factor in enumerate(factors):
        new_splitter.setStretchFactor(index, factor)
    new_splitter.setSizes(list(sizes))
    return new_splitter


def as_tip(text: str) -> str:
    """Return a tooltip that shows a text verbatim. Qt would show tags as rich text, which can load images."""
    if not QtGui.Qt.mightBeRichText(text):
        return text
    return f'<p style="white-space: pre-wrap">{escape(text)}</p>'


def with_accessible_name(widget: WidgetT, name: str) -> WidgetT:
    """Set the accessible name of a widget, and return the widget."""
    widget.setAccessibleName(name)
    return widget


PressTarget = Callable[[], object] | SignalInstance | None
"""Function that is called, or signal that is emitted, when a button is pressed."""


def push_button(
    text: str, parent: QWidget, on_press: PressTarget = None, *, primary: bool = False, tip: str = ""
) -> QPushButton:
    """Return a button, emphasised if ``primary``."""
    button = QPushButton(text, parent)
    button.setToolTip(tip)
    if primary:
        button.setProperty("primary", True)
    if on_press is not None:
        button.clicked.connect(on_press)
    return button


def set_primary(button: QPushButton, *, primary: bool) -> None:
    """Emphasise a button, or stop doing so."""
    if bool(button.property("primary")) != primary:
        button.setProperty("primary", primary)
        button.style().unpolish(button)
        button.style().polish(button)


def tool_button(text: str, parent: QWidget, on_press: PressTarget = None, *, tip: str = "") -> QToolButton:
    """Return a tool button that a click does not focus, so that the keys of the player keep working."""
    button = QToolButton(parent)
    button.setText(text)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if on_press is not None:
        button.clicked.connect(on_press)
    return button


def scroll_area(parent: QWidget, name: str) -> QScrollArea:
    """Return a frameless area that scrolls vertically, with this accessible name."""
    area = with_accessible_name(QScrollArea(parent), name)
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area


def set_background(colour: QColor | str, *widgets: QWidget) -> None:
    """Fill the background of widgets with a colour."""
    for widget in widgets:
        palette = widget.palette()
        palette.setColor(QPalette.ColorRole.Window, QColor(colour))
        widget.setPalette(palette)
        widget.setAutoFillBackground(True)
