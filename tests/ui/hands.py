"""Mouse and keyboard input, as from a user."""

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListWidget, QWidget

NONE = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton
NO_BUTTON = Qt.MouseButton.NoButton


def press(widget: QWidget, at: QPoint, button: Qt.MouseButton = LEFT) -> None:
    QTest.mousePress(widget, button, NONE, at)


def move(widget: QWidget, at: QPoint) -> None:
    QTest.mouseMove(widget, at)


def release(widget: QWidget, at: QPoint, button: Qt.MouseButton = LEFT) -> None:
    QTest.mouseRelease(widget, button, NONE, at)


def click(widget: QWidget, at: QPoint | None = None) -> None:
    QTest.mouseClick(widget, LEFT, NONE, at if at is not None else widget.rect().center())


def double_click(widget: QWidget) -> None:
    QTest.mouseDClick(widget, LEFT, NONE, widget.rect().center())


def second_click(widget: QWidget) -> None:
    """Send the second half of a double click, as the window system does: the first half has had its effect."""
    at = QPointF(widget.rect().center())
    for kind, held in ((QEvent.Type.MouseButtonDblClick, LEFT), (QEvent.Type.MouseButtonRelease, NO_BUTTON)):
        QApplication.sendEvent(widget, QMouseEvent(kind, at, widget.mapToGlobal(at), LEFT, held, NONE))


def key(widget: QWidget, which: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(widget, which, modifiers)


def type_text(widget: QWidget, text: str) -> None:
    QTest.keyClicks(widget, text)


def wheel(widget: QWidget, at: QPoint, steps: int) -> None:
    place = QPointF(at)
    event = QWheelEvent(
        place, widget.mapToGlobal(place), QPoint(), QPoint(0, 120 * steps), Qt.MouseButton.NoButton, NONE,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


def mark(items: QListWidget, key: object, *, on: bool) -> None:
    """Check or uncheck the item of a list that has this key."""
    for item in (items.item(row) for row in range(items.count())):
        if item.data(Qt.ItemDataRole.UserRole) == key:
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
