"""The window goes first: garbage is collected by its thread alone, and threads that compute do not hold it up."""

import ctypes
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

from skillviewer.core.os_differences import SLICE_NS, request_short_time_slices
from skillviewer.ui.threads import priorities
from skillviewer.ui.threads.priorities import NICENESS, Collector
from skillviewer.ui.threads.worker_thread import WorkerThread


class Ring:
    """Garbage that only a collector finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    monkeypatch.setattr(priorities, "COLLECTION_INTERVAL_MS", 5)
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


Where = Callable[[str], WorkerThread[object]]


@pytest.fixture
def computing(qapp: QObject) -> Iterator[Where]:
    made: list[WorkerThread[object]] = []

    def make(name: str) -> WorkerThread[object]:
        made.append(WorkerThread(name, object, lambda _: None, qapp, computes=True))
        return made[-1]

    yield make
    for worker in made:
        worker.stop()
        assert worker.wait(60_000)


def told(qtbot: QtBot, worker: WorkerThread[object], ask: Callable[[], int]) -> int:
    found: list[int] = []
    worker.submit(lambda *_: ask()).succeeded.connect(found.append)
    qtbot.waitUntil(lambda: bool(found))
    return found[0]


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def slice_ns() -> int:
    """Return what this thread, and one that it starts, ask for at once; they have to agree."""
    found: list[int] = []

    def look() -> None:
        kept = ctypes.create_string_buffer(48)
        assert ctypes.CDLL(None).sched_getattr(0, kept, 48, 0) == 0
        found.append(int.from_bytes(kept.raw[24:32], sys.byteorder))  # sched_runtime

    look()
    started = threading.Thread(target=look)
    started.start()
    started.join()
    assert found[0] == found[1]
    return found[0]


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a niceness of their own on Linux alone")
def test_a_worker_that_computes_gives_way_where_turns_are_long(
    qtbot: QtBot, make_worker: Where, computing: Where, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(priorities, "request_short_time_slices", lambda: False)
    own = niceness()
    assert told(qtbot, make_worker("answers"), niceness) == own
    assert told(qtbot, computing("computes"), niceness) == max(own, NICENESS)
    assert niceness() == own


def test_a_worker_that_computes_takes_short_turns_with_all_that_it_starts(qtbot: QtBot, computing: Where) -> None:
    worker, own, before = computing("computes"), niceness(), slice_ns()
    if not told(qtbot, worker, lambda: int(request_short_time_slices())):
        pytest.skip("this system has no short turns: Linux has them from 6.12 on")
    assert told(qtbot, worker, slice_ns) == SLICE_NS
    assert told(qtbot, worker, niceness) == own
    assert slice_ns() == before, "the thread of this test asked for nothing"
