"""Docks: panels at the sides of the window."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDockWidget, QLabel, QMainWindow, QWidget
from shiboken6 import isValid


class Heading(QLabel):
    """The title of a dock, which takes no space if a tab shows the same title."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(title, parent)
        self.is_needed = True  # whether the title is shown
        self.setProperty("heading", True)
        self.setContentsMargins(12, 10, 12, 2)

    def set_needed(self, needed: bool) -> None:
        if needed != self.is_needed:
            self.is_needed = needed
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        return super().sizeHint() if self.is_needed else QSize(0, 0)

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint() if self.is_needed else QSize(0, 0)


class Dock(QDockWidget):
    """A panel at a side of the window, alone or as one of several tabs. Its place is saved under its name.

    If the panel has a signal ``titled(str)``, it changes the title of the dock; ``raise_asked()`` raises the dock.
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
        """Raise the dock above other docks in the same place, unless the user closed it."""
        if not self.isHidden():
            self.raise_()

    def set_title(self, title: str) -> None:
        self.setWindowTitle(title)
        self.heading.setText(title)

    def _on_visibility(self, visible: bool) -> None:
        panel = self.widget()
        if panel is not None:
            panel.setEnabled(visible)  # the Tab key must not enter a panel behind another one
        if isValid(self._window):  # docks are hidden once more while the window is deleted
            for dock in self._window.findChildren(Dock):
                dock.update_heading()

    def update_heading(self) -> None:
        """Show the heading unless a tab shows the same title."""
        is_tabbed = any(not other.isHidden() for other in self._window.tabifiedDockWidgets(self))
        self.heading.set_needed(not is_tabbed)
