"""Size and position of a window on the present screens."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

DEFAULT_SHARE = 0.82  # of the main screen, for a window that is opened for the first time
MIN_FIRST_SIZE = QSize(1280, 720)
MAX_FIRST_SIZE = QSize(1680, 1050)
TITLE_BAR_HEIGHT_PX = 24
MIN_VISIBLE_WIDTH_PX = 80  # of the title bar; less of it is hard to drag
MIN_VISIBLE_HEIGHT_PX = 16  # of the title bar
MIN_HEIGHT_ABOVE_EDGE_PX = 80  # of a window, above the lower edge of its screen


def clamped(window: QRect, screens: Sequence[QRect]) -> QRect:
    """Return the rectangle of a window, moved and reduced so that it lies on a screen.

    A window whose title bar can be reached on a screen stays on this screen. Other windows move to the first screen.

    Args:
        window: The rectangle of the window.
        screens: The usable parts of the screens, the main screen first.
    """
    screen = next((screen for screen in screens if _has_title_bar_on(window, screen)), None)
    if screen is None:
        screen = screens[0]
        window = QRect(screen.topLeft(), window.size())
    size = window.size().boundedTo(screen.size())
    placed = QRect(window.topLeft(), size)
    if placed.top() + MIN_HEIGHT_ABOVE_EDGE_PX > screen.bottom():
        placed.moveBottom(screen.bottom())
    return placed


def _has_title_bar_on(window: QRect, screen: QRect) -> bool:
    """Return True if enough of a window's title bar is on a screen."""
    title_bar = QRect(window.left(), window.top(), window.width(), TITLE_BAR_HEIGHT_PX)
    visible = title_bar.intersected(screen)
    min_width_px = min(MIN_VISIBLE_WIDTH_PX, window.width())
    return visible.width() >= min_width_px and visible.height() >= MIN_VISIBLE_HEIGHT_PX


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
        max_size = MAX_FIRST_SIZE.boundedTo(usable.size())
        size = (usable.size() * DEFAULT_SHARE).expandedTo(MIN_FIRST_SIZE)
        window.resize(size.boundedTo(max_size))
        window.move(usable.center() - window.rect().center())
