"""Tables of the screens and panels of the window."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from skillviewer.core.registry import table
from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.inspecting.hands_panel import HandsPanel
from skillviewer.ui.inspecting.moments_panel import MomentsPanel
from skillviewer.ui.inspecting.notes_panel import NotesPanel
from skillviewer.ui.inspecting.why_panel import WhyPanel
from skillviewer.ui.session.app_context import AppContext
from skillviewer.ui.shell.jobs_panel import JobsPanel
from skillviewer.ui.videos.panel import VideosPanel


@dataclass(frozen=True, slots=True)
class PageSpec:
    """A screen or a panel.

    Its widget may have these methods and signals:

    - a screen or a panel: ``handlers(dialogs)``, which carries out actions of the window, and ``on_theme(theme)``
    - a screen: ``on_shown()``, ``on_hidden()``, and those of ``MainWindow.retitle``
    - a panel: those of ``Dock``
    """

    name: str
    title: str  # title on screen
    # ``make(app_context, actions, parent)`` returns the widget; a screen is made when it is first shown
    make: Callable[[AppContext, Actions, QWidget], QWidget]
    area: Qt.DockWidgetArea = Qt.DockWidgetArea.LeftDockWidgetArea  # side of the window, for panels
    visible_at_first: bool = True  # for panels
    screens: tuple[str, ...] = ()  # screens to which a panel belongs; empty for all screens that are not blind
    blind: bool = False  # True for a screen that hides the names of videos
    standalone: bool = False  # True for a screen without panels, and without a button and key of its own
    guide: str = "index"  # name of the guide that explains a screen, one of ``guides.NAMES``
    icon: str = "note"  # name of the icon that is shown if there is no space for the title

    def belongs_to(self, screen: "PageSpec | None") -> bool:
        """Return True if this panel belongs to a screen; None for the first page, which has no panels."""
        if screen is None or screen.standalone:
            return False
        if self.screens:
            return screen.name in self.screens
        return not screen.blind


def _inspect(app_context: AppContext, actions: Actions, parent: QWidget) -> QWidget:
    from skillviewer.ui.inspecting.screen import InspectScreen  # importing pyqtgraph and OpenCV takes half a second

    return InspectScreen(app_context, actions, parent)


def _split(app_context: AppContext, actions: Actions, parent: QWidget) -> QWidget:
    from skillviewer.ui.inspecting.split_screen import SplitScreen

    return SplitScreen(app_context, actions, parent)


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
    PageSpec("inspect", "Inspect", _inspect, guide="why", icon="screen_inspect"),
    PageSpec("compare", "Compare", _compare, guide="compare", icon="screen_compare"),
    PageSpec("rank", "Rank", _rank, blind=True, guide="judging", icon="screen_rank"),
    PageSpec("finetune", "Train", _finetune, guide="train", icon="screen_finetune"),
    PageSpec("export", "Export", _export, guide="export", icon="screen_export"),
    PageSpec("split", "Split view", _split, standalone=True, guide="why"),
)

_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea

PANELS: tuple[PageSpec, ...] = table(
    PageSpec("videos", "Videos", VideosPanel, icon="panel_videos"),
    PageSpec("why", "Why", WhyPanel, _RIGHT, screens=("inspect",), icon="panel_why"),
    PageSpec("moments", "Moments", MomentsPanel, _RIGHT, screens=("inspect",), icon="panel_moments"),
    PageSpec("notes", "Notes", NotesPanel, _RIGHT, screens=("inspect",), icon="panel_notes"),
    PageSpec("hands", "Hands", HandsPanel, _RIGHT, screens=("inspect",), icon="panel_hands"),
    PageSpec("jobs", "Jobs", JobsPanel, visible_at_first=False, icon="panel_jobs"),
)


LAYOUT_VERSION = 3  # of saved arrangements of docks; a change of the panels raises it
START = ""  # name of the first page, which is no screen
FIRST_WIDTH_PX = 360  # width of a panel before the user changes it
