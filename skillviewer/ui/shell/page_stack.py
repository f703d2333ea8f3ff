"""The stack of screens in the middle of the window."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow, QStackedWidget, QWidget

from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.actions.table import PREFIX_OF_SCREENS
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.shell.page_spec import FIRST_WIDTH_PX, LAYOUT_VERSION, START, PageSpec, _notify
from skillviewer.ui.widgets.theme import apply_theme


class PageStack(QObject):
    """The pages in the middle of the window, and the docks around them."""

    made = Signal(str)  # a screen was made: its name
    shown = Signal(str)  # name of the screen, "" for the first page

    def __init__(
        self,
        window: QMainWindow,
        pages: QStackedWidget,
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
        self.current = START  # name of the screen that is shown, "" for the first page
        self.collapsed = False  # true while the panels are hidden because the window is narrow
        self.bare = False  # true while the panels are hidden in theatre mode
        self._last = screens[0].name

    @property
    def widget(self) -> QWidget | None:
        """The screen that is shown, or None on the first page."""
        return self._widgets.get(self.current)

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        """The screens that are made already."""
        return tuple(self._widgets.values())

    def has(self, panel: PageSpec) -> bool:
        """Return True if a panel belongs to the screen that is shown."""
        return panel.belongs_to(self._screens.get(self.current))

    def named(self, name: str) -> QWidget:
        """Return a screen, made when it is first asked for."""
        screen = self._widgets.get(name)
        if screen is None:
            screen = self._widgets[name] = self._screens[name].make(self._app_context, self._actions, self._pages)
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
        """Show the screen that was shown last; the first screen if none was."""
        self.show(self._last)

    def show(self, name: str) -> None:
        """Show a screen with its docks, arranged as they were last."""
        if name == self.current:
            self._enter(name)
            return
        widget = self.named(name)
        self._leave()
        self._last = self._last if self._screens[name].standalone else name
        self._pages.setCurrentWidget(widget)
        self._arrange(name)
        self._enter(name)

    def set_collapsed(self, on: bool) -> None:
        """Hide the panels, since the window is narrow, or show them as they were."""
        if on != self.collapsed:
            self.save_layout()
            self.collapsed = on
            self._arrange_again()

    def set_bare(self, on: bool) -> None:
        """Hide the panels for theatre mode, or show them as they were."""
        if on != self.bare:
            self.save_layout()
            self.bare = on
            self._arrange_again()

    def _arrange_again(self) -> None:
        if self.current != START:
            self._arrange(self.current)

    def _arrange(self, name: str) -> None:
        """Show the docks of a screen as they were last; none if the panels are hidden."""
        if self.collapsed or self.bare:
            for panel in self._panels:
                self._docks[panel.name].hide()
                self._docks[panel.name].toggleViewAction().setVisible(panel.belongs_to(self._screens[name]))
            return
        layout = self._app_context.settings.layout(name)
        restored = not layout.isEmpty() and self._window.restoreState(layout, LAYOUT_VERSION)
        for panel in self._panels:
            dock = self._docks[panel.name]
            belongs = panel.belongs_to(self._screens[name])
            if not belongs:
                dock.hide()
            elif not restored:
                dock.setVisible(panel.visible_at_first)
            dock.toggleViewAction().setVisible(belongs)
        if not restored:
            docks = [self._docks[panel.name] for panel in self._panels if not self._docks[panel.name].isHidden()]
            self._window.resizeDocks(docks, [FIRST_WIDTH_PX] * len(docks), Qt.Orientation.Horizontal)
            for dock in reversed(docks):
                dock.raise_()  # of docks in one place the first lies on top

    def save_layout(self) -> None:
        if self.current != START and not (self.collapsed or self.bare):
            self._app_context.settings.save_layout(self.current, self._window.saveState(LAYOUT_VERSION))

    def _leave(self) -> None:
        self.save_layout()
        _notify(self.widget, "on_hidden")

    def _enter(self, name: str) -> None:
        arrived = name != self.current
        self.current = name
        for screen in self._screens.values():
            if not screen.standalone:
                self._actions[f"{PREFIX_OF_SCREENS}{screen.name}"].setChecked(screen.name == name)
        if arrived:
            _notify(self.widget, "on_shown")
            self.shown.emit(name)
