"""Fields to type numbers into, as the others look."""

from typing import TypeVar

from PySide6.QtWidgets import QAbstractSpinBox

TEXT_MARGIN_PX = 7
LEAST_PX = 90
"""A narrow form decides how wide its fields are, not the longest number that one could hold."""

Box = TypeVar("Box", bound=QAbstractSpinBox)


def indented(box: Box) -> Box:
    """Let a number begin where the words of other fields do; of a style sheet's padding Qt leaves the left one out."""
    box.lineEdit().setTextMargins(TEXT_MARGIN_PX, 0, 0, 0)
    box.setMinimumWidth(LEAST_PX)
    return box
