"""Layouts, buttons, scroll areas and tooltips, made in one call."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Any, TypeVar

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
NONE: Margins = (0, 0, 0, 0)
UNLIMITED_PX = (1 << 24) - 1  # greatest width and height of a widget in Qt
BoxT = TypeVar("BoxT", bound=QBoxLayout)
WidgetT = TypeVar("WidgetT", bound=QWidget)


class Spacing(int):
    """Fixed room in a layout, in pixels."""


def vertical(parent: QWidget | None = None, margins: Margins | None = None, spacing: int | None = None) -> QVBoxLayout:
    """Return a layout that puts widgets below each other; room in pixels, None for that of the style."""
    layout = QVBoxLayout(parent) if parent is not None else QVBoxLayout()
    _space(layout, margins, spacing)
    return layout


def horizontal(
    parent: QWidget | None = None, margins: Margins | None = None, spacing: int | None = None
) -> QHBoxLayout:
    """Return a layout that puts widgets next to each other; arguments as of ``vertical``."""
    layout = QHBoxLayout(parent) if parent is not None else QHBoxLayout()
    _space(layout, margins, spacing)
    return layout


def _space(layout: QVBoxLayout | QHBoxLayout, margins: Margins | None, spacing: int | None) -> None:
    if margins is not None:
        layout.setContentsMargins(*margins)
    if spacing is not None:
        layout.setSpacing(spacing)


def add_all(layout: BoxT, *items: QWidget | QLayout | int | tuple[Any, ...]) -> BoxT:
    """Add widgets, layouts and room to a layout, in order; return the layout.

    A number is room that grows with this weight. A tuple holds a widget or a layout, the weight with which it grows,
    and for a widget also its alignment.
    """
    for item in items:
        part, *arguments = item if isinstance(item, tuple) else (item,)
        if isinstance(part, Spacing):
            layout.addSpacing(part)
        elif isinstance(part, int):
            layout.addStretch(part)
        elif isinstance(part, QLayout):
            layout.addLayout(part, *arguments)
        else:
            layout.addWidget(part, *arguments)
    return layout


def splitter(
    parent: QWidget, direction: Qt.Orientation, parts: Sequence[QWidget], factors: Sequence[int], sizes: Sequence[int]
) -> QSplitter:
    """Return a splitter of parts that cannot be hidden; factors are weights of growth, 0 for those left out."""
    new_splitter = QSplitter(direction, parent)
    new_splitter.setChildrenCollapsible(False)
    for part in parts:
        new_splitter.addWidget(part)
    for index, factor in enumerate(factors):
        new_splitter.setStretchFactor(index, factor)
    new_splitter.setSizes(list(sizes))
    return new_splitter


def as_tip(text: str) -> str:
    """Return a tooltip that shows a text verbatim: Qt treats text with tags as rich text, which can load images."""
    return f'<p style="white-space: pre-wrap">{escape(text)}</p>' if QtGui.Qt.mightBeRichText(text) else text


def with_accessible_name(widget: WidgetT, name: str) -> WidgetT:
    """Give a widget its accessible name; return the widget."""
    widget.setAccessibleName(name)
    return widget


Pressed = Callable[[], object] | SignalInstance | None


def push_button(
    text: str, parent: QWidget, pressed: Pressed = None, *, primary: bool = False, tip: str = ""
) -> QPushButton:
    """Return a button that runs or emits ``pressed``; the primary one is the button that matters most."""
    button = QPushButton(text, parent)
    button.setToolTip(tip)
    if primary:
        button.setProperty("primary", True)
    if pressed is not None:
        button.clicked.connect(pressed)
    return button


def set_primary(button: QPushButton, *, primary: bool) -> None:
    """Make a button the one that matters most, or an ordinary one."""
    if bool(button.property("primary")) != primary:
        button.setProperty("primary", primary)
        button.style().unpolish(button)
        button.style().polish(button)


def tool_button(text: str, parent: QWidget, pressed: Pressed = None, *, tip: str = "") -> QToolButton:
    """Return a button that takes the focus by Tab and not by a click, so that the keys go on working in the player."""
    button = QToolButton(parent)
    button.setText(text)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if pressed is not None:
        button.clicked.connect(pressed)
    return button


def scroll_area(parent: QWidget, name: str) -> QScrollArea:
    """Return an area without a frame that scrolls up and down; ``name`` is its accessible name."""
    area = with_accessible_name(QScrollArea(parent), name)
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area


def fill_ground(colour: QColor | str, *widgets: QWidget) -> None:
    """Fill the ground of widgets with a colour."""
    for widget in widgets:
        palette = widget.palette()
        palette.setColor(QPalette.ColorRole.Window, QColor(colour))
        widget.setPalette(palette)
        widget.setAutoFillBackground(True)
