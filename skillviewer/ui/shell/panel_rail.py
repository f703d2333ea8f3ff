"""Rail of icons at the side of a narrow window, which opens one panel at a time."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QToolBar, QWidget

from skillviewer.ui.shell.page_spec import FIRST_WIDTH_PX, PageSpec
from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.layout import tool_button
from skillviewer.ui.widgets.text_scaling import icon_size, scaled_px
from skillviewer.ui.widgets.theme import Theme

MIN_WIDTH_PX = 240  # of an open panel, if it leaves three fifths of the window


class PanelRail(QToolBar):
    """Buttons of all panels. A press shows a panel and hides the others, or hides a shown panel."""

    def __init__(
        self, docks: Mapping[str, QDockWidget], panels: Sequence[PageSpec], icons: Icons, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._docks = docks
        self._panels = tuple(panels)
        self._icons = icons
        self.setObjectName("rail")
        self.setWindowTitle("Panels")
        self.setAccessibleName("Panels")
        self.setMovable(False)
        self.setOrientation(Qt.Orientation.Vertical)
        self.setIconSize(icon_size(20))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.toggleViewAction().setVisible(False)
        for panel in panels:
            action = docks[panel.name].toggleViewAction()
            action.setIconVisibleInMenu(False)
            action.triggered.connect(partial(self._on_triggered, panel.name))
            button = tool_button("", self)
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
            self.addWidget(button)

    def open_alone(self, name: str) -> None:
        """Show a panel in a third of the window, or in more if its text is large, and hide the others."""
        for other, dock in self._docks.items():
            dock.setVisible(other == name)
        dock = self._docks[name]
        dock.raise_()
        window = dock.parentWidget()
        if isinstance(window, QMainWindow):
            large_px = min(scaled_px(MIN_WIDTH_PX), window.width() * 2 // 5)
            width_px = min(scaled_px(FIRST_WIDTH_PX), max(window.width() // 3, large_px))
            window.resizeDocks([dock], [width_px], Qt.Orientation.Horizontal)

    def on_theme(self, theme: Theme) -> None:
        for panel in self._panels:
            self._docks[panel.name].toggleViewAction().setIcon(self._icons.icon(panel.icon, theme))

    def _on_triggered(self, name: str) -> None:
        if not self._docks[name].isHidden() and self.isVisible():
            self.open_alone(name)
