"""A panel at the side of the window."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDockWidget, QLabel, QMainWindow, QWidget
from shiboken6 import isValid

DEFAULT_SHARE = 0.82


FIRST_LEAST, FIRST_MOST = QSize(1280, 720), QSize(1680, 1050)


MIN_VISIBLE_PX = 80


def clamped(window: QRect, screens: Sequence[QRect]) -> QRect:
    """Return a window's rectangle moved and cut so that it lies on a screen: the first is the main one.

    It stays where it is when its title can be reached: ``MIN_VISIBLE_PX`` of its upper edge in the usable part of a
    screen.
    """
    for screen in screens:
        top = QRect(window.left(), window.top(), window.width(), 24).intersected(screen)
        if top.width() >= min(MIN_VISIBLE_PX, window.width()) and top.height() >= 16:
            home = screen
            break
    else:
        home = screens[0]
        window = QRect(home.topLeft(), window.size())
    size = window.size().boundedTo(home.size())
    placed = QRect(window.topLeft(), size)
    if placed.top() + MIN_VISIBLE_PX > home.bottom():
        placed.moveBottom(home.bottom())
    return placed


def place(window: QWidget) -> None:
    """Move a window that is shown onto a screen that is present."""
    screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
    if screens and not window.isMaximized() and not window.isFullScreen():
        geometry = window.geometry()
        on_screen = clamped(geometry, screens)
        if on_screen != geometry:
            window.setGeometry(on_screen)


def first_size(window: QWidget) -> None:
    """Give a window that was never open before most of the main screen."""
    screen = QGuiApplication.primaryScreen()
    if screen is not None:
        room = screen.availableGeometry()
        size = (room.size() * DEFAULT_SHARE).expandedTo(FIRST_LEAST).boundedTo(FIRST_MOST)
        window.resize(size.boundedTo(room.size()))
        window.move(room.center() - window.rect().center())


class Heading(QLabel):
    """The title of a dock; takes no room where a tab shows the same title."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(title, parent)
        self.needed = True  # true if it is to be shown
        self.setProperty("heading", True)
        self.setContentsMargins(12, 10, 12, 2)

    def set_needed(self, needed: bool) -> None:
        if needed != self.needed:
            self.needed = needed
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        return super().sizeHint() if self.needed else QSize(0, 0)

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint() if self.needed else QSize(0, 0)


class Dock(QDockWidget):
    """A panel at a side of the window, alone or as one of several tabs; its place is remembered by its name.

    A signal ``titled(str)`` of the panel gives the dock another title, and ``raise_asked()`` brings it before the docks
    in the same place.
    """

    def __init__(self, name: str, title: str, panel: QWidget, window: QMainWindow, area: Qt.DockWidgetArea) -> None:
        super().__init__(title, window)
        self._window = window
        self.setObjectName(f"dock_{name}")
        self.heading = Heading(title, self)
        self.setTitleBarWidget(self.heading)
        self.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetClosable | QDockWidget.DockWidgetFeature.DockWidgetMovable
        )
        self.setWidget(panel)
        window.addDockWidget(area, self)
        self.visibilityChanged.connect(self._on_visibility)
        titled = getattr(panel, "titled", None)
        if titled is not None:
            titled.connect(self.set_title)
        raise_asked = getattr(panel, "raise_asked", None)
        if raise_asked is not None:
            raise_asked.connect(self.raise_open)

    def raise_open(self) -> None:
        """Bring it before the docks in the same place, unless the user closed it."""
        if not self.isHidden():
            self.raise_()

    def set_title(self, title: str) -> None:
        self.setWindowTitle(title)
        self.heading.setText(title)

    def _on_visibility(self, visible: bool) -> None:
        if (panel := self.widget()) is not None:  # else Tab would lead into a panel behind another one
            panel.setEnabled(visible)
        if isValid(self._window):  # docks are hidden once more while the window is deleted
            for dock in self._window.findChildren(Dock):
                dock.look()

    def look(self) -> None:
        """Show the heading where no tab shows the same title."""
        tabbed = any(not other.isHidden() for other in self._window.tabifiedDockWidgets(self))
        self.heading.set_needed(not tabbed)
