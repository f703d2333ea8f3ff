"""Menus of the map style."""

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from skillviewer.core.analysis.map_style import MapStyle
from skillviewer.ui.session.viewer_state import ViewerState, map_style_choices
from skillviewer.ui.widgets.exclusive_menu import ExclusiveMenu

TITLES = {
    "overlay": "Map as",
    "scale": "Colour scale",
    "strength": "Strength",
    "smooth": "Cells",
    "between": "Between sampled frames",
    "colours": "Colours",
}
"""Title of the menu of each field of ``MapStyle``."""


class MapStyleMenu(ExclusiveMenu):
    """Menu of a field of the map style, such as overlay or scale."""

    def __init__(self, field: str, title: str, state: ViewerState, parent: QWidget) -> None:
        value = getattr(state.map_style, field)
        super().__init__(
            title,
            map_style_choices()[field],
            parent,
            on_chosen=lambda value: state.set_map_style(**{field: value}),
            value=value,
        )
        self._field = field
        state.map_style_changed.connect(self._on_map_style)

    def _on_map_style(self, map_style: MapStyle) -> None:
        self.set_value(getattr(map_style, self._field))


class MapMenu(QMenu):
    """The menu of the map: actions on the map, and a menu for every field of the map style.

    Args:
        state: State of the window.
        actions: Actions on the map.
        parent: Owner of the menu.
        without: Fields that are left out, because the screen has another control for them.
    """

    def __init__(
        self, state: ViewerState, actions: tuple[QAction, ...], parent: QWidget, *, without: tuple[str, ...] = ()
    ) -> None:
        super().__init__("Map", parent)
        self.addActions(list(actions))
        self.addSeparator()
        self.menus = tuple(
            MapStyleMenu(field, title, state, self) for field, title in TITLES.items() if field not in without
        )
        for menu in self.menus:
            self.addMenu(menu)

    def open_at(self, widget: QWidget, position: QPoint | None = None) -> None:
        """Open the menu at a position in a widget, or above the widget."""
        if position is None:
            position = QPoint(0, -self.sizeHint().height())
        self.popup(widget.mapToGlobal(position))
