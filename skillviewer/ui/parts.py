"""The screens and docks of the window: a new one is one file and one line here."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt
from PySide6.QtWidgets import QWidget

from skillviewer.core.registry import table
from skillviewer.ui.actions import Actions
from skillviewer.ui.panels.jobs import JobsPanel
from skillviewer.ui.panels.videos import VideosPanel
from skillviewer.ui.program import Program


@dataclass(frozen=True, slots=True)
class Part:
    """A screen or a dock.

    Attributes:
        name: Identity.
        title: Words, for translation.
        make: Makes its widget: ``make(program, actions, parent)``. Screens are made when they are first shown.
        area: Side of the window, for docks.
        shown: Whether a dock is there at first.
    """

    name: str
    title: str
    make: Callable[[Program, Actions, QWidget], QWidget]
    area: Qt.DockWidgetArea = Qt.DockWidgetArea.LeftDockWidgetArea
    shown: bool = True


def _inspect(program: Program, actions: Actions, parent: QWidget) -> QWidget:
    from skillviewer.ui.inspect_screen import InspectScreen  # pyqtgraph and OpenCV take half a second

    return InspectScreen(program, actions, parent)


def _videos(program: Program, actions: Actions, parent: QWidget) -> QWidget:
    return VideosPanel(program.videos, program.icons, actions["open_videos"], parent)


def _jobs(program: Program, _actions: Actions, parent: QWidget) -> QWidget:
    return JobsPanel(program.jobs, parent)


SCREENS: tuple[Part, ...] = table(Part("inspect", str(QT_TRANSLATE_NOOP("parts", "Inspect")), _inspect))

PANELS: tuple[Part, ...] = table(
    Part("videos", str(QT_TRANSLATE_NOOP("parts", "Videos")), _videos),
    Part("jobs", str(QT_TRANSLATE_NOOP("parts", "Jobs")), _jobs, shown=False),
)
