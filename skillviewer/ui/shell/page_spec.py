"""The screens and panels of the window: a new one is one file and one line here."""

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

    Its widget may have any of these: ``handlers(dialogs)`` (what it does for the actions of the window), ``on_theme``,
    and a screen ``on_shown``, ``on_hidden``, ``window_title``, ``status_text``, ``status_changed`` and ``secrets``
    (``MainWindow.retitle``); a panel ``titled`` and ``raise_asked`` (``Dock``).
    """

    name: str  # identity
    title: str  # words, for translation
    # makes its widget: ``make(program, actions, parent)``; a screen is made when it is first shown
    make: Callable[[AppContext, Actions, QWidget], QWidget]
    area: Qt.DockWidgetArea = Qt.DockWidgetArea.LeftDockWidgetArea  # side of the window, for panels
    visible_at_first: bool = True  # true if a panel is there at first
    screens: tuple[str, ...] = ()  # the screens that a panel belongs to; empty for all on which names may be read
    blind: bool = False  # true if it is a screen on which no name of a video may be read
    standalone: bool = False  # true for a screen without panels, which has no button and no key of its own
    icon: str = "note"  # name of its icon, where there is no room for words

    def belongs_to(self, screen: "PageSpec | None") -> bool:
        """Return True if a panel belongs to a screen; none belongs to the first page."""
        if screen is None or screen.standalone:
            return False
        return screen.name in self.screens if self.screens else not screen.blind


def _inspect(app_context: AppContext, actions: Actions, parent: QWidget) -> QWidget:
    from skillviewer.ui.inspecting.screen import InspectScreen  # pyqtgraph and OpenCV take half a second

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
    PageSpec("inspect", "Inspect", _inspect, icon="screen_inspect"),
    PageSpec("compare", "Compare", _compare, icon="screen_compare"),
    PageSpec("rank", "Rank", _rank, blind=True, icon="screen_rank"),
    PageSpec("finetune", "Train", _finetune, icon="screen_finetune"),
    PageSpec("export", "Export", _export, icon="screen_export"),
    PageSpec("split", "Split view", _split, standalone=True),
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


LAYOUT_VERSION = 3
START = ""  # the name of the first page, which is no screen
FIRST_WIDTH_PX = 360


def _notify(part: QWidget | None, method: str) -> None:
    act = getattr(part, method, None)
    if act is not None:
        act()
