"""Lengths in pixels that grow with the size of text."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from skillviewer.ui.widgets.fonts import FONT_SIZE_PT


def scaled_px(px: int) -> int:
    """Scale a length in pixels, given for text of the default size, with the present size of text; it never shrinks."""
    factor = QApplication.font().pointSizeF() / FONT_SIZE_PT
    return max(px, round(px * factor))


def icon_size(px: int) -> QSize:
    """Return the size of a square icon, scaled like ``scaled_px`` but at most by 1.5."""
    side_px = min(scaled_px(px), round(1.5 * px))
    return QSize(side_px, side_px)
