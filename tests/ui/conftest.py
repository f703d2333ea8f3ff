"""A window over fakes, and checks for leftover widgets and threads."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from pytestqt.wait_signal import SignalBlocker

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from skillviewer.core.paths import resources_dir
from skillviewer.ui.app import Composition, compose
from skillviewer.ui.session.backend import Backend
from skillviewer.ui.session.settings import Settings
from skillviewer.ui.threads.worker_thread import WorkerThread
from skillviewer.ui.widgets.fonts import load_fonts
from skillviewer.ui.widgets.icons import Icons
from skillviewer.ui.widgets.theme import ThemeChoice, ThemeSource, style_sheet
from tests.ui.fakes import FakeDialogs, FakeWorld

MakeWindow = Callable[[Backend], Composition]


PATIENCE_MS = 60_000


class PatientBot(QtBot):
    """Waits longer before a timeout: machines may be busy, and only a failing test takes that long."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE_MS) -> None:  # noqa: N802
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = PATIENCE_MS, **options: Any) -> SignalBlocker:  # noqa: N802
        return super().waitSignal(signal, timeout=timeout, **options)

    def waitExposed(self, widget: Any, *, timeout: int = PATIENCE_MS) -> Any:  # noqa: N802
        return super().waitExposed(widget, timeout=timeout)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:  # noqa: ARG001
    return PatientBot(request)


@pytest.fixture(scope="session")
def icons(qapp: QApplication) -> Icons:  # noqa: ARG001 - pixmaps need an application
    return Icons(resources_dir() / "icons")


@pytest.fixture(scope="session")
def themes(qapp: QApplication) -> ThemeSource:
    load_fonts(resources_dir() / "style" / "fonts")
    source = ThemeSource(qapp)
    source.choose(ThemeChoice.LIGHT)
    source.apply_theme()
    return source


@pytest.fixture(autouse=True)
def _style_sheet(request: pytest.FixtureRequest, qapp: QApplication, themes: ThemeSource) -> None:
    """Take the style sheet off, but for tests of the looks: with it, a window takes a quarter longer."""
    styled = request.node.get_closest_marker("styled") is not None
    sheet = style_sheet(themes.theme, 100) if styled else ""
    if qapp.styleSheet() != sheet:
        qapp.setStyleSheet(sheet)


@pytest.fixture(autouse=True)
def _no_models_of_others(home: Path) -> Iterator[None]:
    """Remove the checkpoints that a test left in the shared home: the next test would load them."""
    yield
    shutil.rmtree(home / "data" / "models", ignore_errors=True)  # never the user's own


@pytest.fixture(autouse=True, scope="module")
def _collected_here() -> Iterator[None]:
    """Collect garbage in this thread only, as ``ui/threads/priorities.py`` does.

    A closed window is garbage that holds widgets. Python's own collector runs in whichever thread makes an object next:
    in a worker thread of the following test, it deletes widgets there, and Qt falls over later.
    """
    gc.collect()
    gc.freeze()  # what is imported by now stays: no later collection walks through it
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(autouse=True)
def _collected_before_each(_collected_here: None) -> None:
    """Collect what the test before left, now that pytest has let go of its window."""
    gc.disable()
    gc.collect(1)


@pytest.fixture(autouse=True)
def _nothing_left(qapp: QApplication) -> Iterator[None]:
    """Fail a test that leaves a widget on screen or a worker thread running."""
    before = set(map(id, qapp.topLevelWidgets()))
    yield
    flush()
    left = [w for w in qapp.topLevelWidgets() if id(w) not in before and w.isVisible()]
    assert not left, f"left on screen: {left}"


def flush() -> None:
    """Deliver what is queued, deletions too."""
    QCoreApplication.sendPostedEvents()
    QCoreApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def world(tmp_path: Path) -> FakeWorld:
    return FakeWorld(tmp_path / "videos")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.in_folder(tmp_path)


@pytest.fixture
def dialogs() -> FakeDialogs:
    return FakeDialogs()


@pytest.fixture
def make_worker() -> Iterator[Callable[..., WorkerThread[object]]]:
    """Make worker threads that are ended after the test."""
    workers: list[WorkerThread[object]] = []

    def make(
        name: str = "test", make: Callable[[], object] = object, free: Callable[[object], None] = lambda _: None
    ) -> WorkerThread[object]:
        worker: WorkerThread[object] = WorkerThread(name, make, free)
        workers.append(worker)
        return worker

    yield make
    assert all([worker.wait(PATIENCE_MS) for worker in workers])  # noqa: C419 - waits for all
    flush()


@pytest.fixture
def make_window(
    qtbot: QtBot, settings: Settings, themes: ThemeSource, icons: Icons, dialogs: FakeDialogs
) -> Iterator[Callable[[Backend], Composition]]:
    """Make windows that are closed after the test."""
    made: list[Composition] = []

    def make(backend: Backend) -> Composition:
        composition = compose(backend, settings, themes, icons, dialogs)
        made.append(composition)
        composition.window.narrow_below_px = 0  # the screen without a display is small, and panels are to be seen
        composition.window.resize(1100, 700)
        composition.window.show()
        qtbot.waitExposed(composition.window)
        composition.window.activateWindow()
        return composition

    yield make
    for composition in made:
        composition.app_context.close()
        assert composition.app_context.wait(PATIENCE_MS), "a worker thread did not end"
        flush()
        composition.window.close()
        for thing in (composition.window, composition.app_context):
            assert isinstance(thing, QObject)
            thing.deleteLater()
    flush()


@pytest.fixture
def window(make_window: Callable[[Backend], Composition], world: FakeWorld) -> Iterator[Composition]:
    """A window over the fake world, with the list of models known."""
    made = make_window(world.backend())
    made.app_context.models.refresh()
    yield made
    world.hold.set()
