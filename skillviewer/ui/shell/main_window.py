"""The window: first page, screens, docks, toolbar, status bar; drops of files, and closing."""

from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import QByteArray, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QMainWindow, QMenu, QScrollArea, QTabBar, QTabWidget, QWidget

from skillviewer.core.text import printable
from skillviewer.core.video.clips import VideoClip
from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.actions.table import FILE, MODEL, PLAYER_SCREENS, VIEW, with_screens
from skillviewer.ui.player.map_menu import make_map_style_menus
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.classified_paths import picture_of
from skillviewer.ui.session.open_study import OpenStudy
from skillviewer.ui.shell.dock import Dock, first_size, place
from skillviewer.ui.shell.menus import CriterionMenu, ModelMenu, RecentMenu, curve_menu, passes_menu, theme_menu
from skillviewer.ui.shell.message_bar import MessageBar
from skillviewer.ui.shell.page_spec import PANELS, SCREENS, START, PageSpec
from skillviewer.ui.shell.page_stack import PageStack
from skillviewer.ui.shell.panel_rail import PanelRail
from skillviewer.ui.shell.start_page import MAX_RECENT, StartPage
from skillviewer.ui.shell.status_bar import StatusBar
from skillviewer.ui.shell.tool_bar import ToolBar
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.videos.panel import VideosPanel
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.layout import NONE, add_all, vertical
from skillviewer.ui.widgets.pages import Pages
from skillviewer.ui.widgets.theme import Theme, apply_theme, by_text

LOGO_PX = 72
LEAST_PX = (800, 600)
NARROW_PX = 1200
"""Width of the window below which panels are icons, with letters of the usual size."""


