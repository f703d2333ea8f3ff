"""Layouts, labels and tooltips, made in one call."""

from html import escape

from PySide6 import QtGui
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

Margins = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels."""
NONE: Margins = (0, 0, 0, 0)


def vertical(parent: QWidget | None = None, margins: Margins | None = None, spacing: int | None = None) -> QVBoxLayout:
    """Return a layout that puts widgets below each other.

    Args:
        parent: Whose layout it becomes; None for one that goes into another.
        margins: Room around it; None for that of the style.
        spacing: Room between widgets in pixels; None for that of the style.
    """
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


def text_label(
    text: str, parent: QWidget | None = None, *, wrap: bool = False, muted: bool = False, plain: bool = False
) -> QLabel:
    """Return a label.

    Args:
        text: Its words.
        parent: Owner.
        wrap: Whether long text goes on in another line.
        muted: Whether it is in the muted colour.
        plain: Whether tags in the text are shown as they are: names and errors come from files.
    """
    made = QLabel(text, parent)
    made.setWordWrap(wrap)
    if muted:
        made.setProperty("muted", True)
    if plain:
        made.setTextFormat(Qt.TextFormat.PlainText)
    return made


def as_tip(text: str) -> str:
    """Return a tooltip that shows a text verbatim: Qt treats text with tags as rich text, which can load images."""
    return f'<p style="white-space: pre-wrap">{escape(text)}</p>' if QtGui.Qt.mightBeRichText(text) else text
