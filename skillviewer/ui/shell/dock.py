"""A dock of the window: its heading is hidden where a tab shows the same title."""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QDockWidget, QLabel, QMainWindow, QWidget
from shiboken6 import isValid


class Heading(QLabel):
    """The title of a dock; takes no room where a tab shows the same title."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(title, parent)
        self._needed = True
        self.setProperty("heading", True)
        self.setContentsMargins(12, 10, 12, 2)

    @property
    def needed(self) -> bool:
        """True where it is to be shown."""
        return self._needed

    def set_needed(self, needed: bool) -> None:
        """Show or hide it."""
        if needed != self._needed:
            self._needed = needed
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        return super().sizeHint() if self._needed else QSize(0, 0)

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint() if self._needed else QSize(0, 0)


class Dock(QDockWidget):
    """A panel at a side of the window, alone or as one of several tabs.

    Args:
        name: Identity, by which its place is remembered.
        panel: What it holds. Its signal ``titled(str)``, if it has one, gives the dock another title; ``raise_asked()``
            brings it before the docks in the same place.
        area: Side of the window.
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

    @Slot()
    def raise_open(self) -> None:
        """Bring it before the docks in the same place, unless the user closed it."""
        if not self.isHidden():
            self.raise_()

    @Slot(str)
    def set_title(self, title: str) -> None:
        self.setWindowTitle(title)
        self.heading.setText(title)

    @Slot()
    def _on_visibility(self, *_: object) -> None:
        if isValid(self._window):  # docks are hidden once more while the window is deleted
            for dock in self._window.findChildren(Dock):
                dock.look()

    def look(self) -> None:
        """Show the heading where no tab shows the same title."""
        tabbed = any(not other.isHidden() for other in self._window.tabifiedDockWidgets(self))
        self.heading.set_needed(not tabbed)
