"""The screens and docks of the window: a new one is one file and one line here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt
from PySide6.QtWidgets import QWidget

from skillviewer.core.registry import table
from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.comparing.binding import bind as compare_keys
from skillviewer.ui.exporting.binding import bind as export_keys
from skillviewer.ui.inspecting.moment_actions import bind as insight_keys
from skillviewer.ui.inspecting.moments_panel import MomentsPanel
from skillviewer.ui.inspecting.notes_panel import NotesPanel
from skillviewer.ui.inspecting.why_panel import WhyPanel
from skillviewer.ui.ranking.rank_actions import bind as rank_keys
from skillviewer.ui.session.program import Program
from skillviewer.ui.shell.jobs_panel import JobsPanel
from skillviewer.ui.videos.panel import VideosPanel

if TYPE_CHECKING:
    from skillviewer.ui.shell.main_window import MainWindow


@dataclass(frozen=True, slots=True)
class PageSpec:
    """A screen or a dock.

    Attributes:
        name: Identity.
        title: Words, for translation.
        make: Makes its widget: ``make(program, actions, parent)``. Screens are made when they are first shown.
        area: Side of the window, for docks.
        shown: Whether a dock is there at first.
        screens: The screens that a dock belongs to; empty for all.
        bind: Ties the actions of the part to what they do: ``bind(window)``, once, when the window is made. It reaches
            the widget of a screen by ``window.screen_named`` only when an action is used.
    """

    name: str
    title: str
    make: Callable[[Program, Actions, QWidget], QWidget]
    area: Qt.DockWidgetArea = Qt.DockWidgetArea.LeftDockWidgetArea
    shown: bool = True
    screens: tuple[str, ...] = ()
    bind: "Callable[[MainWindow], None] | None" = None

    def belongs_to(self, screen: str) -> bool:
        """Return whether a dock belongs to a screen."""
        return not self.screens or screen in self.screens


def _inspect(program: Program, actions: Actions, parent: QWidget) -> QWidget:
    from skillviewer.ui.inspecting.screen import InspectScreen  # pyqtgraph and OpenCV take half a second

    return InspectScreen(program, actions, parent)


def _compare(program: Program, actions: Actions, parent: QWidget) -> QWidget:
    from skillviewer.ui.comparing.screen import CompareScreen

    return CompareScreen(program, actions, parent)


def _rank(program: Program, actions: Actions, parent: QWidget) -> QWidget:
    from skillviewer.ui.ranking.screen import RankScreen

    return RankScreen(program, actions, parent)


def _finetune(program: Program, actions: Actions, parent: QWidget) -> QWidget:
    from skillviewer.ui.finetuning.screen import FinetuneScreen

    return FinetuneScreen(program, actions, parent)


def _export(program: Program, actions: Actions, parent: QWidget) -> QWidget:
    from skillviewer.ui.exporting.screen import ExportScreen

    return ExportScreen(program, actions, parent)


def _videos(program: Program, actions: Actions, parent: QWidget) -> QWidget:
    return VideosPanel(program.videos, program.icons, actions["open_videos"], parent)


def _jobs(program: Program, _actions: Actions, parent: QWidget) -> QWidget:
    return JobsPanel(program.jobs, parent)


def _why(program: Program, actions: Actions, parent: QWidget) -> QWidget:
    p = program
    return WhyPanel(p.insight, p.state, p.videos, p.playback, p.frames, actions, parent)


def _moments(program: Program, actions: Actions, parent: QWidget) -> QWidget:
    return MomentsPanel(program.insight, actions, parent)


def _notes(program: Program, _actions: Actions, parent: QWidget) -> QWidget:
    p = program
    return NotesPanel(p.insight.remarks, p.studies, p.undo, p.state, p.playback, parent)


WITH_LIST = ("inspect", "compare", "finetune", "export")
"""Screens beside which the list of videos and that of jobs stand; where pairs are judged nobody may read a name."""

SCREENS: tuple[PageSpec, ...] = table(
    PageSpec("inspect", str(QT_TRANSLATE_NOOP("parts", "Inspect")), _inspect),
    PageSpec("compare", str(QT_TRANSLATE_NOOP("parts", "Compare")), _compare, bind=compare_keys),
    PageSpec("rank", str(QT_TRANSLATE_NOOP("parts", "Rank")), _rank, bind=rank_keys),
    PageSpec("finetune", str(QT_TRANSLATE_NOOP("parts", "Fine-tune")), _finetune),
    PageSpec("export", str(QT_TRANSLATE_NOOP("parts", "Export")), _export, bind=export_keys),
)

PANELS: tuple[PageSpec, ...] = table(
    PageSpec(
        "videos",
        str(QT_TRANSLATE_NOOP("parts", "Videos")),
        _videos,
        screens=WITH_LIST,
    ),
    PageSpec(
        "why",
        str(QT_TRANSLATE_NOOP("parts", "Why")),
        _why,
        Qt.DockWidgetArea.RightDockWidgetArea,
        screens=("inspect",),
        bind=insight_keys,
    ),
    PageSpec(
        "moments",
        str(QT_TRANSLATE_NOOP("parts", "Moments")),
        _moments,
        Qt.DockWidgetArea.RightDockWidgetArea,
        screens=("inspect",),
    ),
    PageSpec(
        "notes",
        str(QT_TRANSLATE_NOOP("parts", "Notes")),
        _notes,
        Qt.DockWidgetArea.RightDockWidgetArea,
        screens=("inspect",),
    ),
    PageSpec("jobs", str(QT_TRANSLATE_NOOP("parts", "Jobs")), _jobs, shown=False, screens=WITH_LIST),
)
