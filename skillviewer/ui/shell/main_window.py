"""The main window."""

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
from skillviewer.ui.player.map_menu import MapMenu
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.session.classified_paths import picture_of
from skillviewer.ui.session.open_study import OpenStudy
from skillviewer.ui.shell.dock import Dock
from skillviewer.ui.shell.menus import CriterionMenu, ModelMenu, RecentMenu, curve_menu, passes_menu, theme_menu
from skillviewer.ui.shell.message_bar import MessageBar
from skillviewer.ui.shell.page_spec import PANELS, SCREENS, START, PageSpec
from skillviewer.ui.shell.page_stack import PageStack
from skillviewer.ui.shell.panel_rail import PanelRail
from skillviewer.ui.shell.start_page import MAX_RECENT, StartPage
from skillviewer.ui.shell.status_bar import StatusBar
from skillviewer.ui.shell.tool_bar import ToolBar
from skillviewer.ui.shell.window_geometry import move_onto_screen, set_first_size
from skillviewer.ui.threads.throttle import single_shot
from skillviewer.ui.videos.panel import VideosPanel
from skillviewer.ui.widgets.dialogs import Dialogs
from skillviewer.ui.widgets.focus_order import focus_neighbour
from skillviewer.ui.widgets.layout import NO_MARGINS, add_all, growing, vertical
from skillviewer.ui.widgets.pages import Pages
from skillviewer.ui.widgets.text_scaling import scaled_px
from skillviewer.ui.widgets.theme import Theme, apply_theme

LOGO_PX = 72
MIN_SIZE_PX = (800, 600)
NARROW_PX = 1200
"""Width of the window below which panels are icons, for text of the default size."""
PICTURE_DELAY_MS = 200  # delay before the pictures of recent studies are loaded


