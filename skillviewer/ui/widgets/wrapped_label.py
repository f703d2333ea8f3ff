"""Text that wraps in a narrow column, also names without spaces."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from skillviewer.core.text import printable

BREAK = "\N{ZERO WIDTH SPACE}"
LONGEST = 14
"""Characters in a row without a place to break."""


def breakable(text: str) -> str:
    """Return text that may break after underscores, hyphens and dots, and after every 14 characters without any."""
    parts, run = [], 0
    for character in text:
        parts.append(character)
        run = 0 if character.isspace() else run + 1
        if (character in "_-.—" and run > 3) or run >= LONGEST:
            parts.append(BREAK)
            run = 0
    return "".join(parts)


class Wrapped(QLabel):
    """Plain text over several lines, however narrow."""

    def __init__(self, parent: QWidget | None = None, *, muted: bool = False) -> None:
        super().__init__(parent)
        self.plain = ""  # the words, as they were given
        if muted:
            self.setProperty("muted", True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setMinimumWidth(40)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_plain(self, *paragraphs: str) -> None:
        """Show words, a paragraph below the other."""
        text = " ".join(paragraphs)
        if text != self.plain:
            self.plain = text
            self.setText("\n\n".join(breakable(printable(paragraph)) for paragraph in paragraphs))
