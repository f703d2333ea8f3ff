"""The window goes first: garbage is collected by its thread alone, and worker threads that compute give way."""

import gc
import os
import sys
import threading
import types
import weakref
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from skillviewer.ui.threads import priorities as collecting
from skillviewer.ui.threads.priorities import NICENESS, Collector
from skillviewer.ui.threads.worker_thread import WorkerThread


class Ring:
    """Garbage that only a collector finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    monkeypatch.setattr(collecting, "TICK_MS", 5)
    gc.enable()
    made = Collector()
    made.start()
    yield made
    made.stop()


def test_garbage_is_collected_by_the_thread_of_the_window(qtbot: QtBot, collector: Collector) -> None:  # noqa: ARG001
    where: list[threading.Thread] = []
    rings = [Ring() for _ in range(5000)]
    dead = weakref.ref(rings[-1], lambda _: where.append(threading.current_thread()))
    made = threading.Thread(target=lambda: [Ring() for _ in range(5000)])
    rings.clear()
    made.start()
    made.join()
    assert dead() is not None, "nobody collects by the way"
    qtbot.waitUntil(lambda: dead() is None)
    assert where == [threading.main_thread()]


def test_what_is_imported_is_set_aside(qtbot: QtBot, collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    before = gc.get_freeze_count()
    monkeypatch.setitem(sys.modules, "imported_just_now", types.ModuleType("imported_just_now"))
    qtbot.waitUntil(lambda: gc.get_freeze_count() > before)
    collector.stop()
    assert gc.get_freeze_count() == 0
    assert gc.isenabled()


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a niceness of their own on Linux alone")
def test_a_worker_that_computes_gives_way(
    qtbot: QtBot, make_worker: Callable[..., WorkerThread[object]], qapp: QObject
) -> None:
    def niceness_of(worker: WorkerThread[object]) -> int:
        found: list[int] = []
        task = worker.submit(lambda *_: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        task.succeeded.connect(found.append)
        qtbot.waitUntil(lambda: bool(found))
        return found[0]

    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert niceness_of(make_worker("answers")) == own
    computing: WorkerThread[object] = WorkerThread("computes", object, lambda _: None, qapp, computes=True)
    try:
        assert niceness_of(computing) == max(own, NICENESS)
    finally:
        computing.stop()
        assert computing.wait(5000)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == own
