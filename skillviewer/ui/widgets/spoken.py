"""Numbers of drawn widgets for screen readers, put into words only when a screen reader asks."""

from collections.abc import Callable
from functools import cache
from typing import Protocol, cast

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget


class Spoken(Protocol):
    """A widget that draws numbers: for a screen reader a chart, or a picture if its class says ``PICTURE = True``."""

    def spoken(self) -> str:
        """Return the numbers in words; "" for none."""


class _SpokenWidget(QAccessibleWidget):
    """The widget as Qt describes it, and its numbers as the description."""

    def text(self, kind: QAccessible.Text) -> str:
        if kind is QAccessible.Text.Description:
            return cast("Spoken", self.object()).spoken()
        return super().text(kind)


def _interface(key: str, thing: QObject) -> QAccessibleInterface | None:
    kind = type(thing)
    if key != kind.__name__ or not hasattr(kind, "spoken"):  # a widget that is being deleted asks by its base class
        return None
    role = QAccessible.Role.Graphic if getattr(kind, "PICTURE", False) else QAccessible.Role.Chart
    return _SpokenWidget(cast("QWidget", thing), role)


@cache
def speak_numbers() -> None:
    """Let screen readers ask every ``Spoken`` widget of this process; a second call does nothing."""
    QAccessible.installFactory(_interface)


def ask_again(widget: QWidget) -> None:
    """Let Qt ask once more, for a widget whose base class was asked while it was made, as those of plots are."""
    if QAccessible.isActive():
        known = QAccessible.queryAccessibleInterface(widget)
        if not isinstance(known, _SpokenWidget):
            QAccessible.deleteAccessibleInterface(QAccessible.uniqueId(known))


def announce(widget: QWidget, words: Callable[[], str]) -> None:
    """Tell a screen reader about a change in the widget that has the focus; without one, nothing is computed."""
    if QAccessible.isActive() and widget.hasFocus():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, words()))
