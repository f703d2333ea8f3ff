"""Placement of the window: restored, and never off the present screens."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

DEFAULT_SHARE = 0.82
FIRST_LEAST, FIRST_MOST = QSize(1280, 720), QSize(1680, 1050)
LEAST_IN_SIGHT_PX = 80


def clamped(window: QRect, screens: Sequence[QRect]) -> QRect:
    """Return a window's rectangle moved and cut so that it lies on a screen.

    It stays where it is when its title can be reached: ``LEAST_IN_SIGHT_PX`` of its upper edge on a screen.

    Args:
        window: The rectangle wanted.
        screens: Usable part of every screen; the first is the main one.
    """
    for screen in screens:
        top = QRect(window.left(), window.top(), window.width(), 24).intersected(screen)
        if top.width() >= min(LEAST_IN_SIGHT_PX, window.width()) and top.height() >= 16:
            home = screen
            break
    else:
        home = screens[0]
        window = QRect(home.topLeft(), window.size())
    size = window.size().boundedTo(home.size())
    placed = QRect(window.topLeft(), size)
    if placed.top() + LEAST_IN_SIGHT_PX > home.bottom():
        placed.moveBottom(home.bottom())
    return placed


def place(window: QWidget) -> None:
    """Move a window that is shown onto a screen that is present."""
    screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
    if screens and not window.isMaximized() and not window.isFullScreen():
        wanted = window.geometry()
        got = clamped(wanted, screens)
        if got != wanted:
            window.setGeometry(got)


def first_size(window: QWidget) -> None:
    """Give a window that was never open before most of the main screen."""
    screen = QGuiApplication.primaryScreen()
    if screen is not None:
        room = screen.availableGeometry()
        wanted = (room.size() * DEFAULT_SHARE).expandedTo(FIRST_LEAST).boundedTo(FIRST_MOST)
        window.resize(wanted.boundedTo(room.size()))
        window.move(room.center() - window.rect().center())