class MainWindow(QMainWindow):
    """The window of one program."""

    blind_changed = Signal()  # a screen on which names must not be read came or went

    def __init__(
        self,
        app_context: AppContext,
        dialogs: Dialogs,
        screens: tuple[PageSpec, ...] = SCREENS,
        panels: tuple[PageSpec, ...] = PANELS,
    ) -> None:
        super().__init__()
        self.app_context = app_context
        self.dialogs = dialogs
        self.screen_specs = screens
        self.panel_specs = panels
        self._to_picture: list[Path] = []  # recent studies whose pictures are not asked for yet
        self._picture_soon = single_shot(self, 200, self._ask_pictures)
        self._ready_to_close = False
        self._placed = False
        self.setObjectName("main_window")
        self.setWindowTitle("SkillViewer")
        self.setAcceptDrops(True)
        self.setMinimumSize(*LEAST_PX)
        self.narrow_below_px = NARROW_PX  # width below which panels are icons
        self.theatre = False  # true while picture, curve and transport are alone on the screen
        self._windowed: QByteArray | None = None  # geometry before theatre mode
        self.setDockOptions(QMainWindow.DockOption.AnimatedDocks)
        listed = [screen for screen in screens if not screen.standalone]
        specs = with_screens([(screen.name, screen.title, screen.icon) for screen in listed])
        self.actions_ = Actions(self, app_context.icons, specs, app_context.settings.keys)
        self.map_style_menus = make_map_style_menus(app_context.state, self)
        self.recent = RecentMenu(app_context.settings, self)
        self.model_menu = ModelMenu(app_context.models, self)
        self._make_centre()
        self.blind = False  # true while a screen is shown on which names must not be read
        self._docks = {panel.name: self._make_dock(panel) for panel in panels}
        self._join_docks()
        self.screens = PageStack(self, self.pages, self._docks, app_context, self.actions_, screens, panels)
        self._make_bars(listed)
        for dock in self._docks.values():
            dock.hide()
            dock.visibilityChanged.connect(self._see_to_tabs, Qt.ConnectionType.QueuedConnection)
        app_context.themes.changed.connect(self.on_theme)
        app_context.closed.connect(self._on_closed)
        app_context.videos.added.connect(self._on_added)
        app_context.studies.opened.connect(self._on_study)
        app_context.studies.closed.connect(self.show_start)
        app_context.state.current_changed.connect(self._on_current)
        self.screens.made.connect(self._on_made)
        self.screens.shown.connect(self.retitle)
        self.screens.shown.connect(self._fit)
        self.recent.chosen.connect(self._open_one)
        self.start.recent_chosen.connect(self._open_one)
        self.status.jobs_asked.connect(self.show_jobs)
        self.on_theme(app_context.themes.theme)
        self.show_start()
        QTimer.singleShot(0, self._see_to_tabs)

    def _make_bars(self, listed: list[PageSpec]) -> None:
        self.status = StatusBar(self.app_context, self)
        self.setStatusBar(self.status)
        self._make_menus()
        names = [screen.name for screen in listed]
        self.tools = ToolBar(self.app_context, self.actions_, self.map_style_menus, names, self)
        self.addToolBar(self.tools)
        self.rail = PanelRail(self._docks, self.panel_specs, self.app_context.icons, self)
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, self.rail)

    def _make_centre(self) -> None:
        centre = QWidget(self)
        column = vertical(centre, NONE, 0)
        self.messages = MessageBar(self.app_context.messages, self.actions_, self.app_context.icons, centre)
        self.pages = Pages(centre)
        theme = self.app_context.themes.theme
        logo = self.app_context.icons.pixmap("skillviewer", theme.text, LOGO_PX, self.devicePixelRatioF())
        self.start = StartPage(logo, self.actions_, self.pages)
        self.pages.addWidget(self.start)
        area = QScrollArea(centre)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self.pages)
        add_all(column, self.messages, (area, 1))
        self.setCentralWidget(centre)

    def _make_dock(self, spec: PageSpec) -> Dock:
        panel = spec.make(self.app_context, self.actions_, self)
        show_asked = getattr(panel, "show_asked", None)
        if show_asked is not None:
            show_asked.connect(partial(self._on_show_asked, spec))
        return Dock(spec.name, spec.title, panel, self, spec.area)

    def _join_docks(self) -> None:
        """Put the docks on the right into one place, as tabs: each needs the whole height."""
        self.setTabPosition(Qt.DockWidgetArea.RightDockWidgetArea, QTabWidget.TabPosition.North)
        side = Qt.DockWidgetArea.RightDockWidgetArea
        right = [self._docks[panel.name] for panel in self.panel_specs if panel.area is side]
        for dock in right[1:]:
            self.tabifyDockWidget(right[0], dock)

    def _see_to_tabs(self) -> None:
        """Name the tabs of docks; Qt keeps an empty bar out of sight, where Tab would still stop at it."""
        for bar in self.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            bar.setAccessibleName("Panels")
            bar.setElideMode(Qt.TextElideMode.ElideNone)
            bar.setUsesScrollButtons(True)
            bar.setFocusPolicy(Qt.FocusPolicy.TabFocus if bar.count() else Qt.FocusPolicy.NoFocus)
        for dock in self._docks.values():
            dock.look()  # a layout that is restored makes tabs without showing or hiding a dock

    def _make_menus(self) -> None:
        app_context = self.app_context
        docks = QMenu("Panels", self)
        for dock in self._docks.values():
            docks.addAction(dock.toggleViewAction())
        curve = curve_menu(app_context.state, self)
        theme = theme_menu(app_context, self)
        submenus: dict[str, list[QMenu]] = {
            FILE: [self.recent],
            VIEW: [CriterionMenu(app_context, self), *self.map_style_menus, curve, docks, theme],
            MODEL: [self.model_menu, passes_menu(app_context.state, self)],
        }
        self.actions_.fill(self.menuBar(), submenus)

    @property
    def panel(self) -> VideosPanel:
        return cast("VideosPanel", self._docks["videos"].widget())

    def show_start(self) -> None:
        recent = self.app_context.settings.recent
        self.start.set_recent(recent)
        self.screens.show_start()
        self._to_picture = list(recent[:MAX_RECENT])
        self._picture_soon.start()

    def _ask_pictures(self) -> None:
        if not self.app_context.index.stopped:  # files that the program was given are looked at first
            self.app_context.index.submit(lambda *_: None).then(finished=self._ask_picture)

    def _ask_picture(self) -> None:
        if self.screens.current != START or not self._to_picture or self.app_context.index.stopped:
            return
        if self.app_context.studies.opening:
            self._picture_soon.start()
            return
        path = self._to_picture.pop(0)
        task = self.app_context.index.submit(lambda backend, token, _report: picture_of(path, backend, token))
        task.then(succeeded=partial(self.start.set_picture, path), finished=self._ask_picture)

    def show_jobs(self) -> None:
        """Show the running jobs, except on a screen where names must not be read."""
        if hasattr(self.screens.widget, "secrets"):
            return
        self.show_panel("jobs")

    def show_panel(self, name: str) -> None:
        """Show a panel before the others; alone where the window is narrow."""
        if self.screens.collapsed:
            self.rail.open_alone(name)
        self._docks[name].show()
        self._docks[name].raise_()

    def _on_show_asked(self, spec: PageSpec) -> None:
        if self.screens.has(spec) and not self.theatre:
            self.show_panel(spec.name)

    @property
    def has_list(self) -> bool:
        """True if the list of videos belongs to the screen that is shown."""
        return any(panel.name == "videos" and self.screens.has(panel) for panel in self.panel_specs)

    def find_video(self) -> None:
        """Put the text cursor into the search field of the list of videos, which is shown if it was closed."""
        if self.has_list:
            self.show_panel("videos")
            self.panel.start_search()

    def panel_named(self, name: str) -> QWidget:
        return self._docks[name].widget()

    def on_theme(self, theme: Theme) -> None:
        self.actions_.on_theme(theme)
        for part in (self.messages, self.status, self.tools, self.rail, *self.screens.widgets, *self._docks.values()):
            apply_theme(part, theme)
        self._fit()

    def _fit(self, *_: object) -> None:
        """Turn the panels into icons where the window is narrow for its letters."""
        min_width_px = self.narrow_below_px * (1 + (by_text(100) / 100 - 1) / 2)
        self.screens.set_collapsed(self.width() < min_width_px)
        has_panels = any(self.screens.has(panel) for panel in self.panel_specs)
        self.rail.setVisible(self.screens.collapsed and has_panels and not self.theatre)

    def set_theatre(self, on: bool) -> None:
        """Fill a screen, the second one if there is one, with picture, legend, curve and transport; or go back."""
        if on == self.theatre:
            return
        if on and self.screens.current not in PLAYER_SCREENS and self.screens.current != START:
            self.screens.show("inspect")
        self.theatre = on
        self.screens.set_theatre(on)
        for bar in (self.menuBar(), self.tools, self.status):
            bar.setVisible(not on)
        for screen in self.screens.widgets:
            self._tell_theatre(screen)
        self._fit()
        if on:
            self._windowed = self.saveGeometry()
            others = [screen for screen in QGuiApplication.screens() if screen is not self.screen()]
            if others:
                self.setGeometry(others[0].availableGeometry())
            self.showFullScreen()
        else:
            self.showNormal()
            if self._windowed is not None:
                self.restoreGeometry(self._windowed)
            self._windowed = None

    def _tell_theatre(self, screen: QWidget) -> None:
        set_theatre = getattr(screen, "set_theatre", None)
        if set_theatre is not None:
            set_theatre(self.theatre)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave theatre mode on Escape."""
        if event.key() == Qt.Key.Key_Escape and self.theatre:
            self.set_theatre(False)
            return
        super().keyPressEvent(event)

    def _on_added(self, *_: object) -> None:
        self.recent.refresh()
        if self.screens.current == START:
            self.screens.show_last()

    def _on_study(self, _study: OpenStudy) -> None:
        self._on_added()
        self.retitle()

    def _on_current(self, clip: VideoClip | None) -> None:
        self.panel.show_chosen(clip)
        self.retitle()

    def _on_made(self, name: str) -> None:
        self._tell_theatre(self.screens.named(name))
        status_changed = getattr(self.screens.named(name), "status_changed", None)
        if status_changed is not None:
            status_changed.connect(self.retitle)

    def retitle(self) -> None:
        """Show in title and status bar what is on screen; a screen may give its own texts.

        A screen on which names must not be read has ``window_title()``, ``status_text()`` and ``secrets()``.
        """
        screen = self.screens.widget
        study = self.app_context.studies.current
        clip = self.app_context.state.current
        title_of_screen = getattr(screen, "window_title", None)
        if title_of_screen is not None:
            parts = [title_of_screen()]
        else:
            parts = [printable(self.app_context.videos.title(clip))] if clip is not None else []
            if study is not None and not study.draft:
                parts.append(printable(study.title))
        self.setWindowTitle(" – ".join([*(part for part in parts if part), "SkillViewer"]))
        hidden = getattr(screen, "secrets", None)
        secrets = hidden() if hidden is not None else ()
        self.messages.keep_back(secrets)
        self.recent.keep_back(names=bool(secrets))
        if bool(secrets) != self.blind:
            self.blind = bool(secrets)
            self.blind_changed.emit()
        status = getattr(screen, "status_text", None)
        self.status.speak_for(status() if status is not None else None)

    def _open_one(self, path: Path) -> None:
        self.app_context.open([path])

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        self.app_context.open(paths)

    def showEvent(self, event: QShowEvent) -> None:
        """Restore the last position, if it is on a present screen."""
        super().showEvent(event)
        if not self._placed:
            self._placed = True
            geometry = self.app_context.settings.geometry
            if geometry.isEmpty() or not self.restoreGeometry(geometry):
                first_size(self)
            QTimer.singleShot(0, self, lambda: place(self))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask during a job; then stop everything, wait without blocking, and close."""
        if self._ready_to_close:
            event.accept()
            return
        event.ignore()
        if self.app_context.closing:
            return
        question = "Jobs are running. Stop them and close the window?"
        if self.app_context.jobs.confirm_stop and not self.dialogs.confirm(self, question, "Stop and close"):
            return
        self.app_context.settings.geometry = self._windowed or self.saveGeometry()
        self.screens.save_layout()
        self.app_context.settings.save()
        self.setEnabled(False)
        focus = self.focusWidget()
        if focus is not None:
            focus.clearFocus()  # text that is being typed is finished and stored while the study is still open
        self.app_context.close()

    def _on_closed(self) -> None:
        self._ready_to_close = True
        self.close()
