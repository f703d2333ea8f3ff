"""Size and position of a window on the present screens."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

DEFAULT_SHARE = 0.82  # of the main screen, for a window that is opened for the first time
MIN_FIRST_SIZE = QSize(1280, 720)
MAX_FIRST_SIZE = QSize(1680, 1050)
MIN_VISIBLE_PX = 80  # width of the upper edge of a window that has to be on a screen, so that it can be moved
TITLE_HEIGHT_PX = 24


def clamped(window: QRect, screens: Sequence[QRect]) -> QRect:
    """Return the rectangle of a window, moved and reduced so that it lies on a screen.

    A window whose title can be reached on a screen stays there. Another window moves to the first screen.

    Args:
        window: The rectangle of the window.
        screens: The usable parts of the screens, the main screen first.
    """
    screen = next((screen for screen in screens if _has_title_on(window, screen)), None)
    if screen is None:
        screen = screens[0]
        window = QRect(screen.topLeft(), window.size())
    size = window.size().boundedTo(screen.size())
    placed = QRect(window.topLeft(), size)
    if placed.top() + MIN_VISIBLE_PX > screen.bottom():
        placed.moveBottom(screen.bottom())
    return placed


def _has_title_on(window: QRect, screen: QRect) -> bool:
    """Return True if enough of a window's upper edge is on a screen."""
    title = QRect(window.left(), window.top(), window.width(), TITLE_HEIGHT_PX).intersected(screen)
    return title.width() >= min(MIN_VISIBLE_PX, window.width()) and title.height() >= 16


def move_onto_screen(window: QWidget) -> None:
    """Move a shown window onto a present screen."""
    screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
    if screens and not window.isMaximized() and not window.isFullScreen():
        geometry = window.geometry()
        on_screen = clamped(geometry, screens)
        if on_screen != geometry:
            window.setGeometry(on_screen)


def set_first_size(window: QWidget) -> None:
    """Give a window without a saved geometry most of the main screen."""
    screen = QGuiApplication.primaryScreen()
    if screen is not None:
        usable = screen.availableGeometry()
        size = (usable.size() * DEFAULT_SHARE).expandedTo(MIN_FIRST_SIZE).boundedTo(MAX_FIRST_SIZE)
        window.resize(size.boundedTo(usable.size()))
        window.move(usable.center() - window.rect().center())
