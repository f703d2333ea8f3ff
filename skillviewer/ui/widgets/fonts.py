"""Font of the window, and its sizes."""

from pathlib import Path

from PySide6.QtGui import QFont, QFontDatabase

FONT_SIZE_PT = 10
LETTERS = {
    "fine": (0.85, 400),
    "chip": (0.9, 400),
    "plain": (1.0, 400),  # for widgets whose own font would not follow the size of text
    "lead": (1.15, 600),
    "figure": (1.35, 600),
    "question": (1.4, 600),
    "page": (1.6, 600),
    "brand": (2.2, 600),
}
"""Sizes of text, each with its ratio to the default size and its weight. A widget's property ``letters`` names one."""
FONT_FAMILY = "Inter"


def load_fonts(folder: Path) -> None:
    """Add the fonts of a folder to Qt, so that the window looks alike on all systems."""
    for path in sorted(folder.glob("*.otf")):
        QFontDatabase.addApplicationFont(str(path))


def app_font(percent: int = 100) -> QFont:
    """Return the window's font at ``percent`` of its default size, with digits of equal width."""
    font = QFont(FONT_FAMILY)
    font.setPointSizeF(FONT_SIZE_PT * percent / 100)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font
