"""Labels that wrap or shorten their text."""

import re

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolButton, QWidget

from skillviewer.core.text import printable
from skillviewer.ui.widgets.layout import UNLIMITED_PX, as_tip

BREAK = "\N{ZERO WIDTH SPACE}"  # allows a line break
LEFT_TO_RIGHT = "\N{LEFT-TO-RIGHT MARK}"
_RIGHT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_RIGHT_TO_LEFT_RUN = re.compile(f"[{_RIGHT}](?:[^A-Za-z]*[{_RIGHT}])?")
MIN_BEFORE_BREAK = 3  # characters before a break after punctuation
MAX_UNBROKEN = 14  # characters without a possible line break


def breakable(text: str) -> str:
    """Return a text with possible line breaks after underscores, hyphens and dots, and in long words.

    There is no break before a digit or a per cent sign, so that numbers stay whole.
    """
    text = text.replace(" %", "\N{NO-BREAK SPACE}%")
    pieces = []
    n_unbroken = 0
    for character, next_character in zip(text, f"{text[1:]} ", strict=False):
        pieces.append(character)
        n_unbroken = 0 if character.isspace() else n_unbroken + 1
        is_punctuation = character in "_-.—" and not next_character.isdigit()
        max_unbroken = MIN_BEFORE_BREAK + 1 if is_punctuation else MAX_UNBROKEN
        if n_unbroken >= max_unbroken:
            pieces.append(BREAK)
            n_unbroken = 0
    return "".join(pieces)


def isolate_right_to_left(text: str) -> str:
    """Return a text whose names in Hebrew or Arabic do not reorder the English around them.

    A paragraph that begins with such a name would be laid out from the right, and numbers after a name would join it.
    """
    isolated = _RIGHT_TO_LEFT_RUN.sub("\N{FIRST STRONG ISOLATE}\\g<0>\N{POP DIRECTIONAL ISOLATE}", text)
    return text if isolated == text else LEFT_TO_RIGHT + isolated


class WrappingLabel(QLabel):
    """A label of plain text that wraps at any width."""

    def __init__(self, parent: QWidget | None = None, *, muted: bool = False) -> None:
        super().__init__(parent)
        self.plain_text = ""  # the text without possible line breaks
        if muted:
            self.setProperty("muted", True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setMinimumWidth(40)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_plain(self, *paragraphs: str) -> None:
        """Show a text of one or several paragraphs."""
        text = " ".join(paragraphs)
        if text != self.plain_text:
            self.plain_text = text
            self.setAccessibleName(printable(text))  # without line breaks, at which a screen reader would stop
            breakable_paragraphs = [isolate_right_to_left(breakable(printable(paragraph))) for paragraph in paragraphs]
            self.setText("\n\n".join(breakable_paragraphs))


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
    """Return a label.

    Args:
        text: Its text.
        parent: Its parent.
        wrap: Whether the text wraps.
        muted: Whether the text is muted.
        warns: Whether the text has the colour of warnings.
        plain: Whether the text is shown verbatim, even with tags; for names and errors, which come from files.
        heading: Whether the text is a heading.
        letters: Size and weight of the text, one of ``fonts.LETTERS``; "" for the default.
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
    """Fix the size of a field, so that its text can change with every frame without a new layout of the window.

    Args:
        field: The field.
        longest: Its longest text. The digits stand for any digits.
    """
    metrics = field.fontMetrics()
    widest_digit = max("0123456789", key=metrics.horizontalAdvance)
    text = field.text()
    field.setMinimumSize(0, 0)
    field.setMaximumSize(UNLIMITED_PX, UNLIMITED_PX)
    field.setText(re.sub(r"\d", widest_digit, longest))
    field.setFixedSize(field.sizeHint())
    field.setText(text)


def changes_sizes(event: QEvent) -> bool:
    """Return True for an event that changes the sizes of texts: a new font, or a new style sheet with its margins."""
    return event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}


class ElidingLabel(QLabel):
    """Shows the longest of several texts that fits. If the first does not fit, the tooltip shows it.

    The preferred width is the width of the shortest text, and there is no minimum width.
    """

    def __init__(self, parent: QWidget | None = None, *, muted: bool = False) -> None:
        super().__init__(parent)
        self.setProperty("muted", muted)
        self._forms: tuple[str, ...] = ("",)  # the texts, the longest first
        self._tip = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    @property
    def longest_text(self) -> str:
        """The longest text, even if it does not fit."""
        return self._forms[0]

    def set_forms(self, *forms: str, tip: str = "") -> None:
        """Set the texts, the longest first, and the tooltip.

        Without ``tip``, the tooltip is the longest text while a shorter text is shown.
        """
        if (forms, tip) != (self._forms, self._tip):
            self._forms = forms
            self._tip = tip
            self.setAccessibleDescription(self.longest_text)
            self.updateGeometry()
            self._choose()

    def _width(self, text: str) -> int:
        return self.fontMetrics().horizontalAdvance(text) + 1

    def _choose(self) -> None:
        available_width = self.contentsRect().width()
        text = next((form for form in self._forms if self._width(form) <= available_width), None)
        if text is None:
            text = self.fontMetrics().elidedText(self._forms[-1], Qt.TextElideMode.ElideRight, available_width)
        self.setText(isolate_right_to_left(text))
        tip = self._tip
        if not tip and text != self.longest_text:
            tip = self.longest_text
        self.setToolTip(as_tip(tip))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._choose()

    def sizeHint(self) -> QSize:
        """Return the size of the shortest text."""
        height_px = super().sizeHint().height()
        return QSize(self._width(self._forms[-1]), height_px)

    def minimumSizeHint(self) -> QSize:
        """Return no width, so that other widgets get the space first."""
        height_px = super().minimumSizeHint().height()
        return QSize(0, height_px)


class SteadyField(QWidget):
    """Contains a label whose text changes with every frame, so that the window is not laid out again."""

    def __init__(self, label: ElidingLabel, parent: QWidget) -> None:
        super().__init__(parent)
        self._label = label
        label.setParent(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        """Return the height of the label, and no width, since the field takes the available width."""
        return self._label.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        return self._label.minimumSizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._label.resize(self.size())