class MainWindow(QMainWindow):
    """The main window: menus, bars and docks around the first page or a screen."""

    blind_changed = Signal()

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
        self._without_picture: list[Path] = []  # recent studies whose pictures have not been requested yet
        self._load_pictures_soon = single_shot(self, PICTURE_DELAY_MS, self._begin_loading_pictures)
        self._is_ready_to_close = False
        self._was_shown = False
        self.setObjectName("main_window")
        self.setWindowTitle("SkillViewer")
        self.setAcceptDrops(True)
        self.setMinimumSize(*MIN_SIZE_PX)
        self.narrow_below_px = NARROW_PX  # width below which panels are icons
        self.theatre = False  # True while picture, curve and transport fill a screen
        self._normal_geometry: QByteArray | None = None  # geometry before theatre mode
        self.setDockOptions(QMainWindow.DockOption.AnimatedDocks)
        listed = [screen for screen in screens if not screen.standalone]
        specs = with_screens([(screen.name, screen.title, screen.icon) for screen in listed])
        self.actions_ = Actions(self, app_context.icons, specs, app_context.settings.keys)
        map_actions = (self.actions_["overlay"], self.actions_["next_look"])
        self.map_menu = MapMenu(app_context.state, map_actions, self)
        self.recent_menu = RecentMenu(app_context.settings, self)
        self.model_menu = ModelMenu(app_context.models, self)
        self._make_centre()
        self.blind = False  # True while the shown screen hides the names of videos
        self._docks = {panel.name: self._make_dock(panel) for panel in panels}
        self._join_docks()
        self.screens = PageStack(self, self.pages, self._docks, app_context, self.actions_, screens, panels)
        self._make_bars(listed)
        for dock in self._docks.values():
            dock.hide()
            dock.visibilityChanged.connect(self._update_tabs, Qt.ConnectionType.QueuedConnection)
        self._connect()
        self.on_theme(app_context.themes.theme)
        self.show_start()
        QTimer.singleShot(0, self._update_tabs)

    def _connect(self) -> None:
        app_context = self.app_context
        app_context.themes.changed.connect(self.on_theme)
        app_context.closed.connect(self._on_closed)
        app_context.videos.added.connect(self._on_added)
        app_context.studies.opened.connect(self._on_study)
        app_context.studies.closed.connect(self.show_start)
        app_context.state.current_changed.connect(self._on_current)
        self.screens.made.connect(self._on_screen_made)
        self.screens.shown.connect(self.retitle)
        self.screens.shown.connect(self._fit)
        self.recent_menu.chosen.connect(self._open_path)
        self.start_page.recent_chosen.connect(self._open_path)
        self.status_bar.jobs_asked.connect(self.show_jobs)

    def _make_bars(self, listed: list[PageSpec]) -> None:
        self.status_bar = StatusBar(self.app_context, self)
        self.setStatusBar(self.status_bar)
        self._make_menus()
        names = [screen.name for screen in listed]
        self.tool_bar = ToolBar(self.app_context, self.actions_, self.map_menu, screens=names, parent=self)
        self.addToolBar(self.tool_bar)
        self.panel_rail = PanelRail(self._docks, self.panel_specs, self.app_context.icons, self)
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, self.panel_rail)

    def _make_centre(self) -> None:
        centre = QWidget(self)
        column = vertical(centre, margins=NO_MARGINS, spacing=0)
        self.message_bar = MessageBar(self.app_context.messages, self.actions_, self.app_context.icons, centre)
        self.pages = Pages(centre)
        theme = self.app_context.themes.theme
        logo = self.app_context.icons.pixmap("skillviewer", theme.text, LOGO_PX, self.devicePixelRatioF())
        self.start_page = StartPage(logo, self.actions_, self.pages)
        self.pages.addWidget(self.start_page)
        area = QScrollArea(centre)
        area.setObjectName("screens")
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self.pages)
        add_all(column, self.message_bar, growing(area))
        self.setCentralWidget(centre)

    def _make_dock(self, spec: PageSpec) -> Dock:
        panel = spec.make(self.app_context, self.actions_, self)
        show_asked = getattr(panel, "show_asked", None)
        if show_asked is not None:
            show_asked.connect(partial(self._on_show_asked, spec))
        return Dock(spec.name, spec.title, panel, window=self, area=spec.area)

    def _join_docks(self) -> None:
        """Make the docks on the right side tabs of one place, since each needs the whole height."""
        right_side = Qt.DockWidgetArea.RightDockWidgetArea
        self.setTabPosition(right_side, QTabWidget.TabPosition.North)
        right_docks = [self._docks[panel.name] for panel in self.panel_specs if panel.area is right_side]
        for dock in right_docks[1:]:
            self.tabifyDockWidget(right_docks[0], dock)

    def _update_tabs(self) -> None:
        """Configure the tab bars of the docks, and show or hide the headings of the docks."""
        for bar in self.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            bar.setAccessibleName("Panels")
            bar.setElideMode(Qt.TextElideMode.ElideNone)
            bar.setUsesScrollButtons(True)
            # Qt hides an empty bar out of sight, where the Tab key would still stop.
            focus_policy = Qt.FocusPolicy.TabFocus if bar.count() else Qt.FocusPolicy.NoFocus
            bar.setFocusPolicy(focus_policy)
        for dock in self._docks.values():
            dock.update_heading()  # restoring a layout makes tabs without showing or hiding a dock

    def _make_menus(self) -> None:
        app_context = self.app_context
        docks = QMenu("Panels", self)
        for dock in self._docks.values():
            docks.addAction(dock.toggleViewAction())
        curve = curve_menu(app_context.state, self)
        theme = theme_menu(app_context, self)
        submenus: dict[str, list[QMenu]] = {
            FILE: [self.recent_menu],
            VIEW: [CriterionMenu(app_context, self), self.map_menu, curve, docks, theme],
            MODEL: [self.model_menu, passes_menu(app_context.state, self)],
        }
        self.actions_.fill(self.menuBar(), submenus)

    @property
    def panel(self) -> VideosPanel:
        return cast("VideosPanel", self._docks["videos"].widget())

    def show_start(self) -> None:
        recent = self.app_context.settings.recent
        self.start_page.set_recent(recent)
        self.screens.show_start()
        self._without_picture = list(recent[:MAX_RECENT])
        self._load_pictures_soon.start()

    def _begin_loading_pictures(self) -> None:
        if not self.app_context.index_worker.stopped:
            # An empty task lets the files that were given at the start be probed first.
            self.app_context.index_worker.submit(lambda *_: None).then(finished=self._load_next_picture)

    def _load_next_picture(self) -> None:
        if self.screens.current_name != START or not self._without_picture or self.app_context.index_worker.stopped:
            return
        if self.app_context.studies.awaits_answer:
            self._load_pictures_soon.start()
            return
        path = self._without_picture.pop(0)
        task = self.app_context.index_worker.submit(lambda backend, token, _report: picture_of(path, backend, token))
        task.then(succeeded=partial(self.start_page.set_picture, path), finished=self._load_next_picture)

    def show_jobs(self) -> None:
        """Show the panel of running jobs, except on a screen that hides the names of videos."""
        if hasattr(self.screens.widget, "secrets"):
            return
        self.show_panel("jobs")

    def show_panel(self, name: str) -> None:
        """Show a panel and raise it. In a narrow window, the other panels are hidden."""
        if self.screens.collapsed:
            self.panel_rail.open_alone(name)
        self._docks[name].show()
        self._docks[name].raise_()

    def _on_show_asked(self, spec: PageSpec) -> None:
        if self.screens.has(spec) and not self.theatre:
            self.show_panel(spec.name)

    @property
    def has_list(self) -> bool:
        """True if the list of videos belongs to the shown screen."""
        return any(panel.name == "videos" and self.screens.has(panel) for panel in self.panel_specs)

    def find_video(self) -> None:
        """Show the list of videos, and move the focus to its search field."""
        if self.has_list:
            self.show_panel("videos")
            self.panel.start_search()

    def panel_named(self, name: str) -> QWidget:
        return self._docks[name].widget()

    def on_theme(self, theme: Theme) -> None:
        self.actions_.on_theme(theme)
        bars = (self.message_bar, self.status_bar, self.tool_bar, self.panel_rail)
        for widget in (*bars, *self.screens.widgets, *self._docks.values()):
            apply_theme(widget, theme)
        self._fit()

    def _fit(self, *_: object) -> None:
        """Collapse the panels to icons if the window is narrow for its text size."""
        text_scale = scaled_px(100) / 100
        min_width_px = self.narrow_below_px * (1 + (text_scale - 1) / 2)
        self.screens.set_collapsed(self.width() < min_width_px)
        has_panels = any(self.screens.has(panel) for panel in self.panel_specs)
        self.panel_rail.setVisible(self.screens.collapsed and has_panels and not self.theatre)

    def set_theatre(self, on: bool) -> None:
        """Enter or leave theatre mode, in which picture, curve and transport fill a screen, if possible the second."""
        if on == self.theatre:
            return
        if on and self.screens.current_name not in (*PLAYER_SCREENS, START):
            self.screens.show("inspect")
        self.theatre = on
        self.screens.set_theatre(on)
        for bar in (self.menuBar(), self.tool_bar, self.status_bar):
            bar.setVisible(not on)
        for screen in self.screens.widgets:
            self._apply_theatre(screen)
        self._fit()
        if on:
            self._fill_screen()
        else:
            self._restore_window()

    def _fill_screen(self) -> None:
        self._normal_geometry = self.saveGeometry()
        other_screens = [screen for screen in QGuiApplication.screens() if screen is not self.screen()]
        if other_screens:
            self.setGeometry(other_screens[0].availableGeometry())
        self.showFullScreen()

    def _restore_window(self) -> None:
        self.showNormal()
        if self._normal_geometry is not None:
            self.restoreGeometry(self._normal_geometry)
        self._normal_geometry = None

    def _apply_theatre(self, screen: QWidget) -> None:
        set_theatre = getattr(screen, "set_theatre", None)
        if set_theatre is not None:
            set_theatre(self.theatre)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave theatre mode on Escape."""
        if event.key() == Qt.Key.Key_Escape and self.theatre:
            self.set_theatre(on=False)
            return
        super().keyPressEvent(event)

    def _on_added(self, *_: object) -> None:
        self.recent_menu.refresh()
        if self.screens.current_name == START:
            self.screens.show_last()

    def _on_study(self, _study: OpenStudy) -> None:
        self._on_added()
        self.retitle()

    def _on_current(self, clip: VideoClip | None) -> None:
        self.panel.show_chosen(clip)
        self.retitle()

    def _on_screen_made(self, name: str) -> None:
        self._apply_theatre(self.screens.get_page(name))
        status_changed = getattr(self.screens.get_page(name), "status_changed", None)
        if status_changed is not None:
            status_changed.connect(self.retitle)

    def retitle(self) -> None:
        """Update the title and the status bar, and hide names of videos if the shown screen demands it.

        A screen may have the methods ``window_title()`` and ``status_text()``, which give its own texts, and
        ``secrets()``, which gives the names to be hidden.
        """
        screen = self.screens.widget
        title_parts = [part for part in self._title_parts(screen) if part]
        self.setWindowTitle(" – ".join([*title_parts, "SkillViewer"]))
        get_secrets = getattr(screen, "secrets", None)
        secrets = get_secrets() if get_secrets is not None else ()
        has_secrets = bool(secrets)
        self.message_bar.hide_names(secrets)
        self.recent_menu.set_names_hidden(has_secrets)
        if has_secrets != self.blind:
            self.blind = has_secrets
            self.blind_changed.emit()
        get_status_text = getattr(screen, "status_text", None)
        status_text = get_status_text() if get_status_text is not None else None
        self.status_bar.set_replacement(status_text)

    def _title_parts(self, screen: QWidget | None) -> list[str]:
        get_title = getattr(screen, "window_title", None)
        if get_title is not None:
            return [get_title()]
        parts = []
        clip = self.app_context.state.current_clip
        study = self.app_context.studies.current_study
        if clip is not None:
            parts.append(printable(self.app_context.videos.title(clip)))
        if study is not None and not study.draft:
            parts.append(printable(study.title))
        return parts

    def _open_path(self, path: Path) -> None:
        self.app_context.open([path])

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        self.app_context.open(paths)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Go through the widgets as they are read; Qt's order would be that in which they were made."""
        neighbour = focus_neighbour(self, self.focusWidget(), forward=forward)
        if neighbour is None:
            return False
        reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
        neighbour.setFocus(reason)
        return True

    def showEvent(self, event: QShowEvent) -> None:
        """Restore the saved geometry when the window is shown for the first time."""
        super().showEvent(event)
        if not self._was_shown:
            self._was_shown = True
            geometry = self.app_context.settings.geometry
            if geometry.isEmpty() or not self.restoreGeometry(geometry):
                set_first_size(self)
            QTimer.singleShot(0, self, lambda: move_onto_screen(self))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop everything and close once the worker threads have ended, after a question if a job would be lost."""
        if self._is_ready_to_close:
            event.accept()
            return
        event.ignore()
        if self.app_context.closing:
            return
        question = "Jobs are running. Stop them and close the window?"
        if self.app_context.jobs.confirm_stop and not self.dialogs.confirm(self, question, "Stop and close"):
            return
        self.app_context.settings.geometry = self._normal_geometry or self.saveGeometry()
        self.screens.save_layout()
        self.app_context.settings.save()
        self.setEnabled(False)
        focus = self.focusWidget()
        if focus is not None:
            focus.clearFocus()  # stores unfinished text while the study is still open
        self.app_context.close()

    def _on_closed(self) -> None:
        self._is_ready_to_close = True
        self.close()
