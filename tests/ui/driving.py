"""Helpers to drive the window: open, drop and read."""

import threading
from pathlib import Path
from typing import NoReturn

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from pytestqt.qtbot import QtBot

from skillviewer.core.progress import CancelToken
from skillviewer.ui.app import Composition
from skillviewer.ui.inspecting.screen import InspectScreen
from skillviewer.ui.session.app_context import AppContext


def inspect(made: Composition) -> InspectScreen:
    screen = made.window.screens.get_page("inspect")
    assert isinstance(screen, InspectScreen)
    return screen


def open_and_load(qtbot: QtBot, made: Composition, paths: list[Path]) -> None:
    made.app_context.models.choose_default(None)
    made.app_context.open(paths)
    qtbot.waitUntil(lambda: made.app_context.playback.video is not None and made.app_context.feed.settled)


def states(made: Composition) -> list[str]:
    return [str(entry.state) for entry in made.app_context.videos]


def drop(made: Composition, paths: list[Path]) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    actions, button, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), actions, data, button, none)
    made.window.dragEnterEvent(enter)
    assert enter.isAccepted()
    made.window.dropEvent(QDropEvent(QPointF(50, 50), actions, data, button, none))


def busy_with(app_context: AppContext) -> list[str]:
    """Return what is under way."""
    busy = [f"{len(worker._tasks)} tasks of {worker.name}" for worker in app_context.workers if worker._tasks]
    busy += [f"job {job.title}" for job in app_context.jobs.running]
    busy += ["an assessment"] if app_context.assessments.is_busy else []
    busy += ["a picture"] if not app_context.feed.settled else []
    return busy + (["a video about to be assessed"] if app_context.assessments._automatic_delay.isActive() else [])


def wait_for_stop(token: CancelToken, ended: threading.Event) -> NoReturn:
    """Work until stopped."""
    try:
        while True:
            token.check()
            token.wait(0.005)
    finally:
        ended.set()
