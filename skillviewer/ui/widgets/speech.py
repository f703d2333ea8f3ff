"""Words that plots and bars speak to a screen reader."""

from collections.abc import Callable
from functools import cache
from typing import Any, cast

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget


class _SpokenWidget(QAccessibleWidget):
    """The widget as Qt describes it; its description is its ``accessible_text()``, the numbers in words."""

    def text(self, kind: QAccessible.Text) -> str:
        if kind is QAccessible.Text.Description:
            return str(cast("Any", self.object()).accessible_text())
        return super().text(kind)


def _interface(key: str, qt_object: QObject) -> QAccessibleInterface | None:
    kind = type(qt_object)
    if key != kind.__name__ or not hasattr(
        kind, "accessible_text"
    ):  # a widget that is being deleted asks by its base class
        return None
    role = QAccessible.Role.Graphic if getattr(kind, "PICTURE", False) else QAccessible.Role.Chart
    return _SpokenWidget(cast("QWidget", qt_object), role)


@cache
def speak_numbers() -> None:
    """Let screen readers ask widgets with a method ``accessible_text() -> str``; a second call does nothing.

    They call such a widget a chart, or a picture if its class says ``PICTURE = True``.
    """
    QAccessible.installFactory(_interface)


def ask_again(widget: QWidget) -> None:
    """Let Qt ask once more, for a widget whose base class was asked while it was made, as those of plots are."""
    if QAccessible.isActive():
        interface = QAccessible.queryAccessibleInterface(widget)
        if not isinstance(interface, _SpokenWidget):
            QAccessible.deleteAccessibleInterface(QAccessible.uniqueId(interface))


def announce(widget: QWidget, text: Callable[[], str]) -> None:
    """Tell a screen reader about a change in the widget that has the focus; without one, nothing is computed."""
    if QAccessible.isActive() and widget.hasFocus():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text()))
