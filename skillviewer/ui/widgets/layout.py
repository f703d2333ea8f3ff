"""Layouts, labels that wrap or shorten, buttons, scroll areas and tooltips, made in one call."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Any, TypeVar

from PySide6 import QtGui
from PySide6.QtCore import QPoint, QRect, QSize, Qt, SignalInstance
from PySide6.QtGui import QColor, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLayoutItem,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from skillviewer.core.text import printable

BREAK = "\N{ZERO WIDTH SPACE}"
LONGEST = 14  # characters in a row without a place to break


def breakable(text: str) -> str:
    """Return text that may break after underscores, hyphens and dots, and after every 14 characters without any.

    Numbers stay whole.
    """
    parts, run = [], 0
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


class Pages(QStackedWidget):
    """Pages one upon the other. It needs the room of the page in front alone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.currentChanged.connect(self.updateGeometry)

    def minimumSizeHint(self) -> QSize:
        front = self.currentWidget()
        if front is None:
            return QSize()
        least, layout = front.minimumSizeHint(), front.layout()
        if layout is not None and layout.hasHeightForWidth():  # words that wrap, rows of buttons that wrap
            width = max(least.width(), self.width())
            least.setHeight(max(least.height(), layout.totalMinimumHeightForWidth(width)))
        return least

    def heightForWidth(self, _width: int) -> int:
        """Return the height of the page in front; Qt would take the highest."""
        return self.minimumSizeHint().height()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()


Margins = tuple[int, int, int, int]  # left, top, right and bottom, in pixels
NONE: Margins = (0, 0, 0, 0)
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
        part, *how = item if isinstance(item, tuple) else (item,)
        if isinstance(part, Spacing):
            layout.addSpacing(part)
        elif isinstance(part, int):
            layout.addStretch(part)
        elif isinstance(part, QLayout):
            layout.addLayout(part, *how)
        else:
            layout.addWidget(part, *how)
    return layout


def splitter(
    parent: QWidget, direction: Qt.Orientation, parts: Sequence[QWidget], factors: Sequence[int], sizes: Sequence[int]
) -> QSplitter:
    """Return a splitter of parts that cannot be hidden; factors are weights of growth, 0 for those left out."""
    made = QSplitter(direction, parent)
    made.setChildrenCollapsible(False)
    for part in parts:
        made.addWidget(part)
    for at, factor in enumerate(factors):
        made.setStretchFactor(at, factor)
    made.setSizes(list(sizes))
    return made


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
    made = QLabel(text, parent)
    made.setWordWrap(wrap)
    for name, value in (("muted", muted), ("warns", warns), ("heading", heading), ("letters", letters)):
        if value:
            made.setProperty(name, value)
    if plain:
        made.setTextFormat(Qt.TextFormat.PlainText)
    return made


def as_tip(text: str) -> str:
    """Return a tooltip that shows a text verbatim: Qt treats text with tags as rich text, which can load images."""
    return f'<p style="white-space: pre-wrap">{escape(text)}</p>' if QtGui.Qt.mightBeRichText(text) else text


def named(widget: WidgetT, name: str) -> WidgetT:
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
    area = named(QScrollArea(parent), name)
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
            self._forms, self._tip = forms, tip
            self.setAccessibleDescription(self.longest)
            self.updateGeometry()
            self._choose()

    def _width(self, text: str) -> int:
        return self.fontMetrics().horizontalAdvance(text) + 1

    def _choose(self) -> None:
        room = self.contentsRect().width()
        fitting = next((form for form in self._forms if self._width(form) <= room), None)
        shown = fitting
        if shown is None:
            shown = self.fontMetrics().elidedText(self._forms[-1], Qt.TextElideMode.ElideRight, room)
        self.setText(shown)
        self.setToolTip(as_tip(self._tip or (self.longest if shown != self.longest else "")))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._choose()

    def sizeHint(self) -> QSize:
        """Return the room of the shortest wording."""
        return QSize(self._width(self._forms[-1]), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Return no width: its neighbours go first."""
        return QSize(0, super().minimumSizeHint().height())


class FlowLayout(QLayout):
    """A row that wraps, so that nothing is cut where a panel is narrow, letters are large or words are long."""

    def __init__(self, parent: QWidget | None = None, gap_px: int = 4) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap_px = gap_px
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Return no direction: the layout takes no more room than it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Return True: the layout is higher where it is narrow."""
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def sizeHint(self) -> QSize:
        sizes = [item.sizeHint() for item in self._items if not item.isEmpty()]
        gaps = max(len(sizes) - 1, 0) * self._gap_px
        line = QSize(sum(size.width() for size in sizes) + gaps, max((size.height() for size in sizes), default=0))
        return line.grownBy(self.contentsMargins())

    def minimumSize(self) -> QSize:
        sizes = [item.minimumSize() for item in self._items if not item.isEmpty()]
        least = QSize(max((s.width() for s in sizes), default=0), max((s.height() for s in sizes), default=0))
        return least.grownBy(self.contentsMargins())

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        edges = self.contentsMargins()
        rect = rect.marginsRemoved(edges)
        x, y, height = rect.left(), rect.top(), 0
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint()
            if x > rect.left() and x + size.width() > rect.right() + 1:
                x, y, height = rect.left(), y + height + self._gap_px, 0
            if move:
                item.setGeometry(QRect(QPoint(x, y), size))
            x, height = x + size.width() + self._gap_px, max(height, size.height())
        return y + height - rect.top() + edges.top() + edges.bottom()
