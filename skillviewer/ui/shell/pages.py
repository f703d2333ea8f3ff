"""The screens and panels of the window: a new one is one file and one line here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDockWidget, QLabel, QMainWindow, QStackedWidget, QWidget
from shiboken6 import isValid

from skillviewer.core.registry import table
from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.actions.table import PREFIX_OF_SCREENS
from skillviewer.ui.inspecting.moments_panel import MomentsPanel
from skillviewer.ui.inspecting.notes_panel import NotesPanel
from skillviewer.ui.inspecting.why_panel import WhyPanel
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.shell.jobs_panel import JobsPanel
from skillviewer.ui.videos.panel import VideosPanel
from skillviewer.ui.widgets.theme import apply_theme


@dataclass(frozen=True, slots=True)
class PageSpec:
    """A screen or a panel.

    Its widget may have any of these: ``handlers(dialogs)`` (what it does for the actions of the window), ``on_theme``,
    and a screen ``on_shown``, ``on_hidden``, ``window_title``, ``status_text``, ``status_changed`` and ``secrets``
    (``MainWindow.retitle``); a panel ``titled`` and ``raise_asked`` (``Dock``).
    """

    name: str  # identity
    title: str  # words, for translation
    # makes its widget: ``make(program, actions, parent)``; a screen is made when it is first shown
    make: Callable[[AppContext, Actions, QWidget], QWidget]
    area: Qt.DockWidgetArea = Qt.DockWidgetArea.LeftDockWidgetArea  # side of the window, for panels
    shown: bool = True  # true where a panel is there at first
    screens: tuple[str, ...] = ()  # the screens that a panel belongs to; empty for all on which names may be read
    blind: bool = False  # true where it is a screen on which no name of a video may be read

    def belongs_to(self, screen: "PageSpec | None") -> bool:
        """Return whether a panel belongs to a screen; none belongs to the first page."""
        return screen is not None and (screen.name in self.screens if self.screens else not screen.blind)


def _inspect(app_context: AppContext, actions: Actions, parent: QWidget) -> QWidget:
    from skillviewer.ui.inspecting.screen import InspectScreen  # pyqtgraph and OpenCV take half a second

    return InspectScreen(app_context, actions, parent)


def _compare(app_context: AppContext, actions: Actions, parent: QWidget) -> QWidget:
    from skillviewer.ui.comparing.screen import CompareScreen

    return CompareScreen(app_context, actions, parent)


def _rank(app_context: AppContext, actions: Actions, parent: QWidget) -> QWidget:
    from skillviewer.ui.ranking.screen import RankScreen

    return RankScreen(app_context, actions, parent)


def _finetune(app_context: AppContext, actions: Actions, parent: QWidget) -> QWidget:
    from skillviewer.ui.finetuning.screen import FinetuneScreen

    return FinetuneScreen(app_context, actions, parent)


def _export(app_context: AppContext, actions: Actions, parent: QWidget) -> QWidget:
    from skillviewer.ui.exporting.screen import ExportScreen

    return ExportScreen(app_context, actions, parent)


SCREENS: tuple[PageSpec, ...] = table(
    PageSpec("inspect", "Inspect", _inspect),
    PageSpec("compare", "Compare", _compare),
    PageSpec("rank", "Rank", _rank, blind=True),
    PageSpec("finetune", "Train", _finetune),
    PageSpec("export", "Export", _export),
)

_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea

PANELS: tuple[PageSpec, ...] = table(
    PageSpec("videos", "Videos", VideosPanel),
    PageSpec("why", "Why", WhyPanel, _RIGHT, screens=("inspect",)),
    PageSpec("moments", "Moments", MomentsPanel, _RIGHT, screens=("inspect",)),
    PageSpec("notes", "Notes", NotesPanel, _RIGHT, screens=("inspect",)),
    PageSpec("jobs", "Jobs", JobsPanel, shown=False),
)


LAYOUT_VERSION = 3
START = ""  # the name of the first page, which is no screen
FIRST_WIDTH_PX = 360


def _notify(part: QWidget | None, method: str) -> None:
    act = getattr(part, method, None)
    if act is not None:
        act()


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
        self._window, self._pages, self._docks = window, pages, docks
        self._app_context, self._actions = app_context, actions
        self._screens, self._panels = {screen.name: screen for screen in screens}, tuple(panels)
        self._widgets: dict[str, QWidget] = {}
        self.current = START  # name of the screen that is shown, "" for the first page
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
        """Return whether a panel belongs to the screen that is shown."""
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
        self._last = name
        self._pages.setCurrentWidget(widget)
        layout = self._app_context.settings.layout(name)
        restored = not layout.isEmpty() and self._window.restoreState(layout, LAYOUT_VERSION)
        for panel in self._panels:
            dock, belongs = self._docks[panel.name], panel.belongs_to(self._screens[name])
            if not belongs:
                dock.hide()
            elif not restored:
                dock.setVisible(panel.shown)
            dock.toggleViewAction().setVisible(belongs)
        if not restored:
            docks = [self._docks[panel.name] for panel in self._panels if not self._docks[panel.name].isHidden()]
            self._window.resizeDocks(docks, [FIRST_WIDTH_PX] * len(docks), Qt.Orientation.Horizontal)
            for dock in reversed(docks):
                dock.raise_()  # of docks in one place the first lies on top
        self._enter(name)

    def save_layout(self) -> None:
        if self.current != START:
            self._app_context.settings.save_layout(self.current, self._window.saveState(LAYOUT_VERSION))

    def _leave(self) -> None:
        self.save_layout()
        _notify(self.widget, "on_hidden")

    def _enter(self, name: str) -> None:
        arrived = name != self.current
        self.current = name
        for screen in self._screens:
            self._actions[f"{PREFIX_OF_SCREENS}{screen}"].setChecked(screen == name)
        if arrived:
            _notify(self.widget, "on_shown")
            self.shown.emit(name)


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


class Heading(QLabel):
    """The title of a dock; takes no room where a tab shows the same title."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(title, parent)
        self.needed = True  # true where it is to be shown
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
