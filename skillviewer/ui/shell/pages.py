"""The screens and panels of the window: a new one is one file and one line here."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt
from PySide6.QtWidgets import QWidget

from skillviewer.core.registry import table
from skillviewer.ui.actions.actions import Actions
from skillviewer.ui.inspecting.moments_panel import MomentsPanel
from skillviewer.ui.inspecting.notes_panel import NotesPanel
from skillviewer.ui.inspecting.why_panel import WhyPanel
from skillviewer.ui.session.program import Program
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
    make: Callable[[Program, Actions, QWidget], QWidget]
    area: Qt.DockWidgetArea = Qt.DockWidgetArea.LeftDockWidgetArea  # side of the window, for panels
    shown: bool = True  # true where a panel is there at first
    screens: tuple[str, ...] = ()  # the screens that a panel belongs to; empty for all on which names may be read
    blind: bool = False  # true where it is a screen on which no name of a video may be read

    def belongs_to(self, screen: "PageSpec | None") -> bool:
        """Return whether a panel belongs to a screen; none belongs to the first page."""
        return screen is not None and (screen.name in self.screens if self.screens else not screen.blind)


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


SCREENS: tuple[PageSpec, ...] = table(
    PageSpec("inspect", str(QT_TRANSLATE_NOOP("actions", "Inspect")), _inspect),
    PageSpec("compare", str(QT_TRANSLATE_NOOP("actions", "Compare")), _compare),
    PageSpec("rank", str(QT_TRANSLATE_NOOP("actions", "Rank")), _rank, blind=True),
    PageSpec("finetune", str(QT_TRANSLATE_NOOP("actions", "Fine-tune")), _finetune),
    PageSpec("export", str(QT_TRANSLATE_NOOP("actions", "Export")), _export),
)

_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea

PANELS: tuple[PageSpec, ...] = table(
    PageSpec("videos", str(QT_TRANSLATE_NOOP("parts", "Videos")), VideosPanel),
    PageSpec("why", str(QT_TRANSLATE_NOOP("parts", "Why")), WhyPanel, _RIGHT, screens=("inspect",)),
    PageSpec("moments", str(QT_TRANSLATE_NOOP("parts", "Moments")), MomentsPanel, _RIGHT, screens=("inspect",)),
    PageSpec("notes", str(QT_TRANSLATE_NOOP("parts", "Notes")), NotesPanel, _RIGHT, screens=("inspect",)),
    PageSpec("jobs", str(QT_TRANSLATE_NOOP("parts", "Jobs")), JobsPanel, shown=False),
)
