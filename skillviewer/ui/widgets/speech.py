"""Descriptions of plots and bars for screen readers."""

from collections.abc import Callable
from functools import cache
from typing import Any, cast

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget


class _SpokenWidget(QAccessibleWidget):
    """Qt's accessible interface of a widget, with ``accessible_text()`` of the widget as its description."""

    def text(self, kind: QAccessible.Text) -> str:
        if kind is QAccessible.Text.Description:
            widget = cast("Any", self.object())
            return str(widget.accessible_text())
        return super().text(kind)


def _interface(key: str, qt_object: QObject) -> QAccessibleInterface | None:
    widget_class = type(qt_object)
    if key != widget_class.__name__:  # the widget is being deleted, and Qt asks for its base class
        return None
    if not hasattr(widget_class, "accessible_text"):
        return None
    role = QAccessible.Role.Graphic if getattr(widget_class, "PICTURE", False) else QAccessible.Role.Chart
    return _SpokenWidget(cast("QWidget", qt_object), role)


@cache
def speak_numbers() -> None:
    """Give screen readers the descriptions of widgets with a method ``accessible_text() -> str``.

    Screen readers announce such a widget as a chart, or as a picture if its class has ``PICTURE = True``. Further calls
    do nothing.
    """
    QAccessible.installFactory(_interface)


def refresh_interface(widget: QWidget) -> None:
    """Replace the accessible interface that Qt made for the base class of a widget, such as a plot."""
    if QAccessible.isActive():
        interface = QAccessible.queryAccessibleInterface(widget)
        if not isinstance(interface, _SpokenWidget):
            QAccessible.deleteAccessibleInterface(QAccessible.uniqueId(interface))


def announce(widget: QWidget, text: Callable[[], str]) -> None:
    """Announce a text to a screen reader if the widget has the focus. Else the text is not computed."""
    if QAccessible.isActive() and widget.hasFocus():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text()))
