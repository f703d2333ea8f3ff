"""Labels that wrap or shorten."""

import re

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolButton, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.widgets.layout import UNLIMITED_PX, as_tip

BREAK = "\N{ZERO WIDTH SPACE}"


LONGEST = 14  # characters in a row without a place to break


def breakable(text: str) -> str:
    """Return text that may break after underscores, hyphens and dots, and after every 14 characters without any.

    Numbers stay whole.
    """
    parts = []
    run = 0
    for character, after in zip(text, f"{text[1:]} ", strict=False):
        parts.append(character)
        run = 0 if character.isspace() else run + 1
        if (character in "_-.—" and run > 3 and not after.isdigit()) or run >= LONGEST:
            parts.append(BREAK)
            run = 0
    return "".join(parts)


class WrappingLabel(QLabel):
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
            self.setAccessibleName(printable(text))  # a screen reader would stop at the places to break
            self.setText("\n\n".join(breakable(printable(paragraph)) for paragraph in paragraphs))


def text_label(
    text: str,
    parent: QWidget | None = None,
    *,
    wrap: bool = False,
    muted: bool = False,
    warns: bool = False,
    plain: bool = False,
    heading: bool = False,
    letters: str = "",
) -> QLabel:
    """Return a label; ``letters`` are its size and weight, one of ``theme.LETTERS``, or "" for the usual.

    Where ``plain``, tags in the text are shown as they are: names and errors come from files.
    """
    label = QLabel(text, parent)
    label.setWordWrap(wrap)
    for name, value in (("muted", muted), ("warns", warns), ("heading", heading), ("letters", letters)):
        if value:
            label.setProperty(name, value)
    if plain:
        label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def fix_size(field: QLabel | QToolButton, longest: str) -> None:
    """Give a field the size of its longest text for good; the digits of ``longest`` stand for any digits.

    A field without a fixed size has the whole window laid out again whenever its text changes, as with every frame.
    """
    metrics = field.fontMetrics()
    widest = max("0123456789", key=metrics.horizontalAdvance)
    text = field.text()
    field.setMinimumSize(0, 0)
    field.setMaximumSize(UNLIMITED_PX, UNLIMITED_PX)
    field.setText(re.sub(r"\d", widest, longest))
    field.setFixedSize(field.sizeHint())
    field.setText(text)


def changes_sizes(event: QEvent) -> bool:
    """Return True for an event after which texts take another size: a font, or a style sheet with its margins."""
    return event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}


class ElidingLabel(QLabel):
    """Shows the longest of several texts that fits; the tooltip has the first where it does not fit.

    It asks for the room of the shortest wording and takes what there is; it never keeps a window from being narrow.
    """

    def __init__(self, parent: QWidget | None = None, *, muted: bool = False) -> None:
        super().__init__(parent)
        self.setProperty("muted", muted)
        self._forms: tuple[str, ...] = ("",)
        self._tip = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    @property
    def longest(self) -> str:
        """The longest text, also where it does not fit."""
        return self._forms[0]

    def set_forms(self, *forms: str, tip: str = "") -> None:
        """Set wordings, the longest first; the tooltip says ``tip``, or, where it is "", all of a text that is cut."""
        if (forms, tip) != (self._forms, self._tip):
            self._forms = forms
            self._tip = tip
            self.setAccessibleDescription(self.longest)
            self.updateGeometry()
            self._choose()

    def _width(self, text: str) -> int:
        return self.fontMetrics().horizontalAdvance(text) + 1

    def _choose(self) -> None:
        room = self.contentsRect().width()
        longest_fitting = next((form for form in self._forms if self._width(form) <= room), None)
        text = longest_fitting
        if text is None:
            text = self.fontMetrics().elidedText(self._forms[-1], Qt.TextElideMode.ElideRight, room)
        self.setText(text)
        self.setToolTip(as_tip(self._tip or (self.longest if text != self.longest else "")))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._choose()

    def sizeHint(self) -> QSize:
        """Return the room of the shortest wording."""
        return QSize(self._width(self._forms[-1]), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Return no width: its neighbours go first."""
        return QSize(0, super().minimumSizeHint().height())


class SteadyField(QWidget):
    """Gives its room to a label whose text changes with every frame, without laying out the window again."""

    def __init__(self, label: ElidingLabel, parent: QWidget) -> None:
        super().__init__(parent)
        self._label = label
        label.setParent(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        """Return the height of the label, and no width: it takes what there is."""
        return self._label.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        return self._label.minimumSizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._label.resize(self.size())
