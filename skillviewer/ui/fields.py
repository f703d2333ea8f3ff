"""Fields to type numbers into, as the others look."""

from typing import TypeVar

from PySide6.QtWidgets import QAbstractSpinBox

TEXT_MARGIN_PX = 7

Box = TypeVar("Box", bound=QAbstractSpinBox)


def indented(box: Box) -> Box:
    """Let a number begin where the words of other fields do; of a style sheet's padding Qt leaves the left one out."""
    box.lineEdit().setTextMargins(TEXT_MARGIN_PX, 0, 0, 0)
    return box
