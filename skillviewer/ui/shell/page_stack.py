"""The first page and the screens. The window shows one of them at a time."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.actions.table import PREFIX_OF_SCREENS
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.shell.page_spec import FIRST_WIDTH_PX, LAYOUT_VERSION, START, PageSpec
from skillviewer.ui.widgets.pages import Pages
from skillviewer.ui.widgets.theme import apply_theme


class PageStack(QObject):
    """The first page and the screens in the middle of the window, and the docks around them."""

    made = Signal(str)  # name of a screen that was created
    shown = Signal(str)  # name of the shown screen, or "" for the first page

    def __init__(
        self,
        window: QMainWindow,
        pages: Pages,
        docks: Mapping[str, QDockWidget],
        app_context: AppContext,
        actions: Actions,
        screens: Sequence[PageSpec],
        panels: Sequence[PageSpec],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._pages = pages
        self._docks = docks
        self._app_context = app_context
        self._actions = actions
        self._screens = {screen.name: screen for screen in screens}
        self._panels = tuple(panels)
        self._widgets: dict[str, QWidget] = {}
        self.current_name = START  # name of the shown screen, or "" for the first page
        self.collapsed = False  # True while the panels are hidden because the window is narrow
        self.in_theatre = False  # True while the panels are hidden in theatre mode
        self._last_name = screens[0].name  # screen that was shown last

    @property
    def widget(self) -> QWidget | None:
        """The shown screen, or None on the first page."""
        return self._widgets.get(self.current_name)

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        """The screens created so far."""
        return tuple(self._widgets.values())

    def has(self, panel: PageSpec) -> bool:
        """Return True if a panel belongs to the shown screen."""
        return panel.belongs_to(self._screens.get(self.current_name))

    def get_page(self, name: str) -> QWidget:
        """Return a screen, which is created on the first call."""
        screen = self._widgets.get(name)
        if screen is None:
            screen = self._screens[name].make(self._app_context, self._actions, self._pages)
            self._widgets[name] = screen
            self._actions.attach_screen(name, screen)
            self._pages.addWidget(screen)
            apply_theme(screen, self._app_context.themes.theme)
            self.made.emit(name)
        return screen

    def show_start(self) -> None:
        self._leave()
        for dock in self._docks.values():
            dock.hide()
        self._pages.setCurrentIndex(0)
        self._enter(START)

    def show_last(self) -> None:
        """Show the screen that was shown last, at first the first screen."""
        self.show(self._last_name)

    def show(self, name: str) -> None:
        """Show a screen, with its docks in their saved arrangement."""
        if name == self.current_name:
            self._enter(name)
            return
        widget = self.get_page(name)
        self._leave()
        if not self._screens[name].standalone:
            self._last_name = name
        self._pages.setCurrentWidget(widget)
        self._arrange(name)
        self._enter(name)

    def set_collapsed(self, on: bool) -> None:
        """Hide the panels in a narrow window, or restore them."""
        if on != self.collapsed:
            self.save_layout()
            self.collapsed = on
            self._arrange_again()

    def set_theatre(self, on: bool) -> None:
        """Hide the panels in theatre mode, or restore them."""
        if on != self.in_theatre:
            self.save_layout()
            self.in_theatre = on
            self._arrange_again()

    def _arrange_again(self) -> None:
        if self.current_name != START:
            self._arrange(self.current_name)

    def _arrange(self, name: str) -> None:
        """Show the docks of a screen in their saved arrangement. While the panels are hidden, no dock is shown."""
        if self.collapsed or self.in_theatre:
            for panel in self._panels:
                dock = self._docks[panel.name]
                dock.hide()
                dock.toggleViewAction().setVisible(panel.belongs_to(self._screens[name]))
            return
        layout = self._app_context.settings.layout(name)
        is_restored = not layout.isEmpty() and self._window.restoreState(layout, LAYOUT_VERSION)
        for panel in self._panels:
            dock = self._docks[panel.name]
            is_member = panel.belongs_to(self._screens[name])
            if not is_member:
                dock.hide()
            elif not is_restored:
                dock.setVisible(panel.visible_at_first)
            dock.toggleViewAction().setVisible(is_member)
        if not is_restored:
            docks = [self._docks[panel.name] for panel in self._panels]
            shown_docks = [dock for dock in docks if not dock.isHidden()]
            self._window.resizeDocks(shown_docks, [FIRST_WIDTH_PX] * len(shown_docks), Qt.Orientation.Horizontal)
            for dock in reversed(shown_docks):
                dock.raise_()  # the first of the docks in one place ends on top

    def save_layout(self) -> None:
        if self.current_name != START and not (self.collapsed or self.in_theatre):
            self._app_context.settings.save_layout(self.current_name, self._window.saveState(LAYOUT_VERSION))

    def _leave(self) -> None:
        self.save_layout()
        _notify(self.widget, "on_hidden")

    def _enter(self, name: str) -> None:
        is_new = name != self.current_name
        self.current_name = name
        for screen in self._screens.values():
            if not screen.standalone:
                self._actions[f"{PREFIX_OF_SCREENS}{screen.name}"].setChecked(screen.name == name)
        if is_new:
            _notify(self.widget, "on_shown")
            self.shown.emit(name)


def _notify(screen: QWidget | None, method_name: str) -> None:
    """Call a method of a screen, if the screen has it."""
    method = getattr(screen, method_name, None)
    if method is not None:
        method()
